/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/journal.h"

#include "util/file.h"

#include <glib/gstdio.h>
#include <string.h>

#define GROUP "macvm-fetch"
#define JOURNAL_MAX 65536

static char *
hex(const uint8_t *bytes, size_t len)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

MvmMediaJournal *
mvm_media_journal_new(const char *path, const uint8_t image[MVM_SHA256_SIZE])
{
    MvmMediaJournal *journal = g_new0(MvmMediaJournal, 1);

    journal->path = g_strdup(path);
    memcpy(journal->image, image, MVM_SHA256_SIZE);
    return journal;
}

void
mvm_media_journal_free(MvmMediaJournal *journal)
{
    if (journal == NULL)
        return;
    g_free(journal->path);
    g_free(journal);
}

static bool
has(GKeyFile *file, const char *key, const char *wanted)
{
    g_autofree char *value = g_key_file_get_string(file, GROUP, key, NULL);

    return g_strcmp0(value, wanted) == 0;
}

MvmMediaMark
mvm_media_journal_load(const MvmMediaJournal *journal, const char *place)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *image = hex(journal->image, MVM_SHA256_SIZE);
    g_autoptr(GError) bad = NULL;
    g_autofree char *text = NULL;
    MvmMediaMark mark = {0};
    size_t len = 0;

    text = mvm_file_read(journal->path, JOURNAL_MAX, &len, NULL);
    if (place == NULL || text == NULL ||
        !g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL) ||
        !has(file, "image", image) || !has(file, "place", place))
        return mark;
    mark.run = g_key_file_get_uint64(file, GROUP, "run", &bad);
    if (bad == NULL)
        mark.crc = (uint32_t)g_key_file_get_uint64(file, GROUP, "crc", &bad);
    if (bad == NULL)
        mark.whole = (uint32_t)g_key_file_get_uint64(file, GROUP, "whole", &bad);
    return bad == NULL ? mark : (MvmMediaMark){0};
}

bool
mvm_media_journal_save(const MvmMediaJournal *journal, const char *place, MvmMediaMark mark,
                       GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *image = hex(journal->image, MVM_SHA256_SIZE);
    g_autofree char *text = NULL;
    gsize len = 0;

    g_key_file_set_string(file, GROUP, "image", image);
    g_key_file_set_string(file, GROUP, "place", place);
    g_key_file_set_uint64(file, GROUP, "run", mark.run);
    g_key_file_set_uint64(file, GROUP, "crc", mark.crc);
    g_key_file_set_uint64(file, GROUP, "whole", mark.whole);
    text = g_key_file_to_data(file, &len, NULL);
    return mvm_file_replace(journal->path, text, len, 0600, error);
}

void
mvm_media_journal_remove(const MvmMediaJournal *journal)
{
    (void)g_unlink(journal->path);
}

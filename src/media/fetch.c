/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/fetch.h"

#include "media/download.h"
#include "media/media-limits.h"
#include "media/source-file.h"
#include "media/unpack.h"
#include "util/file.h"

static bool
fetch_image(const MvmRecovery *recovery, MvmAnswer *answer, const MvmChunklist *list,
            MvmMediaSink *sink, const char *journal_path, GError **error)
{
    MvmMediaSource *source = mvm_download_new(recovery, answer, list);
    bool good = mvm_media_unpack(
        &(MvmUnpack){
            .source = source,
            .sink = sink,
            .journal_path = journal_path,
            .progress = recovery->progress,
        },
        error);

    mvm_download_free(source);
    return good;
}

bool
mvm_media_fetch(const MvmRecovery *recovery, const MvmTrust *trust, MvmMediaSink *sink,
                const char *journal_path, char **ret_product, GError **error)
{
    g_auto(MvmAnswer) answer = {0};
    g_autoptr(MvmChunklist) list = NULL;
    GError *own = NULL;

    if (mvm_recovery_ask(recovery, &answer, &own))
        list = mvm_recovery_fetch_chunklist(recovery, &answer, trust, &own);
    if (list == NULL) {
        /* What an earlier run left is none the worse for this. */
        sink->abort(sink, true);
        g_propagate_error(error, own);
        return false;
    }
    mvm_progress_note(recovery->progress, "product %s, %s", answer.product, answer.image_url);
    if (!fetch_image(recovery, &answer, list, sink, journal_path, error))
        return false;
    *ret_product = g_steal_pointer(&answer.product);
    return true;
}

static bool
load_chunklist(const char *path, const MvmTrust *trust, MvmChunklist **ret_list, GError **error)
{
    size_t len = 0;
    g_autofree char *text = NULL;

    if (path == NULL)
        return true;
    text = mvm_file_read(path, MVM_CHUNKLIST_MAX, &len, error);
    if (text == NULL)
        return false;
    *ret_list = mvm_chunklist_load((const uint8_t *)text, len, trust, error);
    if (*ret_list == NULL)
        g_prefix_error(error, "cannot use '%s': ", path);
    return *ret_list != NULL;
}

bool
mvm_media_convert(const char *dmg, const char *chunklist, const MvmTrust *trust, MvmMediaSink *sink,
                  MvmProgress *progress, GError **error)
{
    g_autoptr(MvmChunklist) list = NULL;
    MvmMediaSource *source = NULL;
    bool good = false;

    if (load_chunklist(chunklist, trust, &list, error))
        source = mvm_file_source_new(dmg, list, error);
    if (source == NULL) {
        sink->abort(sink, false);
        return false;
    }
    good =
        mvm_media_unpack(&(MvmUnpack){.source = source, .sink = sink, .progress = progress}, error);
    mvm_file_source_free(source);
    return good;
}

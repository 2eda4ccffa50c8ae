/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/source.h"

#include "import/shell.h"
#include "util/error.h"
#include "util/secret.h"

#include <string.h>

MvmImportSource *
mvm_import_source_new(void)
{
    MvmImportSource *source = g_new0(MvmImportSource, 1);

    source->options = mvm_options_new();
    source->left = g_ptr_array_new_with_free_func(g_free);
    return source;
}

void
mvm_import_source_free(MvmImportSource *source)
{
    if (source == NULL)
        return;
    g_free(source->name);
    mvm_options_free(source->options);
    g_free(source->mac);
    g_free(source->nic);
    g_free(source->uuid);
    mvm_secret_free(source->osk);
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        g_free(source->image[i]);
        g_free(source->fallback[i]);
    }
    g_ptr_array_unref(source->left);
    g_free(source);
}

void
mvm_import_leave(MvmImportSource *source, const char *format, ...)
{
    g_autofree char *text = NULL;
    char *valid = NULL;
    va_list args;

    if (source->left->len >= MVM_IMPORT_MAX_LEFT)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    valid = g_utf8_make_valid(text, -1);
    for (char *c = valid; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c))
            *c = '?';
    }
    g_ptr_array_add(source->left, valid);
}

void
mvm_import_set(MvmImportSource *source, MvmOption option, const char *text, const char *what)
{
    g_autoptr(GError) cause = NULL;

    if (g_utf8_validate(text, -1, NULL) && mvm_options_set(source->options, option, text, &cause))
        return;
    mvm_import_leave(source, "%s '%.64s': not a value that macvm can use", what, text);
}

void
mvm_import_set_mac(MvmImportSource *source, const char *mac)
{
    bool good = strlen(mac) == 17;

    for (size_t i = 0; good && i < 17; i++)
        good = i % 3 == 2 ? mac[i] == ':' : g_ascii_isxdigit(mac[i]);
    /* One of a group is no card's. */
    if (!good || g_ascii_xdigit_value(mac[1]) % 2 != 0) {
        mvm_import_leave(source, "MAC address '%.32s': not that of a card", mac);
        return;
    }
    g_free(source->mac);
    source->mac = g_ascii_strdown(mac, -1);
}

static bool
is_markup(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && g_ascii_isspace(text[i]))
        i++;
    return i < len && text[i] == '<';
}

MvmImportSource *
mvm_import_read(const char *text, size_t len, const char *dir, const char *what, GError **error)
{
    g_autoptr(MvmShell) shell = NULL;

    if (is_markup(text, len))
        return mvm_import_read_domain(text, len, what, error);
    shell = mvm_shell_read(text, len, dir, what, error);
    if (shell == NULL)
        return NULL;
    return mvm_shell_get(shell, "guest_os") != NULL
               ? mvm_import_read_quickemu(text, len, dir, what, error)
               : mvm_import_read_script(text, len, dir, what, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's entry of a machine: https://specifications.freedesktop.org/desktop-entry-spec/ */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* No entry is longer, in bytes. */
#define MVM_LAUNCHER_MAX ((size_t)64 * 1024)

/* Where the entry of the machine called name belongs; the caller frees. */
char *mvm_launcher_path(const char *name);

/* The entry's text, from the template's: its actions run program on uri's machine name. The caller
 * frees. Fails when the template is not a desktop entry. */
char *mvm_launcher_render(const char *template, const char *program, const char *uri,
                          const char *name, GError **error);

/* argv (NULL-terminated) as the value of Exec, before the key file's own escapes: quoted where the
 * specification wants it, "%" doubled. The caller frees. */
char *mvm_launcher_exec(const char *const *argv);

/* Whether text is the entry that was rendered for uri's machine name; pure. */
bool mvm_launcher_is_of(const char *text, const char *uri, const char *name);

/* Removes the entry of uri's machine name: true when there was one of it and it is gone. What
 * somebody else put in its place stays. */
bool mvm_launcher_remove(const char *uri, const char *name);

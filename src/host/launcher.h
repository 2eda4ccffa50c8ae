/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's entry of a machine: https://specifications.freedesktop.org/desktop-entry-spec/ */
#pragma once

#include <glib.h>

/* Where the entry of the machine called name belongs; the caller frees. */
char *mvm_launcher_path(const char *name);

/* The entry's text, from the template's: its actions run program on uri's machine name. The caller
 * frees. Fails when the template is not a desktop entry. */
char *mvm_launcher_render(const char *template, const char *program, const char *uri,
                          const char *name, GError **error);

/* argv (NULL-terminated) as the value of Exec, before the key file's own escapes: quoted where the
 * specification wants it, "%" doubled. The caller frees. */
char *mvm_launcher_exec(const char *const *argv);

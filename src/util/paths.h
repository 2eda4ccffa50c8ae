/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where macvm keeps things on the machine it runs on (design: "What lives where").
 * Every function returns a new string that the caller frees; none creates anything.
 * XDG variables are honoured: https://specifications.freedesktop.org/basedir-spec/
 */
#pragma once

#include <glib.h>

/* $XDG_DATA_HOME/macvm/NAME: upstream checkout, download cache, the session pool's images. */
char *mvm_path_user_data(const char *name);

/* $XDG_CONFIG_HOME/macvm/NAME */
char *mvm_path_user_config(const char *name);

/* $XDG_RUNTIME_DIR/macvm/NAME, or a 0700 folder of the user below the temporary directory when
 * the variable is not set (GLib's rule). */
char *mvm_path_runtime(const char *name);

/* What ships with macvm, NAME of it ("patches"), without the user's copies: $MACVM_DATA_DIR, then
 * the source tree when the program runs from its build directory, then the data directory
 * beside the installed program. */
char *mvm_path_shipped(const char *name);

/* A shipped file ("templates/domain.xml"): the user's copy in the configuration directory, then
 * $MACVM_DATA_DIR, then the source tree when the program runs from its build directory, then the
 * installed data directory. Fails with MVM_ERROR_NOT_FOUND naming the places looked at. */
char *mvm_path_find_data(const char *name, GError **error);

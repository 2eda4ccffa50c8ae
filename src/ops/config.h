/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * macvm.conf: /etc/macvm/macvm.conf, and over it $XDG_CONFIG_HOME/macvm/macvm.conf.
 *
 *   [machine]
 *   memory=8G          any option of `define` by its long name: a default for new machines
 *   osk=...            the 64 characters for isa-applesmc, where no upstream checkout is wanted
 *
 *   [fetch]
 *   server=http://...  as --server of `fetch`, for where that is not given (in `setup`, too)
 *   trust_key=/...     as --trust-key, for that server
 *
 *   [connection]
 *   timeout=10         seconds to wait for a libvirt host that does not answer, from 1 to 3600
 */
#pragma once

#include "machine/options.h"

#include <glib.h>
#include <stdbool.h>

/* The options of both files in *ret_options (the caller frees), and the OSK in *ret_osk (free it
 * with mvm_secret_free(), NULL when there is none). Files that do not exist are empty. An unknown
 * key or a bad value fails with the file's name: a typing error must not be a silent default. */
bool mvm_config_load(MvmOptions **ret_options, char **ret_osk, GError **error);

typedef struct {
    char *server;    /* owned; NULL: Apple's */
    char *trust_key; /* owned: full path of a PEM file; NULL: Apple's key */
} MvmFetchConfig;

void mvm_fetch_config_clear(MvmFetchConfig *fetch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmFetchConfig, mvm_fetch_config_clear)

/* Sets *ret_timeout (seconds) when one of the files has timeout in the group [connection]. Fails
 * for a bad value of it only, since every command connects: what else is in the files is looked at
 * by the commands that use it. */
bool mvm_config_load_timeout(unsigned *ret_timeout, GError **error);

/* The group [fetch] of both files; fails as mvm_config_load() does. */
bool mvm_config_load_fetch(MvmFetchConfig *ret_fetch, GError **error);

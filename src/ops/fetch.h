/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `fetch`: recovery media into a volume of the machine's pool, or into a local raw file. */
#pragma once

#include "machine/os.h"
#include "ops/context.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const MvmOs *os;
    const char *output;    /* a local file to make; NULL: the volume recovery-ID.img */
    const char *pool;      /* of that volume; NULL: macvm.conf's, or the default one */
    const char *server;    /* NULL: that of macvm.conf, with its key, or Apple's */
    const char *trust_key; /* PEM file; NULL: Apple's key */
    const char *dmg;       /* a local image in place of a server's; NULL: the server's */
    const char *chunklist; /* of dmg; NULL: only its own checksums are verified */
    const char *accel;     /* of the machine it is for: "kvm", "tcg"; NULL: not known yet */
} MvmFetchRequest;

typedef struct {
    char *path;     /* owned: of the file, or of the volume on the libvirt host */
    char *product;  /* owned: Apple's name of what came, or NULL */
    bool was_there; /* the volume existed already, so nothing was fetched */
} MvmFetchResult;

/* context->conn may be NULL when there is an output file. Fails with MVM_ERROR_CONFLICT when that
 * file exists, and with MVM_ERROR_HOST, before anything is fetched, when the host could not run
 * that macOS (ops/oscheck.h; for an output file that is only a note). */
bool mvm_fetch(const MvmContext *context, const MvmFetchRequest *request,
               MvmFetchResult *ret_result, GError **error);
void mvm_fetch_result_clear(MvmFetchResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmFetchResult, mvm_fetch_result_clear)

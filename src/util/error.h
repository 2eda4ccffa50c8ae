/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one error domain of macvm.
 *
 * Conventions: a function that can fail returns bool, a pointer or -1 and takes a GError ** as
 * its last argument; it sets the error exactly when it fails. The layer that knows what failed
 * writes "cannot <verb> '<object>': <cause>"; a layer above may prefix what the user asked for.
 * Nobody but src/cli prints. Lower case, no full stop; the hint is a separate sentence that says
 * what the user can do.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MVM_ERROR (mvm_error_quark())

/* Each code is one exit status and one "code" of the JSON error (see docs/architecture.md). */
typedef enum {
    MVM_ERROR_FAILED,    /* exit 1, "failed" */
    MVM_ERROR_USAGE,     /* exit 2, "usage": the command line is wrong */
    MVM_ERROR_NOT_FOUND, /* exit 3, "not-found": no such machine, file, version, network */
    MVM_ERROR_CONFLICT,  /* exit 4, "conflict": it exists, or is in the wrong state */
    MVM_ERROR_HOST,      /* exit 5, "host": no libvirt, no permission, no KVM asked for, no AVX2 */
    MVM_ERROR_CANCELLED, /* exit 130, "interrupted" */
    MVM_ERROR_DONE,      /* exit 0, prints nothing: --help was answered; never leaves src/cli */
} MvmErrorCode;

GQuark mvm_error_quark(void);

/* Attaches a hint (replacing an earlier one) to *error; does nothing when error or *error is
 * NULL or is not of MVM_ERROR. The hint survives g_error_copy() and g_prefix_error(). */
void mvm_error_set_hint(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The hint, borrowed from error, or NULL. */
const char *mvm_error_get_hint(const GError *error);

/* Exit status for error; a GError of a foreign domain counts as MVM_ERROR_FAILED. */
int mvm_error_exit_status(const GError *error);

/* The stable name of the code as --json tells it, e.g. "not-found". Static storage. */
const char *mvm_error_code_name(const GError *error);

/* Sets "cannot <verb> '<object>': <strerror(errno)>" with MVM_ERROR_FAILED, or MVM_ERROR_NOT_FOUND
 * for ENOENT, MVM_ERROR_HOST for EACCES and EPERM, and a hint where one always holds. Reads errno
 * first. Always returns false. */
bool mvm_error_set_errno(GError **error, const char *verb, const char *object);

/* The hint that always holds for a failure with that errno, static; NULL for none. For failures of
 * libraries that lead to one. */
const char *mvm_errno_hint(int number);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bringing upstream's files here: clone or fast-forward of OSX-KVM, the patches, and a look at
 * whether all that a machine needs is there. Needs no libvirt. */
#pragma once

#include "upstream/checkout.h"
#include "util/progress.h"

#include <glib.h>

typedef struct {
    const char *dir; /* NULL: the default checkout */
    const char *url; /* NULL: the checkout's origin, else OSX-KVM at GitHub */
    const char *ref; /* NULL: where upstream's HEAD is */
} MvmBootstrapOptions;

typedef struct {
    MvmUpstreamResult *upstream; /* owned */
    GPtrArray *problems; /* owned; sentences (char *) on what is missing or does not match */
} MvmBootstrapResult;

/* Errors are those of mvm_upstream_sync(). A patch that does not fit and a missing file are no
 * errors: the results tell them. */
MvmBootstrapResult *mvm_bootstrap(const MvmBootstrapOptions *options, MvmProgress *progress,
                                  GError **error);

void mvm_bootstrap_result_free(MvmBootstrapResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmBootstrapResult, mvm_bootstrap_result_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `doctor`: gathers what there is to know of the connection's host (host/facts.h) and has it
 * checked (host/check.h). Changes nothing; a test machine runs for two seconds. */
#pragma once

#include "host/check.h"
#include "ops/context.h"

#include <glib.h>

typedef struct {
    const char *name; /* of the machine; NULL: the one that is meant without a name */
    const char *os;   /* macOS version; NULL: the machine's, or the default */
    const char *uri;  /* what -c said, or NULL: tells whether the host is this machine */
    const GError *connection_error; /* why context has no connection; NULL when it has one */
    bool may_be_new;                /* name need not exist */
    bool no_probe;                  /* start no test machine: facts->probe stays NULL */
} MvmDoctorRequest;

/* The checks, as MvmCheck in their fixed order; the caller frees. What is wrong with the host is in
 * them; it fails when name or os does not exist, or macvm.conf cannot be read. */
GPtrArray *mvm_doctor(const MvmContext *context, const MvmDoctorRequest *request, GError **error);

/* Only the facts; the caller frees. Fails as mvm_doctor() does. */
MvmFacts *mvm_doctor_gather(const MvmContext *context, const MvmDoctorRequest *request,
                            GError **error);

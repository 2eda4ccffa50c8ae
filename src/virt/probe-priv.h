/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test machine: its XML (pure), and one run of it. */
#pragma once

#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool kvm;
    bool applesmc;
    unsigned passt_port;       /* one network card by passt, which forwards this port; 0: no card */
    const char *loader;        /* firmware on the host, where it can be stateless: else every start
                                  would leave an NVRAM file; NULL: the emulator's own BIOS */
    const char *loader_format; /* "raw", "qcow2" */
} MvmProbeMachine;

/* A transient domain called macvm-probe-XX, XX the begin of uuid. The caller frees. */
char *mvm_probe_xml(const MvmProbeMachine *machine, const char *uuid);

typedef enum {
    MVM_PROBE_FAILED, /* the question could not be asked */
    MVM_PROBE_WORKS,
    MVM_PROBE_REFUSED,
    MVM_PROBE_HUNG, /* libvirt gave no answer in time */
} MvmProbeResult;

/* Starts the machine and destroys it: paused, or live to see that it executes something, which
 * takes two seconds. Waits for at most timeout_ms, and then a little for its end. MVM_PROBE_REFUSED
 * sets *ret_reason (the caller frees); MVM_PROBE_FAILED sets the error. Runs the event loop. */
MvmProbeResult mvm_probe_try(MvmConnection *conn, const MvmProbeMachine *machine, bool live,
                             unsigned timeout_ms, char **ret_reason, GError **error);

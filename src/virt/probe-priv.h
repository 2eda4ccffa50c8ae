/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test machine's XML; pure. */
#pragma once

#include <stdbool.h>

/* libvirt from which a loader may be stateless; before, every start would leave an NVRAM file. */
#define MVM_PROBE_STATELESS 8006000

typedef struct {
    bool kvm;
    bool applesmc;
    const char *loader;        /* firmware on the host; NULL: the emulator's own BIOS */
    const char *loader_format; /* "raw", "qcow2" */
} MvmProbeMachine;

/* A transient domain called macvm-probe-XX, XX the begin of uuid. The caller frees. */
char *mvm_probe_xml(const MvmProbeMachine *machine, const char *uuid);

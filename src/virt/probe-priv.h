/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test machine's XML; pure. */
#pragma once

#include <stdbool.h>

typedef struct {
    bool kvm;
    bool applesmc;
    const char *loader;        /* firmware on the host, where it can be stateless: else every start
                                  would leave an NVRAM file; NULL: the emulator's own BIOS */
    const char *loader_format; /* "raw", "qcow2" */
} MvmProbeMachine;

/* A transient domain called macvm-probe-XX, XX the begin of uuid. The caller frees. */
char *mvm_probe_xml(const MvmProbeMachine *machine, const char *uuid);

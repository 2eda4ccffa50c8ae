/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What setup's steps share. */
#pragma once

#include "host/facts.h"
#include "host/rootwork.h"
#include "ops/setup.h"

typedef struct {
    const MvmSetupRequest *request;
    const MvmSetupTalk *talk;
    MvmProgress *progress;
    MvmFacts *facts;  /* owned */
    bool interrupted; /* with a command for root: macvm itself is not told then */
    bool waited;      /* for so long that libvirt may have given the connection up */
} MvmSetup;

/* The connection, made anew after a wait: nobody answered the daemon's keepalive meanwhile.
 * Borrowed; NULL when there is none. */
MvmConnection *mvm_setup_connect(MvmSetup *setup, GError **error);

/* Concludes a step; remedy may be NULL. */
void mvm_step_set(MvmStep *step, MvmStepStatus status, const char *remedy, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Concludes with error's words; frees error. */
void mvm_step_fail(MvmStep *step, GError *error);

/* Looks at everything anew: something was installed or changed. */
bool mvm_setup_look(MvmSetup *setup, GError **error);

/* Shows work (what: "install QEMU"), asks, and runs it; true when it was run to its end. Otherwise
 * the step is concluded: left to the user (no yes, another host, no sudo), would (dry run) or
 * failed. */
bool mvm_setup_as_root(MvmSetup *setup, MvmStep *step, const char *what, const MvmRootWork *work);

/* The steps. Each concludes step. */
void mvm_setup_cpu(MvmSetup *setup, MvmStep *step);
void mvm_setup_kvm(MvmSetup *setup, MvmStep *step);
void mvm_setup_packages(MvmSetup *setup, MvmStep *step);
void mvm_setup_modules(MvmSetup *setup, MvmStep *step);
void mvm_setup_recovery(MvmSetup *setup, MvmStep *step);
void mvm_setup_disk(MvmSetup *setup, MvmStep *step);
void mvm_setup_launcher(MvmSetup *setup, MvmStep *step);

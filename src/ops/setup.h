/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `setup`: seven steps from a bare host to a machine that can be started. Each looks first and does
 * only what is missing, so that the same command goes on after whatever stopped it. A step that
 * fails does not keep the others from their work.
 */
#pragma once

#include "ops/context.h"

#include <glib.h>
#include <stdbool.h>

#define MVM_SETUP_STEPS 7

typedef enum {
    MVM_STEP_THERE,  /* nothing was to be done */
    MVM_STEP_DONE,   /* it was done now */
    MVM_STEP_WOULD,  /* a dry run: it would be done */
    MVM_STEP_LEFT,   /* it is left to the user: remedy says how */
    MVM_STEP_WARN,   /* macOS can be tried, but not with joy */
    MVM_STEP_FAILED, /* remedy says what to do */
} MvmStepStatus;

typedef struct {
    int number;        /* 1 to MVM_SETUP_STEPS */
    const char *id;    /* "cpu"; static, for programs */
    const char *title; /* "CPU"; static */
    MvmStepStatus status;
    char *message; /* owned */
    char *remedy;  /* owned; commands or a sentence; NULL when nothing is to do */
    int exit_code; /* of MvmErrorCode, when it failed */
} MvmStep;

/* "there", "done", "would", "left", "warn", "failed"; static. */
const char *mvm_step_status_name(MvmStepStatus status);

/* Who talks with the user. */
typedef struct {
    /* Opens the connection, or gives the one there is; borrowed. */
    MvmConnection *(*connect)(void *opaque, GError **error);
    /* A step is over. */
    void (*report)(void *opaque, const MvmStep *step);
    /* Shows the commands that need root for the step and asks whether to run them. False in
     * *ret_yes also when nobody can be asked. */
    bool (*agree)(void *opaque, const MvmStep *step, const char *commands, bool *ret_yes,
                  GError **error);
    void *opaque;
} MvmSetupTalk;

typedef struct {
    const char *name;      /* NULL: the one that is meant without a name */
    const char *os;        /* NULL: the machine's, or the default */
    const char *disk_size; /* NULL: the machine's, or the default */
    const char *uri;       /* what -c said, or NULL */
    bool dry_run;          /* change nothing, only tell */
} MvmSetupRequest;

/* Returns the steps (of MvmStep); the caller frees. What goes wrong in a step is told there. Fails
 * with MVM_ERROR_CONFLICT while another setup of this user runs, with MVM_ERROR_CANCELLED after
 * Ctrl-C, and on a wrong version, size or configuration. */
GPtrArray *mvm_setup(const MvmSetupRequest *request, const MvmSetupTalk *talk,
                     MvmProgress *progress, GError **error);

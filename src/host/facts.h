/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that the checks look at. Where something could not be found out, its pointer is NULL and the
 * error beside it says why; both NULL means that it was not asked for.
 */
#pragma once

#include "host/kernel.h"
#include "machine/machine.h"
#include "virt/caps.h"
#include "virt/probe.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Something that is there or not, found by another part. */
typedef struct {
    bool found;
    char *detail;  /* its name or path; NULL */
    char *problem; /* why it is not there; NULL */
    char *fix;     /* what to do then; NULL */
} MvmFinding;

typedef struct {
    /* The machine that is wanted: the defined one, or the default one. */
    MvmMachine *machine; /* owned; with the figures that were asked for, not scaled to the host */
    bool defined;        /* it exists */
    char *unfit;   /* owned; what it has and the host has not: "machine type 'x'"; NULL: nothing */
    bool want_tcg; /* it is to run without KVM */
    bool running;
    bool has_passt; /* it is defined with a network card by passt */

    /* The connection. */
    GError *connection_error; /* owned; set: there is none, and of what follows only kernel may be
                                 there */
    char *uri;                /* owned; NULL without a connection */
    char *connect;       /* owned; " -c URI" for the commands of remedies; NULL: -c was not given */
    char *host_name;     /* owned; of a remote host, NULL for this machine */
    char *daemon;        /* as mvm_connection_get_daemon() has it; NULL */
    char *opencore_path; /* of the defined machine, where it is a volume; NULL */
    bool session;

    /* The host. */
    MvmHost *host; /* owned */
    GError *host_error;
    MvmProbe *probe; /* owned */
    GError *probe_error;
    char **missing_features; /* owned; of MVM_CPU_FEATURES, as the machine is to run */
    GError *features_error;
    MvmKernel *kernel; /* owned */
    GError *kernel_error;

    /* Storage. */
    char *pool_name; /* owned */
    char *pool_path; /* owned; also of a pool yet to be made; NULL when not known */
    bool pool_exists;
    bool pool_active;
    GError *pool_error;
    bool space_known;
    uint64_t space;   /* bytes */
    char *closed_dir; /* owned; a folder on the way that QEMU's user may not enter; NULL: none */
    char *access_unknown; /* owned; why that could not be looked at; NULL: it was */

    MvmFinding opencore, osk; /* in the upstream checkout */
    MvmFinding recovery;      /* volume of machine->os */
    MvmFinding system_disk;
    uint64_t system_allocation; /* bytes on disk of the system disk */

    /* The rest. */
    bool network_active; /* machine->net_source, where the machine has one */
    GError *network_error;
    char *screen;         /* owned; where the screen is open to the network; NULL: nowhere */
    bool screen_unlocked; /* a port of the host's loopback shows it, without a password */
    bool ssh_port;        /* a port is forwarded */
    bool ssh_answers;     /* asked only of a running machine */
} MvmFacts;

/* facts->connect, "" for NULL: "macvm define NAME%s", "virsh%s list". */
const char *mvm_facts_connect(const MvmFacts *facts);

void mvm_facts_free(MvmFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmFacts, mvm_facts_free)

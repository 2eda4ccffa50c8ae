/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine with every question answered: what the renderer (src/virt/render.h) makes a domain of.
 * Pure: what the host is like comes in as MvmHostLimits.
 */
#pragma once

#include "machine/config-edit.h"
#include "machine/identity.h"
#include "machine/options.h"
#include "machine/os.h"
#include "machine/topology.h"
#include "util/progress.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The user's own figures (design, section 3). */
#define MVM_DEFAULT_MEMORY (UINT64_C(16) << 30)
#define MVM_DEFAULT_CORES 6
#define MVM_DEFAULT_THREADS 2
#define MVM_DEFAULT_SSH_PORT 2222
#define MVM_DEFAULT_DISK_SIZE (UINT64_C(80) << 30)
#define MVM_DEFAULT_CPU "Haswell-noTSX"

typedef enum {
    MVM_NET_ARGS,    /* user mode by qemu:commandline: libvirt has no usable passt */
    MVM_NET_PASST,   /* user mode by <interface> with passt and <portForward> */
    MVM_NET_NETWORK, /* a libvirt network */
    MVM_NET_BRIDGE,  /* a bridge of the host */
} MvmNetKind;

typedef struct {
    char *name;
    char *uuid; /* NULL: libvirt chooses */
    const MvmOs *os;
    uint64_t memory; /* bytes */
    unsigned sockets, cores, threads;
    char *cpu; /* libvirt's model, or "host" */
    bool cpu_asked;
    char **cpu_missing;      /* of MVM_CPU_FEATURES, what the host lacks; NULL: nothing */
    const char *cpu_disable; /* as in MvmOsCpu; static */
    bool kvm;
    bool invtsc;            /* its TSC never changes its pace; macOS 26 needs it on Intel's */
    uint64_t tsc_frequency; /* Hz, without which it could not be saved; 0: not known */
    uint64_t disk_size;     /* bytes, of a system disk yet to be made */

    char *loader;                /* path of the firmware's code on the host */
    char *nvram_template;        /* path of its empty variables */
    char *nvram_path;            /* path of the machine's own; NULL: libvirt chooses it */
    const char *firmware_format; /* of both: "raw", "qcow2"; static */

    MvmNetKind net_kind;
    char *net_source; /* network or bridge; NULL for user mode */
    char *mac;
    unsigned ssh_port;
    char *ssh_user;

    char *video;
    char *graphics; /* "vnc", "spice", "none" */
    bool autostart;
    bool finished; /* macOS is installed: no recovery disk */

    MvmIdentity *identity;
    char *resolution;     /* "1920x1080"; NULL: as upstream has it */
    char *boot_args;      /* macOS's own; NULL: as upstream has them */
    GPtrArray *config;    /* MvmConfigEdit: what the user set in config.plist; NULL: nothing */
    char *picker_timeout; /* seconds; NULL: ours */
    char *csr;            /* csr-active-config, "0x67"; NULL: as upstream has it */
    char *verbose_boot;   /* "on", "off", or NULL: as boot_args have it, else off */
    char
        *opencore_made; /* mvm_opencore_digest() of what its disk was made of; NULL: not by macvm */
    char *opencore_from;          /* digest of the OpenCore in it; NULL: not known */
    char *opencore_previous;      /* path of the disk with the one before; NULL: none */
    char *opencore_previous_from; /* as opencore_from, of that */

    char *osk;            /* 64 characters, or NULL: no isa-applesmc then; a secret */
    MvmVersions versions; /* of the host: what an older one does not know is not rendered */
    char *opencore_path;  /* volumes' paths on the host; NULL: no such disk */
    char *opencore_format;
    char *recovery_path;
    char *recovery_format;
    char *system_path;
} MvmMachine;

/* The host's size; 0 where it is not known. */
typedef struct {
    uint64_t memory;         /* bytes */
    unsigned cpus;           /* logical ones */
    const MvmOptions *asked; /* what is remarked upon; borrowed; NULL: everything */
} MvmHostLimits;

/* Answers what options and the host's size can answer. Defaults larger than the host are made
 * smaller, and that is told by a note; what the options ask for is not changed, only remarked upon.
 * Never fails: the options were checked when they were set. The caller frees. */
MvmMachine *mvm_machine_new(const char *name, const MvmOptions *options,
                            const MvmHostLimits *limits, MvmProgress *progress);

void mvm_machine_free(MvmMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMachine, mvm_machine_free)

unsigned mvm_machine_vcpus(const MvmMachine *machine);

/* Whether a port of the host leads to its ssh server; otherwise it has an address of its own. */
bool mvm_machine_forwards(const MvmMachine *machine);

/* Fails with MVM_ERROR_USAGE when it has more CPUs than macOS can have. */
bool mvm_machine_check_cpus(const MvmMachine *machine, GError **error);

/* Gives machine the CPU that its version wants on a host of kind, unless the options named one.
 * best_usable: the emulator calls that version's best model usable. missing, NULL-terminated or
 * NULL: what the host lacks of MVM_CPU_FEATURES. */
void mvm_machine_fit_cpu(MvmMachine *machine, MvmCpuKind kind, bool best_usable,
                         const char *const *missing);

/* A random MAC address of QEMU's range 52:54:00; the caller frees. */
char *mvm_mac_new(void);

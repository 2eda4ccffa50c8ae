/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the libvirt host can do, read through the API alone: the host may be another machine.
 * Reading (caps.c) and understanding (caps-parse.c, caps-firmware.c: XML text in, structures out,
 * no libvirt) are apart, so that the latter is tested with recordings of hosts we do not have.
 *
 * Formats: https://libvirt.org/formatcaps.html, https://libvirt.org/formatdomaincaps.html
 */
#pragma once

#include "machine/machine.h"
#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A named CPU model of the emulator. */
typedef struct {
    char *name;
    bool usable;
    char **
        blockers; /* features that the host lacks for it; NULL when libvirt (< 10.9) does not say */
} MvmCpuModel;

/* What one accelerator of the emulator offers to a q35 machine (domain capabilities). */
typedef struct {
    char *emulator;        /* path on the host */
    char *machine;         /* what q35 stands for there: "pc-q35-7.2" */
    char **loaders;        /* firmware images that libvirt knows */
    bool efi_autoselect;   /* <os firmware='efi'> works */
    bool backends_known;   /* libvirt (>= 10.6) tells the network backends */
    bool passt;            /* and passt is one of them */
    char **video_models;   /* "vga", "vmvga"... */
    char **graphics;       /* "vnc", "spice"... */
    char *cpu_vendor;      /* "Intel", "AMD"; NULL when libvirt does not say */
    bool invtsc;           /* a guest can have a TSC that never changes its pace */
    GPtrArray *cpu_models; /* of MvmCpuModel */
} MvmDomCaps;

/* A firmware image and the template its variable store is made from. */
typedef struct {
    char *code;
    char *vars;
    const char *format; /* of both: "raw" or "qcow2"; static storage */
} MvmFirmware;

typedef struct {
    uint64_t memory; /* bytes */
    unsigned cpus;   /* online logical CPUs */
    MvmVersions versions;
    int64_t qemu_uid;       /* uid that guests run as; -1 when it is the daemon's own (session) */
    uint64_t tsc_frequency; /* of its TSC, in Hz; 0 when libvirt does not know */
    char **machines;        /* machine types of its QEMU for x86_64, aliases included */
    MvmDomCaps *tcg;        /* NULL when the emulator has no TCG */
    MvmDomCaps *kvm;        /* NULL when KVM is not offered; kvm_reason says why */
    char *kvm_reason;
    MvmFirmware *firmware; /* the best pair among the loaders; NULL when there is none */
} MvmHost;

/* Asks the host behind conn. Fails with MVM_ERROR_HOST when it has no emulator for x86_64 or does
 * not answer. The caller frees. */
MvmHost *mvm_host_read(MvmConnection *conn, GError **error);
void mvm_host_free(MvmHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmHost, mvm_host_free)

/* The capabilities with KVM or with TCG; NULL when that one is not offered. Borrowed. */
const MvmDomCaps *mvm_host_get_domcaps(const MvmHost *host, bool kvm);

/* Whether path is an emulator for x86_64 there, for that accelerator. */
bool mvm_host_has_emulator(MvmConnection *conn, const char *path, bool kvm);

/* Which of features (NULL-terminated, libvirt's names: "avx2") a guest cannot have on this host
 * with KVM, or with TCG. The question is put with a Nehalem underneath, so that what such a CPU
 * has is in the answer too. *ret_missing is a NULL-terminated list that the caller frees, empty
 * when nothing is missing. */
bool mvm_host_missing_cpu_features(MvmConnection *conn, bool kvm, const char *const *features,
                                   char ***ret_missing, GError **error);

/*
 * Understanding, without libvirt.
 */

/* Gives machine the CPU of its profile (machine/os.h) for this host and machine->kvm, unless its
 * options named one; missing as for mvm_machine_fit_cpu(). */
void mvm_host_fit_cpu(const MvmHost *host, const char *const *missing, MvmMachine *machine);

/* Reads <domainCapabilities>. The caller frees. */
MvmDomCaps *mvm_domcaps_parse(const char *xml, GError **error);
void mvm_domcaps_free(MvmDomCaps *caps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmDomCaps, mvm_domcaps_free)

/* The model called name, or NULL when the emulator does not have it. Borrowed. */
const MvmCpuModel *mvm_domcaps_find_model(const MvmDomCaps *caps, const char *name);
bool mvm_domcaps_has_video(const MvmDomCaps *caps, const char *model);

/* Fills what <capabilities> have of host: architecture, machine types, TSC and the uid of guests.
 */
bool mvm_caps_parse(const char *xml, MvmHost *host, GError **error);

/* Whether the emulator there has that machine type; where libvirt lists none, it may. */
bool mvm_host_has_machine(const MvmHost *host, const char *machine);

/* The feature names at the end of libvirt's message for code 91, "Host CPU does not provide
 * required features: avx2, fma"; NULL when message is not of that form. The caller frees. */
char **mvm_caps_parse_missing(const char *message);

/* The best of loaders (NULL-terminated paths) for macOS and the template that belongs to it: no
 * Secure Boot, no keys, 4 MiB before 2 MiB, raw before qcow2. NULL when none fits. */
MvmFirmware *mvm_firmware_choose(const char *const *loaders);

/* The template of the variable store for a firmware image, by the distributions' naming; NULL when
 * the name does not follow any. The caller frees. */
char *mvm_firmware_vars_path(const char *code);
void mvm_firmware_free(MvmFirmware *firmware);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmFirmware, mvm_firmware_free)

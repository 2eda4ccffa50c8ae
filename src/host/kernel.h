/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What only the libvirt host's kernel and files tell, and libvirt does not: KVM's module options,
 * the clock source, who may open /dev/kvm, which distribution it is.
 *
 * Both ways of reading, from a directory (the host's "/", or a recorded tree in a test) and by one
 * ssh command, give the same text, which mvm_kernel_parse() understands:
 *   /PATH:LINE           a line of one of the files below
 *   kvm-node MODE UID GID    /dev/kvm, MODE in octal
 *   kvm-open             whoever asks may read and write it
 *   msrs-mode MODE           of MVM_KVM_IGNORE_MSRS, in octal
 *   groups GID...        the groups of the user that QEMU runs as
 */
#pragma once

#include "virt/endpoint.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The file that setup writes, and the parameter that it sets at once. */
#define MVM_KVM_CONF "/etc/modprobe.d/kvm-macos.conf"
#define MVM_KVM_IGNORE_MSRS "/sys/module/kvm/parameters/ignore_msrs"
#define MVM_KVM_REPORT_MSRS "/sys/module/kvm/parameters/report_ignored_msrs"

typedef enum { MVM_CPU_OTHER, MVM_CPU_INTEL, MVM_CPU_AMD } MvmCpuVendor;

typedef struct {
    MvmCpuVendor vendor;
    char *cpu_model;    /* "AMD Ryzen 9 5950X"; NULL when not told */
    char **flags;       /* of /proc/cpuinfo; empty when not told */
    char *clocksource;  /* "tsc"; NULL when not told */
    char *clocksources; /* all that could be used, separated by spaces; NULL */
    bool kvm_loaded;    /* kvm_intel or kvm_amd */
    char ignore_msrs;   /* 'Y', 'N', or 0 while the module kvm is not loaded */
    bool ignore_stored; /* and it will be on after the next start of the host too */
    bool ignore_fixed;  /* this kernel takes it only when the module is loaded */
    char *conf;         /* MVM_KVM_CONF's text, NULL when there is none */
    char *os_family;    /* os-release's ID and ID_LIKE, separated by spaces; "" when not told */
    bool kvm_node;      /* /dev/kvm is there, with: */
    unsigned kvm_mode, kvm_uid, kvm_gid;
    bool kvm_open;  /* whoever asked may use it */
    GArray *groups; /* of unsigned: the groups of QEMU's user */
} MvmKernel;

/* Reads below root ("/" for this machine). qemu_uid is MvmHost's; -1 for a session. Never fails:
 * what cannot be read is not told. The caller frees. */
MvmKernel *mvm_kernel_read(const char *root, int64_t qemu_uid);

/* The same from a libvirt host that is reached by ssh. Fails with what ssh says. */
MvmKernel *mvm_kernel_read_ssh(const MvmEndpoint *endpoint, int64_t qemu_uid, GError **error);

/* Understands the text described above; lines of other forms are passed over. */
MvmKernel *mvm_kernel_parse(const char *text);
void mvm_kernel_free(MvmKernel *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmKernel, mvm_kernel_free)

/* Whether the CPU has flag, as /proc/cpuinfo calls it ("avx2", "sse4_2"). */
bool mvm_kernel_has_flag(const MvmKernel *kernel, const char *flag);

/* Whether the CPU has virtualization, switched on in the firmware (vmx, svm). */
bool mvm_kernel_has_virtualization(const MvmKernel *kernel);

/* Whether the user that QEMU runs as may open /dev/kvm. qemu_uid as above. */
bool mvm_kernel_kvm_allows(const MvmKernel *kernel, int64_t qemu_uid);

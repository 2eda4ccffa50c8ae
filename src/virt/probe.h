/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions that capabilities do not answer, answered by starting a small machine for a moment.
 *
 * /dev/kvm that opens and answers is no proof: inside some virtual machines (nested, or a
 * paravirtual KVM) firmware does not survive its first instructions. And whether the emulator was
 * built with isa-applesmc is in no capability (RHEL's is not).
 */
#pragma once

#include "virt/caps.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool kvm_works;
    char *kvm_reason; /* why not; NULL when it works */
    bool applesmc;
    char *applesmc_reason; /* likewise */
} MvmProbe;

/* More than a slow host needs, in milliseconds. */
#define MVM_PROBE_TIMEOUT 60000

/* Starts transient machines called macvm-probe-XX (256 MiB, no disk, no network), which libvirt
 * destroys by itself when this process or the connection dies; nothing of them stays. Takes about
 * two seconds where KVM works, less where it does not, and for each machine at most timeout_ms
 * where QEMU hangs; must not run inside the event loop. Fails only when the questions cannot be
 * asked at all. The caller frees. */
MvmProbe *mvm_probe_run(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms,
                        GError **error);
void mvm_probe_free(MvmProbe *probe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmProbe, mvm_probe_free)

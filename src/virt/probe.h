/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions that capabilities do not answer, answered by starting a small machine for a moment.
 *
 * /dev/kvm that opens and answers is no proof: inside some virtual machines (nested, or a
 * paravirtual KVM) firmware does not survive its first instructions. Whether the emulator was
 * built with isa-applesmc is in no capability (RHEL's is not). And passt is in the capabilities of
 * a libvirt that was built with it, whether the program is installed and may run or not.
 */
#pragma once

#include "virt/caps.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    MVM_ASK_APPLESMC, /* does the emulator have isa-applesmc? */
    MVM_ASK_KVM,      /* does KVM run a guest? */
    MVM_ASK_PASST,    /* does a machine with passt and a forwarded port start? */
    MVM_ASK_COUNT,
} MvmProbeQuestion;

typedef struct {
    bool known;
    bool works;
    char *reason;  /* owned; why not, one line; NULL when it works */
    int64_t asked; /* when, in seconds since 1970 */
} MvmProbeAnswer;

typedef struct {
    MvmProbeAnswer answers[MVM_ASK_COUNT];
} MvmProbe;

/* More than a slow host needs, in milliseconds. */
#define MVM_PROBE_TIMEOUT 60000

/* Whether the host claims that it can do what is asked about, so that only a test machine shows
 * whether it is true. Without such a claim there is nothing to ask. */
bool mvm_probe_applies(const MvmHost *host, MvmProbeQuestion question);

/* Puts one question and sets its answer in probe, in place of an earlier one. Starts transient
 * machines called macvm-probe-XX (256 MiB, no disk), which libvirt destroys by itself when this
 * process or the connection dies; nothing of them stays. KVM takes about two seconds where it
 * works, the others a part of one, and each at most timeout_ms where QEMU hangs; must not run
 * inside the event loop. Fails, with probe as it was, only when the question cannot be asked. */
bool mvm_probe_ask(MvmConnection *conn, const MvmHost *host, MvmProbeQuestion question,
                   unsigned timeout_ms, MvmProbe *probe, GError **error);

/* Asks everything that applies. The caller frees. */
MvmProbe *mvm_probe_run(MvmConnection *conn, const MvmHost *host, unsigned timeout_ms,
                        GError **error);

/* The answer, or NULL when it is not known. Borrowed. */
const MvmProbeAnswer *mvm_probe_get(const MvmProbe *probe, MvmProbeQuestion question);
void mvm_probe_set(MvmProbe *probe, MvmProbeQuestion question, bool works, const char *reason,
                   int64_t asked);

/* How a host gets what it refused for reason: a remedy of that cause, or where to look when the
 * cause is not known. Static. */
const char *mvm_probe_remedy(MvmProbeQuestion question, const char *reason);

/* Whether the refusal of passt is that the program is not there. */
bool mvm_probe_lacks_passt(const char *reason);

MvmProbe *mvm_probe_new(void);
void mvm_probe_free(MvmProbe *probe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmProbe, mvm_probe_free)

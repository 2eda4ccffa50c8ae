/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checks of `macvm doctor`: one table (checks.c) of functions that look at facts and conclude.
 * They ask nobody anything: who gathers the facts is src/ops/doctor.h, and tests make them up.
 */
#pragma once

#include "host/facts.h"

#include <glib.h>

typedef enum { MVM_CHECK_OK, MVM_CHECK_WARN, MVM_CHECK_FAIL, MVM_CHECK_SKIP } MvmCheckStatus;

typedef struct {
    const char *id; /* "kvm"; static, never changes: programs read it */
    MvmCheckStatus status;
    char *message; /* what was found */
    char *fix;     /* a command or a sentence that mends it; NULL when there is nothing to mend */
} MvmCheck;

/* All checks over facts, as MvmCheck in the table's order. The caller frees the array. */
GPtrArray *mvm_checks_run(const MvmFacts *facts);

/* The one called id alone, which is in the table. The caller frees. */
MvmCheck *mvm_check_one(const MvmFacts *facts, const char *id);
void mvm_check_free(MvmCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmCheck, mvm_check_free)

/* "ok", "warn", "fail", "skip"; static. */
const char *mvm_check_status_name(MvmCheckStatus status);

/*
 * For the functions of the table.
 */

/* Concludes: the status and the message, and (for warn and fail, never NULL there) the fix. */
void mvm_check_ok(MvmCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mvm_check_skip(MvmCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mvm_check_warn(MvmCheck *check, const char *fix, const char *format, ...) G_GNUC_PRINTF(3, 4);
void mvm_check_fail(MvmCheck *check, const char *fix, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Fails with error's own words and hint; fix is for an error without a hint. */
void mvm_check_fail_error(MvmCheck *check, const GError *error, const char *fix);

/* checks-virt.c: what libvirt tells of itself and of QEMU. */
void mvm_check_libvirt(const MvmFacts *facts, MvmCheck *check);
void mvm_check_qemu(const MvmFacts *facts, MvmCheck *check);
void mvm_check_emulator(const MvmFacts *facts, MvmCheck *check);
void mvm_check_applesmc(const MvmFacts *facts, MvmCheck *check);
void mvm_check_kvm(const MvmFacts *facts, MvmCheck *check);
void mvm_check_firmware(const MvmFacts *facts, MvmCheck *check);
void mvm_check_network(const MvmFacts *facts, MvmCheck *check);

/* checks-kernel.c: processor and kernel. */
void mvm_check_virtualization(const MvmFacts *facts, MvmCheck *check);
void mvm_check_kvm_device(const MvmFacts *facts, MvmCheck *check);
void mvm_check_cpu_features(const MvmFacts *facts, MvmCheck *check);
void mvm_check_cpus(const MvmFacts *facts, MvmCheck *check);
void mvm_check_memory(const MvmFacts *facts, MvmCheck *check);
void mvm_check_clocksource(const MvmFacts *facts, MvmCheck *check);
void mvm_check_ignore_msrs(const MvmFacts *facts, MvmCheck *check);

/* checks-machine.c: storage, upstream's files, the machine itself. */
void mvm_check_pool(const MvmFacts *facts, MvmCheck *check);
void mvm_check_space(const MvmFacts *facts, MvmCheck *check);
void mvm_check_image_access(const MvmFacts *facts, MvmCheck *check);
void mvm_check_opencore(const MvmFacts *facts, MvmCheck *check);
void mvm_check_osk(const MvmFacts *facts, MvmCheck *check);
void mvm_check_recovery(const MvmFacts *facts, MvmCheck *check);
void mvm_check_system_disk(const MvmFacts *facts, MvmCheck *check);
void mvm_check_machine(const MvmFacts *facts, MvmCheck *check);
void mvm_check_screen(const MvmFacts *facts, MvmCheck *check);
void mvm_check_ssh(const MvmFacts *facts, MvmCheck *check);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/check.h"

#include "util/error.h"

/* What a check needs to have anything to look at. */
typedef enum { NEEDS_NOTHING, NEEDS_CONNECTION, NEEDS_HOST, NEEDS_KERNEL } Needs;

static const struct {
    const char *id;
    Needs needs;
    void (*run)(const MvmFacts *facts, MvmCheck *check);
} table[] = {
    {"libvirt", NEEDS_NOTHING, mvm_check_libvirt},
    {"emulator", NEEDS_CONNECTION, mvm_check_emulator},
    {"qemu", NEEDS_HOST, mvm_check_qemu},
    {"applesmc", NEEDS_HOST, mvm_check_applesmc},
    {"virtualization", NEEDS_KERNEL, mvm_check_virtualization},
    {"kvm", NEEDS_HOST, mvm_check_kvm},
    {"kvm-device", NEEDS_KERNEL, mvm_check_kvm_device},
    {"cpu-features", NEEDS_NOTHING, mvm_check_cpu_features},
    {"cpus", NEEDS_HOST, mvm_check_cpus},
    {"memory", NEEDS_HOST, mvm_check_memory},
    {"clocksource", NEEDS_KERNEL, mvm_check_clocksource},
    {"ignore-msrs", NEEDS_KERNEL, mvm_check_ignore_msrs},
    {"firmware", NEEDS_HOST, mvm_check_firmware},
    {"network", NEEDS_HOST, mvm_check_network},
    {"pool", NEEDS_CONNECTION, mvm_check_pool},
    {"space", NEEDS_CONNECTION, mvm_check_space},
    {"image-access", NEEDS_CONNECTION, mvm_check_image_access},
    {"opencore", NEEDS_NOTHING, mvm_check_opencore},
    {"osk", NEEDS_NOTHING, mvm_check_osk},
    {"recovery", NEEDS_CONNECTION, mvm_check_recovery},
    {"system-disk", NEEDS_CONNECTION, mvm_check_system_disk},
    {"machine", NEEDS_CONNECTION, mvm_check_machine},
    {"screen", NEEDS_CONNECTION, mvm_check_screen},
    {"ssh", NEEDS_CONNECTION, mvm_check_ssh},
};

/* True, with the reason in check, when what the check needs is not there. */
static bool
cannot_look(const MvmFacts *facts, Needs needs, MvmCheck *check)
{
    if ((needs == NEEDS_CONNECTION || needs == NEEDS_HOST) && facts->connection_error != NULL)
        mvm_check_skip(check, "no connection to libvirt");
    else if (needs == NEEDS_HOST && facts->host == NULL)
        mvm_check_skip(check, "nothing is known of the host without an emulator");
    else if (needs == NEEDS_KERNEL && facts->kernel == NULL)
        mvm_check_skip(check, "%s",
                       facts->kernel_error != NULL
                           ? facts->kernel_error->message
                           : "the connection does not go through ssh, and libvirt does not tell");
    else
        return false;
    return true;
}

void
mvm_check_free(MvmCheck *check)
{
    if (check == NULL)
        return;
    g_free(check->message);
    g_free(check->fix);
    g_free(check);
}

static MvmCheck *
run_row(const MvmFacts *facts, size_t row)
{
    MvmCheck *check = g_new0(MvmCheck, 1);

    check->id = table[row].id;
    if (!cannot_look(facts, table[row].needs, check))
        table[row].run(facts, check);
    return check;
}

GPtrArray *
mvm_checks_run(const MvmFacts *facts)
{
    GPtrArray *checks = g_ptr_array_new_with_free_func((GDestroyNotify)mvm_check_free);

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        g_ptr_array_add(checks, run_row(facts, i));
    return checks;
}

MvmCheck *
mvm_check_one(const MvmFacts *facts, const char *id)
{
    size_t row = 0;

    while (!g_str_equal(table[row].id, id)) {
        row++;
        g_assert(row < G_N_ELEMENTS(table));
    }
    return run_row(facts, row);
}

const char *
mvm_check_status_name(MvmCheckStatus status)
{
    static const char *const names[] = {
        [MVM_CHECK_OK] = "ok",
        [MVM_CHECK_WARN] = "warn",
        [MVM_CHECK_FAIL] = "fail",
        [MVM_CHECK_SKIP] = "skip",
    };

    return names[status];
}

static G_GNUC_PRINTF(4, 0) void conclude(MvmCheck *check, MvmCheckStatus status, const char *fix,
                                         const char *format, va_list args)
{
    check->status = status;
    check->message = g_strdup_vprintf(format, args);
    check->fix = g_strdup(fix);
}

void
mvm_check_ok(MvmCheck *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    conclude(check, MVM_CHECK_OK, NULL, format, args);
    va_end(args);
}

void
mvm_check_skip(MvmCheck *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    conclude(check, MVM_CHECK_SKIP, NULL, format, args);
    va_end(args);
}

void
mvm_check_warn(MvmCheck *check, const char *fix, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    conclude(check, MVM_CHECK_WARN, fix, format, args);
    va_end(args);
}

void
mvm_check_fail(MvmCheck *check, const char *fix, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    conclude(check, MVM_CHECK_FAIL, fix, format, args);
    va_end(args);
}

void
mvm_check_fail_error(MvmCheck *check, const GError *error, const char *fix)
{
    const char *hint = mvm_error_get_hint(error);

    mvm_check_fail(check, hint != NULL ? hint : fix, "%s", error->message);
}

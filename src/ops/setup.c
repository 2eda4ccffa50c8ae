/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/setup-private.h"

#include "ops/doctor.h"
#include "util/error.h"
#include "util/interrupt.h"
#include "util/lock.h"

#include <unistd.h>

static const struct {
    const char *id, *title;
    void (*run)(MvmSetup *setup, MvmStep *step);
} table[MVM_SETUP_STEPS] = {
    {"cpu", "CPU", mvm_setup_cpu},
    {"kvm", "KVM", mvm_setup_kvm},
    {"dependencies", "Dependencies", mvm_setup_packages},
    {"modules", "Kernel module options", mvm_setup_modules},
    {"recovery", "Recovery media", mvm_setup_recovery},
    {"disk", "Disk", mvm_setup_disk},
    {"launcher", "Desktop launcher", mvm_setup_launcher},
};

const char *
mvm_step_status_name(MvmStepStatus status)
{
    static const char *const names[] = {
        [MVM_STEP_THERE] = "there", [MVM_STEP_DONE] = "done", [MVM_STEP_WOULD] = "would",
        [MVM_STEP_LEFT] = "left",   [MVM_STEP_WARN] = "warn", [MVM_STEP_FAILED] = "failed",
    };

    return names[status];
}

static void
step_free(void *data)
{
    MvmStep *step = data;

    g_free(step->message);
    g_free(step->remedy);
    g_free(step);
}

void
mvm_step_set(MvmStep *step, MvmStepStatus status, const char *remedy, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(step->message);
    g_free(step->remedy);
    step->status = status;
    step->message = g_strdup_vprintf(format, args);
    step->remedy = g_strdup(remedy);
    step->exit_code = MVM_ERROR_HOST;
    va_end(args);
}

void
mvm_step_fail(MvmStep *step, GError *error)
{
    mvm_step_set(step, MVM_STEP_FAILED, mvm_error_get_hint(error), "%s", error->message);
    if (error->domain == MVM_ERROR)
        step->exit_code = error->code;
    g_error_free(error);
}

MvmConnection *
mvm_setup_connect(MvmSetup *setup, GError **error)
{
    MvmConnection *conn = setup->talk->connect(setup->talk->opaque, error);

    if (conn == NULL || (setup->waited && !mvm_connection_reopen(conn, error)))
        return NULL;
    setup->waited = false;
    return conn;
}

bool
mvm_setup_look(MvmSetup *setup, GError **error)
{
    g_autoptr(GError) why = NULL;
    const MvmContext context = {.conn = mvm_setup_connect(setup, &why),
                                .progress = setup->progress};
    const MvmDoctorRequest request = {.name = setup->request->name,
                                      .os = setup->request->os,
                                      .uri = setup->request->uri,
                                      .connection_error = why,
                                      .may_be_new = true,
                                      .no_probe = setup->request->dry_run};
    MvmFacts *facts = mvm_doctor_gather(&context, &request, error);

    if (facts == NULL)
        return false;
    mvm_facts_free(setup->facts);
    setup->facts = facts;
    return true;
}

bool
mvm_setup_as_root(MvmSetup *setup, MvmStep *step, const char *what, const MvmRootWork *work)
{
    const char *helper = mvm_root_work_helper();
    bool remote = setup->facts->host_name != NULL;
    g_autofree char *text = mvm_root_work_to_text(work, remote           ? "sudo"
                                                        : helper != NULL ? helper
                                                                         : "");
    GError *error = NULL;
    bool yes = false;

    if (remote) {
        mvm_step_set(step, MVM_STEP_LEFT, text, "to %s, run on %s:", what, setup->facts->host_name);
    } else if (setup->request->dry_run) {
        mvm_step_set(step, MVM_STEP_WOULD, text, "would %s, as root:", what);
    } else if (helper == NULL) {
        mvm_step_set(step, MVM_STEP_LEFT, text,
                     "neither sudo nor pkexec is there: to %s, run as root:", what);
    } else {
        mvm_step_set(step, MVM_STEP_LEFT, text, "left to you, to %s:", what);
        setup->waited = true;
        if (setup->talk->agree(setup->talk->opaque, step, text, &yes, &error) && yes &&
            mvm_root_work_run(work, helper, &error))
            return true;
        setup->interrupted = g_error_matches(error, MVM_ERROR, MVM_ERROR_CANCELLED);
        if (error != NULL)
            mvm_step_fail(step, error);
    }
    return false;
}

static bool
run_steps(MvmSetup *setup, GPtrArray *steps, GError **error)
{
    if (!mvm_setup_look(setup, error))
        return false;
    for (int i = 0; i < MVM_SETUP_STEPS; i++) {
        MvmStep *step = g_new0(MvmStep, 1);

        step->number = i + 1;
        step->id = table[i].id;
        step->title = table[i].title;
        g_ptr_array_add(steps, step);
        table[i].run(setup, step);
        if (setup->interrupted || mvm_interrupted()) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "cannot finish setup: interrupted");
            mvm_error_set_hint(error, "the same command goes on where this one stopped");
            return false;
        }
        setup->talk->report(setup->talk->opaque, step);
    }
    return true;
}

/* The manual page says not to. */
static void
tell_sudo(MvmProgress *progress)
{
    if (geteuid() == 0 && g_getenv("SUDO_USER") != NULL)
        mvm_progress_note(progress, "all of this runs under sudo, and what it makes is root's: run "
                                    "it without, and it asks before it becomes root");
}

GPtrArray *
mvm_setup(const MvmSetupRequest *request, const MvmSetupTalk *talk, MvmProgress *progress,
          GError **error)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(step_free);
    g_autoptr(MvmOptions) options = mvm_options_new();
    MvmSetup setup = {.request = request, .talk = talk, .progress = progress};
    g_autoptr(MvmLock) held = NULL;
    bool ok = false;

    /* A wrong size is told before anything is done. */
    if (request->disk_size != NULL &&
        !mvm_options_set(options, MVM_OPTION_DISK_SIZE, request->disk_size, error))
        return NULL;
    if (!request->dry_run && (held = mvm_lock_take("setup.lock", "setup", error)) == NULL)
        return NULL;
    tell_sudo(progress);
    ok = run_steps(&setup, steps, error);
    mvm_facts_free(setup.facts);
    return ok ? g_steal_pointer(&steps) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last three steps: what the machine is made of. */
#include "host/check.h"
#include "host/launcher.h"
#include "machine/options.h"
#include "ops/define.h"
#include "ops/doctor-storage.h"
#include "ops/fetch.h"
#include "ops/oscheck.h"
#include "ops/setup-private.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/size.h"

#include <string.h>

static bool
has_connection(const MvmSetup *setup, MvmStep *step)
{
    if (setup->facts->connection_error == NULL)
        return true;
    mvm_step_set(step, setup->request->dry_run ? MVM_STEP_WOULD : MVM_STEP_FAILED, NULL,
                 "waits for libvirt");
    return false;
}

/* What the machine will be defined with in the next step. */
static const char *
accel_of(const MvmFacts *facts)
{
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_KVM);
    bool kvm = facts->host != NULL && facts->host->kvm != NULL && (answer == NULL || answer->works);

    return kvm && !facts->want_tcg ? "kvm" : "tcg";
}

static void
fetch(MvmSetup *setup, MvmStep *step, const char *command)
{
    const MvmFacts *facts = setup->facts;
    GError *error = NULL;
    const MvmContext context = {.conn = mvm_setup_connect(setup, &error),
                                .progress = setup->progress};
    const MvmFetchRequest request = {
        .os = facts->machine->os, .pool = facts->pool_name, .accel = accel_of(facts)};
    g_auto(MvmFetchResult) result = {0};

    setup->waited = true;
    if (context.conn == NULL) {
        mvm_step_fail(step, error);
    } else if (!mvm_fetch(&context, &request, &result, &error)) {
        if (mvm_error_get_hint(error) == NULL)
            mvm_error_set_hint(&error, "'%s' goes on where it stopped", command);
        mvm_step_fail(step, error);
    } else {
        mvm_step_set(step, MVM_STEP_DONE, NULL, "fetched macOS %s into %s", request.os->id,
                     result.path);
    }
}

/* The one thing about it that a dry run can know to fail. */
static void
tell_fetch(MvmSetup *setup, MvmStep *step, const char *command)
{
    const MvmFacts *facts = setup->facts;
    const MvmOs *os = facts->machine->os;
    GError *error = NULL;
    const MvmContext context = {.conn = mvm_setup_connect(setup, &error),
                                .progress = setup->progress};

    if (context.conn == NULL || !mvm_oscheck_media(&context, os, accel_of(facts), false, &error))
        mvm_step_fail(step, error);
    else
        mvm_step_set(step, MVM_STEP_WOULD, command, "would fetch macOS %s:", os->id);
}

/* A machine that is installed has no use for it. */
void
mvm_setup_recovery(MvmSetup *setup, MvmStep *step)
{
    g_autofree char *command = mvm_doctor_fetch_command(setup->facts);
    g_autoptr(MvmCheck) check = mvm_check_one(setup->facts, "recovery");

    if (!has_connection(setup, step))
        return;
    if (check->status == MVM_CHECK_OK)
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s", check->message);
    else if (setup->request->dry_run)
        tell_fetch(setup, step, command);
    else
        fetch(setup, step, command);
}

/* --- disk ------------------------------------------------------------------------------------- */

static void
define(MvmSetup *setup, MvmStep *step, const MvmOptions *options)
{
    const char *name = setup->facts->machine->name;
    GError *error = NULL;
    const MvmContext context = {.conn = mvm_setup_connect(setup, &error),
                                .progress = setup->progress};
    const MvmDefineRequest request = {.name = name, .options = options};
    g_auto(MvmDefineResult) result = {0};

    if (context.conn == NULL || !mvm_define(&context, &request, &result, &error))
        mvm_step_fail(step, error);
    else if (result.created)
        mvm_step_set(step, MVM_STEP_DONE, NULL, "defined '%s', with its disk", name);
    else if (result.changed)
        mvm_step_set(step, MVM_STEP_DONE, NULL, "brought '%s' up to date", name);
    else
        mvm_step_set(step, MVM_STEP_THERE, NULL, "'%s' is defined, with its disk", name);
}

static void
tell_define(const MvmSetup *setup, MvmStep *step)
{
    const MvmFacts *facts = setup->facts;
    const MvmSetupRequest *request = setup->request;
    g_autofree char *quoted = mvm_shell_word(facts->machine->name);
    g_autoptr(GString) command = g_string_new("macvm define ");

    g_string_append(command, quoted);
    if (request->os != NULL)
        g_string_append_printf(command, " --os %s", facts->machine->os->id);
    if (request->disk_size != NULL)
        g_string_append_printf(command, " --disk-size %s", request->disk_size);
    g_string_append(command, mvm_facts_connect(facts));
    if (facts->defined && facts->system_disk.found)
        mvm_step_set(step, MVM_STEP_THERE, NULL, "'%s' is defined, with its disk",
                     facts->machine->name);
    else
        mvm_step_set(step, MVM_STEP_WOULD, command->str,
                     "would define '%s', with its disk:", facts->machine->name);
}

void
mvm_setup_disk(MvmSetup *setup, MvmStep *step)
{
    g_autoptr(MvmOptions) options = mvm_options_new();
    const MvmSetupRequest *request = setup->request;
    GError *error = NULL;

    if ((request->os != NULL && !mvm_options_set(options, MVM_OPTION_OS, request->os, &error)) ||
        (request->disk_size != NULL &&
         !mvm_options_set(options, MVM_OPTION_DISK_SIZE, request->disk_size, &error)))
        mvm_step_fail(step, error);
    else if (request->dry_run)
        tell_define(setup, step);
    else if (has_connection(setup, step))
        define(setup, step, options);
}

/* --- desktop launcher ------------------------------------------------------------------------- */

static char *
render(const MvmSetup *setup, GError **error)
{
    g_autofree char *path = mvm_path_find_data("templates/macvm.desktop", error);
    g_autofree char *template =
        path != NULL ? mvm_file_read(path, MVM_LAUNCHER_MAX, NULL, error) : NULL;
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    if (template == NULL)
        return NULL;
    return mvm_launcher_render(template, self != NULL ? self : "macvm", setup->facts->uri,
                               setup->facts->machine->name, error);
}

static bool
store(const char *path, const char *text, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    return mvm_file_make_dir(dir, error) && mvm_file_replace(path, text, strlen(text), 0644, error);
}

void
mvm_setup_launcher(MvmSetup *setup, MvmStep *step)
{
    g_autofree char *path = mvm_launcher_path(setup->facts->machine->name);
    g_autofree char *before = mvm_file_read(path, MVM_LAUNCHER_MAX, NULL, NULL);
    g_autofree char *text = NULL;
    GError *error = NULL;

    if (!has_connection(setup, step))
        return;
    text = render(setup, &error);
    if (text == NULL)
        mvm_step_fail(step, error);
    else if (g_strcmp0(before, text) == 0)
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s", path);
    else if (setup->request->dry_run)
        mvm_step_set(step, MVM_STEP_WOULD, NULL, "would write %s", path);
    else if (!store(path, text, &error))
        mvm_step_fail(step, error);
    else
        mvm_step_set(step, MVM_STEP_DONE, NULL, "wrote %s", path);
}

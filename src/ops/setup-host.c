/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first four steps: what the host must be and have. */
#include "host/check.h"
#include "host/modules.h"
#include "host/packages.h"
#include "ops/setup-private.h"
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/ssh.h"

#define MAX_TEMPLATE (64 * 1024)

void
mvm_setup_cpu(MvmSetup *setup, MvmStep *step)
{
    g_autoptr(MvmCheck) features = mvm_check_one(setup->facts, "cpu-features");
    g_autoptr(MvmCheck) virtualization = mvm_check_one(setup->facts, "virtualization");

    if (features->status == MVM_CHECK_FAIL)
        mvm_step_set(step, MVM_STEP_FAILED, features->fix, "%s", features->message);
    else if (virtualization->status == MVM_CHECK_WARN)
        mvm_step_set(step, MVM_STEP_WARN, virtualization->fix, "%s; %s", virtualization->message,
                     features->message);
    else if (virtualization->status == MVM_CHECK_SKIP)
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s", features->message);
    else
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s; %s", virtualization->message,
                     features->message);
}

/* A dry run starts no test machine, and before libvirt is installed there is nobody to start it:
 * then the device has to do. When it is the device that is wrong, its remedy is the one. */
void
mvm_setup_kvm(MvmSetup *setup, MvmStep *step)
{
    const MvmFacts *facts = setup->facts;
    bool tried = facts->probe != NULL || facts->probe_error != NULL;
    bool offered = facts->host != NULL && facts->host->kvm != NULL;
    g_autoptr(MvmCheck) device = mvm_check_one(facts, "kvm-device");
    g_autoptr(MvmCheck) guest = tried ? mvm_check_one(facts, "kvm") : NULL;

    if (guest != NULL && guest->status == MVM_CHECK_OK)
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s", guest->message);
    else if (guest != NULL)
        mvm_step_set(step, MVM_STEP_WARN, device->fix != NULL ? device->fix : guest->fix, "%s",
                     guest->message);
    else if (device->fix != NULL)
        mvm_step_set(step, MVM_STEP_WARN, device->fix, "%s", device->message);
    else if (offered && setup->request->dry_run)
        mvm_step_set(step, MVM_STEP_WOULD, NULL,
                     "libvirt offers KVM; would run an empty machine to see it work");
    else
        mvm_step_set(step, MVM_STEP_THERE, NULL, "%s", device->message);
}

/* --- dependencies ----------------------------------------------------------------------------- */

static bool
has_daemon(void)
{
    static const char *const daemons[] = {"libvirtd", "virtqemud", "/usr/sbin/libvirtd",
                                          "/usr/sbin/virtqemud"};

    for (size_t i = 0; i < G_N_ELEMENTS(daemons); i++) {
        if (mvm_command_exists(daemons[i]))
            return true;
    }
    return false;
}

/* A libvirt that is not there yet may be one that wants it. */
static bool
lacks_passt(const MvmFacts *facts)
{
    const MvmProbeAnswer *answer = mvm_probe_get(facts->probe, MVM_ASK_PASST);

    if (answer != NULL)
        return !answer->works && mvm_probe_lacks_passt(answer->reason);
    return facts->host_name == NULL && !mvm_command_exists("passt") &&
           (facts->host != NULL ? mvm_probe_applies(facts->host, MVM_ASK_PASST)
                                : facts->connection_error != NULL && !has_daemon());
}

static MvmNeeds
find_missing(const MvmFacts *facts)
{
    bool local = facts->host_name == NULL;
    unsigned needs = 0;

    if (local && facts->connection_error != NULL && !has_daemon())
        needs |= MVM_NEED_LIBVIRT;
    if (facts->connection_error == NULL && facts->host == NULL)
        needs |= MVM_NEED_QEMU;
    if (local && facts->connection_error != NULL && !mvm_command_exists("qemu-system-x86_64"))
        needs |= MVM_NEED_QEMU | MVM_NEED_FIRMWARE;
    if (facts->host != NULL && facts->host->firmware == NULL)
        needs |= MVM_NEED_FIRMWARE;
    if (local && !mvm_command_exists("qemu-img"))
        needs |= MVM_NEED_IMAGES;
    if (local && !mvm_command_exists(mvm_ssh_program()))
        needs |= MVM_NEED_SSH;
    if (local && !mvm_command_exists("mcopy"))
        needs |= MVM_NEED_MTOOLS;
    if (lacks_passt(facts))
        needs |= MVM_NEED_PASST;
    return needs;
}

static void
install(MvmSetup *setup, MvmStep *step, MvmNeeds needs)
{
    const MvmFacts *facts = setup->facts;
    const MvmPackager *packager = facts->host_name == NULL ? mvm_packager_local()
                                  : facts->kernel != NULL
                                      ? mvm_packager_by_family(facts->kernel->os_family)
                                      : NULL;
    g_autofree char *list = mvm_needs_to_text(needs);
    g_autofree char *what = g_strdup_printf("install %s", list);
    g_autoptr(MvmRootWork) work = mvm_root_work_new();
    GError *error = NULL;

    if (packager == NULL) {
        mvm_step_set(step, MVM_STEP_FAILED,
                     "install them by the means of your system, then run the same command again",
                     "missing: %s; and no package manager that macvm knows (apt-get, dnf, pacman, "
                     "zypper)",
                     list);
        return;
    }
    mvm_packager_add_install(packager, needs, work);
    if (!mvm_setup_as_root(setup, step, what, work))
        return;
    if (!mvm_setup_look(setup, &error))
        mvm_step_fail(step, error);
    else if (find_missing(setup->facts) != 0)
        mvm_step_set(step, MVM_STEP_FAILED, "look at the messages above",
                     "installed %s, but it is still not found", list);
    else
        mvm_step_set(step, MVM_STEP_DONE, NULL, "installed %s", list);
}

void
mvm_setup_packages(MvmSetup *setup, MvmStep *step)
{
    MvmNeeds needs = find_missing(setup->facts);
    const char *hint = NULL;

    if (needs != 0)
        install(setup, step, needs);
    else
        mvm_step_set(step, MVM_STEP_THERE, NULL, "libvirt, QEMU and OVMF are there");
    if (setup->facts->connection_error == NULL || step->status == MVM_STEP_LEFT ||
        step->status == MVM_STEP_WOULD || step->status == MVM_STEP_FAILED)
        return;
    hint = mvm_error_get_hint(setup->facts->connection_error);
    mvm_step_set(step, MVM_STEP_FAILED, hint, "%s", setup->facts->connection_error->message);
}

/* --- kernel module options -------------------------------------------------------------------- */

/* What holds once the file is written. */
static void
tell_stored(MvmStep *step, MvmStepStatus status, const MvmKernel *kernel)
{
    if (kernel->ignore_msrs == 'N')
        mvm_step_set(step, status, NULL,
                     "ignore_msrs is written to " MVM_KVM_CONF " and holds from the host's next "
                     "start on (this kernel takes it only when KVM is loaded)");
    else
        mvm_step_set(step, status, NULL, "ignore_msrs is on, and written to " MVM_KVM_CONF);
}

static void
change_modules(MvmSetup *setup, MvmStep *step, const MvmRootWork *work)
{
    GError *error = NULL;
    const MvmKernel *kernel = NULL;

    if (!mvm_setup_as_root(setup, step, "let KVM ignore unknown MSRs", work))
        return;
    if (!mvm_setup_look(setup, &error)) {
        mvm_step_fail(step, error);
        return;
    }
    kernel = setup->facts->kernel;
    if (kernel != NULL && kernel->ignore_stored &&
        (kernel->ignore_msrs != 'N' || kernel->ignore_fixed))
        tell_stored(step, MVM_STEP_DONE, kernel);
    else
        mvm_step_set(step, MVM_STEP_FAILED, "look at the messages above",
                     "the commands ran, but ignore_msrs is still not on");
}

void
mvm_setup_modules(MvmSetup *setup, MvmStep *step)
{
    const MvmKernel *kernel = setup->facts->kernel;
    g_autoptr(MvmRootWork) work = mvm_root_work_new();
    g_autofree char *path = NULL;
    g_autofree char *template = NULL;
    GError *error = NULL;

    if (kernel == NULL) {
        mvm_step_set(step, MVM_STEP_WARN, "see that the module kvm has ignore_msrs=1 on the host",
                     "the host's kernel cannot be seen through this connection");
        return;
    }
    if (setup->facts->want_tcg) {
        mvm_step_set(step, MVM_STEP_THERE, NULL, "none needed: the machine is to do without KVM");
        return;
    }
    if (kernel->ignore_msrs == 0 && !kernel->kvm_node && !mvm_kernel_has_virtualization(kernel)) {
        mvm_step_set(step, MVM_STEP_THERE, NULL, "none needed: this host has no KVM");
        return;
    }
    path = mvm_path_find_data("templates/kvm-macos.conf", &error);
    template = path != NULL ? mvm_file_read(path, MAX_TEMPLATE, NULL, &error) : NULL;
    if (template == NULL) {
        mvm_step_fail(step, error);
        return;
    }
    mvm_modules_add_work(kernel, template, work);
    if (mvm_root_work_is_empty(work))
        tell_stored(step, MVM_STEP_THERE, kernel);
    else
        change_modules(setup, step, work);
}

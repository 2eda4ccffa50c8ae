/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/check.h"

#include "util/size.h"
#include "util/words.h"

/* Less than a recovery image takes: not even an installation can begin. */
#define LEAST_SPACE (UINT64_C(3) << 30)

#define GIB (UINT64_C(1) << 30)

/* A system disk that holds more than this has been installed on. */
#define INSTALLED_SIZE (UINT64_C(2) << 30)

void
mvm_check_pool(const MvmFacts *facts, MvmCheck *check)
{
    const char *path = facts->pool_path != NULL ? facts->pool_path : "a directory of its own";
    g_autofree char *list =
        g_strdup_printf("'virsh%s pool-list --all' shows the pools", mvm_facts_connect(facts));

    if (facts->pool_error != NULL)
        mvm_check_fail_error(check, facts->pool_error, list);
    else if (facts->pool_exists && facts->pool_active)
        mvm_check_ok(check, "pool '%s' in %s", facts->pool_name, path);
    else if (facts->pool_exists)
        mvm_check_ok(check, "pool '%s' in %s is not active: it is started on need",
                     facts->pool_name, path);
    else
        mvm_check_ok(check, "pool '%s' will be made in %s", facts->pool_name, path);
}

void
mvm_check_space(const MvmFacts *facts, MvmCheck *check)
{
    uint64_t disk = facts->machine->disk_size;
    uint64_t more = disk > facts->system_allocation ? disk - facts->system_allocation : 0;
    g_autofree char *free_size = mvm_size_format(facts->space);
    g_autofree char *wanted = mvm_size_format(MAX(more, 1));

    if (!facts->space_known)
        mvm_check_skip(check, "libvirt does not tell before the pool is active");
    else if (facts->space < MIN(LEAST_SPACE, more))
        mvm_check_fail(check, "make room on the file system of the pool, or use another --pool",
                       "%s free, too little to install macOS", free_size);
    else if (facts->space < more)
        mvm_check_warn(check, "make room in time, or use another --pool",
                       "%s free, but the system disk may grow by %s", free_size, wanted);
    else
        mvm_check_ok(check, "%s free", free_size);
}

void
mvm_check_image_access(const MvmFacts *facts, MvmCheck *check)
{
    g_autofree char *fix = NULL;
    g_autofree char *word = NULL;

    if (facts->session) {
        mvm_check_ok(check, "QEMU runs as the user whose session it is");
    } else if (facts->access_unknown != NULL) {
        mvm_check_skip(check, "%s", facts->access_unknown);
    } else if (facts->closed_dir != NULL) {
        word = mvm_word_quote(facts->closed_dir);
        fix = g_strdup_printf("sudo setfacl -m u:%" G_GINT64_FORMAT ":x %s", facts->host->qemu_uid,
                              word);
        mvm_check_fail(check, fix, "QEMU's user (uid %" G_GINT64_FORMAT ") may not enter %s",
                       facts->host->qemu_uid, facts->closed_dir);
    } else {
        mvm_check_ok(check, "QEMU's user may enter %s", facts->pool_path);
    }
}

/* found: ok with its detail. Otherwise the status that missing is. */
static void
conclude_finding(const MvmFinding *finding, MvmCheckStatus missing, MvmCheck *check)
{
    if (finding->found)
        mvm_check_ok(check, "%s", finding->detail);
    else if (missing == MVM_CHECK_FAIL)
        mvm_check_fail(check, finding->fix, "%s", finding->problem);
    else
        mvm_check_warn(check, finding->fix, "%s", finding->problem);
}

void
mvm_check_opencore(const MvmFacts *facts, MvmCheck *check)
{
    conclude_finding(&facts->opencore, facts->defined ? MVM_CHECK_WARN : MVM_CHECK_FAIL, check);
}

void
mvm_check_osk(const MvmFacts *facts, MvmCheck *check)
{
    conclude_finding(&facts->osk, facts->defined ? MVM_CHECK_WARN : MVM_CHECK_FAIL, check);
}

void
mvm_check_recovery(const MvmFacts *facts, MvmCheck *check)
{
    if (!facts->recovery.found && facts->system_allocation > INSTALLED_SIZE)
        mvm_check_ok(check, "none, and none needed: the system disk is installed on");
    else
        conclude_finding(&facts->recovery, MVM_CHECK_WARN, check);
}

void
mvm_check_system_disk(const MvmFacts *facts, MvmCheck *check)
{
    const MvmOs *os = facts->machine->os;
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = g_strdup_printf("macvm%s set %s --disk-size %uG",
                                           mvm_facts_connect(facts), word, os->least_disk);

    if (facts->system_disk.found && facts->system_allocation < INSTALLED_SIZE &&
        facts->machine->disk_size < os->least_disk * GIB)
        mvm_check_warn(check, fix, "%s is too small to install macOS %s on: it takes %u GiB",
                       facts->system_disk.detail, os->id, os->least_disk);
    else if (facts->defined || facts->system_disk.found)
        conclude_finding(&facts->system_disk, MVM_CHECK_FAIL, check);
    else
        mvm_check_skip(check, "'macvm define' makes it");
}

void
mvm_check_machine(const MvmFacts *facts, MvmCheck *check)
{
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = g_strdup_printf("macvm%s define %s", mvm_facts_connect(facts), word);

    if (!facts->defined)
        mvm_check_skip(check, "'%s' is not defined yet: 'macvm define' does it",
                       facts->machine->name);
    else if (facts->unfit != NULL)
        mvm_check_fail(check, fix, "'%s' does not start: the host has no %s", facts->machine->name,
                       facts->unfit);
    else
        mvm_check_ok(check, "'%s' for macOS %s is defined%s", facts->machine->name,
                     facts->machine->os->id, facts->running ? " and runs" : "");
}

void
mvm_check_screen(const MvmFacts *facts, MvmCheck *check)
{
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autofree char *fix = g_strdup_printf("virt-xml%s %s --edit --graphics listen=127.0.0.1",
                                           mvm_facts_connect(facts), word);

    if (!facts->defined)
        mvm_check_skip(check, "'%s' is not defined yet", facts->machine->name);
    else if (facts->screen != NULL)
        mvm_check_warn(check, fix,
                       "the screen of '%s' is open to the network ('%s'): whoever gets there has "
                       "the machine",
                       facts->machine->name, facts->screen);
    else if (facts->screen_unlocked)
        mvm_check_ok(check, "not open to the network; on the host itself every user can open it, "
                            "there is no password");
    else
        mvm_check_ok(check, "not open to the network");
}

void
mvm_check_ssh(const MvmFacts *facts, MvmCheck *check)
{
    if (!facts->running)
        mvm_check_skip(check, "'%s' does not run", facts->machine->name);
    else if (!facts->ssh_port)
        mvm_check_skip(check, "no port is forwarded to '%s'", facts->machine->name);
    else if (facts->ssh_answers)
        mvm_check_ok(check, "the guest answers");
    else
        mvm_check_warn(check,
                       "in macOS: System Settings > General > Sharing > Remote Login; while macOS "
                       "still starts, wait ('macvm up --wait-ssh')",
                       "no ssh server of the guest answers on port %u", facts->machine->ssh_port);
}

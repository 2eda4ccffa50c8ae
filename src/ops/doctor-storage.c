/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/doctor-storage.h"

#include "ops/opencore-disk.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/volume.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* --- pool, space, access ---------------------------------------------------------------------- */

/* The nearest folder above path that is there. The caller frees. */
static char *
existing_parent(const char *path)
{
    char *dir = g_strdup(path);

    while (!g_file_test(dir, G_FILE_TEST_IS_DIR) && !g_str_equal(dir, "/")) {
        char *parent = g_path_get_dirname(dir);

        g_free(dir);
        dir = parent;
    }
    return dir;
}

/* Before the pool is made, the file system where it will be is asked, if that is here. */
static void
gather_space(MvmConnection *conn, const char *name, MvmFacts *facts)
{
    g_autoptr(MvmPool) pool = facts->pool_active ? mvm_pool_open(conn, name, NULL) : NULL;
    g_autofree char *dir = NULL;
    struct statvfs st;

    if (pool != NULL) {
        facts->space_known = mvm_pool_get_available(pool, &facts->space, NULL);
    } else if (facts->pool_path != NULL && !mvm_connection_get_endpoint(conn)->remote) {
        dir = existing_parent(facts->pool_path);
        facts->space_known = statvfs(dir, &st) == 0;
        if (facts->space_known)
            facts->space = (uint64_t)st.f_bavail * st.f_frsize;
    }
}

static bool
may_enter(const struct stat *st, const MvmFacts *facts)
{
    const GArray *groups = facts->kernel->groups;

    if (facts->host->qemu_uid == 0)
        return true;
    if (st->st_uid == facts->host->qemu_uid)
        return (st->st_mode & S_IXUSR) != 0;
    for (guint i = 0; i < groups->len; i++) {
        if (g_array_index(groups, unsigned, i) == st->st_gid)
            return (st->st_mode & S_IXGRP) != 0;
    }
    return (st->st_mode & S_IXOTH) != 0;
}

/* The first folder from "/" to path, itself included, that QEMU's user may not enter, or NULL.
 * libvirt makes the images QEMU's own when a machine starts, but never the folders above them.
 * Access control lists are in the group's bits as far as this can see. The caller frees. */
static char *
find_closed(const char *path, const MvmFacts *facts)
{
    const char *end = path;

    while (*end != '\0') {
        g_autofree char *dir = NULL;
        struct stat st;

        end += 1 + strcspn(end + 1, "/");
        dir = g_strndup(path, (gsize)(end - path));
        if (stat(dir, &st) == 0 && !may_enter(&st, facts))
            return g_steal_pointer(&dir);
    }
    return NULL;
}

static void
gather_access(MvmConnection *conn, MvmFacts *facts)
{
    if (facts->host == NULL || facts->host->qemu_uid < 0 || facts->kernel == NULL)
        facts->access_unknown = g_strdup("libvirt does not tell which user QEMU runs as");
    else if (mvm_connection_get_endpoint(conn)->remote)
        facts->access_unknown = g_strdup("only the host itself can tell");
    else if (facts->pool_path == NULL)
        facts->access_unknown = g_strdup("the pool has no directory");
    else
        facts->closed_dir = find_closed(facts->pool_path, facts);
}

void
mvm_doctor_gather_pool(MvmConnection *conn, const char *pool, MvmFacts *facts)
{
    const char *name = pool != NULL ? pool : MVM_POOL_DEFAULT;

    facts->pool_name = g_strdup(name);
    if (mvm_pool_inspect(conn, pool, &facts->pool_exists, &facts->pool_active, &facts->pool_path,
                         &facts->pool_error)) {
        if (!facts->pool_exists && g_str_equal(name, MVM_POOL_DEFAULT))
            facts->pool_path = mvm_pool_default_path(conn, NULL);
        else if (!facts->pool_exists)
            g_set_error(&facts->pool_error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                        "there is no storage pool '%s'", name);
    }
    gather_space(conn, pool, facts);
    gather_access(conn, facts);
}

/* --- images ----------------------------------------------------------------------------------- */

static void
found(MvmFinding *finding, const char *detail)
{
    finding->found = true;
    finding->detail = g_strdup(detail);
}

static MvmVolume *
find_volume(MvmPool *pool, const char *name)
{
    return pool != NULL ? mvm_volume_lookup(pool, name, NULL) : NULL;
}

/* A boot loader in the pool or, for machines to come, in the checkout: where define looks. */
static void
gather_opencore(MvmPool *pool, MvmFacts *facts)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *name = g_strconcat(facts->machine->name, "-opencore.qcow2", NULL);
    g_autoptr(MvmVolume) volume = find_volume(pool, name);
    g_autofree char *digest = NULL;

    /* What a machine boots from may have another name: 'macvm opencore update' makes a new one. */
    if (volume != NULL || facts->opencore_path != NULL) {
        found(&facts->opencore, volume != NULL ? volume->path : facts->opencore_path);
        return;
    }
    if (mvm_opencore_find_source(NULL, &digest, &cause)) {
        found(&facts->opencore, "in the upstream checkout");
        return;
    }
    facts->opencore.problem = g_strdup(cause->message);
    facts->opencore.fix = g_strdup_printf("macvm bootstrap%s", mvm_facts_connect(facts));
}

char *
mvm_doctor_fetch_command(const MvmFacts *facts)
{
    const char *pool = facts->pool_name != NULL ? facts->pool_name : MVM_POOL_DEFAULT;
    g_autofree char *word = mvm_word_quote(pool);
    bool usual = g_str_equal(pool, MVM_POOL_DEFAULT);

    return g_strdup_printf("macvm fetch %s%s%s%s", facts->machine->os->id, usual ? "" : " --pool ",
                           usual ? "" : word, mvm_facts_connect(facts));
}

static void
gather_recovery(MvmPool *pool, MvmFacts *facts)
{
    const char *os = facts->machine->os->id;
    g_autofree char *name = g_strdup_printf("recovery-%s.img", os);
    g_autoptr(MvmVolume) volume = find_volume(pool, name);

    if (volume != NULL) {
        found(&facts->recovery, volume->path);
        return;
    }
    facts->recovery.problem = g_strdup_printf("no volume '%s' to install macOS %s from", name, os);
    facts->recovery.fix = mvm_doctor_fetch_command(facts);
}

static void
gather_system_disk(MvmPool *pool, MvmFacts *facts)
{
    g_autofree char *name = g_strconcat(facts->machine->name, ".qcow2", NULL);
    g_autofree char *word = mvm_word_quote(facts->machine->name);
    g_autoptr(MvmVolume) volume = find_volume(pool, name);

    if (volume != NULL) {
        found(&facts->system_disk, volume->path);
        facts->system_allocation = volume->allocation;
        facts->machine->disk_size = volume->capacity;
        return;
    }
    facts->system_disk.problem = g_strdup_printf(
        "no volume '%s'%s", name,
        facts->defined ? ": is its drive mounted, or was the file moved or renamed? "
                         "Only if it is lost, give the machine a new, empty disk"
                       : "");
    facts->system_disk.fix =
        facts->defined
            ? g_strdup_printf("macvm set %s --new-disk%s", word, mvm_facts_connect(facts))
            : g_strdup_printf("macvm define %s%s", word, mvm_facts_connect(facts));
}

void
mvm_doctor_gather_images(MvmConnection *conn, const char *pool, MvmFacts *facts)
{
    g_autoptr(MvmPool) opened =
        conn != NULL && facts->pool_active ? mvm_pool_open(conn, pool, NULL) : NULL;

    gather_opencore(opened, facts);
    gather_recovery(opened, facts);
    gather_system_disk(opened, facts);
}

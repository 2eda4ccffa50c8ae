/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to know before a claim is judged: asked of libvirt, and of this machine's files. */
#include "util/error.h"
#include "util/file.h"
#include "util/qcow2.h"
#include "virt/claim-priv.h"
#include "virt/connection-priv.h"
#include "xml/xml.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* QEMU itself follows more; longer chains than this nobody makes. */
#define MAX_CHAIN 64

static void
facts_clear(MvmClaimFacts *facts)
{
    g_clear_pointer(&facts->domains, g_ptr_array_unref);
    g_clear_pointer(&facts->volumes, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmClaimFacts, facts_clear)

static void
free_domain(void *domain)
{
    mvm_claim_domain_free(domain);
}

/* --- domains ---------------------------------------------------------------------------------- */

/* libvirt's text as GLib's; NULL as it is. */
static char *
take(char *raw)
{
    char *text = g_strdup(raw);

    free(raw);
    return text;
}

/* Names of the domains that have what flags ask for; NULL where the driver knows none such. */
static GHashTable *
list_names(MvmConnection *conn, unsigned flags)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(conn->virt, &domains, flags);

    for (int i = 0; i < count; i++) {
        g_hash_table_add(names, g_strdup(virDomainGetName(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);
    return names;
}

static GPtrArray *
read_snapshots(virDomainPtr virt)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    virDomainSnapshotPtr *snapshots = NULL;
    int count = virDomainListAllSnapshots(virt, &snapshots, 0);

    for (int i = 0; i < count; i++) {
        char *text = take(virDomainSnapshotGetXMLDesc(snapshots[i], 0));

        if (text != NULL)
            g_ptr_array_add(texts, text);
        virDomainSnapshotFree(snapshots[i]);
    }
    free(snapshots);
    return texts;
}

/* What a domain runs with and what is stored may differ, and both count. False: it went away, or it
 * cannot be read, which is noted. */
static bool
read_domain(MvmConnection *conn, virDomainPtr virt, MvmClaimDomain *domain)
{
    int state = VIR_DOMAIN_NOSTATE, reason = 0;
    g_autoptr(GError) why = NULL;

    domain->name = g_strdup(virDomainGetName(virt));
    if (virDomainGetState(virt, &state, &reason, 0) == 0) {
        domain->running = virDomainIsActive(virt) == 1;
        domain->away = state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_MIGRATED;
        if (domain->running)
            domain->live = take(virDomainGetXMLDesc(virt, 0));
        domain->stored = take(virDomainGetXMLDesc(virt, VIR_DOMAIN_XML_INACTIVE));
    }
    if (domain->stored != NULL)
        return true;
    if (mvm_virt_last_code() != VIR_ERR_NO_DOMAIN) {
        mvm_virt_set_error(&why, "read machine '%s'", domain->name);
        mvm_connection_note(conn, "%s", why->message);
    }
    return false;
}

static bool
read_domains(MvmConnection *conn, MvmClaimFacts *facts, const char *path, GError **error)
{
    g_autoptr(GHashTable) saved = list_names(conn, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE);
    g_autoptr(GHashTable) snapshots = list_names(conn, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(conn->virt, &domains, 0);

    if (count < 0)
        return mvm_virt_set_error(error, "list the machines that may use '%s'", path);
    for (int i = 0; i < count; i++) {
        g_autoptr(MvmClaimDomain) domain = g_new0(MvmClaimDomain, 1);

        if (read_domain(conn, domains[i], domain)) {
            if (g_hash_table_contains(saved, domain->name))
                domain->saved = take(virDomainManagedSaveGetXMLDesc(domains[i], 0));
            if (g_hash_table_contains(snapshots, domain->name))
                domain->snapshots = read_snapshots(domains[i]);
            g_ptr_array_add(facts->domains, g_steal_pointer(&domain));
        }
        virDomainFree(domains[i]);
    }
    free(domains);
    /* Half a list would be a wrong answer. */
    if (mvm_connection_is_alive(conn))
        return true;
    return mvm_virt_set_error(error, "list the machines that may use '%s'", path);
}

/* --- volumes ---------------------------------------------------------------------------------- */

/* Volumes of all active pools. What a pool other than own cannot answer is no reason to fail. */
static bool
read_volumes(MvmConnection *conn, const char *own, MvmClaimFacts *facts, GError **error)
{
    virStoragePoolPtr *pools = NULL;
    int count =
        virConnectListAllStoragePools(conn->virt, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
    g_autoptr(GError) cause = NULL;

    if (count < 0)
        return mvm_virt_set_error(error, "list the storage pools");
    for (int i = 0; i < count; i++) {
        const char *name = virStoragePoolGetName(pools[i]);
        g_autoptr(GError) why = NULL;

        if (cause == NULL && !mvm_volume_add_all(conn, pools[i], facts->volumes, &why)) {
            if (g_strcmp0(name, own) == 0)
                cause = g_steal_pointer(&why);
            else
                mvm_connection_note(conn, "%s", why->message);
        }
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    if (cause == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* What the file at path is based on, or NULL; the caller frees. */
static char *
read_backing(const char *path)
{
    mvm_autofd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *backing = fd >= 0 ? mvm_qcow2_read_backing(fd) : NULL;
    g_autofree char *dir = backing != NULL ? g_path_get_dirname(path) : NULL;

    return backing != NULL ? g_canonicalize_filename(backing, dir) : NULL;
}

static bool
is_known(const MvmClaimFacts *facts, const char *path)
{
    for (guint i = 0; i < facts->volumes->len; i++) {
        if (g_str_equal(((const MvmVolume *)facts->volumes->pdata[i])->path, path))
            return true;
    }
    return false;
}

/* Disks of domains need not be in a pool: on this machine, what they are based on can be read. */
static void
add_disks(MvmClaimFacts *facts, const char *xml)
{
    g_autoptr(GPtrArray) disks = mvm_domain_xml_list_disks(xml);

    for (guint i = 0; i < disks->len; i++) {
        g_autofree char *path = g_strdup(disks->pdata[i]);

        for (int depth = 0; path != NULL && depth < MAX_CHAIN && !is_known(facts, path); depth++) {
            char *backing = read_backing(path);
            MvmVolume *volume = g_new0(MvmVolume, 1);

            *volume = (MvmVolume){.pool = g_strdup(""),
                                  .name = g_strdup(path),
                                  .path = g_steal_pointer(&path),
                                  .format = g_strdup(""),
                                  .backing = g_strdup(backing)};
            g_ptr_array_add(facts->volumes, volume);
            path = backing;
        }
    }
}

/* --- QEMU's lock ------------------------------------------------------------------------------ */

/* Where this process may not look, libvirt does: qemu-img takes the lock before it gives a qcow2
 * image the size that it has. For another format libvirt has no such call. */
static bool
libvirt_finds_lock(MvmConnection *conn, const MvmVolume *target)
{
    g_autoptr(virStorageVol) vol = virStorageVolLookupByPath(conn->virt, target->path);
    g_autoptr(GError) why = NULL;

    if (vol == NULL || g_strcmp0(target->format, "qcow2") != 0 ||
        virStorageVolResize(vol, target->capacity, 0) == 0)
        return false;
    mvm_virt_set_error(&why, "look at volume '%s'", target->name);
    return strstr(why->message, "\" lock") != NULL;
}

static bool
is_locked(MvmConnection *conn, const MvmVolume *target, const MvmClaimScope *scope, bool look_only)
{
    MvmImageLock lock = MVM_IMAGE_LOCK_UNKNOWN;

    if (scope->fd >= 0)
        lock = mvm_image_lock_look(scope->fd);
    else if (!conn->endpoint->remote)
        lock = mvm_image_lock_look_at(target->path);
    if (lock == MVM_IMAGE_LOCK_UNKNOWN && !look_only)
        return libvirt_finds_lock(conn, target);
    return lock == MVM_IMAGE_LOCK_HELD;
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool
find(MvmConnection *conn, MvmVolume *target, const MvmPool *pool, const MvmClaimScope *scope,
     MvmClaim *ret_claim, GError **error)
{
    g_auto(MvmClaimFacts) facts = {.target = target,
                                   .domains = g_ptr_array_new_with_free_func(free_domain),
                                   .volumes = mvm_volume_array_new(),
                                   .local = !conn->endpoint->remote};
    MvmClaim claim = {MVM_CLAIM_NONE, NULL, NULL};

    if (!read_volumes(conn, pool != NULL ? pool->name : NULL, &facts, error) ||
        !read_domains(conn, &facts, target->path, error))
        return false;
    for (guint i = 0; facts.local && i < facts.domains->len; i++)
        add_disks(&facts, ((const MvmClaimDomain *)facts.domains->pdata[i])->stored);
    mvm_claim_judge(&facts, scope, &claim);
    if (claim.kind == MVM_CLAIM_NONE &&
        is_locked(conn, target, scope, pool != NULL && pool->look_only))
        claim.kind = MVM_CLAIM_LOCKED;
    *ret_claim = claim;
    return true;
}

bool
mvm_claim_find(MvmConnection *conn, const char *path, const MvmClaimScope *scope,
               MvmClaim *ret_claim, GError **error)
{
    MvmVolume target = {.pool = (char *)"", .name = (char *)path, .path = (char *)path};

    return find(conn, &target, NULL, scope, ret_claim, error);
}

bool
mvm_claim_find_volume(MvmPool *pool, const char *name, const MvmClaimScope *scope,
                      MvmClaim *ret_claim, GError **error)
{
    g_autoptr(virStorageVol) vol = mvm_pool_find_volume(pool, name);
    g_autoptr(MvmVolume) target = NULL;

    if (vol == NULL)
        return mvm_virt_set_error(error, "find volume '%s' in pool '%s'", name, pool->name);
    target = mvm_volume_read(vol, pool->name, error);
    return target != NULL && find(pool->conn, target, pool, scope, ret_claim, error);
}

GPtrArray *
mvm_claim_list_nvram(MvmConnection *conn, const char *except, GError **error)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_auto(MvmClaimFacts) facts = {.domains = g_ptr_array_new_with_free_func(free_domain)};

    if (!read_domains(conn, &facts, "NVRAM", error)) {
        g_ptr_array_unref(paths);
        return NULL;
    }
    for (guint i = 0; i < facts.domains->len; i++) {
        const MvmClaimDomain *domain = facts.domains->pdata[i];
        g_autoptr(xmlDoc) doc =
            g_strcmp0(domain->name, except) == 0
                ? NULL
                : mvm_xml_parse(domain->stored, strlen(domain->stored), domain->name, NULL);
        char *path = doc != NULL ? mvm_xml_get(doc, "/domain/os/nvram") : NULL;

        if (path != NULL)
            g_ptr_array_add(paths, path);
    }
    return paths;
}

bool
mvm_volume_is_over(MvmConnection *conn, const char *path, const char *base)
{
    g_auto(MvmClaimFacts) facts = {.volumes = mvm_volume_array_new()};
    g_autoptr(GPtrArray) based = NULL;
    bool found = false;

    if (!read_volumes(conn, NULL, &facts, NULL))
        return false;
    based = mvm_volume_find_based_on(facts.volumes, base, !conn->endpoint->remote);
    for (guint i = 0; i < based->len && !found; i++)
        found = g_str_equal(((const MvmVolume *)based->pdata[i])->path, path);
    return found;
}

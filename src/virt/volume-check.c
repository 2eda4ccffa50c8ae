/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "virt/volume-priv.h"

#include <stdlib.h>

/* Which machines count. */
typedef struct {
    const char *except; /* not this one while it is off */
    bool running_only;
} Scope;

typedef enum { USE_NO, USE_YES, USE_UNKNOWN } Use;

/* A machine that went away while we looked uses nothing. */
static Use
xml_uses(virDomainPtr domain, unsigned flags, GPtrArray *images, GError **error)
{
    const char *name = virDomainGetName(domain); /* later it would erase the error */
    char *xml = virDomainGetXMLDesc(domain, flags);
    bool uses = false;
    bool ok = false;

    if (xml == NULL && mvm_virt_last_code() == VIR_ERR_NO_DOMAIN)
        return USE_NO;
    if (xml == NULL) {
        mvm_virt_set_error(error, "read machine '%s'", name);
        return USE_UNKNOWN;
    }
    ok = mvm_domain_xml_uses(xml, images, &uses, error);
    free(xml);
    if (!ok)
        return USE_UNKNOWN;
    return uses ? USE_YES : USE_NO;
}

/* What it runs with and what is stored may differ, and both count. */
static Use
domain_uses(virDomainPtr domain, const Scope *scope, GPtrArray *images, GError **error)
{
    bool running = virDomainIsActive(domain) == 1;
    Use use = USE_NO;

    if (!running &&
        (scope->running_only || g_strcmp0(scope->except, virDomainGetName(domain)) == 0))
        return USE_NO;
    if (running)
        use = xml_uses(domain, 0, images, error);
    if (use == USE_NO && !scope->running_only)
        use = xml_uses(domain, VIR_DOMAIN_XML_INACTIVE, images, error);
    return use;
}

static bool
check_domains(const MvmPool *pool, const Scope *scope, GPtrArray *images, const char *verb,
              GError **error)
{
    const MvmVolume *target = images->pdata[0];
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(pool->conn->virt, &domains, 0);
    Use use = USE_NO;

    if (count < 0)
        return mvm_virt_set_error(error, "list the machines that may use volume '%s'",
                                  target->name);
    for (int i = 0; i < count; i++) {
        if (use == USE_NO) {
            use = domain_uses(domains[i], scope, images, error);
            if (use == USE_YES) {
                g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                            "cannot %s volume '%s': machine '%s' uses it", verb, target->name,
                            virDomainGetName(domains[i]));
                mvm_error_set_hint(error, scope->running_only
                                              ? "stop that machine first"
                                              : "stop that machine and take the disk out of it, or "
                                                "undefine it");
            }
        }
        virDomainFree(domains[i]);
    }
    free(domains);
    return use == USE_NO;
}

/* Volumes of all active pools. What another pool cannot tell is no reason to fail here. */
static bool
read_all_volumes(const MvmPool *pool, GPtrArray *volumes, GError **error)
{
    virStoragePoolPtr *pools = NULL;
    int count = virConnectListAllStoragePools(pool->conn->virt, &pools,
                                              VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
    bool ok = count >= 0;

    if (!ok)
        return mvm_virt_set_error(error, "list the storage pools");
    for (int i = 0; i < count; i++) {
        bool own = g_strcmp0(virStoragePoolGetName(pools[i]), pool->name) == 0;

        if (ok && !mvm_volume_add_all(pools[i], volumes, own ? error : NULL))
            ok = !own;
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    return ok;
}

bool
mvm_volume_check_not_running(const MvmPool *pool, const MvmVolume *volume, const char *verb,
                             GError **error)
{
    const Scope scope = {.running_only = true};
    g_autoptr(GPtrArray) images = g_ptr_array_new();

    g_ptr_array_add(images, (void *)volume);
    return check_domains(pool, &scope, images, verb, error);
}

static bool
check_unused(MvmPool *pool, MvmVolume *target, const Scope *scope, const char *verb, GError **error)
{
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    g_autoptr(GPtrArray) images = g_ptr_array_new();
    g_autoptr(GPtrArray) based = NULL;

    if (!read_all_volumes(pool, volumes, error))
        return false;
    based = mvm_volume_find_based_on(volumes, target->path);
    g_ptr_array_add(images, target);
    g_ptr_array_extend(images, based, NULL, NULL);
    if (!check_domains(pool, scope, images, verb, error))
        return false;
    if (based->len > 0) {
        const MvmVolume *first = based->pdata[0];

        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot %s volume '%s': volume '%s' of pool '%s' is based on it", verb,
                    target->name, first->name, first->pool);
        mvm_error_set_hint(error,
                           "delete that one first, or make it independent (qemu-img rebase)");
        return false;
    }
    return true;
}

bool
mvm_volume_check_unused(MvmPool *pool, const char *name, const char *except, const char *verb,
                        GError **error)
{
    const Scope scope = {.except = except};
    g_autoptr(virStorageVol) vol = mvm_pool_find_volume(pool, name);
    g_autoptr(MvmVolume) target = NULL;

    if (vol == NULL)
        return mvm_virt_set_error(error, "find volume '%s' in pool '%s'", name, pool->name);
    target = mvm_volume_read(vol, pool->name, error);
    return target != NULL && check_unused(pool, target, &scope, verb, error);
}

bool
mvm_volume_check_file_unused(MvmPool *pool, const char *path, const char *verb, GError **error)
{
    const Scope scope = {.except = NULL};
    MvmVolume target = {.pool = (char *)"", .name = (char *)path, .path = (char *)path};

    return check_unused(pool, &target, &scope, verb, error);
}

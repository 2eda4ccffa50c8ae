/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/claim.h"
#include "virt/volume-priv.h"

static bool
check(MvmPool *pool, const char *name, const MvmClaimScope *scope, const char *verb, GError **error)
{
    g_auto(MvmClaim) claim = {0};

    return mvm_claim_find_volume(pool, name, scope, &claim, error) &&
           mvm_claim_check(&claim, verb, "volume", name, error);
}

bool
mvm_volume_check_not_running(MvmPool *pool, const MvmVolume *volume, const char *verb,
                             GError **error)
{
    return check(pool, volume->name, &(MvmClaimScope){.running_only = true, .fd = -1}, verb, error);
}

bool
mvm_volume_check_unused(MvmPool *pool, const char *name, const char *except, const char *verb,
                        GError **error)
{
    return check(pool, name, &(MvmClaimScope){.except = except, .fd = -1}, verb, error);
}

bool
mvm_volume_check_file_unused(MvmPool *pool, const char *path, int fd, const char *verb,
                             GError **error)
{
    const MvmClaimScope scope = {.fd = fd};
    g_auto(MvmClaim) claim = {0};

    return mvm_claim_find(pool->conn, path, &scope, &claim, error) &&
           mvm_claim_check(&claim, verb, "file", path, error);
}

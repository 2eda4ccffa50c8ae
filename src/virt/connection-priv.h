/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's side of a connection, for src/virt alone. */
#pragma once

#include "virt/connection.h"
#include "virt/error.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

struct MvmConnection {
    virConnectPtr virt;    /* owned */
    MvmEndpoint *endpoint; /* owned */
    unsigned timeout;      /* seconds, for connecting */
    bool session;
    MvmProgress *notes; /* borrowed; NULL: none */
    GHashTable *noted;  /* owned; NULL as long as there is nothing in it */
};

static inline void
mvm_virt_domain_free(virDomainPtr domain)
{
    if (domain != NULL)
        virDomainFree(domain);
}

static inline void
mvm_virt_pool_free(virStoragePoolPtr pool)
{
    if (pool != NULL)
        virStoragePoolFree(pool);
}

static inline void
mvm_virt_vol_free(virStorageVolPtr vol)
{
    if (vol != NULL)
        virStorageVolFree(vol);
}

/* The plain free functions fail on NULL and then overwrite the thread's last error. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, mvm_virt_domain_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, mvm_virt_pool_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, mvm_virt_vol_free)

/* libvirt's VIR_DOMAIN_EVENT_CALLBACK() by way of the one type that clang does not warn about. */
#define MVM_VIRT_EVENT_CALLBACK(function) VIR_DOMAIN_EVENT_CALLBACK((void (*)(void))(function))

/* A remark for the user, once a connection however often it is come by. */
void mvm_connection_note(MvmConnection *conn, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The domain called name, or NULL with MVM_ERROR_NOT_FOUND. The caller frees. */
virDomainPtr mvm_virt_lookup(MvmConnection *conn, const char *name, GError **error);

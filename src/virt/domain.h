/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One domain of a connection: what it is and what can be asked of it at once. Waiting for what it
 * does is watch.h's work.
 */
#pragma once

#include "virt/connection.h"
#include "virt/metadata.h"
#include "virt/state.h"

typedef struct MvmDomain MvmDomain;

/* The machine called name. MVM_ERROR_NOT_FOUND when there is no such domain, or macvm did not
 * define it: what is another's is not started, stopped or looked into. conn must outlive it. */
MvmDomain *mvm_domain_open(MvmConnection *conn, const char *name, GError **error);

/* The same for any domain: to tell what it is. */
MvmDomain *mvm_domain_open_any(MvmConnection *conn, const char *name, GError **error);

/* Whether macvm defined it; fails as mvm_domain_open(). */
bool mvm_domain_check_managed(MvmDomain *domain, GError **error);
void mvm_domain_free(MvmDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmDomain, mvm_domain_free)

/* Borrowed. */
const char *mvm_domain_get_name(const MvmDomain *domain);
const char *mvm_domain_get_uuid(const MvmDomain *domain);
MvmConnection *mvm_domain_get_connection(const MvmDomain *domain);

/* Looks the domain up anew (by its UUID), after mvm_connection_reopen(). */
bool mvm_domain_reopen(MvmDomain *domain, GError **error);

/* *ret_reason, when not NULL, gets the reason in a word or two; static. */
bool mvm_domain_get_state(MvmDomain *domain, MvmState *ret_state, const char **ret_reason,
                          GError **error);

/* What macvm remembers of it; the caller frees. MVM_ERROR_NOT_FOUND when it remembers nothing: the
 * domain is not a machine of ours. */
MvmMetadata *mvm_domain_get_metadata(MvmDomain *domain, GError **error);

/* Its XML, parsed; of the running machine when there is one. The caller frees. */
xmlDoc *mvm_domain_get_xml(MvmDomain *domain, GError **error);

/* The IPv4 address that the running guest has on its network, from the libvirt host's point of
 * view: of the network's DHCP leases, else of the host's ARP table. MVM_ERROR_NOT_FOUND when
 * neither knows it (yet). The caller frees. */
char *mvm_domain_find_address(MvmDomain *domain, GError **error);

/* Memory at most, in bytes, and vCPUs. */
bool mvm_domain_get_size(MvmDomain *domain, uint64_t *ret_memory, unsigned *ret_vcpus,
                         GError **error);

/* Whether libvirt starts it by itself; false when that cannot be told. */
bool mvm_domain_get_autostart(MvmDomain *domain);

/* Whether a saved state waits for the next start ("virsh managedsave"). */
bool mvm_domain_is_saved(MvmDomain *domain);

/* Capacity and allocation in bytes of the disk whose source is path. */
bool mvm_domain_get_disk_size(MvmDomain *domain, const char *path, uint64_t *ret_capacity,
                              uint64_t *ret_allocation, GError **error);

/* Writes what macvm remembers of it: of the running machine, or for good. */
bool mvm_domain_set_metadata(MvmDomain *domain, const MvmMetadata *metadata, bool running,
                             GError **error);

/* Starts it, from its saved state when there is one. reset_nvram: with new variables, made of the
 * firmware's template. MVM_ERROR_CONFLICT when it runs already. */
bool mvm_domain_start(MvmDomain *domain, bool reset_nvram, GError **error);

/* Presses the power button (ACPI). The guest may do nothing about it. */
bool mvm_domain_press_power(MvmDomain *domain, GError **error);

/* Ends QEMU at once, giving it time to write its caches to the disks where possible. */
bool mvm_domain_destroy(MvmDomain *domain, GError **error);

/* Forgets it, its NVRAM (unless keep_nvram) and snapshot metadata, and with drop_saved its saved
 * state; without, one that is there makes it fail. Its volumes stay. */
bool mvm_domain_undefine(MvmDomain *domain, bool drop_saved, bool keep_nvram, GError **error);

/* The path of its NVRAM on the host, as stored; "" when it has none. The caller frees; NULL on
 * failure. */
char *mvm_domain_get_nvram(MvmDomain *domain, GError **error);

/* A picture of the first screen: bytes of the format that *ret_mime names ("image/png",
 * "image/x-portable-pixmap"). The caller frees both. */
GByteArray *mvm_domain_screenshot(MvmDomain *domain, char **ret_mime, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/domain.h"

#include "util/error.h"
#include "virt/definition.h"
#include "virt/domain-priv.h"
#include "virt/stream.h"

#include <string.h>

/* The largest picture that is taken from libvirt: 8K with four bytes a pixel, twice. */
#define SCREENSHOT_MAX (256 * 1024 * 1024)

/* The element of ours, by which a domain is known to be a machine; free() it. */
static char *
get_metadata_text(MvmDomain *domain, GError **error)
{
    char *text = virDomainGetMetadata(domain->virt, VIR_DOMAIN_METADATA_ELEMENT, MVM_XML_NS_MACVM,
                                      VIR_DOMAIN_AFFECT_CURRENT);

    if (text == NULL && mvm_virt_last_code() == VIR_ERR_NO_DOMAIN_METADATA) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                    "cannot manage '%s': macvm did not define it", domain->name);
        mvm_error_set_hint(error,
                           "'macvm list' shows the machines there are; every other domain is "
                           "virsh's: 'virsh start', 'virsh shutdown', 'virsh undefine'");
    } else if (text == NULL) {
        mvm_virt_set_error(error, "read the metadata of '%s'", domain->name);
    }
    return text;
}

MvmDomain *
mvm_domain_open_any(MvmConnection *conn, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = g_new0(MvmDomain, 1);

    domain->conn = conn;
    domain->virt = mvm_virt_lookup(conn, name, error);
    if (domain->virt == NULL)
        return NULL;
    domain->name = g_strdup(name);
    if (virDomainGetUUIDString(domain->virt, domain->uuid) < 0) {
        mvm_virt_set_error(error, "read the UUID of '%s'", name);
        return NULL;
    }
    return g_steal_pointer(&domain);
}

MvmDomain *
mvm_domain_open(MvmConnection *conn, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open_any(conn, name, error);

    return domain != NULL && mvm_domain_check_managed(domain, error) ? g_steal_pointer(&domain)
                                                                     : NULL;
}

bool
mvm_domain_check_managed(MvmDomain *domain, GError **error)
{
    char *text = get_metadata_text(domain, error);
    bool managed = text != NULL;

    free(text);
    return managed;
}

void
mvm_domain_free(MvmDomain *domain)
{
    if (domain == NULL)
        return;
    mvm_virt_domain_free(domain->virt);
    g_free(domain->name);
    g_free(domain);
}

const char *
mvm_domain_get_name(const MvmDomain *domain)
{
    return domain->name;
}

const char *
mvm_domain_get_uuid(const MvmDomain *domain)
{
    return domain->uuid;
}

MvmConnection *
mvm_domain_get_connection(const MvmDomain *domain)
{
    return domain->conn;
}

bool
mvm_domain_reopen(MvmDomain *domain, GError **error)
{
    virDomainPtr virt = virDomainLookupByUUIDString(domain->conn->virt, domain->uuid);

    if (virt == NULL)
        return mvm_virt_set_error(error, "find machine '%s' again", domain->name);
    mvm_virt_domain_free(domain->virt);
    domain->virt = virt;
    return true;
}

bool
mvm_domain_get_state(MvmDomain *domain, MvmState *ret_state, const char **ret_reason,
                     GError **error)
{
    int state = 0, reason = 0;

    if (virDomainGetState(domain->virt, &state, &reason, 0) < 0)
        return mvm_virt_set_error(error, "read the state of '%s'", domain->name);
    *ret_state = mvm_state_from_virt(state);
    if (ret_reason != NULL)
        *ret_reason = mvm_state_reason(state, reason);
    return true;
}

MvmMetadata *
mvm_domain_get_metadata(MvmDomain *domain, GError **error)
{
    char *text = get_metadata_text(domain, error);
    MvmMetadata *metadata = NULL;

    if (text == NULL)
        return NULL;
    metadata = mvm_metadata_parse(text, domain->name, error);
    free(text);
    return metadata;
}

xmlDoc *
mvm_domain_get_xml(MvmDomain *domain, GError **error)
{
    char *text = virDomainGetXMLDesc(domain->virt, 0);
    g_autofree char *what = NULL;
    xmlDoc *doc = NULL;

    if (text == NULL) {
        mvm_virt_set_error(error, "read the XML of '%s'", domain->name);
        return NULL;
    }
    what = g_strdup_printf("domain %s", domain->name);
    doc = mvm_xml_parse(text, strlen(text), what, error);
    free(text);
    return doc;
}

bool
mvm_domain_get_size(MvmDomain *domain, uint64_t *ret_memory, unsigned *ret_vcpus, GError **error)
{
    virDomainInfo info = {0};

    if (virDomainGetInfo(domain->virt, &info) < 0)
        return mvm_virt_set_error(error, "read the size of '%s'", domain->name);
    *ret_memory = (uint64_t)info.maxMem * 1024;
    *ret_vcpus = info.nrVirtCpu;
    return true;
}

bool
mvm_domain_get_autostart(MvmDomain *domain)
{
    int autostart = 0;

    return virDomainGetAutostart(domain->virt, &autostart) == 0 && autostart != 0;
}

bool
mvm_domain_is_saved(MvmDomain *domain)
{
    return virDomainHasManagedSaveImage(domain->virt, 0) == 1;
}

bool
mvm_domain_get_disk_size(MvmDomain *domain, const char *path, uint64_t *ret_capacity,
                         uint64_t *ret_allocation, GError **error)
{
    virDomainBlockInfo info = {0};

    if (virDomainGetBlockInfo(domain->virt, path, &info, 0) < 0)
        return mvm_virt_set_error(error, "read the size of disk '%s'", path);
    *ret_capacity = info.capacity;
    *ret_allocation = info.allocation;
    return true;
}

bool
mvm_domain_set_metadata(MvmDomain *domain, const MvmMetadata *metadata, bool running,
                        GError **error)
{
    unsigned flags = running ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG;
    g_autofree char *text = mvm_metadata_to_plain_text(metadata);

    if (virDomainSetMetadata(domain->virt, VIR_DOMAIN_METADATA_ELEMENT, text, "macvm",
                             MVM_XML_NS_MACVM, flags) < 0)
        return mvm_virt_set_error(error, "write the metadata of '%s'", domain->name);
    return true;
}

bool
mvm_domain_start(MvmDomain *domain, bool reset_nvram, GError **error)
{
    unsigned flags = reset_nvram ? VIR_DOMAIN_START_RESET_NVRAM : 0;

    if (virDomainCreateWithFlags(domain->virt, flags) < 0)
        return mvm_virt_set_error(error, "start '%s'", domain->name);
    return true;
}

bool
mvm_domain_press_power(MvmDomain *domain, GError **error)
{
    if (virDomainShutdownFlags(domain->virt, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) < 0)
        return mvm_virt_set_error(error, "press the power button of '%s'", domain->name);
    return true;
}

bool
mvm_domain_destroy(MvmDomain *domain, GError **error)
{
    /* GRACEFUL gives up when QEMU does not end at SIGTERM; whoever forces a stop wants it still. */
    if (virDomainDestroyFlags(domain->virt, VIR_DOMAIN_DESTROY_GRACEFUL) < 0 &&
        virDomainDestroyFlags(domain->virt, VIR_DOMAIN_DESTROY_DEFAULT) < 0)
        return mvm_virt_set_error(error, "end '%s'", domain->name);
    return true;
}

bool
mvm_domain_undefine(MvmDomain *domain, bool drop_saved, bool keep_nvram, GError **error)
{
    unsigned flags = (keep_nvram ? VIR_DOMAIN_UNDEFINE_KEEP_NVRAM : VIR_DOMAIN_UNDEFINE_NVRAM) |
                     VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                     VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;

    if (drop_saved)
        flags |= VIR_DOMAIN_UNDEFINE_MANAGED_SAVE;
    if (virDomainUndefineFlags(domain->virt, flags) < 0)
        return mvm_virt_set_error(error, "undefine '%s'", domain->name);
    return true;
}

char *
mvm_domain_get_nvram(MvmDomain *domain, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    char *path = NULL;

    if (!mvm_definition_read(domain->conn, domain->name, &text, error))
        return NULL;
    doc = text != NULL ? mvm_xml_parse(text, strlen(text), domain->name, error) : NULL;
    if (text != NULL && doc == NULL)
        return NULL;
    path = doc != NULL ? mvm_xml_get(doc, "/domain/os/nvram") : NULL;
    return path != NULL ? path : g_strdup("");
}

static bool
collect(MvmStream *stream, GByteArray *bytes, const char *what, GError **error)
{
    const void *data = NULL;
    uint64_t len = 1;

    while (len > 0) {
        if (!mvm_stream_receive(stream, &data, &len, error))
            return false;
        if (len > SCREENSHOT_MAX - bytes->len) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot %s: more than %d bytes", what,
                        SCREENSHOT_MAX);
            return false;
        }
        g_byte_array_append(bytes, data, (guint)len);
    }
    return mvm_stream_finish(stream, error);
}

GByteArray *
mvm_domain_screenshot(MvmDomain *domain, char **ret_mime, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *what = g_strdup_printf("take a picture of '%s'", domain->name);
    g_autofree char *mime = NULL;
    g_autoptr(MvmStream) stream = mvm_stream_screenshot(domain->virt, what, &mime, error);

    if (stream == NULL || !collect(stream, bytes, what, error))
        return NULL;
    *ret_mime = g_steal_pointer(&mime);
    return g_steal_pointer(&bytes);
}

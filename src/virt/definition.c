/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/definition.h"

#include "util/error.h"
#include "virt/connection-priv.h"

#include <stdlib.h>

static char *
read_xml(virDomainPtr domain, const char *name, GError **error)
{
    char *raw = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    char *xml = g_strdup(raw);

    if (raw == NULL)
        mvm_virt_set_error(error, "read the definition of '%s'", name);
    free(raw);
    return xml;
}

bool
mvm_definition_read(MvmConnection *conn, const char *name, char **ret_xml, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(conn->virt, name);
    char *xml = NULL;

    if (domain == NULL && mvm_virt_last_code() != VIR_ERR_NO_DOMAIN)
        return mvm_virt_set_error(error, "look for machine '%s'", name);
    if (domain != NULL && (xml = read_xml(domain, name, error)) == NULL)
        return false;
    *ret_xml = xml;
    return true;
}

bool
mvm_definition_write(MvmConnection *conn, const char *name, const char *xml, bool novel,
                     const char *expected, GError **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autofree char *now = NULL;

    /* libvirt has no compare-and-swap; this leaves a window of one round trip. */
    if (!mvm_definition_read(conn, name, &now, error))
        return false;
    if (g_strcmp0(now, expected) != 0) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                    "cannot define '%s': somebody else changed it just now", name);
        mvm_error_set_hint(error, "run the command again");
        return false;
    }
    domain = virDomainDefineXMLFlags(conn->virt, xml, novel ? VIR_DOMAIN_DEFINE_VALIDATE : 0);
    if (domain == NULL)
        return mvm_virt_set_error(error, "define '%s'", name);
    return true;
}

bool
mvm_definition_set_autostart(MvmConnection *conn, const char *name, bool autostart, GError **error)
{
    g_autoptr(virDomain) domain = mvm_virt_lookup(conn, name, error);

    if (domain == NULL)
        return false;
    if (virDomainSetAutostart(domain, autostart) < 0)
        return mvm_virt_set_error(error, "set the autostart of '%s'", name);
    return true;
}

bool
mvm_definition_look(MvmConnection *conn, const char *name, bool *ret_saved)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(conn->virt, name);
    bool running = domain != NULL && virDomainIsActive(domain) == 1;

    if (ret_saved != NULL)
        *ret_saved = domain != NULL && !running && virDomainHasManagedSaveImage(domain, 0) == 1;
    return running;
}

bool
mvm_definition_is_running(MvmConnection *conn, const char *name)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(conn->virt, name);

    return domain != NULL && virDomainIsActive(domain) == 1;
}

bool
mvm_definition_find_uuid(MvmConnection *conn, const char *uuid, char **ret_name, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->virt, uuid);

    if (domain == NULL && mvm_virt_last_code() != VIR_ERR_NO_DOMAIN)
        return mvm_virt_set_error(error, "look for the domain '%s'", uuid);
    *ret_name = domain != NULL ? g_strdup(virDomainGetName(domain)) : NULL;
    return true;
}

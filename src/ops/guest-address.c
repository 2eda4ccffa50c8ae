/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/guest-address.h"

#include "util/error.h"
#include "util/words.h"
#include "virt/forward.h"

#define SSH_PORT 22

static MvmGuestAddress *
address_new(const char *host, unsigned port)
{
    MvmGuestAddress *address = g_new0(MvmGuestAddress, 1);

    address->host = g_strdup(host);
    address->port = port;
    return address;
}

/* Whether the guest has a card on a network where others reach it. */
static bool
is_on_network(xmlDoc *doc)
{
    return mvm_xml_get_node(doc, "/domain/devices/interface[@type!='user']") != NULL;
}

/* Somebody else may have the port by now. */
static void
set_gone(MvmDomain *domain, unsigned port, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot reach '%s': its definition no longer forwards port %u of the host to its "
                "ssh",
                name, port);
    mvm_error_set_hint(error,
                       "'macvm set %s --ssh-port %u' forwards it again, from the next start on",
                       word, port);
}

MvmGuestAddress *
mvm_guest_address_in(MvmDomain *domain, xmlDoc *doc, const MvmMetadata *metadata, GError **error)
{
    g_autoptr(GPtrArray) forwards = mvm_forwards_read(doc);
    g_autofree char *own = NULL;
    const char *host = NULL;
    unsigned port = 0;

    if (mvm_forwards_find(forwards, SSH_PORT, (unsigned)metadata->ssh_port, &host, &port))
        return address_new(host, port);
    if (metadata->ssh_port > 0 && !is_on_network(doc)) {
        set_gone(domain, (unsigned)metadata->ssh_port, error);
        return NULL;
    }
    own = mvm_domain_find_address(domain, error);
    return own != NULL ? address_new(own, SSH_PORT) : NULL;
}

MvmGuestAddress *
mvm_guest_address_find(MvmDomain *domain, const MvmMetadata *metadata, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_domain_get_xml(domain, error);

    return doc != NULL ? mvm_guest_address_in(domain, doc, metadata, error) : NULL;
}

void
mvm_guest_address_free(MvmGuestAddress *address)
{
    if (address == NULL)
        return;
    g_free(address->host);
    g_free(address);
}

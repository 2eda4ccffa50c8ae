/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/port.h"

#include "util/error.h"
#include "util/file.h"
#include "virt/domain-list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* How many ports are tried before it is called hopeless. */
#define TRIES 1000

static bool
is_free_here(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    mvm_autofd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return true;
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The machine, other than the one called name, whose port it is; NULL: nobody's. */
static const char *
owner_of(const GPtrArray *machines, const char *name, unsigned port)
{
    for (guint i = 0; i < machines->len; i++) {
        const MvmDomainInfo *info = machines->pdata[i];

        if (info->metadata != NULL && (unsigned)info->metadata->ssh_port == port &&
            !g_str_equal(info->name, name))
            return info->name;
    }
    return NULL;
}

void
mvm_port_note_shared(const MvmContext *context, const char *name, unsigned port)
{
    g_autoptr(GPtrArray) machines = mvm_domain_list(context->conn, NULL);
    const char *owner = machines != NULL ? owner_of(machines, name, port) : NULL;

    if (owner != NULL)
        mvm_progress_note(context->progress,
                          "port %u is that of '%s', too: the two cannot run at the same time", port,
                          owner);
}

bool
mvm_port_check(const MvmContext *context, const char *name, unsigned port, GError **error)
{
    g_autoptr(GPtrArray) machines = mvm_domain_list(context->conn, error);
    const char *owner = machines != NULL ? owner_of(machines, name, port) : NULL;

    if (owner == NULL)
        return machines != NULL;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot define '%s': '%s' was given its port %u just now", name, owner, port);
    mvm_error_set_hint(error, "run the command again");
    return false;
}

/* NULL when a define that is under way has the port. */
static MvmLock *
claim(const MvmContext *context, unsigned port)
{
    g_autofree char *key =
        g_strdup_printf("%s\n%u", mvm_connection_get_endpoint(context->conn)->uri, port);

    return mvm_lock_take_key("port", key, "port", NULL);
}

/* The claim first, and then a look: who let go of it in between has defined its machine by then. */
static bool
try_port(const MvmContext *context, const char *name, unsigned port, MvmLock **ret_claim)
{
    g_autoptr(MvmLock) lock = claim(context, port);

    if (lock == NULL || !mvm_port_check(context, name, port, NULL))
        return false;
    *ret_claim = g_steal_pointer(&lock);
    return true;
}

bool
mvm_port_choose(const MvmContext *context, const char *name, unsigned first, unsigned *ret_port,
                MvmLock **ret_claim, GError **error)
{
    g_autoptr(GPtrArray) machines = mvm_domain_list(context->conn, error);
    bool remote = mvm_connection_get_endpoint(context->conn)->remote;

    if (machines == NULL)
        return false;
    for (unsigned port = first; port < first + TRIES && port <= 65535; port++) {
        if (owner_of(machines, name, port) == NULL && (remote || is_free_here(port)) &&
            try_port(context, name, port, ret_claim)) {
            *ret_port = port;
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot find a free port from %u on", first);
    mvm_error_set_hint(error, "choose one with --ssh-port");
    return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/port.h"

#include "util/error.h"
#include "util/file.h"
#include "util/words.h"
#include "virt/domain-forwards.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* How many ports are tried before it is called hopeless. */
#define TRIES 1000

/* More ports of one definition than this are not tried one by one. */
#define MAX_BINDS 64

/* QEMU and passt listen in the same way. What cannot be tried (a port below 1024, an address of
 * another kind) counts as free. */
static bool
is_free_here(const char *host, unsigned port)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo *info = NULL;
    mvm_autofd fd = -1;
    int on = 1;
    bool taken = false;

    if (getaddrinfo(host, service, &hints, &info) != 0)
        return true;
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    taken = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
            bind(fd, info->ai_addr, info->ai_addrlen) < 0 && errno == EADDRINUSE;
    freeaddrinfo(info);
    return !taken;
}

/* The forward of a machine that macvm defines. */
static GPtrArray *
forward_of(unsigned port)
{
    GPtrArray *forwards = g_ptr_array_new_with_free_func((GDestroyNotify)mvm_forward_free);
    MvmForward *forward = g_new0(MvmForward, 1);

    *forward = (MvmForward){g_strdup("127.0.0.1"), port, port, 22};
    g_ptr_array_add(forwards, forward);
    return forwards;
}

/* The machine, other than the one called name, that has one of the ports of forwards now or, unless
 * only_now, from its next start on; NULL: none. */
static const MvmDomainForwards *
owner_of(const GPtrArray *machines, const char *name, const GPtrArray *forwards, bool only_now,
         unsigned *ret_port)
{
    for (guint i = 0; i < machines->len; i++) {
        const MvmDomainForwards *other = machines->pdata[i];

        if (!g_str_equal(other->name, name) &&
            ((other->now != NULL && mvm_forwards_clash(forwards, other->now, ret_port)) ||
             (!only_now && mvm_forwards_clash(forwards, other->later, ret_port))))
            return other;
    }
    return NULL;
}

static const MvmDomainForwards *
owner_of_port(const GPtrArray *machines, const char *name, unsigned port)
{
    g_autoptr(GPtrArray) forwards = forward_of(port);

    return owner_of(machines, name, forwards, false, &port);
}

void
mvm_port_note_shared(const MvmContext *context, const char *name, unsigned port)
{
    g_autoptr(GPtrArray) machines = mvm_domain_forwards_list(context->conn, NULL);
    const MvmDomainForwards *owner = machines != NULL ? owner_of_port(machines, name, port) : NULL;

    if (owner != NULL)
        mvm_progress_note(context->progress,
                          "port %u is that of '%s', too: the two cannot run at the same time", port,
                          owner->name);
}

bool
mvm_port_is_shared(const MvmContext *context, const char *name, unsigned port)
{
    g_autoptr(GPtrArray) machines = mvm_domain_forwards_list(context->conn, NULL);

    return machines != NULL && owner_of_port(machines, name, port) != NULL;
}

/* NULL when a define that is under way has the port. */
static MvmLock *
claim(const MvmContext *context, unsigned port)
{
    g_autofree char *daemon = mvm_connection_dup_key(context->conn);
    g_autofree char *key = g_strdup_printf("%s\n%u", daemon, port);

    return mvm_lock_take_key("port", key, "port", NULL);
}

/* The claim first, and then a look: who let go of it in between has defined its machine by then. */
static bool
try_port(const MvmContext *context, const char *name, unsigned port, MvmLock **ret_claim)
{
    g_autoptr(MvmLock) lock = claim(context, port);

    if (lock == NULL || mvm_port_is_shared(context, name, port))
        return false;
    *ret_claim = g_steal_pointer(&lock);
    return true;
}

bool
mvm_port_choose(const MvmContext *context, const char *name, unsigned first, unsigned *ret_port,
                MvmLock **ret_claim, GError **error)
{
    g_autoptr(GPtrArray) machines = mvm_domain_forwards_list(context->conn, error);
    bool remote = mvm_connection_get_endpoint(context->conn)->remote;

    if (machines == NULL)
        return false;
    for (unsigned port = first; port < first + TRIES && port <= 65535; port++) {
        if (owner_of_port(machines, name, port) == NULL &&
            (remote || is_free_here("127.0.0.1", port)) &&
            try_port(context, name, port, ret_claim)) {
            *ret_port = port;
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot find a free port from %u on", first);
    mvm_error_set_hint(error, "choose one with --ssh-port");
    return false;
}

/* --- before a start --------------------------------------------------------------------------- */

static bool
refuse_machine(const char *name, const MvmDomainForwards *owner, unsigned port, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);
    g_autofree char *other = mvm_word_quote(owner->name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot start '%s': port %u of the host leads to '%s', which is running", name,
                port, owner->name);
    mvm_error_set_hint(error,
                       "'macvm set %s --ssh-port PORT' gives it another one; '%s %s' stops the "
                       "other machine",
                       word, owner->managed ? "macvm down" : "virsh shutdown", other);
    return false;
}

static bool
refuse_program(const char *name, unsigned port, GError **error)
{
    g_autofree char *word = mvm_word_quote(name);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot start '%s': another program listens on its port %u", name, port);
    mvm_error_set_hint(error,
                       "'macvm set %s --ssh-port PORT' gives it another one; 'ss -ltnp sport = "
                       ":%u' shows the program",
                       word, port);
    return false;
}

static bool
check_programs(const char *name, const GPtrArray *forwards, GError **error)
{
    unsigned tried = 0;

    for (guint i = 0; i < forwards->len; i++) {
        const MvmForward *forward = forwards->pdata[i];

        for (unsigned port = forward->first; port <= forward->last && tried < MAX_BINDS; port++) {
            tried++;
            if (!is_free_here(forward->host, port))
                return refuse_program(name, port, error);
        }
    }
    return true;
}

bool
mvm_port_check_start(const MvmContext *context, MvmDomain *domain, GError **error)
{
    const char *name = mvm_domain_get_name(domain);
    g_autoptr(xmlDoc) doc = mvm_domain_get_xml(domain, NULL);
    g_autoptr(GPtrArray) forwards = doc != NULL ? mvm_forwards_read(doc) : NULL;
    g_autoptr(GPtrArray) machines = NULL;
    const MvmDomainForwards *owner = NULL;
    unsigned port = 0;

    if (forwards == NULL || forwards->len == 0 ||
        (machines = mvm_domain_forwards_list(context->conn, NULL)) == NULL)
        return true;
    owner = owner_of(machines, name, forwards, true, &port);
    if (owner != NULL)
        return refuse_machine(name, owner, port, error);
    if (!mvm_connection_get_endpoint(context->conn)->remote &&
        !check_programs(name, forwards, error))
        return false;
    owner = owner_of(machines, name, forwards, false, &port);
    if (owner != NULL)
        mvm_progress_note(context->progress,
                          "port %u is that of '%s', too: the two cannot run at the same time", port,
                          owner->name);
    return true;
}

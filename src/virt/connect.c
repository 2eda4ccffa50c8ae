/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread connects, and is left behind when that takes too long: it ends when libvirt answers, and
 * closes then what nobody wants any more.
 */
#include "virt/connect.h"

#include "util/children.h"
#include "util/error.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "virt/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Without keep-alive a cut link is noticed only by TCP's own time-outs, and a daemon that hangs
 * never. In seconds, and probes. */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 5

/* In seconds, where the daemon has to start first (it asks each QEMU what it can do), and where
 * polkit may be asking for a password in a window of its own. */
#define SLOW_TIMEOUT 60U

#define CONF_MAX (64 * 1024)

/* Of the thread and of who started it; whoever lets go last frees it. */
typedef struct {
    gint users;
    char *uri;   /* NULL: libvirt's choice */
    gint tid;    /* of the thread */
    gint asking; /* libvirt itself waits for the user */
    int done;    /* an eventfd: readable once what follows is there */
    virConnectPtr virt;
    bool privileged, kept;
    int code; /* of libvirt's, when virt is NULL */
    char *message;
} Attempt;

static void
let_go(Attempt *attempt)
{
    if (!g_atomic_int_dec_and_test(&attempt->users))
        return;
    if (attempt->virt != NULL)
        virConnectClose(attempt->virt);
    close(attempt->done);
    g_free(attempt->uri);
    g_free(attempt->message);
    g_free(attempt);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* The file has one setting a line. */
static bool
file_sets_uri(const char *path)
{
    g_autofree char *text = mvm_file_read(path, CONF_MAX, NULL, NULL);

    return text != NULL && g_regex_match_simple("^[ \\t]*uri_default[ \\t]*=", text,
                                                G_REGEX_MULTILINE | G_REGEX_RAW, 0);
}

/* Where libvirt itself looks for a URI when a user gives none; /etc's file is root's. */
static bool
has_default_uri(void)
{
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "libvirt/libvirt.conf", NULL);

    return g_getenv("LIBVIRT_DEFAULT_URI") != NULL ||
           g_getenv("VIRSH_DEFAULT_CONNECT_URI") != NULL || file_sets_uri(own);
}

static int
ask(virConnectCredentialPtr credentials, unsigned count, void *opaque)
{
    Attempt *attempt = opaque;
    int result = -1;

    g_atomic_int_inc(&attempt->asking);
    result = virConnectAuthPtrDefault->cb(credentials, count, virConnectAuthPtrDefault->cbdata);
    g_atomic_int_add(&attempt->asking, -1);
    return result;
}

static virConnectPtr
open_virt(Attempt *attempt)
{
    virConnectAuth auth = *virConnectAuthPtrDefault;
    virConnectPtr virt = NULL;

    auth.cb = ask;
    auth.cbdata = attempt;
    virt = virConnectOpenAuth(attempt->uri, &auth, 0);
    /* What a desktop user has without setting anything up. A URI that was asked for and does not
     * answer is never replaced by another one. */
    if (virt == NULL && attempt->uri == NULL && geteuid() != 0 && !has_default_uri())
        virt = virConnectOpenAuth("qemu:///session", &auth, 0);
    return virt;
}

/* Only root has a session daemon that runs as root. It confines guests to another user and reports
 * so in its capabilities; the name that somebody logs in with over there proves nothing. */
static bool
is_privileged(virConnectPtr virt)
{
    char *uri = virConnectGetURI(virt);
    const char *path = uri != NULL ? strstr(uri, "/session") : NULL;
    bool possible = path != NULL && (geteuid() == 0 || strstr(uri, ":///") == NULL);
    char *caps = possible ? virConnectGetCapabilities(virt) : NULL;
    bool privileged = caps != NULL && strstr(caps, "<model>dac</model>") != NULL;

    free(uri);
    free(caps);
    return privileged;
}

static void *
run(void *opaque)
{
    Attempt *attempt = opaque;

    g_atomic_int_set(&attempt->tid, gettid());
    attempt->virt = open_virt(attempt);
    if (attempt->virt != NULL) {
        /* Drivers without keep-alive (test, local sockets of old daemons) answer with an error. */
        attempt->kept =
            virConnectSetKeepAlive(attempt->virt, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT) == 0;
        attempt->privileged = is_privileged(attempt->virt);
    } else {
        virErrorPtr last = virGetLastError();

        attempt->code = last != NULL ? last->code : 0;
        attempt->message =
            g_strdup(last != NULL && last->message != NULL ? last->message : "unknown cause");
    }
    (void)eventfd_write(attempt->done, 1);
    let_go(attempt);
    return NULL;
}

/* --- how long to wait ------------------------------------------------------------------------- */

static bool
accepts(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mvm_autofd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int len = g_snprintf(address.sun_path, sizeof address.sun_path, "%s/libvirt/%s",
                         g_get_user_runtime_dir(), name);

    return fd >= 0 && len < (int)sizeof address.sun_path &&
           (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN);
}

static bool
has_desktop(void)
{
    return g_getenv("DISPLAY") != NULL || g_getenv("WAYLAND_DISPLAY") != NULL;
}

/* In seconds. */
static unsigned
patience(const char *uri, unsigned timeout)
{
    bool local = uri == NULL || strstr(uri, ":///") != NULL;
    bool session = uri == NULL || strstr(uri, ":///session") != NULL;

    if (!local || geteuid() == 0 || (uri != NULL && strstr(uri, "socket=") != NULL))
        return timeout;
    if (session ? !accepts("libvirt-sock") && !accepts("virtqemud-sock") : has_desktop())
        return MAX(timeout, SLOW_TIMEOUT);
    return timeout;
}

/* --- the other side of it ----------------------------------------------------------------------
 */

static bool
is_user_asked(Attempt *attempt)
{
    int tid = g_atomic_int_get(&attempt->tid);

    return g_atomic_int_get(&attempt->asking) > 0 || (tid != 0 && mvm_children_ask(tid));
}

/* True when the thread is done. */
static bool
wait_for(Attempt *attempt, unsigned timeout)
{
    struct pollfd fds[] = {{.fd = attempt->done, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};
    gint64 until = g_get_monotonic_time() + timeout * G_TIME_SPAN_SECOND;

    while (fds[0].revents == 0 && !mvm_interrupted()) {
        gint64 left = until - g_get_monotonic_time();

        if (left <= 0 && !is_user_asked(attempt))
            return false;
        if (left <= 0)
            until += timeout * G_TIME_SPAN_SECOND;
        else
            (void)poll(fds, G_N_ELEMENTS(fds), (int)(left / G_TIME_SPAN_MILLISECOND) + 1);
    }
    return fds[0].revents != 0;
}

static void
give_up(Attempt *attempt, const char *where, unsigned timeout, GError **error)
{
    int tid = g_atomic_int_get(&attempt->tid);
    bool remote = attempt->uri != NULL && strstr(attempt->uri, ":///") == NULL;

    if (tid != 0)
        mvm_children_terminate(tid);
    if (mvm_interrupted()) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted while connecting to %s",
                    where);
        return;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot connect to %s: no answer within %u s",
                where, timeout);
    mvm_error_set_hint(error,
                       remote ? "check that the host is up and reachable; 'timeout' in the group "
                                "[connection] of macvm.conf sets the time to wait"
                              : "check that libvirt's daemon is not hanging; 'timeout' in the "
                                "group [connection] of macvm.conf sets the time to wait");
}

virConnectPtr
mvm_virt_connect(const char *uri, unsigned timeout, bool *ret_privileged, GError **error)
{
    g_autofree char *where =
        uri != NULL ? g_strdup_printf("libvirt at '%s'", uri) : g_strdup("libvirt");
    unsigned seconds = patience(uri, timeout);
    Attempt *attempt = g_new0(Attempt, 1);
    virConnectPtr virt = NULL;

    attempt->users = 2;
    attempt->uri = g_strdup(uri);
    attempt->done = eventfd(0, EFD_CLOEXEC);
    g_thread_unref(g_thread_new("macvm-connect", run, attempt));
    if (!wait_for(attempt, seconds)) {
        give_up(attempt, where, seconds, error);
    } else if (attempt->virt == NULL) {
        g_autofree char *what = g_strdup_printf("connect to %s", where);

        mvm_virt_error_translate(error, what, attempt->code, attempt->message);
    } else {
        virt = g_steal_pointer(&attempt->virt);
        *ret_privileged = attempt->privileged;
        if (attempt->kept)
            mvm_keeper_start();
    }
    let_go(attempt);
    return virt;
}

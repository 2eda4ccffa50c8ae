/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking the host how an upload goes, in a thread of its own: a call may never return, on a
 * connection that a stream hangs on (seen with libvirt 9.0) or when the daemon stands still.
 */
#include "util/error.h"
#include "util/interrupt.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* With less than so many bytes a pool is full. */
#define FULL (1024 * 1024)

/* The thread has a reference, and uses nothing of the upload's. */
struct MvmUploadAsk {
    char *uri;              /* NULL: pool is asked */
    virConnectPtr conn;     /* the one opened */
    virStoragePoolPtr pool; /* owned */
    char *pool_name, *volume, *room, *path;
    bool local;
    int done; /* readable when the answer is there */
    MvmUploadAnswer answer;
};

static bool
is_about_space(void)
{
    virErrorPtr last = virGetLastError();
    const char *message = last != NULL && last->message != NULL ? last->message : "";

    return strstr(message, "space") != NULL || strstr(message, "quota") != NULL;
}

/* What libvirt says is available may be kept for root, or beyond a quota: only a volume that takes
 * the space proves that it is there. */
static bool
has_room(const MvmUploadAsk *ask)
{
    g_autofree char *xml = mvm_volume_new_xml(ask->room, "raw", 1);
    g_autoptr(virStorageVol) left = virStorageVolLookupByName(ask->pool, ask->room);
    g_autoptr(virStorageVol) vol = NULL;
    bool full = false;

    if (left != NULL) /* of a process that was killed */
        (void)virStorageVolDelete(left, 0);
    vol = virStorageVolCreateXML(ask->pool, xml, 0);
    full = (vol == NULL || virStorageVolResize(vol, FULL, VIR_STORAGE_VOL_RESIZE_ALLOCATE) < 0) &&
           is_about_space();

    if (vol != NULL)
        (void)virStorageVolDelete(vol, 0);
    return !full;
}

static bool
is_full(const MvmUploadAsk *ask)
{
    struct statvfs fs;

    if (ask->local && statvfs(ask->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < FULL)
        return true;
    return !has_room(ask);
}

static void
answer(MvmUploadAsk *ask)
{
    g_autoptr(virStorageVol) vol = NULL;
    virStorageVolInfo info = {0};

    if (ask->uri != NULL) {
        ask->conn = virConnectOpenAuth(ask->uri, virConnectAuthPtrDefault, 0);
        ask->pool =
            ask->conn != NULL ? virStoragePoolLookupByName(ask->conn, ask->pool_name) : NULL;
    }
    if (ask->pool == NULL)
        return;
    vol = virStorageVolLookupByName(ask->pool, ask->volume);
    if (vol != NULL && virStorageVolGetInfo(vol, &info) == 0)
        ask->answer.allocation = info.allocation;
    ask->answer.full = is_full(ask);
    ask->answer.known =
        virConnectIsAlive(virStoragePoolGetConnect(ask->pool)) == 1; /* else it says nothing */
}

static void
ask_clear(void *data)
{
    MvmUploadAsk *ask = data;

    mvm_virt_pool_free(ask->pool);
    if (ask->conn != NULL)
        virConnectClose(ask->conn);
    g_free(ask->uri);
    g_free(ask->pool_name);
    g_free(ask->volume);
    g_free(ask->room);
    g_free(ask->path);
    (void)close(ask->done);
}

static void *
work(void *data)
{
    MvmUploadAsk *ask = data;

    answer(ask);
    (void)eventfd_write(ask->done, 1);
    mvm_upload_ask_free(ask);
    return NULL;
}

MvmUploadAsk *
mvm_upload_ask_start(MvmUpload *up, bool anew)
{
    MvmUploadAsk *ask = g_atomic_rc_box_new0(MvmUploadAsk);

    if (anew) {
        ask->uri = g_strdup(up->pool->conn->endpoint->uri);
    } else {
        (void)virStoragePoolRef(up->pool->virt);
        ask->pool = up->pool->virt;
    }
    ask->pool_name = g_strdup(up->pool->name);
    ask->volume = g_strdup(mvm_upload_get_written(up));
    ask->room = g_strconcat(up->name, ".room" MVM_VOLUME_PART, NULL);
    ask->path = g_strdup(up->pool->path);
    ask->local = !up->pool->conn->endpoint->remote;
    ask->done = eventfd(0, EFD_CLOEXEC);
    g_thread_unref(g_thread_new("macvm-ask", work, g_atomic_rc_box_acquire(ask)));
    return ask;
}

const MvmUploadAnswer *
mvm_upload_ask_wait(MvmUploadAsk *ask, int ms)
{
    struct pollfd fds[] = {{.fd = ask->done, .events = POLLIN},
                           {.fd = mvm_interrupt_fd(), .events = POLLIN}};

    return poll(fds, G_N_ELEMENTS(fds), ms) > 0 && fds[0].revents != 0 ? &ask->answer : NULL;
}

/* What hangs on the old connection keeps it open. */
void
mvm_upload_ask_adopt(MvmUploadAsk *ask, MvmPool *pool)
{
    if (ask->conn == NULL)
        return;
    pool->conn->virt = g_steal_pointer(&ask->conn);
    pool->virt = g_steal_pointer(&ask->pool);
}

void
mvm_upload_ask_free(MvmUploadAsk *ask)
{
    if (ask != NULL)
        g_atomic_rc_box_release_full(ask, ask_clear);
}

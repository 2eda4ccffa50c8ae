/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine orders, carried out. Orders to a side that has just gone are dropped: the engine
 * hears of that next. */
#include "clip/session-private.h"

typedef struct {
    MvmSession *session; /* borrowed: the backend ends all reads before the session is freed */
    uint64_t generation;
} Read;

static int64_t
now(void *data)
{
    return g_get_monotonic_time();
}

static void
on_read(MvmClipBackend *backend, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
    g_autofree Read *read = data;

    mvm_engine_host_bytes(read->session->engine, read->generation, type, bytes, error);
}

static void
host_read(uint64_t generation, MvmClipType type, void *data)
{
    MvmSession *session = data;
    Read *read = NULL;

    if (session->backend == NULL)
        return;
    read = g_new(Read, 1);
    *read = (Read){.session = session, .generation = generation};
    mvm_clip_backend_read(session->backend, generation, type, 0, on_read, read);
}

static uint64_t
host_own(MvmClipContent *content, MvmClipTypes promised, void *data)
{
    MvmSession *session = data;

    if (session->backend == NULL)
        return 0;
    return mvm_clip_backend_own(session->backend, content, promised);
}

static void
host_provide(uint64_t own_id, MvmClipType type, GBytes *bytes, void *data)
{
    MvmSession *session = data;

    if (session->backend != NULL)
        mvm_clip_backend_provide(session->backend, own_id, type, bytes);
}

static bool
guest_write(MvmClipContent *content, GError **error, void *data)
{
    MvmSession *session = data;

    return mvm_guest_write(mvm_link_get_guest(session->link), content, error);
}

static bool
guest_cancel(void *data)
{
    MvmSession *session = data;

    return mvm_guest_cancel(mvm_link_get_guest(session->link));
}

static void
guest_fetch(uint32_t count, MvmClipType type, void *data)
{
    MvmSession *session = data;

    mvm_guest_fetch(mvm_link_get_guest(session->link), count, type);
}

static void
guest_report(uint32_t count, void *data)
{
    MvmSession *session = data;

    mvm_guest_report(mvm_link_get_guest(session->link), count);
}

static void
outcome(MvmDirection direction, MvmClipOutcome what, const GError *error, void *data)
{
    MvmSession *session = data;

    session->events.outcome(direction, what, error, session->data);
}

const MvmEngineOps mvm_session_engine_ops = {
    .now = now,
    .host_read = host_read,
    .host_own = host_own,
    .host_provide = host_provide,
    .guest_write = guest_write,
    .guest_cancel = guest_cancel,
    .guest_fetch = guest_fetch,
    .guest_report = guest_report,
    .outcome = outcome,
};

const char *
mvm_session_describe(MvmDirection direction, MvmClipOutcome what)
{
    bool to_guest = direction == MVM_DIRECTION_TO_GUEST;

    switch (what) {
    case MVM_CLIP_SENT:
        return "copied to the guest";
    case MVM_CLIP_RECEIVED:
        return "copied from the guest";
    case MVM_CLIP_CLEARED:
        return "cleared in the guest";
    case MVM_CLIP_SAME:
        return to_guest ? "the guest has it already" : "the host has it already";
    case MVM_CLIP_SECRET:
        return to_guest ? "the host's clipboard is marked as secret"
                        : "the guest's clipboard is marked as secret";
    case MVM_CLIP_NOTHING:
        return to_guest ? "the host's clipboard holds neither text nor a picture"
                        : "the guest's clipboard holds neither text nor a picture";
    case MVM_CLIP_LATE:
        return "a newer copy came first";
    case MVM_CLIP_BLOCKED:
        return "macOS does not let the guest's clipboard be read";
    case MVM_CLIP_SKIPPED:
        return "a part of it does not cross";
    case MVM_CLIP_FAILED:
        return to_guest ? "cannot copy to the guest" : "cannot copy from the guest";
    }
    return "";
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/session-private.h"

#include "util/error.h"

#include <string.h>

#define DISPLAY_RETRY_MIN_MS 1000
#define DISPLAY_RETRY_MAX_MS 30000
#define SAVE_MS 1000
#define BLOCKED                                                                                    \
    "macOS does not let the guest's clipboard be read: allow it there (System Settings, Privacy "  \
    "& Security)"

static gboolean on_display_retry(gpointer data);

static void
stop_retry(MvmSession *session)
{
    if (session->display_retry == NULL)
        return;
    g_source_destroy(session->display_retry);
    g_clear_pointer(&session->display_retry, g_source_unref);
}

static void
retry_display(MvmSession *session)
{
    stop_retry(session);
    session->display_retry = g_timeout_source_new(session->display_retry_ms);
    g_source_set_callback(session->display_retry, on_display_retry, session, NULL);
    g_source_attach(session->display_retry, session->context);
    session->display_retry_ms = MIN(session->display_retry_ms * 2, DISPLAY_RETRY_MAX_MS);
}

static void
set_trouble(MvmSession *session, const char *trouble)
{
    g_free(session->trouble);
    session->trouble = g_strdup(trouble);
}

/* trouble is the display's or the guest's. */
static void
tell_trouble(MvmSession *session, char **trouble, const GError *error)
{
    bool known = g_strcmp0(*trouble, error->message) == 0;

    g_free(*trouble);
    *trouble = g_strdup(error->message);
    if (!known)
        session->events.trouble(error, session->data);
}

/* The display: its events go to the engine. */

static void
on_host_changed(MvmClipBackend *backend, const MvmClipOffer *offer, void *data)
{
    MvmSession *session = data;

    mvm_engine_host_changed(session->engine, offer);
}

static void
on_owned(MvmClipBackend *backend, uint64_t own_id, void *data)
{
}

static void
on_disowned(MvmClipBackend *backend, uint64_t own_id, const GError *error, void *data)
{
    MvmSession *session = data;

    mvm_engine_host_disowned(session->engine, own_id, error);
    session->events.disowned(session->data);
}

static void
on_requested(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, void *data)
{
    MvmSession *session = data;

    mvm_engine_host_requested(session->engine, own_id, type);
}

static void
on_display_lost(MvmClipBackend *backend, const GError *error, void *data)
{
    MvmSession *session = data;

    g_clear_pointer(&session->backend, mvm_clip_backend_free);
    mvm_engine_host_gone(session->engine);
    session->display_retry_ms = DISPLAY_RETRY_MIN_MS;
    retry_display(session);
    tell_trouble(session, &session->display_trouble, error);
}

static bool
open_display(MvmSession *session, GError **error)
{
    static const MvmClipCallbacks callbacks = {on_host_changed, on_owned, on_disowned, on_requested,
                                               on_display_lost};
    MvmClipDisplay display = {.backend = session->backend_name};

    session->backend = mvm_clip_backend_new(&display, session->context, &callbacks, session, error);
    return session->backend != NULL;
}

static gboolean
on_display_retry(gpointer data)
{
    MvmSession *session = data;
    g_autoptr(GError) error = NULL;

    stop_retry(session);
    if (open_display(session, &error)) {
        g_clear_pointer(&session->display_trouble, g_free);
        mvm_engine_host_back(session->engine);
        return G_SOURCE_REMOVE;
    }
    tell_trouble(session, &session->display_trouble, error);
    retry_display(session);
    return G_SOURCE_REMOVE;
}

/* The guest: its events go to the engine. */

static void
on_ready(const MvmGuestHello *hello, void *data)
{
    MvmSession *session = data;

    if (session->last_agent != NULL && strcmp(session->last_agent, hello->agent) != 0)
        mvm_engine_guest_renumber(session->engine, hello->count);
    session->agent = session->last_agent = hello->agent;
    set_trouble(session, hello->denied   ? "macOS is set to let nobody read its pasteboard"
                         : hello->absent ? "nobody is logged in at the guest's screen as this user"
                                         : NULL);
    mvm_engine_guest_ready(session->engine, hello->count, hello->types);
    session->events.connected(session->data);
}

static void
on_guest_changed(uint32_t count, MvmClipTypes types, bool secret, void *data)
{
    MvmSession *session = data;

    mvm_engine_guest_changed(session->engine, count, types, secret);
}

static void
on_fetched(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
    MvmSession *session = data;

    mvm_engine_guest_fetched(session->engine, count, type, bytes, error);
}

static void
on_written(uint32_t count, bool own, void *data)
{
    MvmSession *session = data;

    mvm_engine_guest_written(session->engine, count, own);
}

static void
on_presence(bool absent, void *data)
{
    MvmSession *session = data;

    set_trouble(session, absent ? "nobody is logged in at the guest's screen as this user" : NULL);
}

static void
on_down(MvmGuestEnd end, const GError *error, void *data)
{
    MvmSession *session = data;

    session->agent = NULL;
    mvm_engine_guest_gone(session->engine, end == MVM_GUEST_BLOCKED);
    if (end != MVM_GUEST_RENEW && error != NULL)
        tell_trouble(session, &session->trouble, error);
}

static void
on_failed(const GError *error, void *data)
{
    MvmSession *session = data;

    tell_trouble(session, &session->trouble, error);
}

static void
on_dead(const GError *error, void *data)
{
    MvmSession *session = data;

    set_trouble(session, error->message);
    session->events.dead(error, session->data);
}

MvmSession *
mvm_session_new(MvmSshTarget *target, MvmDirection direction, const char *backend,
                GMainContext *context, const MvmSessionEvents *events, void *data, GError **error)
{
    static const MvmLinkEvents link_events = {on_ready,    on_guest_changed, on_fetched, on_written,
                                              on_presence, on_down,          on_failed,  on_dead};
    g_autoptr(MvmSession) session = g_new0(MvmSession, 1);

    session->context = g_main_context_ref(context);
    session->events = *events;
    session->data = data;
    session->backend_name = g_strdup(backend);
    session->engine = mvm_engine_new(&mvm_session_engine_ops, direction, session);
    session->link = mvm_link_new(target, context, &link_events, session);
    if (!open_display(session, error))
        return NULL;
    return g_steal_pointer(&session);
}

/* The backend first: freeing it ends its reads, which the engine is told of. */
void
mvm_session_free(MvmSession *session)
{
    if (session == NULL)
        return;
    stop_retry(session);
    g_clear_pointer(&session->backend, mvm_clip_backend_free);
    mvm_link_free(session->link);
    mvm_engine_free(session->engine);
    g_main_context_unref(session->context);
    g_free(session->backend_name);
    g_free(session->trouble);
    g_free(session->display_trouble);
    g_free(session);
}

void
mvm_session_pause(MvmSession *session, bool stopped)
{
    if (mvm_link_pause(session->link)) {
        session->agent = NULL;
        mvm_engine_guest_gone(session->engine, false);
    }
    if (stopped)
        mvm_engine_guest_forget(session->engine);
    set_trouble(session, stopped ? "the machine is not running" : "the machine is paused");
}

void
mvm_session_resume(MvmSession *session)
{
    set_trouble(session, NULL);
    mvm_link_resume(session->link);
}

/* A backend does not report that there is nothing. */
void
mvm_session_push(MvmSession *session)
{
    const MvmClipOffer nothing = {.empty = true, .initial = true};

    if (session->backend != NULL && mvm_clip_backend_is_empty(session->backend))
        mvm_engine_host_changed(session->engine, &nothing);
    mvm_engine_push(session->engine);
}

void
mvm_session_pull(MvmSession *session)
{
    mvm_engine_pull(session->engine);
}

static void
on_saved(MvmClipBackend *backend, bool saved, void *data)
{
    MvmSession *session = data;

    session->save_done(session->save_data);
}

void
mvm_session_save(MvmSession *session, void (*done)(void *data), void *data)
{
    session->save_done = done;
    session->save_data = data;
    if (session->backend != NULL)
        mvm_clip_backend_save(session->backend, SAVE_MS, on_saved, session);
    else
        done(data);
}

MvmSessionStatus
mvm_session_get_status(const MvmSession *session)
{
    const MvmClipBackend *backend = session->backend;
    const char *trouble = session->trouble;

    if (trouble == NULL && mvm_engine_is_blocked(session->engine))
        trouble = BLOCKED;
    return (MvmSessionStatus){
        .connected = mvm_link_get_guest(session->link) != NULL,
        .backend = backend != NULL ? mvm_clip_backend_get_name(backend) : NULL,
        .reason = backend != NULL ? mvm_clip_backend_get_reason(backend) : NULL,
        .agent = session->agent,
        .trouble = trouble,
        .display_trouble = session->display_trouble,
        .sent = mvm_engine_get_sent(session->engine),
        .received = mvm_engine_get_received(session->engine),
    };
}

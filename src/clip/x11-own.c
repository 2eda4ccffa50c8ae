/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/x11-private.h"
#include "util/error.h"

void
mvm_x11_own(MvmClipBackend *backend, uint64_t own_id, MvmClipContent *content,
            MvmClipTypes promised)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    mvm_clip_holding_free(x11->next);
    x11->next = mvm_clip_holding_new(backend, own_id, content, promised);
    mvm_x11_want_stamp(x11, STAMP_OWN);
}

/* The server tells who owns the selection after our request. */
static void
ownership_known(MvmClipX11 *x11, void *reply, void *data)
{
    MvmClipBackend *backend = &x11->base;
    const xcb_get_selection_owner_reply_t *owner = reply;
    uint64_t own_id = (uint64_t)GPOINTER_TO_SIZE(data);
    g_autoptr(GError) error = NULL;

    if (x11->holding == NULL || mvm_clip_holding_get_id(x11->holding) != own_id)
        return;
    if (owner != NULL && owner->owner == x11->window) {
        backend->callbacks->owned(backend, own_id, backend->data);
        return;
    }
    g_clear_pointer(&x11->holding, mvm_clip_holding_free);
    g_set_error(&error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot own 'the clipboard': the X server gave it to somebody else");
    backend->callbacks->disowned(backend, own_id, error, backend->data);
}

void
mvm_x11_own_stamp(MvmClipX11 *x11, xcb_timestamp_t time)
{
    xcb_atom_t clipboard = x11->atoms[ATOM_CLIPBOARD];
    uint64_t own_id = 0;

    if (x11->next == NULL)
        return;
    mvm_clip_holding_free(x11->holding);
    x11->holding = g_steal_pointer(&x11->next);
    x11->own_time = time;
    own_id = mvm_clip_holding_get_id(x11->holding);
    xcb_set_selection_owner(x11->conn, x11->window, clipboard, time);
    mvm_x11_expect(x11, xcb_get_selection_owner(x11->conn, clipboard).sequence, ownership_known,
                   GSIZE_TO_POINTER((gsize)own_id));
}

void
mvm_x11_own_cleared(MvmClipX11 *x11, const xcb_selection_clear_event_t *event)
{
    MvmClipBackend *backend = &x11->base;
    uint64_t own_id = 0;

    /* One that was sent before our last request is about an earlier ownership. */
    if (x11->holding == NULL || event->selection != x11->atoms[ATOM_CLIPBOARD] ||
        mvm_x11_is_before(event->time, x11->own_time))
        return;
    own_id = mvm_clip_holding_get_id(x11->holding);
    g_clear_pointer(&x11->holding, mvm_clip_holding_free);
    backend->callbacks->disowned(backend, own_id, NULL, backend->data);
}

void
mvm_x11_provide(MvmClipBackend *backend, uint64_t own_id, MvmClipType type, GBytes *bytes)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    if (x11->holding != NULL && mvm_clip_holding_get_id(x11->holding) == own_id)
        mvm_clip_holding_provide(x11->holding, type, bytes);
}

void
mvm_x11_release(MvmClipBackend *backend)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    g_clear_pointer(&x11->next, mvm_clip_holding_free);
    if (x11->holding == NULL)
        return;
    g_clear_pointer(&x11->holding, mvm_clip_holding_free);
    /* With the time of our own ownership, the server ignores it when somebody owns it since. */
    xcb_set_selection_owner(x11->conn, XCB_NONE, x11->atoms[ATOM_CLIPBOARD], x11->own_time);
    x11->released = true;
}

void
mvm_x11_save_end(MvmClipX11 *x11, bool saved)
{
    MvmClipSavedFunc done = x11->saved;

    if (done == NULL)
        return;
    x11->saved = NULL;
    mvm_clip_timer_clear(&x11->save_timer);
    done(&x11->base, saved, x11->saved_data);
}

static gboolean
not_saved(void *data)
{
    mvm_x11_save_end(data, false);
    return G_SOURCE_REMOVE;
}

void
mvm_x11_save(MvmClipBackend *backend, unsigned timeout_ms, MvmClipSavedFunc done, void *data)
{
    MvmClipX11 *x11 = (MvmClipX11 *)backend;

    g_return_if_fail(x11->saved == NULL);
    x11->saved = done;
    x11->saved_data = data;
    if (x11->next == NULL && x11->holding == NULL)
        timeout_ms = 0;
    else
        mvm_x11_want_stamp(x11, STAMP_SAVE);
    mvm_clip_timer_set(&x11->save_timer, backend->context, timeout_ms, not_saved, x11);
}

/* The property of SAVE_TARGETS lists what the manager is to keep. Where there is no manager, the
 * server itself refuses at once. */
void
mvm_x11_save_stamp(MvmClipX11 *x11, xcb_timestamp_t time)
{
    g_autoptr(GArray) targets = NULL;

    if (x11->saved == NULL || x11->holding == NULL) {
        mvm_x11_save_end(x11, false);
        return;
    }
    targets = mvm_x11_serve_targets(x11, x11->holding, false);
    xcb_change_property(x11->conn, XCB_PROP_MODE_REPLACE, x11->window, x11->atoms[ATOM_PROPERTY],
                        XCB_ATOM_ATOM, 32, targets->len, targets->data);
    xcb_convert_selection(x11->conn, x11->window, x11->atoms[ATOM_CLIPBOARD_MANAGER],
                          x11->atoms[ATOM_SAVE_TARGETS], x11->atoms[ATOM_PROPERTY], time);
}

void
mvm_x11_own_end(MvmClipX11 *x11)
{
    mvm_x11_save_end(x11, false);
    g_clear_pointer(&x11->next, mvm_clip_holding_free);
    g_clear_pointer(&x11->holding, mvm_clip_holding_free);
}

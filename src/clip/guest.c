/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/guest-private.h"

#include "util/error.h"

static const char *const type_names[MVM_CLIP_TYPE_COUNT] = {
    [MVM_CLIP_TEXT] = "public.utf8-plain-text",
    [MVM_CLIP_HTML] = "public.html",
    [MVM_CLIP_RTF] = "public.rtf",
    [MVM_CLIP_PNG] = "public.png",
    [MVM_CLIP_TIFF] = "public.tiff",
};

const char *
mvm_guest_type_name(MvmClipType type)
{
    return type_names[type];
}

void
mvm_guest_init(MvmGuest *guest, const MvmGuestClass *klass, const MvmSshTarget *target,
               GMainContext *context, const MvmGuestEvents *events, void *data)
{
    guest->klass = klass;
    guest->refs = 1;
    guest->target = target;
    guest->context = g_main_context_ref(context);
    guest->events = *events;
    guest->data = data;
}

void
mvm_guest_ref(MvmGuest *guest)
{
    guest->refs++;
}

void
mvm_guest_unref(MvmGuest *guest)
{
    if (--guest->refs > 0)
        return;
    g_main_context_unref(guest->context);
    g_free(guest);
}

void
mvm_guest_end(MvmGuest *guest, MvmGuestEnd end, const GError *error)
{
    g_autoptr(GError) plain = NULL;

    if (error == NULL && end != MVM_GUEST_RENEW) { /* the remote command ended with 0 */
        g_autofree char *what = mvm_ssh_target_format(guest->target);

        plain = g_error_new(MVM_ERROR, MVM_ERROR_FAILED,
                            "cannot use the clipboard of '%s': the connection ended", what);
    }
    guest->events.gone(end, plain != NULL ? plain : error, guest->data);
}

MvmGuestEnd
mvm_guest_end_of(MvmTransportEnd end, bool greeted)
{
    switch (end) {
    case MVM_TRANSPORT_DONE:
        return greeted ? MVM_GUEST_RENEW : MVM_GUEST_SILENT;
    case MVM_TRANSPORT_FAILED:
        return greeted ? MVM_GUEST_LOST : MVM_GUEST_SILENT;
    case MVM_TRANSPORT_REFUSED:
        return MVM_GUEST_REFUSED;
    case MVM_TRANSPORT_AUTH:
        return MVM_GUEST_AUTH;
    case MVM_TRANSPORT_HOST_KEY:
        return MVM_GUEST_HOST_KEY;
    case MVM_TRANSPORT_LOST:
        return MVM_GUEST_LOST;
    }
    return MVM_GUEST_LOST;
}

bool
mvm_guest_check_bytes(MvmClipType type, GBytes *bytes, GError **error)
{
    const char *cause = NULL;

    if (g_bytes_get_size(bytes) > mvm_clip_type_max(type))
        cause = "it is too long";
    else if (type == MVM_CLIP_TEXT && !mvm_clip_bytes_is_utf8(bytes))
        cause = "it is not UTF-8";
    if (cause == NULL)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot take '%s' from the guest: %s",
                mvm_clip_type_media(type), cause);
    return false;
}

void
mvm_guest_set_timer(MvmGuest *guest, GSource **source, unsigned ms, GSourceFunc func)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
    if (ms == 0)
        return;
    *source = g_timeout_source_new(ms);
    g_source_set_callback(*source, func, guest, NULL);
    g_source_attach(*source, guest->context);
}

void
mvm_guest_free(MvmGuest *guest)
{
    if (guest == NULL)
        return;
    guest->freed = true;
    guest->klass->free(guest);
    mvm_guest_unref(guest);
}

bool
mvm_guest_write(MvmGuest *guest, MvmClipContent *content, GError **error)
{
    return guest->klass->write(guest, content, error);
}

bool
mvm_guest_cancel(MvmGuest *guest)
{
    return guest->klass->cancel(guest);
}

void
mvm_guest_fetch(MvmGuest *guest, uint32_t count, MvmClipType type)
{
    guest->klass->fetch(guest, count, type);
}

void
mvm_guest_report(MvmGuest *guest, uint32_t count)
{
    guest->klass->report(guest, count);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/link.h"

#include "util/error.h"
#include "util/ssh.h"

/* A try that took so long ended because nothing was said, not because there is no osascript. */
#define SLOW_US ((MVM_GUEST_HELLO_MS - 500) * G_TIME_SPAN_MILLISECOND)

struct MvmLink {
    MvmSshTarget *target;  /* owned */
    GMainContext *context; /* a reference */
    MvmLinkEvents events;
    void *data;
    MvmGuest *guest; /* owned, or NULL */
    bool dead;
    bool up;           /* guest has said hello */
    bool ever_up;      /* one has */
    bool falling_back; /* guest is the one with pbcopy */
    int64_t up_since;  /* monotonic microseconds */
    unsigned retry_ms; /* the next wait */
    GSource *retry;    /* owned, or NULL */
    int64_t tried_at;  /* monotonic microseconds: the start of guest */
    bool slow;         /* osascript said nothing in time, when it was tried last */
    unsigned upgrade_ms, upgrade_min_ms;
    GSource *upgrade; /* owned, or NULL */
};

static void try_now(MvmLink *link, bool fall_back);

static void
stop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
set_source(MvmLink *link, GSource **source, unsigned ms, GSourceFunc func)
{
    stop_source(source);
    *source = g_timeout_source_new(ms);
    g_source_set_callback(*source, func, link, NULL);
    g_source_attach(*source, link->context);
}

static gboolean
on_retry(gpointer data)
{
    MvmLink *link = data;

    stop_source(&link->retry);
    try_now(link, false);
    return G_SOURCE_REMOVE;
}

static void
retry_in(MvmLink *link, unsigned ms)
{
    set_source(link, &link->retry, ms, on_retry);
}

static gboolean
on_upgrade(gpointer data)
{
    MvmLink *link = data;

    stop_source(&link->upgrade);
    link->up = false;
    g_clear_pointer(&link->guest, mvm_guest_free);
    link->events.down(MVM_GUEST_RENEW, NULL, link->data);
    try_now(link, false);
    return G_SOURCE_REMOVE;
}

static void
plan_upgrade(MvmLink *link)
{
    if (!link->falling_back) {
        link->upgrade_ms = link->upgrade_min_ms;
    } else if (link->slow) {
        set_source(link, &link->upgrade, link->upgrade_ms, on_upgrade);
        link->upgrade_ms = MIN(link->upgrade_ms * 2, MVM_LINK_UPGRADE_MAX_MS);
    }
}

/* Twice as long each time, and never in step with others. */
static void
retry_later(MvmLink *link)
{
    unsigned spread = link->retry_ms / 5;

    retry_in(link, link->retry_ms - spread + (unsigned)g_random_int_range(0, 2 * (int)spread));
    link->retry_ms = MIN(link->retry_ms * 2, MVM_LINK_RETRY_MAX_MS);
}

static void
die(MvmLink *link, const GError *error)
{
    link->dead = true;
    link->events.dead(error, link->data);
}

static void
on_ready(const MvmGuestHello *hello, void *data)
{
    MvmLink *link = data;

    link->up = link->ever_up = true;
    link->up_since = g_get_monotonic_time();
    plan_upgrade(link);
    link->events.ready(hello, link->data);
}

static void
on_changed(uint32_t count, MvmClipTypes types, bool secret, void *data)
{
    MvmLink *link = data;

    link->events.changed(count, types, secret, link->data);
}

static void
on_fetched(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
    MvmLink *link = data;

    link->events.fetched(count, type, bytes, error, link->data);
}

static void
on_written(uint32_t count, bool own, void *data)
{
    MvmLink *link = data;

    link->events.written(count, own, link->data);
}

static void
on_presence(bool absent, void *data)
{
    MvmLink *link = data;

    link->events.presence(absent, link->data);
}

/* A machine whose key nobody has met yet may be met at any time: 'macvm ssh'. */
static void
refuse_host_key(MvmLink *link)
{
    const MvmSshTarget *target = link->target;
    g_autofree char *address = mvm_ssh_target_format(target);
    const char *who = target->name != NULL ? target->name : address;
    g_autoptr(GError) error = NULL;

    if (target->known && !mvm_ssh_knows_host_key(target->alias)) {
        mvm_ssh_set_key_unknown(&error, who);
        retry_later(link);
        link->events.failed(error, link->data);
        return;
    }
    mvm_ssh_set_key_changed(&error, who, target->alias);
    die(link, error);
}

/* The command that lets us in, as it can be typed; where the way there needs options of ours, only
 * its name and the guest's. The caller frees. */
static char *
copy_id_command(const MvmSshTarget *target)
{
    g_autofree char *address = mvm_ssh_target_format(target);
    g_autoptr(GString) command = g_string_new("ssh-copy-id");

    if (target->proxy != NULL) {
        g_string_append_printf(command, " (%s)", address);
        return g_string_free(g_steal_pointer(&command), FALSE);
    }
    if (target->port != 0)
        g_string_append_printf(command, " -p %u", target->port);
    g_string_append_c(command, ' ');
    if (target->user != NULL)
        g_string_append_printf(command, "%s@", target->user);
    g_string_append(command, target->host);
    return g_string_free(g_steal_pointer(&command), FALSE);
}

static void
refuse_login(MvmLink *link, const GError *error)
{
    g_autoptr(GError) fatal = g_error_new_literal(MVM_ERROR, MVM_ERROR_FAILED, error->message);
    g_autofree char *command = copy_id_command(link->target);

    mvm_error_set_hint(&fatal, "give the guest your public key: %s", command);
    die(link, fatal);
}

/* What to do after a connection that had not been up. */
static void
after_try(MvmLink *link, MvmGuestEnd end, const GError *error, bool fell_back)
{
    if (end == MVM_GUEST_AUTH && !link->ever_up) {
        refuse_login(link, error);
        return;
    }
    if (end == MVM_GUEST_SILENT && !fell_back) {
        link->slow = g_get_monotonic_time() - link->tried_at >= SLOW_US;
        try_now(link, true);
        return;
    }
    if (end == MVM_GUEST_AUTH)
        link->retry_ms = MVM_LINK_RETRY_MAX_MS;
    retry_later(link);
    link->events.failed(error, link->data);
}

static void
on_gone(MvmGuestEnd end, const GError *error, void *data)
{
    MvmLink *link = data;
    g_autoptr(MvmGuest) guest G_GNUC_UNUSED =
        g_steal_pointer(&link->guest); /* error may be its own */
    bool was_up = link->up, fell_back = link->falling_back;
    bool stable = was_up && g_get_monotonic_time() - link->up_since >= MVM_LINK_STABLE_US;

    link->up = false;
    stop_source(&link->upgrade);
    if (stable)
        link->retry_ms = MVM_LINK_RETRY_MIN_MS;
    if (was_up) {
        if ((end == MVM_GUEST_RENEW && stable) || end == MVM_GUEST_BLOCKED)
            retry_in(link, 0);
        else
            retry_later(link);
        link->events.down(end, error, link->data);
    } else if (end == MVM_GUEST_HOST_KEY) {
        refuse_host_key(link);
    } else {
        after_try(link, end, error, fell_back);
    }
}

static void
try_now(MvmLink *link, bool fall_back)
{
    static const MvmGuestEvents events = {on_ready,   on_changed,  on_fetched,
                                          on_written, on_presence, on_gone};
    g_autoptr(GError) error = NULL;

    link->falling_back = fall_back;
    link->tried_at = g_get_monotonic_time();
    if (fall_back)
        link->guest = mvm_guest_new_pbcopy(link->target, link->context, &events, link, &error);
    else
        link->guest = mvm_guest_new_osascript(link->target, link->context, &events, link, &error);
    if (link->guest == NULL)
        die(link, error);
}

MvmLink *
mvm_link_new(MvmSshTarget *target, GMainContext *context, const MvmLinkEvents *events, void *data)
{
    MvmLink *link = g_new0(MvmLink, 1);

    link->target = target;
    link->context = g_main_context_ref(context);
    link->events = *events;
    link->data = data;
    link->retry_ms = MVM_LINK_RETRY_MIN_MS;
    mvm_link_set_upgrade(link, MVM_LINK_UPGRADE_MIN_MS);
    return link;
}

void
mvm_link_set_upgrade(MvmLink *link, unsigned ms)
{
    link->upgrade_ms = link->upgrade_min_ms = ms;
}

void
mvm_link_free(MvmLink *link)
{
    if (link == NULL)
        return;
    stop_source(&link->retry);
    stop_source(&link->upgrade);
    mvm_guest_free(link->guest);
    mvm_ssh_target_free(link->target);
    g_main_context_unref(link->context);
    g_free(link);
}

bool
mvm_link_pause(MvmLink *link)
{
    bool was_up = link->up;

    link->up = false;
    stop_source(&link->retry);
    stop_source(&link->upgrade);
    g_clear_pointer(&link->guest, mvm_guest_free);
    return was_up;
}

void
mvm_link_resume(MvmLink *link)
{
    if (link->dead || link->guest != NULL)
        return;
    link->retry_ms = MVM_LINK_RETRY_MIN_MS;
    retry_in(link, 0);
}

MvmGuest *
mvm_link_get_guest(const MvmLink *link)
{
    return link->up ? link->guest : NULL;
}

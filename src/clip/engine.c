/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/engine-private.h"

#include <string.h>

MvmEngine *
mvm_engine_new(const MvmEngineOps *ops, MvmDirection direction, void *data)
{
    MvmEngine *engine = g_new0(MvmEngine, 1);

    engine->ops = *ops;
    engine->data = data;
    engine->direction = direction;
    engine->origin_prefix = g_strdup_printf("macvm-%08x%08x", g_random_int(), g_random_int());
    for (size_t i = 0; i < sizeof(engine->secret_key); i++)
        engine->secret_key[i] = (uint8_t)g_random_int_range(0, 256);
    return engine;
}

void
mvm_engine_free(MvmEngine *engine)
{
    if (engine == NULL)
        return;
    mvm_engine_out_free(&engine->out);
    g_clear_pointer(&engine->flying, mvm_clip_content_unref);
    g_clear_pointer(&engine->last, mvm_clip_content_unref);
    g_free(engine->origin_prefix);
    g_free(engine->secret_mac);
    g_free(engine);
}

void
mvm_engine_tell(MvmEngine *engine, MvmDirection direction, MvmClipOutcome outcome,
                const GError *error)
{
    if (outcome == MVM_CLIP_SENT)
        engine->sent++;
    else if (outcome == MVM_CLIP_RECEIVED)
        engine->received++;
    engine->ops.outcome(direction, outcome, error, engine->data);
}

void
mvm_engine_set_last(MvmEngine *engine, MvmClipContent *content, MvmClipTypes types, bool from_host)
{
    if (content != NULL)
        mvm_clip_content_ref(content);
    g_clear_pointer(&engine->last, mvm_clip_content_unref);
    engine->last = content;
    engine->last_types = types;
    engine->last_from_host = from_host;
    engine->host_has_last = engine->guest_has_last = content != NULL;
}

bool
mvm_engine_is_last(const MvmEngine *engine, const MvmClipContent *content, MvmClipTypes types)
{
    unsigned same = 0;

    if (engine->last == NULL || (types & ~engine->last_types) != 0)
        return false;
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        GBytes *mine = mvm_clip_content_get(content, (MvmClipType)i);
        GBytes *other = mvm_clip_content_get(engine->last, (MvmClipType)i);

        if (mine == NULL || other == NULL)
            continue;
        if (!g_bytes_equal(mine, other))
            return false;
        same++;
    }
    return same > 0;
}

/* What a host that cleared its clipboard had sent is cleared in the guest, too. An application that
 * quits clears nothing on purpose: a user expects to paste what was copied there. */
static void
host_emptied(MvmEngine *engine)
{
    bool guest_has_it = engine->last_from_host && engine->guest_has_last;

    if (engine->flying != NULL || guest_has_it)
        mvm_engine_out_clear(engine);
}

/* A clipboard manager that took over what we put there, and says so. */
static bool
is_our_echo(const MvmEngine *engine, const MvmClipOffer *offer)
{
    const char *origin = NULL;

    if (offer->origin == NULL || engine->last == NULL || !engine->guest_has_last)
        return false;
    origin = mvm_clip_content_get_origin(engine->last);
    return origin != NULL && strcmp(origin, offer->origin) == 0;
}

void
mvm_engine_host_changed(MvmEngine *engine, const MvmClipOffer *offer)
{
    bool echo = is_our_echo(engine, offer);

    if (offer->initial && engine->own_id != 0) /* it was told late: we have the clipboard by now */
        return;
    mvm_engine_out_drop(engine);
    if (!offer->initial)
        mvm_engine_in_overtake(engine);
    engine->own_id = 0;
    engine->host_seen = true;
    engine->generation = offer->generation;
    engine->host_types = offer->empty ? 0 : offer->types;
    engine->host_changed_at = engine->ops.now(engine->data);
    engine->host_secret =
        !offer->empty && (offer->secret || engine->host_changed_at < engine->secret_echo_until);
    if (offer->empty && offer->secret)
        mvm_engine_out_miss_secret(engine);
    engine->host_unsent = false;
    engine->host_has_last = echo;
    if (engine->push_wanted) {
        mvm_engine_push(engine);
        return;
    }
    if (echo || (engine->direction & MVM_DIRECTION_TO_GUEST) == 0)
        return;
    if (offer->initial && !engine->host_secret) /* a secret is read to know it again */
        return;
    if (offer->empty && !offer->quit)
        host_emptied(engine);
    if (offer->empty)
        return;
    if (engine->host_types == 0)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_NOTHING, NULL);
    else if (engine->guest_here || engine->host_secret)
        mvm_engine_out_start(engine);
    else
        engine->host_unsent = true;
}

void
mvm_engine_host_gone(MvmEngine *engine)
{
    mvm_engine_out_drop(engine);
    mvm_engine_in_drop(engine);
    if (engine->push_wanted)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_FAILED, NULL);
    engine->push_wanted = false;
    engine->own_id = 0;
    engine->generation = 0;
    engine->host_types = 0;
    engine->host_seen = engine->host_unsent = engine->host_has_last = false;
    engine->host_gone = true;
    engine->host_left_at = engine->ops.now(engine->data);
}

void
mvm_engine_host_back(MvmEngine *engine)
{
    bool unseen = engine->guest_unseen;

    engine->host_gone = engine->guest_unseen = false;
    if (!unseen)
        return;
    if (engine->ops.now(engine->data) - engine->host_left_at > MVM_ENGINE_GAP)
        engine->guest_count = engine->guest_unseen_count;
    else if (engine->guest_here)
        engine->ops.guest_report(engine->guest_count, engine->data);
}

/* Both sides meet again after a gap: what was copied meanwhile crosses, the host's first, because
 * only of it is known when that was. */
static void
meet_again(MvmEngine *engine, uint32_t count)
{
    int64_t now = engine->ops.now(engine->data);
    bool has_copy = engine->host_unsent || engine->out.content != NULL;

    if (count != engine->guest_count)
        engine->guest_has_last = false;
    if (has_copy && now - engine->host_changed_at <= MVM_ENGINE_GAP) {
        engine->guest_count = count;
        if (engine->out.content != NULL)
            mvm_engine_out_send(engine);
        else
            mvm_engine_out_start(engine);
        return;
    }
    mvm_engine_out_drop(engine);
    if (count != engine->guest_count && now - engine->guest_left_at <= MVM_ENGINE_GAP)
        engine->ops.guest_report(engine->guest_count, engine->data);
    else
        engine->guest_count = count;
}

void
mvm_engine_guest_ready(MvmEngine *engine, uint32_t count, MvmClipTypes types)
{
    engine->guest_here = true;
    engine->guest_types = types;
    if (engine->guest_known) {
        meet_again(engine, count);
    } else {
        engine->guest_known = true;
        engine->guest_count = count;
        mvm_engine_out_drop(engine);
    }
    engine->host_unsent = false;
    if (engine->push_wanted)
        mvm_engine_push(engine);
    if (engine->pull_wanted)
        mvm_engine_pull(engine);
}

void
mvm_engine_guest_renumber(MvmEngine *engine, uint32_t count)
{
    engine->guest_count = count;
    engine->guest_unseen = false;
    engine->own_id = 0; /* what it promised cannot be named any more */
}

void
mvm_engine_guest_gone(MvmEngine *engine, bool blocked)
{
    int64_t now = engine->ops.now(engine->data);

    engine->guest_here = false;
    engine->guest_left_at = now;
    if (blocked) {
        engine->blocked_until = now + MVM_ENGINE_BLOCKED;
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_BLOCKED, NULL);
        if (engine->fetching)
            engine->guest_count = engine->fetch_count;
    }
    mvm_engine_in_drop(engine);
    if (engine->flying != NULL && engine->out.content == NULL) {
        engine->out.content = g_steal_pointer(&engine->flying);
        engine->out.forced = engine->flying_forced;
    }
    engine->flying_forced = false;
    g_clear_pointer(&engine->flying, mvm_clip_content_unref);
}

void
mvm_engine_guest_forget(MvmEngine *engine)
{
    engine->guest_known = false;
    engine->guest_unseen = false;
    engine->host_unsent = false;
    engine->own_id = 0; /* what it promised is of the guest that is no more */
    mvm_engine_out_drop(engine);
    mvm_engine_set_last(engine, NULL, 0, false);
}

/* What is on the host's clipboard came from the guest. */
static void
push_own(MvmEngine *engine)
{
    MvmClipTypes held = engine->last != NULL ? mvm_clip_content_get_types(engine->last) : 0;

    if (engine->guest_has_last || held == 0) {
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST,
                        held == 0 ? MVM_CLIP_NOTHING : MVM_CLIP_SAME, NULL);
        return;
    }
    mvm_engine_out_free(&engine->out);
    engine->out.content = mvm_clip_content_ref(engine->last);
    engine->out.forced = true;
    mvm_engine_out_send(engine);
}

void
mvm_engine_push(MvmEngine *engine)
{
    engine->push_wanted = true;
    if (!engine->guest_here || (!engine->host_seen && engine->own_id == 0))
        return;
    engine->push_wanted = false;
    if (engine->own_id != 0) {
        push_own(engine);
        return;
    }
    if (engine->host_secret)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SECRET, NULL);
    else if (engine->host_types == 0)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_NOTHING, NULL);
    else
        mvm_engine_out_start(engine);
    engine->out.forced = engine->out.content != NULL;
}

/* Asking for what differs from a count that is not the present one gives what is there. */
void
mvm_engine_pull(MvmEngine *engine)
{
    engine->pull_wanted = true;
    if (engine->guest_here)
        engine->ops.guest_report(engine->guest_count - 1, engine->data);
}

bool
mvm_engine_is_blocked(const MvmEngine *engine)
{
    return engine->ops.now(engine->data) < engine->blocked_until;
}

uint64_t
mvm_engine_get_sent(const MvmEngine *engine)
{
    return engine->sent;
}

uint64_t
mvm_engine_get_received(const MvmEngine *engine)
{
    return engine->received;
}

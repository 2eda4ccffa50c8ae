/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's way from guest to host: fetch the text, compare, own; fetch the rest when asked. */
#include "clip/engine-private.h"

#include "util/error.h"

/* The answers to what is being fetched are ignored from now on, and pastes that wait get none. */
void
mvm_engine_in_drop(MvmEngine *engine)
{
    MvmClipTypes requested = engine->requested;

    if (engine->fetching && engine->guest_here) {
        engine->guest_count = engine->fetch_count;
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_LATE, NULL);
    }
    engine->fetching = false;
    engine->requested = 0;
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        if ((requested & MVM_CLIP_BIT(i)) != 0)
            engine->ops.host_provide(engine->own_id, (MvmClipType)i, NULL, engine->data);
    }
}

/* The host has a newer copy than what is being fetched. */
void
mvm_engine_in_overtake(MvmEngine *engine)
{
    bool asked = engine->fetching && engine->fetch_forced;
    g_autoptr(GError) error = NULL;

    mvm_engine_in_drop(engine);
    if (!asked)
        return;
    error = g_error_new_literal(MVM_ERROR, MVM_ERROR_FAILED,
                                "cannot pull 'the clipboard': a newer copy came first");
    mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_FAILED, error);
}

/* Takes the host's clipboard with what has been fetched. */
static void
own(MvmEngine *engine, MvmClipContent *content)
{
    MvmClipTypes held = mvm_clip_content_get_types(content);

    engine->own_count = engine->fetch_count;
    engine->requested = 0;
    engine->own_id = engine->ops.host_own(content, engine->fetch_types & ~held, engine->data);
    mvm_engine_set_last(engine, content, engine->fetch_types, false);
    mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_RECEIVED, NULL);
}

/* A content that the host can tell from every other one of ours. */
static MvmClipContent *
new_content(const MvmEngine *engine)
{
    g_autofree char *origin =
        g_strdup_printf("%s-%" G_GUINT64_FORMAT, engine->origin_prefix, engine->received);

    return mvm_clip_content_new(origin, false);
}

/* The same again, from a clipboard manager in the guest: promises are kept from there. */
static void
keep_last(MvmEngine *engine)
{
    engine->own_count = engine->fetch_count;
    engine->guest_has_last = true;
    mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_SAME, NULL);
}

static void
decide(MvmEngine *engine, GBytes *text, const GError *error)
{
    g_autoptr(MvmClipContent) content = new_content(engine);
    g_autoptr(GError) too_long = NULL;

    engine->fetching = false;
    if (g_error_matches(error, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        engine->pull_wanted = engine->pull_wanted || engine->fetch_forced; /* C follows */
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_LATE, NULL);
        return;
    }
    engine->guest_count = engine->fetch_count;
    if (text != NULL && !mvm_clip_content_set(content, MVM_CLIP_TEXT, text, &too_long))
        error = too_long;
    if (error != NULL) {
        engine->fetch_types &= ~MVM_CLIP_BIT(MVM_CLIP_TEXT);
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST,
                        engine->fetch_types == 0 ? MVM_CLIP_FAILED : MVM_CLIP_SKIPPED, error);
        if (engine->fetch_types == 0)
            return;
    }
    if (engine->host_has_last && mvm_engine_is_last(engine, content, engine->fetch_types))
        keep_last(engine);
    else
        own(engine, content);
}

/* What is to be done about a change in the guest: MVM_CLIP_RECEIVED when it is to be fetched. */
static MvmClipOutcome
judge(const MvmEngine *engine, MvmClipTypes types, bool secret, bool forced)
{
    if (secret)
        return MVM_CLIP_SECRET;
    if (types == 0)
        return MVM_CLIP_NOTHING;
    if (mvm_engine_is_blocked(engine) && !forced)
        return MVM_CLIP_BLOCKED;
    return MVM_CLIP_RECEIVED;
}

void
mvm_engine_guest_changed(MvmEngine *engine, uint32_t count, MvmClipTypes types, bool secret)
{
    bool forced = engine->pull_wanted || (engine->fetching && engine->fetch_forced);
    MvmClipOutcome verdict = judge(engine, types & engine->guest_types, secret, forced);

    engine->pull_wanted = false;
    engine->guest_has_last = false;
    if (!forced && (engine->direction & MVM_DIRECTION_TO_HOST) == 0) {
        engine->guest_count = count;
        return;
    }
    if (!engine->out.forced && !engine->flying_forced)
        mvm_engine_out_drop(engine);
    mvm_engine_in_drop(engine);
    if (engine->host_gone) {
        engine->guest_unseen = true;
        engine->guest_unseen_count = count;
        return;
    }
    if (verdict != MVM_CLIP_RECEIVED) {
        engine->guest_count = count;
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, verdict, NULL);
        return;
    }
    engine->fetch_count = count;
    engine->fetch_types = types & engine->guest_types;
    engine->fetch_forced = forced;
    engine->fetching = true;
    if ((types & MVM_CLIP_BIT(MVM_CLIP_TEXT)) != 0)
        engine->ops.guest_fetch(count, MVM_CLIP_TEXT, engine->data);
    else
        decide(engine, NULL, NULL);
}

void
mvm_engine_guest_fetched(MvmEngine *engine, uint32_t count, MvmClipType type, GBytes *bytes,
                         const GError *error)
{
    if (bytes != NULL)
        engine->blocked_until = 0;
    if (engine->fetching && count == engine->fetch_count && type == MVM_CLIP_TEXT) {
        decide(engine, bytes, error);
    } else if (engine->own_id != 0 && (engine->requested & MVM_CLIP_BIT(type)) != 0) {
        engine->requested &= ~MVM_CLIP_BIT(type);
        if (error != NULL && !g_error_matches(error, MVM_ERROR, MVM_ERROR_CONFLICT))
            mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_SKIPPED, error);
        engine->ops.host_provide(engine->own_id, type, bytes, engine->data);
    }
}

void
mvm_engine_host_requested(MvmEngine *engine, uint64_t own_id, MvmClipType type)
{
    if (own_id != engine->own_id || !engine->guest_here) {
        engine->ops.host_provide(own_id, type, NULL, engine->data);
        return;
    }
    engine->requested |= MVM_CLIP_BIT(type);
    engine->ops.guest_fetch(engine->own_count, type, engine->data);
}

void
mvm_engine_host_disowned(MvmEngine *engine, uint64_t own_id, const GError *error)
{
    if (own_id != engine->own_id)
        return;
    engine->own_id = 0;
    engine->requested = 0;
    if (error != NULL) {
        engine->host_has_last = false;
        mvm_engine_tell(engine, MVM_DIRECTION_TO_HOST, MVM_CLIP_FAILED, error);
    }
}

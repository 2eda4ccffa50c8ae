/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's way from host to guest: read all types, compare, write. */
#include "clip/engine-private.h"

#include "util/error.h"

void
mvm_engine_out_free(MvmOutgoing *out)
{
    g_clear_pointer(&out->content, mvm_clip_content_unref);
    g_clear_error(&out->failure);
    *out = (MvmOutgoing){0};
}

/* A secret was there whose text is not known. */
void
mvm_engine_out_miss_secret(MvmEngine *engine)
{
    engine->secret_echo_until = engine->ops.now(engine->data) + MVM_ENGINE_SECRET_ECHO;
}

/* The answers to what is being read are ignored from now on; a write that has not been committed is
 * taken back. */
void
mvm_engine_out_drop(MvmEngine *engine)
{
    if (engine->out.content != NULL && engine->out.secret)
        mvm_engine_out_miss_secret(engine);
    engine->push_wanted = engine->push_wanted || engine->out.forced;
    mvm_engine_out_free(&engine->out);
    if (engine->flying != NULL && engine->guest_here && engine->ops.guest_cancel(engine->data)) {
        g_clear_pointer(&engine->flying, mvm_clip_content_unref);
        engine->push_wanted = engine->push_wanted || engine->flying_forced;
        engine->flying_forced = false;
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_LATE, NULL);
    }
}

/* A keyed hash, so that the password itself need not be kept. The caller frees. */
static char *
mac_of(const MvmEngine *engine, GBytes *text)
{
    gsize len = 0;
    const guchar *bytes = g_bytes_get_data(text, &len);

    return g_compute_hmac_for_data(G_CHECKSUM_SHA256, engine->secret_key,
                                   sizeof(engine->secret_key), bytes, len);
}

static void
remember_secret(MvmEngine *engine)
{
    GBytes *text = mvm_clip_content_get(engine->out.content, MVM_CLIP_TEXT);

    if (text == NULL) {
        mvm_engine_out_miss_secret(engine);
        return;
    }
    engine->secret_echo_until = 0; /* what comes next is compared with this */
    g_clear_pointer(&engine->secret_mac, g_free);
    if (g_bytes_get_size(text) > 0)
        engine->secret_mac = mac_of(engine, text);
    engine->secret_until = engine->ops.now(engine->data) + MVM_ENGINE_SECRET;
}

static bool
is_known_secret(const MvmEngine *engine)
{
    GBytes *text = mvm_clip_content_get(engine->out.content, MVM_CLIP_TEXT);
    g_autofree char *mac = NULL;

    if (engine->secret_mac == NULL || text == NULL ||
        engine->ops.now(engine->data) > engine->secret_until)
        return false;
    mac = mac_of(engine, text);
    return g_str_equal(mac, engine->secret_mac);
}

/* One picture is enough: PNG before TIFF, which is not compressed as a rule. */
static MvmClipTypes
choose_types(const MvmEngine *engine)
{
    MvmClipTypes types = engine->host_types;

    if (engine->host_secret)
        return types & MVM_CLIP_BIT(MVM_CLIP_TEXT);
    if (engine->guest_here)
        types &= engine->guest_types;
    if ((types & MVM_CLIP_BIT(MVM_CLIP_PNG)) != 0)
        types &= ~MVM_CLIP_BIT(MVM_CLIP_TIFF);
    return types;
}

void
mvm_engine_out_start(MvmEngine *engine)
{
    MvmClipTypes types = choose_types(engine);

    mvm_engine_out_free(&engine->out);
    if (types == 0) {
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST,
                        engine->host_secret ? MVM_CLIP_SECRET : MVM_CLIP_NOTHING, NULL);
        return;
    }
    engine->out = (MvmOutgoing){
        .content = mvm_clip_content_new(NULL, false),
        .generation = engine->generation,
        .unread = types,
        .secret = engine->host_secret,
    };
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        if ((types & MVM_CLIP_BIT(i)) != 0)
            engine->ops.host_read(engine->generation, (MvmClipType)i, engine->data);
    }
}

void
mvm_engine_out_clear(MvmEngine *engine)
{
    mvm_engine_out_free(&engine->out);
    engine->out.content = mvm_clip_content_new(NULL, false);
    if (engine->guest_here)
        mvm_engine_out_send(engine);
}

/* Gives out to the guest, or leaves it where it is while the guest is away or busy. */
void
mvm_engine_out_send(MvmEngine *engine)
{
    g_autoptr(GError) error = NULL;

    if (!engine->guest_here || engine->flying != NULL || engine->out.unread != 0)
        return;
    engine->flying = g_steal_pointer(&engine->out.content);
    engine->flying_generation = engine->out.generation;
    engine->flying_forced = engine->out.forced;
    mvm_engine_out_free(&engine->out);
    if (engine->ops.guest_write(engine->flying, &error, engine->data))
        return;
    g_clear_pointer(&engine->flying, mvm_clip_content_unref);
    mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_FAILED, error);
}

/* One type is not to be had; the others are. */
static void
note_failure(MvmEngine *engine, const GError *error)
{
    if (engine->out.failure == NULL)
        engine->out.failure = g_error_copy(error);
    else
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SKIPPED, error);
}

/* All types have been read. */
static void
decide(MvmEngine *engine)
{
    MvmOutgoing *out = &engine->out;
    MvmClipTypes types = mvm_clip_content_get_types(out->content);
    g_autoptr(GError) failure = g_steal_pointer(&out->failure);

    if (failure != NULL && types != 0)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SKIPPED, failure);
    if (out->secret) {
        remember_secret(engine);
        mvm_engine_out_free(out);
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SECRET, NULL);
    } else if (types == 0) {
        mvm_engine_out_free(out);
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_FAILED, failure);
    } else if (is_known_secret(engine)) {
        mvm_engine_out_free(out);
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SECRET, NULL);
    } else if (engine->flying == NULL && engine->guest_has_last &&
               mvm_engine_is_last(engine, out->content, types)) {
        engine->host_has_last = true;
        mvm_engine_out_free(out);
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_SAME, NULL);
    } else {
        mvm_engine_out_send(engine);
    }
}

void
mvm_engine_host_bytes(MvmEngine *engine, uint64_t generation, MvmClipType type, GBytes *bytes,
                      const GError *error)
{
    MvmOutgoing *out = &engine->out;
    g_autoptr(GError) too_long = NULL;

    if (out->content == NULL || generation != out->generation ||
        (out->unread & MVM_CLIP_BIT(type)) == 0)
        return;
    if (g_error_matches(error, MVM_ERROR, MVM_ERROR_CANCELLED)) {
        if (out->secret)
            mvm_engine_out_miss_secret(engine);
        engine->push_wanted = engine->push_wanted || out->forced;
        mvm_engine_out_free(out); /* the clipboard has changed: the new offer follows */
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_LATE, NULL);
        return;
    }
    out->unread &= ~MVM_CLIP_BIT(type);
    if (bytes != NULL && !mvm_clip_content_set(out->content, type, bytes, &too_long))
        error = too_long;
    if (error != NULL)
        note_failure(engine, error);
    if (out->unread == 0)
        decide(engine);
}

void
mvm_engine_guest_written(MvmEngine *engine, uint32_t count, bool own)
{
    g_autoptr(MvmClipContent) content = g_steal_pointer(&engine->flying);
    bool forced = engine->flying_forced;
    MvmClipTypes types = 0;

    if (content == NULL)
        return;
    types = mvm_clip_content_get_types(content);
    if (own) /* else the change that was in the way is still to be dealt with */
        engine->guest_count = count;
    if (!own || types == 0)
        mvm_engine_set_last(engine, NULL, 0, false);
    else
        mvm_engine_set_last(engine, content, types, true);
    if (engine->flying_generation != engine->generation || engine->own_id != 0)
        engine->host_has_last = false;
    if (!own)
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST, MVM_CLIP_LATE, NULL);
    else
        mvm_engine_tell(engine, MVM_DIRECTION_TO_GUEST,
                        types == 0 ? MVM_CLIP_CLEARED : MVM_CLIP_SENT, NULL);
    engine->flying_forced = false;
    if (engine->out.content != NULL)
        mvm_engine_out_send(engine);
    else if (forced && !own)
        mvm_engine_push(engine);
}

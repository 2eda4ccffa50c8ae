/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/holding.h"

#include "util/error.h"

#define WAITERS_MAX 64

typedef struct {
    int format;
    MvmClipGiveFunc give;
    void *waiter;
} Waiter;

/* A type that was promised, and requested. */
typedef struct {
    MvmClipHolding *holding;
    MvmClipType type;
    GSource *timer; /* set while the request is open */
} Promise;

struct MvmClipHolding {
    MvmClipBackend *backend; /* borrowed */
    uint64_t own_id;
    MvmClipContent *content; /* ours alone, so that what is provided can be added */
    MvmClipTypes promised;   /* without those that were provided */
    bool latin1;             /* the text can be offered as ISO 8859-1 */
    Promise promises[MVM_CLIP_TYPE_COUNT];
    GArray *waiters; /* of Waiter */
};

/* Adds what can be added to the holding's content. */
static bool
keep(MvmClipHolding *holding, MvmClipType type, GBytes *bytes)
{
    if (!mvm_clip_content_set(holding->content, type, bytes, NULL))
        return false;
    holding->promised &= ~MVM_CLIP_BIT(type);
    return true;
}

MvmClipHolding *
mvm_clip_holding_new(MvmClipBackend *backend, uint64_t own_id, const MvmClipContent *content,
                     MvmClipTypes promised)
{
    MvmClipHolding *holding = g_new0(MvmClipHolding, 1);
    GBytes *text = mvm_clip_content_get(content, MVM_CLIP_TEXT);

    holding->backend = backend;
    holding->own_id = own_id;
    holding->content = mvm_clip_content_new(mvm_clip_content_get_origin(content),
                                            mvm_clip_content_is_secret(content));
    holding->promised = promised;
    holding->latin1 = text != NULL && mvm_clip_utf8_is_latin1(text);
    holding->waiters = g_array_new(FALSE, FALSE, sizeof(Waiter));
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++) {
        GBytes *bytes = mvm_clip_content_get(content, (MvmClipType)i);

        holding->promises[i] = (Promise){.holding = holding, .type = (MvmClipType)i};
        if (bytes != NULL)
            keep(holding, (MvmClipType)i, bytes);
    }
    return holding;
}

static GBytes *
bytes_in_format(const MvmClipHolding *holding, int format)
{
    GBytes *bytes = mvm_clip_content_get(holding->content, mvm_clip_formats[format].type);

    if (bytes == NULL)
        return NULL;
    return mvm_clip_formats[format].latin1 ? mvm_clip_latin1_from_utf8(bytes) : g_bytes_ref(bytes);
}

static void
give(const MvmClipHolding *holding, const Waiter *waiter)
{
    g_autoptr(GBytes) bytes = bytes_in_format(holding, waiter->format);

    waiter->give(waiter->waiter, bytes);
}

/* Gives those who wait for type what there is, even when that is nothing. */
static void
settle(MvmClipHolding *holding, MvmClipType type)
{
    mvm_clip_timer_clear(&holding->promises[type].timer);
    for (unsigned i = 0; i < holding->waiters->len;) {
        Waiter waiter = g_array_index(holding->waiters, Waiter, i);

        if (mvm_clip_formats[waiter.format].type != type) {
            i++;
            continue;
        }
        g_array_remove_index(holding->waiters, i);
        give(holding, &waiter);
    }
}

void
mvm_clip_holding_free(MvmClipHolding *holding)
{
    if (holding == NULL)
        return;
    for (int i = 0; i < MVM_CLIP_TYPE_COUNT; i++)
        settle(holding, (MvmClipType)i);
    g_array_unref(holding->waiters);
    mvm_clip_content_unref(holding->content);
    g_free(holding);
}

uint64_t
mvm_clip_holding_get_id(const MvmClipHolding *holding)
{
    return holding->own_id;
}

const MvmClipContent *
mvm_clip_holding_get_content(const MvmClipHolding *holding)
{
    return holding->content;
}

bool
mvm_clip_holding_offers(const MvmClipHolding *holding, int format)
{
    const MvmClipFormat *known = &mvm_clip_formats[format];
    MvmClipTypes types = holding->promised | mvm_clip_content_get_types(holding->content);

    if (known->latin1 && !holding->latin1)
        return false;
    return known->offer && (types & MVM_CLIP_BIT(known->type)) != 0;
}

static gboolean
not_provided(void *data)
{
    Promise *promise = data;

    settle(promise->holding, promise->type);
    return G_SOURCE_REMOVE;
}

/* Asks for type, unless that was done and is not answered yet. */
static void
request(MvmClipHolding *holding, MvmClipType type)
{
    MvmClipBackend *backend = holding->backend;
    Promise *promise = &holding->promises[type];

    if (promise->timer != NULL)
        return;
    mvm_clip_timer_set(&promise->timer, backend->context, MVM_CLIP_PROMISE_MS, not_provided,
                       promise);
    backend->callbacks->requested(backend, holding->own_id, type, backend->data);
}

void
mvm_clip_holding_ask(MvmClipHolding *holding, int format, MvmClipGiveFunc give_func, void *waiter)
{
    MvmClipType type = mvm_clip_formats[format].type;
    Waiter asked = {.format = format, .give = give_func, .waiter = waiter};

    if ((holding->promised & MVM_CLIP_BIT(type)) == 0) {
        give(holding, &asked);
        return;
    }
    if (holding->waiters->len >= WAITERS_MAX) {
        give_func(waiter, NULL);
        return;
    }
    g_array_append_val(holding->waiters, asked);
    request(holding, type);
}

void
mvm_clip_holding_provide(MvmClipHolding *holding, MvmClipType type, GBytes *bytes)
{
    if (bytes != NULL)
        keep(holding, type, bytes);
    settle(holding, type);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clip/engine.h"
#include "util/error.h"

#include <string.h>

#define TEXT MVM_CLIP_BIT(MVM_CLIP_TEXT)
#define HTML MVM_CLIP_BIT(MVM_CLIP_HTML)
#define PNG MVM_CLIP_BIT(MVM_CLIP_PNG)
#define TIFF MVM_CLIP_BIT(MVM_CLIP_TIFF)
#define ALL (MVM_CLIP_BIT(MVM_CLIP_TYPE_COUNT) - 1)
#define SECOND ((int64_t)G_USEC_PER_SEC)

/* Both sides as the engine sees them; what it orders is written down in said. */
typedef struct {
    MvmEngine *engine;
    GString *said; /* orders and outcomes, separated by spaces */
    int64_t now;
    uint64_t generation, own_id;
    uint32_t count;
    MvmClipContent *written; /* a reference: the last guest_write() */
    MvmClipContent *owned;   /* a reference: the last host_own() */
    MvmClipTypes promised;
    bool can_cancel, refuses;
} Lab;

static const char *
name_of(MvmClipType type)
{
    static const char *const names[] = {"text", "html", "rtf", "png", "tiff"};

    return names[type];
}

static int64_t
fake_now(void *data)
{
    return ((Lab *)data)->now;
}

static void
fake_host_read(uint64_t generation, MvmClipType type, void *data)
{
    Lab *lab = data;

    g_assert_cmpuint(generation, ==, lab->generation);
    g_string_append_printf(lab->said, "read-%s ", name_of(type));
}

static uint64_t
fake_host_own(MvmClipContent *content, MvmClipTypes promised, void *data)
{
    Lab *lab = data;

    g_clear_pointer(&lab->owned, mvm_clip_content_unref);
    lab->owned = mvm_clip_content_ref(content);
    lab->promised = promised;
    g_string_append(lab->said, "own ");
    return ++lab->own_id;
}

static void
fake_host_provide(uint64_t own_id, MvmClipType type, GBytes *bytes, void *data)
{
    Lab *lab = data;

    g_string_append_printf(lab->said, bytes != NULL ? "provide-%s " : "deny-%s ", name_of(type));
}

static bool
fake_guest_write(MvmClipContent *content, GError **error, void *data)
{
    Lab *lab = data;

    if (lab->refuses) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, "no");
        return false;
    }
    g_clear_pointer(&lab->written, mvm_clip_content_unref);
    lab->written = mvm_clip_content_ref(content);
    g_string_append(lab->said, "write ");
    return true;
}

static bool
fake_guest_cancel(void *data)
{
    Lab *lab = data;

    if (lab->can_cancel)
        g_string_append(lab->said, "cancel ");
    return lab->can_cancel;
}

static void
fake_guest_fetch(uint32_t count, MvmClipType type, void *data)
{
    Lab *lab = data;

    g_string_append_printf(lab->said, "fetch-%s ", name_of(type));
}

static void
fake_guest_report(uint32_t count, void *data)
{
    g_string_append(((Lab *)data)->said, "report ");
}

static void
fake_outcome(MvmDirection direction, MvmClipOutcome outcome, const GError *error, void *data)
{
    static const char *const names[] = {"SENT",    "RECEIVED", "CLEARED", "SAME",   "SECRET",
                                        "NOTHING", "LATE",     "BLOCKED", "FAILED", "SKIPPED"};
    Lab *lab = data;

    g_string_append_printf(lab->said, "%s ", names[outcome]);
}

static void
lab_init(Lab *lab, MvmDirection direction)
{
    static const MvmEngineOps ops = {fake_now,          fake_host_read,    fake_host_own,
                                     fake_host_provide, fake_guest_write,  fake_guest_cancel,
                                     fake_guest_fetch,  fake_guest_report, fake_outcome};

    *lab = (Lab){.said = g_string_new(NULL), .now = 1000 * SECOND, .count = 10};
    lab->engine = mvm_engine_new(&ops, direction, lab);
}

static void
lab_clear(Lab *lab)
{
    mvm_engine_free(lab->engine);
    g_string_free(lab->said, TRUE);
    g_clear_pointer(&lab->written, mvm_clip_content_unref);
    g_clear_pointer(&lab->owned, mvm_clip_content_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lab, lab_clear)

/* What was ordered and told since the last call. */
static void
assert_said(Lab *lab, const char *expected)
{
    g_strchomp(lab->said->str);
    g_assert_cmpstr(lab->said->str, ==, expected);
    g_string_truncate(lab->said, 0);
}

static void
offer(Lab *lab, MvmClipOffer what)
{
    what.generation = ++lab->generation;
    mvm_engine_host_changed(lab->engine, &what);
}

static void
host_bytes(Lab *lab, MvmClipType type, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    mvm_engine_host_bytes(lab->engine, lab->generation, type, bytes, NULL);
}

/* A copy of text on the host up to the guest's answer. */
static void
host_copy(Lab *lab, const char *text)
{
    offer(lab, (MvmClipOffer){.types = TEXT});
    host_bytes(lab, MVM_CLIP_TEXT, text);
}

static void
written(Lab *lab)
{
    mvm_engine_guest_written(lab->engine, ++lab->count, true);
}

static void
guest_change(Lab *lab, MvmClipTypes types)
{
    mvm_engine_guest_changed(lab->engine, ++lab->count, types, false);
}

static void
fetched(Lab *lab, MvmClipType type, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    mvm_engine_guest_fetched(lab->engine, lab->count, type, bytes, NULL);
}

static void
fetch_failed(Lab *lab, uint32_t count, int code)
{
    g_autoptr(GError) error = g_error_new_literal(MVM_ERROR, code, "no");

    mvm_engine_guest_fetched(lab->engine, count, MVM_CLIP_TEXT, NULL, error);
}

static void
guest_copy(Lab *lab, const char *text)
{
    guest_change(lab, TEXT);
    fetched(lab, MVM_CLIP_TEXT, text);
}

static void
assert_text(MvmClipContent *content, const char *text)
{
    GBytes *bytes = mvm_clip_content_get(content, MVM_CLIP_TEXT);

    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

/* Connected, with nothing on either side. */
static void
connect_lab(Lab *lab)
{
    mvm_engine_guest_ready(lab->engine, lab->count, ALL);
}

static void
test_nothing_at_connect(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    offer(&lab, (MvmClipOffer){.types = TEXT, .initial = true});
    connect_lab(&lab);
    assert_said(&lab, "");
    /* Copied while nobody was there for the first time. */
    mvm_engine_guest_gone(lab.engine, false);
    mvm_engine_guest_forget(lab.engine);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    connect_lab(&lab);
    assert_said(&lab, "");
}

static void
test_both_ways(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    host_copy(&lab, "one");
    assert_said(&lab, "read-text write");
    assert_text(lab.written, "one");
    written(&lab);
    assert_said(&lab, "SENT");
    guest_copy(&lab, "two");
    assert_said(&lab, "fetch-text own RECEIVED");
    assert_text(lab.owned, "two");
    g_assert_cmpuint(lab.promised, ==, 0);
    g_assert_cmpuint(mvm_engine_get_sent(lab.engine), ==, 1);
    g_assert_cmpuint(mvm_engine_get_received(lab.engine), ==, 1);
}

static void
test_alternating(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    for (int i = 0; i < 500; i++) {
        g_autofree char *text = g_strdup_printf("copy %d", i % 7);

        host_copy(&lab, text);
        written(&lab);
        /* A clipboard manager on each side copies again what it sees. */
        host_copy(&lab, text);
        guest_copy(&lab, text);
        g_free(text);
        text = g_strdup_printf("guest %d", i % 5);
        guest_copy(&lab, text);
        host_copy(&lab, text);
        guest_copy(&lab, text);
    }
    g_assert_cmpuint(mvm_engine_get_sent(lab.engine), ==, 500);
    g_assert_cmpuint(mvm_engine_get_received(lab.engine), ==, 500);
}

static void
test_same(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    host_copy(&lab, "a");
    written(&lab);
    host_copy(&lab, "a");
    assert_said(&lab, "read-text write SENT read-text SAME");
    /* More types than crossed is something else. */
    offer(&lab, (MvmClipOffer){.types = TEXT | HTML});
    host_bytes(&lab, MVM_CLIP_TEXT, "a");
    host_bytes(&lab, MVM_CLIP_HTML, "<b>a</b>");
    written(&lab);
    assert_said(&lab, "read-text read-html write SENT");
    /* The guest has changed: the same text must cross once more. */
    guest_change(&lab, 0);
    host_copy(&lab, "a");
    assert_said(&lab, "NOTHING read-text write");
}

static void
test_echo_by_origin(void)
{
    g_auto(Lab) lab = {0};
    g_autofree char *origin = NULL;

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_copy(&lab, "x");
    origin = g_strdup(mvm_clip_content_get_origin(lab.owned));
    g_assert_nonnull(origin);
    g_string_truncate(lab.said, 0);
    mvm_engine_host_disowned(lab.engine, lab.own_id, NULL);
    offer(&lab, (MvmClipOffer){.types = TEXT, .origin = origin});
    assert_said(&lab, "");
    /* Another macvm's content is a copy like any other. */
    offer(&lab, (MvmClipOffer){.types = TEXT, .origin = "macvm-0000000000000000-1"});
    assert_said(&lab, "read-text");
}

static void
test_secret(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT | HTML, .secret = true});
    host_bytes(&lab, MVM_CLIP_TEXT, "hunter2");
    assert_said(&lab, "read-text SECRET");
    host_copy(&lab, "hunter2");
    assert_said(&lab, "read-text SECRET");
    host_copy(&lab, "other");
    assert_said(&lab, "read-text write");
    written(&lab);
    lab.now += 601 * SECOND;
    host_copy(&lab, "hunter2");
    assert_said(&lab, "SENT read-text write");
    mvm_engine_guest_changed(lab.engine, 99, TEXT, true);
    assert_said(&lab, "SECRET");
    g_assert_cmpuint(mvm_engine_get_received(lab.engine), ==, 0);
}

static void
cancelled(Lab *lab)
{
    g_autoptr(GError) error = g_error_new_literal(MVM_ERROR, MVM_ERROR_CANCELLED, "changed");

    mvm_engine_host_bytes(lab->engine, lab->generation, MVM_CLIP_TEXT, NULL, error);
}

/* A clipboard manager takes a marked text over before it could be read, and without the mark. */
static void
test_secret_taken_over(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT, .secret = true});
    cancelled(&lab);
    host_copy(&lab, "hunter2");
    assert_said(&lab, "read-text LATE read-text SECRET");
    host_copy(&lab, "hunter2");
    assert_said(&lab, "read-text SECRET");
    host_copy(&lab, "other");
    assert_said(&lab, "read-text write");
    written(&lab);
    /* Or between the two nobody owns the clipboard. */
    offer(&lab, (MvmClipOffer){.empty = true, .secret = true});
    written(&lab);
    host_copy(&lab, "password1");
    assert_said(&lab, "SENT write CLEARED read-text SECRET");
    /* Or a copy in the guest comes in between. */
    lab.now += 2 * SECOND;
    offer(&lab, (MvmClipOffer){.types = TEXT, .secret = true});
    guest_copy(&lab, "mine");
    host_copy(&lab, "password2");
    assert_said(&lab, "read-text fetch-text own RECEIVED read-text SECRET");
    /* One whose text cannot be read makes nobody forget the one before. */
    lab.now += 2 * SECOND;
    offer(&lab, (MvmClipOffer){.types = TEXT, .secret = true});
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_TEXT, NULL, NULL);
    lab.now += 2 * SECOND;
    host_copy(&lab, "password2");
    assert_said(&lab, "read-text SECRET read-text SECRET");
}

/* A password on the clipboard before the agent came to be is known again, too. */
static void
test_secret_at_connect(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT, .secret = true, .initial = true});
    host_bytes(&lab, MVM_CLIP_TEXT, "hunter2");
    host_copy(&lab, "hunter2");
    assert_said(&lab, "read-text SECRET read-text SECRET");
}

static void
test_secret_while_away(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    mvm_engine_guest_gone(lab.engine, false);
    offer(&lab, (MvmClipOffer){.types = TEXT, .secret = true});
    host_bytes(&lab, MVM_CLIP_TEXT, "hunter2");
    connect_lab(&lab);
    assert_said(&lab, "read-text SECRET");
}

static void
test_clear(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.empty = true});
    assert_said(&lab, "");
    host_copy(&lab, "secret after all");
    written(&lab);
    offer(&lab, (MvmClipOffer){.empty = true});
    assert_said(&lab, "read-text write SENT write");
    g_assert_cmpuint(mvm_clip_content_get_types(lab.written), ==, 0);
    written(&lab);
    assert_said(&lab, "CLEARED");
    g_assert_cmpuint(mvm_engine_get_sent(lab.engine), ==, 1);
    /* Not what the guest copied itself. */
    host_copy(&lab, "x");
    written(&lab);
    guest_copy(&lab, "mine");
    g_string_truncate(lab.said, 0);
    offer(&lab, (MvmClipOffer){.empty = true});
    assert_said(&lab, "");
}

static void
test_clear_while_writing(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    host_copy(&lab, "x");
    offer(&lab, (MvmClipOffer){.empty = true});
    written(&lab);
    assert_said(&lab, "read-text write SENT write");
    written(&lab);
    assert_said(&lab, "CLEARED");
}

static void
test_newest_host_copy(void)
{
    g_auto(Lab) lab = {0};
    g_autoptr(GBytes) old = g_bytes_new("old", 3);

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    offer(&lab, (MvmClipOffer){.types = TEXT});
    mvm_engine_host_bytes(lab.engine, lab.generation - 1, MVM_CLIP_TEXT, old, NULL);
    assert_said(&lab, "read-text read-text");
    host_bytes(&lab, MVM_CLIP_TEXT, "b");
    host_copy(&lab, "c"); /* b is on its way and cannot be taken back */
    assert_said(&lab, "write read-text");
    written(&lab);
    assert_said(&lab, "SENT write");
    assert_text(lab.written, "c");
    lab.can_cancel = true;
    host_copy(&lab, "d");
    assert_said(&lab, "cancel LATE read-text write");
    assert_text(lab.written, "d");
}

static void
test_conflict_guest_later(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    guest_change(&lab, TEXT);
    host_bytes(&lab, MVM_CLIP_TEXT, "host");
    fetched(&lab, MVM_CLIP_TEXT, "guest");
    assert_said(&lab, "read-text fetch-text own RECEIVED");
}

static void
test_conflict_host_later(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, TEXT);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    fetched(&lab, MVM_CLIP_TEXT, "guest");
    host_bytes(&lab, MVM_CLIP_TEXT, "host");
    written(&lab);
    assert_said(&lab, "fetch-text LATE read-text write SENT");
}

/* The guest copied just before our write arrived, or just after it. */
static void
test_conflict_in_flight(void)
{
    g_auto(Lab) lab = {0};
    uint32_t overwritten = 0;

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    host_copy(&lab, "host");
    guest_change(&lab, TEXT);
    overwritten = lab.count;
    written(&lab);
    fetch_failed(&lab, overwritten, MVM_ERROR_CONFLICT);
    assert_said(&lab, "read-text write fetch-text SENT LATE");
    host_copy(&lab, "host again");
    mvm_engine_guest_written(lab.engine, ++lab.count, false);
    guest_copy(&lab, "guest");
    assert_said(&lab, "read-text write LATE fetch-text own RECEIVED");
    /* What arrived in between is not what both sides hold. */
    host_copy(&lab, "host again");
    assert_said(&lab, "read-text write");
}

/* A write that came too late is no reason to forget the guest's copy, when the connection ends
 * before that arrived. */
static void
test_conflict_and_gap(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    host_copy(&lab, "host");
    guest_change(&lab, TEXT);
    mvm_engine_guest_written(lab.engine, lab.count, false);
    mvm_engine_guest_gone(lab.engine, false);
    mvm_engine_guest_ready(lab.engine, lab.count, ALL);
    assert_said(&lab, "read-text write fetch-text LATE report");
}

static void
test_gap(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    mvm_engine_guest_gone(lab.engine, false);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    lab.now += 59 * SECOND;
    connect_lab(&lab);
    assert_said(&lab, "read-text");
    host_bytes(&lab, MVM_CLIP_TEXT, "x");
    mvm_engine_guest_gone(lab.engine, false); /* before its answer */
    connect_lab(&lab);
    assert_said(&lab, "write write");
    written(&lab);
    mvm_engine_guest_gone(lab.engine, false);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    lab.now += 61 * SECOND;
    connect_lab(&lab);
    assert_said(&lab, "SENT");
}

static void
test_gap_guest(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    mvm_engine_guest_gone(lab.engine, false);
    lab.count++;
    connect_lab(&lab);
    assert_said(&lab, "report");
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    mvm_engine_guest_gone(lab.engine, false); /* before the text came */
    connect_lab(&lab);
    assert_said(&lab, "fetch-text report");
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    fetched(&lab, MVM_CLIP_TEXT, "x");
    assert_said(&lab, "fetch-text own RECEIVED");
    mvm_engine_guest_gone(lab.engine, false);
    lab.count++;
    lab.now += 61 * SECOND;
    connect_lab(&lab);
    assert_said(&lab, "");
}

static void
test_blocked(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, TEXT);
    host_copy(&lab, "this way is free");
    mvm_engine_guest_gone(lab.engine, true);
    connect_lab(&lab);
    written(&lab);
    assert_said(&lab, "fetch-text LATE read-text write BLOCKED write SENT");
    guest_change(&lab, TEXT);
    assert_said(&lab, "BLOCKED");
    lab.now += 61 * SECOND;
    guest_change(&lab, TEXT);
    assert_said(&lab, "fetch-text");
}

static void
test_directions(void)
{
    g_auto(Lab) to_guest = {0};
    g_auto(Lab) to_host = {0};

    lab_init(&to_guest, MVM_DIRECTION_TO_GUEST);
    connect_lab(&to_guest);
    guest_change(&to_guest, TEXT);
    host_copy(&to_guest, "x");
    assert_said(&to_guest, "read-text write");
    lab_init(&to_host, MVM_DIRECTION_TO_HOST);
    connect_lab(&to_host);
    host_copy(&to_host, "x");
    guest_change(&to_host, TEXT);
    assert_said(&to_host, "fetch-text");
}

static void
test_promises(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, TEXT | PNG | TIFF);
    fetched(&lab, MVM_CLIP_TEXT, "t");
    g_assert_cmpuint(lab.promised, ==, PNG | TIFF);
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_PNG);
    fetched(&lab, MVM_CLIP_PNG, "png");
    assert_said(&lab, "fetch-text own RECEIVED fetch-png provide-png");
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_TIFF);
    mvm_engine_guest_gone(lab.engine, false);
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_PNG);
    assert_said(&lab, "fetch-tiff deny-tiff deny-png");
}

static void
test_picture_only(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, TIFF);
    assert_said(&lab, "own RECEIVED");
    g_assert_cmpuint(lab.promised, ==, TIFF);
    offer(&lab, (MvmClipOffer){.types = PNG | TIFF});
    assert_said(&lab, "read-png");
}

static void
test_failures(void)
{
    g_auto(Lab) lab = {0};
    g_autoptr(GError) error = g_error_new_literal(MVM_ERROR, MVM_ERROR_FAILED, "too long");
    g_autoptr(GError) changed = g_error_new_literal(MVM_ERROR, MVM_ERROR_CANCELLED, "changed");

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    /* One type that cannot be had does not keep the other from crossing. */
    offer(&lab, (MvmClipOffer){.types = TEXT | PNG});
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_PNG, NULL, error);
    host_bytes(&lab, MVM_CLIP_TEXT, "x");
    written(&lab);
    assert_said(&lab, "read-text read-png SKIPPED write SENT");
    offer(&lab, (MvmClipOffer){.types = TEXT | PNG});
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_PNG, NULL, error);
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_TEXT, NULL, error);
    assert_said(&lab, "read-text read-png SKIPPED FAILED");
    offer(&lab, (MvmClipOffer){.types = TEXT});
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_TEXT, NULL, error);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    mvm_engine_host_bytes(lab.engine, lab.generation, MVM_CLIP_TEXT, NULL, changed);
    assert_said(&lab, "read-text FAILED read-text LATE");
    lab.refuses = true;
    host_copy(&lab, "y");
    assert_said(&lab, "read-text FAILED");
    guest_change(&lab, TEXT | PNG);
    fetch_failed(&lab, lab.count, MVM_ERROR_FAILED);
    assert_said(&lab, "fetch-text SKIPPED own RECEIVED");
    guest_change(&lab, TEXT);
    fetch_failed(&lab, lab.count, MVM_ERROR_NOT_FOUND);
    assert_said(&lab, "fetch-text FAILED");
    mvm_engine_host_disowned(lab.engine, lab.own_id, error);
    assert_said(&lab, "FAILED");
}

static void
test_push_pull(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    mvm_engine_push(lab.engine);
    mvm_engine_pull(lab.engine);
    offer(&lab, (MvmClipOffer){.types = TEXT, .initial = true});
    connect_lab(&lab);
    host_bytes(&lab, MVM_CLIP_TEXT, "there before");
    assert_said(&lab, "read-text report write");
    written(&lab);
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    fetched(&lab, MVM_CLIP_TEXT, "there before, too");
    assert_said(&lab, "SENT fetch-text own RECEIVED");
    offer(&lab, (MvmClipOffer){.empty = true});
    g_string_truncate(lab.said, 0);
    mvm_engine_push(lab.engine);
    assert_said(&lab, "NOTHING");
}

/* Nothing but what was asked for crosses. */
static void
test_only_what_was_asked_for(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_NONE);
    mvm_engine_pull(lab.engine);
    connect_lab(&lab);
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    fetched(&lab, MVM_CLIP_TEXT, "pulled");
    assert_said(&lab, "report fetch-text own RECEIVED");
    guest_change(&lab, TEXT);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    assert_said(&lab, "");
    mvm_engine_push(lab.engine);
    host_bytes(&lab, MVM_CLIP_TEXT, "pushed");
    assert_said(&lab, "read-text write");
}

/* Whoever asked gets an answer, also when somebody copies in the same moment. */
static void
test_asked_and_overtaken(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_NONE);
    connect_lab(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT, .initial = true});
    /* Another copy on the host, while it is read or sent. */
    mvm_engine_push(lab.engine);
    cancelled(&lab);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    host_bytes(&lab, MVM_CLIP_TEXT, "second");
    assert_said(&lab, "read-text LATE read-text write");
    lab.can_cancel = true;
    offer(&lab, (MvmClipOffer){.types = TEXT});
    host_bytes(&lab, MVM_CLIP_TEXT, "third");
    assert_said(&lab, "cancel LATE read-text write");
    /* A copy in the guest in the same moment. */
    guest_change(&lab, TEXT);
    mvm_engine_guest_written(lab.engine, lab.count, false);
    host_bytes(&lab, MVM_CLIP_TEXT, "third");
    written(&lab);
    assert_said(&lab, "LATE read-text write SENT");
    /* The same for a pull: a newer copy in the guest is it; one on the host is the end of it. */
    mvm_engine_pull(lab.engine);
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    guest_change(&lab, TEXT);
    fetch_failed(&lab, lab.count, MVM_ERROR_CONFLICT);
    guest_copy(&lab, "pulled");
    assert_said(&lab, "report fetch-text LATE fetch-text LATE fetch-text own RECEIVED");
    mvm_engine_pull(lab.engine);
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    offer(&lab, (MvmClipOffer){.types = TEXT});
    assert_said(&lab, "report fetch-text LATE FAILED");
}

/* The host's clipboard holds what the guest gave: it has that, or had. */
static void
test_push_back(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_TO_HOST);
    connect_lab(&lab);
    guest_copy(&lab, "from the guest");
    mvm_engine_push(lab.engine);
    assert_said(&lab, "fetch-text own RECEIVED SAME");
    mvm_engine_guest_changed(lab.engine, ++lab.count, TEXT, true);
    mvm_engine_push(lab.engine);
    assert_said(&lab, "SECRET write");
    assert_text(lab.written, "from the guest");
    written(&lab);
    assert_said(&lab, "SENT");
}

/* What was on the host's clipboard at first may be told only when it is no longer there. */
static void
test_late_initial(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, TEXT | PNG);
    offer(&lab, (MvmClipOffer){.types = TEXT, .initial = true});
    fetched(&lab, MVM_CLIP_TEXT, "t");
    offer(&lab, (MvmClipOffer){.types = TEXT, .initial = true});
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_PNG);
    assert_said(&lab, "fetch-text own RECEIVED fetch-png");
}

static void
test_display_gone(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_copy(&lab, "x");
    mvm_engine_host_gone(lab.engine);
    g_string_truncate(lab.said, 0);
    mvm_engine_host_back(lab.engine);
    guest_copy(&lab, "x"); /* the new display does not have it */
    assert_said(&lab, "fetch-text own RECEIVED");
    /* What is copied meanwhile crosses later, and only then counts. */
    mvm_engine_host_gone(lab.engine);
    guest_change(&lab, TEXT);
    guest_change(&lab, TEXT);
    assert_said(&lab, "");
    mvm_engine_host_back(lab.engine);
    mvm_engine_guest_changed(lab.engine, lab.count, TEXT, false);
    fetched(&lab, MVM_CLIP_TEXT, "y");
    assert_said(&lab, "report fetch-text own RECEIVED");
    /* But not after a long time. */
    mvm_engine_host_gone(lab.engine);
    guest_change(&lab, TEXT);
    lab.now += 61 * SECOND;
    mvm_engine_host_back(lab.engine);
    mvm_engine_guest_gone(lab.engine, false);
    connect_lab(&lab);
    assert_said(&lab, "");
}

/* From osascript to pbcopy, or back: what lies there is no copy, and what was promised is gone. */
static void
test_renumber(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, PNG);
    mvm_engine_guest_gone(lab.engine, false);
    mvm_engine_guest_renumber(lab.engine, 12345);
    mvm_engine_guest_ready(lab.engine, 12345, TEXT);
    assert_said(&lab, "own RECEIVED");
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_PNG);
    assert_said(&lab, "deny-png");
}

/* A guest that was started anew may count to the same number. */
static void
test_promise_of_an_earlier_run(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, MVM_DIRECTION_BOTH);
    connect_lab(&lab);
    guest_change(&lab, PNG);
    assert_said(&lab, "own RECEIVED");
    mvm_engine_guest_gone(lab.engine, false);
    mvm_engine_guest_forget(lab.engine);
    connect_lab(&lab);
    mvm_engine_host_requested(lab.engine, lab.own_id, MVM_CLIP_PNG);
    assert_said(&lab, "deny-png");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nothing-at-connect", test_nothing_at_connect);
    g_test_add_func("/both-ways", test_both_ways);
    g_test_add_func("/alternating", test_alternating);
    g_test_add_func("/same", test_same);
    g_test_add_func("/echo-by-origin", test_echo_by_origin);
    g_test_add_func("/secret", test_secret);
    g_test_add_func("/secret-taken-over", test_secret_taken_over);
    g_test_add_func("/secret-at-connect", test_secret_at_connect);
    g_test_add_func("/secret-while-away", test_secret_while_away);
    g_test_add_func("/clear", test_clear);
    g_test_add_func("/clear-while-writing", test_clear_while_writing);
    g_test_add_func("/newest-host-copy", test_newest_host_copy);
    g_test_add_func("/conflict/guest-later", test_conflict_guest_later);
    g_test_add_func("/conflict/host-later", test_conflict_host_later);
    g_test_add_func("/conflict/in-flight", test_conflict_in_flight);
    g_test_add_func("/conflict/and-gap", test_conflict_and_gap);
    g_test_add_func("/gap/host", test_gap);
    g_test_add_func("/gap/guest", test_gap_guest);
    g_test_add_func("/blocked", test_blocked);
    g_test_add_func("/directions", test_directions);
    g_test_add_func("/promises", test_promises);
    g_test_add_func("/picture-only", test_picture_only);
    g_test_add_func("/failures", test_failures);
    g_test_add_func("/push-pull", test_push_pull);
    g_test_add_func("/only-what-was-asked-for", test_only_what_was_asked_for);
    g_test_add_func("/asked-and-overtaken", test_asked_and_overtaken);
    g_test_add_func("/push-back", test_push_back);
    g_test_add_func("/late-initial", test_late_initial);
    g_test_add_func("/display-gone", test_display_gone);
    g_test_add_func("/promise-of-an-earlier-run", test_promise_of_an_earlier_run);
    g_test_add_func("/renumber", test_renumber);
    return g_test_run();
}

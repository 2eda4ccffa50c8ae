/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The link with the production agent and pbcopy under the mock of tests/guest. */
#include "clip/counter.h"
#include "clip/link.h"

#include <glib/gstdio.h>
#include <signal.h>

typedef struct {
    GMainContext *context;
    MvmLink *link;
    char *board; /* the mock pasteboard's folder */
    unsigned ready, down, failed, dead;
    char *agent; /* of the last hello, owned */
    MvmGuestEnd end;
} Lab;

static void
on_ready(const MvmGuestHello *hello, void *data)
{
    Lab *lab = data;

    g_free(lab->agent);
    lab->agent = g_strdup(hello->agent);
    lab->ready++;
}

static void
on_changed(uint32_t count, MvmClipTypes types, bool secret, void *data)
{
}

static void
on_fetched(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
}

static void
on_written(uint32_t count, bool own, void *data)
{
}

static void
on_presence(bool absent, void *data)
{
}

static void
on_down(MvmGuestEnd end, const GError *error, void *data)
{
    Lab *lab = data;

    lab->end = end;
    lab->down++;
}

static void
on_failed(const GError *error, void *data)
{
    ((Lab *)data)->failed++;
}

static void
on_dead(const GError *error, void *data)
{
    ((Lab *)data)->dead++;
}

static void
wait_for(Lab *lab, const unsigned *counter, unsigned value)
{
    clip_counter_wait(lab->context, counter, value);
}

static void
lab_init(Lab *lab)
{
    static const MvmLinkEvents events = {on_ready,    on_changed, on_fetched, on_written,
                                         on_presence, on_down,    on_failed,  on_dead};
    g_autofree char *program = g_test_build_filename(G_TEST_DIST, "guest", "ssh", NULL);
    g_autofree char *source = g_path_get_dirname(g_test_get_dir(G_TEST_DIST));

    *lab = (Lab){.context = g_main_context_new(), .board = g_dir_make_tmp("macvm-XXXXXX", NULL)};
    g_setenv("MACVM_SSH", program, TRUE);
    g_setenv("MACVM_DATA_DIR", source, TRUE);
    g_setenv("MOCK_PASTEBOARD", lab->board, TRUE);
    lab->link =
        mvm_link_new(mvm_ssh_target_new("u", "h", 22, NULL, NULL), lab->context, &events, lab);
}

static void
lab_clear(Lab *lab)
{
    const char *argv[] = {"rm", "-rf", lab->board, NULL};

    mvm_link_free(lab->link);
    g_main_context_unref(lab->context);
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    g_free(lab->board);
    g_free(lab->agent);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lab, lab_clear)

/* A guest whose osascript says nothing while it starts up gets the whole service later. */
static void
test_upgrade(void)
{
    g_auto(Lab) lab = {0};
    g_autofree char *folder = NULL;
    g_autofree char *deaf = NULL;

    lab_init(&lab);
    folder = g_build_filename(lab.board, ".mock", NULL);
    deaf = g_build_filename(folder, "deaf", NULL);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(deaf, "", 0, NULL));
    mvm_link_set_upgrade(lab.link, 500);
    mvm_link_resume(lab.link);
    wait_for(&lab, &lab.ready, 1);
    g_assert_cmpstr(lab.agent, ==, "pbcopy");
    g_assert_cmpint(g_remove(deaf), ==, 0);
    wait_for(&lab, &lab.down, 1);
    g_assert_cmpint(lab.end, ==, MVM_GUEST_RENEW);
    g_assert_null(mvm_link_get_guest(lab.link));
    wait_for(&lab, &lab.ready, 2);
    if (g_strcmp0(lab.agent, "osascript") != 0)
        g_test_skip("the mock of osascript does not run: libduktape207 is missing");
    g_assert_nonnull(mvm_link_get_guest(lab.link));
    g_assert_cmpuint(lab.failed + lab.dead, ==, 0);
    g_assert_true(mvm_link_pause(lab.link));
    g_assert_null(mvm_link_get_guest(lab.link));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/upgrade", test_upgrade);
    return g_test_run();
}

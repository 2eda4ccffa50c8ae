/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the guest: ssh's command line, and both kinds of guest with the production agent under
 * the mock of tests/guest, run by a stand-in for ssh. */
#include "clip/counter.h"
#include "clip/guest.h"
#include "clip/transport.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/ssh.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

typedef struct {
    GMainContext *context;
    MvmSshTarget *target;
    MvmGuest *guest;
    char *board; /* the mock pasteboard's folder */
    /* What has happened. */
    MvmGuestHello hello;
    unsigned ready, changed, fetched, written, gone;
    uint32_t count;
    MvmClipTypes types;
    bool secret, own;
    GBytes *bytes; /* a reference, or NULL */
    GError *error; /* owned, or NULL */
    MvmGuestEnd end;
} Lab;

static void
on_ready(const MvmGuestHello *hello, void *data)
{
    Lab *lab = data;

    lab->hello = *hello;
    lab->ready++;
}

static void
on_changed(uint32_t count, MvmClipTypes types, bool secret, void *data)
{
    Lab *lab = data;

    lab->count = count;
    lab->types = types;
    lab->secret = secret;
    lab->changed++;
}

static void
on_fetched(uint32_t count, MvmClipType type, GBytes *bytes, const GError *error, void *data)
{
    Lab *lab = data;

    g_clear_pointer(&lab->bytes, g_bytes_unref);
    g_clear_error(&lab->error);
    lab->bytes = bytes != NULL ? g_bytes_ref(bytes) : NULL;
    lab->error = error != NULL ? g_error_copy(error) : NULL;
    lab->fetched++;
}

static void
on_written(uint32_t count, bool own, void *data)
{
    Lab *lab = data;

    lab->count = count;
    lab->own = own;
    lab->written++;
}

static void
on_presence(bool absent, void *data)
{
}

static void
on_gone(MvmGuestEnd end, const GError *error, void *data)
{
    Lab *lab = data;

    lab->end = end;
    lab->gone++;
    g_assert_true(error != NULL || end == MVM_GUEST_RENEW);
    g_clear_pointer(&lab->guest, mvm_guest_free); /* as the link does */
}

static const MvmGuestEvents events = {on_ready,   on_changed,  on_fetched,
                                      on_written, on_presence, on_gone};

static void
wait_for(Lab *lab, const unsigned *counter, unsigned value)
{
    clip_counter_wait(lab->context, counter, value);
}

static void
lab_init(Lab *lab, const char *ssh)
{
    g_autofree char *program = g_test_build_filename(G_TEST_DIST, "guest", ssh, NULL);
    g_autofree char *source = g_path_get_dirname(g_test_get_dir(G_TEST_DIST));

    *lab = (Lab){.context = g_main_context_new(), .board = g_dir_make_tmp("macvm-XXXXXX", NULL)};
    g_setenv("MACVM_SSH", program, TRUE);
    g_setenv("MACVM_DATA_DIR", source, TRUE);
    g_setenv("MOCK_PASTEBOARD", lab->board, TRUE);
    lab->target = mvm_ssh_target_new("u", "h", 22, NULL, NULL);
    g_assert_nonnull(lab->target);
}

static void
remove_tree(const char *folder)
{
    const char *argv[] = {"rm", "-rf", folder, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}

static void
lab_clear(Lab *lab)
{
    mvm_guest_free(lab->guest);
    mvm_ssh_target_free(lab->target);
    g_main_context_unref(lab->context);
    g_clear_pointer(&lab->bytes, g_bytes_unref);
    g_clear_error(&lab->error);
    remove_tree(lab->board);
    g_free(lab->board);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lab, lab_clear)

/* A file of the mock pasteboard. */
static void
put(Lab *lab, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(lab->board, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
assert_file(Lab *lab, const char *name, const void *data, size_t len)
{
    g_autofree char *path = g_build_filename(lab->board, name, NULL);
    size_t size = 0;
    g_autofree char *text = mvm_file_read(path, 64 << 20, &size, NULL);

    g_assert_nonnull(text);
    g_assert_cmpmem(text, size, data, len);
}

static bool
start_osascript(Lab *lab)
{
    g_autoptr(GError) error = NULL;

    lab->guest = mvm_guest_new_osascript(lab->target, lab->context, &events, lab, &error);
    g_assert_no_error(error);
    while (lab->ready == 0 && lab->gone == 0)
        g_main_context_iteration(lab->context, TRUE);
    if (lab->gone == 0)
        return true;
    g_test_skip("the mock of osascript does not run: libduktape207 is missing");
    return false;
}

static void
write_content(Lab *lab, const char *text, size_t text_len, const void *png, size_t png_len)
{
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, false);
    g_autoptr(GBytes) bytes = g_bytes_new(text, text_len);
    g_autoptr(GBytes) picture = g_bytes_new(png, png_len);

    if (text != NULL)
        g_assert_true(mvm_clip_content_set(content, MVM_CLIP_TEXT, bytes, NULL));
    if (png != NULL)
        g_assert_true(mvm_clip_content_set(content, MVM_CLIP_PNG, picture, NULL));
    g_assert_true(mvm_guest_write(lab->guest, content, NULL));
}

static void
test_write(void)
{
    g_auto(Lab) lab = {0};
    size_t len = 3 * 1024 * 1024 + 7;
    g_autofree char *png = g_malloc(len);

    for (size_t i = 0; i < len; i++)
        png[i] = (char)(i * 31 + i / 251);
    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    g_assert_cmpstr(lab.hello.agent, ==, "osascript");
    g_assert_false(lab.hello.absent);
    write_content(&lab, "a\0\xc3\xa9\n\n", 6, png, len);
    wait_for(&lab, &lab.written, 1);
    g_assert_true(lab.own);
    assert_file(&lab, "public.utf8-plain-text", "a\0\xc3\xa9\n\n", 6);
    assert_file(&lab, "public.png", png, len);
    write_content(&lab, "", 0, NULL, 0);
    wait_for(&lab, &lab.written, 2);
    assert_file(&lab, "public.utf8-plain-text", "", 0);
    write_content(&lab, NULL, 0, NULL, 0); /* clears */
    wait_for(&lab, &lab.written, 3);
    g_assert_cmpuint(lab.changed, ==, 0);
}

static void
test_cancel(void)
{
    g_auto(Lab) lab = {0};
    size_t len = 24 * 1024 * 1024;
    g_autofree char *png = g_malloc0(len);

    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    g_assert_false(mvm_guest_cancel(lab.guest));
    write_content(&lab, NULL, 0, png, len); /* more than the pipes hold */
    g_assert_true(mvm_guest_cancel(lab.guest));
    write_content(&lab, "kept", 4, NULL, 0);
    g_assert_false(mvm_guest_cancel(lab.guest)); /* committed at once */
    wait_for(&lab, &lab.written, 1);
    assert_file(&lab, "public.utf8-plain-text", "kept", 4);
}

/* What was put before the count may be told by itself as well. */
static void
wait_for_count(Lab *lab, uint32_t count)
{
    while (lab->count != count)
        wait_for(lab, &lab->changed, lab->changed + 1);
}

static void
test_read(void)
{
    g_auto(Lab) lab = {0};
    unsigned changed = 0;

    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    put(&lab, "public.utf8-plain-text", "copied");
    put(&lab, "public.html", "<b>copied</b>");
    put(&lab, "com.example.other", "?");
    put(&lab, "changeCount", "7");
    wait_for_count(&lab, 7);
    g_assert_cmpuint(lab.types, ==, MVM_CLIP_BIT(MVM_CLIP_TEXT) | MVM_CLIP_BIT(MVM_CLIP_HTML));
    g_assert_false(lab.secret);
    mvm_guest_fetch(lab.guest, 7, MVM_CLIP_TEXT);
    wait_for(&lab, &lab.fetched, 1);
    g_assert_cmpmem(g_bytes_get_data(lab.bytes, NULL), g_bytes_get_size(lab.bytes), "copied", 6);
    mvm_guest_fetch(lab.guest, 7, MVM_CLIP_PNG);
    wait_for(&lab, &lab.fetched, 2);
    g_assert_error(lab.error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
    mvm_guest_fetch(lab.guest, 6, MVM_CLIP_TEXT);
    wait_for(&lab, &lab.fetched, 3);
    g_assert_error(lab.error, MVM_ERROR, MVM_ERROR_CONFLICT);
    changed = lab.changed;
    mvm_guest_report(lab.guest, 6);
    wait_for(&lab, &lab.changed, changed + 1);
    put(&lab, "public.file-url", "file:///Users/joe/copied"); /* the text is a file's name */
    put(&lab, "public.png", "png");
    put(&lab, "changeCount", "8");
    wait_for_count(&lab, 8);
    g_assert_cmpuint(lab.types, ==, MVM_CLIP_BIT(MVM_CLIP_PNG));
    put(&lab, "org.nspasteboard.ConcealedType", "");
    put(&lab, "changeCount", "9");
    wait_for_count(&lab, 9);
    g_assert_true(lab.secret);
}

/* An application empties the pasteboard first and fills it then, which is not counted. */
static void
test_filled_later(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    put(&lab, "changeCount", "3");
    wait_for(&lab, &lab.changed, 1);
    g_assert_cmpuint(lab.types, ==, 0);
    put(&lab, "public.png", "png");
    wait_for(&lab, &lab.changed, 2);
    g_assert_cmpuint(lab.types, ==, MVM_CLIP_BIT(MVM_CLIP_PNG));
    g_assert_cmpuint(lab.count, ==, 3);
}

static void
test_not_utf8(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    put(&lab, "public.utf8-plain-text", "\xff\xfe");
    put(&lab, "changeCount", "2");
    wait_for(&lab, &lab.changed, 1);
    mvm_guest_fetch(lab.guest, 2, MVM_CLIP_TEXT);
    wait_for(&lab, &lab.fetched, 1);
    g_assert_null(lab.bytes);
    g_assert_error(lab.error, MVM_ERROR, MVM_ERROR_FAILED);
}

/* A read hangs, and a write waits behind it: noticed soon. */
static void
test_blocked(void)
{
    g_auto(Lab) lab = {0};
    g_autofree char *flag = NULL;
    int64_t start = 0;

    lab_init(&lab, "ssh");
    if (!start_osascript(&lab))
        return;
    put(&lab, ".mock/hang-read", "");
    put(&lab, "public.utf8-plain-text", "x");
    put(&lab, "changeCount", "2");
    wait_for(&lab, &lab.changed, 1);
    mvm_guest_fetch(lab.guest, 2, MVM_CLIP_TEXT);
    start = g_get_monotonic_time();
    write_content(&lab, "waits", 5, NULL, 0);
    wait_for(&lab, &lab.gone, 1);
    g_assert_cmpint(lab.end, ==, MVM_GUEST_BLOCKED);
    g_assert_cmpint(g_get_monotonic_time() - start, <, MVM_GUEST_SILENCE_MS * 1000);
    flag = g_build_filename(lab.board, ".mock/hang-read", NULL);
    g_remove(flag);
}

static void
test_pbcopy(void)
{
    g_auto(Lab) lab = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmClipContent) content = mvm_clip_content_new(NULL, false);
    g_autoptr(GBytes) rtf = g_bytes_new_static("{\\rtf1}", 7);

    lab_init(&lab, "ssh");
    lab.guest = mvm_guest_new_pbcopy(lab.target, lab.context, &events, &lab, &error);
    g_assert_no_error(error);
    wait_for(&lab, &lab.ready, 1);
    g_assert_cmpuint(lab.hello.types, ==, MVM_CLIP_BIT(MVM_CLIP_TEXT));
    write_content(&lab, "f\xc3\xbcr\n\n", 6, NULL, 0);
    wait_for(&lab, &lab.written, 1);
    assert_file(&lab, "public.utf8-plain-text", "f\xc3\xbcr\n\n", 6);
    wait_for(&lab, &lab.changed, 1); /* the loop sees what was written */
    g_assert_cmpuint(lab.count, !=, lab.hello.count);
    mvm_clip_content_set(content, MVM_CLIP_TEXT, rtf, NULL);
    g_assert_false(mvm_guest_write(lab.guest, content, &error));
    mvm_guest_report(lab.guest, lab.count);
    wait_for(&lab, &lab.changed, 2);
    mvm_guest_fetch(lab.guest, lab.count - 1, MVM_CLIP_TEXT);
    mvm_guest_fetch(lab.guest, lab.count, MVM_CLIP_TEXT);
    wait_for(&lab, &lab.fetched, 1);
    g_assert_error(lab.error, MVM_ERROR, MVM_ERROR_CONFLICT);
    wait_for(&lab, &lab.fetched, 2);
    g_assert_cmpmem(g_bytes_get_data(lab.bytes, NULL), g_bytes_get_size(lab.bytes),
                    "f\xc3\xbcr\n\n", 6);
    /* The next connection knows that it is the same. */
    mvm_guest_free(lab.guest);
    lab.guest = mvm_guest_new_pbcopy(lab.target, lab.context, &events, &lab, NULL);
    wait_for(&lab, &lab.ready, 2);
    g_assert_cmpuint(lab.hello.count, ==, lab.count);
}

/* A login shell over there that ends well before it ran anything. */
static void
test_ends_at_once(void)
{
    g_auto(Lab) lab = {0};

    lab_init(&lab, "ssh");
    g_setenv("MACVM_SSH", "/bin/true", TRUE);
    lab.guest = mvm_guest_new_osascript(lab.target, lab.context, &events, &lab, NULL);
    wait_for(&lab, &lab.gone, 1);
    g_assert_cmpint(lab.end, ==, MVM_GUEST_SILENT);
    lab.guest = mvm_guest_new_pbcopy(lab.target, lab.context, &events, &lab, NULL);
    wait_for(&lab, &lab.gone, 2);
    g_assert_cmpint(lab.end, ==, MVM_GUEST_SILENT);
}

/* argv as one line. */
static char *
line_of(const MvmSshTarget *target, MvmSshShare share)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = mvm_ssh_target_to_argv(target, share, "command", &error);

    g_assert_no_error(error);
    return g_strjoinv(" ", argv);
}

static void
test_argv(void)
{
    g_autoptr(MvmSshTarget) target = mvm_ssh_target_new("joe", "127.0.0.1", 2222, "macvm-1", NULL);
    g_autofree char *known = mvm_path_user_data("known_hosts.d/macvm-1");
    g_autofree char *through = NULL;
    g_autofree char *first = line_of(target, MVM_SSH_ALONE);
    g_autofree char *later = NULL;
    g_autofree char *anew = NULL;
    g_autofree char *strict = NULL;
    g_autofree char *rider = line_of(target, MVM_SSH_RIDER);
    g_autofree char *master = NULL;
    g_autofree char *socket = g_strndup(strstr(rider, "ControlPath=\"") + 13,
                                        strcspn(strstr(rider, "ControlPath=\"") + 13, "\""));

    g_assert_true(g_str_has_suffix(first, " -p 2222 -l joe -- 127.0.0.1 command"));
    target->proxy = g_strdup("ssh -W 127.0.0.1:2222 kvm");
    through = line_of(target, MVM_SSH_ALONE);
    g_clear_pointer(&target->proxy, g_free);
    g_assert_nonnull(strstr(through, " ProxyCommand=ssh -W 127.0.0.1:2222 kvm "));
    g_assert_nonnull(strstr(first, " HostKeyAlias=macvm-1 "));
    g_assert_nonnull(strstr(first, " StrictHostKeyChecking=accept-new "));
    g_assert_nonnull(strstr(first, " BatchMode=yes "));
    g_assert_nonnull(strstr(first, " ControlPath=none "));
    g_assert_nonnull(strstr(rider, "/ssh-"));
    /* A master that was killed left this. */
    g_assert_true(g_file_set_contents(socket, "", 0, NULL));
    master = line_of(target, MVM_SSH_MASTER);
    g_assert_nonnull(strstr(master, " ControlMaster=yes "));
    g_assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_set_contents(known, "macvm-1 ssh-ed25519 AAAA\n", -1, NULL));
    later = line_of(target, MVM_SSH_ALONE);
    g_assert_nonnull(strstr(later, " StrictHostKeyChecking=yes "));
    g_assert_true(mvm_ssh_forget_host_key("macvm-1", NULL));
    g_assert_true(mvm_ssh_forget_host_key("macvm-1", NULL));
    anew = line_of(target, MVM_SSH_ALONE);
    g_assert_nonnull(strstr(anew, " StrictHostKeyChecking=accept-new "));
    /* A machine is not trusted at first sight. */
    target->known = true;
    strict = line_of(target, MVM_SSH_ALONE);
    g_assert_nonnull(strstr(strict, " StrictHostKeyChecking=yes "));
    g_assert_nonnull(strstr(strict, " HostName=127.0.0.1 "));
    g_assert_nonnull(strstr(strict, " ProxyCommand=none "));
}

static void
test_target(void)
{
    const struct {
        const char *text, *user, *host;
        unsigned port;
    } good[] = {
        {"mac", NULL, "mac", 0},
        {"joe@mac.local:2222", "joe", "mac.local", 2222},
        {"[::1]:22", NULL, "::1", 22},
        {"fe80::1%eth0", NULL, "fe80::1%eth0", 0},
        {"joe@[fe80::1]", "joe", "fe80::1", 0},
        {"a@b@c", "a@b", "c", 0},
    };
    const char *bad[] = {"",      "-oProxyCommand=x", "joe@",  "@mac",
                         "mac:0", "mac:65536",        "mac:x", "a b",
                         "$(x)",  "-l@mac",           "mac;x", "`x`@mac"};

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(MvmSshTarget) target = mvm_ssh_target_parse(good[i].text, NULL);

        g_assert_nonnull(target);
        g_assert_cmpstr(target->user, ==, good[i].user);
        g_assert_cmpstr(target->host, ==, good[i].host);
        g_assert_cmpuint(target->port, ==, good[i].port);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(mvm_ssh_target_parse(bad[i], &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
    }
}

static void
test_classify(void)
{
    const struct {
        const char *said;
        MvmTransportEnd end;
    } cases[] = {
        {"u@h: Permission denied (publickey).", MVM_TRANSPORT_AUTH},
        {"Host key verification failed.", MVM_TRANSPORT_HOST_KEY},
        {"ssh: connect to host h port 2222: Connection refused", MVM_TRANSPORT_REFUSED},
        {"Connection timed out during banner exchange", MVM_TRANSPORT_REFUSED},
        {"ssh: Could not resolve hostname h: Name or service not known", MVM_TRANSPORT_REFUSED},
        {"client_loop: send disconnect: Broken pipe", MVM_TRANSPORT_LOST},
        {"", MVM_TRANSPORT_LOST},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mvm_transport_classify(cases[i].said), ==, cases[i].end);
}

int
main(int argc, char **argv)
{
    g_autofree char *home = NULL;
    int status = 0;

    signal(SIGPIPE, SIG_IGN);
    home = g_dir_make_tmp("macvm-XXXXXX", NULL);
    g_setenv("XDG_DATA_HOME", home, TRUE);
    g_setenv("XDG_RUNTIME_DIR", home, TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/osascript/write", test_write);
    g_test_add_func("/osascript/cancel", test_cancel);
    g_test_add_func("/osascript/read", test_read);
    g_test_add_func("/osascript/filled-later", test_filled_later);
    g_test_add_func("/osascript/not-utf8", test_not_utf8);
    g_test_add_func("/osascript/blocked", test_blocked);
    g_test_add_func("/pbcopy", test_pbcopy);
    g_test_add_func("/ends-at-once", test_ends_at_once);
    g_test_add_func("/ssh/argv", test_argv);
    g_test_add_func("/ssh/target", test_target);
    g_test_add_func("/ssh/classify", test_classify);
    status = g_test_run();
    remove_tree(home);
    return status;
}

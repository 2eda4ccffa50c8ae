/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with an existing machine, as far as libvirt's test driver and a socket can show. */
#include "ops/banner.h"
#include "ops/clip-state.h"
#include "ops/guest-ssh.h"
#include "ops/machine.h"
#include "ops/power.h"
#include "ops/screen.h"
#include "ops/screenshot.h"
#include "ops/undefine.h"
#include "util/error.h"
#include "util/file.h"
#include "virt/domain-list.h"
#include "virt/watch.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NS "xmlns:macvm='" MVM_XML_NS_MACVM "'"
#define DOMAIN(name, state, metadata)                                                              \
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>" name      \
    "</name><metadata>" metadata "</metadata><memory unit='MiB'>1024</memory><vcpu>3</vcpu><os>"   \
    "<type>hvm</type></os><test:runstate>" state "</test:runstate></domain>"

#define SHUTOFF "5"
#define RUNNING "1"
#define PAUSED "3"

typedef struct {
    char *dir;
    MvmConnection *conn;
    MvmContext context;
} Fixture;

static void
setup(Fixture *f, gconstpointer nodes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *uri = NULL, *text = NULL;

    f->dir = g_dir_make_tmp("macvm-test-XXXXXX", &error);
    g_assert_no_error(error);
    file = g_build_filename(f->dir, "node.xml", NULL);
    text = g_strdup_printf("<node>%s</node>", (const char *)nodes);
    g_file_set_contents(file, text, -1, &error);
    g_assert_no_error(error);
    uri = g_strdup_printf("test://%s", file);
    f->conn = mvm_connection_open(uri, &error);
    g_assert_no_error(error);
    f->context = mvm_context(f->conn, NULL);
}

static void
teardown(Fixture *f, gconstpointer nodes)
{
    g_autofree char *file = g_build_filename(f->dir, "node.xml", NULL);

    mvm_connection_free(f->conn);
    g_remove(file);
    g_rmdir(f->dir);
    g_free(f->dir);
}

static const char several[] = DOMAIN("zoe", RUNNING,
                                     "<macvm:machine " NS
                                     " version='1' os='14'><macvm:ssh port='2222' user='joe'/>"
                                     "</macvm:machine>") DOMAIN("foreign", RUNNING, "")
    DOMAIN("adam", SHUTOFF, "<macvm:machine " NS " version='1' os='13'/>")
        DOMAIN("broken", SHUTOFF, "<macvm:machine " NS "><macvm:ssh port='x'/></macvm:machine>");

static void
test_list(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) machines = mvm_domain_list(f->conn, &error);
    const MvmDomainInfo *info = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(machines->len, ==, 3);
    info = machines->pdata[0];
    g_assert_cmpstr(info->name, ==, "adam");
    g_assert_cmpstr(info->metadata->os, ==, "13");
    g_assert_cmpint(info->state, ==, MVM_STATE_SHUT_OFF);
    info = machines->pdata[1];
    g_assert_cmpstr(info->name, ==, "broken");
    g_assert_null(info->metadata);
    info = machines->pdata[2];
    g_assert_cmpstr(info->name, ==, "zoe");
    g_assert_cmpint(info->metadata->ssh_port, ==, 2222);
    g_assert_cmpint(info->state, ==, MVM_STATE_RUNNING);
    g_assert_cmpuint(strlen(info->uuid), ==, 36);
}

static void
test_pick_several(Fixture *f, gconstpointer unused)
{
    g_autofree char *none = mvm_machine_pick(&f->context, NULL, NULL);
    g_autofree char *given = mvm_machine_pick(&f->context, "foreign", NULL);

    g_assert_cmpstr(none, ==, "macos");
    g_assert_cmpstr(given, ==, "foreign");
}

static const char single[] =
    DOMAIN("foreign", RUNNING, "") DOMAIN("only one \xc3\xa4'", SHUTOFF, "<macvm:machine " NS "/>");

static void
test_pick_only(Fixture *f, gconstpointer unused)
{
    g_autofree char *name = mvm_machine_pick(&f->context, NULL, NULL);

    g_assert_cmpstr(name, ==, "only one \xc3\xa4'");
}

static const char states[] = DOMAIN("on", RUNNING, "<macvm:machine " NS "/>")
    DOMAIN("off", SHUTOFF, "<macvm:machine " NS "/>")
        DOMAIN("paused", PAUSED, "<macvm:machine " NS "/>");

static void
test_conflicts(Fixture *f, gconstpointer unused)
{
    const MvmDownOptions gentle = {.timeout = 1};
    const MvmUndefineRequest on = {.name = "on"};
    g_autoptr(GError) up_on = NULL, up_paused = NULL, down_off = NULL, down_paused = NULL;
    g_autoptr(GError) undefine_on = NULL, picture_off = NULL, missing = NULL;

    g_assert_false(mvm_machine_up(&f->context, "on", 0, &up_on));
    g_assert_error(up_on, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(up_on->message, ==, "cannot start 'on': it is running");
    g_assert_false(mvm_machine_up(&f->context, "paused", 0, &up_paused));
    g_assert_error(up_paused, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(mvm_error_get_hint(up_paused), ==, "'virsh resume paused' lets it go on");
    g_assert_false(mvm_machine_down(&f->context, "off", &gentle, &down_off));
    g_assert_error(down_off, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_false(mvm_machine_down(&f->context, "paused", &gentle, &down_paused));
    g_assert_error(down_paused, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_false(mvm_machine_undefine(&f->context, &on, &undefine_on));
    g_assert_error(undefine_on, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_null(mvm_machine_screenshot(&f->context, "off", &picture_off));
    g_assert_error(picture_off, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_false(mvm_machine_up(&f->context, "nobody", 0, &missing));
    g_assert_error(missing, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

static void
test_force(Fixture *f, gconstpointer unused)
{
    const MvmDownOptions options = {.timeout = 1, .force = true};
    g_autoptr(MvmDomain) domain = mvm_domain_open(f->conn, "paused", NULL);
    g_autoptr(GError) error = NULL;
    MvmState state = MVM_STATE_UNKNOWN;

    g_assert_true(mvm_machine_down(&f->context, "paused", &options, &error));
    g_assert_no_error(error);
    g_assert_true(mvm_domain_get_state(domain, &state, NULL, NULL));
    g_assert_cmpint(state, ==, MVM_STATE_SHUT_OFF);
}

static void
test_watch(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmDomain) domain = mvm_domain_open(f->conn, "on", NULL);
    g_autoptr(MvmWatch) watch = mvm_watch_new(domain, &error);
    gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

    g_assert_no_error(error);
    g_assert_false(mvm_watch_has_stopped(watch));
    g_assert_cmpint(mvm_watch_get_state(watch, NULL), ==, MVM_STATE_RUNNING);
    g_assert_true(mvm_domain_destroy(domain, NULL));
    g_assert_true(mvm_watch_step(watch, until, &error));
    g_assert_no_error(error);
    g_assert_true(mvm_watch_has_stopped(watch));
    g_assert_true(mvm_domain_start(domain, false, NULL));
    g_assert_true(mvm_watch_step(watch, until, &error));
    g_assert_cmpint(mvm_watch_get_state(watch, NULL), ==, MVM_STATE_RUNNING);
    /* That it runs again does not make the stop undone. */
    g_assert_true(mvm_watch_has_stopped(watch));
    /* Nothing happens: the time is the end. */
    g_assert_true(mvm_watch_step(watch, g_get_monotonic_time() + 1000, &error));
    g_assert_no_error(error);
}

static void
test_ssh_argv(Fixture *f, gconstpointer unused)
{
    static const char *const command[] = {"ls", "-l", NULL};
    g_autoptr(MvmDomain) domain = mvm_domain_open(f->conn, "zoe", NULL);
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv =
        mvm_guest_ssh_argv(domain, metadata, MVM_GUEST_SSH_BATCH, command, &error);
    g_autofree char *alias = g_strdup_printf("HostKeyAlias=macvm-%s", mvm_domain_get_uuid(domain));
    g_autofree char *all = NULL;

    g_assert_no_error(error);
    all = g_strjoinv(" ", (char **)argv->pdata);
    g_assert_nonnull(strstr(all, alias));
    g_assert_nonnull(strstr(all, "StrictHostKeyChecking=accept-new"));
    g_assert_nonnull(strstr(all, "BatchMode=yes"));
    g_assert_true(g_str_has_suffix(all, " -p 2222 -l joe -- 127.0.0.1 ls -l"));

    metadata->ssh_port = 0;
    g_assert_null(mvm_guest_ssh_argv(domain, metadata, 0, NULL, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND);
}

/* A server that greets with text, or says nothing for NULL. */
static void *
serve(void *opaque)
{
    int *listener = ((void **)opaque)[0];
    const char *text = ((void **)opaque)[1];
    mvm_autofd client = accept(*listener, NULL, NULL);
    char byte = 0;

    g_assert_cmpint(client, >=, 0);
    if (text != NULL)
        g_assert_cmpint(write(client, text, strlen(text)), ==, (ssize_t)strlen(text));
    (void)!read(client, &byte, 1);
    return NULL;
}

static bool
ask_server(const char *text, int timeout_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    mvm_autofd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    void *args[] = {&fd, (void *)text};
    GThread *thread = NULL;
    bool answer = false;

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &len), ==, 0);
    thread = g_thread_new("server", serve, args);
    answer = mvm_banner_at("127.0.0.1", ntohs(address.sin_port), timeout_ms);
    g_thread_join(thread);
    return answer;
}

static void
test_banner(void)
{
    static const char *const greets[] = {"printf", "SSH-2.0-x\\r\\n", NULL};
    static const char *const silent[] = {"true", NULL};
    static const char *const missing[] = {"/nonexistent/program", NULL};

    g_assert_true(ask_server("SSH-2.0-test\r\n", 30000));
    g_assert_true(ask_server("welcome\r\nSSH-2.0-test\r\n", 30000));
    g_assert_false(ask_server("220 mail server\r\n", 100));
    g_assert_false(ask_server(NULL, 100));
    g_assert_false(mvm_banner_at("127.0.0.1", 1, 1000));
    g_assert_true(mvm_banner_of_command(greets, 30000));
    g_assert_false(mvm_banner_of_command(silent, 30000));
    g_assert_false(mvm_banner_of_command(missing, 1000));
}

/* The listening addresses of a domain, and the one of them that is not the host's loopback. */
static void
test_exposure(void)
{
    static const struct {
        const char *graphics, *exposure;
    } cases[] = {
        {"<graphics type='vnc'/>", NULL},
        {"<graphics type='vnc' listen='127.0.0.1'/>", NULL},
        {"<graphics type='vnc' listen='127.8.0.1'/>", NULL},
        {"<graphics type='vnc' listen='localhost'/>", NULL},
        {"<graphics type='spice'><listen type='address' address='::1'/></graphics>", NULL},
        {"<graphics type='spice'><listen type='socket' socket='/s'/></graphics>", NULL},
        {"<graphics type='vnc'><listen type='none'/></graphics>", NULL},
        {"<graphics type='vnc' listen='0.0.0.0'/>", "0.0.0.0"},
        {"<graphics type='vnc' listen='192.0.2.7'/>", "192.0.2.7"},
        {"<graphics type='vnc'><listen type='address' address='::'/></graphics>", "::"},
        {"<graphics type='vnc'><listen type='network' network='lan'/></graphics>", "lan"},
        {"<graphics type='vnc'/><graphics type='spice' listen='0.0.0.0'/>", "0.0.0.0"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml =
            g_strdup_printf("<domain><devices>%s</devices></domain>", cases[i].graphics);
        g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "test", NULL);
        g_autofree char *exposure = mvm_screen_exposure(doc);

        g_assert_cmpstr(exposure, ==, cases[i].exposure);
    }
}

static void
test_clip_lock(void)
{
    static const char uuid[] = "00000000-0000-0000-0000-000000000000";
    g_autofree char *path = mvm_clip_lock_path(uuid);
    g_autofree char *parent = g_path_get_dirname(path);
    mvm_autofd lock = -1;

    g_assert_true(g_str_has_prefix(path, g_get_user_runtime_dir()));
    g_assert_false(mvm_clip_is_running(uuid));
    g_assert_true(mvm_file_make_dir(parent, NULL));
    lock = mvm_file_lock(path, "test", NULL);
    g_assert_cmpint(lock, >=, 0);
    g_assert_true(mvm_clip_is_running(uuid));
    close(mvm_steal_fd(&lock));
    /* The file of an agent that died is still there. */
    g_assert_false(mvm_clip_is_running(uuid));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add("/life/list", Fixture, several, setup, test_list, teardown);
    g_test_add("/life/pick/several", Fixture, several, setup, test_pick_several, teardown);
    g_test_add("/life/pick/only", Fixture, single, setup, test_pick_only, teardown);
    g_test_add("/life/conflicts", Fixture, states, setup, test_conflicts, teardown);
    g_test_add("/life/force", Fixture, states, setup, test_force, teardown);
    g_test_add("/life/watch", Fixture, states, setup, test_watch, teardown);
    g_test_add("/life/ssh-argv", Fixture, several, setup, test_ssh_argv, teardown);
    g_test_add_func("/life/banner", test_banner);
    g_test_add_func("/life/exposure", test_exposure);
    g_test_add_func("/life/clip-lock", test_clip_lock);
    return g_test_run();
}

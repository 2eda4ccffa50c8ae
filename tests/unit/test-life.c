/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with an existing machine, as far as libvirt's test driver and a socket can show. */
#include "ops/awake.h"
#include "ops/banner.h"
#include "ops/clip-state.h"
#include "ops/guest-ssh.h"
#include "ops/machine.h"
#include "ops/port.h"
#include "ops/power.h"
#include "ops/remote-command.h"
#include "ops/screen.h"
#include "ops/screenshot.h"
#include "ops/undefine.h"
#include "util/child.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "virt/domain-list.h"
#include "virt/watch.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define NS "xmlns:macvm='" MVM_XML_NS_MACVM "'"
#define DOMAIN(name, state, metadata) DOMAIN_WITH(name, state, metadata, "")
#define DOMAIN_WITH(name, state, metadata, devices)                                                \
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>" name      \
    "</name><metadata>" metadata "</metadata><memory unit='MiB'>1024</memory><vcpu>3</vcpu><os>"   \
    "<type>hvm</type></os><devices>" devices "</devices><test:runstate>" state                     \
    "</test:runstate></domain>"
#define PASST "<backend type='passt'/>"
#define FORWARD(port)                                                                              \
    "<interface type='user'>" PASST "<portForward proto='tcp' address='127.0.0.1'>"                \
    "<range start='" port "' to='22'/></portForward></interface>"

#define SHUTOFF "5"
#define RUNNING "1"
#define PAUSED "3"

typedef struct {
    char *dir;
    MvmConnection *conn;
    MvmContext context;
} Fixture;

/* libvirt's test driver of 9.0 does not know passt, and takes its forwards without it. */
static void
write_nodes(const char *file, const char *nodes, bool passt)
{
    g_auto(GStrv) parts = g_strsplit(nodes, PASST, -1);
    g_autofree char *all = g_strjoinv(passt ? PASST : "", parts);
    g_autofree char *text = g_strdup_printf("<node>%s</node>", all);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(file, text, -1, &error);
    g_assert_no_error(error);
}

static void
setup(Fixture *f, gconstpointer nodes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *uri = NULL;

    f->dir = g_dir_make_tmp("macvm-test-XXXXXX", &error);
    g_assert_no_error(error);
    file = g_build_filename(f->dir, "node.xml", NULL);
    uri = g_strdup_printf("test://%s", file);
    write_nodes(file, nodes, true);
    f->conn = mvm_connection_open(uri, MVM_CONNECTION_TIMEOUT, NULL);
    if (f->conn == NULL) {
        write_nodes(file, nodes, false);
        f->conn = mvm_connection_open(uri, MVM_CONNECTION_TIMEOUT, &error);
    }
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

#define SSH(port)                                                                                  \
    "<macvm:machine " NS " version='1' os='14'><macvm:ssh port='" port                             \
    "' user='joe'/></macvm:machine>"

static const char several[] = DOMAIN_WITH("zoe", RUNNING, SSH("2222"), FORWARD("2222")) DOMAIN(
    "foreign", RUNNING, "") DOMAIN("adam", SHUTOFF, "<macvm:machine " NS " version='1' os='13'/>")
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

/* Keeps something as the host key of domain. */
static void
know_key(MvmDomain *domain)
{
    g_autofree char *name = g_strdup_printf("known_hosts.d/macvm-%s", mvm_domain_get_uuid(domain));
    g_autofree char *path = mvm_path_user_data(name);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_true(mvm_file_make_dir(folder, NULL));
    g_assert_true(g_file_set_contents(path, "key", -1, NULL));
}

static char *
ssh_line(MvmDomain *domain, MvmMetadata *metadata, MvmGuestSshUse use, GError **error)
{
    static const char *const command[] = {"ls", "-l", NULL};
    g_autoptr(GPtrArray) argv = mvm_guest_ssh_argv(domain, metadata, use, command, error);

    return argv != NULL ? g_strjoinv(" ", (char **)argv->pdata) : NULL;
}

static void
test_ssh_argv(Fixture *f, gconstpointer unused)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(f->conn, "zoe", NULL);
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *alias = g_strdup_printf("HostKeyAlias=macvm-%s", mvm_domain_get_uuid(domain));
    g_autofree char *login = ssh_line(domain, metadata, MVM_GUEST_SSH_LOGIN, NULL);
    g_autofree char *agent = ssh_line(domain, metadata, MVM_GUEST_SSH_LOGIN_AGENT, NULL);
    g_autofree char *act = ssh_line(domain, metadata, MVM_GUEST_SSH_ACT, &error);

    g_assert_nonnull(strstr(login, alias));
    g_assert_nonnull(strstr(login, " ForwardAgent=no "));
    g_assert_nonnull(strstr(login, " StrictHostKeyChecking=accept-new "));
    g_assert_true(g_str_has_suffix(login, " -p 2222 -l joe -- 127.0.0.1 ls -l"));
    g_assert_nonnull(strstr(agent, " ForwardAgent=yes "));
    /* What acts needs a key that was seen before. */
    g_assert_null(act);
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(error->message, ==, "cannot trust 'zoe': its host key is not known yet");
    know_key(domain);
    act = ssh_line(domain, metadata, MVM_GUEST_SSH_ACT, NULL);
    g_assert_nonnull(strstr(act, " BatchMode=yes "));
    g_assert_nonnull(strstr(act, " StrictHostKeyChecking=yes "));
}

/* What runs counts, and not what is remembered. */
static const char forwards[] =
    DOMAIN("gone", RUNNING, SSH("2222")) DOMAIN_WITH("moved", RUNNING, SSH("2222"), FORWARD("2300"))
        DOMAIN_WITH("new", RUNNING, "<macvm:machine " NS " version='1'/>", FORWARD("2301"))
            DOMAIN_WITH("bridged", RUNNING, SSH("2222"),
                        "<interface type='bridge'><source bridge='br0'/></interface>");

/* "HOST:PORT"; NULL with the error. */
static char *
way_to(Fixture *f, const char *name, GError **error)
{
    g_autoptr(MvmDomain) domain = mvm_domain_open(f->conn, name, NULL);
    g_autoptr(MvmMetadata) metadata = mvm_domain_get_metadata(domain, NULL);
    g_autoptr(MvmGuestAddress) address = mvm_guest_address_find(domain, metadata, error);

    return address != NULL ? mvm_ssh_join(address->host, address->port) : NULL;
}

static void
test_address(Fixture *f, gconstpointer unused)
{
    g_autofree char *moved = way_to(f, "moved", NULL);
    g_autofree char *with_new = way_to(f, "new", NULL);
    g_autofree char *bridged = way_to(f, "bridged", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(moved, ==, "127.0.0.1:2300");
    g_assert_cmpstr(with_new, ==, "127.0.0.1:2301");
    /* libvirt's test driver has made that one up. */
    g_assert_cmpstr(bridged, ==, "192.168.0.1:22");
    g_assert_null(way_to(f, "gone", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
}

/* Who has a port, running or not, macvm's or not. */
static const char ports[] = DOMAIN_WITH("a", RUNNING, SSH("2222"), FORWARD("2222"))
    DOMAIN_WITH("b", SHUTOFF, SSH("2222"), FORWARD("2222"))
        DOMAIN_WITH("foreign", RUNNING, "", FORWARD("2300"))
            DOMAIN_WITH("c", SHUTOFF, SSH("2300"), FORWARD("2300"))
                DOMAIN("edited", SHUTOFF, SSH("2301"))
                    DOMAIN_WITH("d", SHUTOFF, SSH("2302"), FORWARD("2302"));

static void
test_port_start(Fixture *f, gconstpointer unused)
{
    g_autoptr(MvmDomain) b = mvm_domain_open(f->conn, "b", NULL);
    g_autoptr(MvmDomain) c = mvm_domain_open(f->conn, "c", NULL);
    g_autoptr(MvmDomain) edited = mvm_domain_open(f->conn, "edited", NULL);
    g_autoptr(GError) taken = NULL, foreign = NULL;

    g_assert_false(mvm_port_check_start(&f->context, b, &taken));
    g_assert_error(taken, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(taken->message, ==,
                    "cannot start 'b': port 2222 of the host leads to 'a', which is running");
    g_assert_nonnull(strstr(mvm_error_get_hint(taken), "'macvm down a'"));
    g_assert_false(mvm_port_check_start(&f->context, c, &foreign));
    g_assert_cmpstr(foreign->message, ==,
                    "cannot start 'c': port 2300 of the host leads to 'foreign', which is running");
    g_assert_nonnull(strstr(mvm_error_get_hint(foreign), "'virsh shutdown foreign'"));
    g_assert_true(mvm_port_check_start(&f->context, edited, NULL));
    g_assert_true(mvm_port_is_shared(&f->context, "x", 2222));
    g_assert_true(mvm_port_is_shared(&f->context, "x", 2300));
    g_assert_true(mvm_port_is_shared(&f->context, "x", 2301));
    g_assert_false(mvm_port_is_shared(&f->context, "d", 2302));
    g_assert_false(mvm_port_is_shared(&f->context, "x", 2303));
}

static void
test_port_program(Fixture *f, gconstpointer unused)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    mvm_autofd fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_autoptr(MvmDomain) d = mvm_domain_open(f->conn, "d", NULL);
    g_autoptr(GError) error = NULL;
    int on = 1;

    address.sin_port = htons(2302);
    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), ==, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0) {
        g_test_skip("port 2302 is taken");
        return;
    }
    g_assert_false(mvm_port_check_start(&f->context, d, &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(error->message, ==,
                    "cannot start 'd': another program listens on its port 2302");
    g_assert_nonnull(strstr(mvm_error_get_hint(error), "macvm set d --ssh-port PORT"));
}

static void
test_moved(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(mvm_check_not_moved("m", MVM_STATE_RUNNING, "migrated", "start", NULL));
    g_assert_true(mvm_check_not_moved("m", MVM_STATE_SHUT_OFF, "shutdown", "start", NULL));
    g_assert_false(mvm_check_not_moved("m", MVM_STATE_SHUT_OFF, "migrated", "start", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
    g_assert_cmpstr(error->message, ==,
                    "cannot start 'm': it was migrated to another host and may run there");
}

static void
test_remote_command(void)
{
    static const char *const yes[] = {"yes", NULL};
    static const char *const fails[] = {"sh", "-c", "echo out; echo why >&2; exit 3", NULL};
    static const char *const stubborn[] = {"sh", "-c", "trap '' TERM; echo on; sleep 1000", NULL};
    g_autoptr(MvmRemoteCommand) endless = mvm_remote_command_start(yes);
    g_autoptr(MvmRemoteCommand) failed = mvm_remote_command_start(fails);
    MvmRemoteCommand *deaf = mvm_remote_command_start(stubborn);
    gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    while (mvm_remote_command_check(endless) == MVM_COMMAND_RUNS) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        (void)mvm_child_wait_fd(mvm_remote_command_get_fd(endless), POLLIN, until);
    }
    g_assert_cmpint(mvm_remote_command_check(endless), ==, MVM_COMMAND_FAILED);
    g_assert_cmpuint(strlen(mvm_remote_command_get_output(endless)), <=, 8192);
    while (mvm_remote_command_check(failed) == MVM_COMMAND_RUNS)
        g_assert_cmpint(g_get_monotonic_time(), <, until);
    g_assert_cmpstr(mvm_remote_command_get_output(failed), ==, "out\nwhy\n");
    /* It has set its trap once it has spoken. */
    g_assert_true(mvm_child_wait_fd(mvm_remote_command_get_fd(deaf), POLLIN, until));
    mvm_remote_command_free(deaf);
    g_assert_cmpint(g_get_monotonic_time(), <, until);
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
    g_test_add("/life/address", Fixture, forwards, setup, test_address, teardown);
    g_test_add("/life/port/start", Fixture, ports, setup, test_port_start, teardown);
    g_test_add("/life/port/program", Fixture, ports, setup, test_port_program, teardown);
    g_test_add_func("/life/moved", test_moved);
    g_test_add_func("/life/remote-command", test_remote_command);
    g_test_add_func("/life/banner", test_banner);
    g_test_add_func("/life/exposure", test_exposure);
    g_test_add_func("/life/clip-lock", test_clip_lock);
    return g_test_run();
}

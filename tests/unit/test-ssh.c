/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every kind of ssh command line that macvm makes, as ssh itself understands it ("ssh -G") with a
 * user's configuration that sets all that macvm decides to something else.
 */
#include "util/command.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/ssh.h"
#include "virt/endpoint.h"

#include <glib/gstdio.h>
#include <string.h>

static const char hostile[] = "Host *\nClearAllForwardings no\n"
                              "ForwardAgent yes\nForwardX11 yes\nForwardX11Trusted yes\n"
                              "LocalForward 9999 127.0.0.1:22\nRemoteForward 9998 127.0.0.1:22\n"
                              "DynamicForward 9997\nTunnel yes\nGSSAPIDelegateCredentials yes\n"
                              "PermitLocalCommand yes\nRemoteCommand evil\nLocalCommand evil\n"
                              "StdinNull yes\nForkAfterAuthentication yes\nSessionType none\n"
                              "ControlMaster auto\nControlPath /tmp/evil-%C\nControlPersist yes\n"
                              "RequestTTY force\nEscapeChar ~\nCompression yes\nLogLevel QUIET\n"
                              "VisualHostKey yes\nSetEnv EVIL=1\nBatchMode no\n"
                              "ConnectTimeout 1000\nConnectionAttempts 50\n"
                              "ServerAliveInterval 0\nServerAliveCountMax 99\n"
                              "HostName evil.example\nPort 666\nUser evil\n"
                              "AddressFamily inet6\nCanonicalizeHostname always\n"
                              "ProxyUseFdpass yes\nHostKeyAlias evil\n"
                              "UserKnownHostsFile /evil\nGlobalKnownHostsFile /evil\n"
                              "KnownHostsCommand /evil\nVerifyHostKeyDNS yes\n"
                              "NoHostAuthenticationForLocalhost yes\nCheckHostIP yes\n"
                              "HashKnownHosts yes\nUpdateHostKeys yes\n"
                              "StrictHostKeyChecking no\n";

typedef struct {
    char *dir, *config;
} Fixture;

static void
setup(Fixture *f, gconstpointer unused)
{
    f->dir = g_dir_make_tmp("macvm-test-XXXXXX", NULL);
    f->config = g_build_filename(f->dir, "config", NULL);
    g_assert_true(g_file_set_contents(f->config, hostile, -1, NULL));
    g_unsetenv("MACVM_SSH");
}

static void
teardown(Fixture *f, gconstpointer unused)
{
    g_remove(f->config);
    g_rmdir(f->dir);
    g_free(f->config);
    g_free(f->dir);
}

/* What ssh makes of argv with the hostile configuration, in lines "key value". drop: without the
 * option at that place of argv. NULL when ssh refuses it. */
static char *
ask_ssh(const Fixture *f, const GPtrArray *argv, guint drop)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autofree char *text = NULL;

    g_ptr_array_add(words, (char *)"ssh");
    g_ptr_array_add(words, (char *)"-G");
    g_ptr_array_add(words, (char *)"-F");
    g_ptr_array_add(words, f->config);
    for (guint i = 1; argv->pdata[i] != NULL; i++) {
        if (drop != 0 && (i == drop || i == drop + 1))
            continue;
        g_ptr_array_add(words, argv->pdata[i]);
    }
    g_ptr_array_add(words, NULL);
    text = mvm_command_run((const char *const *)words->pdata, NULL);
    return text != NULL ? g_strconcat("\n", text, NULL) : NULL;
}

static bool
has_line(const char *text, const char *line)
{
    g_autofree char *whole = g_strdup_printf("\n%s\n", line);

    return strstr(text, whole) != NULL;
}

static const char *const for_all[] = {
    "forwardx11 no",
    "tunnel false",
    "permitlocalcommand no",
    "stdinnull no",
    "forkafterauthentication no",
    "controlmaster false",
    "controlpersist no",
    "clearallforwardings yes",
};

static const char *const never_there[] = {
    "\nlocalforward",  "\nremoteforward", "\ndynamicforward",
    "\nremotecommand", "\ncontrolpath",   "\nproxyjump",
};

static const char *const for_programs[] = {
    "requesttty false", "escapechar none",  "compression no",
    "loglevel ERROR",   "visualhostkey no", "setenv MACVM=1",
};

static const char *const for_batch[] = {
    "batchmode yes",          "connecttimeout 5",      "connectionattempts 1",
    "serveraliveinterval 10", "serveralivecountmax 3",
};

static const char *const for_guests[] = {
    "hostname 127.0.0.1",
    "hostkeyalias macvm-1",
    "globalknownhostsfile /dev/null",
    "verifyhostkeydns false",
    "nohostauthenticationforlocalhost no",
    "checkhostip no",
    "hashknownhosts no",
    "updatehostkeys false",
    "addressfamily any",
    "canonicalizehostname false",
    "port 2222",
    "user joe",
};

static void
check_lines(const char *text, const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_line(text, lines[i]))
            g_error("ssh does not have '%s' in:%s", lines[i], text);
    }
}

/* Each option makes a difference: none is there that this configuration would not have turned. */
static void
check_each_counts(const Fixture *f, const GPtrArray *argv, const char *whole)
{
    for (guint i = 1; !g_str_equal(argv->pdata[i], "--"); i++) {
        g_autofree char *without = NULL;

        if (!g_str_equal(argv->pdata[i], "-o"))
            continue;
        without = ask_ssh(f, argv, i);
        if (g_strcmp0(without, whole) == 0)
            g_test_fail_printf("'%s' makes no difference", (char *)argv->pdata[i + 1]);
    }
}

static const struct {
    const char *name;
    MvmSshCall call;
    bool guest;
} calls[] = {
    {"login",
     {.kind = MVM_SSH_LOGIN,
      .trust = MVM_SSH_TRUST_FIRST,
      .alias = "macvm-1",
      .host = "127.0.0.1",
      .user = "joe",
      .port = 2222,
      .literal = true},
     true},
    {"act",
     {.kind = MVM_SSH_BATCH,
      .trust = MVM_SSH_TRUST_KNOWN,
      .alias = "macvm-1",
      .host = "127.0.0.1",
      .user = "joe",
      .port = 2222,
      .literal = true},
     true},
    {"through",
     {.kind = MVM_SSH_BATCH,
      .trust = MVM_SSH_TRUST_KNOWN,
      .alias = "macvm-1",
      .host = "127.0.0.1",
      .user = "joe",
      .port = 2222,
      .literal = true,
      .proxy = "ssh -W 127.0.0.1:2222 kvm"},
     true},
    {"host", {.kind = MVM_SSH_ASKING, .host = "kvm"}, false},
    {"host-batch", {.kind = MVM_SSH_BATCH, .host = "kvm"}, false},
    {"hop", {.kind = MVM_SSH_BATCH, .host = "kvm", .tunnel = "127.0.0.1:2222"}, false},
};

static void
check_call(const Fixture *f, const MvmSshCall *call, bool guest)
{
    static const char *const command[] = {"true", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = mvm_ssh_argv(call, call->tunnel == NULL ? command : NULL, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    g_assert_cmpstr(argv->pdata[1], ==, "-k");
    text = ask_ssh(f, argv, 0);
    g_assert_nonnull(text);
    check_lines(text, for_all, G_N_ELEMENTS(for_all));
    for (size_t i = 0; i < G_N_ELEMENTS(never_there); i++) {
        if (strstr(text, never_there[i]) != NULL)
            g_error("ssh has%s in:%s", never_there[i], text);
    }
    g_assert_true(has_line(text, "forwardagent no"));
    g_assert_null(strstr(text, "gssapidelegatecredentials yes"));
    if (call->tunnel == NULL)
        g_assert_true(has_line(text, "sessiontype default"));
    if (call->kind != MVM_SSH_LOGIN)
        check_lines(text, for_programs, G_N_ELEMENTS(for_programs));
    if (call->kind == MVM_SSH_BATCH)
        check_lines(text, for_batch, G_N_ELEMENTS(for_batch));
    if (guest) {
        g_assert_nonnull(strstr(
            text, call->proxy != NULL ? "\nproxycommand ssh -W 127.0.0.1:2222 kvm\n" : "\n"));
        g_assert_true(call->proxy != NULL || strstr(text, "\nproxycommand") == NULL);
        g_assert_null(strstr(text, "/evil"));
        g_assert_nonnull(strstr(text, "/known_hosts.d/macvm-1"));
        g_assert_nonnull(strstr(text, call->trust == MVM_SSH_TRUST_KNOWN
                                          ? "\nstricthostkeychecking true\n"
                                          : "\nstricthostkeychecking accept-new\n"));
        check_lines(text, for_guests, G_N_ELEMENTS(for_guests));
    }
    check_each_counts(f, argv, text);
}

static void
set_proxy(const Fixture *f, const char *line)
{
    g_autofree char *text = g_strconcat(hostile, line, "\n", NULL);

    g_assert_true(g_file_set_contents(f->config, text, -1, NULL));
}

static void
test_hostile(Fixture *f, gconstpointer unused)
{
    if (!mvm_command_exists("ssh")) {
        g_test_skip("no ssh");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_test_message("%s", calls[i].name);
        /* The way of a guest is macvm's, that to a libvirt host the user's. */
        if (calls[i].guest)
            set_proxy(f, "ProxyCommand evil %h %p");
        else
            set_proxy(f, "");
        check_call(f, &calls[i].call, calls[i].guest);
    }
    set_proxy(f, "ProxyJump evil.example");
    {
        g_autoptr(GPtrArray) argv = mvm_ssh_argv(&calls[0].call, NULL, NULL);
        g_autofree char *text = ask_ssh(f, argv, 0);

        g_assert_nonnull(text);
        g_assert_null(strstr(text, "\nproxyjump"));
        g_assert_null(strstr(text, "\nproxycommand"));
    }
}

/* What is asked for is given: -A, and the socket that the clipboard's own connections share. */
static void
test_asked(Fixture *f, gconstpointer unused)
{
    MvmSshCall call = calls[0].call;
    g_autoptr(GPtrArray) with_agent = NULL, master = NULL, rider = NULL;

    call.agent = true;
    with_agent = mvm_ssh_argv(&call, NULL, NULL);
    call = calls[1].call;
    call.control = "/run/x y";
    rider = mvm_ssh_argv(&call, NULL, NULL);
    call.master = true;
    master = mvm_ssh_argv(&call, NULL, NULL);
    if (!mvm_command_exists("ssh")) {
        g_test_skip("no ssh");
        return;
    }
    {
        g_autofree char *agents = ask_ssh(f, with_agent, 0);
        g_autofree char *masters = ask_ssh(f, master, 0);
        g_autofree char *riders = ask_ssh(f, rider, 0);

        g_assert_true(has_line(agents, "forwardagent yes"));
        g_assert_true(has_line(masters, "controlmaster true"));
        g_assert_true(has_line(masters, "controlpath /run/x y"));
        g_assert_true(has_line(riders, "controlmaster false"));
        g_assert_true(has_line(riders, "controlpath /run/x y"));
    }
}

static void
test_names(void)
{
    static const struct {
        const char *user, *host;
        bool good;
    } names[] = {
        {"joe", "127.0.0.1", true},
        {NULL, "fe80::1%eth0", true},
        {"DOMAIN\\joe", "mac", true},
        {"a@b", "mac", true},
        {NULL, "-oProxyCommand=x", false},
        {"-oProxyCommand=x", "mac", false},
        {NULL, "", false},
        {"", "mac", false},
        {NULL, "a b", false},
        {NULL, "a;b", false},
        {NULL, "$(x)", false},
        {NULL, "a\nb", false},
        {"a`b", "mac", false},
        {"a'b", "mac", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const MvmSshCall call = {.user = names[i].user, .host = names[i].host};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) argv = mvm_ssh_argv(&call, NULL, &error);

        g_assert_cmpint(argv != NULL, ==, names[i].good);
        if (!names[i].good)
            g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
    }
}

/* The way through a libvirt host: a line for a shell in which ssh replaces tokens. */
static void
test_proxy(void)
{
    g_autoptr(MvmEndpoint) endpoint = mvm_endpoint_parse(
        "qemu+ssh://joe@[fe80::1]:2200/system?keyfile=/home/joe/it%27s%20100%25&no_verify=1", NULL);
    MvmSshCall call = mvm_endpoint_to_ssh(endpoint, MVM_SSH_BATCH);
    g_autofree char *line = mvm_ssh_to_proxy(&call, "::1", 22, NULL);
    g_auto(GStrv) words = NULL;
    int count = 0;

    g_assert_true(g_shell_parse_argv(line, &count, &words, NULL));
    g_assert_cmpstr(words[count - 1], ==, "fe80::1");
    g_assert_cmpstr(words[count - 2], ==, "--");
    g_assert_true(g_strv_contains((const char *const *)words, "[::1]:22"));
    g_assert_true(g_strv_contains((const char *const *)words, "/home/joe/it's 100%%"));
    g_assert_true(g_strv_contains((const char *const *)words, "StrictHostKeyChecking=no"));
    g_assert_true(g_strv_contains((const char *const *)words, "BatchMode=yes"));
    g_assert_true(g_strv_contains((const char *const *)words, "ControlPath=none"));
    g_assert_true(g_strv_contains((const char *const *)words, "ForwardAgent=no"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
    g_test_add("/ssh/hostile", Fixture, NULL, setup, test_hostile, teardown);
    g_test_add("/ssh/asked", Fixture, NULL, setup, test_asked, teardown);
    g_test_add_func("/ssh/names", test_names);
    g_test_add_func("/ssh/proxy", test_proxy);
    return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libvirt's errors, as they were seen, and what a user is told to do about them. */
#include "util/error.h"
#include "virt/error.h"

#include <libvirt/virterror.h>
#include <string.h>

static const struct {
    int virt_code;
    const char *message;
    MvmErrorCode code;
    const char *hint; /* part of it; NULL: none */
} cases[] = {
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied",
     MVM_ERROR_HOST, "group 'libvirt'"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot create user runtime directory '/run/user/0/libvirt': Permission denied",
     MVM_ERROR_HOST, "XDG_RUNTIME_DIR"},
    {VIR_ERR_SYSTEM_ERROR, "cannot open directory '/root/images': Permission denied",
     MVM_ERROR_HOST, "--pool"},
    {VIR_ERR_SYSTEM_ERROR, "cannot create path '/srv/images': Permission denied", MVM_ERROR_HOST,
     "--pool"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot access storage file '/root/x.qcow2' (as uid:64055, gid:64055): Permission denied",
     MVM_ERROR_HOST, "QEMU's user"},
    {VIR_ERR_INTERNAL_ERROR,
     "process exited while connecting to monitor: qemu-system-x86_64: -blockdev {}: Could not open "
     "'/root/x.qcow2': Permission denied",
     MVM_ERROR_HOST, "QEMU's user"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot recv data: joe@farhost: Permission denied (publickey,password).: Connection reset by "
     "peer",
     MVM_ERROR_HOST, "ssh-copy-id"},
    {VIR_ERR_SYSTEM_ERROR, "End of file while reading data: Input/output error", MVM_ERROR_HOST,
     "the connection to libvirt was lost"},
    {VIR_ERR_INTERNAL_ERROR, "client socket is closed", MVM_ERROR_HOST,
     "the connection to libvirt was lost"},
    {VIR_ERR_SYSTEM_ERROR, "failed to connect to monitor socket: Connection refused",
     MVM_ERROR_HOST, "macvm log"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/run/user/1000/libvirt/libvirt-sock': Connection refused",
     MVM_ERROR_HOST, "starts this daemon by itself"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
     MVM_ERROR_HOST, "systemctl enable --now libvirtd.socket"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/var/run/libvirt/virtqemud-sock': No such file or directory",
     MVM_ERROR_HOST, "virtqemud.socket virtstoraged.socket virtnetworkd.socket"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/var/run/libvirt/virtqemud-sock': Connection refused",
     MVM_ERROR_HOST, "virtqemud.socket virtstoraged.socket virtnetworkd.socket"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/var/run/libvirt/virtstoraged-sock': No such file or directory",
     MVM_ERROR_HOST, "virtstoraged.socket"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/run/user/1000/libvirt/virtqemud-sock': No such file or "
     "directory",
     MVM_ERROR_HOST, "install libvirt's daemon"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/run/user/1000/libvirt/virtqemud-sock': Permission denied",
     MVM_ERROR_HOST, "XDG_RUNTIME_DIR"},
    {VIR_ERR_SYSTEM_ERROR,
     "Failed to connect socket to '/home/j/.cache/libvirt/virtqemud-sock': Permission denied",
     MVM_ERROR_HOST, "must be yours"},
    {VIR_ERR_SYSTEM_ERROR,
     "binary '/usr/sbin/virtqemud' does not exist in $PATH: No such file or directory",
     MVM_ERROR_HOST, "install libvirt's daemon"},
    {VIR_ERR_SYSTEM_ERROR, "Failed to connect socket to '/nowhere': No such file or directory",
     MVM_ERROR_HOST, "after socket= in the URI"},
    {VIR_ERR_SYSTEM_ERROR, "Cannot recv data: sh: 1: nc: not found: Connection reset by peer",
     MVM_ERROR_HOST, "needs nc on the host"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot recv data: bash: line 1: nc: command not found: Connection reset by peer",
     MVM_ERROR_HOST, "needs nc on the host"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot recv data: sh: 1: virt-ssh-helper: not found: Connection reset by peer",
     MVM_ERROR_HOST, "on that host"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot recv data: ssh: connect to host far port 22: No route to host: Connection reset by "
     "peer",
     MVM_ERROR_HOST, "is up and reachable"},
    {VIR_ERR_SYSTEM_ERROR,
     "Cannot recv data: ssh: connect to host far port 1: Connection refused: Connection reset by "
     "peer",
     MVM_ERROR_HOST, "sshd runs on that host"},
    {VIR_ERR_SYSTEM_ERROR, "unable to connect to server at '127.0.0.1:16514': Connection refused",
     MVM_ERROR_HOST, "virtproxyd-tls.socket"},
    {VIR_ERR_AUTH_UNAVAILABLE,
     "authentication unavailable: no polkit agent available to authenticate action "
     "'org.libvirt.unix.manage'",
     MVM_ERROR_HOST, "pkttyagent"},
    {VIR_ERR_INTERNAL_ERROR,
     "internal error: Unable to get system bus connection: Could not connect: No such file or "
     "directory",
     MVM_ERROR_HOST, "dbus and polkit"},
    {VIR_ERR_NO_CONNECT,
     "no connection driver available for URI 'foo' does not include a driver name", MVM_ERROR_HOST,
     "alias of libvirt.conf"},
    {VIR_ERR_INTERNAL_ERROR, "client socket is closed due to keepalive timeout", MVM_ERROR_HOST,
     "does not answer"},
    {VIR_ERR_SYSTEM_ERROR, "Cannot get interface MTU on 'br0': No such device", MVM_ERROR_HOST,
     "make that bridge"},
    {VIR_ERR_SYSTEM_ERROR,
     "/usr/lib/qemu/qemu-bridge-helper --use-vnet --br=br0 --fd=26: failed to communicate with "
     "bridge helper: stderr=failed to parse default acl file `/etc/qemu/bridge.conf'\n"
     ": Transport endpoint is not connected",
     MVM_ERROR_HOST, "allow BRIDGE"},
    {VIR_ERR_INTERNAL_ERROR,
     "Child process (/usr/bin/qemu-img create -f qcow2 /srv/m.qcow2 83886080K) unexpected exit "
     "status 1: qemu-img: /srv/m.qcow2: Could not write refcount table: No space left on device",
     MVM_ERROR_FAILED, "another one with --pool"},
    {VIR_ERR_INTERNAL_ERROR,
     "process exited while connecting to monitor: qemu-system-x86_64: -netdev user,id=net0: Could "
     "not set up host forwarding rule 'tcp:127.0.0.1:80-:22'",
     MVM_ERROR_HOST, "below 1024"},
    {VIR_ERR_INTERNAL_ERROR,
     "process exited while connecting to monitor: qemu-system-x86_64: -netdev user,id=net0: Could "
     "not set up host forwarding rule 'tcp:127.0.0.1:2222-:22'",
     MVM_ERROR_CONFLICT, "is taken"},
    {VIR_ERR_INTERNAL_ERROR,
     "process exited while connecting to monitor: qemu-system-x86_64: device requires 540672 "
     "bytes, "
     "block backend provides 0 bytes",
     MVM_ERROR_FAILED, "--reset-nvram"},
    {VIR_ERR_INTERNAL_ERROR,
     "process exited while connecting to monitor: 2026-12-01T03:13:19.027884Z qemu-system-x86_64: "
     "system firmware block device  has invalid size 0\n2026-12-01T03:13:19.030344Z "
     "qemu-system-x86_64: info: its size must be a non-zero multiple of 0x1000",
     MVM_ERROR_FAILED, "--reset-nvram"},
    {VIR_ERR_STORAGE_VOL_EXIST, "storage volume 'm.qcow2' exists already", MVM_ERROR_CONFLICT,
     "run the command again"},
    {VIR_ERR_SYSTEM_ERROR, "Cannot find 'passt' in path: No such file or directory", MVM_ERROR_HOST,
     "install the package passt"},
    {VIR_ERR_NO_DOMAIN, "Domain not found", MVM_ERROR_NOT_FOUND, "macvm list"},
    {VIR_ERR_INTERNAL_ERROR, "something else", MVM_ERROR_FAILED, NULL},
};

static void
test_hints(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *hint = NULL;

        mvm_virt_error_translate(&error, "do 'it'", cases[i].virt_code, cases[i].message);
        hint = mvm_error_get_hint(error);
        g_assert_true(g_str_has_prefix(error->message, "cannot do 'it': "));
        g_assert_true(g_error_matches(error, MVM_ERROR, cases[i].code));
        g_assert_true(hint == cases[i].hint || strstr(hint, cases[i].hint) != NULL);
        g_assert_true(hint == NULL || i == 0 || cases[i].virt_code == VIR_ERR_AUTH_UNAVAILABLE ||
                      strstr(hint, "group 'libvirt'") == NULL);
    }
}

/* Who uses a session is not sent to it, and libvirt's own daemon on a host is not started by a
 * group.
 */
static void
test_session(void)
{
    static const char *const messages[] = {
        "Failed to connect socket to '/run/user/1000/libvirt/libvirt-sock': Permission denied",
        "Failed to connect socket to '/run/user/1000/libvirt/virtqemud-sock': Connection refused",
        "binary '/usr/sbin/virtqemud' does not exist in $PATH: No such file or directory",
        "binary '/usr/sbin/libvirtd' does not exist in $PATH: No such file or directory",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autoptr(GError) error = NULL;

        mvm_virt_error_translate(&error, "connect", VIR_ERR_SYSTEM_ERROR, messages[i]);
        g_assert_null(strstr(mvm_error_get_hint(error), "qemu:///session"));
        g_assert_null(strstr(mvm_error_get_hint(error), "systemctl"));
        g_assert_null(strstr(mvm_error_get_hint(error), "group"));
    }
}

/* One cause is reported once. */
static void
test_class(void)
{
    g_autoptr(GError) error = NULL;

    mvm_virt_error_translate(
        &error, "find machine 'x'", VIR_ERR_NO_DOMAIN,
        "Domain not found: Domain not found: no domain with matching name 'x'");
    g_assert_cmpstr(error->message, ==,
                    "cannot find machine 'x': no domain with matching name 'x'");
}

#define PASST_CHILD(arguments)                                                                     \
    "internal error: Child process (passt --one-off --socket " arguments                           \
    ") unexpected exit status 1: "
#define BANNER                                                                                     \
    "UNIX domain socket bound at /run/libvirt/qemu/passt/2-m-net0.socket\n"                        \
    "No IPv6 nameserver available for NDP/DHCPv6\n"                                                \
    "Template interface: eth0 (IPv4), eth0 (IPv6)\nMAC:\n    host: 9a:55:9a:55:9a:55\n"            \
    "    NAT to host 127.0.0.1: 192.0.2.1\nDHCP:\n    assign: 192.0.2.2\n"                         \
    "    mask: 255.255.255.0\n    router: 192.0.2.1\nDNS:\n    10.255.255.53\n"                    \
    "    NAT to host ::1: fd00::1\nNDP/DHCPv6:\n    assign: fd00::2\n    router: fd00::1\n"        \
    "    our link-local: fe80::fc:ff:fe00:1\nInbound forwarding rules (HOST):\n"                   \
    "    TCP [127.0.0.1]:2222  =>  22 \n\nYou can now start qemu (>= 7.2, with commit "            \
    "13c6be96618c):\n    kvm ... -device virtio-net-pci,netdev=s -netdev stream,id=s,server=off,"  \
    "addr.type=unix,addr.path=/run/libvirt/qemu/passt/2-m-net0.socket\n"

/* Recorded: libvirt 11.3 with passt of Debian 13, 12.8 with that of sid. */
static const struct {
    const char *message;
    const char *cause;
    MvmErrorCode code;
    const char *hint;
} passt
    [] =
        {
            {PASST_CHILD("/r/2-m-net0.socket --pid /r/2-m-net0-passt.pid --tcp-ports "
                         "127.0.0.1/2222:22") "Failed to bind port 2222 (Address already in use) "
                                              "for option '-t 127.0.0.1/2222:22'\n",
             "passt: Failed to bind port 2222 (Address already in use) for option '-t "
             "127.0.0.1/2222:22'",
             MVM_ERROR_CONFLICT, "--ssh-port"},
            {PASST_CHILD("/r/2-m-net0.socket") BANNER
             "Listen failed for HOST TCP port 127.0.0.1/2222: Address already in use\n"
             "Couldn't listen on requested ports\n",
             "passt: Listen failed for HOST TCP port 127.0.0.1/2222: Address already in use",
             MVM_ERROR_CONFLICT, "--ssh-port"},
            {PASST_CHILD("/r/2-m-net0.socket") "Failed to bind port 80 (Permission denied) for "
                                               "option '-t 127.0.0.1/80:22'\n",
             "passt: Failed to bind port 80 (Permission denied) for option '-t 127.0.0.1/80:22'",
             MVM_ERROR_HOST, "may not listen"},
            {PASST_CHILD("/r/2-m-net0.socket") BANNER
             "Listen failed for HOST TCP port 127.0.0.1/80: Permission denied\n"
             "Couldn't listen on requested ports\n",
             "passt: Listen failed for HOST TCP port 127.0.0.1/80: Permission denied",
             MVM_ERROR_HOST, "may not listen"},
            {PASST_CHILD(
                 "/r/2-m-net0.socket") "UNIX domain socket bound at /r/2-m-net0.socket\n"
                                       "Couldn't create user namespace: Operation not permitted\n",
             "passt: Couldn't create user namespace: Operation not permitted", MVM_ERROR_HOST,
             "--network user"},
            {PASST_CHILD(
                 "/r/2-m-net0.socket") "UNIX domain socket bound at /r/2-m-net0.socket\n"
                                       "Unable to create user namespace: Operation not permitted\n",
             "passt: Unable to create user namespace: Operation not permitted", MVM_ERROR_HOST,
             "--network user"},
            {"internal error: Child process (/usr/bin/passt --one-off) unexpected exit status 139: "
             "\n",
             "passt: it ended without a word", MVM_ERROR_HOST, "--network user"},
            {"internal error: Child process (passt --one-off) unexpected exit status 2: Something "
             "odd\n"
             "Couldn't go on\nis the last line",
             "passt: is the last line", MVM_ERROR_HOST, "--network user"},
};

static void
test_passt(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(passt); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *wanted = g_strconcat("cannot start 'm': ", passt[i].cause, NULL);

        mvm_virt_error_translate(&error, "start 'm'", VIR_ERR_INTERNAL_ERROR, passt[i].message);
        g_assert_cmpstr(error->message, ==, wanted);
        g_assert_cmpint(error->code, ==, (int)passt[i].code);
        g_assert_nonnull(strstr(mvm_error_get_hint(error), passt[i].hint));
    }
}

/* Another child's words stay, whatever its arguments name. */
static void
test_other_child(void)
{
    static const char message[] = "internal error: Child process (/usr/bin/qemu-img create "
                                  "passt.qcow2) unexpected exit status 1: a\nCouldn't";
    g_autofree char *cause = mvm_virt_cause(message);

    g_assert_cmpstr(cause, ==, message);
}

/* QEMU repeats its arguments, and one of them is the OSK. */
static void
test_secret(void)
{
    static const char message[] =
        "qemu-system-x86_64: -device isa-applesmc,osk=made-up words,, in place "
        "of a key'made-up words,, in place of a ke: bad";
    g_autoptr(GError) error = NULL;

    mvm_virt_error_translate(&error, "start 'x'", VIR_ERR_INTERNAL_ERROR, message);
    g_assert_null(strstr(error->message, "made-up"));
    g_assert_null(strstr(error->message, "key"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt-error/hints", test_hints);
    g_test_add_func("/virt-error/session", test_session);
    g_test_add_func("/virt-error/class", test_class);
    g_test_add_func("/virt-error/passt", test_passt);
    g_test_add_func("/virt-error/other-child", test_other_child);
    g_test_add_func("/virt-error/secret", test_secret);
    return g_test_run();
}

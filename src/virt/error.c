/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/error.h"

#include "util/error.h"
#include "util/redact.h"
#include "virt/error-priv.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#define POOL_ACCESS                                                                                \
    "let libvirt's user (root, or you with qemu:///session) enter and write that directory, or "   \
    "use "                                                                                         \
    "another pool with --pool"
#define IMAGE_ACCESS                                                                               \
    "let QEMU's user read that file and enter its directories; 'macvm doctor' checks them"

#define NVRAM_DAMAGED                                                                              \
    "the firmware's variables are damaged: 'macvm set NAME --reset-nvram', then start it again"
#define PORT_TAKEN                                                                                 \
    "the port is taken on that host: 'macvm set NAME --ssh-port PORT' chooses another"
#define PORT_LOW                                                                                   \
    "QEMU's user may not listen on that port: 'macvm set NAME --ssh-port PORT' chooses another"

/* What passt wrote as it ended begins with this, once it is cut to the cause. */
#define PASST "passt: "

/* What libvirt's codes mean to a user. The first row whose code and texts fit counts; NULL fits
 * everything. Codes and texts as seen with libvirt 9.0; of passt, with 11.3 and 12.8. */
static const struct {
    int virt_code;
    const char *text; /* part of libvirt's message */
    const char *also; /* and another part of it; NULL: none */
    MvmErrorCode code;
    const char *hint;
} table[] = {
    {VIR_ERR_NO_DOMAIN, NULL, NULL, MVM_ERROR_NOT_FOUND,
     "'macvm list' shows the machines there are"},
    {VIR_ERR_NO_STORAGE_POOL, NULL, NULL, MVM_ERROR_NOT_FOUND,
     "'virsh pool-list --all' shows the pools"},
    {VIR_ERR_NO_STORAGE_VOL, NULL, NULL, MVM_ERROR_NOT_FOUND, NULL},
    {VIR_ERR_NO_NETWORK, NULL, NULL, MVM_ERROR_NOT_FOUND,
     "'virsh net-list --all' shows the networks"},
    {VIR_ERR_OPERATION_INVALID, "network '", "is not active", MVM_ERROR_CONFLICT,
     "'virsh net-start NETWORK' starts it"},
    {VIR_ERR_OPERATION_INVALID, NULL, NULL, MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_SYSTEM_ERROR, "interface MTU", "No such device", MVM_ERROR_HOST,
     "make that bridge on the host, or choose another network: 'macvm set NAME --network NET'"},
    {VIR_ERR_SYSTEM_ERROR, "bridge helper", NULL, MVM_ERROR_HOST,
     "let users have that bridge ('allow BRIDGE' in the host's /etc/qemu/bridge.conf), or use "
     "'macvm set NAME --network user'"},
    {VIR_ERR_STORAGE_VOL_EXIST, NULL, NULL, MVM_ERROR_CONFLICT,
     "somebody else made it just now: run the command again"},
    {VIR_ERR_OPERATION_FAILED, "already exists", NULL, MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_OPERATION_FAILED, "already defined", NULL, MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_AUTH_FAILED, NULL, NULL, MVM_ERROR_HOST,
     "log in as a user who may manage libvirt, or use -c qemu:///session"},
    {VIR_ERR_AUTH_CANCELLED, NULL, NULL, MVM_ERROR_HOST, NULL},
    {VIR_ERR_AUTH_UNAVAILABLE, NULL, NULL, MVM_ERROR_HOST, NULL},
    {VIR_ERR_NO_CONNECT, "does not include a driver name", NULL, MVM_ERROR_HOST,
     "write a URI such as qemu:///system or qemu+ssh://HOST/system, or an alias of libvirt.conf"},
    {VIR_ERR_NO_CONNECT, NULL, NULL, MVM_ERROR_HOST,
     "check the connection URI: macvm works with those that begin with qemu"},
    {VIR_ERR_CONFIG_UNSUPPORTED, "does not support machine type", NULL, MVM_ERROR_HOST,
     "macvm define NAME moves the machine to a type that the host's QEMU has"},
    {VIR_ERR_CONFIG_UNSUPPORTED, NULL, NULL, MVM_ERROR_HOST, "'macvm doctor' checks the host"},
    {VIR_ERR_CPU_INCOMPATIBLE, NULL, NULL, MVM_ERROR_HOST, "'macvm doctor' checks the host"},
    {VIR_ERR_SYSTEM_ERROR, "Host key verification failed", NULL, MVM_ERROR_HOST,
     "connect once with ssh to that host and accept its key"},
    {VIR_ERR_SYSTEM_ERROR, "Permission denied (publickey", NULL, MVM_ERROR_HOST,
     "put your public key on that host (ssh-copy-id), or add ?keyfile=PATH to the URI"},
    {VIR_ERR_SYSTEM_ERROR, "resolve hostname", NULL, MVM_ERROR_HOST,
     "check the host's name in the URI"},
    {VIR_ERR_SYSTEM_ERROR, MVM_VIRT_NO_MONITOR, "Connection refused", MVM_ERROR_HOST,
     "QEMU ended as soon as it began: 'macvm log NAME' shows what it said"},
    {VIR_ERR_SYSTEM_ERROR, "Connection refused", NULL, MVM_ERROR_HOST,
     "check that libvirt (or sshd, for a remote host) runs there"},
    {VIR_ERR_SYSTEM_ERROR, "user runtime directory", NULL, MVM_ERROR_HOST,
     "set XDG_RUNTIME_DIR to a directory of your own, as a login does"},
    {VIR_ERR_SYSTEM_ERROR, "Cannot find 'passt'", NULL, MVM_ERROR_HOST,
     "install the package passt on the host, or give the machine QEMU's own network: 'macvm set "
     "NAME --network user'"},
    {VIR_ERR_INTERNAL_ERROR, PASST, MVM_VIRT_PORT_IN_USE, MVM_ERROR_CONFLICT, PORT_TAKEN},
    {VIR_ERR_INTERNAL_ERROR, PASST "Listen failed", "Permission denied", MVM_ERROR_HOST, PORT_LOW},
    {VIR_ERR_INTERNAL_ERROR, PASST "Failed to bind port", "Permission denied", MVM_ERROR_HOST,
     PORT_LOW},
    {VIR_ERR_INTERNAL_ERROR, PASST, NULL, MVM_ERROR_HOST,
     "'macvm set NAME --network user' gives the machine a network that starts on this host"},
    {VIR_ERR_SYSTEM_ERROR, "access storage file", "Permission denied", MVM_ERROR_HOST,
     IMAGE_ACCESS},
    {VIR_ERR_INTERNAL_ERROR, "qemu", "Permission denied", MVM_ERROR_HOST, IMAGE_ACCESS},
    {VIR_ERR_SYSTEM_ERROR, "/dev/kvm", "Permission denied", MVM_ERROR_HOST,
     "let QEMU's user open /dev/kvm (group 'kvm'); 'macvm doctor' tells more"},
    {VIR_ERR_SYSTEM_ERROR, "cannot open directory", "Permission denied", MVM_ERROR_HOST,
     POOL_ACCESS},
    {VIR_ERR_SYSTEM_ERROR, "cannot create path", "Permission denied", MVM_ERROR_HOST, POOL_ACCESS},
    {VIR_ERR_SYSTEM_ERROR, "cannot open path", "Permission denied", MVM_ERROR_HOST, POOL_ACCESS},
    {VIR_ERR_SYSTEM_ERROR, "Permission denied", NULL, MVM_ERROR_HOST,
     "let libvirt's user (root, or you with qemu:///session) use what the message names"},
    {VIR_ERR_SYSTEM_ERROR, "No space left", NULL, MVM_ERROR_FAILED,
     "free space in the storage pool, or use another one with --pool"},
    {VIR_ERR_INTERNAL_ERROR, "No space left", NULL, MVM_ERROR_FAILED,
     "free space in the storage pool, or use another one with --pool"},
    {VIR_ERR_INTERNAL_ERROR, "host forwarding rule", NULL, MVM_ERROR_CONFLICT, PORT_TAKEN},
    {VIR_ERR_INTERNAL_ERROR, "'isa-applesmc' is not a valid device", NULL, MVM_ERROR_HOST,
     "this QEMU was built without isa-applesmc: install the QEMU of Debian, Fedora or upstream"},
    {VIR_ERR_INTERNAL_ERROR, "device requires", "bytes", MVM_ERROR_FAILED, NVRAM_DAMAGED},
    {VIR_ERR_INTERNAL_ERROR, "firmware block device", "invalid size", MVM_ERROR_FAILED,
     NVRAM_DAMAGED},
    {VIR_ERR_INTERNAL_ERROR, "\"write\" lock", NULL, MVM_ERROR_CONFLICT,
     "another machine uses that disk: stop it first"},
    {VIR_ERR_INTERNAL_ERROR, "keepalive timeout", NULL, MVM_ERROR_HOST, MVM_VIRT_SILENT_HINT},
    {VIR_ERR_INTERNAL_ERROR, "client socket is closed", NULL, MVM_ERROR_HOST, MVM_VIRT_LOST_HINT},
    {VIR_ERR_SYSTEM_ERROR, "End of file while reading data", NULL, MVM_ERROR_HOST,
     MVM_VIRT_LOST_HINT},
    {VIR_ERR_SYSTEM_ERROR, "Cannot recv data", NULL, MVM_ERROR_HOST, MVM_VIRT_LOST_HINT},
    {VIR_ERR_SYSTEM_ERROR, "Cannot write data", NULL, MVM_ERROR_HOST, MVM_VIRT_LOST_HINT},
    {VIR_ERR_RPC, NULL, NULL, MVM_ERROR_HOST, MVM_VIRT_LOST_HINT},
};

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

void
mvm_virt_silence(void)
{
    virSetErrorFunc(NULL, ignore_error);
}

int
mvm_virt_last_code(void)
{
    virErrorPtr last = virGetLastError();

    return last != NULL ? last->code : 0;
}

/* QEMU's warnings, which libvirt puts before what made it end, are not the cause. */
static char *
without_warnings(const char *message)
{
    g_auto(GStrv) lines = g_strsplit(message, "\n", -1);
    g_autoptr(GString) rest = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        const char *warning = strstr(*line, ": warning: ");
        const char *qemu = strstr(*line, "qemu-system-");
        const char *prefix = strstr(*line, "monitor: ");

        if (warning == NULL || qemu == NULL || qemu > warning) {
            g_string_append(rest, *line);
            g_string_append_c(rest, '\n');
        } else if (prefix != NULL && prefix < qemu) {
            g_string_append_len(rest, *line, prefix + strlen("monitor: ") - *line);
        }
    }
    return g_strdup(g_strchomp(rest->str));
}

/* What cannot be found is in the sentence already. */
static const char *
without_class(const char *message)
{
    static const char *const classes[] = {"Domain not found: ", "Storage pool not found: ",
                                          "Storage volume not found: ", "Network not found: "};

    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        while (g_str_has_prefix(message, classes[i]))
            message += strlen(classes[i]);
    }
    return message;
}

static bool
is_failure(const char *line)
{
    static const char *const words[] = {"ailed", "ould not", "ouldn't", "nable to",
                                        "annot", "an't",     "nvalid"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strstr(line, words[i]) != NULL)
            return true;
    }
    return false;
}

/* passt writes how it is set up before what made it end, which is the first of the failures at the
 * end: "Listen failed for ...", then "Couldn't listen on requested ports". */
static char *
cut_passt(const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    guint cause = g_strv_length(lines);

    while (cause > 0 && *g_strstrip(lines[cause - 1]) == '\0')
        cause--;
    if (cause == 0)
        return g_strdup(PASST "it ended without a word");
    cause--;
    while (cause > 0 && is_failure(lines[cause]) && is_failure(g_strstrip(lines[cause - 1])))
        cause--;
    return g_strconcat(PASST, g_strstrip(lines[cause]), NULL);
}

/* "Child process (passt ARGUMENTS) unexpected exit status 1: OUTPUT" */
static char *
without_banner(const char *message)
{
    static const char status[] = ") unexpected exit status ";
    const char *child = strstr(message, "Child process (");
    const char *end = child != NULL ? strstr(child, status) : NULL;
    const char *output = end != NULL ? strchr(end, ':') : NULL;
    g_autofree char *program = NULL;

    if (output == NULL)
        return g_strdup(message);
    child += strlen("Child process (");
    program = g_strndup(child, strcspn(child, " )"));
    return g_str_equal(program, "passt") || g_str_has_suffix(program, "/passt")
               ? cut_passt(output + 1)
               : g_strdup(message);
}

static char *
cause_of(const char *message)
{
    g_autofree char *text = without_warnings(message);

    return without_banner(text);
}

char *
mvm_virt_cause(const char *message)
{
    g_autofree char *text = cause_of(message);

    return mvm_redact(text);
}

static bool
contains(const char *message, const char *text)
{
    return text == NULL || strstr(message, text) != NULL;
}

void
mvm_virt_error_translate(GError **error, const char *what, int virt_code, const char *message)
{
    g_autofree char *text = cause_of(message);
    g_autofree char *redacted = mvm_redact(text);
    const char *shown = without_class(redacted);
    const char *hint = mvm_virt_connect_hint(text);
    MvmErrorCode code = hint != NULL ? MVM_ERROR_HOST : MVM_ERROR_FAILED;

    for (size_t i = 0; hint == NULL && i < G_N_ELEMENTS(table); i++) {
        if (table[i].virt_code == virt_code && contains(text, table[i].text) &&
            contains(text, table[i].also)) {
            code = table[i].code;
            hint = table[i].hint;
            break;
        }
    }
    g_set_error(error, MVM_ERROR, code, "cannot %s: %s", what, shown);
    if (hint != NULL)
        mvm_error_set_hint(error, "%s", hint);
}

bool
mvm_virt_set_error(GError **error, const char *format, ...)
{
    virErrorPtr last = virGetLastError();
    int virt_code = last != NULL ? last->code : 0;
    g_autofree char *message =
        g_strdup(last != NULL && last->message != NULL ? last->message : "unknown cause");
    g_autofree char *what = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    mvm_virt_error_translate(error, what, virt_code, message);
    return false;
}

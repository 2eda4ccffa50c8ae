/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/error.h"

#include "util/error.h"
#include "util/redact.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

/* What libvirt's codes mean to a user. The first row whose code and text fit counts; text NULL
 * fits everything. Codes and texts as seen with libvirt 9.0. */
static const struct {
    int virt_code;
    const char *text; /* part of libvirt's message */
    MvmErrorCode code;
    const char *hint;
} table[] = {
    {VIR_ERR_NO_DOMAIN, NULL, MVM_ERROR_NOT_FOUND, "'macvm list' shows the machines there are"},
    {VIR_ERR_NO_STORAGE_POOL, NULL, MVM_ERROR_NOT_FOUND, "'virsh pool-list --all' shows the pools"},
    {VIR_ERR_NO_STORAGE_VOL, NULL, MVM_ERROR_NOT_FOUND, NULL},
    {VIR_ERR_NO_NETWORK, NULL, MVM_ERROR_NOT_FOUND, "'virsh net-list --all' shows the networks"},
    {VIR_ERR_OPERATION_INVALID, NULL, MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_STORAGE_VOL_EXIST, NULL, MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_OPERATION_FAILED, "already exists", MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_OPERATION_FAILED, "already defined", MVM_ERROR_CONFLICT, NULL},
    {VIR_ERR_AUTH_FAILED, NULL, MVM_ERROR_HOST,
     "log in as a user who may manage libvirt, or use -c qemu:///session"},
    {VIR_ERR_AUTH_CANCELLED, NULL, MVM_ERROR_HOST, NULL},
    {VIR_ERR_NO_CONNECT, NULL, MVM_ERROR_HOST, "check the connection URI given by -c"},
    {VIR_ERR_CONFIG_UNSUPPORTED, NULL, MVM_ERROR_HOST, "'macvm doctor' checks the host"},
    {VIR_ERR_CPU_INCOMPATIBLE, NULL, MVM_ERROR_HOST, "'macvm doctor' checks the host"},
    {VIR_ERR_SYSTEM_ERROR, "Host key verification failed", MVM_ERROR_HOST,
     "connect once with ssh to that host and accept its key"},
    {VIR_ERR_SYSTEM_ERROR, "Permission denied (publickey", MVM_ERROR_HOST,
     "put your public key on that host (ssh-copy-id), or add ?keyfile=PATH to the URI"},
    {VIR_ERR_SYSTEM_ERROR, "resolve hostname", MVM_ERROR_HOST, "check the host's name in the URI"},
    {VIR_ERR_SYSTEM_ERROR, "Connection refused", MVM_ERROR_HOST,
     "check that libvirt (or sshd, for a remote host) runs there"},
    {VIR_ERR_SYSTEM_ERROR, "Permission denied", MVM_ERROR_HOST,
     "add yourself to the group 'libvirt' and log in again, or use -c qemu:///session"},
    {VIR_ERR_SYSTEM_ERROR, "libvirt-sock", MVM_ERROR_HOST,
     "start libvirt ('systemctl start libvirtd'), or use -c qemu:///session"},
    {VIR_ERR_SYSTEM_ERROR, "No space left", MVM_ERROR_FAILED,
     "free space in the storage pool, or use another one with --pool"},
    {VIR_ERR_INTERNAL_ERROR, "host forwarding rule", MVM_ERROR_CONFLICT,
     "the port is taken on that host: 'macvm set NAME --ssh-port PORT' chooses another"},
    {VIR_ERR_INTERNAL_ERROR, "'isa-applesmc' is not a valid device", MVM_ERROR_HOST,
     "this QEMU was built without isa-applesmc: install the QEMU of Debian, Fedora or upstream"},
    {VIR_ERR_INTERNAL_ERROR, "\"write\" lock", MVM_ERROR_CONFLICT,
     "another machine uses that disk: stop it first"},
    {VIR_ERR_INTERNAL_ERROR, "client socket is closed", MVM_ERROR_HOST,
     "the connection to libvirt was lost: run the command again"},
    {VIR_ERR_RPC, NULL, MVM_ERROR_HOST,
     "the connection to libvirt was lost: run the command again"},
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

bool
mvm_virt_set_error(GError **error, const char *format, ...)
{
    virErrorPtr last = virGetLastError();
    int virt_code = last != NULL ? last->code : 0;
    g_autofree char *text =
        without_warnings(last != NULL && last->message != NULL ? last->message : "unknown cause");
    g_autofree char *message = mvm_redact(text);
    g_autofree char *what = NULL;
    MvmErrorCode code = MVM_ERROR_FAILED;
    const char *hint = NULL;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].virt_code == virt_code &&
            (table[i].text == NULL || strstr(message, table[i].text) != NULL)) {
            code = table[i].code;
            hint = table[i].hint;
            break;
        }
    }
    g_set_error(error, MVM_ERROR, code, "cannot %s: %s", what, message);
    if (hint != NULL)
        mvm_error_set_hint(error, "%s", hint);
    return false;
}

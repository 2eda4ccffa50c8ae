/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/firmware.h"

#include "util/error.h"
#include "util/file.h"
#include "virt/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A firmware volume has this signature at this place (UEFI PI specification 1.8, volume 3, section
 * 3.2.1), a qcow2 image its own at the beginning. */
#define SIGNATURE "_FVH"
#define SIGNATURE_AT 40
#define QCOW2 "QFI\xfb"
#define HEAD 64

typedef struct {
    uint8_t head[HEAD];
    uint64_t size; /* bytes */
} Image;

/* Sizes of the code and the variables of OVMF's 2 MiB and 4 MiB builds, in bytes. */
static const struct {
    uint64_t code, vars;
} builds[] = {{1966080, 131072}, {3653632, 540672}};

bool
mvm_firmware_is_mixed(uint64_t code, uint64_t vars)
{
    for (size_t i = 0; i < G_N_ELEMENTS(builds); i++) {
        if (code == builds[i].code)
            return vars != builds[i].vars;
    }
    return false;
}

static bool
is_qcow2(const Image *image)
{
    return memcmp(image->head, QCOW2, strlen(QCOW2)) == 0;
}

static bool
no_firmware(const char *path, const char *why, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use firmware '%s': %s", path, why);
    mvm_error_set_hint(error, "give OVMF's files as CODE:VARS, or leave --firmware out");
    return false;
}

/* A device or a FIFO is not opened: it may wait for ever. */
static bool
read_local(const char *path, Image *image, GError **error)
{
    mvm_autofd fd = -1;
    struct stat st;

    if (stat(path, &st) < 0)
        return mvm_error_set_errno(error, "use firmware", path);
    if (!S_ISREG(st.st_mode))
        return no_firmware(path, "it is not a regular file", error);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, image->head, HEAD, 0) < 0)
        return mvm_error_set_errno(error, "use firmware", path);
    image->size = (uint64_t)st.st_size;
    return true;
}

static bool
read_remote(MvmConnection *conn, const char *path, Image *image, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (mvm_volume_read_head(conn, path, image->head, HEAD, &image->size, &cause))
        return true;
    if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST,
                "cannot use firmware '%s': it is none that libvirt lists on that host, nor a "
                "volume of an active pool there",
                path);
    mvm_error_set_hint(error, "leave --firmware out, or put the files into a storage pool there "
                              "('virsh vol-upload')");
    return false;
}

static bool
check_image(MvmConnection *conn, const char *path, Image *image, GError **error)
{
    bool remote = mvm_connection_get_endpoint(conn)->remote;

    if (!(remote ? read_remote(conn, path, image, error) : read_local(path, image, error)))
        return false;
    if (is_qcow2(image) || memcmp(image->head + SIGNATURE_AT, SIGNATURE, strlen(SIGNATURE)) == 0)
        return true;
    return no_firmware(path, "it is not a UEFI firmware volume", error);
}

/* Two builds do not mix: the variables would silently not be kept (kholia/OSX-KVM PR 278). */
static bool
check_together(const char *code, const Image *c, const char *vars, const Image *v, GError **error)
{
    if (is_qcow2(c) == is_qcow2(v) && (is_qcow2(c) || !mvm_firmware_is_mixed(c->size, v->size)))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot use firmware '%s' with '%s': they are not of one build (%" G_GUINT64_FORMAT
                " and %" G_GUINT64_FORMAT " bytes)",
                code, vars, c->size, v->size);
    mvm_error_set_hint(error, "give a pair, for example OVMF_CODE_4M.fd with OVMF_VARS_4M.fd");
    return false;
}

/* libvirt reads the distribution's descriptions, where the two belong together. */
static bool
is_listed(const MvmDomCaps *caps, const char *code, const char *vars)
{
    g_autofree char *template = mvm_firmware_vars_path(code);

    return caps != NULL && g_strcmp0(template, vars) == 0 &&
           g_strv_contains((const char *const *)caps->loaders, code);
}

bool
mvm_firmware_check_pair(const MvmContext *context, const MvmDomCaps *caps, const char *code,
                        const char *vars, const char **ret_format, GError **error)
{
    Image c = {0}, v = {0};

    if (mvm_connection_get_endpoint(context->conn)->remote && is_listed(caps, code, vars)) {
        *ret_format = g_str_has_suffix(code, ".qcow2") ? "qcow2" : "raw";
        return true;
    }
    if (!check_image(context->conn, code, &c, error) ||
        !check_image(context->conn, vars, &v, error) || !check_together(code, &c, vars, &v, error))
        return false;
    *ret_format = is_qcow2(&c) ? "qcow2" : "raw";
    return true;
}

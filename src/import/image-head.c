/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-head.h"

#include "util/error.h"

#include <string.h>

/* qcow2: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt, big-endian. */
#define QCOW2_HEADER 72
#define VERSION 4
#define BACKING_FILE_OFFSET 8
#define CRYPT_METHOD 32
#define INCOMPATIBLE_FEATURES 72 /* from version 3 on */
#define EXTERNAL_DATA_FILE (UINT64_C(1) << 2)

/* The signature of a master boot record, protective ones of GPT included. */
#define MBR_SIGNATURE 510
/* Where an APFS container on a bare disk has its magic (Apple File System Reference, nx_superblock)
 * and HFS+ its volume header (TN1150). */
#define APFS_MAGIC 32
#define HFS_HEADER 1024

static bool
refuse(const char *what, const char *cause, const char *hint, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot import '%s': %s", what, cause);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static uint64_t
read_u64(const uint8_t *at)
{
    uint64_t value = 0;

    memcpy(&value, at, sizeof value);
    return GUINT64_FROM_BE(value);
}

static uint32_t
read_u32(const uint8_t *at)
{
    uint32_t value = 0;

    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_BE(value);
}

static bool
check_qcow2(const uint8_t *head, size_t len, const char *what, GError **error)
{
    uint32_t version = len >= QCOW2_HEADER ? read_u32(head + VERSION) : 0;

    if (version != 2 && version != 3)
        return refuse(what, "a qcow2 image of another version, or a cut one",
                      "'qemu-img convert -O qcow2 IMAGE NEW' makes one of the present version",
                      error);
    if (read_u64(head + BACKING_FILE_OFFSET) != 0 ||
        (version == 3 && (len < INCOMPATIBLE_FEATURES + sizeof(uint64_t) ||
                          (read_u64(head + INCOMPATIBLE_FEATURES) & EXTERNAL_DATA_FILE) != 0)))
        return refuse(what, "the image draws on another file",
                      "if you trust it: 'qemu-img convert -O qcow2 IMAGE NEW' makes a whole one",
                      error);
    if (read_u32(head + CRYPT_METHOD) != 0)
        return refuse(what, "the image is encrypted", "decrypt it with 'qemu-img convert'", error);
    return true;
}

static bool
has(const uint8_t *head, size_t len, size_t at, const char *magic)
{
    size_t size = strlen(magic);

    return at + size <= len && memcmp(head + at, magic, size) == 0;
}

static bool
is_raw_disk(const uint8_t *head, size_t len)
{
    return has(head, len, MBR_SIGNATURE, "\x55\xaa") || has(head, len, APFS_MAGIC, "NXSB") ||
           has(head, len, HFS_HEADER, "H+") || has(head, len, HFS_HEADER, "HX");
}

/* Formats that a guess, by libvirt or QEMU, would find in the image. */
static bool
is_other_format(const uint8_t *head, size_t len)
{
    static const struct {
        size_t at;
        const char *magic;
    } others[] = {{0, "KDMV"},
                  {0, "COWD"},
                  {0, "# Disk Descriptor"},
                  {0, "conectix"},
                  {0, "vhdxfile"},
                  {0, "QED"},
                  {0, "LUKS"},
                  {64, "\x7f\x10\xda\xbe"},
                  {0, "WithoutFreeSpace"},
                  {0, "WithouFreSpacExt"},
                  {0, "Bochs Virtual HD"}};

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (has(head, len, others[i].at, others[i].magic))
            return true;
    }
    return false;
}

bool
mvm_image_head_check(const uint8_t *head, size_t len, const char *what, MvmImageFormat *ret_format,
                     GError **error)
{
    if (has(head, len, 0, "QFI\xfb")) {
        *ret_format = MVM_IMAGE_QCOW2;
        return check_qcow2(head, len, what, error);
    }
    if (is_other_format(head, len) || !is_raw_disk(head, len))
        return refuse(what, "neither a qcow2 image nor a raw disk",
                      "'qemu-img convert -O qcow2 IMAGE NEW' makes one of another format", error);
    *ret_format = MVM_IMAGE_RAW;
    return true;
}

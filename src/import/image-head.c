/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/image-head.h"

#include "util/error.h"
#include "util/qcow2.h"

#include <string.h>

/* The signature of a master boot record, protective ones of GPT included. */
#define MBR_SIGNATURE 510
/* Where an APFS container on a bare disk has its magic (Apple File System Reference, nx_superblock)
 * and HFS+ its volume header (TN1150). */
#define APFS_MAGIC 32
#define HFS_HEADER 1024

/* What a refusal is about. */
typedef struct {
    const char *verb, *what;
} Image;

static bool
refuse(const Image *image, const char *cause, const char *hint, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot %s '%s': %s", image->verb, image->what,
                cause);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

static bool
check_qcow2(const MvmQcow2Head *head, const Image *image, GError **error)
{
    if (head->version != 2 && head->version != 3)
        return refuse(image, "a qcow2 image of another version, or a cut one",
                      "'qemu-img convert -O qcow2 IMAGE NEW' makes one of the present version",
                      error);
    if (head->draws)
        return refuse(image, "the image draws on another file",
                      "if you trust it: 'qemu-img convert -O qcow2 IMAGE NEW' makes a whole one",
                      error);
    if (head->encrypted)
        return refuse(image, "the image is encrypted", "decrypt it with 'qemu-img convert'", error);
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
mvm_image_head_check(const uint8_t *head, size_t len, const char *verb, const char *what,
                     MvmImageFormat *ret_format, GError **error)
{
    const Image image = {verb, what};
    MvmQcow2Head qcow2;

    if (mvm_qcow2_head_read(head, len, &qcow2)) {
        *ret_format = MVM_IMAGE_QCOW2;
        return check_qcow2(&qcow2, &image, error);
    }
    if (is_other_format(head, len) || !is_raw_disk(head, len))
        return refuse(&image, "neither a qcow2 image nor a raw disk",
                      "'qemu-img convert -O qcow2 IMAGE NEW' makes one of another format", error);
    *ret_format = MVM_IMAGE_RAW;
    return true;
}

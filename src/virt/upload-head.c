/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/upload-priv.h"

#include "util/error.h"

#include <string.h>

/* Where the qcow2 header says what we ask; all big-endian.
 * https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt */
#define VERSION 4
#define BACKING_FILE_OFFSET 8
#define INCOMPATIBLE_FEATURES 72 /* from version 3 on */
#define EXTERNAL_DATA_FILE (UINT64_C(1) << 2)

static const char magic[4] = {'Q', 'F', 'I', '\xfb'};

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

bool
mvm_upload_head_is_alone(const uint8_t head[MVM_UPLOAD_HEAD])
{
    if (memcmp(head, magic, sizeof magic) != 0)
        return true;
    if (read_u64(head + BACKING_FILE_OFFSET) != 0)
        return false;
    return read_u32(head + VERSION) < 3 ||
           (read_u64(head + INCOMPATIBLE_FEATURES) & EXTERNAL_DATA_FILE) == 0;
}

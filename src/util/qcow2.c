/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/qcow2.h"

#include <string.h>
#include <unistd.h>

/* Where the head says what we ask; all big-endian. */
#define VERSION 4
#define BACKING_FILE_OFFSET 8
#define BACKING_FILE_SIZE 16
#define MAX_BACKING_FILE_SIZE 1023
#define CRYPT_METHOD 32
#define VERSION_2_SIZE 72
#define INCOMPATIBLE_FEATURES 72 /* from version 3 on */
#define EXTERNAL_DATA_FILE (UINT64_C(1) << 2)

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

/* In an older image the field is part of what follows the head; a cut one may say anything. */
static bool
has_data_file(const uint8_t *bytes, size_t len, uint32_t version)
{
    return version >= 3 && (len < MVM_QCOW2_HEAD ||
                            (read_u64(bytes + INCOMPATIBLE_FEATURES) & EXTERNAL_DATA_FILE) != 0);
}

bool
mvm_qcow2_head_read(const uint8_t *bytes, size_t len, MvmQcow2Head *ret_head)
{
    MvmQcow2Head head = {0};

    if (len < VERSION || memcmp(bytes, "QFI\xfb", VERSION) != 0)
        return false;
    if (len >= VERSION_2_SIZE) {
        head.version = read_u32(bytes + VERSION);
        head.draws =
            read_u64(bytes + BACKING_FILE_OFFSET) != 0 || has_data_file(bytes, len, head.version);
        head.encrypted = read_u32(bytes + CRYPT_METHOD) != 0;
    }
    *ret_head = head;
    return true;
}

bool
mvm_qcow2_head_draws(const uint8_t *bytes, size_t len)
{
    MvmQcow2Head head;

    return mvm_qcow2_head_read(bytes, len, &head) && head.draws;
}

char *
mvm_qcow2_read_backing(int fd)
{
    uint8_t head[MVM_QCOW2_HEAD] = {0};
    ssize_t got = pread(fd, head, sizeof head, 0);
    uint64_t offset = read_u64(head + BACKING_FILE_OFFSET);
    uint32_t size = read_u32(head + BACKING_FILE_SIZE);
    g_autofree char *name = NULL;

    if (got < VERSION_2_SIZE || memcmp(head, "QFI\xfb", VERSION) != 0 || offset == 0 ||
        offset > INT64_MAX || size == 0 || size > MAX_BACKING_FILE_SIZE)
        return NULL;
    name = g_malloc0(size + 1);
    return pread(fd, name, size, (off_t)offset) == (ssize_t)size ? g_steal_pointer(&name) : NULL;
}

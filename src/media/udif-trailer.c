/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/bytes.h"
#include "media/udif-private.h"
#include "util/error.h"

#include <string.h>

MvmUdifChecksum
mvm_udif_checksum_read(const uint8_t *field)
{
    return (MvmUdifChecksum){
        .type = mvm_be32(field),
        .bits = mvm_be32(field + 4),
        .crc = mvm_be32(field + 8),
    };
}

bool
mvm_udif_refuse_encrypted(GError **error)
{
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, "it is encrypted");
    mvm_error_set_hint(error, "decrypt it on a Mac: 'hdiutil convert IMAGE -format UDZO -o NEW'");
    return false;
}

bool
mvm_udif_trailer_parse(const uint8_t bytes[MVM_UDIF_TRAILER_SIZE], uint64_t file_size,
                       MvmUdifTrailer *ret_trailer, GError **error)
{
    MvmUdifTrailer trailer = {
        .file_size = file_size,
        .version = mvm_be32(bytes + 0x004),
        .header_size = mvm_be32(bytes + 0x008),
        .data_offset = mvm_be64(bytes + 0x018),
        .data_length = mvm_be64(bytes + 0x020),
        .segment_count = mvm_be32(bytes + 0x03c),
        .data = mvm_udif_checksum_read(bytes + 0x050),
        .plist_offset = mvm_be64(bytes + 0x0d8),
        .plist_length = mvm_be64(bytes + 0x0e0),
        .master = mvm_udif_checksum_read(bytes + 0x160),
        .sectors = mvm_be64(bytes + 0x1ec),
    };

    /* The first version of encrypted images has its mark at the end. */
    if (memcmp(bytes + MVM_UDIF_TRAILER_SIZE - 8, "cdsaencr", 8) == 0)
        return mvm_udif_refuse_encrypted(error);
    if (memcmp(bytes, "koly", 4) != 0) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED,
                            "not a disk image: its last 512 bytes are not a trailer");
        return false;
    }
    if (!mvm_udif_check_trailer(&trailer, error))
        return false;
    *ret_trailer = trailer;
    return true;
}

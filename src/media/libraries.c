/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/libraries.h"

#include <bzlib.h>
#include <curl/curl.h>
#include <libdeflate.h>
#include <libfdisk.h>
#include <lzma.h>
#include <openssl/crypto.h>
#include <string.h>
#include <zlib.h>

void
mvm_media_libraries(GPtrArray *libraries)
{
    const char *bzip2 = BZ2_bzlibVersion(); /* "1.0.8, 13-Jul-2019" */
    g_autofree char *bzip2_number = g_strndup(bzip2, strcspn(bzip2, ","));
    const char *fdisk = NULL;

    (void)fdisk_get_library_version(&fdisk);
    mvm_libraries_add(libraries, "libcurl", LIBCURL_VERSION,
                      curl_version_info(CURLVERSION_NOW)->version);
    mvm_libraries_add(libraries, "OpenSSL", OPENSSL_VERSION_STR,
                      OpenSSL_version(OPENSSL_VERSION_STRING));
    mvm_libraries_add(libraries, "libdeflate", LIBDEFLATE_VERSION_STRING, NULL);
    mvm_libraries_add(libraries, "zlib", ZLIB_VERSION, zlibVersion());
    mvm_libraries_add(libraries, "bzip2", NULL, bzip2_number);
    mvm_libraries_add(libraries, "liblzma", LZMA_VERSION_STRING, lzma_version_string());
    mvm_libraries_add(libraries, "libfdisk", LIBFDISK_VERSION, fdisk);
}

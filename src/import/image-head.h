/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an image is, by its first bytes; its name says nothing. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_IMAGE_HEAD 4096

typedef enum { MVM_IMAGE_RAW, MVM_IMAGE_QCOW2 } MvmImageFormat;

/* Tells from the first len bytes (MVM_IMAGE_HEAD, or all there are) what the image called what is.
 * Fails with "cannot <verb> '<what>'", MVM_ERROR_USAGE on a qcow2 image that draws on another file
 * or is encrypted, on another format, and on bytes that are no disk: neither a partition table nor
 * a file system of Apple's, such as any file of this machine that a hostile script might name. */
bool mvm_image_head_check(const uint8_t *head, size_t len, const char *verb, const char *what,
                          MvmImageFormat *ret_format, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the head of a qcow2 image says, as far as it decides whether to take the image.
 * https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MVM_QCOW2_HEAD 80 /* bytes; version 2's has 72 */

typedef struct {
    uint32_t version; /* 2 and 3 are known; 0: the head is cut */
    bool draws;       /* on another file: a backing file, or one for its data */
    bool encrypted;
} MvmQcow2Head;

/* Reads the first len bytes of an image (MVM_QCOW2_HEAD, or all there are). Whether it is a qcow2
 * image at all; ret_head is set only then. */
bool mvm_qcow2_head_read(const uint8_t *bytes, size_t len, MvmQcow2Head *ret_head);

/* The name of the file that the image open as fd is based on, as it stands there; NULL when it is
 * based on none, or is no qcow2 image. The caller frees. */
char *mvm_qcow2_read_backing(int fd);

/* Whether they are those of a qcow2 image that draws on another file, whatever that is: QEMU would
 * open it on the guest's behalf. */
bool mvm_qcow2_head_draws(const uint8_t *bytes, size_t len);

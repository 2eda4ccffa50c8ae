/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes of the screen that OpenCore can set: those that the firmware's driver for the video card
 * has a mode of (tianocore/edk2, OvmfPkg/QemuVideoDxe; 1366x768 only its older builds list, and no
 * picture came of it), with as much memory as the picture takes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What libvirt gives a video card without being asked, in bytes. */
#define MVM_VIDEO_MEMORY (UINT64_C(16) << 20)

/* Whether the firmware has a mode of resolution ("1920x1080"). */
bool mvm_screen_has_mode(const char *resolution);

/* The largest mode that fits into resolution, or else the smallest there is; static. */
const char *mvm_screen_nearest(const char *resolution);

/* The video memory for resolution in bytes: W x H x 4 and then the next power of two, at least
 * MVM_VIDEO_MEMORY. NULL: that. */
uint64_t mvm_screen_memory(const char *resolution);

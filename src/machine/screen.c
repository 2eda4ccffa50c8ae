/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/screen.h"

#include <stdio.h>
#include <string.h>

static const char *const modes[] = {
    "640x480",   "800x480",   "800x600",   "832x624",   "960x640",   "1024x600",
    "1024x768",  "1152x864",  "1152x870",  "1280x720",  "1280x760",  "1280x768",
    "1280x800",  "1280x960",  "1280x1024", "1360x768",  "1400x1050", "1440x900",
    "1600x900",  "1600x1200", "1680x1050", "1920x1080", "1920x1200", "1920x1440",
    "2000x2000", "2048x1536", "2048x2048", "2560x1440", "2560x1600", "2560x2048",
    "2800x2100", "3200x2400", "3840x2160", "4096x2160", "7680x4320", "8192x4320",
};

/* Both 0 for what is no size. */
static void
read_size(const char *resolution, unsigned *ret_width, unsigned *ret_height)
{
    *ret_width = *ret_height = 0;
    if (resolution != NULL && sscanf(resolution, "%5ux%5u", ret_width, ret_height) != 2)
        *ret_width = *ret_height = 0;
}

bool
mvm_screen_has_mode(const char *resolution)
{
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (strcmp(modes[i], resolution) == 0)
            return true;
    }
    return false;
}

const char *
mvm_screen_nearest(const char *resolution)
{
    const char *nearest = modes[0];
    unsigned width = 0, height = 0, most = 0;

    read_size(resolution, &width, &height);
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        unsigned w = 0, h = 0;

        read_size(modes[i], &w, &h);
        if (w <= width && h <= height && w * h > most) {
            nearest = modes[i];
            most = w * h;
        }
    }
    return nearest;
}

uint64_t
mvm_screen_memory(const char *resolution)
{
    uint64_t memory = MVM_VIDEO_MEMORY;
    unsigned width = 0, height = 0;

    read_size(resolution, &width, &height);
    while (memory < (uint64_t)width * height * 4)
        memory *= 2;
    return memory;
}

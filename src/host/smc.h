/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The OSK of a host that is Apple hardware, from its SMC: the keys OSK0 and OSK1, 32 bytes each,
 * as Linux's applesmc driver shows them (Documentation/hwmon and drivers/hwmon/applesmc.c):
 * write a number to key_at_index, then read key_at_index_name and key_at_index_data.
 */
#pragma once

#include <glib.h>

/* The driver's folder on a Mac. */
#define MVM_SMC_DIR "/sys/devices/platform/applesmc.768"

/* How the SMC is asked; the real one is mvm_smc_open_sysfs()'s, tests have their own. */
typedef struct {
    /* The name (4 characters) and the data of key number index. Returns the data's length, or -1
     * when the key cannot be read. data has room for max bytes. */
    int (*read_key)(void *opaque, unsigned index, char name[5], char *data, size_t max);
    unsigned count; /* of keys, sorted by name */
    void *opaque;
} MvmSmc;

/* Both keys together, 64 characters, to be freed with mvm_secret_free(); NULL with
 * MVM_ERROR_NOT_FOUND when they are not there. */
char *mvm_smc_find_osk(const MvmSmc *smc, GError **error);

/* The same from the driver below dir. A machine that is no Mac is MVM_ERROR_NOT_FOUND; without root
 * MVM_ERROR_HOST. */
char *mvm_smc_read_osk(const char *dir, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/smc.h"

#include "util/error.h"
#include "util/file.h"
#include "util/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define HALF 32 /* of the OSK, in each of the two keys */

/* Keys are sorted by name: a binary search, since reading one costs the SMC milliseconds. */
static bool
find_key(const MvmSmc *smc, const char *wanted, char half[HALF])
{
    unsigned low = 0, high = smc->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        char name[5] = "", data[HALF];
        int len = smc->read_key(smc->opaque, middle, name, data, sizeof(data));
        int order = len < 0 ? 0 : strcmp(name, wanted);

        if (len < 0)
            return false;
        if (order == 0) {
            memcpy(half, data, HALF);
            explicit_bzero(data, sizeof(data));
            return len == HALF;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

char *
mvm_smc_find_osk(const MvmSmc *smc, GError **error)
{
    mvm_autosecret char *osk = g_malloc0(2 * HALF + 1);

    if (!find_key(smc, "OSK0", osk) || !find_key(smc, "OSK1", osk + HALF)) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                            "cannot read the OSK from the SMC: no such keys");
        return NULL;
    }
    return g_steal_pointer(&osk);
}

/* Writes text to, or reads at most max bytes from, the driver's file name. */
static int
talk(const char *dir, const char *name, const char *text, char *buf, size_t max)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    mvm_autofd fd = open(path, (text != NULL ? O_WRONLY : O_RDONLY) | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (text != NULL)
        return (int)write(fd, text, strlen(text));
    return (int)read(fd, buf, max);
}

static int
read_sysfs_key(void *opaque, unsigned index, char name[5], char *data, size_t max)
{
    g_autofree char *number = g_strdup_printf("%u\n", index);

    if (talk(opaque, "key_at_index", number, NULL, 0) < 0 ||
        talk(opaque, "key_at_index_name", NULL, name, 4) != 4)
        return -1;
    name[4] = '\0';
    return talk(opaque, "key_at_index_data", NULL, data, max);
}

char *
mvm_smc_read_osk(const char *dir, GError **error)
{
    char count[16] = "";
    MvmSmc smc = {.read_key = read_sysfs_key, .opaque = (void *)dir};

    if (talk(dir, "key_count", NULL, count, sizeof(count) - 1) <= 0) {
        g_set_error_literal(error, MVM_ERROR, MVM_ERROR_NOT_FOUND,
                            "cannot read the OSK from the SMC: this machine has none");
        return NULL;
    }
    smc.count = (unsigned)MIN(g_ascii_strtoull(count, NULL, 10), 65536);
    return mvm_smc_find_osk(&smc, error);
}

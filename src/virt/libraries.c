/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/libraries.h"

#include <libvirt/libvirt.h>

static char *
format(unsigned long number)
{
    return g_strdup_printf("%lu.%lu.%lu", number / 1000000, number / 1000 % 1000, number % 1000);
}

void
mvm_virt_libraries(GPtrArray *libraries)
{
    unsigned long number = 0;
    g_autofree char *compiled = format(LIBVIR_VERSION_NUMBER), *running = NULL;

    if (virGetVersion(&number, NULL, NULL) == 0)
        running = format(number);
    mvm_libraries_add(libraries, "libvirt", compiled, running);
}

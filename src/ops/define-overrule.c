/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-overrule.h"

#include "xml/xml.h"

#define LOADER "/domain/os/loader"

/* By libvirt's description of the domain XML: a NUMA topology says itself how much memory and which
 * CPUs there are, and maxMemory goes with one; the product of a <topology> must be <vcpu>. */
static const struct {
    MvmOption option;
    const char *path;
} table[] = {
    {MVM_OPTION_CORES, "/domain/vcpu/@current"},
    {MVM_OPTION_CORES, "/domain/vcpus"},
    {MVM_OPTION_CORES, "/domain/cpu/topology/@clusters[. != '1']"},
    {MVM_OPTION_CORES, "/domain/cpu/topology/@modules[. != '1']"},
    {MVM_OPTION_CORES, "/domain/cpu/numa"},
    {MVM_OPTION_CORES, "/domain/numatune/memnode"},
    {MVM_OPTION_CORES, "/domain/maxMemory"},
    {MVM_OPTION_MEMORY, "/domain/cpu/numa"},
    {MVM_OPTION_MEMORY, "/domain/numatune/memnode"},
    {MVM_OPTION_MEMORY, "/domain/maxMemory"},
};

/* Sockets, cores and threads are one size. */
static bool
is_asked(const MvmOptions *asked, MvmOption option)
{
    if (option == MVM_OPTION_CORES &&
        (asked->value[MVM_OPTION_THREADS] != NULL || asked->value[MVM_OPTION_SOCKETS] != NULL))
        return true;
    return asked->value[option] != NULL;
}

/* Which firmware it must be, beside its path: that of the one before. */
static void
drop_firmware(xmlDoc *before, xmlDoc *rendered, xmlDoc *merged)
{
    static const char *const paths[] = {
        "/domain/os/@firmware", "/domain/os/firmware",      LOADER "/@format",
        LOADER "/@secure",      "/domain/os/nvram/@format", "/domain/os/nvram/@templateFormat"};
    g_autofree char *old = mvm_xml_get(before, LOADER);
    g_autofree char *new = mvm_xml_get(merged, LOADER);

    for (size_t i = 0; g_strcmp0(old, new) != 0 && i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *wanted = mvm_xml_get(rendered, paths[i]);

        if (wanted == NULL)
            mvm_xml_remove(merged, paths[i]);
    }
}

void
mvm_overrule(xmlDoc *before, xmlDoc *rendered, const MvmOptions *asked, xmlDoc *merged,
             GPtrArray *sentences)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *value =
            is_asked(asked, table[i].option) ? mvm_xml_get(merged, table[i].path) : NULL;

        if (value == NULL)
            continue;
        mvm_xml_remove(merged, table[i].path);
        g_ptr_array_add(sentences,
                        g_strdup_printf("%s is removed: it overrules --%s", table[i].path,
                                        mvm_option_info(table[i].option)->name));
    }
    if (asked->value[MVM_OPTION_FIRMWARE] != NULL)
        drop_firmware(before, rendered, merged);
}

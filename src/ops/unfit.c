/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/unfit.h"

#include "xml/xml.h"

#include <string.h>

#define MACHINE "/domain/os/type/@machine"
#define EMULATOR "/domain/devices/emulator"
#define LOADER "/domain/os/loader"
#define CPU "/domain/cpu[not(@mode) or @mode='custom']/model"

/* A q35 of another version is still that machine; what a user made of it otherwise is not. */
static void
find_machine(const MvmHost *host, const MvmDomCaps *caps, xmlDoc *doc, MvmUnfit *unfit)
{
    g_autofree char *machine = mvm_xml_get(doc, MACHINE);

    if (machine == NULL || mvm_host_has_machine(host, machine))
        return;
    unfit->machine = g_steal_pointer(&machine);
    if (g_str_has_prefix(unfit->machine, "pc-q35-"))
        unfit->new_machine = g_strdup(caps->machine);
}

/* Firmware that libvirt does not list may be a file of the user's: only here that can be seen. */
static void
find_loader(MvmConnection *conn, const MvmDomCaps *caps, xmlDoc *doc, MvmUnfit *unfit)
{
    g_autofree char *loader = mvm_xml_get(doc, LOADER);

    if (loader != NULL && *loader != '\0' &&
        !g_strv_contains((const char *const *)caps->loaders, loader) &&
        !mvm_connection_get_endpoint(conn)->remote && !g_file_test(loader, G_FILE_TEST_EXISTS))
        unfit->loader = g_steal_pointer(&loader);
}

void
mvm_unfit_find(MvmConnection *conn, const MvmHost *host, xmlDoc *doc, MvmUnfit *ret_unfit)
{
    g_autofree char *type = mvm_xml_get(doc, "/domain/@type");
    g_autofree char *emulator = mvm_xml_get(doc, EMULATOR);
    g_autofree char *cpu = mvm_xml_get(doc, CPU);
    bool kvm = g_strcmp0(type, "kvm") == 0;
    const MvmDomCaps *caps = mvm_host_get_domcaps(host, kvm);

    *ret_unfit = (MvmUnfit){0};
    if (caps == NULL)
        return;
    find_machine(host, caps, doc, ret_unfit);
    find_loader(conn, caps, doc, ret_unfit);
    if (emulator != NULL && !g_str_equal(emulator, caps->emulator) &&
        !mvm_host_has_emulator(conn, emulator, kvm))
        ret_unfit->emulator = g_steal_pointer(&emulator);
    if (cpu != NULL && caps->cpu_models->len > 0 && mvm_domcaps_find_model(caps, cpu) == NULL)
        ret_unfit->cpu = g_steal_pointer(&cpu);
}

void
mvm_unfit_move(const MvmUnfit *unfit, xmlDoc *doc, GPtrArray *sentences)
{
    g_autofree char *machine = mvm_xml_get(doc, MACHINE);
    g_autofree char *emulator = mvm_xml_get(doc, EMULATOR);

    if (unfit->new_machine != NULL && g_strcmp0(machine, unfit->machine) == 0) {
        mvm_xml_set(doc, MACHINE, "%s", unfit->new_machine);
        g_ptr_array_add(sentences, g_strdup_printf("the host's QEMU has no machine type '%s': the "
                                                   "machine moves to '%s'",
                                                   unfit->machine, unfit->new_machine));
    }
    if (unfit->emulator != NULL && g_strcmp0(emulator, unfit->emulator) == 0) {
        mvm_xml_remove(doc, EMULATOR);
        g_ptr_array_add(sentences, g_strdup_printf("the host has no emulator '%s': the machine "
                                                   "gets the one that libvirt finds",
                                                   unfit->emulator));
    }
}

static void
describe(GString *text, const char *what, const char *value)
{
    if (value != NULL)
        g_string_append_printf(text, "%s%s '%s'", text->len > 0 ? ", " : "", what, value);
}

char *
mvm_unfit_describe(const MvmUnfit *unfit)
{
    g_autoptr(GString) text = g_string_new(NULL);

    describe(text, "machine type", unfit->machine);
    describe(text, "emulator", unfit->emulator);
    describe(text, "firmware", unfit->loader);
    describe(text, "CPU model", unfit->cpu);
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

void
mvm_unfit_clear(MvmUnfit *unfit)
{
    g_free(unfit->machine);
    g_free(unfit->new_machine);
    g_free(unfit->emulator);
    g_free(unfit->loader);
    g_free(unfit->cpu);
    *unfit = (MvmUnfit){0};
}

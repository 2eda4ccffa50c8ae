/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file the machine's NVRAM is. libvirt chooses it by the name of the domain, and a machine
 * that was renamed has kept the one of its old name. */
#include "ops/define-priv.h"
#include "virt/claim.h"

#include <string.h>

/* The file of another machine that would be this one's as well, or NULL; borrowed from others. */
static const char *
find_shared(const GPtrArray *others, const char *own, const char *name)
{
    g_autofree char *usual = g_strconcat(name, "_VARS.", NULL);

    for (guint i = 0; i < others->len; i++) {
        const char *path = others->pdata[i];
        g_autofree char *base = g_path_get_basename(path);

        if (own != NULL ? g_str_equal(path, own) : g_str_has_prefix(base, usual))
            return path;
    }
    return NULL;
}

bool
mvm_define_choose_nvram(MvmDefineWork *work, GError **error)
{
    const MvmCurrent *current = work->current;
    MvmMachine *machine = work->machine;
    g_autoptr(GPtrArray) others = NULL;
    g_autofree char *own = NULL, *dir = NULL, *base = NULL;
    const char *shared = NULL;

    /* A machine that is there keeps its own, unless new variables are asked for. */
    if (current != NULL && !current->copy && !work->request->reset_nvram)
        return true;
    others = mvm_claim_list_nvram(work->context->conn, machine->name, error);
    if (others == NULL)
        return false;
    own = current != NULL ? mvm_xml_get(current->doc, "/domain/os/nvram") : NULL;
    shared = find_shared(others, own, machine->name);
    if (shared == NULL)
        return true;
    dir = g_path_get_dirname(shared);
    base = g_strdup_printf("%s-%s_VARS%s", machine->name, machine->uuid,
                           g_str_has_suffix(shared, ".qcow2") ? ".qcow2" : ".fd");
    machine->nvram_path = g_build_filename(dir, base, NULL);
    mvm_progress_note(work->context->progress,
                      "another machine has the NVRAM '%s': this one gets a file of its own",
                      shared);
    return true;
}

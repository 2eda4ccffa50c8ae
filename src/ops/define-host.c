/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a machine depends on the host: firmware, accelerator, network, size. */
#include "ops/define-priv.h"
#include "ops/hostcheck.h"
#include "ops/hostprobe.h"
#include "ops/oscheck.h"
#include "util/words.h"
#include "virt/render.h"
#include "xml/xml.h"

static bool
had_passt(const MvmDefineWork *work)
{
    return work->current != NULL && work->current->base != NULL &&
           mvm_xml_get_node(work->current->base, MVM_PASST_CARD) != NULL;
}

/* Which program makes the user network. A refusal of any age does for a machine that lives with it:
 * the host's doctor, a machine that is new, and a wish for a network ask again. */
static bool
choose_passt(MvmDefineWork *work, GError **error)
{
    bool asked = mvm_define_is_asked(work, MVM_OPTION_NETWORK);
    bool decides = work->current == NULL || asked;
    int64_t max_age = asked     ? MVM_REFUSAL_ASK_AGAIN
                      : decides ? MVM_REFUSAL_RECENT
                                : MVM_REFUSAL_ANY;
    g_autoptr(MvmProbe) probe = NULL;
    const MvmProbeAnswer *answer = NULL;

    if (work->machine->net_kind != MVM_NET_ARGS || !mvm_probe_applies(work->host, MVM_ASK_PASST))
        return true;
    if (!mvm_hostprobe_ask(work->context, work->host, MVM_ASK_PASST, max_age, &probe, error))
        return false;
    answer = mvm_probe_get(probe, MVM_ASK_PASST);
    if (answer->works)
        work->machine->net_kind = MVM_NET_PASST;
    else if (decides || had_passt(work))
        mvm_progress_note(work->context->progress,
                          "passt does not start on the host (%s): the machine gets QEMU's own user "
                          "network",
                          answer->reason);
    return true;
}

/* The host's update may bring another OVMF that suits better: as long as the machine's is listed,
 * it stays, because the variables that the machine has are of that build. */
static bool
keep_firmware(MvmDefineWork *work)
{
    const MvmDomCaps *caps = mvm_host_get_domcaps(work->host, work->machine->kvm);
    const char *wanted = mvm_define_option(work, MVM_OPTION_FIRMWARE);
    xmlDoc *base = work->current != NULL ? work->current->base : NULL;
    g_autofree char *loader = NULL, *template = NULL, *format = NULL;

    if (base == NULL || caps == NULL || mvm_define_is_asked(work, MVM_OPTION_FIRMWARE) ||
        (wanted != NULL && !g_str_equal(wanted, "auto")))
        return false;
    loader = mvm_xml_get(base, "/domain/os/loader");
    template = mvm_xml_get(base, "/domain/os/nvram/@template");
    format = mvm_xml_get(base, "/domain/os/loader/@format");
    if (loader == NULL || template == NULL ||
        !g_strv_contains((const char *const *)caps->loaders, loader))
        return false;
    work->machine->loader = g_steal_pointer(&loader);
    work->machine->nvram_template = g_steal_pointer(&template);
    work->machine->firmware_format = g_strcmp0(format, "qcow2") == 0 ? "qcow2" : "raw";
    return true;
}

/* The kernel measures the frequency at each start of the host, and libvirt lets a machine start
 * with one that is off by 250 parts in a million. */
static void
keep_tsc(MvmDefineWork *work)
{
    xmlDoc *base = work->current != NULL ? work->current->base : NULL;
    uint64_t now = work->machine->tsc_frequency, had = 0;

    if (now != 0 && base != NULL &&
        mvm_xml_get_uint(base, "/domain/clock/timer[@name='tsc']/@frequency", &had, NULL) &&
        MAX(now, had) - MIN(now, had) <= now / 4000)
        work->machine->tsc_frequency = had;
}

/* libvirt makes the variables once, from the template of that time. */
static void
note_old_variables(const MvmDefineWork *work)
{
    g_autofree char *word = mvm_word_quote(work->machine->name);
    g_autofree char *loader = NULL, *rendered = NULL;

    if (work->current == NULL || work->machine->loader == NULL || work->request->reset_nvram)
        return;
    loader = mvm_xml_get(work->current->doc, "/domain/os/loader");
    if (work->current->base != NULL)
        rendered = mvm_xml_get(work->current->base, "/domain/os/loader");
    if (g_strcmp0(loader, work->machine->loader) != 0 &&
        (mvm_define_is_asked(work, MVM_OPTION_FIRMWARE) || g_strcmp0(loader, rendered) == 0))
        mvm_progress_note(work->context->progress,
                          "the variables of the old firmware stay: 'macvm set %s --reset-nvram' "
                          "makes new ones",
                          word);
}

/* Both are right in their own eyes; the merge takes what this one renders. */
static void
note_newer_profile(const MvmDefineWork *work)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;

    if (metadata != NULL && metadata->profile > MVM_PROFILE_VERSION)
        mvm_progress_note(work->context->progress,
                          "a newer macvm defined '%s' last: what it knew better of macOS %s is "
                          "taken back",
                          work->machine->name, work->machine->os->id);
}

bool
mvm_define_fit_to_host(MvmDefineWork *work, GError **error)
{
    const MvmContext *context = work->context;
    const char *accel = mvm_define_option(work, MVM_OPTION_ACCEL);
    const char *type = work->current != NULL ? work->current->type : NULL;

    /* A stored --accel was proved when it was given; only a new wish is tried out again. */
    if (work->current != NULL && !mvm_define_is_asked(work, MVM_OPTION_ACCEL))
        accel = NULL;
    if (!mvm_hostcheck_accel(context, work->host, accel, type, work->machine, error) ||
        (!keep_firmware(work) &&
         !mvm_hostcheck_firmware(context, work->host, mvm_define_option(work, MVM_OPTION_FIRMWARE),
                                 work->machine, error)))
        return false;
    if (work->current != NULL)
        mvm_unfit_find(context->conn, work->host, work->current->doc, &work->unfit);
    if (!choose_passt(work, error))
        return false;
    note_old_variables(work);
    note_newer_profile(work);
    if (!mvm_oscheck_fit(context, work->host, mvm_define_is_strict(work), work->machine, error))
        return false;
    keep_tsc(work);
    if (!mvm_define_is_strict(work))
        return true;
    return mvm_hostcheck_devices(context, work->host, work->machine, error) &&
           mvm_hostcheck_memory(work->host, mvm_define_option(work, MVM_OPTION_MEMORY) != NULL,
                                work->machine, error);
}

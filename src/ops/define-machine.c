/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine it is to be: from the options, and from what the domain that is there is. */
#include "ops/define-priv.h"
#include "ops/opencore.h"
#include "ops/osk.h"
#include "ops/port.h"
#include "util/error.h"
#include "xml/xml.h"

static void
remember_disk(MvmMachine *machine, const MvmMetadata *metadata)
{
    machine->opencore_made = g_strdup(metadata->opencore_made);
    machine->opencore_from = g_strdup(metadata->opencore_from);
    machine->opencore_previous = g_strdup(metadata->opencore_previous);
    machine->opencore_previous_from = g_strdup(metadata->opencore_previous_from);
}

/* The first disk of macvm's making for a machine that came with somebody else's: it stays the Mac
 * that it was, as far as that can be. NULL: it is to be a new one. */
static MvmIdentity *
adopt_mac(const MvmDefineWork *work)
{
    const MvmCurrent *current = work->current;
    MvmProgress *progress = work->context->progress;
    g_autoptr(GError) cause = NULL;
    g_autofree char *uuid = NULL;
    MvmIdentity *identity = NULL;

    if (work->request->opencore_change != MVM_OPENCORE_UPDATE || current == NULL || current->copy ||
        current->metadata->opencore_made != NULL || !current->images[MVM_IMAGE_OPENCORE].attached)
        return NULL;
    identity = mvm_opencore_read_identity(work->context, current->images[MVM_IMAGE_OPENCORE].path,
                                          &uuid, &cause);
    if (identity == NULL)
        mvm_progress_note(progress, "the machine becomes another Mac: %s", cause->message);
    else if (uuid != NULL && !g_str_equal(uuid, work->machine->uuid))
        mvm_progress_note(progress, "the Mac's UUID was %s, and is that of the domain now: %s",
                          uuid, work->machine->uuid);
    return identity;
}

/* Who the Mac is, once and for all; only another version of macOS may want another model. */
static void
choose_mac(MvmDefineWork *work)
{
    MvmMachine *machine = work->machine;
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    const MvmIdentity *had = metadata != NULL ? metadata->identity : NULL;

    if (metadata != NULL)
        remember_disk(machine, metadata);
    if (had != NULL && (!mvm_define_is_asked(work, MVM_OPTION_OS) ||
                        g_str_equal(had->model, machine->os->smbios))) {
        machine->identity = mvm_identity_copy(had);
        return;
    }
    machine->identity = adopt_mac(work);
    if (machine->identity == NULL)
        machine->identity = mvm_identity_new(machine->os->smbios, machine->mac);
    if (had != NULL)
        mvm_progress_note(work->context->progress,
                          "macOS %s takes the machine for a %s: it gets a serial number of that",
                          machine->os->id, machine->os->smbios);
}

/* What the user set in config.plist before, and sets now. What is asked for later wins, by
 * whichever name it goes. */
static bool
choose_config(MvmDefineWork *work, GError **error)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    GPtrArray *edits = mvm_config_edits_copy(metadata != NULL ? metadata->config : NULL);

    work->machine->config = edits;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (mvm_define_is_asked(work, (MvmOption)i) && mvm_opencore_key_of((MvmOption)i) != NULL)
            mvm_config_edits_drop(edits, mvm_opencore_key_of((MvmOption)i));
    }
    if (work->request->unset != NULL)
        mvm_config_edits_drop(edits, work->request->unset);
    if (work->request->edit == NULL || mvm_config_edits_put(edits, work->request->edit))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot set '%s': %d keys of config.plist are set already",
                work->request->edit->key, MVM_CONFIG_MAX_EDITS);
    return false;
}

/* Only the first define looks for a free port, that of a copy, that of a machine that had none
 * because of its network, and one that found its port taken meanwhile. */
static bool
choose_port(MvmDefineWork *work, GError **error)
{
    MvmMachine *machine = work->machine;
    unsigned from = work->request->port_from;

    if (!mvm_machine_forwards(machine))
        return true;
    if (from == 0 && mvm_define_option(work, MVM_OPTION_SSH_PORT) != NULL) {
        if (work->current == NULL || mvm_define_is_asked(work, MVM_OPTION_SSH_PORT))
            mvm_port_note_shared(work->context, machine->name, machine->ssh_port);
        return true;
    }
    if (work->current != NULL && work->current->metadata->ssh_port > 0) {
        machine->ssh_port = (unsigned)work->current->metadata->ssh_port;
        if (from == 0 && !work->current->copy)
            return true;
    }
    if (!mvm_port_choose(work->context, machine->name, from > 0 ? from : machine->ssh_port,
                         &machine->ssh_port, &work->port_claim, error))
        return false;
    if (machine->ssh_port != MVM_DEFAULT_SSH_PORT)
        mvm_progress_note(work->context->progress, "port %u is taken: the guest's ssh gets %u",
                          MVM_DEFAULT_SSH_PORT, machine->ssh_port);
    return true;
}

/* UUID and MAC are the machine's for good; only the first define chooses them, and that of a
 * copy. */
static void
choose_identity(MvmDefineWork *work)
{
    const MvmCurrent *current = work->current;
    const MvmDefineOrigin *origin = &work->request->origin;
    MvmMachine *machine = work->machine;

    machine->uuid = g_strdup(current != NULL ? current->uuid : origin->uuid);
    machine->mac = g_strdup(current != NULL ? current->mac : origin->mac);
    if (machine->mac == NULL)
        machine->mac = mvm_mac_new();
    if (machine->uuid == NULL)
        machine->uuid = g_uuid_string_random();
    choose_mac(work);
}

/* Whoever it is that defines the machine again. */
static void
keep_ssh_user(MvmDefineWork *work)
{
    const char *had = work->current != NULL ? work->current->metadata->ssh_user : NULL;

    if (had == NULL || mvm_define_option(work, MVM_OPTION_SSH_USER) != NULL)
        return;
    g_free(work->machine->ssh_user);
    work->machine->ssh_user = g_strdup(had);
}

/* A number of the last rendering where the option is not given; else what machine has. */
static unsigned
keep_number(const MvmDefineWork *work, MvmOption option, const char *path, unsigned now)
{
    uint64_t had = 0;

    if (mvm_define_option(work, option) != NULL ||
        !mvm_xml_get_uint(work->current->base, path, &had, NULL) || had == 0 || had > G_MAXUINT)
        return now;
    return (unsigned)had;
}

/* Defaults are fitted to a host once: on another one, or when this one changes, the machine stays
 * as large as it is until something else is asked for. */
static void
keep_size(MvmDefineWork *work)
{
    MvmMachine *machine = work->machine;
    bool said = mvm_define_option(work, MVM_OPTION_CORES) != NULL ||
                mvm_define_option(work, MVM_OPTION_THREADS) != NULL ||
                mvm_define_option(work, MVM_OPTION_SOCKETS) != NULL;

    if (work->current == NULL || work->current->base == NULL)
        return;
    machine->memory = (uint64_t)keep_number(work, MVM_OPTION_MEMORY, "/domain/memory[@unit='MiB']",
                                            (unsigned)(machine->memory >> 20))
                      << 20;
    if (said)
        return;
    machine->sockets =
        keep_number(work, MVM_OPTION_SOCKETS, "/domain/cpu/topology/@sockets", machine->sockets);
    machine->cores =
        keep_number(work, MVM_OPTION_CORES, "/domain/cpu/topology/@cores", machine->cores);
    machine->threads =
        keep_number(work, MVM_OPTION_THREADS, "/domain/cpu/topology/@threads", machine->threads);
}

bool
mvm_define_resolve_machine(MvmDefineWork *work, GError **error)
{
    const char *osk = work->current != NULL ? work->current->osk : work->request->origin.osk;
    MvmHostLimits limits = {0};

    work->host = mvm_host_read(work->context->conn, error);
    if (work->host == NULL)
        return false;
    /* Of a machine that is there, only what is asked for now happens now. */
    limits = (MvmHostLimits){.memory = work->host->memory,
                             .cpus = work->host->cpus,
                             .asked = work->current != NULL ? work->request->options : NULL};
    work->machine =
        mvm_machine_new(work->request->name, work->options, &limits, work->context->progress);
    keep_size(work);
    work->machine->osk = mvm_osk_find(work->context, work->osk, osk);
    if (!mvm_machine_check_cpus(work->machine, error))
        return false;
    choose_identity(work);
    keep_ssh_user(work);
    return choose_port(work, error) && choose_config(work, error) &&
           mvm_define_fit_to_host(work, error);
}

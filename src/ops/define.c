/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define.h"

#include "ops/config.h"
#include "ops/define-merge.h"
#include "ops/hostcheck.h"
#include "ops/images.h"
#include "ops/machine.h"
#include "ops/opencore.h"
#include "ops/oscheck.h"
#include "ops/osk.h"
#include "ops/port.h"
#include "ops/screen.h"
#include "util/error.h"
#include "util/secret.h"
#include "util/words.h"
#include "virt/caps.h"
#include "virt/definition.h"
#include "virt/domain.h"
#include "virt/render.h"
#include "xml/xml.h"

#include <string.h>

/* What is gathered on the way from request to domain. */
typedef struct {
    const MvmContext *context;
    const MvmDefineRequest *request;
    MvmCurrent *current; /* owned; NULL: no such domain yet */
    MvmOptions *options; /* owned; all of them, by precedence */
    char *osk;           /* owned; from macvm.conf */
    MvmHost *host;       /* owned */
    MvmMachine *machine; /* owned */
    MvmImageRequest images_wanted;
    MvmImages *images; /* owned */
    MvmMerged *merged; /* owned */
} Work;

static void
work_clear(Work *work)
{
    mvm_merged_free(work->merged);
    mvm_images_free(work->images);
    mvm_current_free(work->current);
    mvm_options_free(work->options);
    mvm_secret_free(work->osk);
    mvm_host_free(work->host);
    mvm_machine_free(work->machine);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static bool
gather_options(Work *work, GError **error)
{
    if (!mvm_config_load(&work->options, &work->osk, error))
        return false;
    if (work->current != NULL && !mvm_current_add_options(work->current, work->options, error))
        return false;
    mvm_options_overlay(work->options, work->request->options);
    return true;
}

static const char *
option(const Work *work, MvmOption which)
{
    return work->options->value[which];
}

static bool
is_asked(const Work *work, MvmOption which)
{
    return work->request->options->value[which] != NULL;
}

/* Who the Mac is, once and for all; only another version of macOS may want another model. */
static void
choose_mac(Work *work)
{
    MvmMachine *machine = work->machine;
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    const MvmIdentity *had = metadata != NULL ? metadata->identity : NULL;

    if (metadata != NULL)
        machine->opencore_made = g_strdup(metadata->opencore_made);
    if (had != NULL &&
        (!is_asked(work, MVM_OPTION_OS) || g_str_equal(had->model, machine->os->smbios))) {
        machine->identity = mvm_identity_copy(had);
        return;
    }
    machine->identity = mvm_identity_new(machine->os->smbios, machine->mac);
    if (had != NULL)
        mvm_progress_note(work->context->progress,
                          "macOS %s takes the machine for a %s: it gets a serial number of that",
                          machine->os->id, machine->os->smbios);
}

/* What the user set in config.plist before, and sets now. What is asked for later wins, by
 * whichever name it goes. */
static bool
choose_config(Work *work, GError **error)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    GPtrArray *edits = mvm_config_edits_copy(metadata != NULL ? metadata->config : NULL);

    work->machine->config = edits;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (is_asked(work, (MvmOption)i) && mvm_opencore_key_of((MvmOption)i) != NULL)
            mvm_config_edits_drop(edits, mvm_opencore_key_of((MvmOption)i));
    }
    if (work->request->edit == NULL || mvm_config_edits_put(edits, work->request->edit))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot set '%s': %d keys of config.plist are set already",
                work->request->edit->key, MVM_CONFIG_MAX_EDITS);
    return false;
}

/* UUID, MAC and port are the machine's for good; only the first define chooses them, and that of a
 * copy. */
static bool
choose_identity(Work *work, GError **error)
{
    MvmMachine *machine = work->machine;
    bool asked = option(work, MVM_OPTION_SSH_PORT) != NULL;
    bool fresh = work->current == NULL || work->current->copy;

    if (work->current != NULL) {
        machine->uuid = g_strdup(work->current->uuid);
        machine->mac = g_strdup(work->current->mac);
        if (!asked && work->current->metadata->ssh_port > 0)
            machine->ssh_port = (unsigned)work->current->metadata->ssh_port;
    }
    if (work->current == NULL) {
        machine->mac = g_strdup(work->request->origin.mac);
        machine->uuid = g_strdup(work->request->origin.uuid);
    }
    if (machine->mac == NULL)
        machine->mac = mvm_mac_new();
    choose_mac(work);
    if (machine->uuid == NULL)
        machine->uuid = g_uuid_string_random();
    if (fresh) {
        if (!asked && !mvm_port_choose(work->context, machine->name, machine->ssh_port,
                                       &machine->ssh_port, error))
            return false;
        if (!asked && machine->ssh_port != MVM_DEFAULT_SSH_PORT)
            mvm_progress_note(work->context->progress, "port %u is taken: the guest's ssh gets %u",
                              MVM_DEFAULT_SSH_PORT, machine->ssh_port);
    }
    return true;
}

static void
choose_passt(Work *work)
{
    const MvmDomCaps *caps = mvm_host_get_domcaps(work->host, work->machine->kvm);

    if (work->machine->net_kind == MVM_NET_ARGS && caps != NULL && caps->passt &&
        mvm_feature_is_in(MVM_FEATURE_PASST, &work->host->versions))
        work->machine->net_kind = MVM_NET_PASST;
}

/* libvirt makes the variables once, from the template of that time. */
static void
note_old_variables(const Work *work)
{
    g_autofree char *word = mvm_word_quote(work->machine->name);
    g_autofree char *loader = NULL;

    if (work->current == NULL || work->machine->loader == NULL)
        return;
    loader = mvm_xml_get(work->current->doc, "/domain/os/loader");
    if (work->request->options->value[MVM_OPTION_FIRMWARE] != NULL &&
        g_strcmp0(loader, work->machine->loader) != 0)
        mvm_progress_note(work->context->progress,
                          "the variables of the old firmware stay: 'macvm set %s --reset-nvram' "
                          "makes new ones",
                          word);
}

/* Both are right in their own eyes; the merge takes what this one renders. */
static void
note_newer_profile(const Work *work)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;

    if (metadata != NULL && metadata->profile > MVM_PROFILE_VERSION)
        mvm_progress_note(work->context->progress,
                          "a newer macvm defined '%s' last: what it knew better of macOS %s is "
                          "taken back",
                          work->machine->name, work->machine->os->id);
}

/* What depends on the host: firmware, accelerator, network, size. */
static bool
fit_to_host(Work *work, GError **error)
{
    const MvmContext *context = work->context;
    const char *accel = option(work, MVM_OPTION_ACCEL);
    const char *type = work->current != NULL ? work->current->type : NULL;

    /* A stored --accel was proved when it was given; only a new wish is tried out again. */
    if (work->current != NULL && work->request->options->value[MVM_OPTION_ACCEL] == NULL)
        accel = NULL;
    if (!mvm_hostcheck_accel(context, work->host, accel, type, work->machine, error) ||
        !mvm_hostcheck_firmware(context, work->host, option(work, MVM_OPTION_FIRMWARE),
                                work->machine, error))
        return false;
    choose_passt(work);
    note_old_variables(work);
    note_newer_profile(work);
    if (!mvm_oscheck_fit(context, work->host, work->request->mode == MVM_DEFINE, work->machine,
                         error))
        return false;
    if (work->request->mode != MVM_DEFINE)
        return true;
    return mvm_hostcheck_devices(context, work->host, work->machine, error) &&
           mvm_hostcheck_memory(work->host, option(work, MVM_OPTION_MEMORY) != NULL, work->machine,
                                error);
}

static bool
resolve_machine(Work *work, GError **error)
{
    const char *osk = work->current != NULL ? work->current->osk : work->request->origin.osk;
    MvmHostLimits limits = {0};

    work->host = mvm_host_read(work->context->conn, error);
    if (work->host == NULL)
        return false;
    limits = (MvmHostLimits){.memory = work->host->memory, .cpus = work->host->cpus};
    work->machine =
        mvm_machine_new(work->request->name, work->options, &limits, work->context->progress);
    work->machine->osk = mvm_osk_find(work->context, work->osk, osk);
    return mvm_machine_check_cpus(work->machine, error) && choose_identity(work, error) &&
           choose_config(work, error) && fit_to_host(work, error);
}

/* What is in the OpenCore disk, a macOS that wants another model there, or another machine's. */
static bool
asks_for_opencore(const Work *work)
{
    const MvmMetadata *metadata = work->current != NULL ? work->current->metadata : NULL;
    const MvmIdentity *had = metadata != NULL ? metadata->identity : NULL;

    if (metadata != NULL && work->current->copy && metadata->opencore_made != NULL)
        return true;
    if (had != NULL && !g_str_equal(had->model, work->machine->identity->model))
        return true;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (is_asked(work, (MvmOption)i) && mvm_opencore_key_of((MvmOption)i) != NULL)
            return true;
    }
    return work->request->edit != NULL;
}

static bool
plan_images(Work *work, GError **error)
{
    work->images_wanted = (MvmImageRequest){
        .pool = option(work, MVM_OPTION_POOL),
        .opencore = work->request->opencore,
        .firmware = option(work, MVM_OPTION_FIRMWARE),
        .opencore_made = work->current != NULL ? work->current->metadata->opencore_made : NULL,
        .opencore_asked = asks_for_opencore(work),
        .recovery_asked = is_asked(work, MVM_OPTION_RECOVERY),
        .resize = is_asked(work, MVM_OPTION_DISK_SIZE),
        .dry_run = work->request->mode != MVM_DEFINE,
        .had = work->current != NULL ? work->current->images : NULL,
    };
    work->images = mvm_images_plan(work->context, &work->images_wanted, work->machine, error);
    return work->images != NULL;
}

static bool
merge(Work *work, GError **error)
{
    mvm_merged_free(work->merged);
    work->merged =
        mvm_define_merge(work->current, work->machine, work->options, work->request, error);
    return work->merged != NULL;
}

/* Everything that can be refused before something is made. */
static bool
plan(Work *work, GError **error)
{
    return gather_options(work, error) && resolve_machine(work, error) &&
           plan_images(work, error) && merge(work, error);
}

/* Whom 'macvm ssh' logs in as is known of the running machine, too: that changes at once. */
static bool
change_running(Work *work, GError **error)
{
    const char *user = work->request->options->value[MVM_OPTION_SSH_USER];
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(MvmMetadata) metadata = NULL;

    if (user == NULL || !mvm_definition_is_running(work->context->conn, work->machine->name))
        return true;
    domain = mvm_domain_open(work->context->conn, work->machine->name, error);
    metadata = domain != NULL ? mvm_domain_get_metadata(domain, error) : NULL;
    if (metadata == NULL)
        return false;
    g_free(metadata->ssh_user);
    metadata->ssh_user = g_strdup(user);
    return mvm_domain_set_metadata(domain, metadata, true, error);
}

static bool
store(Work *work, GError **error)
{
    const char *expected = work->current != NULL ? work->current->xml : NULL;
    const char *name = work->machine->name;

    if (work->merged->changed &&
        !mvm_definition_write(work->context->conn, name, work->merged->xml, expected, error))
        return false;
    if (!change_running(work, error))
        return false;
    /* What was once asked for may have been changed since: 'virsh autostart'. */
    if (option(work, MVM_OPTION_AUTOSTART) == NULL ||
        (work->current != NULL && !is_asked(work, MVM_OPTION_AUTOSTART)))
        return true;
    return mvm_definition_set_autostart(work->context->conn, name, work->machine->autostart, error);
}

/* What is made tells more than could be foreseen (a format): the domain is made of that. */
static bool
make(Work *work, GError **error)
{
    if ((!mvm_images_is_needed(work->images) ||
         (mvm_images_make(work->images, error) && merge(work, error))) &&
        store(work, error))
        return true;
    mvm_images_undo(work->images);
    return false;
}

static void
warn_of_screen(const Work *work, const char *xml)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "domain", NULL);

    if (doc != NULL)
        mvm_screen_warn(work->context, work->machine->name, doc);
}

static bool
answer(Work *work, MvmDefineResult *result, GError **error)
{
    if (work->request->mode == MVM_DEFINE && !make(work, error))
        return false;
    warn_of_screen(work, work->merged->xml);
    result->created = work->current == NULL;
    result->changed = work->merged->changed;
    if (work->request->mode == MVM_DEFINE)
        result->running = mvm_definition_is_running(work->context->conn, work->machine->name);
    if (work->request->mode == MVM_DEFINE_PRINT)
        result->text = g_strdup(work->merged->xml);
    if (work->request->mode == MVM_DEFINE_DIFF) {
        result->text = mvm_define_diff(work->current, work->merged, error);
        return result->text != NULL;
    }
    return true;
}

static void
note_current(const Work *work)
{
    const MvmCurrent *current = work->current;
    const char *name = work->request->name;
    MvmProgress *progress = work->context->progress;

    if (current->base == NULL)
        mvm_progress_note(progress,
                          "what macvm made of '%s' last cannot be read in its metadata: where the "
                          "domain differs from what macvm makes of it now, it stays as it is",
                          name);
    if (!current->copy)
        return;
    mvm_progress_note(progress, "'%s' is a copy of another machine: it gets what has to be its own",
                      name);
    if (current->metadata->opencore_made == NULL)
        mvm_progress_note(progress, "macvm did not make its OpenCore disk: the serial numbers in "
                                    "it are still the other machine's");
}

bool
mvm_define(const MvmContext *context, const MvmDefineRequest *request, MvmDefineResult *ret_result,
           GError **error)
{
    g_auto(Work) work = {.context = context, .request = request};
    g_autoptr(MvmLock) lock = NULL;

    if (request->mode == MVM_DEFINE && (lock = mvm_machine_lock(request->name, error)) == NULL)
        return false;
    if (!mvm_current_load(context->conn, request->name, &work.current, error))
        return false;
    if (work.current == NULL && request->must_exist) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find machine '%s'",
                    request->name);
        mvm_error_set_hint(error, "'macvm list' shows the machines there are");
        return false;
    }
    if (work.current != NULL)
        note_current(&work);
    return plan(&work, error) && answer(&work, ret_result, error);
}

void
mvm_define_result_clear(MvmDefineResult *result)
{
    g_free(result->text);
    *result = (MvmDefineResult){0};
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define.h"

#include "ops/config.h"
#include "ops/define-priv.h"
#include "ops/machine.h"
#include "ops/port.h"
#include "ops/screen.h"
#include "util/error.h"
#include "util/secret.h"
#include "virt/definition.h"
#include "xml/xml.h"

#include <string.h>

/* How often a port that another machine got meanwhile is left for another one. */
#define PORT_ATTEMPTS 20

static void
work_clear(MvmDefineWork *work)
{
    mvm_merged_free(work->merged);
    mvm_images_free(work->images);
    mvm_current_free(work->current);
    mvm_options_free(work->options);
    mvm_secret_free(work->osk);
    mvm_host_free(work->host);
    mvm_unfit_clear(&work->unfit);
    mvm_machine_free(work->machine);
    mvm_lock_release(work->port_claim);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmDefineWork, work_clear)

static bool
gather_options(MvmDefineWork *work, GError **error)
{
    if (!mvm_config_load(&work->options, &work->osk, error))
        return false;
    if (work->current != NULL &&
        !mvm_current_add_options(work->current, !mvm_define_is_asked(work, MVM_OPTION_OS),
                                 work->options, error))
        return false;
    mvm_options_overlay(work->options, work->request->options);
    return true;
}

const char *
mvm_define_option(const MvmDefineWork *work, MvmOption which)
{
    return work->options->value[which];
}

bool
mvm_define_is_strict(const MvmDefineWork *work)
{
    return work->request->mode != MVM_DEFINE_PRINT;
}

bool
mvm_define_is_asked(const MvmDefineWork *work, MvmOption which)
{
    return work->request->options->value[which] != NULL;
}

bool
mvm_define_work_merge(MvmDefineWork *work, GError **error)
{
    mvm_merged_free(work->merged);
    work->merged = mvm_define_merge(work->current, work->machine, &work->unfit, work->options,
                                    work->request, error);
    return work->merged != NULL;
}

/* Everything that can be refused before something is made. */
static bool
plan(MvmDefineWork *work, GError **error)
{
    return gather_options(work, error) && mvm_define_resolve_machine(work, error) &&
           mvm_define_plan_images(work, error) && mvm_define_choose_nvram(work, error) &&
           mvm_define_work_merge(work, error);
}

/* What there is to say of the domain itself. */
static void
look_at_domain(const MvmDefineWork *work, MvmDefineResult *result)
{
    const char *xml = work->merged->xml;
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "domain", NULL);
    g_autofree char *boot = mvm_current_image_source(MVM_IMAGE_OPENCORE);
    g_autoptr(GPtrArray) keys = NULL;

    if (doc == NULL)
        return;
    mvm_screen_warn(work->context, work->machine->name, doc);
    keys = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg[contains(@value, 'osk=')]");
    result->no_osk = keys->len == 0;
    g_strrstr(boot, "/source")[0] = '\0'; /* the disk, of whatever source */
    result->no_opencore = mvm_xml_get_node(doc, boot) == NULL;
}

static void
note_all(const MvmDefineWork *work, const GPtrArray *sentences)
{
    for (guint i = 0; i < sentences->len; i++)
        mvm_progress_note(work->context->progress, "%s", (const char *)sentences->pdata[i]);
}

/* libvirt may have made something else of it than what was asked for. */
static bool
read_back(const MvmDefineWork *work, GError **error)
{
    g_autofree char *xml = NULL;
    g_autoptr(GPtrArray) missed = NULL;

    if (!work->merged->changed ||
        !mvm_definition_read(work->context->conn, work->machine->name, &xml, error))
        return !work->merged->changed;
    if (xml == NULL)
        return true;
    missed = mvm_define_list_missed(work->merged, work->request, xml);
    note_all(work, missed);
    return true;
}

/* What became of the machine. A saved state goes on as the machine that it was. */
static void
look(const MvmDefineWork *work, MvmDefineResult *result)
{
    const char *name = work->machine->name;
    bool saved = false;

    result->running =
        mvm_definition_look(work->context->conn, name, result->changed ? &saved : NULL);
    if (saved)
        mvm_progress_note(work->context->progress,
                          "the saved state of '%s' goes on as it was: what changed shows at the "
                          "start after that",
                          name);
}

static bool
answer(MvmDefineWork *work, MvmDefineResult *result, GError **error)
{
    if (work->request->mode == MVM_DEFINE &&
        (!mvm_define_make(work, error) || !read_back(work, error)))
        return false;
    note_all(work, work->merged->remarks);
    look_at_domain(work, result);
    result->created = work->current == NULL;
    result->changed = work->merged->changed;
    if (work->request->mode == MVM_DEFINE)
        look(work, result);
    if (work->request->mode == MVM_DEFINE_PRINT)
        result->text = g_strdup(work->merged->xml);
    if (work->request->mode == MVM_DEFINE_DIFF) {
        result->kept = mvm_define_list_edits(work->current);
        result->text = mvm_define_diff(work->current, work->merged, error);
        return result->text != NULL;
    }
    return true;
}

static void
note_current(const MvmDefineWork *work)
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

/* *ret_chosen is the port that was chosen, and not asked for; 0: none was. */
static bool
define_once(const MvmContext *context, const MvmDefineRequest *request, MvmDefineResult *result,
            unsigned *ret_chosen, GError **error)
{
    g_auto(MvmDefineWork) work = {.context = context, .request = request};

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
    if (!plan(&work, error) || !answer(&work, result, error))
        return false;
    *ret_chosen = work.port_claim != NULL ? work.machine->ssh_port : 0;
    return true;
}

/* Another user, or another session of this one, may have defined a machine with the same port since
 * it was chosen: whoever defined last sees that here, and takes the next one. Not all the very next
 * one, or they would meet again. */
static bool
leave_shared_port(const MvmContext *context, const MvmDefineRequest *request, unsigned port,
                  MvmDefineResult *result, GError **error)
{
    MvmDefineRequest again = *request;
    bool created = result->created;

    for (int i = 1; i <= PORT_ATTEMPTS && port > 0; i++) {
        if (!mvm_port_is_shared(context, request->name, port))
            return true;
        again.port_from = port + (unsigned)g_random_int_range(1, 2 + 4 * i);
        mvm_define_result_clear(result);
        if (!define_once(context, &again, result, &port, error))
            return false;
        result->created = created;
        result->changed = true;
    }
    return true;
}

bool
mvm_define(const MvmContext *context, const MvmDefineRequest *request, MvmDefineResult *ret_result,
           GError **error)
{
    g_autoptr(MvmLock) lock = NULL;
    unsigned port = 0;

    if (request->mode == MVM_DEFINE &&
        (lock = mvm_machine_lock(context, request->name, error)) == NULL)
        return false;
    return define_once(context, request, ret_result, &port, error) &&
           (request->mode != MVM_DEFINE ||
            leave_shared_port(context, request, port, ret_result, error));
}

void
mvm_define_result_clear(MvmDefineResult *result)
{
    g_free(result->text);
    g_clear_pointer(&result->kept, g_ptr_array_unref);
    *result = (MvmDefineResult){0};
}

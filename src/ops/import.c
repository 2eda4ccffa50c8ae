/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/import.h"

#include "machine/machine.h"
#include "machine/name.h"
#include "ops/config.h"
#include "ops/define.h"
#include "ops/firmware.h"
#include "ops/images.h"
#include "ops/import-priv.h"
#include "util/error.h"
#include "util/file.h"
#include "util/secret.h"
#include "util/words.h"
#include "virt/definition.h"
#include "virt/domain.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
work_clear(MvmImportWork *work)
{
    mvm_import_source_free(work->source);
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++)
        mvm_import_file_clear(&work->files[i]);
    mvm_options_free(work->options);
    g_free(work->file);
    g_free(work->dir);
    g_free(work->name);
    g_free(work->uuid);
    mvm_pool_free(work->pool);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmImportWork, work_clear)

const char *
mvm_import_image_name(MvmImportImage image)
{
    static const char *const names[] = {"opencore", "system", "firmware", "nvram"};

    return names[image];
}

/* --- what the source says --------------------------------------------------------------------- */

static bool
read_source(MvmImportWork *work, GError **error)
{
    mvm_autosecret char *text = NULL;
    size_t len = 0;

    work->file = mvm_import_find(work->request->path, error);
    if (work->file == NULL)
        return false;
    work->dir = g_path_get_dirname(work->file);
    text = mvm_file_read(work->file, MVM_IMPORT_MAX_TEXT, &len, error);
    work->source = text != NULL ? mvm_import_read(text, len, work->dir, work->file, error) : NULL;
    return work->source != NULL;
}

static bool
choose_name(MvmImportWork *work, GError **error)
{
    const char *own = work->source->name;

    if (work->request->name != NULL)
        work->name = g_strdup(work->request->name);
    else if (own != NULL && mvm_name_check(own, NULL))
        work->name = g_strdup(own);
    else
        work->name = g_strdup(MVM_NAME_DEFAULT);
    if (own != NULL && !g_str_equal(own, work->name))
        mvm_import_leave(work->source, "name '%s': the machine is called '%s'", own, work->name);
    return mvm_name_check(work->name, error);
}

/* Another model of card is a change that macOS sees; libvirt and QEMU have two names for virtio's.
 */
static void
tell_card(MvmImportWork *work)
{
    const char *os = work->options->value[MVM_OPTION_OS], *had = work->source->nic;
    const MvmOs *row = mvm_os_find(os != NULL ? os : MVM_OS_DEFAULT, NULL);
    bool virtio = had != NULL && g_str_has_prefix(had, "virtio");

    if (had != NULL && row != NULL && !(virtio && g_str_has_prefix(row->nic, "virtio")) &&
        !g_str_equal(had, row->qemu_nic))
        mvm_import_leave(work->source,
                         "network card of model %.64s: macOS %s gets %s, with the same address",
                         had, row->id, row->qemu_nic);
}

/* The usual port is not asked for: the machine gets another when a machine of macvm has it. */
static void
choose_options(MvmImportWork *work)
{
    MvmOptions *options = work->source->options;
    char **port = &options->value[MVM_OPTION_SSH_PORT];
    g_autofree char *usual = g_strdup_printf("%u", MVM_DEFAULT_SSH_PORT);

    if (g_strcmp0(*port, usual) == 0)
        g_clear_pointer(port, g_free);
    if (options->value[MVM_OPTION_OS] == NULL &&
        work->request->options->value[MVM_OPTION_OS] == NULL)
        mvm_import_leave(work->source,
                         "the macOS version, which nothing there tells: taken to be %s; --os "
                         "VERSION says better",
                         MVM_OS_DEFAULT);
    /* macOS is on the disk; recovery would only begin to install it again. */
    (void)mvm_options_set(options, MVM_OPTION_RECOVERY, "off", NULL);
    work->options = mvm_options_copy(options);
    mvm_options_overlay(work->options, work->request->options);
    tell_card(work);
}

/* --- its files -------------------------------------------------------------------------------- */

const char *
mvm_import_ending(MvmImportImage image)
{
    switch (image) {
    case MVM_IMPORT_OPENCORE:
        return mvm_image_ending(MVM_IMAGE_OPENCORE);
    case MVM_IMPORT_SYSTEM:
        return mvm_image_ending(MVM_IMAGE_SYSTEM);
    case MVM_IMPORT_CODE:
        return "-code.fd";
    case MVM_IMPORT_VARS:
    case MVM_IMPORT_IMAGE_COUNT:
        break;
    }
    return "-vars.fd";
}

static bool
open_image(MvmImportWork *work, MvmImportImage image, GError **error)
{
    bool is_disk = image == MVM_IMPORT_OPENCORE || image == MVM_IMPORT_SYSTEM;
    g_autofree char *path = NULL, *volume = NULL;
    g_autoptr(GError) cause = NULL;

    if (work->source->image[image] == NULL)
        return true;
    path = mvm_import_locate(work, image, &cause);
    volume = g_strconcat(work->name, mvm_import_ending(image), NULL);
    if (path != NULL &&
        mvm_import_file_open(&work->files[image], is_disk ? MVM_IMPORT_DISK : MVM_IMPORT_FIRMWARE,
                             path, volume, &cause))
        return true;
    if (image == MVM_IMPORT_SYSTEM || g_error_matches(cause, MVM_ERROR, MVM_ERROR_CONFLICT)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    mvm_import_leave(work->source, "%s: %s", mvm_import_image_name(image), cause->message);
    mvm_import_file_clear(&work->files[image]);
    work->files[image] = (MvmImportFile){.fd = -1};
    return true;
}

static bool
has(const MvmImportWork *work, MvmImportImage image)
{
    return work->files[image].path != NULL;
}

static void
forget(MvmImportWork *work, MvmImportImage image)
{
    mvm_import_file_clear(&work->files[image]);
    work->files[image] = (MvmImportFile){.fd = -1};
}

/* Why the variables are of no use; NULL: they are. They go with the code that they were written by.
 */
static const char *
why_no_nvram(const MvmImportWork *work)
{
    struct stat code, vars;

    if (work->request->options->value[MVM_OPTION_FIRMWARE] != NULL)
        return "--firmware asks for another";
    if (!has(work, MVM_IMPORT_CODE) || !has(work, MVM_IMPORT_VARS))
        return "its firmware is not there";
    if (fstat(work->files[MVM_IMPORT_CODE].fd, &code) == 0 &&
        fstat(work->files[MVM_IMPORT_VARS].fd, &vars) == 0 &&
        mvm_firmware_is_mixed((uint64_t)code.st_size, (uint64_t)vars.st_size))
        return "its firmware is of another build, which could not keep it";
    return NULL;
}

static void
check_firmware(MvmImportWork *work)
{
    const char *why = why_no_nvram(work);

    if (why == NULL)
        return;
    if (has(work, MVM_IMPORT_VARS))
        mvm_import_leave(work->source, "NVRAM '%s': %s", work->files[MVM_IMPORT_VARS].path, why);
    forget(work, MVM_IMPORT_CODE);
    forget(work, MVM_IMPORT_VARS);
}

static bool
open_images(MvmImportWork *work, GError **error)
{
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        if (!open_image(work, (MvmImportImage)i, error))
            return false;
    }
    check_firmware(work);
    return true;
}

/* --- the domain ------------------------------------------------------------------------------- */

/* The UUID that macOS knows is that of the OpenCore disk; a domain that is there may have it. */
static bool
choose_uuid(MvmImportWork *work, GError **error)
{
    const MvmImportFile *opencore = &work->files[MVM_IMPORT_OPENCORE];
    g_autofree char *user = NULL;

    work->uuid = g_strdup(work->source->uuid);
    if (work->uuid == NULL && opencore->path != NULL)
        work->uuid = mvm_import_read_uuid(opencore->path, opencore->is_raw);
    if (work->uuid == NULL)
        return true;
    if (!mvm_definition_find_uuid(work->context->conn, work->uuid, &user, error))
        return false;
    if (user == NULL)
        return true;
    mvm_import_leave(work->source, "UUID %s: the domain '%s' has it", work->uuid, user);
    g_clear_pointer(&work->uuid, g_free);
    return true;
}

static bool
define(MvmImportWork *work, MvmDefineMode mode, GError **error)
{
    MvmDefineRequest request = {.name = work->name,
                                .options = work->options,
                                .opencore = work->files[MVM_IMPORT_OPENCORE].path,
                                .origin = {work->uuid, work->source->mac, work->source->osk,
                                           mvm_import_edit_domain, work->source},
                                .mode = mode};
    g_auto(MvmDefineResult) result = {0};
    MvmContext silent = mvm_context(work->context->conn, NULL);

    /* What is only looked at is not told: it is told when it is done. */
    return mvm_define(mode == MVM_DEFINE ? work->context : &silent, &request, &result, error);
}

bool
mvm_import_refuse_name(const MvmImportWork *work, GError **error)
{
    g_autofree char *word = mvm_word_quote(work->request->path);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot import '%s': there is a domain '%s'",
                work->file, work->name);
    mvm_error_set_hint(error, "give the machine another name: 'macvm import %s NAME'", word);
    return false;
}

/* Only a move can have something left to do when the machine is there. */
static bool
check_name(MvmImportWork *work, GError **error)
{
    g_autofree char *xml = NULL;

    if (!mvm_definition_read(work->context->conn, work->name, &xml, error))
        return false;
    work->is_there = xml != NULL;
    return !work->is_there || (work->request->move && !work->request->dry_run) ||
           mvm_import_refuse_name(work, error);
}

/* --- copying ---------------------------------------------------------------------------------- */

bool
mvm_import_open_pool(MvmImportWork *work, GError **error)
{
    g_autoptr(MvmOptions) configured = NULL;
    mvm_autosecret char *osk = NULL;
    const char *pool = work->options->value[MVM_OPTION_POOL];

    if (!mvm_config_load(&configured, &osk, error))
        return false;
    work->pool = mvm_pool_ensure(work->context->conn,
                                 pool != NULL ? pool : configured->value[MVM_OPTION_POOL], error);
    return work->pool != NULL;
}

static bool
put_images(MvmImportWork *work, GError **error)
{
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        if (has(work, (MvmImportImage)i) &&
            !mvm_import_file_check_apart(&work->files[i], work->pool, error))
            return false;
    }
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        if (has(work, (MvmImportImage)i) &&
            !mvm_import_file_put(&work->files[i], work->context, work->pool, work->name, error))
            return false;
    }
    return true;
}

static bool
use_firmware(MvmImportWork *work, GError **error)
{
    const char *code = work->files[MVM_IMPORT_CODE].there;
    const char *vars = work->files[MVM_IMPORT_VARS].there;
    g_autofree char *pair = code != NULL ? g_strdup_printf("%s:%s", code, vars) : NULL;

    return pair == NULL || mvm_options_set(work->options, MVM_OPTION_FIRMWARE, pair, error);
}

static bool
take_over(MvmImportWork *work, MvmImportResult *result, GError **error)
{
    return mvm_import_open_pool(work, error) && put_images(work, error) &&
           use_firmware(work, error) && define(work, MVM_DEFINE, error) &&
           (!work->request->move || mvm_import_remove_source(work, result, error));
}

/* --- all of it -------------------------------------------------------------------------------- */

/* What the host cannot do is told before gigabytes are copied. */
static bool
do_it(MvmImportWork *work, MvmImportResult *result, GError **error)
{
    if (work->is_there)
        return mvm_import_end_move(work, result, error);
    return mvm_import_check_apart(work, error) && choose_uuid(work, error) &&
           define(work, MVM_DEFINE_CHECK, error) &&
           (work->request->dry_run || take_over(work, result, error));
}

static void
fill(MvmImportWork *work, MvmImportResult *result)
{
    result->name = g_strdup(work->name);
    result->file = g_strdup(work->file);
    result->uuid = g_strdup(work->uuid);
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        result->from[i] = g_strdup(work->files[i].path);
        result->volume[i] = g_strdup(work->files[i].volume);
    }
    result->left = g_ptr_array_ref(work->source->left);
}

bool
mvm_import(const MvmContext *context, const MvmImportRequest *request, MvmImportResult *ret_result,
           GError **error)
{
    g_auto(MvmImportWork) work = {.context = context, .request = request};
    g_auto(MvmImportResult) result = {0};

    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++)
        work.files[i].fd = -1;
    if (!read_source(&work, error) || !choose_name(&work, error) || !check_name(&work, error))
        return false;
    choose_options(&work);
    if (!open_images(&work, error) || !do_it(&work, &result, error))
        return false;
    fill(&work, &result);
    *ret_result = result;
    result = (MvmImportResult){0};
    return true;
}

void
mvm_import_result_clear(MvmImportResult *result)
{
    g_free(result->name);
    g_free(result->file);
    g_free(result->uuid);
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        g_free(result->from[i]);
        g_free(result->volume[i]);
    }
    g_clear_pointer(&result->left, g_ptr_array_unref);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/opencore-disk.h"

#include "media/efi-folder.h"
#include "media/opencore-image.h"
#include "ops/opencore-priv.h"
#include "ops/opencore.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"

#include <string.h>
#include <unistd.h>

/* --- where OpenCore comes from ------------------------------------------------------------------
 */

static bool
find_upstream(char **ret_efi, char **ret_config, GError **error)
{
    g_autofree char *efi = mvm_upstream_find(NULL, MVM_UPSTREAM_EFI_FOLDER, error);
    char *config = efi != NULL ? mvm_upstream_find(NULL, MVM_UPSTREAM_CONFIG_PLIST, error) : NULL;

    if (config == NULL)
        return false;
    *ret_efi = g_steal_pointer(&efi);
    *ret_config = config;
    return true;
}

static bool
add_file(GChecksum *sum, const char *name, const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &cause);

    if (file == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': %s", path,
                    cause->message);
        return false;
    }
    g_checksum_update(sum, (const guchar *)name, (gssize)strlen(name) + 1);
    g_checksum_update(sum, (const guchar *)g_mapped_file_get_contents(file),
                      (gssize)g_mapped_file_get_length(file));
    return true;
}

static bool
add_upstream(GChecksum *sum, GError **error)
{
    g_autofree char *efi = NULL, *config = NULL;
    g_autoptr(GPtrArray) entries = NULL;

    if (!find_upstream(&efi, &config, error) || !add_file(sum, "", config, error) ||
        (entries = mvm_efi_folder_list(efi, error)) == NULL)
        return false;
    for (guint i = 0; i < entries->len; i++) {
        const MvmEfiEntry *entry = entries->pdata[i];

        if (entry->source != NULL && !add_file(sum, entry->name, entry->source, error))
            return false;
    }
    return true;
}

bool
mvm_opencore_find_source(const char *file, char **ret_digest, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    if (!(file != NULL ? add_file(sum, "", file, error) : add_upstream(sum, error)))
        return false;
    *ret_digest = g_strdup(g_checksum_get_string(sum));
    return true;
}

/* --- making ----------------------------------------------------------------------------------- */

typedef struct {
    const MvmContext *context;
    MvmMachine *machine;
    const MvmOpencoreSource *source;
    const char *dir;
    MvmPlist *ours, *base;    /* of the disk that is taken over; owned, or NULL */
    MvmPlist *plist, *brings; /* of the new disk, and what it was made of; owned */
} Work;

static void
work_clear(Work *work)
{
    mvm_plist_free(work->ours);
    mvm_plist_free(work->base);
    mvm_plist_free(work->plist);
    mvm_plist_free(work->brings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static MvmPlist *
copy_plist(const MvmPlist *plist)
{
    size_t len = 0;
    const char *text = mvm_plist_get_text(plist, &len);

    return mvm_plist_parse(text, len, "config.plist", NULL);
}

/* An edit that was taken back, or gave way to an option, leaves what OpenCore brings. */
static bool
drop_edits(Work *work, GError **error)
{
    const GPtrArray *dropped = work->source->dropped;

    for (guint i = 0; work->base != NULL && dropped != NULL && i < dropped->len; i++) {
        const char *key = dropped->pdata[i];
        MvmPlistType type;
        g_autofree char *text = mvm_plist_get(work->base, key, &type, NULL);
        g_autofree char *now = mvm_plist_get(work->ours, key, NULL, NULL);

        if (text == NULL ? now != NULL && !mvm_plist_remove(work->ours, key, error)
                         : !mvm_plist_set(work->ours, key, type, text, error))
            return false;
    }
    return true;
}

static void
forget_lost(Work *work, const GPtrArray *lost)
{
    for (guint i = 0; i < lost->len; i++) {
        mvm_progress_note(work->context->progress,
                          "'%s' is no more set: this OpenCore's config.plist has no place for it",
                          (const char *)lost->pdata[i]);
        mvm_config_edits_drop(work->machine->config, lost->pdata[i]);
    }
}

static bool
configure(Work *work, GError **error)
{
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);

    if (!mvm_opencore_configure(work->machine, work->plist, lost, error))
        return false;
    forget_lost(work, lost);
    return true;
}

static bool
write_disk(const Work *work, const char *raw, const char *efi, char **ret_path, GError **error)
{
    MvmOpencoreImage image = {.guid = work->machine->uuid, .efi_folder = efi};

    image.config = mvm_plist_get_text(work->plist, &image.config_len);
    if (work->brings != NULL)
        image.base = mvm_plist_get_text(work->brings, &image.base_len);
    *ret_path = raw != NULL ? mvm_opencore_image_edit(&image, raw, work->dir, error)
                            : mvm_opencore_image_make(&image, work->dir, error);
    return *ret_path != NULL;
}

/* All of the disk stays, but config.plist. */
static bool
edit_disk(Work *work, const char *raw, char **ret_path, GError **error)
{
    if (!mvm_opencore_bring(work->context, work->source->volume, raw, error) ||
        (work->ours = mvm_opencore_parse(raw, work->source->volume, &work->base, error)) == NULL ||
        !drop_edits(work, error))
        return false;
    work->plist = copy_plist(work->ours);
    return configure(work, error) && write_disk(work, raw, NULL, ret_path, error);
}

/* A disk that cannot be read has nothing that could be taken over. */
static void
read_old(Work *work)
{
    g_autoptr(GError) cause = NULL;

    work->ours = mvm_opencore_read(work->context, work->source->volume, &work->base, &cause);
    if (work->ours == NULL)
        mvm_progress_note(work->context->progress, "of the disk so far nothing is taken over: %s",
                          cause->message);
    else if (work->base == NULL)
        mvm_progress_note(work->context->progress,
                          "the disk so far does not tell what OpenCore brought: only what macvm "
                          "set in config.plist is taken over");
}

static void
add_moved(const Work *work, GPtrArray *lost)
{
    const GPtrArray *edits = work->machine->config;

    for (guint i = 0; edits != NULL && i < edits->len; i++) {
        const char *key = ((const MvmConfigEdit *)edits->pdata[i])->key;

        if (!mvm_opencore_has_place(work->base, work->brings, key))
            g_ptr_array_add(lost, g_strdup(key));
    }
}

/* What differs from what macvm makes of what the old disk was made of was edited by others. */
static bool
carry_over(Work *work, GError **error)
{
    g_autoptr(MvmPlist) made = copy_plist(work->base);
    g_autoptr(GPtrArray) ignored = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);

    if (!mvm_opencore_configure(work->machine, made, ignored, error))
        return false;
    add_moved(work, lost);
    forget_lost(work, lost);
    if (!configure(work, error))
        return false;
    mvm_opencore_carry(work->context, made, work->ours, work->plist);
    return true;
}

static bool
fill_new(Work *work, const char *raw, const char *efi, char **ret_path, GError **error)
{
    work->plist = copy_plist(work->brings);
    if (work->source->volume != NULL)
        read_old(work);
    return (work->base != NULL ? carry_over(work, error) : configure(work, error)) &&
           write_disk(work, raw, efi, ret_path, error);
}

static bool
make_of_file(Work *work, const char *raw, char **ret_path, GError **error)
{
    const char *file = work->source->file;

    return mvm_opencore_unpack(file, NULL, raw, error) &&
           (work->brings = mvm_opencore_parse(raw, file, NULL, error)) != NULL &&
           fill_new(work, raw, NULL, ret_path, error);
}

static bool
make_of_checkout(Work *work, char **ret_path, GError **error)
{
    g_autofree char *efi = NULL, *path = NULL, *text = NULL;
    size_t len = 0;

    return find_upstream(&efi, &path, error) &&
           (text = mvm_file_read(path, MVM_PLIST_MAX_SIZE, &len, error)) != NULL &&
           (work->brings = mvm_plist_parse(text, len, path, error)) != NULL &&
           fill_new(work, NULL, efi, ret_path, error);
}

bool
mvm_opencore_make(const MvmContext *context, MvmMachine *machine, const MvmOpencoreSource *source,
                  MvmOpencoreDisk *ret_disk, GError **error)
{
    g_auto(Work) work = {.context = context, .machine = machine, .source = source};
    g_auto(MvmOpencoreDisk) disk = {.dir = mvm_opencore_make_dir(error)};
    g_autofree char *raw = NULL;
    bool done = false;

    if (disk.dir == NULL)
        return false;
    work.dir = disk.dir;
    raw = g_build_filename(disk.dir, "disk.raw", NULL);
    if (source->volume != NULL && !source->update)
        done = edit_disk(&work, raw, &disk.path, error);
    else if (source->file != NULL)
        done = make_of_file(&work, raw, &disk.path, error);
    else
        done = make_of_checkout(&work, &disk.path, error);
    (void)unlink(raw);
    if (done) {
        *ret_disk = disk;
        disk = (MvmOpencoreDisk){0};
    }
    return done;
}

void
mvm_opencore_disk_clear(MvmOpencoreDisk *disk)
{
    if (disk->path != NULL)
        (void)unlink(disk->path);
    if (disk->dir != NULL)
        (void)rmdir(disk->dir);
    g_free(disk->path);
    g_free(disk->dir);
    *disk = (MvmOpencoreDisk){0};
}

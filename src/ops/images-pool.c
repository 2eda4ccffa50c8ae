/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a machine's images are: its pool, as it is now, before anything is decided. */
#include "ops/images-priv.h"
#include "util/error.h"
#include "util/words.h"

#include <sys/stat.h>
#include <unistd.h>

static bool
is_remote(const MvmImages *images)
{
    return mvm_connection_get_endpoint(images->context->conn)->remote;
}

static bool
is_default(const char *pool)
{
    return pool == NULL || g_str_equal(pool, MVM_POOL_DEFAULT);
}

/* The directory that has the images of a machine that is there; NULL without one. */
static char *
find_dir(const MvmImages *images)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_SYSTEM];

    return had->path != NULL && had->attached ? g_path_get_dirname(had->path) : NULL;
}

/* --- opening it ------------------------------------------------------------------------------- */

/* No pool yet: the default one would be created, for a machine that is new, or whose images are
 * where that one is. */
static bool
foresee(MvmImages *images, const char *dir, GError *cause, GError **error)
{
    const char *name = images->request->pool;
    g_autofree char *path = NULL;

    if (!g_error_matches(cause, MVM_ERROR, MVM_ERROR_NOT_FOUND) ||
        (dir == NULL && !is_default(name))) {
        g_propagate_error(error, cause);
        return false;
    }
    g_error_free(cause);
    path = is_default(name) ? mvm_pool_default_path(images->context->conn, error) : NULL;
    if (is_default(name) && path == NULL)
        return false;
    if (dir != NULL && g_strcmp0(path, dir) != 0)
        return mvm_pool_set_missing(name, dir, error);
    images->unseen = dir != NULL;
    images->dir = g_steal_pointer(&path);
    return true;
}

static bool
look(MvmImages *images, const char *dir, GError **error)
{
    GError *cause = NULL;
    bool active = false;

    images->pool = mvm_pool_look(images->context->conn, images->request->pool, &active, &cause);
    if (images->pool == NULL)
        return foresee(images, dir, cause, error);
    images->dir = g_strdup(mvm_pool_get_path(images->pool));
    images->unseen = !active;
    if (active)
        return true;
    mvm_progress_note(images->context->progress,
                      "storage pool '%s' is not active: what is in it is not looked at",
                      mvm_pool_get_name(images->pool));
    g_clear_pointer(&images->pool, mvm_pool_free);
    return true;
}

/* A default pool that is yet to be created has nothing in it, unless its directory is there. */
static bool
may_wait(MvmImages *images)
{
    bool exists = true, active = false;
    g_autofree char *path = NULL;

    if (is_remote(images) || !is_default(images->request->pool) ||
        !mvm_pool_inspect(images->context->conn, NULL, &exists, &active, &path, NULL) || exists)
        return false;
    images->dir = mvm_pool_default_path(images->context->conn, NULL);
    return images->dir != NULL && access(images->dir, F_OK) < 0;
}

bool
mvm_images_open_pool(MvmImages *images, GError **error)
{
    MvmConnection *conn = images->context->conn;
    const char *name = images->request->pool;
    g_autofree char *dir = find_dir(images);

    if (images->request->dry_run)
        return look(images, dir, error);
    if (dir == NULL && may_wait(images))
        return true;
    g_clear_pointer(&images->dir, g_free);
    images->pool = dir != NULL ? mvm_pool_ensure_for(conn, name, dir, error)
                               : mvm_pool_ensure(conn, name, error);
    if (images->pool == NULL)
        return false;
    images->dir = g_strdup(mvm_pool_get_path(images->pool));
    return true;
}

/* --- images that moved ------------------------------------------------------------------------ */

static bool
refuse_pool(const MvmImages *images, const char *dir, GError **error)
{
    const char *pool = images->request->pool != NULL ? images->request->pool : MVM_POOL_DEFAULT;
    g_autofree char *word = mvm_word_quote(pool);

    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot use pool '%s' for '%s': its images are in '%s'", pool,
                images->machine->name, dir);
    if (images->request->pool_asked)
        mvm_error_set_hint(error, "a machine keeps the pool that it was defined with");
    else
        mvm_error_set_hint(error,
                           "the pool's directory is '%s' now: move the images there, or give the "
                           "pool the directory that has them ('virsh pool-edit %s')",
                           images->dir, word);
    return false;
}

/* Whether there is a file at path still that is not the one at moved, by another name. */
static bool
is_left(const MvmImages *images, const char *path, const char *moved)
{
    g_autofree char *volume = mvm_volume_find_name(images->context->conn, path);
    struct stat old, new;

    if (is_remote(images))
        return volume != NULL;
    return stat(path, &old) == 0 &&
           (stat(moved, &new) < 0 || old.st_dev != new.st_dev || old.st_ino != new.st_ino);
}

static void
repoint(const MvmImages *images, char **path, const char *dir)
{
    g_autofree char *old_dir = *path != NULL ? g_path_get_dirname(*path) : NULL;
    g_autofree char *name = NULL;

    if (g_strcmp0(old_dir, dir) != 0)
        return;
    name = g_path_get_basename(*path);
    g_free(*path);
    *path = mvm_images_path(images, name);
}

/* In another pool a machine would find other disks than its own. But the pool of the same name may
 * have another directory by now, with the images in it. */
bool
mvm_images_follow_pool(MvmImages *images, GError **error)
{
    const MvmHadImage *had = &images->had[MVM_IMAGE_SYSTEM];
    g_autofree char *dir = find_dir(images), *name = NULL, *moved = NULL;
    g_autoptr(MvmVolume) volume = NULL;

    if (dir == NULL || g_str_equal(dir, images->dir))
        return true;
    name = g_path_get_basename(had->path);
    moved = mvm_images_path(images, name);
    if (images->request->pool_asked || images->pool == NULL || is_left(images, had->path, moved))
        return refuse_pool(images, dir, error);
    if (!mvm_images_find(images, name, &volume, error))
        return false;
    if (volume == NULL || !g_str_equal(volume->format, "qcow2"))
        return refuse_pool(images, dir, error);
    if (!mvm_volume_check_unused(images->pool, name, images->machine->name, "use", error))
        return false;
    for (int i = 0; i < MVM_IMAGE_COUNT; i++)
        repoint(images, &images->had[i].path, dir);
    repoint(images, &images->machine->opencore_previous, dir);
    mvm_progress_note(images->context->progress,
                      "the images of '%s' were in '%s', and are in '%s' now, where its pool is",
                      images->machine->name, dir, images->dir);
    return true;
}

/* --- a pool that is not looked at ------------------------------------------------------------- */

void
mvm_images_assume(const MvmImages *images)
{
    const MvmHadImage *had = images->had;
    MvmMachine *machine = images->machine;

    machine->opencore_path = g_strdup(had[MVM_IMAGE_OPENCORE].path);
    machine->opencore_format = g_strdup(had[MVM_IMAGE_OPENCORE].format);
    if (!machine->finished)
        machine->recovery_path = g_strdup(had[MVM_IMAGE_RECOVERY].path);
    machine->system_path = g_strdup(had[MVM_IMAGE_SYSTEM].path);
}

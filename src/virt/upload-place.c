/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "util/interrupt.h"
#include "util/size.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another one's volume is made in milliseconds; a copy takes longer. In microseconds. */
#define REFRESH_TRIES 50
#define REFRESH_PAUSE (100 * 1000)

/* What is in the volume, a qcow2 image perhaps, libvirt sees when it looks through the pool. It
 * does so by itself after an upload, but at a time of its own; and while it makes a volume for
 * somebody else it refuses to. */
void
mvm_upload_refresh(MvmPool *pool)
{
    for (int i = 0; i < REFRESH_TRIES; i++) {
        if (virStoragePoolRefresh(pool->virt, 0) == 0 ||
            mvm_virt_last_code() != VIR_ERR_INTERNAL_ERROR || mvm_interrupted())
            return;
        g_usleep(REFRESH_PAUSE);
    }
}

bool
mvm_upload_set_no_space(MvmPool *pool, const char *name, const char *verb, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot %s volume '%s': No space left in pool '%s'", verb, name, pool->name);
    mvm_error_set_hint(error, "free space in the storage pool, or use another one with --pool");
    return false;
}

bool
mvm_upload_check_room(MvmUpload *up, GError **error)
{
    uint64_t available = 0;

    if (up->data == 0)
        return true;
    mvm_upload_refresh(up->pool);
    if (!mvm_pool_get_available(up->pool, &available, error))
        return false;
    return available >= up->data || mvm_upload_set_no_space(up->pool, up->name, "upload to", error);
}

/* The old volume must not be given up for one that then does not fit. */
bool
mvm_upload_check_space(MvmPool *pool, const char *name, virStorageVolPtr scratch, GError **error)
{
    g_autoptr(virStorageVol) old = virStorageVolLookupByName(pool->virt, name);
    virStorageVolInfo old_info = {0};
    virStorageVolInfo new_info = {0};
    uint64_t available = 0;

    if (old == NULL || virStorageVolGetInfo(old, &old_info) < 0 ||
        virStorageVolGetInfo(scratch, &new_info) < 0)
        return mvm_virt_set_error(error, "replace volume '%s'", name);
    if (!mvm_pool_get_available(pool, &available, error))
        return false;
    if (available + old_info.allocation >= new_info.allocation)
        return true;
    return mvm_upload_set_no_space(pool, name, "replace", error);
}

/* libvirt copies raw bytes, and a qcow2 image by qemu-img: so the clone has the format and the size
 * that scratch is seen to have. */
static bool
clone_by(MvmPool *pool, const char *name, virStorageVolPtr scratch, unsigned flags, GError **error)
{
    g_autoptr(MvmVolume) seen = mvm_volume_read(scratch, pool->name, error);
    g_autofree char *xml = NULL;
    g_autoptr(virStorageVol) clone = NULL;

    if (seen == NULL)
        return false;
    xml = mvm_volume_new_xml(name, seen->format, seen->capacity);
    clone = virStorageVolCreateXMLFrom(pool->virt, xml, scratch, flags);
    if (clone == NULL)
        return mvm_virt_set_error(error, "put volume '%s' in place", name);
    return true;
}

/* On a file system that can share blocks it takes neither time nor room. */
static bool
clone_blocks(MvmPool *pool, const char *name, virStorageVolPtr scratch)
{
    return clone_by(pool, name, scratch, VIR_STORAGE_VOL_CREATE_REFLINK, NULL);
}

bool
mvm_upload_clone(MvmPool *pool, const char *name, virStorageVolPtr scratch, GError **error)
{
    return clone_blocks(pool, name, scratch) || clone_by(pool, name, scratch, 0, error);
}

static bool
has_file(int dir, const char *name, uint64_t size)
{
    struct stat st;

    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == size;
}

/* libvirt renames no volume, but a file of this machine can be renamed. That the host is this
 * machine, the mark proves: its size is a random number. */
static bool
rename_here(MvmUpload *up)
{
    int dir = open(up->pool->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool renamed = false;

    if (dir < 0)
        return false;
    renamed = has_file(dir, up->part, mvm_upload_placing_size(up)) &&
              has_file(dir, up->scratch, up->size) &&
              renameat2(dir, up->scratch, dir, up->name, RENAME_NOREPLACE) == 0 && fsync(dir) == 0;
    close(dir);
    return renamed;
}

static bool
check_room_twice(const MvmUpload *up, GError **error)
{
    virStorageVolInfo info = {0};
    uint64_t available = 0;
    g_autofree char *lacking = NULL;

    if (virStorageVolGetInfo(up->vol, &info) < 0)
        return mvm_virt_set_error(error, "put volume '%s' in place", up->name);
    if (!mvm_pool_get_available(up->pool, &available, error))
        return false;
    if (available >= info.allocation)
        return true;
    lacking = mvm_size_format(info.allocation - available);
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                "cannot make volume '%s': No space left in pool '%s' for the copy that the host "
                "makes at the end",
                up->name, up->pool->name);
    mvm_error_set_hint(error, "free %s more in the storage pool, or use another one with --pool",
                       lacking);
    return false;
}

static bool
copy_there(MvmUpload *up, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (clone_blocks(up->pool, up->name, up->vol) ||
        (check_room_twice(up, &why) && clone_by(up->pool, up->name, up->vol, 0, &why)))
        return mvm_volume_remove(up->pool, up->scratch, error);
    /* Unless somebody else has taken the name, what is there of it is ours. It must not stay
     * without the mark. */
    if (!g_error_matches(why, MVM_ERROR, MVM_ERROR_CONFLICT) &&
        !mvm_volume_remove(up->pool, up->name, NULL))
        up->made = false;
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

bool
mvm_upload_place_late(MvmUpload *up, GError **error)
{
    mvm_upload_refresh(up->pool); /* what others put there meanwhile is seen, then */
    if (!mvm_upload_clear_name(up, error) || !mvm_upload_mark_placing(up, error))
        return false;
    if (!rename_here(up))
        return copy_there(up, error);
    mvm_upload_refresh(up->pool);
    return true;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mark of an upload under way, the volume NAME.part: that it is there says that NAME is not
 * finished. Its size says the rest, since a volume can be asked for it, and resized in one step.
 */
#include "util/error.h"
#include "virt/upload-priv.h"
#include "virt/volume-priv.h"

/* The size in bytes is a random number below this, by which an upload knows its own mark again:
 * another program, on another machine, may have taken the leftover of a killed upload to be one and
 * begun anew. From here on it says in addition that a late upload takes its name. */
#define MAX_NONCE (1024 * 1024)

bool
mvm_upload_set_mark(MvmUpload *up, GError **error)
{
    g_autoptr(virStorageVol) mark = NULL;

    up->nonce = g_random_int_range(1, MAX_NONCE);
    mark = mvm_volume_make(up->pool, up->part, "raw", up->nonce, error);
    return mark != NULL;
}

uint64_t
mvm_upload_read_mark(MvmUpload *up, bool *ret_placing)
{
    g_autoptr(virStorageVol) mark = virStorageVolLookupByName(up->pool->virt, up->part);
    virStorageVolInfo info = {0};

    if (mark == NULL || virStorageVolGetInfo(mark, &info) < 0)
        info.capacity = 0;
    if (ret_placing != NULL)
        *ret_placing = info.capacity >= MAX_NONCE;
    return info.capacity % MAX_NONCE;
}

bool
mvm_upload_check_mark(MvmUpload *up, GError **error)
{
    uint64_t nonce = mvm_upload_read_mark(up, NULL);
    int code = nonce == 0 ? mvm_virt_last_code() : 0;

    if (nonce == up->nonce)
        return true;
    if (code != 0 && code != VIR_ERR_NO_STORAGE_VOL)
        return mvm_virt_set_error(error, "finish volume '%s'", up->name);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot finish volume '%s': another upload of it was begun meanwhile", up->name);
    up->made = false; /* theirs now */
    return false;
}

uint64_t
mvm_upload_placing_size(const MvmUpload *up)
{
    return MAX_NONCE + up->nonce;
}

bool
mvm_upload_mark_placing(MvmUpload *up, GError **error)
{
    g_autoptr(virStorageVol) mark = virStorageVolLookupByName(up->pool->virt, up->part);

    if (mark != NULL && virStorageVolResize(mark, mvm_upload_placing_size(up), 0) == 0)
        return true;
    return mvm_virt_set_error(error, "finish volume '%s'", up->name);
}

bool
mvm_upload_check_name(MvmUpload *up, GError **error)
{
    g_autoptr(virStorageVol) vol = mvm_pool_find_volume(up->pool, up->name);
    bool placing = false;

    (void)mvm_upload_read_mark(up, &placing);
    if (vol == NULL)
        return true;
    if (!up->late || placing)
        return mvm_volume_check_unused(up->pool, up->name, up->machine, "write again", error);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot make volume '%s': pool '%s' has one of that name by now", up->name,
                up->pool->name);
    mvm_error_set_hint(error, "remove that one with 'virsh vol-delete', or use another pool with "
                              "--pool");
    return false;
}

bool
mvm_upload_clear_name(MvmUpload *up, GError **error)
{
    return mvm_upload_check_name(up, error) && mvm_volume_remove(up->pool, up->name, error);
}

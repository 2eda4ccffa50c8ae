/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies over a disk or waits for it: a snapshot's overlay, a saved state. */
#include "ops/images-priv.h"
#include "util/error.h"
#include "util/words.h"
#include "virt/snapshot.h"

bool
mvm_images_check_saved(const MvmImages *images, const char *verb, const char *what, GError **error)
{
    const char *name = images->machine->name;
    g_autofree char *word = mvm_word_quote(name);

    if (!images->request->saved)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot %s %s of '%s': the saved state of the guest goes on with the disk as it is",
                verb, what, name);
    mvm_error_set_hint(
        error,
        "'macvm up %s' goes on from it: shut the machine down, then run this command "
        "again; 'virsh managedsave-remove %s' gives the saved state up",
        word, word);
    return false;
}

bool
mvm_images_check_snapshot(const MvmImages *images, MvmImage image, const char *verb,
                          const char *what, GError **error)
{
    const MvmHadImage *had = &images->had[image];
    const char *name = images->machine->name;
    g_autofree char *snapshot = NULL, *word = mvm_word_quote(name);
    g_autofree char *snapshot_word = NULL;

    if (!had->replaced || had->now == NULL ||
        !mvm_volume_is_over(images->context->conn, had->now, had->path))
        return true;
    snapshot = mvm_snapshot_find(images->context->conn, name, had->now);
    if (snapshot == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s %s of '%s': '%s' lies over it",
                    verb, what, name, had->now);
        mvm_error_set_hint(error,
                           "while the machine runs, 'virsh blockcommit %s %s --active --pivot' "
                           "merges the two",
                           word, had->now);
        return false;
    }
    snapshot_word = mvm_word_quote(snapshot);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot %s %s of '%s': the snapshot '%s' lies over it ('%s')", verb, what, name,
                snapshot, had->now);
    mvm_error_set_hint(error, "'virsh snapshot-delete %s %s' merges it into the disk", word,
                       snapshot_word);
    return false;
}

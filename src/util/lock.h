/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks between macvm's processes of one user on this machine: files in the runtime directory that
 * are there while they are held. The kernel lets go of a lock when its process ends; the file that
 * a killed one leaves is taken over by the next.
 */
#pragma once

#include <glib.h>

typedef struct MvmLock MvmLock;

/* Takes the lock called name ("setup.lock", see mvm_path_runtime()) without waiting; what is the
 * object of the messages. Held elsewhere: MVM_ERROR_CONFLICT. */
MvmLock *mvm_lock_take(const char *name, const char *what, GError **error);

/* The same for what a file's name cannot hold: key is any text, kind begins the file's name. */
MvmLock *mvm_lock_take_key(const char *kind, const char *key, const char *what, GError **error);

/* Removes the file, and lets go. */
void mvm_lock_release(MvmLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmLock, mvm_lock_release)

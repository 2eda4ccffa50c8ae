/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks between macvm's processes. None waits: held elsewhere is MVM_ERROR_CONFLICT. The kernel
 * lets go of a lock when its process ends; a file that a killed one leaves is taken over by the
 * next.
 */
#pragma once

#include <glib.h>

typedef struct MvmLock MvmLock;

/* What belongs to one session of one user: a file in the runtime directory called name
 * ("setup.lock", see mvm_path_runtime()). what is the object of the messages. */
MvmLock *mvm_lock_take(const char *name, const char *what, GError **error);

/* What this machine has once, whoever comes and whatever the environment: key is any text, kind
 * separates keys of different kinds. It is an abstract socket (unix(7)): containers with networks
 * of their own, and other machines, do not see it. */
MvmLock *mvm_lock_take_key(const char *kind, const char *key, const char *what, GError **error);

/* The directory dir, which need not exist, but whose parent does: the file .NAME.macvm-lock beside
 * it where the parent can be written to, and the directory itself when it is there. dir must be
 * canonical. */
MvmLock *mvm_lock_take_dir(const char *dir, GError **error);

/* Removes the file, and lets go. */
void mvm_lock_release(MvmLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmLock, mvm_lock_release)

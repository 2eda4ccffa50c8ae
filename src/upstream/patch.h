/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One patch in git's or diff's unified format, and how it fits onto a tree.
 *
 * libgit2 parses and applies. It applies a hunk only at the very line that the patch names, and
 * only forwards; so a patch is first placed: its hunks are looked up in the text at hand (the
 * nearest match to where they are expected, as git apply does), turned round where wanted, and
 * written out again with the lines found. A patch fits as a whole or not at all.
 *
 * Patches come from outside. Refused: more than 1 MiB or 256 files, binary content, renames and
 * copies, anything but regular files, and paths that are absolute or have "..", ".git" or an
 * empty part in them.
 */
#pragma once

#include <git2.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest patch, in bytes. */
#define MVM_PATCH_MAX (1024 * 1024)

typedef enum { MVM_PATCH_FORWARD, MVM_PATCH_REVERSE } MvmPatchDirection;

typedef struct MvmPatch MvmPatch;

/* Parses data; name is what messages call the patch. Fails with MVM_ERROR_FAILED. */
MvmPatch *mvm_patch_parse(const char *name, const char *data, size_t len, GError **error);
void mvm_patch_free(MvmPatch *patch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmPatch, mvm_patch_free)

/* The files it touches, each once; paths borrowed from patch, the array is the caller's. */
GPtrArray *mvm_patch_list_paths(const MvmPatch *patch);

/* Gives the text of path in *ret_text (owned by the caller) and *ret_len, or NULL for a file that
 * is not there. False only on a failure. */
typedef bool (*MvmPatchReader)(const char *path, char **ret_text, size_t *ret_len, void *opaque,
                               GError **error);

/* The patch as it fits onto the files that reader gives, for git_diff_from_buffer(); the caller
 * frees. Where it does not fit: NULL and MVM_ERROR_CONFLICT with file, hunk and line. */
char *mvm_patch_place(const MvmPatch *patch, MvmPatchDirection direction, MvmPatchReader reader,
                      void *opaque, GError **error);

/* Applies the patch to tree with git's apply and writes the tree that results. Where it does not
 * fit, fails with MVM_ERROR_CONFLICT and *ret_tree is not touched. */
bool mvm_patch_apply(const MvmPatch *patch, MvmPatchDirection direction, git_repository *repo,
                     const git_oid *tree, git_oid *ret_tree, GError **error);

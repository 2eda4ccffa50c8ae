/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "upstream/journal.h"

#include "upstream/git.h"
#include "util/file.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

#define GROUP "move"
#define JOURNAL_MAX 4096
/* Folders open at the same time while sweeping. */
#define SWEEP_FDS 16

static char *
journal_path(git_repository *repo)
{
    return g_build_filename(git_repository_path(repo), "macvm-journal", NULL);
}

bool
mvm_journal_exists(git_repository *repo)
{
    g_autofree char *path = journal_path(repo);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
set_oid(GKeyFile *file, const char *key, const git_oid *id)
{
    char text[GIT_OID_HEXSZ + 1] = "";

    g_key_file_set_string(file, GROUP, key, git_oid_tostr(text, sizeof(text), id));
}

bool
mvm_journal_write(git_repository *repo, const MvmMove *move, GError **error)
{
    g_autofree char *path = journal_path(repo);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize len = 0;

    if (move != NULL) {
        set_oid(file, "from", &move->from);
        set_oid(file, "to", &move->to);
        set_oid(file, "commit", &move->commit);
        if (move->branch != NULL)
            g_key_file_set_string(file, GROUP, "branch", move->branch);
    }
    text = g_key_file_to_data(file, &len, NULL);
    return mvm_file_replace(path, text, len, 0600, error);
}

static bool
get_oid(GKeyFile *file, const char *key, git_oid *ret_id)
{
    g_autofree char *text = g_key_file_get_string(file, GROUP, key, NULL);

    return text != NULL && git_oid_fromstr(ret_id, text) == 0;
}

bool
mvm_journal_read(git_repository *repo, MvmMove *ret_move, char **ret_branch, bool *ret_has_move,
                 GError **error)
{
    g_autofree char *path = journal_path(repo);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = mvm_file_read(path, JOURNAL_MAX, NULL, error);
    MvmMove move = {0};

    if (text == NULL)
        return false;
    if (g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL) &&
        !g_key_file_has_group(file, GROUP)) {
        *ret_has_move = false;
        return true;
    }
    if (!get_oid(file, "from", &move.from) || !get_oid(file, "to", &move.to) ||
        !get_oid(file, "commit", &move.commit)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot read '%s': it is not as macvm wrote it", path);
        mvm_error_set_hint(error, "remove that file and run this again");
        return false;
    }
    *ret_branch = g_key_file_get_string(file, GROUP, "branch", NULL);
    move.branch = *ret_branch;
    *ret_move = move;
    *ret_has_move = true;
    return true;
}

void
mvm_journal_remove(git_repository *repo)
{
    g_autofree char *path = journal_path(repo);

    (void)unlink(path);
}

/* Names as libgit2 gives them: NAME.lock, and NAME_git2_XXXXXX for files being written. */
static int
sweep_file(const char *path, const struct stat *st, int type, struct FTW *place)
{
    const char *name = path + place->base;

    if (type == FTW_F && (g_str_has_suffix(name, ".lock") || strstr(name, "_git2_") != NULL))
        (void)unlink(path);
    return 0;
}

void
mvm_journal_sweep(git_repository *repo)
{
    (void)nftw(git_repository_path(repo), sweep_file, SWEEP_FDS, FTW_PHYS | FTW_MOUNT);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/bootstrap.h"

#include "upstream/osk.h"
#include "upstream/roles.h"
#include "util/error.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/secret.h"
#include "util/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
mvm_bootstrap_result_free(MvmBootstrapResult *result)
{
    if (result == NULL)
        return;
    mvm_upstream_result_free(result->upstream);
    g_ptr_array_unref(result->problems);
    g_free(result);
}

/* The remedy, as format, is that for a checkout which has just been brought up to date. */
static G_GNUC_PRINTF(3, 4) void add_problem(GPtrArray *problems, const GError *error,
                                            const char *format, ...)
{
    g_autoptr(GString) text = g_string_new(error->message);
    va_list args;

    va_start(args, format);
    g_string_append(text, "; ");
    g_string_append_vprintf(text, format, args);
    va_end(args);
    g_ptr_array_add(problems, g_string_free(g_steal_pointer(&text), FALSE));
}

/* A boot loader is a ready image, or the folder and the configuration to make one from. */
static void
check_boot_loader(const char *dir, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *word = mvm_word_quote(dir);
    g_autofree char *image = mvm_upstream_find(dir, MVM_UPSTREAM_OPENCORE_IMAGE, &error);
    g_autofree char *folder = mvm_upstream_find(dir, MVM_UPSTREAM_EFI_FOLDER, NULL);
    g_autofree char *config = mvm_upstream_find(dir, MVM_UPSTREAM_CONFIG_PLIST, NULL);

    if (image == NULL && (folder == NULL || config == NULL))
        add_problem(problems, error,
                    "'git -C %s checkout -- OpenCore' brings back what upstream has, --ref goes to "
                    "another commit, and 'macvm define --opencore FILE' takes another boot loader",
                    word);
}

static void
check_firmware(const char *dir, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *word = mvm_word_quote(dir);
    g_autofree char *code = NULL;
    g_autofree char *vars = NULL;

    if (!mvm_upstream_find_firmware(dir, &code, &vars, &error))
        add_problem(problems, error,
                    "only '--firmware upstream' needs it: leave that out, or bring upstream's back "
                    "('git -C %s status')",
                    word);
}

static void
check_osk(const char *dir, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *word = mvm_word_quote(dir);
    mvm_autosecret char *osk = NULL;

    if (!mvm_upstream_read_osk(dir, &osk, &error))
        add_problem(problems, error,
                    "'git -C %s checkout -- OpenCore-Boot.sh' brings upstream's script back, --ref "
                    "goes to another commit, and osk= in macvm.conf does without",
                    word);
}

/* Machines are made of the checkout in the default place: one in another is put there as a link. */
static bool
point_to(const char *dir, GPtrArray *problems, GError **error)
{
    g_autofree char *place = mvm_upstream_default_dir();
    g_autofree char *fresh = g_strconcat(place, ".link", NULL);
    g_autofree char *parent = g_path_get_dirname(place);
    g_autofree char *there = realpath(place, NULL);
    g_autofree char *here = realpath(dir, NULL);

    if (g_strcmp0(there, here) == 0)
        return true;
    if (there != NULL && !g_file_test(place, G_FILE_TEST_IS_SYMLINK)) {
        g_ptr_array_add(problems,
                        g_strdup_printf("machines are made of '%s', not of '%s': move the "
                                        "former away and run the same command again",
                                        place, dir));
        return true;
    }
    (void)unlink(fresh);
    return mvm_file_make_dir(parent, error) &&
           ((symlink(dir, fresh) == 0 && rename(fresh, place) == 0) ||
            mvm_error_set_errno(error, "make the link", place));
}

MvmBootstrapResult *
mvm_bootstrap(const MvmBootstrapOptions *options, MvmProgress *progress, GError **error)
{
    g_autofree char *shipped = mvm_path_shipped("patches");
    g_autofree char *own = mvm_path_user_config("patches");
    g_autoptr(MvmPatchSeries) series = mvm_patch_series_load(shipped, own, error);
    g_autoptr(MvmUpstreamResult) upstream = NULL;
    g_autoptr(MvmBootstrapResult) result = NULL;

    if (series == NULL)
        return NULL;
    upstream = mvm_upstream_sync(&(MvmUpstreamRequest){.dir = options->dir,
                                                       .url = options->url,
                                                       .ref = options->ref,
                                                       .series = series,
                                                       .progress = progress},
                                 error);
    if (upstream == NULL)
        return NULL;
    result = g_new0(MvmBootstrapResult, 1);
    result->upstream = g_steal_pointer(&upstream);
    result->problems = g_ptr_array_new_with_free_func(g_free);
    if (!point_to(result->upstream->dir, result->problems, error))
        return NULL;
    check_boot_loader(result->upstream->dir, result->problems);
    check_firmware(result->upstream->dir, result->problems);
    check_osk(result->upstream->dir, result->problems);
    return g_steal_pointer(&result);
}

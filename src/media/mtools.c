/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/mtools.h"

#include "util/command.h"
#include "util/error.h"

char *
mvm_mtools_read(const char *program, const char *drive, const GPtrArray *args, GError **error)
{
    static const char *const prefix[] = {"env",
                                         "SOURCE_DATE_EPOCH=1700000000",
                                         "TZ=UTC",
                                         "LC_ALL=C.UTF-8",
                                         "MTOOLSRC=/dev/null",
                                         "MTOOLS_SKIP_CHECK=1"};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    if (!mvm_command_exists(program)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot open the OpenCore disk: no '%s' here",
                    program);
        mvm_error_set_hint(error, "install the package 'mtools'");
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefix); i++)
        g_ptr_array_add(argv, (gpointer)prefix[i]);
    g_ptr_array_add(argv, (gpointer)program);
    g_ptr_array_add(argv, (gpointer) "-i");
    g_ptr_array_add(argv, (gpointer)drive);
    for (guint i = 0; i < args->len; i++)
        g_ptr_array_add(argv, args->pdata[i]);
    return mvm_command_run((const char *const *)argv->pdata, error);
}

bool
mvm_mtools_run(const char *program, const char *drive, const GPtrArray *args, GError **error)
{
    g_autofree char *out = mvm_mtools_read(program, drive, args, error);

    return out != NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/progress.h"

#include "util/error.h"

bool
mvm_progress_update(MvmProgress *progress, const char *what, uint64_t done, uint64_t total,
                    GError **error)
{
    if (progress == NULL || progress->update(progress, what, done, total))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_CANCELLED, "interrupted while %s", what);
    return false;
}

void
mvm_progress_note(MvmProgress *progress, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (progress == NULL)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    progress->note(progress, text);
}

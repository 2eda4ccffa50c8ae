/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/refuse.h"

#include "util/error.h"

bool
mvm_media_refuse(GError **error, const char *format, ...)
{
    g_autofree char *cause = NULL;
    va_list args;

    va_start(args, format);
    cause = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, MVM_ERROR, MVM_ERROR_FAILED, cause);
    return false;
}

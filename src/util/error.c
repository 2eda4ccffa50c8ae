/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"

#include <errno.h>

typedef struct {
    char *hint; /* owned, may be NULL */
} MvmErrorPrivate;

static void
mvm_error_private_init(MvmErrorPrivate *priv)
{
    priv->hint = NULL;
}

static void
mvm_error_private_copy(const MvmErrorPrivate *src, MvmErrorPrivate *dest)
{
    dest->hint = g_strdup(src->hint);
}

static void
mvm_error_private_clear(MvmErrorPrivate *priv)
{
    g_free(priv->hint);
}

G_DEFINE_EXTENDED_ERROR(MvmError, mvm_error)

void
mvm_error_set_hint(GError **error, const char *format, ...)
{
    MvmErrorPrivate *priv = NULL;
    va_list args;

    if (error == NULL || *error == NULL || (*error)->domain != MVM_ERROR)
        return;
    priv = mvm_error_get_private(*error);
    g_free(priv->hint);
    va_start(args, format);
    priv->hint = g_strdup_vprintf(format, args);
    va_end(args);
}

const char *
mvm_error_get_hint(const GError *error)
{
    if (error == NULL || error->domain != MVM_ERROR)
        return NULL;
    return mvm_error_get_private(error)->hint;
}

static const struct {
    const char *name;
    int exit_status;
} codes[] = {
    [MVM_ERROR_FAILED] = {"failed", 1},       [MVM_ERROR_USAGE] = {"usage", 2},
    [MVM_ERROR_NOT_FOUND] = {"not-found", 3}, [MVM_ERROR_CONFLICT] = {"conflict", 4},
    [MVM_ERROR_HOST] = {"host", 5},           [MVM_ERROR_CANCELLED] = {"interrupted", 130},
    [MVM_ERROR_DONE] = {"done", 0},
};

static int
code_of(const GError *error)
{
    if (error->domain != MVM_ERROR || error->code < 0 || error->code >= (int)G_N_ELEMENTS(codes))
        return MVM_ERROR_FAILED;
    return error->code;
}

int
mvm_error_exit_status(const GError *error)
{
    return codes[code_of(error)].exit_status;
}

const char *
mvm_error_code_name(const GError *error)
{
    return codes[code_of(error)].name;
}

const char *
mvm_errno_hint(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
        return "let your user have it, or choose another place";
    case ENOSPC:
    case EDQUOT:
        return "free space there, or choose another place";
    case EROFS:
        return "that file system is read-only: choose another place";
    case ENAMETOOLONG:
        return "choose a shorter name";
    default:
        return NULL;
    }
}

bool
mvm_error_set_errno(GError **error, const char *verb, const char *object)
{
    int saved = errno;
    int code = MVM_ERROR_FAILED;

    if (saved == ENOENT)
        code = MVM_ERROR_NOT_FOUND;
    else if (saved == EACCES || saved == EPERM)
        code = MVM_ERROR_HOST;
    g_set_error(error, MVM_ERROR, code, "cannot %s '%s': %s", verb, object, g_strerror(saved));
    if (mvm_errno_hint(saved) != NULL)
        mvm_error_set_hint(error, "%s", mvm_errno_hint(saved));
    return false;
}

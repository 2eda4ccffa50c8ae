/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/power.h"

#include "util/error.h"
#include "util/size.h"

#include <string.h>

#define MAX_SECONDS (24 * 60 * 60)
#define STRINGIFY(number) #number
#define AS_TEXT(number) STRINGIFY(number)

bool
mvm_cli_fix_wait_ssh(char **argv, GError **error)
{
    static char with_default[] = "--wait-ssh=" AS_TEXT(MVM_WAIT_SSH_TIMEOUT);

    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        if (strcmp(*argv, "--wait-ssh") != 0)
            continue;
        if (argv[1] != NULL && *argv[1] != '\0' &&
            strspn(argv[1], "0123456789") == strlen(argv[1])) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                        "cannot use '%s' after --wait-ssh: the seconds follow after '='", argv[1]);
            mvm_error_set_hint(error, "use '=': --wait-ssh=%s", argv[1]);
            return false;
        }
        *argv = with_default;
    }
    return true;
}

static bool
parse_seconds(const char *option, const char *text, int missing, int *ret_seconds, GError **error)
{
    int64_t value = missing;

    if (text != NULL && !mvm_number_parse(option, text, 1, MAX_SECONDS, &value, error))
        return false;
    *ret_seconds = (int)value;
    return true;
}

bool
mvm_cli_parse_wait_ssh(const char *text, int *ret_seconds, GError **error)
{
    return parse_seconds("--wait-ssh", text, 0, ret_seconds, error);
}

bool
mvm_cli_parse_timeout(const char *text, int *ret_seconds, GError **error)
{
    return parse_seconds("--timeout", text, MVM_DOWN_TIMEOUT, ret_seconds, error);
}

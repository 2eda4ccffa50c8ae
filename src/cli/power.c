/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/power.h"

#include "util/size.h"

#include <string.h>

#define MAX_SECONDS (24 * 60 * 60)
#define STRINGIFY(number) #number
#define AS_TEXT(number) STRINGIFY(number)

void
mvm_cli_fix_wait_ssh(char **argv)
{
    static char with_default[] = "--wait-ssh=" AS_TEXT(MVM_WAIT_SSH_TIMEOUT);

    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        if (strcmp(*argv, "--wait-ssh") == 0)
            *argv = with_default;
    }
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

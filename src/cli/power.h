/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What up, down, restart and the menu share. */
#pragma once

#include "cli/cli.h"
#include "ops/power.h"

/* Makes "--wait-ssh" without a value one with the default: GOption would take the next word, which
 * is the machine's name, for the value. A number there was meant as the value: MVM_ERROR_USAGE. */
bool mvm_cli_fix_wait_ssh(char **argv, GError **error);

/* The options' rows for GOption, each bound to where its value goes. */
#define MVM_CLI_TIMEOUT_ENTRY(value)                                                               \
    {                                                                                              \
        "timeout", 0, 0, G_OPTION_ARG_STRING, (value), "how long it may take to shut down (120)",  \
            "SECONDS"                                                                              \
    }
#define MVM_CLI_FORCE_ENTRY(value)                                                                 \
    {                                                                                              \
        "force", 0, 0, G_OPTION_ARG_NONE, (value), "after that time, end it", NULL                 \
    }
#define MVM_CLI_WAIT_SSH_ENTRY(value)                                                              \
    {                                                                                              \
        "wait-ssh", 0, 0, G_OPTION_ARG_STRING, (value),                                            \
            "then wait until the guest's ssh answers (300)", "[SECONDS]"                           \
    }

/* The value of --wait-ssh (NULL: not given) and of --timeout in seconds. */
bool mvm_cli_parse_wait_ssh(const char *text, int *ret_seconds, GError **error);
bool mvm_cli_parse_timeout(const char *text, int *ret_seconds, GError **error);

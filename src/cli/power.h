/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What up, down, restart and the menu share. */
#pragma once

#include "cli/cli.h"
#include "ops/power.h"

/* Makes "--wait-ssh" without a value one with the default: GOption would take the next word, which
 * is the machine's name, for the value. */
void mvm_cli_fix_wait_ssh(char **argv);

/* The value of --wait-ssh (NULL: not given) and of --timeout in seconds. */
bool mvm_cli_parse_wait_ssh(const char *text, int *ret_seconds, GError **error);
bool mvm_cli_parse_timeout(const char *text, int *ret_seconds, GError **error);

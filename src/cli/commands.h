/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands' functions, one file (cmd-NAME.c) each. */
#pragma once

#include "cli/cli.h"

bool mvm_cmd_bootstrap(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_clip(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_complete(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_completion(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_config(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_define(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_set(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_doctor(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_down(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_fetch(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_finish(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_import(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_list(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_log(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_opencore(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_restart(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_screenshot(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_setup(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_ssh(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_status(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_undefine(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_up(MvmCli *cli, int argc, char **argv, GError **error);
bool mvm_cmd_view(MvmCli *cli, int argc, char **argv, GError **error);

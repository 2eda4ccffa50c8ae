/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ssh.c and ssh-argv.c share. */
#pragma once

/* The file of alias's host keys; the caller frees. */
char *mvm_ssh_key_file(const char *alias);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an ssh server is there: it greets with "SSH-" before anything is sent to it (RFC 4253,
 * section 4.2). Ctrl-C ends the waiting with false. */
#pragma once

#include <stdbool.h>

/* Connects to port of the address host and waits at most timeout_ms milliseconds for the
 * greeting. */
bool mvm_banner_at(const char *host, int port, int timeout_ms);

/* The same for what argv (NULL-terminated) prints, which is ended afterwards. */
bool mvm_banner_of_command(const char *const *argv, int timeout_ms);

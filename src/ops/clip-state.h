/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a clipboard agent is at work. An agent holds a lock while it lives, so that one that died
 * is never taken for a living one. */
#pragma once

#include <stdbool.h>

/* The file that the agent with that key (ops/clip.h: a machine's UUID) keeps locked. The caller
 * frees. */
char *mvm_clip_lock_path(const char *key);

/* Whether that agent runs on this machine, for this user. */
bool mvm_clip_is_running(const char *key);

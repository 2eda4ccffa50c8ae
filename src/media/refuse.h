/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the readers of what comes from outside say no. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The remedy for what looks like nothing of a recovery server's. */
#define MVM_SOMEBODY_ELSE                                                                          \
    "a proxy or the network's log-in page may have answered in its place: look with a browser, "   \
    "or "                                                                                          \
    "try another network"

/* Sets an MVM_ERROR_FAILED with that text, which the caller's caller begins; returns false. */
bool mvm_media_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

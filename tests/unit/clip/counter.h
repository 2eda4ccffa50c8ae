/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests whose callbacks count. */
#pragma once

#include <glib.h>

#define CLIP_COUNTER_DEADLINE_MS 60000

/* Runs context until *counter has reached value; the test fails when it takes too long. */
void clip_counter_wait(GMainContext *context, const unsigned *counter, unsigned value);

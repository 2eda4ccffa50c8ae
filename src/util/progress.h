/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How work below src/cli tells what it does. Who shows it (a bar, a line per 10 %, nobody) is not
 * the worker's business. A NULL MvmProgress is allowed everywhere and shows nothing.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MvmProgress MvmProgress;

struct MvmProgress {
    /* done of total units (bytes, or what stands in parentheses at the end of
     * what, as in "Checking out (files)"; total 0: unknown). Returns false to
     * ask the worker to stop; it then fails with MVM_ERROR_CANCELLED. */
    bool (*update)(MvmProgress *self, const char *what, uint64_t done, uint64_t total);
    /* One sentence for the user, as a result or a remark ("using TCG: ..."); no newline. */
    void (*note)(MvmProgress *self, const char *text);
    void *opaque; /* the implementation's own */
};

/* Calls update; sets MVM_ERROR_CANCELLED and returns false when it asks to stop. */
bool mvm_progress_update(MvmProgress *progress, const char *what, uint64_t done, uint64_t total,
                         GError **error);

void mvm_progress_note(MvmProgress *progress, const char *format, ...) G_GNUC_PRINTF(2, 3);

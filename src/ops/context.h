/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every use case gets: where to work and whom to tell. src/ops never prints. */
#pragma once

#include "util/progress.h"
#include "virt/connection.h"

typedef struct {
    MvmConnection *conn;   /* borrowed */
    MvmProgress *progress; /* borrowed; NULL shows nothing */
} MvmContext;

/* A context over conn that reports to progress. */
MvmContext mvm_context(MvmConnection *conn, MvmProgress *progress);

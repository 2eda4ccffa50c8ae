/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of structures, as a table for people (libsmartcols) and as JSON for programs, both from one
 * array of columns.
 */
#pragma once

#include "cli/cli.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    MVM_COLUMN_TEXT,   /* const char *; NULL: absent */
    MVM_COLUMN_NUMBER, /* uint64_t; 0: absent */
    MVM_COLUMN_SIZE,   /* uint64_t, bytes; 0: absent */
    MVM_COLUMN_BOOL,   /* bool */
} MvmColumnType;

typedef struct {
    const char *id;    /* the JSON key; "ssh.port" is "port" in the object "ssh", whose members
                          stand side by side */
    const char *title; /* the column's heading; NULL: only in JSON */
    MvmColumnType type;
    size_t offset; /* of the value in the row's structure */
} MvmColumn;

/* Prints the rows (pointers to the structure) to stdout; nothing when there are none.
 * columns ends with a column without an id. style (may be NULL) tells how a row's value of the
 * column "state" looks. */
void mvm_table_print(const MvmCli *cli, const MvmColumn *columns, const GPtrArray *rows,
                     MvmStyle (*style)(const void *row));

/* Adds row's values as members to the object that json is in. */
void mvm_table_add_json(const MvmColumn *columns, const void *row, MvmJson *json);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

#include "util/size.h"
#include "util/words.h"

#include <libsmartcols/libsmartcols.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ABSENT "-"
#define STATE "state"

static const char *
text_at(const MvmColumn *column, const void *row)
{
    return *(const char *const *)((const char *)row + column->offset);
}

static uint64_t
number_at(const MvmColumn *column, const void *row)
{
    return *(const uint64_t *)(const void *)((const char *)row + column->offset);
}

static bool
bool_at(const MvmColumn *column, const void *row)
{
    return *(const bool *)((const char *)row + column->offset);
}

/* The value as people read it; the caller frees. */
static char *
format(const MvmColumn *column, const void *row)
{
    switch (column->type) {
    case MVM_COLUMN_TEXT:
        return mvm_word_printable_line(text_at(column, row) != NULL ? text_at(column, row)
                                                                    : ABSENT);
    case MVM_COLUMN_NUMBER:
        return number_at(column, row) == 0
                   ? g_strdup(ABSENT)
                   : g_strdup_printf("%" G_GUINT64_FORMAT, number_at(column, row));
    case MVM_COLUMN_SIZE:
        return number_at(column, row) == 0 ? g_strdup(ABSENT)
                                           : mvm_size_format(number_at(column, row));
    case MVM_COLUMN_BOOL:
        return g_strdup(bool_at(column, row) ? "yes" : "no");
    }
    g_assert_not_reached();
}

static void
add_row(struct libscols_table *table, const MvmColumn *columns, const void *row, const char *color)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    size_t number = 0;

    if (line == NULL)
        g_error("out of memory");
    for (const MvmColumn *column = columns; column->id != NULL; column++) {
        g_autofree char *value = column->title == NULL ? NULL : format(column, row);

        if (value == NULL)
            continue;
        if (scols_line_set_data(line, number, value) != 0)
            g_error("out of memory");
        if (strcmp(column->id, STATE) == 0 && *color != '\0')
            (void)scols_cell_set_color(scols_line_get_cell(line, number), color);
        number++;
    }
}

static void
add_column(struct libscols_table *table, const char *title, int flags, const char *color)
{
    struct libscols_column *column = scols_table_new_column(table, title, 0, flags);

    if (column == NULL)
        g_error("out of memory");
    if (*color != '\0')
        (void)scols_cell_set_color(scols_column_get_header(column), color);
}

void
mvm_table_print(const MvmCli *cli, const MvmColumn *columns, const GPtrArray *rows,
                MvmStyle (*style)(const void *row))
{
    const char *bold = mvm_cli_style(cli, stdout, MVM_STYLE_BOLD);
    struct libscols_table *table = scols_new_table();

    if (table == NULL)
        g_error("out of memory");
    (void)scols_table_enable_colors(table, *bold != '\0');
    for (const MvmColumn *column = columns; column->id != NULL; column++) {
        bool right = column->type == MVM_COLUMN_NUMBER || column->type == MVM_COLUMN_SIZE;

        if (column->title != NULL)
            add_column(table, column->title, right ? SCOLS_FL_RIGHT : 0, bold);
    }
    for (guint i = 0; i < rows->len; i++) {
        MvmStyle own = style != NULL ? style(rows->pdata[i]) : MVM_STYLE_PLAIN;

        add_row(table, columns, rows->pdata[i],
                own != MVM_STYLE_PLAIN ? mvm_cli_style(cli, stdout, own) : "");
    }
    if (rows->len > 0)
        scols_print_table(table);
    scols_unref_table(table);
}

static void
add_value(const MvmColumn *column, const void *row, const char *key, MvmJson *json)
{
    switch (column->type) {
    case MVM_COLUMN_TEXT:
        mvm_json_string(json, key, text_at(column, row));
        break;
    case MVM_COLUMN_NUMBER:
    case MVM_COLUMN_SIZE:
        if (number_at(column, row) == 0)
            mvm_json_null(json, key);
        else
            mvm_json_int(json, key, (int64_t)number_at(column, row));
        break;
    case MVM_COLUMN_BOOL:
        mvm_json_bool(json, key, bool_at(column, row));
        break;
    }
}

/* The length of the object's name in a dotted id, 0 without one. */
static size_t
group_len(const MvmColumn *column)
{
    const char *dot = column->id == NULL ? NULL : strchr(column->id, '.');

    return dot == NULL ? 0 : (size_t)(dot - column->id);
}

void
mvm_table_add_json(const MvmColumn *columns, const void *row, MvmJson *json)
{
    const char *open = NULL;
    size_t open_len = 0;

    for (const MvmColumn *column = columns; column->id != NULL; column++) {
        size_t len = group_len(column);

        if (open != NULL && (len != open_len || strncmp(open, column->id, len) != 0)) {
            mvm_json_end_object(json);
            open = NULL;
        }
        if (len > 0 && open == NULL) {
            g_autofree char *name = g_strndup(column->id, len);

            mvm_json_begin_object(json, name);
            open = column->id;
            open_len = len;
        }
        add_value(column, row, len > 0 ? column->id + len + 1 : column->id, json);
    }
    if (open != NULL)
        mvm_json_end_object(json);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/size.h"

#include "util/error.h"

#include <math.h>
#include <string.h>

static const char units[] = "KMGTP";

static bool
bad_size(const char *text, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot understand size '%s'", text);
    mvm_error_set_hint(error, "write a number and a unit, for example 16G or 80GiB");
    return false;
}

/* The power of 1024 that suffix stands for, or -1. */
static int
unit_power(const char *suffix)
{
    const char *unit = NULL;

    while (*suffix == ' ')
        suffix++;
    if (*suffix == '\0' || g_ascii_strcasecmp(suffix, "B") == 0)
        return 0;
    unit = strchr(units, g_ascii_toupper(*suffix));
    if (unit == NULL)
        return -1;
    suffix++;
    if (*suffix != '\0' && g_ascii_strcasecmp(suffix, "B") != 0 &&
        g_ascii_strcasecmp(suffix, "iB") != 0)
        return -1;
    return (int)(unit - units) + 1;
}

bool
mvm_size_parse(const char *text, uint64_t *ret_bytes, GError **error)
{
    char *end = NULL;
    double value = 0;
    int power = 0;

    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && g_ascii_tolower(text[1]) == 'x'))
        return bad_size(text, error);
    value = g_ascii_strtod(text, &end);
    power = unit_power(end);
    if (power < 0)
        return bad_size(text, error);
    value = ldexp(value, 10 * power);
    if (!(value >= 1) || value > 0x1p62)
        return bad_size(text, error);
    *ret_bytes = (uint64_t)value;
    return true;
}

char *
mvm_size_format(uint64_t bytes)
{
    double value = (double)bytes;
    int power = 0;

    if (bytes < 1024)
        return g_strdup_printf("%" G_GUINT64_FORMAT " bytes", bytes);
    while (value >= 1024 && power < (int)strlen(units)) {
        value /= 1024;
        power++;
    }
    /* One decimal place, and none where it would be a zero. */
    if (fabs(value - round(value)) < 0.05)
        return g_strdup_printf("%.0f %ciB", value, units[power - 1]);
    return g_strdup_printf("%.1f %ciB", value, units[power - 1]);
}

bool
mvm_number_parse(const char *what, const char *text, int64_t min, int64_t max, int64_t *ret_value,
                 GError **error)
{
    gint64 value = 0;

    if (!g_ascii_string_to_signed(text, 10, min, max, &value, NULL)) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                    "cannot use '%s' for %s: not a number from %" G_GINT64_FORMAT
                    " to %" G_GINT64_FORMAT,
                    text, what, (gint64)min, (gint64)max);
        return false;
    }
    *ret_value = value;
    return true;
}

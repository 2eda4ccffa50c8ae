/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/identity.h"

#include "util/error.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define SERIAL_LENGTH 12
#define MLB_LENGTH 17
#define ROM_LENGTH 12
#define BASE 34
#define WEEKS 52 /* a 53rd has a day or two only */

/* I and O are left out. */
static const char base34[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/* A letter each half-year from 2010; from 2020 they begin again. */
static const char half_years[] = "CDFGHJKLMNPQRSTVWXYZ";
/* Week 1 to 27 of the half-year; the last one is used by the second half alone. */
static const char half_weeks[] = "123456789CDFGHJKLMNPQRTVWXY";

typedef struct {
    const char *name;
    const char *place;       /* where it was made: the first characters of both numbers */
    int first_year, years;   /* of those that a serial number of 12 characters can tell */
    const char *products[8]; /* the configurations sold */
    const char *boards[8];
} Model;

static const Model models[] = {
    {"iMacPro1,1",
     "C02",
     2017,
     4,
     {"HX87", "HX8F", "JL53", "JL54", "JL55", "JLCN", "JLCP"},
     {"JG36", "JG3C", "JG3D", "JG38", "JG39", "JML3", "JMPY"}},
    {"MacPro7,1", "F5K", 2019, 3, {"P7QM", "PLXV", "PLXW", "PLXX", "PLXY", "P7QJ"}, {"K3F7"}},
    /* The database has no board code of this one but zeros. */
    {"iMac20,1", "C02", 2020, 1, {"PN5T"}, {"0000"}},
};

static const Model *
find_model(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        if (g_str_equal(models[i].name, name))
            return &models[i];
    }
    return NULL;
}

bool
mvm_identity_has_model(const char *model)
{
    return find_model(model) != NULL;
}

/* Evenly distributed from 0 to limit - 1. */
static unsigned
random_below(unsigned limit)
{
    const uint32_t fair = UINT32_MAX - UINT32_MAX % limit; /* what is above would favour the low */
    uint32_t value = 0;

    do {
        /* So few bytes come whole once the kernel's generator is ready, and cannot fail then. */
        while (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value)) {
            if (errno != EINTR)
                g_error("the kernel has no random numbers: %s", g_strerror(errno));
        }
    } while (value >= fair);
    return value % limit;
}

static char
random_char(void)
{
    return base34[random_below(BASE)];
}

static const char *
random_code(const char *const *codes, size_t size)
{
    unsigned count = 0;

    while (count < size && codes[count] != NULL)
        count++;
    return codes[random_below(count)];
}

static int
value_of(const char *alphabet, char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

    return at != NULL ? (int)(at - alphabet) : -1;
}

/* A weighted sum that a valid board serial number makes divisible by 34; -1: not in the alphabet.
 */
static int
mlb_sum(const char *mlb, size_t len)
{
    int sum = 0;

    for (size_t i = 0; i < len; i++) {
        int value = value_of(base34, mlb[i]);

        if (value < 0)
            return -1;
        sum += value * (i % 2 == 1 ? 3 : 1);
    }
    return sum;
}

static char *
make_serial(const Model *model, int year, int week)
{
    int half = (year - 2010) * 2 % (int)strlen(half_years) + (week > WEEKS / 2);
    int half_week = (week - 1) % (WEEKS / 2);

    return g_strdup_printf("%s%c%c%c%c%c%s", model->place, half_years[half], half_weeks[half_week],
                           random_char(), random_char(), random_char(),
                           random_code(model->products, G_N_ELEMENTS(model->products)));
}

/* The board is a week older than the Mac that it is in. */
static char *
make_mlb(const Model *model, int year, int week)
{
    char *mlb = NULL;

    year -= week == 1;
    week = week == 1 ? WEEKS : week - 1;
    mlb = g_strdup_printf("%s%d%02d%03u%c%c%s%c0", model->place, year % 10, week,
                          random_below(1000), random_char(), random_char(),
                          random_code(model->boards, G_N_ELEMENTS(model->boards)), random_char());
    /* The last character weighs one: it makes up what is missing. */
    mlb[MLB_LENGTH - 1] = base34[(BASE - mlb_sum(mlb, MLB_LENGTH) % BASE) % BASE];
    return mlb;
}

static char *
make_rom(const char *mac)
{
    g_auto(GStrv) bytes = g_strsplit(mac, ":", -1);
    g_autofree char *joined = g_strjoinv("", bytes);

    return g_ascii_strup(joined, -1);
}

MvmIdentity *
mvm_identity_new(const char *model, const char *mac)
{
    const Model *row = find_model(model);
    MvmIdentity *identity = NULL;
    int year = 0, week = 0;

    g_assert(row != NULL);
    year = row->first_year + (int)random_below((unsigned)row->years);
    week = 1 + (int)random_below(WEEKS);
    identity = g_new0(MvmIdentity, 1);
    identity->model = g_strdup(model);
    identity->serial = make_serial(row, year, week);
    identity->mlb = make_mlb(row, year, week);
    identity->rom = make_rom(mac);
    return identity;
}

MvmIdentity *
mvm_identity_copy(const MvmIdentity *identity)
{
    MvmIdentity *copy = g_new0(MvmIdentity, 1);

    copy->model = g_strdup(identity->model);
    copy->serial = g_strdup(identity->serial);
    copy->mlb = g_strdup(identity->mlb);
    copy->rom = g_strdup(identity->rom);
    return copy;
}

void
mvm_identity_free(MvmIdentity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->model);
    g_free(identity->serial);
    g_free(identity->mlb);
    g_free(identity->rom);
    g_free(identity);
}

static bool
wrong(const char *what, const char *text, const char *why, GError **error)
{
    g_autofree char *shown = g_strescape(text, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "the %s '%.32s' is not valid: %s", what, shown,
                why);
    return false;
}

static bool
is_one_of(const char *text, const char *const *codes, size_t size)
{
    for (size_t i = 0; i < size && codes[i] != NULL; i++) {
        if (g_str_has_prefix(text, codes[i]))
            return true;
    }
    return false;
}

static bool
has_length_and_alphabet(const char *text, const char *alphabet, size_t min, size_t max)
{
    size_t len = strlen(text);

    return len >= min && len <= max && strspn(text, alphabet) == len;
}

static bool
check_serial(const Model *model, const char *serial, GError **error)
{
    int half = value_of(half_years, serial[3]), week = value_of(half_weeks, serial[4]);
    int year = 2010 + half / 2;

    if (strlen(serial) != SERIAL_LENGTH || !g_str_has_prefix(serial, model->place))
        return wrong("serial number", serial, "it has another form", error);
    if (year < model->first_year)
        year += 10;
    if (half < 0 || year >= model->first_year + model->years)
        return wrong("serial number", serial, "no such year of the model", error);
    if (week < 0 || (week == WEEKS / 2 && half % 2 == 0))
        return wrong("serial number", serial, "no such week", error);
    if (!is_one_of(serial + 8, model->products, G_N_ELEMENTS(model->products)))
        return wrong("serial number", serial, "it is another model's", error);
    return true;
}

static bool
check_mlb(const Model *model, const char *mlb, GError **error)
{
    int week = g_ascii_digit_value(mlb[4]) * 10 + g_ascii_digit_value(mlb[5]);

    if (strlen(mlb) != MLB_LENGTH || !g_str_has_prefix(mlb, model->place) ||
        strspn(mlb + 3, "0123456789") < 6)
        return wrong("board serial number", mlb, "it has another form", error);
    if (week < 1 || week > WEEKS + 1)
        return wrong("board serial number", mlb, "no such week", error);
    if (!is_one_of(mlb + 11, model->boards, G_N_ELEMENTS(model->boards)))
        return wrong("board serial number", mlb, "it is another model's", error);
    if (mlb_sum(mlb, MLB_LENGTH) % BASE != 0)
        return wrong("board serial number", mlb, "its checksum is wrong", error);
    return true;
}

bool
mvm_identity_check(const MvmIdentity *identity, GError **error)
{
    const Model *model = find_model(identity->model);

    if (!has_length_and_alphabet(identity->model, G_CSET_A_2_Z G_CSET_a_2_z "0123456789,", 1, 32))
        return wrong("model", identity->model, "it has another form", error);
    if (!has_length_and_alphabet(identity->serial, base34, 10, SERIAL_LENGTH))
        return wrong("serial number", identity->serial, "it has another form", error);
    if (!has_length_and_alphabet(identity->mlb, base34, 13, MLB_LENGTH))
        return wrong("board serial number", identity->mlb, "it has another form", error);
    if (!has_length_and_alphabet(identity->rom, "0123456789ABCDEF", ROM_LENGTH, ROM_LENGTH))
        return wrong("ROM", identity->rom, "it is not 12 hexadecimal digits", error);
    return model == NULL ||
           (check_serial(model, identity->serial, error) && check_mlb(model, identity->mlb, error));
}

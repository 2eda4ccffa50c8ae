/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/source.h"

#include "import/shell.h"
#include "machine/topology.h"
#include "util/error.h"
#include "util/redact.h"
#include "util/secret.h"
#include "util/words.h"

#include <string.h>

#define MAX_SOCKETS 16

static void
smbios_free(void *data)
{
    MvmImportSmbios *entry = data;

    g_free(entry->block);
    g_free(entry->name);
    g_free(entry->value);
    g_free(entry);
}

MvmImportSource *
mvm_import_source_new(void)
{
    MvmImportSource *source = g_new0(MvmImportSource, 1);

    source->options = mvm_options_new();
    source->smbios = g_ptr_array_new_with_free_func(smbios_free);
    source->left = g_ptr_array_new_with_free_func(g_free);
    return source;
}

void
mvm_import_source_free(MvmImportSource *source)
{
    if (source == NULL)
        return;
    g_free(source->name);
    g_free(source->title);
    g_free(source->description);
    mvm_options_free(source->options);
    g_free(source->mac);
    g_free(source->nic);
    g_free(source->uuid);
    mvm_secret_free(source->osk);
    g_ptr_array_unref(source->smbios);
    for (int i = 0; i < MVM_IMPORT_IMAGE_COUNT; i++) {
        g_free(source->image[i]);
        g_free(source->fallback[i]);
        g_free(source->pool[i]);
    }
    g_free(source->refused);
    g_ptr_array_unref(source->left);
    g_free(source);
}

void
mvm_import_leave(MvmImportSource *source, const char *format, ...)
{
    mvm_autosecret char *text = NULL;
    g_autofree char *open = NULL, *line = NULL;
    va_list args;

    /* Not silently: the last line says how many there are. */
    if (source->left->len >= MVM_IMPORT_MAX_LEFT) {
        g_free(source->left->pdata[MVM_IMPORT_MAX_LEFT - 1]);
        source->left->pdata[MVM_IMPORT_MAX_LEFT - 1] =
            g_strdup_printf("%u more things, which are too many to list", ++source->unlisted + 1);
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    open = mvm_redact(text);
    line = mvm_word_printable_line(open);
    if (strlen(line) > MVM_IMPORT_MAX_LINE) {
        size_t rest = strlen(line) - MVM_IMPORT_MAX_LINE;
        const char *end = g_utf8_find_prev_char(line, line + MVM_IMPORT_MAX_LINE);
        g_autofree char *head = g_strndup(line, (gsize)(end - line));

        g_ptr_array_add(source->left,
                        g_strdup_printf("%s ... and %zu more characters", head, rest));
        return;
    }
    g_ptr_array_add(source->left, g_steal_pointer(&line));
}

void
mvm_import_set(MvmImportSource *source, MvmOption option, const char *text, const char *what)
{
    g_autofree char *before = g_strdup(source->options->value[option]);

    if (!g_utf8_validate(text, -1, NULL) || !mvm_options_set(source->options, option, text, NULL)) {
        mvm_import_leave(source, "%s '%s': not a value that macvm can use", what, text);
        return;
    }
    if (before != NULL && !g_str_equal(before, source->options->value[option]))
        mvm_import_leave(source, "%s '%s': '%s' follows and is taken", what, before, text);
}

void
mvm_import_set_mac(MvmImportSource *source, const char *mac)
{
    bool good = strlen(mac) == 17;

    for (size_t i = 0; good && i < 17; i++)
        good = i % 3 == 2 ? mac[i] == ':' : g_ascii_isxdigit(mac[i]);
    /* One of a group is no card's. */
    if (!good || g_ascii_xdigit_value(mac[1]) % 2 != 0) {
        mvm_import_leave(source, "MAC address '%s': not that of a card", mac);
        return;
    }
    g_free(source->mac);
    source->mac = g_ascii_strdown(mac, -1);
}

/* Also in capitals, and without dashes. */
void
mvm_import_set_uuid(MvmImportSource *source, const char *text)
{
    g_autoptr(GString) uuid = g_string_new(text);

    g_string_replace(uuid, "-", "", 0);
    g_string_ascii_down(uuid);
    if (uuid->len == 32) {
        for (gssize at = 20; at >= 8; at -= 4)
            g_string_insert_c(uuid, at, '-');
    }
    if (!g_uuid_string_is_valid(uuid->str)) {
        mvm_import_leave(source, "UUID '%s': not a UUID", text);
        return;
    }
    if (source->uuid != NULL && !g_str_equal(source->uuid, uuid->str))
        mvm_import_leave(source, "UUID '%s': '%s' follows and is taken", source->uuid, uuid->str);
    g_free(source->uuid);
    source->uuid = g_strdup(uuid->str);
}

void
mvm_import_set_smbios(MvmImportSource *source, const char *block, const char *name,
                      const char *value)
{
    MvmImportSmbios *entry = NULL;

    for (guint i = 0; i < source->smbios->len; i++) {
        entry = source->smbios->pdata[i];
        if (!g_str_equal(entry->block, block) || !g_str_equal(entry->name, name))
            continue;
        if (!g_str_equal(entry->value, value))
            mvm_import_leave(source, "%s's %s '%s': '%s' follows and is taken", block, name,
                             entry->value, value);
        g_free(entry->value);
        entry->value = g_strdup(value);
        return;
    }
    entry = g_new0(MvmImportSmbios, 1);
    *entry = (MvmImportSmbios){g_strdup(block), g_strdup(name), g_strdup(value)};
    g_ptr_array_add(source->smbios, entry);
}

/* --- CPUs ------------------------------------------------------------------------------------- */

static void
set_count(MvmImportSource *source, MvmOption option, unsigned value, const char *what)
{
    g_autofree char *text = g_strdup_printf("%u", value);

    mvm_import_set(source, option, text, what);
}

void
mvm_import_set_topology(MvmImportSource *source, unsigned sockets, unsigned inner, unsigned cores,
                        unsigned threads)
{
    uint64_t total = (uint64_t)sockets * inner * cores * threads;
    MvmTopology asked = {sockets, cores * inner, threads};

    if (total == 0 || total > MVM_CPUS_MAX) {
        mvm_import_leave(source, "topology %u x %u x %u x %u: macOS can have %d CPUs", sockets,
                         inner, cores, threads, MVM_CPUS_MAX);
        return;
    }
    if (threads > 2)
        asked = (MvmTopology){sockets, cores * inner * threads, 1};
    if (sockets > MAX_SOCKETS)
        asked = (MvmTopology){1, (unsigned)total, 1};
    if (inner > 1 || asked.sockets != sockets || asked.threads != threads)
        mvm_import_leave(source,
                         "topology of %u sockets, %u dies, clusters or modules in one, %u cores, "
                         "%u threads: the machine gets as many CPUs in %u sockets, %u cores, %u "
                         "threads",
                         sockets, inner, cores, threads, asked.sockets, asked.cores, asked.threads);
    set_count(source, MVM_OPTION_SOCKETS, asked.sockets, "sockets");
    set_count(source, MVM_OPTION_CORES, asked.cores, "cores");
    set_count(source, MVM_OPTION_THREADS, asked.threads, "threads");
}

/* --- disks ------------------------------------------------------------------------------------ */

void
mvm_import_take_image(MvmImportSource *source, MvmImportImage image, const char *path,
                      const char *pool, const char *what)
{
    if (source->image[image] == NULL) {
        source->image[image] = g_strdup(path);
        source->pool[image] = g_strdup(pool);
    } else if (!g_str_equal(source->image[image], path) ||
               g_strcmp0(source->pool[image], pool) != 0) {
        mvm_import_leave(source, "%s '%s': the machine has one already", what, path);
    }
}

void
mvm_import_refuse_disk(MvmImportSource *source, const char *path, const char *why)
{
    mvm_import_leave(source, "disk '%s': %s", path, why);
    if (source->refused == NULL)
        source->refused = g_strdup_printf("'%s': %s", path, why);
}

/* Whether text, in any case, has one of parts in it, or one of words between two characters that
 * are neither letters nor digits. */
static bool
names_one(const char *text, const char *const *parts, const char *const *words)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_auto(GStrv) own = NULL;

    for (; *parts != NULL; parts++) {
        if (strstr(lower, *parts) != NULL)
            return true;
    }
    own = g_strsplit_set(lower, " -_.,+()[]", -1);
    for (; *words != NULL; words++) {
        if (g_strv_contains((const char *const *)own, *words))
            return true;
    }
    return false;
}

void
mvm_import_disk(MvmImportSource *source, const char *id, const char *path, const char *pool)
{
    static const char *const loaders[] = {"opencore", "clover", "bootloader", NULL};
    static const char *const loader_words[] = {"esp", "efi", "oc", NULL};
    static const char *const recoveries[] = {"basesystem", "installmedia", "recovery", NULL};
    static const char *const none[] = {NULL};
    g_autofree char *base = g_path_get_basename(path);

    if (names_one(id, recoveries, none) || names_one(base, recoveries, none))
        mvm_import_leave(source,
                         "recovery medium '%s': nothing proves that it is Apple's; 'macvm fetch' "
                         "gets one that is",
                         path);
    else if (pool == NULL && g_str_has_prefix(path, "/dev/") &&
             !g_str_has_prefix(path, "/dev/shm/"))
        mvm_import_refuse_disk(source, path, "physical disks are not taken");
    else if (pool == NULL && (strstr(path, "://") != NULL || g_str_has_prefix(path, "nbd:") ||
                              g_str_has_prefix(path, "rbd:") || g_str_has_prefix(path, "json:")))
        mvm_import_refuse_disk(source, path, "disks that are no local file are not taken");
    else if (names_one(id, loaders, loader_words) || names_one(base, loaders, loader_words))
        mvm_import_take_image(source, MVM_IMPORT_OPENCORE, path, pool, "boot loader's disk");
    else
        mvm_import_take_image(source, MVM_IMPORT_SYSTEM, path, pool, "disk");
}

/* --- which of the three ----------------------------------------------------------------------- */

static bool
is_markup(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && g_ascii_isspace(text[i]))
        i++;
    return i < len && text[i] == '<';
}

MvmImportSource *
mvm_import_read(const char *text, size_t len, const char *dir, const char *what, GError **error)
{
    g_autoptr(MvmShell) shell = NULL;

    if (is_markup(text, len))
        return mvm_import_read_domain(text, len, what, error);
    shell = mvm_shell_read(text, len, dir, what, error);
    if (shell == NULL)
        return NULL;
    return mvm_shell_get(shell, "guest_os") != NULL
               ? mvm_import_read_quickemu(text, len, dir, what, error)
               : mvm_import_read_script(text, len, dir, what, error);
}

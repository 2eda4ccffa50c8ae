/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/kernel.h"

#include <string.h>

#define MAX_GROUPS 256

/* The value behind "key :" or "key=" with the spaces and quotes around it taken off; NULL when line
 * is about something else. Points into line. */
static char *
value_of(char *line, const char *key, char separator)
{
    size_t len = strlen(key);
    char *value = line + len;

    if (strncmp(line, key, len) != 0)
        return NULL;
    value += strspn(value, " \t");
    if (*value != separator)
        return NULL;
    value = g_strstrip(value + 1);
    if (*value == '"' || *value == '\'') {
        char *end = strchr(value + 1, *value);

        if (end != NULL)
            *end = '\0';
        value++;
    }
    return value;
}

static void
keep_first(char **place, const char *value)
{
    if (*place == NULL)
        *place = g_strdup(value);
}

static void
take_cpuinfo(MvmKernel *kernel, char *line)
{
    const char *value = NULL;

    if ((value = value_of(line, "vendor_id", ':')) != NULL) {
        if (g_str_equal(value, "GenuineIntel"))
            kernel->vendor = MVM_CPU_INTEL;
        else if (g_str_equal(value, "AuthenticAMD") || g_str_equal(value, "HygonGenuine"))
            kernel->vendor = MVM_CPU_AMD;
    } else if ((value = value_of(line, "model name", ':')) != NULL) {
        keep_first(&kernel->cpu_model, value);
    } else if ((value = value_of(line, "flags", ':')) != NULL && kernel->flags == NULL) {
        kernel->flags = g_strsplit(value, " ", -1);
    }
}

static void
take_os_release(MvmKernel *kernel, char *line)
{
    const char *value = value_of(line, "ID", '=');
    g_autofree char *before = NULL;

    if (value == NULL)
        value = value_of(line, "ID_LIKE", '=');
    if (value == NULL)
        return;
    before = kernel->os_family;
    kernel->os_family = before != NULL ? g_strjoin(" ", before, value, NULL) : g_strdup(value);
}

/* "ignore_msrs=1" or "=Y" as a word; the module's name stands before it, after a space in
 * modprobe's files, after a dot on the kernel's command line. */
static bool
turns_on_ignore_msrs(const char *line)
{
    const char *found = strstr(line, "ignore_msrs=");

    while (found != NULL) {
        const char *value = found + strlen("ignore_msrs=");
        char before = found > line ? found[-1] : ' ';

        if (strchr(" \t.", before) != NULL && strchr("1Yy", *value) != NULL && *value != '\0')
            return true;
        found = strstr(value, "ignore_msrs=");
    }
    return false;
}

static void
take_module_option(MvmKernel *kernel, const char *path, const char *line)
{
    const char *text = line + strspn(line, " \t");

    if (g_str_equal(path, MVM_KVM_CONF)) {
        g_autofree char *before = kernel->conf;

        kernel->conf = g_strconcat(before != NULL ? before : "", line, "\n", NULL);
    }
    if (*text != '#' && turns_on_ignore_msrs(text))
        kernel->ignore_stored = true;
}

static void
take_line(MvmKernel *kernel, const char *path, char *line)
{
    if (g_str_equal(path, "/proc/cpuinfo"))
        take_cpuinfo(kernel, line);
    else if (g_str_equal(path, "/etc/os-release"))
        take_os_release(kernel, line);
    else if (g_str_has_suffix(path, "/current_clocksource"))
        keep_first(&kernel->clocksource, g_strstrip(line));
    else if (g_str_has_suffix(path, "/available_clocksource"))
        keep_first(&kernel->clocksources, g_strstrip(line));
    else if (g_str_equal(path, MVM_KVM_IGNORE_MSRS))
        kernel->ignore_msrs = *line == 'Y' || *line == '1' ? 'Y' : 'N';
    else if (g_str_has_suffix(path, "/nested"))
        kernel->kvm_loaded = true;
    else if (g_str_equal(path, "/proc/cmdline") || g_str_has_prefix(path, "/etc/modprobe.d/"))
        take_module_option(kernel, path, line);
}

/* The numbers of text, in base; at most max. */
static guint
read_numbers(const char *text, guint base, unsigned *numbers, guint max)
{
    guint count = 0;

    while (count < max) {
        char *end = NULL;
        guint64 number = g_ascii_strtoull(text, &end, base);

        if (end == text || number > G_MAXUINT)
            break;
        numbers[count++] = (unsigned)number;
        text = end;
    }
    return count;
}

static void
take_kvm_node(MvmKernel *kernel, const char *text)
{
    char *end = NULL;
    unsigned owners[2];

    kernel->kvm_mode = (unsigned)(g_ascii_strtoull(text, &end, 8) & 07777);
    kernel->kvm_node = end != text && read_numbers(end, 10, owners, 2) == 2;
    if (kernel->kvm_node) {
        kernel->kvm_uid = owners[0];
        kernel->kvm_gid = owners[1];
    }
}

static void
take_msrs_mode(MvmKernel *kernel, const char *text)
{
    unsigned mode = 0;

    kernel->ignore_fixed = read_numbers(text, 8, &mode, 1) == 1 && (mode & 0222) == 0;
}

static void
take_groups(MvmKernel *kernel, const char *text)
{
    unsigned groups[MAX_GROUPS];
    guint count = read_numbers(text, 10, groups, G_N_ELEMENTS(groups));

    g_array_append_vals(kernel->groups, groups, count);
}

MvmKernel *
mvm_kernel_parse(const char *text)
{
    MvmKernel *kernel = g_new0(MvmKernel, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    kernel->groups = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (char **line = lines; *line != NULL; line++) {
        char *colon = **line == '/' ? strchr(*line, ':') : NULL;

        if (colon != NULL) {
            *colon = '\0';
            take_line(kernel, *line, colon + 1);
        } else if (g_str_has_prefix(*line, "kvm-node ")) {
            take_kvm_node(kernel, *line + strlen("kvm-node "));
        } else if (g_str_has_prefix(*line, "msrs-mode ")) {
            take_msrs_mode(kernel, *line + strlen("msrs-mode "));
        } else if (g_str_equal(*line, "kvm-open")) {
            kernel->kvm_open = true;
        } else if (g_str_has_prefix(*line, "groups ")) {
            take_groups(kernel, *line + strlen("groups "));
        }
    }
    if (kernel->flags == NULL)
        kernel->flags = g_new0(char *, 1);
    if (kernel->os_family == NULL)
        kernel->os_family = g_strdup("");
    return kernel;
}

void
mvm_kernel_free(MvmKernel *kernel)
{
    if (kernel == NULL)
        return;
    g_free(kernel->cpu_model);
    g_strfreev(kernel->flags);
    g_free(kernel->clocksource);
    g_free(kernel->clocksources);
    g_free(kernel->conf);
    g_free(kernel->os_family);
    g_array_unref(kernel->groups);
    g_free(kernel);
}

bool
mvm_kernel_has_flag(const MvmKernel *kernel, const char *flag)
{
    return g_strv_contains((const char *const *)kernel->flags, flag);
}

bool
mvm_kernel_has_virtualization(const MvmKernel *kernel)
{
    return mvm_kernel_has_flag(kernel, "vmx") || mvm_kernel_has_flag(kernel, "svm");
}

bool
mvm_kernel_kvm_allows(const MvmKernel *kernel, int64_t qemu_uid)
{
    unsigned wanted = 6; /* read and write */

    if (!kernel->kvm_node)
        return false;
    if (qemu_uid < 0)
        return kernel->kvm_open;
    if (qemu_uid == 0)
        return true;
    if (kernel->kvm_uid == qemu_uid)
        return ((kernel->kvm_mode >> 6) & wanted) == wanted;
    for (guint i = 0; i < kernel->groups->len; i++) {
        if (g_array_index(kernel->groups, unsigned, i) == kernel->kvm_gid)
            return ((kernel->kvm_mode >> 3) & wanted) == wanted;
    }
    return (kernel->kvm_mode & wanted) == wanted;
}

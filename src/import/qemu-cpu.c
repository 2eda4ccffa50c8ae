/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* -m, -smp and -cpu. */
#include "import/qemu-args.h"

#include <stdint.h>
#include <string.h>

void
mvm_qemu_read_memory(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *size = NULL;
    g_autofree char *with_unit = NULL;

    mvm_qemu_values_init(&values, "-m", text);
    size = mvm_qemu_values_take(&values, "size");
    if (size == NULL)
        size = mvm_qemu_values_take(&values, "");
    if (size != NULL) {
        /* Without a unit it is MiB. */
        with_unit = g_strconcat(
            size, *size != '\0' && g_ascii_isdigit(size[strlen(size) - 1]) ? "M" : "", NULL);
        mvm_import_set(reader->source, MVM_OPTION_MEMORY, with_unit, "memory");
    }
    mvm_qemu_values_leave(&values, reader->source);
}

/* --- CPUs ------------------------------------------------------------------------------------- */

typedef struct {
    unsigned cpus, sockets, dies, clusters, modules, cores, threads, maxcpus; /* 0: not given */
} Smp;

static bool
read_count(MvmQemuValues *values, const char *key, unsigned *ret_count)
{
    const char *text = mvm_qemu_values_get(values, key);
    guint64 value = 0;

    if (text == NULL)
        return true;
    if (!g_ascii_string_to_unsigned(text, 10, 1, 4096, &value, NULL))
        return false;
    mvm_qemu_values_take(values, key);
    *ret_count = (unsigned)value;
    return true;
}

static bool
read_counts(MvmQemuValues *values, Smp *smp)
{
    return read_count(values, "", &smp->cpus) && read_count(values, "cpus", &smp->cpus) &&
           read_count(values, "sockets", &smp->sockets) && read_count(values, "dies", &smp->dies) &&
           read_count(values, "clusters", &smp->clusters) &&
           read_count(values, "modules", &smp->modules) &&
           read_count(values, "cores", &smp->cores) &&
           read_count(values, "threads", &smp->threads) &&
           read_count(values, "maxcpus", &smp->maxcpus);
}

/* How often a product of what is known goes into max; a product of 0 is what QEMU refuses. */
static unsigned
fill(unsigned max, uint64_t inner, unsigned one, unsigned other)
{
    uint64_t product = inner * one * other;

    return product > 0 ? (unsigned)(max / product) : 0;
}

/* Machines from before 6.2 fill up with sockets, later ones with cores. */
static void
fill_up(Smp *smp, unsigned max, uint64_t inner, bool prefers_sockets)
{
    if (prefers_sockets ? smp->sockets == 0 : smp->cores != 0 && smp->sockets == 0) {
        smp->cores = MAX(smp->cores, 1);
        smp->threads = MAX(smp->threads, 1);
        smp->sockets = fill(max, inner, smp->cores, smp->threads);
    } else if (smp->cores == 0) {
        smp->sockets = MAX(smp->sockets, 1);
        smp->threads = MAX(smp->threads, 1);
        smp->cores = fill(max, inner, smp->sockets, smp->threads);
    } else if (smp->threads == 0) {
        smp->threads = fill(max, inner, smp->sockets, smp->cores);
    }
}

/* What QEMU makes of what is not given (machine_parse_smp_config() in hw/core/machine-smp.c). False
 * where QEMU refuses. */
static bool
complete(Smp *smp, bool prefers_sockets, unsigned *ret_inner)
{
    unsigned max = smp->maxcpus > 0 ? smp->maxcpus : smp->cpus;
    uint64_t inner = (uint64_t)MAX(smp->dies, 1) * MAX(smp->clusters, 1) * MAX(smp->modules, 1);
    uint64_t total = 0;

    if (inner > 4096)
        return false;
    if (max > 0)
        fill_up(smp, max, inner, prefers_sockets);
    smp->sockets = max > 0 ? smp->sockets : MAX(smp->sockets, 1);
    smp->cores = max > 0 ? smp->cores : MAX(smp->cores, 1);
    smp->threads = max > 0 ? smp->threads : MAX(smp->threads, 1);
    total = inner * smp->sockets * smp->cores * smp->threads;
    smp->maxcpus = max > 0 ? max : (unsigned)MIN(total, 4096);
    smp->cpus = smp->cpus > 0 ? smp->cpus : smp->maxcpus;
    *ret_inner = (unsigned)inner;
    return total > 0 && total == smp->maxcpus && smp->cpus <= smp->maxcpus;
}

void
mvm_qemu_read_smp(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    unsigned inner = 1;
    Smp smp = {0};

    mvm_qemu_values_init(&values, "-smp", text);
    if (!read_counts(&values, &smp) || !complete(&smp, reader->prefers_sockets, &inner)) {
        mvm_import_leave(reader->source, "argument '-smp %s': QEMU would refuse it", text);
        return;
    }
    mvm_import_set_topology(reader->source, smp.sockets, inner, smp.cores, smp.threads);
    if (smp.cpus != smp.maxcpus)
        mvm_import_leave(reader->source,
                         "argument '-smp %s': %u of %u CPUs at first; the machine has all of them",
                         text, smp.cpus, smp.maxcpus);
    mvm_qemu_values_leave(&values, reader->source);
}

/* --- the model -------------------------------------------------------------------------------- */

bool
mvm_import_cpu_has(const char *feature)
{
    static const char *const own[] = {"ssse3",    "sse4.2", "sse4_2", "sse4-2", "popcnt", "avx",
                                      "aes",      "xsave",  "avx2",   "fma",    "bmi1",   "bmi2",
                                      "xsaveopt", "smep",   "invtsc", "sse",    "sse2",   "sse3",
                                      "pni",      "kvm",    NULL};

    return g_strv_contains(own, feature);
}

static bool
is_own_feature(const char *feature, bool named)
{
    size_t len = strlen(feature);
    g_autofree char *name = NULL;

    if (*feature == '\0' || g_str_equal(feature, "check") || g_str_equal(feature, "+hypervisor") ||
        g_str_equal(feature, "vmware-cpuid-freq=on"))
        return true;
    /* The host's own CPU has the host's vendor. */
    if (g_str_equal(feature, "vendor=GenuineIntel"))
        return named;
    if (*feature == '+')
        name = g_strdup(feature + 1);
    else if (g_str_has_suffix(feature, "=on"))
        name = g_strndup(feature, len - strlen("=on"));
    return name != NULL && mvm_import_cpu_has(name);
}

/* libvirt has QEMU's models without the versions ("Haswell-v2"), and these not as models. */
static bool
is_not_libvirts(const char *model)
{
    const char *dash = strrchr(model, '-');

    return g_str_equal(model, "max") || g_str_equal(model, "base") ||
           (dash != NULL && dash[1] == 'v' && g_ascii_isdigit(dash[2]));
}

void
mvm_qemu_read_cpu(MvmQemuReader *reader, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GString) left = g_string_new(NULL);
    const char *model = parts[0] != NULL ? parts[0] : "";

    for (char **part = parts + (*model != '\0'); *part != NULL; part++) {
        if (!is_own_feature(*part, !g_str_equal(model, "host")))
            g_string_append_printf(left, "%s%s", left->len > 0 ? ", " : "", *part);
    }
    if (left->len > 0)
        mvm_import_leave(reader->source, "CPU features %s", left->str);
    if (is_not_libvirts(model))
        mvm_import_leave(reader->source, "CPU model %s: libvirt has no model of that name", model);
    else
        mvm_import_set(reader->source, MVM_OPTION_CPU, model, "CPU model");
}

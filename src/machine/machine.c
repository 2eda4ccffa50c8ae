/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/machine.h"

#include "machine/screen.h"
#include "util/size.h"

#include <string.h>

#define GIB (UINT64_C(1) << 30)
/* macOS installs and runs with this much, slowly; a default is not made smaller unless the host
 * itself is. */
#define SMALLEST_MEMORY (4 * GIB)

static unsigned
number_or(const MvmOptions *options, MvmOption option, unsigned fallback)
{
    const char *text = options->value[option];

    return text != NULL ? (unsigned)g_ascii_strtoull(text, NULL, 10) : fallback;
}

static uint64_t
size_or(const MvmOptions *options, MvmOption option, uint64_t fallback)
{
    uint64_t bytes = fallback;

    if (options->value[option] != NULL)
        (void)mvm_size_parse(options->value[option], &bytes, NULL);
    return bytes;
}

static char *
text_or(const MvmOptions *options, MvmOption option, const char *fallback)
{
    const char *text = options->value[option];

    return g_strdup(text != NULL ? text : fallback);
}

/* Whether what this option brings is worth a remark. */
static bool
is_new(const MvmHostLimits *limits, MvmOption option)
{
    return limits->asked == NULL || limits->asked->value[option] != NULL;
}

/* Half the host, in whole GiB; the other half is for the host and its page cache. */
static uint64_t
memory_for(uint64_t host)
{
    uint64_t half = host / 2 / GIB * GIB;

    return MAX(half, MIN(SMALLEST_MEMORY, host * 3 / 4 / GIB * GIB));
}

static void
choose_memory(MvmMachine *machine, const MvmOptions *options, uint64_t host, MvmProgress *progress)
{
    bool asked = options->value[MVM_OPTION_MEMORY] != NULL;
    g_autofree char *host_text = mvm_size_format(host);

    machine->memory = size_or(options, MVM_OPTION_MEMORY, MVM_DEFAULT_MEMORY);
    if (host == 0 || machine->memory <= host)
        return;
    if (asked) {
        mvm_progress_note(progress, "the host has only %s of memory: the machine will swap or fail",
                          host_text);
        return;
    }
    machine->memory = MAX(memory_for(host), GIB);
    mvm_progress_note(progress, "the host has only %s of memory: the machine gets %u GiB",
                      host_text, (unsigned)(machine->memory / GIB));
}

/* The largest power of two that the host has. */
static MvmTopology
scale_cpus(unsigned host)
{
    MvmTopology scaled = {.sockets = 1, .cores = 1, .threads = host >= 2 ? 2 : 1};

    while (mvm_topology_cpus(&scaled) * 2 <= host)
        scaled.cores *= 2;
    return scaled;
}

/* What is asked for stays, and is remarked upon where that macOS needs more. */
static void
note_least(const MvmMachine *machine, const MvmOptions *options, const MvmHostLimits *limits,
           MvmProgress *progress)
{
    const MvmOs *os = machine->os;

    if (options->value[MVM_OPTION_MEMORY] != NULL && is_new(limits, MVM_OPTION_MEMORY) &&
        machine->memory < os->least_memory * GIB)
        mvm_progress_note(progress, "macOS %s needs %u GiB of memory", os->id, os->least_memory);
    if (options->value[MVM_OPTION_DISK_SIZE] != NULL && is_new(limits, MVM_OPTION_DISK_SIZE) &&
        machine->disk_size < os->least_disk * GIB)
        mvm_progress_note(progress, "macOS %s needs a disk of %u GiB to be installed on", os->id,
                          os->least_disk);
}

static void
note_mode(const MvmMachine *machine, const MvmHostLimits *limits, MvmProgress *progress)
{
    if (machine->resolution != NULL && is_new(limits, MVM_OPTION_RESOLUTION) &&
        !mvm_screen_has_mode(machine->resolution))
        mvm_progress_note(progress,
                          "the firmware has no mode of %s: the screen gets another size; "
                          "--resolution %s is one that it has",
                          machine->resolution, mvm_screen_nearest(machine->resolution));
}

/* What is asked for stays; the good layouts next to it are named. */
static void
note_odd_topology(const MvmTopology *asked, MvmProgress *progress)
{
    g_autoptr(GString) others = g_string_new(NULL);
    MvmTopology near = {0};

    if (mvm_topology_find_below(asked, &near))
        g_string_append_printf(others, "--cores %u", near.cores);
    if (mvm_topology_find_above(asked, &near))
        g_string_append_printf(others, "%s--cores %u", others->len > 0 ? " or " : "", near.cores);
    mvm_progress_note(progress,
                      "macOS is not known to start with %u CPUs in a socket (%u cores with %u "
                      "threads each)%s%s%s",
                      asked->cores * asked->threads, asked->cores, asked->threads,
                      others->len > 0 ? ": better is " : "", others->str,
                      others->len > 0 ? ", or leave --sockets out" : "");
}

/* Cores without sockets are all of the machine's, over as many sockets as macOS wants for them. */
static MvmTopology
ask_cpus(const MvmOptions *options, MvmProgress *progress)
{
    unsigned sockets = number_or(options, MVM_OPTION_SOCKETS, 0);
    MvmTopology asked = {.sockets = sockets,
                         .cores = number_or(options, MVM_OPTION_CORES, MVM_DEFAULT_CORES),
                         .threads = number_or(options, MVM_OPTION_THREADS, MVM_DEFAULT_THREADS)};

    if (sockets == 0) {
        asked = mvm_topology_spread(asked.cores, asked.threads);
        if (asked.sockets > 1)
            mvm_progress_note(progress,
                              "macOS does not start with %u cores in one socket: they go into %u "
                              "sockets of %u",
                              asked.sockets * asked.cores, asked.sockets, asked.cores);
    } else if (!mvm_topology_is_good(&asked)) {
        note_odd_topology(&asked, progress);
    }
    return asked;
}

static void
choose_cpus(MvmMachine *machine, const MvmOptions *options, unsigned host, MvmProgress *progress)
{
    bool asked = options->value[MVM_OPTION_CORES] != NULL ||
                 options->value[MVM_OPTION_THREADS] != NULL ||
                 options->value[MVM_OPTION_SOCKETS] != NULL;
    MvmTopology topology = ask_cpus(options, progress);
    unsigned cpus = mvm_topology_cpus(&topology);

    if (host != 0 && cpus > host && asked) {
        mvm_progress_note(progress, "the host has only %u CPUs: %u vCPUs will be slow", host, cpus);
    } else if (host != 0 && cpus > host) {
        topology = scale_cpus(host);
        mvm_progress_note(progress, "the host has only %u CPUs: the machine gets %u", host,
                          mvm_topology_cpus(&topology));
    }
    machine->sockets = topology.sockets;
    machine->cores = topology.cores;
    machine->threads = topology.threads;
}

static void
choose_network(MvmMachine *machine, const MvmOptions *options)
{
    const char *text = options->value[MVM_OPTION_NETWORK];

    if (text == NULL || strcmp(text, "user") == 0) {
        machine->net_kind = MVM_NET_ARGS;
    } else if (g_str_has_prefix(text, "bridge=")) {
        machine->net_kind = MVM_NET_BRIDGE;
        machine->net_source = g_strdup(text + strlen("bridge="));
    } else {
        machine->net_kind = MVM_NET_NETWORK;
        machine->net_source = g_strdup(text);
    }
}

bool
mvm_machine_forwards(const MvmMachine *machine)
{
    return machine->net_kind == MVM_NET_ARGS || machine->net_kind == MVM_NET_PASST;
}

MvmMachine *
mvm_machine_new(const char *name, const MvmOptions *options, const MvmHostLimits *limits,
                MvmProgress *progress)
{
    MvmMachine *machine = g_new0(MvmMachine, 1);
    const char *os = options->value[MVM_OPTION_OS];
    bool cpus_new = is_new(limits, MVM_OPTION_CORES) || is_new(limits, MVM_OPTION_THREADS) ||
                    is_new(limits, MVM_OPTION_SOCKETS);
    const char *autostart = options->value[MVM_OPTION_AUTOSTART];

    machine->name = g_strdup(name);
    machine->os = mvm_os_find(os != NULL ? os : MVM_OS_DEFAULT, NULL);
    choose_memory(machine, options, limits->memory,
                  is_new(limits, MVM_OPTION_MEMORY) ? progress : NULL);
    choose_cpus(machine, options, limits->cpus, cpus_new ? progress : NULL);
    machine->cpu = text_or(options, MVM_OPTION_CPU, MVM_DEFAULT_CPU);
    machine->cpu_asked = options->value[MVM_OPTION_CPU] != NULL;
    machine->cpu_disable = "";
    machine->firmware_format = "raw";
    machine->kvm = !g_str_equal(
        options->value[MVM_OPTION_ACCEL] != NULL ? options->value[MVM_OPTION_ACCEL] : "auto",
        "tcg");
    machine->disk_size = size_or(options, MVM_OPTION_DISK_SIZE, MVM_DEFAULT_DISK_SIZE);
    choose_network(machine, options);
    machine->ssh_port = number_or(options, MVM_OPTION_SSH_PORT, MVM_DEFAULT_SSH_PORT);
    machine->ssh_user = text_or(options, MVM_OPTION_SSH_USER, g_get_user_name());
    machine->video = text_or(options, MVM_OPTION_VIDEO, machine->os->video);
    machine->graphics = text_or(options, MVM_OPTION_GRAPHICS, "vnc");
    machine->autostart = autostart != NULL && g_str_equal(autostart, "yes");
    machine->finished = g_strcmp0(options->value[MVM_OPTION_RECOVERY], "off") == 0;
    machine->resolution = g_strdup(options->value[MVM_OPTION_RESOLUTION]);
    machine->boot_args = g_strdup(options->value[MVM_OPTION_BOOT_ARGS]);
    machine->verbose_boot = g_strdup(options->value[MVM_OPTION_VERBOSE_BOOT]);
    machine->picker_timeout = g_strdup(options->value[MVM_OPTION_PICKER_TIMEOUT]);
    machine->csr = g_strdup(options->value[MVM_OPTION_CSR]);
    note_least(machine, options, limits, progress);
    note_mode(machine, limits, progress);
    return machine;
}

static void
free_texts(MvmMachine *machine)
{
    char *owned[] = {
        machine->name,
        machine->uuid,
        machine->cpu,
        machine->loader,
        machine->nvram_template,
        machine->nvram_path,
        machine->net_source,
        machine->mac,
        machine->ssh_user,
        machine->video,
        machine->graphics,
        machine->resolution,
        machine->boot_args,
        machine->verbose_boot,
        machine->picker_timeout,
        machine->csr,
        machine->opencore_made,
        machine->opencore_from,
        machine->opencore_previous,
        machine->opencore_previous_from,
        machine->opencore_path,
        machine->opencore_format,
        machine->recovery_path,
        machine->recovery_format,
        machine->system_path,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(owned); i++)
        g_free(owned[i]);
}

void
mvm_machine_free(MvmMachine *machine)
{
    if (machine == NULL)
        return;
    free_texts(machine);
    g_strfreev(machine->cpu_missing);
    mvm_identity_free(machine->identity);
    g_clear_pointer(&machine->config, g_ptr_array_unref);
    if (machine->osk != NULL)
        explicit_bzero(machine->osk, strlen(machine->osk));
    g_free(machine->osk);
    g_free(machine);
}

static MvmTopology
topology_of(const MvmMachine *machine)
{
    return (MvmTopology){machine->sockets, machine->cores, machine->threads};
}

unsigned
mvm_machine_vcpus(const MvmMachine *machine)
{
    MvmTopology topology = topology_of(machine);

    return mvm_topology_cpus(&topology);
}

bool
mvm_machine_check_cpus(const MvmMachine *machine, GError **error)
{
    MvmTopology topology = topology_of(machine);

    return mvm_topology_check(&topology, error);
}

static const char *
choose_model(const MvmOsCpu *cpu, bool best_usable, const char *const *missing)
{
    if (cpu->best != NULL && best_usable)
        return cpu->best;
    if (cpu->elder != NULL && missing != NULL && g_strv_contains(missing, MVM_CPU_MARK))
        return cpu->elder;
    return cpu->model;
}

void
mvm_machine_fit_cpu(MvmMachine *machine, MvmCpuKind kind, bool best_usable,
                    const char *const *missing)
{
    const MvmOsCpu *cpu = &machine->os->cpu[kind];

    g_strfreev(machine->cpu_missing);
    machine->cpu_missing = g_strdupv((char **)missing);
    if (machine->cpu_asked)
        return;
    g_free(machine->cpu);
    machine->cpu = g_strdup(choose_model(cpu, best_usable, missing));
    if (g_str_equal(machine->cpu, cpu->model))
        machine->cpu_disable = cpu->disable;
}

char *
mvm_mac_new(void)
{
    guint32 bits = g_random_int();

    return g_strdup_printf("52:54:00:%02x:%02x:%02x", (bits >> 16) & 0xff, (bits >> 8) & 0xff,
                           bits & 0xff);
}

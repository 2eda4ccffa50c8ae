/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/machine.h"

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

/* macOS wants a power of two of CPUs in one socket (research: peers, P8); the user's own 6 x 2 is
 * the one exception that is known to work. */
static void
scale_cpus(MvmMachine *machine, unsigned host)
{
    unsigned total = 1;

    while (total * 2 <= host)
        total *= 2;
    machine->threads = total >= 2 ? 2 : 1;
    machine->cores = total / machine->threads;
    machine->sockets = 1;
}

static void
choose_cpus(MvmMachine *machine, const MvmOptions *options, unsigned host, MvmProgress *progress)
{
    bool asked = options->value[MVM_OPTION_CORES] != NULL ||
                 options->value[MVM_OPTION_THREADS] != NULL ||
                 options->value[MVM_OPTION_SOCKETS] != NULL;

    machine->sockets = number_or(options, MVM_OPTION_SOCKETS, 1);
    machine->cores = number_or(options, MVM_OPTION_CORES, MVM_DEFAULT_CORES);
    machine->threads = number_or(options, MVM_OPTION_THREADS, MVM_DEFAULT_THREADS);
    if (host == 0 || mvm_machine_vcpus(machine) <= host)
        return;
    if (asked) {
        mvm_progress_note(progress, "the host has only %u CPUs: %u vCPUs will be slow", host,
                          mvm_machine_vcpus(machine));
        return;
    }
    scale_cpus(machine, host);
    mvm_progress_note(progress, "the host has only %u CPUs: the machine gets %u", host,
                      mvm_machine_vcpus(machine));
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

MvmMachine *
mvm_machine_new(const char *name, const MvmOptions *options, const MvmHostLimits *limits,
                MvmProgress *progress)
{
    MvmMachine *machine = g_new0(MvmMachine, 1);
    const char *os = options->value[MVM_OPTION_OS];
    const char *autostart = options->value[MVM_OPTION_AUTOSTART];

    machine->name = g_strdup(name);
    machine->os = mvm_os_find(os != NULL ? os : MVM_OS_DEFAULT, NULL);
    choose_memory(machine, options, limits->memory, progress);
    choose_cpus(machine, options, limits->cpus, progress);
    machine->cpu = text_or(options, MVM_OPTION_CPU, MVM_DEFAULT_CPU);
    machine->kvm = !g_str_equal(
        options->value[MVM_OPTION_ACCEL] != NULL ? options->value[MVM_OPTION_ACCEL] : "auto",
        "tcg");
    machine->disk_size = size_or(options, MVM_OPTION_DISK_SIZE, MVM_DEFAULT_DISK_SIZE);
    choose_network(machine, options);
    machine->ssh_port = number_or(options, MVM_OPTION_SSH_PORT, MVM_DEFAULT_SSH_PORT);
    machine->ssh_user = text_or(options, MVM_OPTION_SSH_USER, g_get_user_name());
    machine->video = text_or(options, MVM_OPTION_VIDEO, "vmvga");
    machine->graphics = text_or(options, MVM_OPTION_GRAPHICS, "vnc");
    machine->autostart = autostart != NULL && g_str_equal(autostart, "yes");
    machine->resolution = g_strdup(options->value[MVM_OPTION_RESOLUTION]);
    machine->boot_args = g_strdup(options->value[MVM_OPTION_BOOT_ARGS]);
    machine->verbose_boot = g_strdup(options->value[MVM_OPTION_VERBOSE_BOOT]);
    machine->hotplug_global = true;
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
        machine->net_source,
        machine->mac,
        machine->ssh_user,
        machine->video,
        machine->graphics,
        machine->resolution,
        machine->boot_args,
        machine->verbose_boot,
        machine->opencore_made,
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
    mvm_identity_free(machine->identity);
    if (machine->osk != NULL)
        explicit_bzero(machine->osk, strlen(machine->osk));
    g_free(machine->osk);
    g_free(machine);
}

unsigned
mvm_machine_vcpus(const MvmMachine *machine)
{
    return machine->sockets * machine->cores * machine->threads;
}

char *
mvm_mac_new(void)
{
    guint32 bits = g_random_int();

    return g_strdup_printf("52:54:00:%02x:%02x:%02x", (bits >> 16) & 0xff, (bits >> 8) & 0xff,
                           bits & 0xff);
}

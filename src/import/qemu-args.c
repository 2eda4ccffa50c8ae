/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"

#include "machine/machine.h"
#include "util/secret.h"

#include <stdlib.h>
#include <string.h>

/* The address that QEMU gives the first card by itself (net/net.c). */
#define QEMU_FIRST_MAC "52:54:00:12:34:56"

/* --- memory and CPUs -------------------------------------------------------------------------- */

static void
read_memory(MvmImportSource *source, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *size = NULL;
    g_autofree char *with_unit = NULL;

    mvm_qemu_values_init(&values, text);
    size = mvm_qemu_values_get(&values, "size");
    if (size == NULL)
        size = mvm_qemu_values_get(&values, "");
    if (size == NULL)
        return;
    /* Without a unit it is MiB. */
    with_unit = g_strconcat(
        size, *size != '\0' && g_ascii_isdigit(size[strlen(size) - 1]) ? "M" : "", NULL);
    mvm_import_set(source, MVM_OPTION_MEMORY, with_unit, "memory");
}

/* A count that can be one of CPUs; 0 for anything else. */
static unsigned
count_of(const char *text)
{
    guint64 value = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 1, 4096, &value, NULL))
        return 0;
    return (unsigned)value;
}

static void
set_count(MvmImportSource *source, MvmOption option, unsigned value, const char *what)
{
    g_autofree char *text = g_strdup_printf("%u", value);

    mvm_import_set(source, option, text, what);
}

static void
read_smp(MvmImportSource *source, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *first = NULL;
    unsigned total = 0, sockets = 0, cores = 0, threads = 0;

    mvm_qemu_values_init(&values, text);
    first = mvm_qemu_values_get(&values, "cpus");
    total = count_of(first != NULL ? first : mvm_qemu_values_get(&values, ""));
    sockets = MAX(count_of(mvm_qemu_values_get(&values, "sockets")), 1);
    cores = count_of(mvm_qemu_values_get(&values, "cores"));
    threads = count_of(mvm_qemu_values_get(&values, "threads"));
    if (total == 0 && cores == 0)
        return;
    if (threads == 0)
        threads = cores > 0 && total == sockets * cores * 2 ? 2 : 1;
    if (cores == 0)
        cores = MAX(total / (sockets * threads), 1);
    if (total > 0 && total != sockets * cores * threads)
        mvm_import_leave(source, "%u vCPUs that are not %u x %u x %u: the machine gets %u", total,
                         sockets, cores, threads, sockets * cores * threads);
    set_count(source, MVM_OPTION_SOCKETS, sockets, "sockets");
    set_count(source, MVM_OPTION_CORES, cores, "cores");
    set_count(source, MVM_OPTION_THREADS, threads, "threads");
}

/* What macvm's own CPU has, or what is QEMU's default. */
static bool
is_own_feature(const char *feature)
{
    static const char *const own[] = {"+ssse3",
                                      "+sse4.2",
                                      "+sse4_2",
                                      "+popcnt",
                                      "+avx",
                                      "+aes",
                                      "+xsave",
                                      "+xsaveopt",
                                      "+avx2",
                                      "+fma",
                                      "+bmi1",
                                      "+bmi2",
                                      "+smep",
                                      "+invtsc",
                                      "check",
                                      "+sse3",
                                      "+hypervisor",
                                      "kvm=on",
                                      "+sse",
                                      "+sse2",
                                      "vendor=GenuineIntel",
                                      "vmware-cpuid-freq=on",
                                      "",
                                      NULL};

    return g_strv_contains(own, feature);
}

/* libvirt has QEMU's models without the versions ("Haswell-v2"). */
static bool
has_version(const char *model)
{
    const char *dash = strrchr(model, '-');

    return dash != NULL && dash[1] == 'v' && g_ascii_isdigit(dash[2]);
}

static void
read_cpu(MvmImportSource *source, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GString) left = g_string_new(NULL);

    if (parts[0] == NULL || *parts[0] == '\0')
        return;
    for (char **part = parts + 1; *part != NULL; part++) {
        if (!is_own_feature(*part))
            g_string_append_printf(left, "%s%s", left->len > 0 ? ", " : "", *part);
    }
    if (left->len > 0)
        mvm_import_leave(source, "CPU features %.400s", left->str);
    if (has_version(parts[0]))
        mvm_import_leave(source, "CPU model %.64s: libvirt does not know QEMU's versions of models",
                         parts[0]);
    else
        mvm_import_set(source, MVM_OPTION_CPU, parts[0], "CPU model");
}

/* --- devices and network ---------------------------------------------------------------------- */

static bool
begins_with_one(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (g_str_has_prefix(text, *words))
            return true;
    }
    return false;
}

static void
read_device(MvmImportSource *source, const char *text)
{
    /* Those that a machine of macvm has one of its own for. */
    static const char *const own[] = {"ide-hd",
                                      "ich9-",
                                      "ahci",
                                      "usb-kbd",
                                      "usb-tablet",
                                      "usb-mouse",
                                      "usb-ehci",
                                      "qemu-xhci",
                                      "nec-usb-xhci",
                                      "intel-hda",
                                      "hda-",
                                      "vmware-svga",
                                      "qxl",
                                      "VGA",
                                      "virtio-vga",
                                      "virtio-blk",
                                      "pcie-root-port",
                                      "virtio-tablet",
                                      "virtio-keyboard",
                                      "usb-hub",
                                      "ide-",
                                      NULL};
    g_auto(MvmQemuValues) values = {0};
    const char *osk = NULL;

    mvm_qemu_values_init(&values, text);
    osk = mvm_qemu_values_get(&values, "osk");
    if (g_str_has_prefix(text, "isa-applesmc") && osk != NULL) {
        mvm_secret_free(source->osk);
        source->osk = g_strdup(osk);
    } else if (mvm_qemu_values_get(&values, "netdev") != NULL) {
        const char *mac = mvm_qemu_values_get(&values, "mac");
        const char *driver = mvm_qemu_values_get(&values, "driver");

        if (driver == NULL)
            driver = mvm_qemu_values_get(&values, "");
        g_free(source->nic);
        source->nic = g_strdup(driver);
        mvm_import_set_mac(source, mac != NULL ? mac : QEMU_FIRST_MAC);
    } else if (!begins_with_one(text, own)) {
        mvm_import_leave(source, "device '%.200s'", text);
    }
}

/* "tcp::2222-:22": the host's port when the guest's is that of ssh, else NULL. The caller frees. */
static char *
ssh_port_of(const char *forward)
{
    g_auto(GStrv) sides = g_strsplit(forward, "-", 2);
    const char *host = sides[0] != NULL ? strrchr(sides[0], ':') : NULL;
    const char *guest = host != NULL && sides[1] != NULL ? strrchr(sides[1], ':') : NULL;

    if (guest == NULL || strcmp(guest, ":22") != 0 || g_str_has_prefix(forward, "udp"))
        return NULL;
    return g_strdup(host + 1);
}

static void
read_forward(MvmImportSource *source, const char *forward)
{
    g_autofree char *port = ssh_port_of(forward);

    if (port != NULL && source->options->value[MVM_OPTION_SSH_PORT] == NULL)
        mvm_import_set(source, MVM_OPTION_SSH_PORT, port, "port of ssh");
    else
        mvm_import_leave(source, "forward '%.100s': macvm forwards ssh alone", forward);
}

static void
read_netdev(MvmImportSource *source, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *kind = NULL, *bridge = NULL;

    mvm_qemu_values_init(&values, text);
    kind = mvm_qemu_values_get(&values, "");
    bridge = mvm_qemu_values_get(&values, "br");
    for (guint i = 0; i + 1 < values.pairs->len; i += 2) {
        if (g_str_equal(values.pairs->pdata[i], "hostfwd"))
            read_forward(source, values.pairs->pdata[i + 1]);
    }
    if (g_strcmp0(kind, "bridge") == 0) {
        g_autofree char *network = g_strconcat("bridge=", bridge != NULL ? bridge : "br0", NULL);

        mvm_import_set(source, MVM_OPTION_NETWORK, network, "network");
    } else if (g_strcmp0(kind, "user") != 0) {
        mvm_import_leave(source, "network '%.200s': the machine gets one in user mode", text);
    }
}

/* --- the whole line --------------------------------------------------------------------------- */

static void
read_drive_or_disk(MvmImportSource *source, const char *flag, const char *value)
{
    if (g_str_equal(flag, "-drive"))
        mvm_import_qemu_drive(source, value);
    else
        mvm_import_disk(source, "", value);
}

static void
read_uuid(MvmImportSource *source, const char *value)
{
    if (!g_uuid_string_is_valid(value))
        return;
    g_free(source->uuid);
    source->uuid = g_ascii_strdown(value, -1);
}

static void
read_option(MvmImportSource *source, const char *flag, const char *value)
{
    /* What says nothing that a machine of macvm does not have of its own. */
    static const char *const own[] = {
        "-enable-kvm", "-machine", "-M",       "-smbios", "-usb",   "-monitor",    "-vga",
        "-boot",       "-serial",  "-rtc",     "-name",   "-accel", "-nodefaults", "-overcommit",
        "-parallel",   "-display", "-pidfile", "-k",      NULL};
    static const struct {
        const char *flag;
        void (*read)(MvmImportSource *source, const char *value);
    } readers[] = {{"-m", read_memory},      {"-smp", read_smp},       {"-cpu", read_cpu},
                   {"-device", read_device}, {"-netdev", read_netdev}, {"-uuid", read_uuid}};

    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (g_str_equal(flag, readers[i].flag)) {
            readers[i].read(source, value);
            return;
        }
    }
    if (g_str_equal(flag, "-drive") || g_str_equal(flag, "-hda") || g_str_equal(flag, "-hdb"))
        read_drive_or_disk(source, flag, value);
    else if (!g_strv_contains(own, flag) &&
             !(g_str_equal(flag, "-global") &&
               (strstr(value, "acpi-pci-hotplug") != NULL || strstr(value, "xhci.msi") != NULL)))
        mvm_import_leave(source, "argument '%.64s%s%.200s'", flag, *value != '\0' ? " " : "",
                         value);
}

void
mvm_import_qemu_args(MvmImportSource *source, const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++) {
        const char *flag = words->pdata[i];
        const char *value = i + 1 < words->len ? words->pdata[i + 1] : "";

        if (flag == NULL || *flag != '-')
            continue;
        if (value == NULL) {
            mvm_import_leave(source, "argument '%.64s': only a shell could tell its value", flag);
            i++;
            continue;
        }
        if (*value == '-')
            value = "";
        i += *value != '\0';
        read_option(source, flag, value);
    }
}

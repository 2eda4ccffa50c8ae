/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/render.h"

#include "machine/screen.h"
#include "util/error.h"
#include "util/paths.h"
#include "util/secret.h"
#include "xml/xml.h"

#define DISK(target) "/domain/devices/disk[target/@dev='" target "']"
#define INTERFACE "/domain/devices/interface"
#define INVTSC "/domain/cpu/feature[@name='invtsc']"
#define TSC_TIMER "/domain/clock/timer[@name='tsc']"
#define TABLET "/domain/devices/input[@type='tablet']"
/* One on virtio would else be put behind a PCIe root port. */
#define TABLET_SLOT "0x08"
/* Where template/domain.xml has the network card, too, so that macOS finds it at the same place
 * whichever way it is made. */
#define NIC_ADDRESS "0xa"

/* The template has none: it would be every machine's. */
static void
set_uuid(xmlDoc *doc, const char *uuid)
{
    xmlNode *node = mvm_xml_ensure(doc, "/domain/uuid");

    mvm_xml_set_text(node, uuid);
    xmlUnlinkNode(node);
    xmlAddNextSibling(mvm_xml_get_node(doc, "/domain/name"), node);
}

static void
set_basics(xmlDoc *doc, const MvmMachine *machine)
{
    mvm_xml_set(doc, "/domain/@type", "%s", machine->kvm ? "kvm" : "qemu");
    mvm_xml_set(doc, "/domain/name", "%s", machine->name);
    if (machine->uuid != NULL)
        set_uuid(doc, machine->uuid);
    mvm_xml_set(doc, "/domain/memory/@unit", "MiB");
    mvm_xml_set(doc, "/domain/memory", "%" G_GUINT64_FORMAT, machine->memory >> 20);
    mvm_xml_set(doc, "/domain/currentMemory/@unit", "MiB");
    mvm_xml_set(doc, "/domain/currentMemory", "%" G_GUINT64_FORMAT, machine->memory >> 20);
    mvm_xml_set(doc, "/domain/vcpu", "%u", mvm_machine_vcpus(machine));
}

/* Formats are told where they are not libvirt's default. */
static void
set_firmware(xmlDoc *doc, const MvmMachine *machine)
{
    const char *format = machine->firmware_format;

    mvm_xml_set(doc, "/domain/os/loader", "%s", machine->loader);
    mvm_xml_set(doc, "/domain/os/nvram/@template", "%s", machine->nvram_template);
    if (g_str_equal(format, "raw") ||
        !mvm_feature_is_in(MVM_FEATURE_FIRMWARE_FORMAT, &machine->versions))
        return;
    mvm_xml_set(doc, "/domain/os/loader/@format", "%s", format);
    mvm_xml_set(doc, "/domain/os/nvram/@format", "%s", format);
    if (mvm_feature_is_in(MVM_FEATURE_TEMPLATE_FORMAT, &machine->versions))
        mvm_xml_set(doc, "/domain/os/nvram/@templateFormat", "%s", format);
}

static void
remove_feature(xmlDoc *doc, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("/domain/cpu/feature[@policy='require'][@name='%s']", name);

    mvm_xml_remove(doc, path);
}

/* Only what the host has is required, and what its kind of CPU must not show is disabled. */
static void
set_features(xmlDoc *doc, const MvmMachine *machine)
{
    g_auto(GStrv) disable = g_strsplit(machine->cpu_disable, " ", -1);

    for (char **name = machine->cpu_missing; name != NULL && *name != NULL; name++)
        remove_feature(doc, *name);
    for (char **name = disable; *name != NULL; name++) {
        xmlNode *feature = mvm_xml_add(mvm_xml_get_node(doc, "/domain/cpu"), "feature");

        remove_feature(doc, *name);
        mvm_xml_attr(feature, "policy", "disable");
        mvm_xml_attr(feature, "name", "%s", *name);
    }
}

static void
set_cpu(xmlDoc *doc, const MvmMachine *machine)
{
    mvm_xml_set(doc, "/domain/cpu/topology/@sockets", "%u", machine->sockets);
    mvm_xml_set(doc, "/domain/cpu/topology/@cores", "%u", machine->cores);
    mvm_xml_set(doc, "/domain/cpu/topology/@threads", "%u", machine->threads);
    if (!g_str_equal(machine->cpu, "host")) {
        mvm_xml_set(doc, "/domain/cpu/model", "%s", machine->cpu);
        set_features(doc, machine);
        return;
    }
    /* The host's CPU as it is: a named model's features and vendor have no place there. */
    mvm_xml_set(doc, "/domain/cpu/@mode", "host-passthrough");
    mvm_xml_remove(doc, "/domain/cpu/@match");
    mvm_xml_remove(doc, "/domain/cpu/model");
    mvm_xml_remove(doc, "/domain/cpu/feature[@policy='require'][not(@name='invtsc')]");
}

/* 'optional' would never turn it on, 'require' forbids the start on a host without it; and without
 * the frequency a machine that has it can neither be saved nor migrated. A user's template may do
 * without. */
static void
set_tsc(xmlDoc *doc, const MvmMachine *machine)
{
    if (mvm_xml_get_node(doc, INVTSC) == NULL || !machine->invtsc) {
        mvm_xml_remove(doc, INVTSC);
        mvm_xml_remove(doc, TSC_TIMER);
        return;
    }
    mvm_xml_set(doc, INVTSC "/@policy", "require");
    if (machine->tsc_frequency == 0)
        mvm_xml_remove(doc, TSC_TIMER);
    else
        mvm_xml_set(doc, TSC_TIMER "/@frequency", "%" G_GUINT64_FORMAT, machine->tsc_frequency);
}

static void
set_disk(xmlDoc *doc, const char *disk, const char *path, const char *format)
{
    g_autofree char *source = g_strconcat(disk, "/source/@file", NULL);
    g_autofree char *type = g_strconcat(disk, "/driver/@type", NULL);

    if (path == NULL) {
        mvm_xml_remove(doc, disk);
        return;
    }
    mvm_xml_set(doc, source, "%s", path);
    if (format != NULL)
        mvm_xml_set(doc, type, "%s", format);
}

static void
set_disks(xmlDoc *doc, const MvmMachine *machine)
{
    set_disk(doc, DISK("sda"), machine->opencore_path, machine->opencore_format);
    set_disk(doc, DISK("sdb"), machine->recovery_path, machine->recovery_format);
    mvm_xml_set(doc, DISK("sdc") "/target/@bus", "%s", machine->os->disk);
    set_disk(doc, DISK("sdc"), machine->system_path, NULL);
    /* Right behind OpenCore: nothing is between them that the firmware could begin with. */
    if (machine->finished && machine->recovery_path == NULL &&
        mvm_xml_get_node(doc, DISK("sdc") "/boot") != NULL)
        mvm_xml_set(doc, DISK("sdc") "/boot/@order", "2");
}

static void add_arg(xmlDoc *doc, const char *flag, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
add_arg(xmlDoc *doc, const char *flag, const char *format, ...)
{
    xmlNode *line = mvm_xml_ensure(doc, "/domain/qemu:commandline");
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    mvm_xml_attr(mvm_xml_add(line, "qemu:arg"), "value", "%s", flag);
    mvm_xml_attr(mvm_xml_add(line, "qemu:arg"), "value", "%s", value);
}

/* libvirt has no <portForward> without passt, so the card and its forward are QEMU's arguments. */
static void
add_user_network_args(xmlDoc *doc, const MvmMachine *machine)
{
    mvm_xml_remove(doc, INTERFACE);
    add_arg(doc, "-netdev", "user,id=" MVM_NETDEV_ID ",hostfwd=tcp:127.0.0.1:%u-:22",
            machine->ssh_port);
    add_arg(doc, "-device",
            "{\"driver\":\"%s\",\"netdev\":\"" MVM_NETDEV_ID "\",\"id\":\"macvmnic0\","
            "\"mac\":\"%s\",\"bus\":\"pcie.0\",\"addr\":\"" NIC_ADDRESS "\"}",
            machine->os->qemu_nic, machine->mac);
}

static void
set_passt(xmlDoc *doc, const MvmMachine *machine)
{
    xmlNode *interface = mvm_xml_get_node(doc, INTERFACE), *forward = NULL, *range = NULL;

    mvm_xml_attr(interface, "type", "user");
    mvm_xml_remove(doc, INTERFACE "/source");
    mvm_xml_attr(mvm_xml_add(interface, "backend"), "type", "passt");
    forward = mvm_xml_add(interface, "portForward");
    mvm_xml_attr(forward, "proto", "tcp");
    /* Without an address passt would listen on all of the host's. */
    mvm_xml_attr(forward, "address", "127.0.0.1");
    range = mvm_xml_add(forward, "range");
    mvm_xml_attr(range, "start", "%u", machine->ssh_port);
    mvm_xml_attr(range, "to", "22");
}

static void
set_network(xmlDoc *doc, const MvmMachine *machine)
{
    if (machine->net_kind == MVM_NET_ARGS) {
        add_user_network_args(doc, machine);
        return;
    }
    mvm_xml_set(doc, INTERFACE "/mac/@address", "%s", machine->mac);
    mvm_xml_set(doc, INTERFACE "/model/@type", "%s", machine->os->nic);
    if (machine->net_kind == MVM_NET_PASST) {
        set_passt(doc, machine);
    } else if (machine->net_kind == MVM_NET_BRIDGE) {
        mvm_xml_set(doc, INTERFACE "/@type", "bridge");
        mvm_xml_remove(doc, INTERFACE "/source/@network");
        mvm_xml_set(doc, INTERFACE "/source/@bridge", "%s", machine->net_source);
    } else {
        mvm_xml_set(doc, INTERFACE "/@type", "network");
        mvm_xml_set(doc, INTERFACE "/source/@network", "%s", machine->net_source);
    }
}

static void
set_input(xmlDoc *doc, const MvmMachine *machine)
{
    mvm_xml_set(doc, "/domain/devices/controller[@type='usb']/@model", "%s", machine->os->usb);
    mvm_xml_set(doc, TABLET "/@bus", "%s", machine->os->tablet);
    if (!g_str_equal(machine->os->tablet, "virtio"))
        return;
    mvm_xml_set(doc, TABLET "/address/@type", "pci");
    mvm_xml_set(doc, TABLET "/address/@domain", "0x0000");
    mvm_xml_set(doc, TABLET "/address/@bus", "0x00");
    mvm_xml_set(doc, TABLET "/address/@slot", TABLET_SLOT);
    mvm_xml_set(doc, TABLET "/address/@function", "0x0");
}

/* A user's template may do without. */
static void
set_sound(xmlDoc *doc, const MvmMachine *machine)
{
    if (mvm_xml_get_node(doc, "/domain/devices/sound") != NULL)
        mvm_xml_set(doc, "/domain/devices/sound/@model", "%s", machine->os->sound);
}

/* The framebuffer of a qxl is a part of its memory; the others not named have none of their own. */
static const char *
memory_attribute(const char *video)
{
    static const char *const with_vram[] = {"vmvga", "vga", "bochs", NULL};

    if (g_str_equal(video, "qxl"))
        return "/domain/devices/video/model/@vgamem";
    return g_strv_contains(with_vram, video) ? "/domain/devices/video/model/@vram" : NULL;
}

/* What libvirt gives by itself is not rendered. */
static void
set_video_memory(xmlDoc *doc, const MvmMachine *machine)
{
    const char *path = memory_attribute(machine->video);
    uint64_t memory = mvm_screen_memory(machine->resolution);

    if (path != NULL && memory > MVM_VIDEO_MEMORY)
        mvm_xml_set(doc, path, "%" G_GUINT64_FORMAT, memory / 1024);
}

static void
set_screen(xmlDoc *doc, const MvmMachine *machine)
{
    mvm_xml_set(doc, "/domain/devices/video/model/@type", "%s", machine->video);
    set_video_memory(doc, machine);
    if (g_str_equal(machine->graphics, "none"))
        mvm_xml_remove(doc, "/domain/devices/graphics");
    else
        mvm_xml_set(doc, "/domain/devices/graphics/@type", "%s", machine->graphics);
}

/* In QEMU's option lists a comma is doubled. */
static void
add_applesmc(xmlDoc *doc, const char *osk)
{
    g_auto(GStrv) parts = g_strsplit(osk, ",", -1);
    mvm_autosecret char *escaped = g_strjoinv(",,", parts);

    add_arg(doc, "-device", "isa-applesmc,osk=%s", escaped);
}

static void
set_arguments(xmlDoc *doc, const MvmMachine *machine)
{
    if (!mvm_feature_is_in(MVM_FEATURE_HOTPLUG_GLOBAL, &machine->versions))
        mvm_xml_remove(doc, "/domain/qemu:commandline/qemu:arg"
                            "[contains(@value, 'acpi-pci-hotplug-with-bridge-support')"
                            " or following-sibling::qemu:arg[1]"
                            "[contains(@value, 'acpi-pci-hotplug-with-bridge-support')]]");
    if (machine->osk != NULL)
        add_applesmc(doc, machine->osk);
}

static bool
check_template(xmlDoc *doc, const char *path, GError **error)
{
    static const char *const needed[] = {"/domain/name",      "/domain/memory", "/domain/vcpu",
                                         "/domain/os/loader", "/domain/cpu",    INTERFACE,
                                         DISK("sda"),         DISK("sdc")};

    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (mvm_xml_get_node(doc, needed[i]) == NULL) {
            g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot use template '%s': no %s in it",
                        path, needed[i]);
            mvm_error_set_hint(error, "begin again from the template that macvm ships");
            return false;
        }
    }
    return true;
}

xmlDoc *
mvm_render(const MvmMachine *machine, GError **error)
{
    g_autofree char *path = mvm_path_find_data("templates/domain.xml", error);
    g_autoptr(xmlDoc) doc = path != NULL ? mvm_xml_parse_file(path, error) : NULL;

    if (doc == NULL || !check_template(doc, path, error))
        return NULL;
    set_basics(doc, machine);
    set_firmware(doc, machine);
    set_cpu(doc, machine);
    set_tsc(doc, machine);
    set_disks(doc, machine);
    set_input(doc, machine);
    set_sound(doc, machine);
    set_screen(doc, machine);
    set_arguments(doc, machine);
    set_network(doc, machine);
    return g_steal_pointer(&doc);
}

#define ARG(text) "/domain/qemu:commandline/qemu:arg[contains(@value, '" text "')]"

/* At most three paths an option, and the NULL that ends them. */
static const char *const option_paths[MVM_OPTION_COUNT][4] = {
    [MVM_OPTION_MEMORY] = {"/domain/memory", "/domain/currentMemory"},
    [MVM_OPTION_CORES] = {"/domain/vcpu", "/domain/cpu/topology"},
    [MVM_OPTION_THREADS] = {"/domain/vcpu", "/domain/cpu/topology"},
    [MVM_OPTION_SOCKETS] = {"/domain/vcpu", "/domain/cpu/topology"},
    [MVM_OPTION_CPU] = {"/domain/cpu/@mode", "/domain/cpu/model"},
    [MVM_OPTION_ACCEL] = {"/domain/@type"},
    [MVM_OPTION_SSH_PORT] = {ARG("id=" MVM_NETDEV_ID), INTERFACE "/portForward"},
    [MVM_OPTION_NETWORK] = {ARG("id=" MVM_NETDEV_ID), ARG("\"" MVM_NETDEV_ID "\""), INTERFACE},
    [MVM_OPTION_RESOLUTION] = {"/domain/devices/video/model/@vram",
                               "/domain/devices/video/model/@vgamem"},
    [MVM_OPTION_VIDEO] = {"/domain/devices/video/model/@type"},
    [MVM_OPTION_GRAPHICS] = {"/domain/devices/graphics"},
    [MVM_OPTION_RECOVERY] = {DISK("sdb"), DISK("sdc") "/boot"},
    [MVM_OPTION_FIRMWARE] = {"/domain/os/loader", "/domain/os/nvram"},
};

const char *const *
mvm_render_paths_of(MvmOption option)
{
    return option_paths[option];
}

const char *const *
mvm_render_own_paths(void)
{
    static const char *const paths[] = {ARG("id=" MVM_NETDEV_ID), ARG("\"" MVM_NETDEV_ID "\""),
                                        INTERFACE "/portForward", NULL};

    return paths;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"
#include "import/source.h"
#include "util/error.h"
#include "xml/xml.h"

#define DOMAIN_MAX_ARGS 4096

static void
take_text(xmlDoc *doc, const char *path, char **value)
{
    char *text = mvm_xml_get(doc, path);

    if (text != NULL && *text != '\0') {
        g_free(*value);
        *value = text;
    } else {
        g_free(text);
    }
}

/* Also in capitals, and without dashes, libvirt takes it. */
static void
take_uuid(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *text = mvm_xml_get(doc, "/domain/uuid");
    g_autoptr(GString) uuid = g_string_new(text);

    if (text == NULL)
        return;
    g_string_replace(uuid, "-", "", 0);
    g_string_ascii_down(uuid);
    if (uuid->len == 32) {
        for (gssize at = 20; at >= 8; at -= 4)
            g_string_insert_c(uuid, at, '-');
    }
    if (g_uuid_string_is_valid(uuid->str))
        source->uuid = g_strdup(uuid->str);
    else
        mvm_import_leave(source, "UUID '%.64s': not a UUID", text);
}

/* <memory unit='KiB'>; KiB is also what it is without a unit. */
static void
take_memory(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *amount = mvm_xml_get(doc, "/domain/memory");
    g_autofree char *unit = mvm_xml_get(doc, "/domain/memory/@unit");
    g_autofree char *size =
        amount != NULL ? g_strconcat(amount, unit != NULL ? unit : "KiB", NULL) : NULL;

    if (size != NULL)
        mvm_import_set(source, MVM_OPTION_MEMORY, size, "memory");
}

static void
take_cpus(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *vcpu = mvm_xml_get(doc, "/domain/vcpu");
    g_autofree char *mode = mvm_xml_get(doc, "/domain/cpu/@mode");
    g_autofree char *model = mvm_xml_get(doc, "/domain/cpu/model");
    static const struct {
        MvmOption option;
        const char *path;
    } counts[] = {{MVM_OPTION_SOCKETS, "/domain/cpu/topology/@sockets"},
                  {MVM_OPTION_CORES, "/domain/cpu/topology/@cores"},
                  {MVM_OPTION_THREADS, "/domain/cpu/topology/@threads"}};

    if (g_strcmp0(mode, "host-passthrough") == 0)
        mvm_import_set(source, MVM_OPTION_CPU, "host", "CPU model");
    else if (model != NULL)
        mvm_import_set(source, MVM_OPTION_CPU, model, "CPU model");
    if (mvm_xml_get_node(doc, "/domain/cpu/topology") == NULL && vcpu != NULL) {
        mvm_import_set(source, MVM_OPTION_CORES, vcpu, "vCPUs");
        mvm_import_set(source, MVM_OPTION_THREADS, "1", "threads");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autofree char *count = mvm_xml_get(doc, counts[i].path);

        if (count != NULL)
            mvm_import_set(source, counts[i].option, count, "CPU topology");
    }
}

static void
take_disks(MvmImportSource *source, xmlDoc *doc)
{
    g_autoptr(GPtrArray) disks = mvm_xml_get_nodes(doc, "/domain/devices/disk");

    for (guint i = 0; i < disks->len; i++) {
        g_autofree char *file = mvm_xml_node_get(disks->pdata[i], "source/@file");
        g_autofree char *device = mvm_xml_node_get(disks->pdata[i], "@device");
        g_autofree char *target = mvm_xml_node_get(disks->pdata[i], "target/@dev");

        if (file == NULL || (device != NULL && !g_str_equal(device, "disk")))
            mvm_import_leave(source, "%s '%s'", device != NULL ? device : "disk",
                             file != NULL     ? file
                             : target != NULL ? target
                                              : "");
        else
            mvm_import_disk(source, "", file);
    }
}

static void
take_network(MvmImportSource *source, xmlDoc *doc)
{
    g_autoptr(GPtrArray) cards = mvm_xml_get_nodes(doc, "/domain/devices/interface");
    g_autofree char *mac = mvm_xml_get(doc, "/domain/devices/interface/mac/@address");
    g_autofree char *type = mvm_xml_get(doc, "/domain/devices/interface/@type");
    g_autofree char *network = mvm_xml_get(doc, "/domain/devices/interface/source/@network");
    g_autofree char *bridge = mvm_xml_get(doc, "/domain/devices/interface/source/@bridge");

    source->nic = mvm_xml_get(doc, "/domain/devices/interface/model/@type");
    if (mac != NULL)
        mvm_import_set_mac(source, mac);
    if (cards->len > 1)
        mvm_import_leave(source, "%u more network cards", cards->len - 1);
    if (g_strcmp0(type, "network") == 0 && network != NULL) {
        mvm_import_set(source, MVM_OPTION_NETWORK, network, "network");
    } else if (g_strcmp0(type, "bridge") == 0 && bridge != NULL) {
        g_autofree char *text = g_strconcat("bridge=", bridge, NULL);

        mvm_import_set(source, MVM_OPTION_NETWORK, text, "network");
    } else if (type != NULL && !g_str_equal(type, "user")) {
        mvm_import_leave(source, "network of type %.32s: the machine gets one in user mode", type);
    }
}

/* Devices and settings that no machine of macvm has by itself. */
static void
leave_rest(MvmImportSource *source, xmlDoc *doc)
{
    static const struct {
        const char *path, *what;
    } rest[] = {{"devices/hostdev", "device <hostdev>"},
                {"devices/filesystem", "device <filesystem>"},
                {"devices/redirdev", "device <redirdev>"},
                {"devices/channel", "device <channel>"},
                {"devices/tpm", "device <tpm>"},
                {"devices/watchdog", "device <watchdog>"},
                {"devices/rng", "device <rng>"},
                {"devices/shmem", "device <shmem>"},
                {"devices/smartcard", "device <smartcard>"},
                {"devices/video[2]", "a second <video>"},
                {"cputune/*", "setting in <cputune>"},
                {"numatune", "<numatune>"},
                {"memtune", "<memtune>"},
                {"blkiotune", "<blkiotune>"},
                {"memoryBacking", "<memoryBacking>"},
                {"iothreads", "<iothreads>"},
                {"cpu/feature", "CPU feature"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_autofree char *path = g_strconcat("/domain/", rest[i].path, NULL);
        g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);

        if (nodes->len > 0)
            mvm_import_leave(source, "%s%s", rest[i].what, nodes->len > 1 ? ", more than one" : "");
    }
}

static void
take_args(MvmImportSource *source, xmlDoc *doc)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg");
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < MIN(nodes->len, DOMAIN_MAX_ARGS); i++)
        g_ptr_array_add(words, mvm_xml_node_get(nodes->pdata[i], "@value"));
    mvm_import_qemu_args(source, words);
}

MvmImportSource *
mvm_import_read_domain(const char *text, size_t len, const char *what, GError **error)
{
    g_autoptr(MvmImportSource) source = NULL;
    g_autoptr(xmlDoc) doc = NULL;

    if (len > MVM_IMPORT_MAX_TEXT) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot read '%s': longer than 1 MiB",
                    what);
        return NULL;
    }
    doc = mvm_xml_parse(text, len, what, error);
    if (doc == NULL)
        return NULL;
    source = mvm_import_source_new();
    take_text(doc, "/domain/name", &source->name);
    take_uuid(source, doc);
    take_text(doc, "/domain/os/loader", &source->image[MVM_IMPORT_CODE]);
    take_text(doc, "/domain/os/nvram", &source->image[MVM_IMPORT_VARS]);
    take_memory(source, doc);
    take_cpus(source, doc);
    take_disks(source, doc);
    take_network(source, doc);
    leave_rest(source, doc);
    take_args(source, doc); /* last: a -cpu there overrules <cpu> */
    if (source->image[MVM_IMPORT_SYSTEM] == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot import '%s': no domain with a disk of its own in a file", what);
        return NULL;
    }
    return g_steal_pointer(&source);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/domain-ledger.h"
#include "import/qemu-args.h"
#include "import/shell.h"
#include "import/source.h"
#include "util/error.h"
#include "xml/xml.h"

#include <string.h>

#define DOMAIN_MAX_ARGS 4096
/* Other kinds are listed whole. */
#define DISK "/domain/devices/disk[not(@device) or @device='disk']"
#define INTERFACE "/domain/devices/interface[1]"

/* What a machine of macvm has as well, by XPath. Only what matches counts as consumed: another
 * value of the same name is listed. */
static const char *const same[] = {
    "/domain/@id",
    "/domain/@type[.='kvm']",
    "/domain/vcpu/@placement[.='static']",
    "/domain/resource/partition[.='/machine']",
    "/domain/os/type[.='hvm'] | /domain/os/type/@arch[.='x86_64'] | "
    "/domain/os/type/@machine[.='q35']",
    "/domain/os[count(boot)=1]/boot/@dev[.='hd']",
    "/domain/os/bootmenu/@enable[.='no']",
    "/domain/os/smbios/@mode[.='sysinfo']",
    "/domain/os/loader/@readonly[.='yes'] | /domain/os/loader/@type[.='pflash']",
    "/domain/os/loader/@secure[.='no'] | /domain/os/loader/@format[.='raw']",
    "/domain/os/nvram/@format[.='raw']",
    "/domain/sysinfo/@type[.='smbios']",
    "/domain/features/*[self::acpi or self::apic][not(@*)]",
    "/domain/clock/@offset[.='utc']",
    "/domain/clock/timer[@name='rtc'][@tickpolicy='catchup'][count(@*)=2]/@*",
    "/domain/clock/timer[@name='pit'][@tickpolicy='delay'][count(@*)=2]/@*",
    "/domain/clock/timer[@name='hpet'][@present='no'][count(@*)=2]/@*",
    "/domain/on_poweroff[.='destroy'] | /domain/on_reboot[.='restart'] | "
    "/domain/on_crash[.='destroy']",
    "/domain/pm/*[self::suspend-to-mem or self::suspend-to-disk]/@enabled[.='no']",
    "/domain/cpu/@match[.='exact'] | /domain/cpu/@check[.='none'] | "
    "/domain/cpu/@migratable[.='on']",
    "/domain/cpu/model/@fallback[.='forbid']",
    "/domain/devices/emulator[.='/usr/bin/qemu-system-x86_64']",
    DISK "/@type[.='file' or .='volume'] | " DISK "/@device[.='disk']",
    DISK "/driver/@name[.='qemu'] | " DISK "/driver/@discard[.='unmap']",
    DISK "/driver/@type[.='qcow2' or .='raw']",
    DISK "/target/@bus[.='sata'] | " DISK "/target/@dev",
    "/domain/devices/controller[@type='sata' or @type='pci' and @model='pcie-root']"
    "[@index='0']/@*[name()='type' or name()='index' or name()='model']",
    "/domain/devices/controller[@type='usb'][@model='qemu-xhci'][@index='0']"
    "/@*[name()='type' or name()='index' or name()='model']",
    "/domain/devices/input[(@type='tablet' or @type='keyboard') and @bus='usb' or "
    "(@type='mouse' or @type='keyboard') and @bus='ps2']/@*[name()='type' or name()='bus']",
    "/domain/devices/serial[1]/@type[.='pty'] | /domain/devices/console[1]/@type[.='pty']",
    "/domain/devices/serial[1]/target/@type[.='isa-serial'] | "
    "/domain/devices/serial[1]/target/model/@name[.='isa-serial']",
    "/domain/devices/console[1]/target/@type[.='serial']",
    "/domain/devices/serial[1]/target/@port[.='0'] | "
    "/domain/devices/console[1]/target/@port[.='0']",
    "/domain/devices/memballoon/@model[.='none']",
    "/domain/devices/sound[1]/@model[.='ich9'] | /domain/devices/sound[1]/codec/@type[.='duplex']",
    "/domain/devices/sound[1]/audio/@id[.='1'] | /domain/devices/audio/@id[.='1'] | "
    "/domain/devices/audio/@type[.='none']",
    "/domain/devices/graphics[1]/@port[.='-1'] | /domain/devices/graphics[1]/@autoport[.='yes'] | "
    "/domain/devices/graphics[1]/@listen[.='127.0.0.1']",
    "/domain/devices/graphics[1]/listen/@type[.='address'] | "
    "/domain/devices/graphics[1]/listen/@address[.='127.0.0.1']",
    "/domain/devices/video[1]/model/@heads[.='1'] | "
    "/domain/devices/video[1]/model/@primary[.='yes']",
    INTERFACE "/portForward/@proto[.='tcp'] | " INTERFACE "/backend/@type[.='passt']",
    INTERFACE "/portForward/@address[.='127.0.0.1']",
};

static void
take_text(xmlDoc *doc, const char *path, char **value)
{
    char *text = mvm_ledger_take(doc, path);

    if (text != NULL && *text != '\0') {
        g_free(*value);
        *value = text;
    } else {
        g_free(text);
    }
}

/* --- what it is ------------------------------------------------------------------------------- */

static void
take_identity(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *uuid = NULL;
    g_autoptr(GPtrArray) entries =
        mvm_xml_get_nodes(doc, "/domain/sysinfo[@type='smbios']/*[self::system or self::baseBoard]"
                               "/entry[@name]");

    take_text(doc, "/domain/name", &source->name);
    take_text(doc, "/domain/title", &source->title);
    /* libvirt lets a title be one line. */
    if (source->title != NULL && strchr(source->title, '\n') != NULL) {
        mvm_import_leave(source, "title '%s': it is of several lines", source->title);
        g_clear_pointer(&source->title, g_free);
    }
    take_text(doc, "/domain/description", &source->description);
    take_text(doc, "/domain/uuid", &uuid);
    for (guint i = 0; i < entries->len; i++) {
        xmlNode *entry = entries->pdata[i];
        g_autofree char *name = mvm_ledger_node_take(entry, "@name");
        g_autofree char *value = mvm_ledger_node_take(entry, ".");

        if (g_str_equal(name, "uuid"))
            mvm_import_set_uuid(source, value);
        else
            mvm_import_set_smbios(source, (const char *)entry->parent->name, name, value);
    }
    /* The domain's own is the one that counts; libvirt lets no entry differ. */
    if (uuid != NULL)
        mvm_import_set_uuid(source, uuid);
}

/* KiB is what it is without a unit. */
static void
take_memory(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *amount = mvm_ledger_take(doc, "/domain/memory");
    g_autofree char *unit = mvm_ledger_take(doc, "/domain/memory/@unit");
    g_autofree char *now = mvm_xml_get(doc, "/domain/currentMemory");
    g_autofree char *now_unit = mvm_xml_get(doc, "/domain/currentMemory/@unit");
    g_autofree char *size =
        amount != NULL ? g_strconcat(amount, unit != NULL ? unit : "KiB", NULL) : NULL;

    if (size != NULL)
        mvm_import_set(source, MVM_OPTION_MEMORY, size, "memory");
    if (g_strcmp0(amount, now) == 0 &&
        g_strcmp0(unit != NULL ? unit : "KiB", now_unit != NULL ? now_unit : "KiB") == 0)
        mvm_ledger_same(doc, "/domain/currentMemory | /domain/currentMemory/@unit");
}

/* --- CPUs ------------------------------------------------------------------------------------- */

static unsigned
take_count(MvmImportSource *source, xmlDoc *doc, const char *path)
{
    g_autofree char *text = mvm_ledger_take(doc, path);
    guint64 value = 1;

    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, 4096, &value, NULL))
        mvm_import_leave(source, "%s '%s': no count of CPUs", path, text);
    return (unsigned)value;
}

static void
take_topology(MvmImportSource *source, xmlDoc *doc)
{
    unsigned vcpu = take_count(source, doc, "/domain/vcpu"), total = 0;
    unsigned sockets = take_count(source, doc, "/domain/cpu/topology/@sockets");
    unsigned dies = take_count(source, doc, "/domain/cpu/topology/@dies");
    unsigned clusters = take_count(source, doc, "/domain/cpu/topology/@clusters");
    unsigned cores = take_count(source, doc, "/domain/cpu/topology/@cores");
    unsigned threads = take_count(source, doc, "/domain/cpu/topology/@threads");

    if (mvm_xml_get_node(doc, "/domain/cpu/topology") == NULL) {
        if (mvm_xml_get_node(doc, "/domain/vcpu") != NULL)
            mvm_import_set_topology(source, 1, 1, vcpu, 1);
        return;
    }
    total = sockets * dies * clusters * cores * threads;
    if (mvm_xml_get_node(doc, "/domain/vcpu") != NULL && total != vcpu)
        mvm_import_leave(source, "%u vCPUs, but a topology of %u, which the machine gets", vcpu,
                         total);
    mvm_import_set_topology(source, sockets, MIN(dies, 64) * MIN(clusters, 64), cores, threads);
}

static void
take_features(xmlDoc *doc)
{
    g_autoptr(GPtrArray) features = mvm_xml_get_nodes(
        doc, "/domain/cpu/feature[@policy='require' or @policy='optional' or not(@policy)]");

    for (guint i = 0; i < features->len; i++) {
        g_autofree char *name = mvm_xml_node_get(features->pdata[i], "@name");

        if (name == NULL || !mvm_import_cpu_has(name))
            continue;
        g_free(mvm_ledger_node_take(features->pdata[i], "@name"));
        g_free(mvm_ledger_node_take(features->pdata[i], "@policy"));
    }
}

static void
take_cpus(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *mode = mvm_xml_get(doc, "/domain/cpu/@mode");
    g_autofree char *model = NULL;

    take_topology(source, doc);
    take_features(doc);
    if (g_strcmp0(mode, "host-passthrough") == 0) {
        mvm_ledger_same(doc, "/domain/cpu/@mode");
        mvm_import_set(source, MVM_OPTION_CPU, "host", "CPU model");
        return;
    }
    mvm_ledger_same(doc, "/domain/cpu/@mode[.='custom'] | "
                         "/domain/cpu/model/@vendor_id[.='GenuineIntel']");
    model = mvm_ledger_take(doc, "/domain/cpu[not(@mode) or @mode='custom']/model");
    if (model != NULL)
        mvm_import_set(source, MVM_OPTION_CPU, model, "CPU model");
}

/* --- disks and network ------------------------------------------------------------------------ */

static void
take_disk(MvmImportSource *source, xmlNode *disk)
{
    g_autofree char *type = mvm_xml_node_get(disk, "@type");
    g_autofree char *device = mvm_xml_node_get(disk, "@device");
    g_autofree char *target = mvm_xml_node_get(disk, "target/@dev");
    g_autofree char *path = NULL, *pool = NULL;

    if (device != NULL && !g_str_equal(device, "disk")) {
        path = mvm_xml_node_get(disk, "source/@*");
        mvm_import_leave(source, "%s '%s'", device, path != NULL ? path : target);
        return;
    }
    if (g_strcmp0(type, "volume") == 0) {
        pool = mvm_ledger_node_take(disk, "source/@pool");
        path = mvm_ledger_node_take(disk, "source/@volume");
    } else if (g_strcmp0(type, "block") == 0) {
        path = mvm_ledger_node_take(disk, "source/@dev");
    } else if (type == NULL || g_str_equal(type, "file")) {
        path = mvm_ledger_node_take(disk, "source/@file");
    }
    if (g_strcmp0(type, "block") == 0)
        mvm_import_refuse_disk(source, path != NULL ? path : "", "physical disks are not taken");
    else if (path == NULL || (pool == NULL && g_strcmp0(type, "volume") == 0))
        mvm_import_refuse_disk(source, target != NULL ? target : "",
                               "disks that are no file are not taken");
    else
        mvm_import_disk(source, "", path, pool);
}

static void
take_disks(MvmImportSource *source, xmlDoc *doc)
{
    g_autoptr(GPtrArray) disks = mvm_xml_get_nodes(doc, "/domain/devices/disk");

    for (guint i = 0; i < disks->len; i++)
        take_disk(source, disks->pdata[i]);
    take_text(doc, "/domain/os/loader", &source->image[MVM_IMPORT_CODE]);
    take_text(doc, "/domain/os/nvram", &source->image[MVM_IMPORT_VARS]);
}

/* The first range that leads to the guest's port of ssh. */
static void
take_forward(MvmImportSource *source, xmlDoc *doc)
{
    static const char range[] =
        INTERFACE "/portForward[@proto='tcp']/range[@to='22' or @start='22' and not(@to)]";
    g_autofree char *port = NULL;

    if (mvm_xml_get_node(doc, range) == NULL)
        return;
    port = mvm_xml_node_get(mvm_xml_get_node(doc, range), "@start");
    if (port == NULL)
        return;
    g_free(mvm_ledger_node_take(mvm_xml_get_node(doc, range), "@start"));
    g_free(mvm_ledger_node_take(mvm_xml_get_node(doc, range), "@to"));
    mvm_import_set(source, MVM_OPTION_SSH_PORT, port, "port of ssh");
}

static void
take_network(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *mac = mvm_ledger_take(doc, INTERFACE "/mac/@address");
    g_autofree char *type = mvm_ledger_take(doc, INTERFACE "/@type");
    g_autofree char *name = NULL;

    source->nic = mvm_ledger_take(doc, INTERFACE "/model/@type");
    if (mac != NULL)
        mvm_import_set_mac(source, mac);
    if (g_strcmp0(type, "network") == 0)
        name = mvm_ledger_take(doc, INTERFACE "/source/@network");
    else if (g_strcmp0(type, "bridge") == 0)
        name = mvm_ledger_take(doc, INTERFACE "/source/@bridge");
    if (name != NULL && g_str_equal(type, "network")) {
        mvm_import_set(source, MVM_OPTION_NETWORK, name, "network");
    } else if (name != NULL) {
        g_autofree char *text = g_strconcat("bridge=", name, NULL);

        mvm_import_set(source, MVM_OPTION_NETWORK, text, "network");
    } else if (type != NULL && !g_str_equal(type, "user")) {
        mvm_import_leave(source, "network of type %s: the machine gets one in user mode", type);
    }
    take_forward(source, doc);
}

/* --- screen ----------------------------------------------------------------------------------- */

static void
take_screen(MvmImportSource *source, xmlDoc *doc)
{
    g_autofree char *video = mvm_ledger_take(doc, "/domain/devices/video[1]/model/@type");
    g_autofree char *graphics = mvm_ledger_take(doc, "/domain/devices/graphics[1]/@type");

    if (video != NULL)
        mvm_import_set(source, MVM_OPTION_VIDEO, video, "video card");
    if (graphics != NULL)
        mvm_import_set(source, MVM_OPTION_GRAPHICS, graphics, "screen");
}

/* --- the whole -------------------------------------------------------------------------------- */

/* QEMU's arguments list what is left of them by themselves. */
static void
take_args(MvmImportSource *source, xmlDoc *doc)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg");
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(mvm_shell_word_free);

    for (guint i = 0; i < MIN(nodes->len, DOMAIN_MAX_ARGS); i++) {
        char *value = mvm_ledger_node_take(nodes->pdata[i], "@value");

        g_ptr_array_add(words, mvm_shell_word_new(value != NULL ? value : g_strdup(""), false));
    }
    mvm_import_qemu_args(source, words);
}

static MvmImportSource *
refuse(const char *what, const MvmImportSource *source, GError **error)
{
    g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED, "cannot import '%s': %s", what,
                source->refused != NULL ? source->refused
                                        : "no domain with a disk of its own in a file");
    if (source->refused != NULL)
        mvm_error_set_hint(error, "'qemu-img convert -O qcow2' makes an image of a disk; name that "
                                  "in a copy of the XML");
    return NULL;
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
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        mvm_ledger_same(doc, same[i]);
    if (mvm_xml_get_node(doc, "/domain[@type='qemu']") != NULL) {
        g_free(mvm_ledger_take(doc, "/domain/@type"));
        mvm_import_set(source, MVM_OPTION_ACCEL, "tcg", "accelerator");
    }
    take_identity(source, doc);
    take_memory(source, doc);
    take_cpus(source, doc);
    take_disks(source, doc);
    take_network(source, doc);
    take_screen(source, doc);
    take_args(source, doc); /* last: a -cpu there overrules <cpu> */
    mvm_ledger_leave(doc, source);
    return source->image[MVM_IMPORT_SYSTEM] != NULL ? g_steal_pointer(&source)
                                                    : refuse(what, source, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/probe-priv.h"
#include "xml/xml.h"

/* As long as the device wants it, and obviously no key. */
static const char no_key[] = "words-that-are-no-key;macvm-asks-if-the-emulator-has-this-device";

G_STATIC_ASSERT(sizeof no_key == 64 + 1);

static void
add_loader(xmlDoc *doc, const MvmProbeMachine *machine)
{
    mvm_xml_set(doc, "/domain/os/loader", "%s", machine->loader);
    mvm_xml_set(doc, "/domain/os/loader/@readonly", "yes");
    mvm_xml_set(doc, "/domain/os/loader/@type", "pflash");
    mvm_xml_set(doc, "/domain/os/loader/@stateless", "yes");
    /* Older libvirt knows neither the attribute nor the format. */
    if (!g_str_equal(machine->loader_format, "raw"))
        mvm_xml_set(doc, "/domain/os/loader/@format", "%s", machine->loader_format);
}

static void
add_argument(xmlDoc *doc, const char *value)
{
    xmlNode *list = mvm_xml_ensure(doc, "/domain/qemu:commandline");

    mvm_xml_attr(mvm_xml_add(list, "qemu:arg"), "value", "%s", value);
}

/* Written as render.c writes a machine's, because that is what has to start. */
static void
add_passt(xmlDoc *doc, unsigned port)
{
    xmlNode *forward = NULL;

    mvm_xml_set(doc, "/domain/devices/interface/@type", "user");
    mvm_xml_set(doc, "/domain/devices/interface/model/@type", "virtio");
    mvm_xml_set(doc, "/domain/devices/interface/backend/@type", "passt");
    forward = mvm_xml_ensure(doc, "/domain/devices/interface/portForward");
    mvm_xml_attr(forward, "proto", "tcp");
    mvm_xml_attr(forward, "address", "127.0.0.1");
    mvm_xml_set(doc, "/domain/devices/interface/portForward/range/@start", "%u", port);
    mvm_xml_set(doc, "/domain/devices/interface/portForward/range/@to", "22");
}

char *
mvm_probe_xml(const MvmProbeMachine *machine, const char *uuid)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("domain");
    g_autofree char *device = NULL;

    mvm_xml_set(doc, "/domain/@type", "%s", machine->kvm ? "kvm" : "qemu");
    /* libvirt keeps a log for each name for ever: few names, and yet hardly two alike at once. */
    mvm_xml_set(doc, "/domain/name", "macvm-probe-%.2s", uuid);
    mvm_xml_set(doc, "/domain/uuid", "%s", uuid);
    mvm_xml_set(doc, "/domain/memory", "256");
    mvm_xml_set(doc, "/domain/memory/@unit", "MiB");
    mvm_xml_set(doc, "/domain/vcpu", "1");
    mvm_xml_set(doc, "/domain/os/type", "hvm");
    mvm_xml_set(doc, "/domain/os/type/@arch", "x86_64");
    mvm_xml_set(doc, "/domain/os/type/@machine", "q35");
    if (machine->loader != NULL)
        add_loader(doc, machine);
    mvm_xml_ensure(doc, "/domain/features/acpi");
    mvm_xml_ensure(doc, "/domain/features/apic");
    mvm_xml_set(doc, "/domain/on_crash", "destroy");
    mvm_xml_set(doc, "/domain/devices/controller/@type", "usb");
    mvm_xml_set(doc, "/domain/devices/controller/@model", "none");
    if (machine->passt_port > 0)
        add_passt(doc, machine->passt_port);
    mvm_xml_set(doc, "/domain/devices/memballoon/@model", "none");
    if (machine->applesmc) {
        device = g_strdup_printf("isa-applesmc,osk=%s", no_key);
        add_argument(doc, "-device");
        add_argument(doc, device);
    }
    return mvm_xml_to_text(doc);
}

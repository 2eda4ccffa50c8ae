/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt fills in by itself when it defines a domain. Source: what libvirt 9.0, 11.3 and 12.8
 * made of macvm's domains (tests/golden/libvirt, tests/golden/merge/canonical), and for attributes
 * that none of these shows libvirt's description of the domain XML.
 */
#include "xml/merge-value.h"

#include "xml/merge-key.h"

#include <string.h>

/* An attribute ("@name") or a child of an element; a NULL parent is any. values, by "|": only with
 * one of these; another is somebody's choice. NULL: whatever it is. */
static const struct {
    const char *parent;
    const char *what;
    const char *values;
} additions[] = {
    {NULL, "address", NULL},
    {NULL, "alias", NULL},
    {"audio", "@type", "none|spice"},
    {"channel", "target", NULL},
    {"clock", "@adjustment", "reset"},
    {"console", "@tty", NULL},
    {"console", "source", NULL},
    {"console", "target", NULL},
    {"controller", "@index", NULL},
    {"controller", "@model", NULL},
    {"controller", "model", NULL},
    {"controller", "target", NULL},
    {"cpu", "@migratable", "on"},
    {"devices", "emulator", NULL},
    {"disk", "@device", "disk"},
    {"disk", "backingStore", NULL},
    {"domain", "@id", NULL},
    {"domain", "currentMemory", NULL},
    {"domain", "on_crash", "destroy"},
    {"domain", "on_poweroff", "destroy"},
    {"domain", "on_reboot", "restart"},
    {"domain", "uuid", NULL},
    {"graphics", "@autoport", "yes"},
    {"graphics", "@listen", NULL},
    {"graphics", "@port", "-1"},
    {"graphics", "listen", NULL},
    {"input", "@bus", NULL},
    {"interface", "mac", NULL},
    {"interface", "model", NULL},
    {"loader", "@format", "raw|qcow2"},
    {"loader", "@secure", "no"},
    {"loader", "@stateless", "no"},
    {"memballoon", "stats", NULL},
    {"model", "@device", NULL},
    {"model", "@heads", "1"},
    {"model", "@primary", "yes"},
    {"model", "@ram", "65536"},
    {"model", "@vgamem", "16384"},
    {"model", "@vram", "16384|65536"},
    {"model", "@vram64", NULL},
    {"nvram", "@format", "raw|qcow2"},
    {"nvram", "@templateFormat", "raw|qcow2"},
    {"os", "@firmware", "efi"},
    {"os", "firmware", NULL},
    {"serial", "source", NULL},
    {"serial", "target", NULL},
    {"source", "@index", NULL},
    {"target", "@bus", NULL},
    {"target", "@type", NULL},
    {"target", "model", NULL},
    {"topology", "@clusters", "1"},
    {"topology", "@dies", "1"},
    {"vcpu", "@placement", "static"},
};

/* Whole devices, by an attribute. */
static const struct {
    const char *name;
    const char *attr;
    const char *values;
} devices[] = {
    {"audio", "type", "none|spice"},
    {"console", "type", "pty"},
    {"controller", "type", "pci|sata|ide|virtio-serial"},
    {"input", "bus", "ps2"},
    {"memballoon", "model", "virtio"},
    {"watchdog", "model", "itco"},
};

static bool
is_one_of(const char *values, const char *value)
{
    g_auto(GStrv) list = values == NULL ? NULL : g_strsplit(values, "|", -1);

    return list == NULL || (value != NULL && g_strv_contains((const char *const *)list, value));
}

static bool
is_addition(const xmlNode *parent, const char *what, const char *value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(additions); i++) {
        if ((additions[i].parent == NULL ||
             strcmp((const char *)parent->name, additions[i].parent) == 0) &&
            strcmp(what, additions[i].what) == 0 && is_one_of(additions[i].values, value))
            return true;
    }
    return false;
}

static bool
is_device(xmlNode *node)
{
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *value = NULL;

        if (strcmp((const char *)node->name, devices[i].name) != 0)
            continue;
        value = mvm_merge_attr(node, devices[i].attr, NULL);
        if (is_one_of(devices[i].values, value))
            return true;
    }
    return false;
}

bool
mvm_merge_is_libvirts_attr(const xmlNode *node, const char *name, const char *value)
{
    g_autofree char *what = g_strconcat("@", name, NULL);

    return value != NULL && is_addition(node, what, value);
}

bool
mvm_merge_is_libvirts_child(xmlNode *node)
{
    g_autofree char *text = NULL;

    if (node->parent == NULL || node->parent->type != XML_ELEMENT_NODE)
        return false;
    if (strcmp((const char *)node->parent->name, "devices") == 0 && is_device(node))
        return true;
    text = mvm_xml_dup_text(node);
    return is_addition(node->parent, (const char *)node->name, text);
}

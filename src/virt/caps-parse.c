/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"
#include "util/size.h"
#include "virt/caps.h"
#include "xml/xml.h"

#include <string.h>

/* What libvirt lists is counted in dozens; more than this is not a host's capabilities. */
#define MAX_ITEMS 4096

static void
cpu_model_free(void *data)
{
    MvmCpuModel *model = data;

    g_free(model->name);
    g_strfreev(model->blockers);
    g_free(model);
}

void
mvm_domcaps_free(MvmDomCaps *caps)
{
    if (caps == NULL)
        return;
    g_free(caps->emulator);
    g_free(caps->machine);
    g_free(caps->cpu_vendor);
    g_strfreev(caps->loaders);
    g_strfreev(caps->video_models);
    g_strfreev(caps->graphics);
    g_ptr_array_unref(caps->cpu_models);
    g_free(caps);
}

/* The texts of all elements at path, as a NULL-terminated list. */
static char **
texts(xmlDoc *doc, const char *path)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, path);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (guint i = 0; i < MIN(nodes->len, MAX_ITEMS); i++) {
        g_autofree char *text = mvm_xml_dup_text(nodes->pdata[i]);

        g_strv_builder_add(list, text);
    }
    return g_strv_builder_end(list);
}

static bool
contains(char **list, const char *text)
{
    return g_strv_contains((const char *const *)list, text);
}

/* Names of models are unique, and only those go in that a path can hold in quotes. */
static GHashTable *
read_blockers(xmlDoc *doc)
{
    g_autoptr(GPtrArray) nodes = mvm_xml_get_nodes(doc, "/domainCapabilities/cpu/mode/blockers");
    GHashTable *blockers =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);

    for (guint i = 0; i < MIN(nodes->len, MAX_ITEMS); i++) {
        g_autoptr(GStrvBuilder) features = g_strv_builder_new();
        char *model = mvm_xml_node_get(nodes->pdata[i], "@model");
        xmlNode *child = mvm_xml_element(((xmlNode *)nodes->pdata[i])->children);

        for (; child != NULL; child = mvm_xml_element(child->next)) {
            g_autofree char *name = mvm_xml_node_get(child, "@name");

            if (mvm_xml_is(child, "feature") && name != NULL)
                g_strv_builder_add(features, name);
        }
        if (model != NULL)
            g_hash_table_replace(blockers, model, g_strv_builder_end(features));
    }
    return blockers;
}

static GPtrArray *
read_models(xmlDoc *doc)
{
    g_autoptr(GPtrArray) nodes =
        mvm_xml_get_nodes(doc, "/domainCapabilities/cpu/mode[@name='custom']/model");
    g_autoptr(GHashTable) blockers = read_blockers(doc);
    GPtrArray *models = g_ptr_array_new_with_free_func(cpu_model_free);

    for (guint i = 0; i < MIN(nodes->len, MAX_ITEMS); i++) {
        g_autofree char *usable = mvm_xml_node_get(nodes->pdata[i], "@usable");
        MvmCpuModel *model = g_new0(MvmCpuModel, 1);

        model->name = mvm_xml_dup_text(nodes->pdata[i]);
        model->usable = g_strcmp0(usable, "yes") == 0;
        model->blockers = g_strdupv(g_hash_table_lookup(blockers, model->name));
        g_ptr_array_add(models, model);
    }
    return models;
}

MvmDomCaps *
mvm_domcaps_parse(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "domain capabilities", error);
    g_autoptr(MvmDomCaps) caps = NULL;
    g_auto(GStrv) firmware = NULL;
    g_auto(GStrv) backends = NULL;

    if (doc == NULL)
        return NULL;
    caps = g_new0(MvmDomCaps, 1);
    caps->cpu_models = read_models(doc);
    caps->emulator = mvm_xml_get(doc, "/domainCapabilities/path");
    caps->machine = mvm_xml_get(doc, "/domainCapabilities/machine");
    caps->cpu_vendor = mvm_xml_get(doc, "/domainCapabilities/cpu/mode[@name='host-model']/vendor");
    caps->invtsc = mvm_xml_get_node(doc, "/domainCapabilities/cpu/mode[@name='host-model']/feature"
                                         "[@name='invtsc'][@policy='require']") != NULL;
    caps->loaders = texts(doc, "/domainCapabilities/os/loader[@supported='yes']/value");
    caps->video_models =
        texts(doc, "/domainCapabilities/devices/video/enum[@name='modelType']/value");
    caps->graphics = texts(doc, "/domainCapabilities/devices/graphics/enum[@name='type']/value");
    firmware = texts(doc, "/domainCapabilities/os/enum[@name='firmware']/value");
    backends = texts(doc, "/domainCapabilities/devices/interface/enum[@name='backendType']/value");
    caps->efi_autoselect = contains(firmware, "efi");
    caps->backends_known = backends[0] != NULL;
    caps->passt = contains(backends, "passt");
    if (caps->emulator == NULL || caps->machine == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot understand 'domain capabilities': no emulator or machine in them");
        return NULL;
    }
    return g_steal_pointer(&caps);
}

const MvmCpuModel *
mvm_domcaps_find_model(const MvmDomCaps *caps, const char *name)
{
    for (guint i = 0; i < caps->cpu_models->len; i++) {
        const MvmCpuModel *model = caps->cpu_models->pdata[i];

        if (g_str_equal(model->name, name))
            return model;
    }
    return NULL;
}

bool
mvm_domcaps_has_video(const MvmDomCaps *caps, const char *model)
{
    return contains(caps->video_models, model);
}

static MvmCpuKind
cpu_kind(const MvmDomCaps *caps, bool kvm)
{
    if (!kvm)
        return MVM_CPU_KIND_TCG;
    return g_strcmp0(caps->cpu_vendor, "Intel") == 0 ? MVM_CPU_KIND_INTEL : MVM_CPU_KIND_AMD;
}

void
mvm_host_fit_cpu(const MvmHost *host, const char *const *missing, MvmMachine *machine)
{
    const MvmDomCaps *caps = mvm_host_get_domcaps(host, machine->kvm);
    const MvmCpuModel *best = NULL;
    MvmCpuKind kind = MVM_CPU_KIND_TCG;

    if (caps != NULL) {
        kind = cpu_kind(caps, machine->kvm);
        if (machine->os->cpu[kind].best != NULL)
            best = mvm_domcaps_find_model(caps, machine->os->cpu[kind].best);
    }
    machine->invtsc = machine->kvm && caps != NULL && caps->invtsc;
    machine->tsc_frequency = machine->invtsc ? host->tsc_frequency : 0;
    mvm_machine_fit_cpu(machine, kind, best != NULL && best->usable, missing);
}

/* A base label is "+UID:+GID"; the plus keeps libvirt from looking for a user of that name. */
static int64_t
parse_uid(const char *label)
{
    g_autofree char *digits = NULL;
    int64_t uid = -1;

    if (label == NULL)
        return -1;
    label += *label == '+';
    digits = g_strndup(label, strcspn(label, ":"));
    return mvm_number_parse("uid", digits, 0, UINT32_MAX, &uid, NULL) ? uid : -1;
}

bool
mvm_caps_parse(const char *xml, MvmHost *host, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "host capabilities", error);
    g_autofree char *label = NULL;
    g_autofree char *arch = NULL;

    if (doc == NULL)
        return false;
    arch = mvm_xml_get(doc, "/capabilities/host/cpu/arch");
    if (arch == NULL) {
        g_set_error(error, MVM_ERROR, MVM_ERROR_FAILED,
                    "cannot understand 'host capabilities': no architecture in them");
        return false;
    }
    label = mvm_xml_get(doc, "/capabilities/host/secmodel[model='dac']/baselabel[@type='kvm']");
    g_strfreev(host->machines);
    host->qemu_uid = parse_uid(label);
    host->machines = texts(doc, "/capabilities/guest/arch[@name='x86_64']//machine");
    host->tsc_frequency = 0;
    if (mvm_xml_get_node(doc, "/capabilities/host/cpu/counter[@name='tsc']") != NULL)
        (void)mvm_xml_get_uint(doc, "/capabilities/host/cpu/counter[@name='tsc']/@frequency",
                               &host->tsc_frequency, NULL);
    return true;
}

bool
mvm_host_has_machine(const MvmHost *host, const char *machine)
{
    return host->machines == NULL || host->machines[0] == NULL || contains(host->machines, machine);
}

char **
mvm_caps_parse_missing(const char *message)
{
    static const char intro[] = "required features: ";
    const char *list = strstr(message, intro);
    g_auto(GStrv) names = NULL;

    if (list == NULL)
        return NULL;
    names = g_strsplit(list + strlen(intro), ",", MAX_ITEMS);
    for (char **name = names; *name != NULL; name++) {
        /* An empty answer must not be taken for "nothing is missing". */
        if (*g_strstrip(*name) == '\0')
            return NULL;
    }
    return names[0] != NULL ? g_steal_pointer(&names) : NULL;
}

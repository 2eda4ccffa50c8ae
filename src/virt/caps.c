/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/caps.h"

#include "util/error.h"
#include "virt/connection-priv.h"
#include "xml/xml.h"

#include <stdlib.h>
#include <string.h>

/* macOS runs on this one alone, whatever the host is. */
#define GUEST_ARCH "x86_64"
#define GUEST_MACHINE "q35"

/* The CPU underneath a question about features: what every host with AVX2 has, Intel's or AMD's,
 * and none of what only Intel's have (pcid, invpcid, tsc-deadline). */
#define BASE_CPU "Nehalem"

/* total, free, buffers and cached: what a Linux host reports of all its memory. */
#define LINUX_STATS 4

static const char *
domain_type(bool kvm)
{
    return kvm ? "kvm" : "qemu";
}

/* NULL, and libvirt's last error says why. *ret_error is set only when the answer is no XML. */
static MvmDomCaps *
read_domcaps(MvmConnection *conn, bool kvm, GError **error)
{
    char *xml = virConnectGetDomainCapabilities(conn->virt, NULL, GUEST_ARCH, GUEST_MACHINE,
                                                domain_type(kvm), 0);
    MvmDomCaps *caps = NULL;

    if (xml == NULL) {
        mvm_virt_set_error(error, "find an emulator for " GUEST_ARCH " with '%s'",
                           domain_type(kvm));
        return NULL;
    }
    caps = mvm_domcaps_parse(xml, error);
    free(xml);
    return caps;
}

static bool
read_accelerators(MvmConnection *conn, MvmHost *host, GError **error)
{
    g_autoptr(GError) kvm_error = NULL;
    g_autoptr(GError) tcg_error = NULL;

    host->kvm = read_domcaps(conn, true, &kvm_error);
    host->tcg = read_domcaps(conn, false, &tcg_error);
    if (host->kvm == NULL)
        host->kvm_reason = g_strdup(kvm_error->message);
    if (tcg_error != NULL && !mvm_connection_is_alive(conn)) {
        g_propagate_error(error, g_steal_pointer(&tcg_error));
        return false;
    }
    if (host->kvm != NULL || host->tcg != NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&tcg_error));
    (*error)->code = MVM_ERROR_HOST;
    mvm_error_set_hint(error, "install QEMU for " GUEST_ARCH " on that host (Debian: "
                              "qemu-system-x86, Fedora: qemu-system-x86)");
    return false;
}

/* The kernel's total in bytes, 0 when it is not told. virNodeGetInfo() adds the NUMA cells up
 * instead, and on a machine with hot-plugged memory these were seen to hold a third of it. */
static uint64_t
read_total_memory(MvmConnection *conn)
{
    virNodeMemoryStats stats[16] = {0};
    int count = LINUX_STATS;

    /* How many there are is asked only of a host with another number: it is one more round trip. */
    if (virNodeGetMemoryStats(conn->virt, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &count, 0) < 0) {
        count = 0;
        if (virNodeGetMemoryStats(conn->virt, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &count, 0) <
                0 ||
            count > (int)G_N_ELEMENTS(stats) ||
            virNodeGetMemoryStats(conn->virt, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &count, 0) <
                0)
            return 0;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
            return (uint64_t)stats[i].value * 1024;
    }
    return 0;
}

static bool
read_size(MvmConnection *conn, MvmHost *host, GError **error)
{
    virNodeInfo info;
    uint64_t total = 0;

    if (virNodeGetInfo(conn->virt, &info) < 0)
        return mvm_virt_set_error(error, "read the size of host '%s'", conn->endpoint->uri);
    total = read_total_memory(conn);
    host->memory = MAX((uint64_t)info.memory * 1024, total);
    host->cpus = info.cpus;
    return true;
}

static bool
read_capabilities(MvmConnection *conn, MvmHost *host, GError **error)
{
    char *xml = virConnectGetCapabilities(conn->virt);
    bool ok = false;

    if (xml == NULL)
        return mvm_virt_set_error(error, "read the capabilities of '%s'", conn->endpoint->uri);
    ok = mvm_caps_parse(xml, host, error);
    free(xml);
    return ok;
}

/* libvirt has drivers for other hypervisors, and one for tests. */
static bool
check_driver(MvmConnection *conn, GError **error)
{
    const char *driver = conn->endpoint->driver;

    if (g_str_equal(driver, "qemu"))
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_HOST, "cannot use '%s' for machines: %s",
                conn->endpoint->uri,
                g_str_equal(driver, "test") ? "libvirt's test driver runs nothing"
                                            : "its driver is not QEMU's");
    mvm_error_set_hint(error, "use a connection such as qemu:///session or qemu:///system");
    return false;
}

MvmHost *
mvm_host_read(MvmConnection *conn, GError **error)
{
    g_autoptr(MvmHost) host = g_new0(MvmHost, 1);
    g_autoptr(GError) cause = NULL;

    host->qemu_uid = -1;
    if (!check_driver(conn, error))
        return NULL;
    if (!read_size(conn, host, &cause) || !read_capabilities(conn, host, &cause) ||
        !read_accelerators(conn, host, &cause)) {
        cause->code = MVM_ERROR_HOST;
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    host->versions.libvirt = mvm_connection_get_lib_version(conn);
    if (virConnectGetVersion(conn->virt, &host->versions.qemu) < 0)
        host->versions.qemu = 0;
    host->firmware = mvm_firmware_choose(
        (const char *const *)(host->kvm != NULL ? host->kvm : host->tcg)->loaders);
    return g_steal_pointer(&host);
}

void
mvm_host_free(MvmHost *host)
{
    if (host == NULL)
        return;
    g_strfreev(host->machines);
    g_free(host->kvm_reason);
    mvm_domcaps_free(host->tcg);
    mvm_domcaps_free(host->kvm);
    mvm_firmware_free(host->firmware);
    g_free(host);
}

const MvmDomCaps *
mvm_host_get_domcaps(const MvmHost *host, bool kvm)
{
    return kvm ? host->kvm : host->tcg;
}

bool
mvm_host_has_emulator(MvmConnection *conn, const char *path, bool kvm)
{
    char *xml =
        virConnectGetDomainCapabilities(conn->virt, path, GUEST_ARCH, NULL, domain_type(kvm), 0);
    bool found = xml != NULL;

    free(xml);
    return found;
}

static char *
cpu_question(const char *const *features)
{
    g_autoptr(xmlDoc) doc = mvm_xml_new("cpu");

    mvm_xml_set(doc, "/cpu/@mode", "custom");
    mvm_xml_set(doc, "/cpu/@match", "exact");
    mvm_xml_set(doc, "/cpu/model", BASE_CPU);
    mvm_xml_set(doc, "/cpu/model/@fallback", "forbid");
    for (; *features != NULL; features++) {
        xmlNode *feature = mvm_xml_add(xmlDocGetRootElement(doc), "feature");

        mvm_xml_attr(feature, "policy", "require");
        mvm_xml_attr(feature, "name", "%s", *features);
    }
    return mvm_xml_to_text(doc);
}

bool
mvm_host_missing_cpu_features(MvmConnection *conn, bool kvm, const char *const *features,
                              char ***ret_missing, GError **error)
{
    g_autofree char *question = cpu_question(features);
    int answer = virConnectCompareHypervisorCPU(conn->virt, NULL, GUEST_ARCH, GUEST_MACHINE,
                                                domain_type(kvm), question,
                                                VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE);
    virErrorPtr last = virGetLastError();
    char **missing = NULL;

    if (answer == VIR_CPU_COMPARE_IDENTICAL || answer == VIR_CPU_COMPARE_SUPERSET) {
        *ret_missing = g_new0(char *, 1);
        return true;
    }
    if (last != NULL && last->code == VIR_ERR_CPU_INCOMPATIBLE && last->message != NULL)
        missing = mvm_caps_parse_missing(last->message);
    if (missing == NULL)
        return mvm_virt_set_error(error, "compare the CPU of host '%s'", conn->endpoint->uri);
    *ret_missing = missing;
    return true;
}

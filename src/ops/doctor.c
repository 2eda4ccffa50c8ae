/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/doctor.h"

#include "ops/config.h"
#include "ops/define-current.h"
#include "ops/doctor-storage.h"
#include "ops/guest-ssh.h"
#include "ops/hostprobe.h"
#include "ops/machine.h"
#include "ops/screen.h"
#include "ops/unfit.h"
#include "upstream/osk.h"
#include "util/error.h"
#include "util/secret.h"
#include "util/words.h"
#include "virt/definition.h"
#include "virt/domain.h"
#include "virt/network.h"
#include "virt/render.h"
#include "virt/volume.h"
#include "xml/xml.h"

#include <string.h>

/* How long the guest's ssh server may take to greet, in milliseconds. */
#define SSH_TIMEOUT_MS 5000

/* What is known before anything is asked of the host. */
typedef struct {
    MvmCurrent *current; /* owned; NULL: not defined */
    MvmOptions *options; /* owned; of macvm.conf, the machine and the command line */
    char *osk;           /* owned; from macvm.conf */
    char *name;          /* owned */
} Wanted;

static void
wanted_clear(Wanted *wanted)
{
    if (wanted->current != NULL)
        mvm_current_free(wanted->current);
    mvm_options_free(wanted->options);
    mvm_secret_free(wanted->osk);
    g_free(wanted->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, wanted_clear)

static bool
load_machine(const MvmContext *context, const MvmDoctorRequest *request, Wanted *wanted,
             GError **error)
{
    wanted->name = context->conn != NULL
                       ? mvm_machine_pick(context, request->name, error)
                       : g_strdup(request->name != NULL ? request->name : "macos");
    if (wanted->name == NULL)
        return false;
    if (context->conn == NULL)
        return true;
    if (!mvm_current_load(context->conn, wanted->name, &wanted->current, error))
        return false;
    if (wanted->current != NULL || request->name == NULL || request->may_be_new)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_NOT_FOUND, "cannot find machine '%s'", wanted->name);
    mvm_error_set_hint(error, "'macvm list' shows the machines there are");
    return false;
}

static bool
load_wanted(const MvmContext *context, const MvmDoctorRequest *request, Wanted *wanted,
            GError **error)
{
    if (!load_machine(context, request, wanted, error) ||
        !mvm_config_load(&wanted->options, &wanted->osk, error))
        return false;
    if (wanted->current != NULL &&
        !mvm_current_add_options(wanted->current, request->os == NULL, wanted->options, error))
        return false;
    return request->os == NULL ||
           mvm_options_set(wanted->options, MVM_OPTION_OS, request->os, error);
}

/* As large as it is by now, whoever made it so. */
static void
describe_size(xmlDoc *doc, MvmMachine *machine)
{
    uint64_t cpus = 0, kib = 0;

    if ((mvm_xml_get_uint(doc, "/domain/vcpu/@current", &cpus, NULL) ||
         mvm_xml_get_uint(doc, "/domain/vcpu", &cpus, NULL)) &&
        cpus > 0 && cpus < G_MAXUINT16) {
        machine->sockets = machine->threads = 1;
        machine->cores = (unsigned)cpus;
    }
    if (mvm_xml_get_uint(doc, "/domain/memory[not(@unit) or @unit='KiB']", &kib, NULL) &&
        kib < UINT64_C(1) << 50)
        machine->memory = kib * 1024;
}

static void
describe_machine(const Wanted *wanted, MvmFacts *facts)
{
    const MvmHostLimits any = {0};
    const char *accel = wanted->options->value[MVM_OPTION_ACCEL];

    facts->machine = mvm_machine_new(wanted->name, wanted->options, &any, NULL);
    facts->defined = wanted->current != NULL;
    if (facts->defined) {
        describe_size(wanted->current->doc, facts->machine);
        facts->screen = mvm_screen_exposure(wanted->current->doc);
        facts->screen_unlocked = mvm_screen_is_unlocked(wanted->current->doc);
        facts->has_passt = mvm_xml_get_node(wanted->current->doc, MVM_PASST_CARD) != NULL;
    }
    facts->want_tcg = facts->defined ? g_strcmp0(wanted->current->type, "qemu") == 0
                                     : g_strcmp0(accel, "tcg") == 0;
    if (facts->defined && wanted->current->metadata->ssh_port > 0) {
        facts->machine->ssh_port = (unsigned)wanted->current->metadata->ssh_port;
        facts->ssh_port = true;
    }
}

static void
gather_osk(const Wanted *wanted, MvmFacts *facts)
{
    g_autoptr(GError) cause = NULL;
    mvm_autosecret char *osk = NULL;

    facts->osk.found = true;
    if (wanted->osk != NULL) {
        facts->osk.detail = g_strdup("in macvm.conf");
    } else if (mvm_upstream_read_osk(NULL, &osk, &cause)) {
        facts->osk.detail = g_strdup("in upstream's boot script");
    } else if (wanted->current != NULL && wanted->current->osk != NULL) {
        facts->osk.detail = g_strdup("in the machine's definition");
    } else {
        facts->osk.found = false;
        facts->osk.problem = g_strdup(cause->message);
        facts->osk.fix = g_strdup_printf("macvm bootstrap%s", mvm_facts_connect(facts));
    }
}

/* libvirt compares with what QEMU makes of the host's CPU, which only KVM shows; without KVM, with
 * what QEMU emulates. */
static void
gather_features(MvmConnection *conn, MvmFacts *facts)
{
    g_auto(GStrv) features = g_strsplit(MVM_CPU_FEATURES, " ", -1);

    if (facts->host->kvm != NULL || facts->want_tcg)
        (void)mvm_host_missing_cpu_features(conn, !facts->want_tcg, (const char *const *)features,
                                            &facts->missing_features, &facts->features_error);
}

static void
gather_host(MvmConnection *conn, const MvmDoctorRequest *request, const Wanted *wanted,
            MvmFacts *facts)
{
    g_auto(MvmUnfit) unfit = {0};

    facts->host = mvm_host_read(conn, &facts->host_error);
    if (facts->host == NULL)
        return;
    if (!request->no_probe)
        facts->probe = mvm_hostprobe_refresh(conn, facts->host, &facts->probe_error);
    gather_features(conn, facts);
    if (wanted->current != NULL)
        mvm_unfit_find(conn, facts->host, wanted->current->doc, &unfit);
    facts->unfit = mvm_unfit_describe(&unfit);
    if (facts->machine->net_kind == MVM_NET_NETWORK)
        (void)mvm_network_is_active(conn, facts->machine->net_source, &facts->network_active,
                                    &facts->network_error);
}

static void
gather_running(MvmConnection *conn, const Wanted *wanted, MvmFacts *facts)
{
    g_autoptr(MvmDomain) domain = NULL;
    g_autoptr(MvmGuestAddress) address = NULL;

    facts->running = facts->defined && mvm_definition_is_running(conn, wanted->name);
    if (!facts->running || !facts->ssh_port)
        return;
    domain = mvm_domain_open(conn, wanted->name, NULL);
    if (domain != NULL)
        address = mvm_guest_address_find(domain, wanted->current->metadata, NULL);
    facts->ssh_port = address != NULL;
    facts->ssh_answers = address != NULL && mvm_guest_ssh_answers(domain, address, SSH_TIMEOUT_MS);
}

/* By ssh on another host, directly on this one; without either it stays unknown. */
static void
gather_kernel(MvmConnection *conn, MvmFacts *facts)
{
    const MvmEndpoint *endpoint = conn != NULL ? mvm_connection_get_endpoint(conn) : NULL;
    int64_t qemu_uid = facts->host != NULL && !facts->session ? facts->host->qemu_uid : -1;

    if (facts->host_name == NULL)
        facts->kernel = mvm_kernel_read("/", qemu_uid);
    else if (endpoint != NULL && endpoint->over_ssh)
        facts->kernel = mvm_kernel_read_ssh(endpoint, qemu_uid, &facts->kernel_error);
}

static void
gather_connection(MvmConnection *conn, const MvmDoctorRequest *request, MvmFacts *facts)
{
    g_autoptr(MvmEndpoint) asked = NULL;
    g_autofree char *word = request->uri != NULL ? mvm_word_quote(request->uri) : NULL;

    if (word != NULL)
        facts->connect = g_strdup_printf(" -c %s", word);
    if (conn != NULL) {
        facts->uri = g_strdup(mvm_connection_get_endpoint(conn)->uri);
        facts->host_name = g_strdup(mvm_connection_get_endpoint(conn)->host);
        facts->session = mvm_connection_is_session(conn);
        facts->daemon = mvm_connection_get_daemon(conn);
        return;
    }
    facts->connection_error = g_error_copy(request->connection_error);
    asked = request->uri != NULL ? mvm_endpoint_parse(request->uri, NULL) : NULL;
    facts->host_name = asked != NULL ? g_strdup(asked->host) : NULL;
    facts->session = true;
}

/* The path, when a volume is there; the caller frees. */
static char *
volume_path(MvmConnection *conn, const char *path)
{
    g_autofree char *name = path != NULL ? mvm_volume_find_name(conn, path) : NULL;

    return name != NULL ? g_strdup(path) : NULL;
}

static void
gather(const MvmContext *context, const MvmDoctorRequest *request, const Wanted *wanted,
       MvmFacts *facts)
{
    MvmConnection *conn = context->conn;
    const char *pool = wanted->options->value[MVM_OPTION_POOL];

    gather_osk(wanted, facts);
    if (conn != NULL && wanted->current != NULL)
        facts->opencore_path = volume_path(conn, wanted->current->images[MVM_IMAGE_OPENCORE].path);
    if (conn != NULL)
        gather_host(conn, request, wanted, facts);
    gather_kernel(conn, facts);
    if (conn != NULL) {
        mvm_doctor_gather_pool(conn, pool, facts);
        gather_running(conn, wanted, facts);
    }
    mvm_doctor_gather_images(conn, pool, facts);
}

MvmFacts *
mvm_doctor_gather(const MvmContext *context, const MvmDoctorRequest *request, GError **error)
{
    g_auto(Wanted) wanted = {0};
    MvmFacts *facts = NULL;

    if (!load_wanted(context, request, &wanted, error))
        return NULL;
    facts = g_new0(MvmFacts, 1);
    describe_machine(&wanted, facts);
    gather_connection(context->conn, request, facts);
    gather(context, request, &wanted, facts);
    return facts;
}

GPtrArray *
mvm_doctor(const MvmContext *context, const MvmDoctorRequest *request, GError **error)
{
    g_autoptr(MvmFacts) facts = mvm_doctor_gather(context, request, error);

    return facts != NULL ? mvm_checks_run(facts) : NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariants of the merge, on random combinations of what users do to a domain and what a new
 * version of macvm or its options do to the rendering. The domain is the canonical recording: base
 * is a rendering, live is what libvirt 9.0, 11.3 and 12.8 made of it.
 *
 * Each edit and each change names the region that it touches; "sdb" holds "sdb/source". Two that
 * overlap are in conflict, unless both remove the same thing; no knowledge of the merge's own
 * rules goes into that. Run with --seed to repeat a failure.
 */
#include "xml/merge.h"

#include <string.h>

#define ROUNDS 60
#define DEVICES "/domain/devices"
#define DISK(dev) "/domain/devices/disk[target/@dev='" dev "']"
#define ARGS "/domain/qemu:commandline"
#define APPLESMC ARGS "/qemu:arg[@value='isa-applesmc,osk=not-the-real-one']/@value"
#define NETDEV ARGS "/qemu:arg[@value='user,id=macvmnet0,hostfwd=tcp:127.0.0.1:2222-:22']/@value"
#define NIC "/domain/devices/interface[mac/@address='52:54:00:c9:18:27']"
#define RENDERED_NIC "/domain/devices/interface[mac/@address='52:54:00:C9:18:27']"

/* '=' sets path to text, '+' adds the XML in text at the end of path, '^' in front of what is
 * there, '-' removes what matches path. */
typedef struct {
    char verb;
    const char *path;
    const char *text;
} Op;

typedef struct {
    const char *region;
    Op ops[3];
    const char *holds; /* XPath: true in a document that has it */
    const char *where; /* of a change: part of the path of the conflict about it */
} Delta;

static const Delta edits[] = {
    {"memory",
     {{'=', "/domain/memory", "6291456"}, {'=', "/domain/currentMemory", "6291456"}},
     "/domain/memory = 6291456",
     NULL},
    {"vcpu", {{'=', "/domain/vcpu", "4"}}, "/domain/vcpu = 4", NULL},
    {"topology/threads",
     {{'=', "/domain/cpu/topology/@threads", "1"}},
     "/domain/cpu/topology/@threads = 1",
     NULL},
    {"title", {{'=', "/domain/title", "Mine"}}, "/domain/title = 'Mine'", NULL},
    {"description",
     {{'+', "/domain", "<description>d &amp; e</description>"}},
     "/domain/description = 'd & e'",
     NULL},
    {"metadata/foreign",
     {{'+', "/domain/metadata", "<o:os xmlns:o='urn:o' id='1'/>"}},
     "/domain/metadata/*[namespace-uri() = 'urn:o']/@id = 1",
     NULL},
    {"comment", {{'+', DEVICES, "<!-- mine -->"}}, "//comment()[contains(., 'mine')]", NULL},
    {"iothreads", {{'+', "/domain", "<iothreads>2</iothreads>"}}, "/domain/iothreads = 2", NULL},
    {"cputune",
     {{'+', "/domain", "<cputune><vcpupin vcpu='0' cpuset='2'/></cputune>"}},
     "/domain/cputune/vcpupin/@cpuset = 2",
     NULL},
    {"hugepages",
     {{'+', "/domain", "<memoryBacking><hugepages/></memoryBacking>"}},
     "/domain/memoryBacking/hugepages",
     NULL},
    {"loader",
     {{'=', "/domain/os/loader", "/srv/CODE.fd"}},
     "/domain/os/loader = '/srv/CODE.fd'",
     NULL},
    {"nvram/path",
     {{'=', "/domain/os/nvram", "/srv/VARS.fd"}},
     "/domain/os/nvram = '/srv/VARS.fd'",
     NULL},
    {"apic", {{'-', "/domain/features/apic", NULL}}, "not(/domain/features/apic)", NULL},
    {"cpu/model", {{'=', "/domain/cpu/model", "Penryn"}}, "/domain/cpu/model = 'Penryn'", NULL},
    {"cpu/pdpe1gb",
     {{'+', "/domain/cpu", "<feature policy='require' name='pdpe1gb'/>"}},
     "/domain/cpu/feature[@name = 'pdpe1gb']",
     NULL},
    {"cpu/smep",
     {{'-', "/domain/cpu/feature[@name='smep']", NULL}},
     "not(/domain/cpu/feature[@name = 'smep'])",
     NULL},
    {"cpu/invtsc",
     {{'=', "/domain/cpu/feature[@name='invtsc']/@policy", "disable"}},
     "/domain/cpu/feature[@name = 'invtsc']/@policy = 'disable'",
     NULL},
    {"timer/rtc",
     {{'=', "/domain/clock/timer[@name='rtc']/@tickpolicy", "delay"}},
     "/domain/clock/timer[@name = 'rtc']/@tickpolicy = 'delay'",
     NULL},
    {"timer/hpet",
     {{'-', "/domain/clock/timer[@name='hpet']", NULL}},
     "not(/domain/clock/timer[@name = 'hpet'])",
     NULL},
    {"on_crash", {{'=', "/domain/on_crash", "preserve"}}, "/domain/on_crash = 'preserve'", NULL},
    {"sda/boot", {{'=', DISK("sda") "/boot/@order", "3"}}, DISK("sda") "/boot/@order = 3", NULL},
    {"sdb", {{'-', DISK("sdb"), NULL}}, "not(" DISK("sdb") ")", NULL},
    {"sdb/shareable", {{'+', DISK("sdb"), "<shareable/>"}}, DISK("sdb") "/shareable", NULL},
    {"sdb/source",
     {{'=', DISK("sdb") "/source/@file", "/srv/other.img"}},
     DISK("sdb") "/source/@file = '/srv/other.img'",
     NULL},
    {"sdc",
     {{'=', DISK("sdc") "/target/@dev", "vdb"}, {'=', DISK("vdb") "/target/@bus", "virtio"}},
     DISK("vdb") "/target/@bus = 'virtio'",
     NULL},
    {"sdc/cache",
     {{'=', DISK("sdc") "/driver/@cache", "none"}},
     DISK("sdc") "/driver/@cache = 'none'",
     NULL},
    {"sdc/bus",
     {{'=', DISK("sdc") "/target/@bus", "scsi"}},
     DISK("sdc") "/target/@bus = 'scsi'",
     NULL},
    {"sdc/discard",
     {{'-', DISK("sdc") "/driver/@discard", NULL}},
     "not(" DISK("sdc") "/driver/@discard)",
     NULL},
    {"sdc/source",
     {{'=', DISK("sdc") "/source/@file", "/srv/big.qcow2"}},
     DISK("sdc") "/source/@file = '/srv/big.qcow2'",
     NULL},
    {"vda",
     {{'^', DEVICES,
       "<disk type='block'><source dev='/dev/vg/x'/><target dev='vda' bus='virtio'/></disk>"}},
     DISK("vda") "/source/@dev = '/dev/vg/x'",
     NULL},
    {"net",
     {{'=', NIC "/@type", "bridge"},
      {'-', NIC "/source/@network", NULL},
      {'=', NIC "/source/@bridge", "br0"}},
     NIC "[@type = 'bridge']/source/@bridge = 'br0'",
     NULL},
    {"net/source", {{'=', NIC "/source/@network", "lab"}}, NIC "/source/@network = 'lab'", NULL},
    {"net/address", {{'=', NIC "/address/@slot", "0x0c"}}, NIC "/address/@slot = '0x0c'", NULL},
    {"net/link", {{'+', NIC, "<link state='down'/>"}}, NIC "/link/@state = 'down'", NULL},
    {"nic2",
     {{'^', DEVICES, "<interface type='user'><mac address='52:54:00:00:00:02'/></interface>"}},
     DEVICES "/interface[mac/@address = '52:54:00:00:00:02']/@type = 'user'",
     NULL},
    {"hostdev",
     {{'+', DEVICES,
       "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='1' "
       "slot='0' function='0'/></source></hostdev>"}},
     DEVICES "/hostdev/source/address/@bus = 1",
     NULL},
    {"rng",
     {{'+', DEVICES, "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>"}},
     DEVICES "/rng/backend = '/dev/random'",
     NULL},
    {"channel",
     {{'+', DEVICES, "<channel type='unix'><target type='virtio' name='a.0'/></channel>"}},
     DEVICES "/channel/target/@name = 'a.0'",
     NULL},
    {"watchdog",
     {{'+', DEVICES, "<watchdog model='i6300esb'/>"}},
     DEVICES "/watchdog[@model = 'i6300esb']",
     NULL},
    {"tpm",
     {{'+', DEVICES, "<tpm model='tpm-crb'><backend type='emulator'/></tpm>"}},
     DEVICES "/tpm/backend/@type = 'emulator'",
     NULL},
    {"sound", {{'-', DEVICES "/sound", NULL}}, "not(" DEVICES "/sound)", NULL},
    {"tablet",
     {{'-', DEVICES "/input[@type='tablet']", NULL}},
     "not(" DEVICES "/input[@type = 'tablet'])",
     NULL},
    {"serial", {{'-', DEVICES "/serial", NULL}}, "not(" DEVICES "/serial)", NULL},
    {"graphics",
     {{'-', DEVICES "/graphics", NULL}, {'+', DEVICES, "<graphics type='spice'/>"}},
     DEVICES "/graphics[@type = 'spice']",
     NULL},
    {"graphics/port",
     {{'=', DEVICES "/graphics[@type='vnc']/@port", "5907"}},
     DEVICES "/graphics[@type = 'vnc']/@port = 5907",
     NULL},
    {"graphics/passwd",
     {{'=', DEVICES "/graphics[@type='vnc']/@passwd", "x"}},
     DEVICES "/graphics[@type = 'vnc']/@passwd = 'x'",
     NULL},
    {"video",
     {{'=', DEVICES "/video/model/@type", "virtio"}},
     DEVICES "/video/model/@type = 'virtio'",
     NULL},
    {"video2",
     {{'+', DEVICES, "<video><model type='bochs'/></video>"}},
     DEVICES "/video[2]/model/@type = 'bochs'",
     NULL},
    {"arg/own",
     {{'^', ARGS, "<q:arg value='-name'/><q:arg value='debug-threads=on'/>"}},
     ARGS "/qemu:arg[@value = '-name']/following-sibling::qemu:arg[1]/@value = 'debug-threads=on'",
     NULL},
    {"arg/applesmc",
     {{'=', APPLESMC, "isa-applesmc,osk=user"}},
     ARGS "/qemu:arg/@value = 'isa-applesmc,osk=user'",
     NULL},
    {"arg/netdev",
     {{'=', NETDEV, "user,id=macvmnet0,net=10.9.0.0/24"}},
     ARGS "/qemu:arg/@value = 'user,id=macvmnet0,net=10.9.0.0/24'",
     NULL},
};

static const Delta changes[] = {
    {"memory",
     {{'=', "/domain/memory", "8192"}},
     "/domain/memory[. = 8192 and @unit = 'MiB']",
     "/domain/memory"},
    {"vcpu", {{'=', "/domain/vcpu", "8"}}, "/domain/vcpu = 8", "/domain/vcpu"},
    {"topology/cores",
     {{'=', "/domain/cpu/topology/@cores", "4"}},
     "/domain/cpu/topology/@cores = 4",
     "topology"},
    {"title", {{'=', "/domain/title", "New"}}, "/domain/title = 'New'", "/domain/title"},
    {"metadata/own",
     {{'+', "/domain/metadata", "<m:vm xmlns:m='" MVM_XML_NS_MACVM "' os='15'/>"}},
     "/domain/metadata/macvm:vm/@os = 15",
     "metadata"},
    {"loader",
     {{'=', "/domain/os/loader", "/new/CODE.fd"}},
     "/domain/os/loader = '/new/CODE.fd'",
     "/domain/os/loader"},
    {"nvram/template",
     {{'=', "/domain/os/nvram/@template", "/new/VARS.fd"}},
     "/domain/os/nvram/@template = '/new/VARS.fd'",
     "nvram"},
    {"features/vmport",
     {{'+', "/domain/features", "<vmport state='off'/>"}},
     "/domain/features/vmport/@state = 'off'",
     "features"},
    {"cpu/pcid",
     {{'+', "/domain/cpu", "<feature policy='disable' name='pcid'/>"}},
     "/domain/cpu/feature[@name = 'pcid']/@policy = 'disable'",
     "pcid"},
    {"cpu/smep",
     {{'-', "/domain/cpu/feature[@name='smep']", NULL}},
     "not(/domain/cpu/feature[@name = 'smep'])",
     "smep"},
    {"cpu/invtsc",
     {{'=', "/domain/cpu/feature[@name='invtsc']/@policy", "require"}},
     "/domain/cpu/feature[@name = 'invtsc']/@policy = 'require'",
     "invtsc"},
    {"cpu/model",
     {{'=', "/domain/cpu/model", "Skylake-Client"}},
     "/domain/cpu/model = 'Skylake-Client'",
     "/domain/cpu/model"},
    {"timer/rtc",
     {{'=', "/domain/clock/timer[@name='rtc']/@tickpolicy", "discard"}},
     "/domain/clock/timer[@name = 'rtc']/@tickpolicy = 'discard'",
     "rtc"},
    {"on_crash",
     {{'=', "/domain/on_crash", "restart"}},
     "/domain/on_crash = 'restart'",
     "on_crash"},
    {"sda/boot", {{'-', DISK("sda") "/boot", NULL}}, "not(" DISK("sda") "/boot)", "sda"},
    {"sdb", {{'-', DISK("sdb"), NULL}}, "not(" DISK("sdb") ")", "sdb"},
    {"sdb/source",
     {{'=', DISK("sdb") "/source/@file", "/new/recovery-15.img"}},
     DISK("sdb") "/source/@file = '/new/recovery-15.img'",
     "sdb"},
    {"sdc/discard",
     {{'=', DISK("sdc") "/driver/@discard", "ignore"}},
     DISK("sdc") "/driver/@discard = 'ignore'",
     "sdc"},
    {"sdd",
     {{'+', DEVICES,
       "<disk type='file'><source file='/new/d.img'/><target dev='sdd' bus='sata'/></disk>"}},
     DISK("sdd") "/source/@file = '/new/d.img'",
     "sdd"},
    {"usb/ports",
     {{'=', DEVICES "/controller[@type='usb']/@ports", "15"}},
     DEVICES "/controller[@type = 'usb']/@ports = 15",
     "usb"},
    {"net/source",
     {{'=', RENDERED_NIC "/source/@network", "macos"}},
     DEVICES "/interface/source/@network = 'macos'",
     "interface"},
    {"net/model",
     {{'=', RENDERED_NIC "/model/@type", "e1000-82545em"}},
     DEVICES "/interface/model/@type = 'e1000-82545em'",
     "interface"},
    {"sound/codec",
     {{'=', DEVICES "/sound/codec/@type", "micro"}},
     DEVICES "/sound/codec/@type = 'micro'",
     "sound"},
    {"tablet",
     {{'-', DEVICES "/input[@type='tablet']", NULL}},
     "not(" DEVICES "/input[@type = 'tablet'])",
     "tablet"},
    {"serial", {{'-', DEVICES "/serial", NULL}}, "not(" DEVICES "/serial)", "serial"},
    {"graphics/listen",
     {{'=', DEVICES "/graphics[@type='vnc']/@listen", "0.0.0.0"}},
     DEVICES "/graphics[@type = 'vnc']/@listen = '0.0.0.0'",
     "graphics"},
    {"video",
     {{'=', DEVICES "/video/model/@type", "qxl"}},
     DEVICES "/video/model/@type = 'qxl'",
     "video"},
    {"balloon",
     {{'=', DEVICES "/memballoon/@model", "virtio"}},
     DEVICES "/memballoon/@model = 'virtio'",
     "memballoon"},
    {"arg/applesmc",
     {{'=', APPLESMC, "isa-applesmc,osk=macvm"}},
     ARGS "/qemu:arg/@value = 'isa-applesmc,osk=macvm'",
     "isa-applesmc"},
    {"arg/netdev",
     {{'=', NETDEV, "user,id=macvmnet0,hostfwd=tcp:127.0.0.1:2223-:22"}},
     ARGS "/qemu:arg/@value = 'user,id=macvmnet0,hostfwd=tcp:127.0.0.1:2223-:22'",
     "macvmnet0"},
    {"arg/s3",
     {{'+', ARGS, "<q:arg value='-global'/><q:arg value='ICH9-LPC.disable_s3=1'/>"}},
     ARGS "/qemu:arg/@value = 'ICH9-LPC.disable_s3=1'",
     "disable_s3"},
};

static const char *const recordings[] = {"9.0-inactive.xml", "11.3-inactive.xml",
                                         "12.8-inactive.xml"};

static xmlDoc *
load(const char *file)
{
    g_autofree char *path = g_build_filename(MVM_GOLDEN_DIR, "canonical", file, NULL);
    g_autoptr(GError) error = NULL;
    xmlDoc *doc = mvm_xml_parse_file(path, &error);

    g_assert_no_error(error);
    return doc;
}

/* Puts the nodes of an XML fragment into the element at path. */
static void
add_fragment(xmlDoc *doc, const Op *op)
{
    g_autofree char *text = g_strdup_printf("<x xmlns:q='%s'>%s</x>", MVM_XML_NS_QEMU, op->text);
    g_autoptr(xmlDoc) fragment = mvm_xml_parse(text, strlen(text), "fragment", NULL);
    xmlNode *parent = mvm_xml_ensure(doc, op->path); /* newer libvirt drops an empty <metadata> */
    xmlNode *first = parent->children;

    g_assert_nonnull(fragment);
    for (xmlNode *node = xmlDocGetRootElement(fragment)->children; node != NULL;
         node = node->next) {
        xmlNode *copy = xmlDocCopyNode(node, doc, 1);

        if (op->verb == '^' && first != NULL)
            xmlAddPrevSibling(first, copy);
        else
            xmlAddChild(parent, copy);
    }
}

static void
apply(xmlDoc *doc, const Delta *delta)
{
    for (size_t i = 0; i < G_N_ELEMENTS(delta->ops) && delta->ops[i].verb != '\0'; i++) {
        const Op *op = &delta->ops[i];

        if (op->verb == '=')
            mvm_xml_set(doc, op->path, "%s", op->text);
        else if (op->verb == '-')
            g_assert_cmpuint(mvm_xml_remove(doc, op->path), >, 0);
        else
            add_fragment(doc, op);
    }
}

static bool
holds(xmlDoc *doc, const Delta *delta)
{
    g_autofree char *test = g_strdup_printf("boolean(%s)", delta->holds);
    g_autofree char *value = mvm_xml_get(doc, test);

    return strcmp(value, "true") == 0;
}

static bool
within(const char *inner, const char *outer)
{
    size_t len = strlen(outer);

    return strncmp(inner, outer, len) == 0 && (inner[len] == '\0' || inner[len] == '/');
}

static bool
overlap(const Delta *a, const Delta *b)
{
    return within(a->region, b->region) || within(b->region, a->region);
}

static bool
removes(const Delta *delta)
{
    return delta->ops[0].verb == '-' && delta->ops[1].verb == '\0';
}

/* Whether an edit and a change are in conflict; both to remove one thing is none. */
static bool
clash(const Delta *edit, const Delta *change)
{
    return overlap(edit, change) &&
           !(strcmp(edit->region, change->region) == 0 && removes(edit) && removes(change));
}

static bool
clashes_with_any(const Delta *delta, GPtrArray *others, bool delta_is_edit)
{
    for (unsigned i = 0; i < others->len; i++) {
        const Delta *other = others->pdata[i];

        if (delta_is_edit ? clash(delta, other) : clash(other, delta))
            return true;
    }
    return false;
}

/* At most count of table whose regions do not overlap each other. */
static GPtrArray *
choose(const Delta *table, size_t length, int count)
{
    GPtrArray *chosen = g_ptr_array_new();

    for (int i = 0; i < count; i++) {
        const Delta *delta = &table[g_test_rand_int_range(0, (gint32)length)];
        bool free = true;

        for (unsigned j = 0; j < chosen->len; j++)
            free = free && !overlap(delta, chosen->pdata[j]);
        if (free)
            g_ptr_array_add(chosen, (void *)delta);
    }
    return chosen;
}

static void
apply_all(xmlDoc *doc, GPtrArray *deltas)
{
    for (unsigned i = 0; i < deltas->len; i++) {
        apply(doc, deltas->pdata[i]);
        g_assert_true(holds(doc, deltas->pdata[i]));
    }
}

static void
assert_reported(const MvmMergeResult *result, const Delta *change)
{
    for (unsigned i = 0; i < result->conflicts->len; i++) {
        const MvmMergeConflict *conflict = result->conflicts->pdata[i];

        if (strstr(conflict->path, change->where) != NULL)
            return;
    }
    g_error("no conflict is reported about %s", change->region);
}

/* Without a conflict all of both is there; with one, each conflict is told and nothing changes. */
static void
check_stop(const MvmMergeInput *input, GPtrArray *edited, GPtrArray *changed)
{
    g_autoptr(MvmMergeResult) result = mvm_merge(input);
    bool stopped = false;

    for (unsigned i = 0; i < changed->len; i++) {
        if (!clashes_with_any(changed->pdata[i], edited, false))
            continue;
        assert_reported(result, changed->pdata[i]);
        stopped = true;
    }
    if (!stopped && result->conflicts->len > 0)
        g_error("a conflict too many: %s", ((MvmMergeConflict *)result->conflicts->pdata[0])->path);
    for (unsigned i = 0; i < edited->len; i++)
        g_assert_true(holds(result->merged, edited->pdata[i]));
    for (unsigned i = 0; i < changed->len && !stopped; i++)
        g_assert_true(holds(result->merged, changed->pdata[i]));
    if (stopped)
        g_assert_false(result->changed);
}

/* With a policy, one side has all of its own, the other all that is not in conflict; and to merge
 * once more changes nothing. */
static void
check_policy(MvmMergeInput input, MvmMergePolicy policy, GPtrArray *edited, GPtrArray *changed)
{
    g_autoptr(MvmMergeResult) result = NULL;
    g_autoptr(MvmMergeResult) again = NULL;

    input.policy = policy;
    result = mvm_merge(&input);
    g_assert_cmpuint(result->conflicts->len, ==, 0);
    for (unsigned i = 0; i < edited->len; i++) {
        if (policy == MVM_MERGE_LIVE || !clashes_with_any(edited->pdata[i], changed, true))
            g_assert_true(holds(result->merged, edited->pdata[i]));
    }
    for (unsigned i = 0; i < changed->len; i++) {
        if (policy == MVM_MERGE_NEW || !clashes_with_any(changed->pdata[i], edited, false))
            g_assert_true(holds(result->merged, changed->pdata[i]));
    }
    input.base = input.new;
    input.live = result->merged;
    input.policy = MVM_MERGE_STOP;
    again = mvm_merge(&input);
    g_assert_cmpuint(again->conflicts->len, ==, 0);
    g_assert_false(again->changed);
}

static void
check_round(xmlDoc *base, xmlDoc *canonical, GPtrArray *edited, GPtrArray *changed, bool policies)
{
    g_autoptr(xmlDoc) live = mvm_xml_copy(canonical);
    g_autoptr(xmlDoc) new = mvm_xml_copy(base);
    MvmMergeInput input = {base, live, new, MVM_MERGE_STOP, NULL};

    apply_all(live, edited);
    apply_all(new, changed);
    check_stop(&input, edited, changed);
    if (!policies)
        return;
    check_policy(input, MVM_MERGE_LIVE, edited, changed);
    check_policy(input, MVM_MERGE_NEW, edited, changed);
}

static void
test_random(const void *data)
{
    g_autoptr(xmlDoc) base = load("base.xml");
    g_autoptr(xmlDoc) live = load(data);

    for (int i = 0; i < ROUNDS; i++) {
        g_autoptr(GPtrArray) edited =
            choose(edits, G_N_ELEMENTS(edits), g_test_rand_int_range(0, 10));
        g_autoptr(GPtrArray) changed =
            choose(changes, G_N_ELEMENTS(changes), g_test_rand_int_range(0, 7));

        check_round(base, live, edited, changed, true);
    }
}

/* Every edit against every change, one of each; the policies where the two meet. */
static void
test_pairs(const void *data)
{
    g_autoptr(xmlDoc) base = load("base.xml");
    g_autoptr(xmlDoc) live = load(data);

    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(changes); j++) {
            g_autoptr(GPtrArray) edited = g_ptr_array_new();
            g_autoptr(GPtrArray) changed = g_ptr_array_new();

            g_ptr_array_add(edited, (void *)&edits[i]);
            g_ptr_array_add(changed, (void *)&changes[j]);
            check_round(base, live, edited, changed, overlap(&edits[i], &changes[j]));
        }
    }
}

/* An edit is shown as one, and nothing else is. A comment is no edit, nor is where a device lies.
 */
static void
assert_listed(xmlDoc *base, xmlDoc *live, const Delta *edit)
{
    g_autoptr(GPtrArray) listed = mvm_merge_list_edits(base, live);
    bool hidden = strcmp(edit->region, "comment") == 0;

    if (hidden ? listed->len > 0 : listed->len < 1 || listed->len > G_N_ELEMENTS(edit->ops))
        g_error("%u edits are listed for %s", listed->len, edit->region);
}

/* When macvm changed nothing, each edit stays even where macvm wins conflicts. */
static void
test_equal_rendering(const void *data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_autoptr(xmlDoc) base = load("base.xml");
        g_autoptr(xmlDoc) live = load(data);
        MvmMergeInput input = {base, live, base, MVM_MERGE_NEW, NULL};
        g_autoptr(MvmMergeResult) result = NULL;

        g_assert_false(holds(live, &edits[i]));
        apply(live, &edits[i]);
        result = mvm_merge(&input);
        g_assert_false(result->changed);
        g_assert_true(holds(result->merged, &edits[i]));
        assert_listed(base, live, &edits[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(recordings); i++) {
        const char *file = recordings[i];
        g_autofree char *random = g_strconcat("/random/", file, NULL);
        g_autofree char *pairs = g_strconcat("/pairs/", file, NULL);
        g_autofree char *equal = g_strconcat("/edits-survive-an-equal-rendering/", file, NULL);

        g_test_add_data_func(random, file, test_random);
        g_test_add_data_func(pairs, file, test_pairs);
        g_test_add_data_func(equal, file, test_equal_rendering);
    }
    return g_test_run();
}

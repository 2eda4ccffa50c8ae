/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose is this file? The answer, from what is known of domains and volumes. */
#include "util/error.h"
#include "util/image-lock.h"
#include "util/qcow2.h"
#include "virt/claim-priv.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NAMES_IT "<domain><devices><disk><source file='/pool/x.img'/></disk></devices></domain>"
#define NAMES_TOP "<domain><devices><disk><source file='/pool/top'/></disk></devices></domain>"
#define NAMES_NONE "<domain><devices/></domain>"

typedef struct {
    const char *live, *stored, *saved, *snapshot; /* of the domain "m" */
    bool away;
    const char *top; /* what the volume "top" is based on, or NULL */
    const char *except;
    bool running_only;
    MvmClaimKind kind;
} Case;

static const Case cases[] = {
    {.stored = NAMES_NONE, .kind = MVM_CLAIM_NONE},
    {.stored = NAMES_IT, .kind = MVM_CLAIM_DEFINED},
    {.stored = NAMES_IT, .except = "other", .kind = MVM_CLAIM_DEFINED},
    {.stored = NAMES_IT, .except = "m", .kind = MVM_CLAIM_NONE},
    {.stored = NAMES_IT, .running_only = true, .kind = MVM_CLAIM_NONE},
    /* running: what it runs with and what is stored, also for the machine that asks */
    {.live = NAMES_IT, .stored = NAMES_NONE, .kind = MVM_CLAIM_RUNS},
    {.live = NAMES_IT, .stored = NAMES_NONE, .running_only = true, .kind = MVM_CLAIM_RUNS},
    {.live = NAMES_IT, .stored = NAMES_IT, .except = "m", .kind = MVM_CLAIM_RUNS},
    {.live = NAMES_NONE, .stored = NAMES_IT, .except = "m", .kind = MVM_CLAIM_DEFINED},
    {.live = NAMES_NONE, .stored = NAMES_IT, .running_only = true, .kind = MVM_CLAIM_NONE},
    /* migrated away */
    {.stored = NAMES_IT, .away = true, .except = "m", .kind = MVM_CLAIM_AWAY},
    {.stored = NAMES_IT, .away = true, .except = "m", .running_only = true, .kind = MVM_CLAIM_AWAY},
    {.stored = NAMES_IT, .away = true, .kind = MVM_CLAIM_DEFINED},
    {.stored = NAMES_NONE, .away = true, .except = "m", .kind = MVM_CLAIM_NONE},
    /* a saved state, snapshots */
    {.stored = NAMES_NONE, .saved = NAMES_IT, .kind = MVM_CLAIM_SAVED},
    {.stored = NAMES_NONE, .saved = NAMES_IT, .except = "m", .kind = MVM_CLAIM_NONE},
    {.stored = NAMES_NONE,
     .snapshot = "<domainsnapshot><domain><devices><disk><source file='/pool/x.img'/></disk>"
                 "</devices></domain></domainsnapshot>",
     .kind = MVM_CLAIM_SNAPSHOT},
    {.stored = NAMES_NONE, .snapshot = NAMES_IT, .except = "m", .kind = MVM_CLAIM_NONE},
    /* a base: of what a machine has, and of what none has */
    {.stored = NAMES_TOP, .top = "/pool/x.img", .kind = MVM_CLAIM_DEFINED},
    {.stored = NAMES_TOP, .top = "/pool/y.img", .kind = MVM_CLAIM_NONE},
    {.stored = NAMES_NONE, .top = "/pool//x.img", .kind = MVM_CLAIM_BASE},
    {.stored = NAMES_NONE, .top = "/pool/x.img", .running_only = true, .kind = MVM_CLAIM_NONE},
    {.stored = NAMES_TOP, .top = "/pool/x.img", .except = "m", .kind = MVM_CLAIM_BASE},
    {.live = NAMES_TOP, .stored = NAMES_NONE, .top = "/pool/x.img", .kind = MVM_CLAIM_RUNS},
};

static MvmVolume *
volume(const char *name, const char *backing)
{
    MvmVolume *made = g_new0(MvmVolume, 1);

    made->pool = g_strdup("macvm");
    made->name = g_strdup(name);
    made->path = g_strdup_printf("/pool/%s", name);
    made->backing = g_strdup(backing);
    return made;
}

static void
free_domain(void *domain)
{
    mvm_claim_domain_free(domain);
}

static MvmClaimDomain *
domain_of(const Case *c)
{
    MvmClaimDomain *domain = g_new0(MvmClaimDomain, 1);

    domain->name = g_strdup("m");
    domain->running = c->live != NULL;
    domain->away = c->away;
    domain->live = g_strdup(c->live);
    domain->stored = g_strdup(c->stored);
    domain->saved = g_strdup(c->saved);
    if (c->snapshot != NULL) {
        domain->snapshots = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(domain->snapshots, g_strdup(c->snapshot));
    }
    return domain;
}

static void
test_judge(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        const MvmClaimScope scope = {
            .except = c->except, .running_only = c->running_only, .fd = -1};
        g_autoptr(MvmVolume) target = volume("x.img", NULL);
        g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(free_domain);
        g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
        MvmClaimFacts facts = {.target = target, .domains = domains, .volumes = volumes};
        g_auto(MvmClaim) claim = {0};

        g_test_message("case %zu", i);
        g_ptr_array_add(domains, domain_of(c));
        if (c->top != NULL)
            g_ptr_array_add(volumes, volume("top", c->top));
        mvm_claim_judge(&facts, &scope, &claim);
        g_assert_cmpint(claim.kind, ==, c->kind);
        g_assert_cmpstr(claim.owner, ==,
                        c->kind == MVM_CLAIM_NONE   ? NULL
                        : c->kind == MVM_CLAIM_BASE ? "top"
                                                    : "m");
    }
}

/* What runs is named before what is only defined. */
static void
test_order(void)
{
    const Case off = {.stored = NAMES_IT}, on = {.live = NAMES_IT, .stored = NAMES_IT};
    g_autoptr(MvmVolume) target = volume("x.img", NULL);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(free_domain);
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    MvmClaimFacts facts = {.target = target, .domains = domains, .volumes = volumes};
    MvmClaimDomain *runs = domain_of(&on);
    g_auto(MvmClaim) claim = {0};

    g_free(runs->name);
    runs->name = g_strdup("runs");
    g_ptr_array_add(domains, domain_of(&off));
    g_ptr_array_add(domains, runs);
    mvm_claim_judge(&facts, &MVM_CLAIM_SCOPE_ANYBODY, &claim);
    g_assert_cmpint(claim.kind, ==, MVM_CLAIM_RUNS);
    g_assert_cmpstr(claim.owner, ==, "runs");
}

/* Another pool with the same directory calls the volume by another name. */
static void
test_alias(void)
{
    const Case c = {.stored = "<domain><devices><disk><source pool='alias' volume='x'/></disk>"
                              "</devices></domain>"};
    g_autoptr(MvmVolume) target = volume("x.img", NULL);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(free_domain);
    g_autoptr(GPtrArray) volumes = mvm_volume_array_new();
    MvmClaimFacts facts = {.target = target, .domains = domains, .volumes = volumes};
    MvmVolume *alias = volume("x.img", NULL);
    g_auto(MvmClaim) claim = {0};

    g_free(alias->pool);
    g_free(alias->name);
    alias->pool = g_strdup("alias");
    alias->name = g_strdup("x");
    g_ptr_array_add(volumes, alias);
    g_ptr_array_add(domains, domain_of(&c));
    mvm_claim_judge(&facts, &MVM_CLAIM_SCOPE_ANYBODY, &claim);
    g_assert_cmpint(claim.kind, ==, MVM_CLAIM_DEFINED);
}

/* Each claim is a sentence with a cause and a hint, filled in. */
static void
test_sentences(void)
{
    g_assert_true(
        mvm_claim_check(&(MvmClaim){MVM_CLAIM_NONE, NULL, NULL}, "delete", "volume", "v", NULL));
    for (int kind = MVM_CLAIM_NONE + 1; kind <= MVM_CLAIM_LOCKED; kind++) {
        char owner[] = "it's", pool[] = "p";
        MvmClaim claim = {(MvmClaimKind)kind, kind == MVM_CLAIM_LOCKED ? NULL : owner,
                          kind == MVM_CLAIM_BASE ? pool : NULL};
        g_autoptr(GError) error = NULL;

        g_assert_false(mvm_claim_check(&claim, "delete", "volume", "v", &error));
        g_assert_error(error, MVM_ERROR, MVM_ERROR_CONFLICT);
        g_assert_true(g_str_has_prefix(error->message, "cannot delete volume 'v': "));
        g_assert_null(strstr(error->message, "%s"));
        g_assert_null(strstr(mvm_error_get_hint(error), "%s"));
        if (kind != MVM_CLAIM_LOCKED)
            g_assert_nonnull(strstr(error->message, "'it's'"));
        g_assert_cmpint(mvm_claim_is_elsewhere(&claim), ==,
                        kind == MVM_CLAIM_AWAY || kind == MVM_CLAIM_LOCKED);
    }
}

static void
test_lock(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("macvm-test-XXXXXX", &path, NULL);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(mvm_image_lock_look_at(path), ==, MVM_IMAGE_LOCK_FREE);
    /* The lock that libvirt itself takes, for its labels, is none of QEMU's. */
    lock.l_start = 1;
    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &lock), ==, 0);
    g_assert_cmpint(mvm_image_lock_look_at(path), ==, MVM_IMAGE_LOCK_FREE);
    lock.l_start = 201;
    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &lock), ==, 0);
    g_assert_cmpint(mvm_image_lock_look_at(path), ==, MVM_IMAGE_LOCK_HELD);
    g_assert_cmpint(mvm_image_lock_look(fd), ==, MVM_IMAGE_LOCK_FREE); /* its own */
    close(fd);
    g_assert_cmpint(mvm_image_lock_look_at(path), ==, MVM_IMAGE_LOCK_FREE);
    g_unlink(path);
    g_assert_cmpint(mvm_image_lock_look_at(path), ==, MVM_IMAGE_LOCK_FREE);
    g_assert_cmpint(mvm_image_lock_look_at("/proc/self/mem/no"), ==, MVM_IMAGE_LOCK_UNKNOWN);
}

/* The backing file's name as a head of qcow2 has it. */
static char *
backing_of(uint64_t offset, uint32_t size, const char *name)
{
    uint8_t image[256] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("macvm-test-XXXXXX", &path, NULL);
    char *found = NULL;

    offset = GUINT64_TO_BE(offset);
    size = GUINT32_TO_BE(size);
    memcpy(image + 8, &offset, sizeof offset);
    memcpy(image + 16, &size, sizeof size);
    memcpy(image + 104, name, strlen(name));
    g_assert_cmpint(write(fd, image, sizeof image), ==, sizeof image);
    found = mvm_qcow2_read_backing(fd);
    close(fd);
    g_unlink(path);
    return found;
}

static void
test_backing(void)
{
    g_autofree char *good = backing_of(104, 9, "/pool/x.i");

    g_assert_cmpstr(good, ==, "/pool/x.i");
    g_assert_null(backing_of(0, 9, "/pool/x.i"));
    g_assert_null(backing_of(104, 0, "/pool/x.i"));
    g_assert_null(backing_of(104, 1024, "/pool/x.i"));
    g_assert_null(backing_of(104, 1023, "/pool/x.i")); /* beyond the end */
    g_assert_null(backing_of(UINT64_MAX, 9, "/pool/x.i"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/claim/judge", test_judge);
    g_test_add_func("/claim/order", test_order);
    g_test_add_func("/claim/alias", test_alias);
    g_test_add_func("/claim/sentences", test_sentences);
    g_test_add_func("/claim/lock", test_lock);
    g_test_add_func("/claim/backing", test_backing);
    return g_test_run();
}

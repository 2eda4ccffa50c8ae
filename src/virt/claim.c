/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virt/claim.h"

#include "util/error.h"
#include "util/words.h"
#include "virt/claim-priv.h"

#include <string.h>

void
mvm_claim_clear(MvmClaim *claim)
{
    g_clear_pointer(&claim->owner, g_free);
    g_clear_pointer(&claim->pool, g_free);
    claim->kind = MVM_CLAIM_NONE;
}

void
mvm_claim_domain_free(MvmClaimDomain *domain)
{
    if (domain == NULL)
        return;
    g_free(domain->name);
    g_free(domain->live);
    g_free(domain->stored);
    g_free(domain->saved);
    g_clear_pointer(&domain->snapshots, g_ptr_array_unref);
    g_free(domain);
}

/* --- judging ---------------------------------------------------------------------------------- */

typedef enum { LIVE, STORED, SAVED, SNAPSHOT } Document;

/* What it means that a document of a machine names the file. The first row that fits counts. */
static const struct {
    Document document;
    bool own;     /* of the machine that asks, which is off */
    bool away;    /* of a machine that was migrated */
    bool running; /* it counts where only what is in use now does */
    MvmClaimKind kind;
} rules[] = {
    {LIVE, false, false, true, MVM_CLAIM_RUNS},
    {STORED, true, true, true, MVM_CLAIM_AWAY},
    {STORED, false, false, false, MVM_CLAIM_DEFINED},
    {SAVED, false, false, false, MVM_CLAIM_SAVED},
    {SNAPSHOT, false, false, false, MVM_CLAIM_SNAPSHOT},
};

static bool
names(const MvmClaimDomain *domain, Document document, const MvmImageSet *images)
{
    const char *const texts[] = {
        [LIVE] = domain->live, [STORED] = domain->stored, [SAVED] = domain->saved};

    if (document != SNAPSHOT)
        return texts[document] != NULL && mvm_domain_xml_uses(texts[document], images);
    for (guint i = 0; domain->snapshots != NULL && i < domain->snapshots->len; i++) {
        if (mvm_domain_xml_uses(domain->snapshots->pdata[i], images))
            return true;
    }
    return false;
}

static MvmClaimKind
judge_domain(const MvmClaimDomain *domain, const MvmImageSet *images, const MvmClaimScope *scope)
{
    bool own = !domain->running && g_strcmp0(scope->except, domain->name) == 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].own == own && (!rules[i].away || domain->away) &&
            (rules[i].running || !scope->running_only) && names(domain, rules[i].document, images))
            return rules[i].kind;
    }
    return MVM_CLAIM_NONE;
}

/* The file, under each name by which a volume may be called, and all that is based on it. */
static void
collect(const MvmClaimFacts *facts, GPtrArray *based, MvmImageSet *images)
{
    g_ptr_array_add(images->volumes, facts->target);
    for (guint i = 0; i < facts->volumes->len; i++) {
        MvmVolume *volume = facts->volumes->pdata[i];

        if (volume != facts->target && mvm_image_set_has(images, volume->path))
            g_ptr_array_add(images->volumes, volume);
    }
    g_ptr_array_extend(images->volumes, based, NULL, NULL);
}

void
mvm_claim_judge(const MvmClaimFacts *facts, const MvmClaimScope *scope, MvmClaim *ret_claim)
{
    g_autoptr(GPtrArray) based =
        mvm_volume_find_based_on(facts->volumes, facts->target->path, facts->local);
    g_auto(MvmImageSet) images = {0};
    const MvmClaimDomain *owner = NULL;
    MvmClaim claim = {MVM_CLAIM_NONE, NULL, NULL};

    mvm_image_set_init(&images, facts->target->path, facts->local);
    collect(facts, based, &images);
    for (guint i = 0; i < facts->domains->len; i++) {
        MvmClaimKind kind = judge_domain(facts->domains->pdata[i], &images, scope);

        if (kind != MVM_CLAIM_NONE && (owner == NULL || kind < claim.kind)) {
            owner = facts->domains->pdata[i];
            claim.kind = kind;
        }
    }
    if (owner != NULL) {
        claim.owner = g_strdup(owner->name);
    } else if (based->len > 0 && !scope->running_only) {
        const MvmVolume *first = based->pdata[0];

        claim = (MvmClaim){MVM_CLAIM_BASE, g_strdup(first->name),
                           *first->pool != '\0' ? g_strdup(first->pool) : NULL};
    }
    *ret_claim = claim;
}

/* --- the answer as a sentence ----------------------------------------------------------------- */

/* %s is the owner, in quotes; in a hint as a word of a command. */
static const struct {
    const char *cause, *hint;
} sentences[] = {
    [MVM_CLAIM_RUNS] = {"machine %s uses it",
                        "'virsh shutdown %s' stops that machine; then run the command again"},
    [MVM_CLAIM_AWAY] = {"machine %s was migrated, and uses it on another host",
                        "run this command on that host; 'macvm undefine %s' removes the definition "
                        "that was left here, and keeps the disks"},
    [MVM_CLAIM_DEFINED] = {"machine %s uses it",
                           "take the file out of that machine ('virsh edit %s'), or undefine it"},
    [MVM_CLAIM_SAVED] = {"the saved state of machine %s uses it",
                         "start that machine and shut it down, or 'virsh managedsave-remove %s' "
                         "gives the saved state up"},
    [MVM_CLAIM_SNAPSHOT] =
        {"a snapshot of machine %s uses it",
         "'virsh snapshot-list %s' shows the snapshots; delete the ones that are "
         "no longer needed"},
    [MVM_CLAIM_BASE] = {"%s is based on it",
                        "delete %s first, or make it independent (qemu-img rebase)"},
    [MVM_CLAIM_LOCKED] = {"a program that is no machine of this connection has it open",
                          "the machine may run on another host, or as another user: stop it there"},
};

bool
mvm_claim_is_elsewhere(const MvmClaim *claim)
{
    return claim->kind == MVM_CLAIM_AWAY || claim->kind == MVM_CLAIM_LOCKED;
}

/* text with owner in the place of "%s". */
static char *
fill(const char *text, const char *owner)
{
    g_auto(GStrv) parts = g_strsplit(text, "%s", 2);

    return g_strjoinv(owner != NULL ? owner : "", parts);
}

bool
mvm_claim_check(const MvmClaim *claim, const char *verb, const char *what, const char *name,
                GError **error)
{
    g_autofree char *word = NULL, *owner = NULL, *cause = NULL, *hint = NULL;

    if (claim->kind == MVM_CLAIM_NONE)
        return true;
    word = claim->owner != NULL ? mvm_word_quote(claim->owner) : NULL;
    owner = claim->pool != NULL
                ? g_strdup_printf("volume '%s' of pool '%s'", claim->owner, claim->pool)
                : g_strdup_printf("'%s'", claim->owner);
    cause = fill(sentences[claim->kind].cause, owner);
    hint = fill(sentences[claim->kind].hint, word);
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT, "cannot %s %s '%s': %s", verb, what, name,
                cause);
    mvm_error_set_hint(error, "%s", hint);
    return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known before a claim is judged. Pure, for tests: claim.c judges, claim-gather.c asks. */
#pragma once

#include "util/image-lock.h"
#include "virt/claim.h"
#include "virt/volume-priv.h"

/* What libvirt has of one domain, as text; NULL where there is none of the kind. */
typedef struct {
    char *name;
    bool running;
    bool away;  /* it is off because it was migrated to another host */
    char *live; /* of a running one */
    char *stored;
    char *saved;
    GPtrArray *snapshots; /* of char * */
} MvmClaimDomain;

void mvm_claim_domain_free(MvmClaimDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmClaimDomain, mvm_claim_domain_free)

typedef struct {
    MvmVolume *target;  /* the file in question */
    GPtrArray *domains; /* of MvmClaimDomain */
    GPtrArray *volumes; /* of MvmVolume: all that are known */
    bool local;         /* paths are those of this machine: files may be compared */
} MvmClaimFacts;

/* The first claim by the order of MvmClaimKind; a lock is not judged. */
void mvm_claim_judge(const MvmClaimFacts *facts, const MvmClaimScope *scope, MvmClaim *ret_claim);

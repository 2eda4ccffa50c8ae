/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `define` and `set`: from what the user asks for to a domain.
 *
 * options (command line over metadata over macvm.conf) -> machine (checked against the host) ->
 * images in the pool -> rendering -> three-way merge with the domain that is there -> define.
 * Nothing is made before every check has passed, and the domain comes last: whatever interrupts
 * this, the same command goes on from there.
 */
#pragma once

#include "machine/config-edit.h"
#include "machine/options.h"
#include "ops/context.h"
#include "ops/opencore-disk.h"

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

typedef enum {
    MVM_DEFINE,       /* do it */
    MVM_DEFINE_CHECK, /* refuse what MVM_DEFINE would refuse; tell and make nothing */
    MVM_DEFINE_DIFF,  /* tell what would change, make nothing */
    MVM_DEFINE_PRINT, /* tell the XML, make nothing */
} MvmDefineMode;

typedef enum {
    MVM_CONFLICT_STOP,   /* refuse, and list the conflicts */
    MVM_CONFLICT_OURS,   /* what the domain has now stays */
    MVM_CONFLICT_THEIRS, /* what macvm brings wins */
} MvmConflictChoice;

/* What a new machine is to be, in the place of what would be made up; all borrowed, or NULL. */
typedef struct {
    const char *uuid, *mac;
    const char *osk; /* a secret; used where the host has none of its own */
    /* Adds to a new domain what macvm does not render: it stays, as an edit of the user's does. */
    void (*edit)(xmlDoc *doc, const void *data);
    const void *data;
} MvmDefineOrigin;

typedef struct {
    const char *name;          /* checked by mvm_name_check() */
    const MvmOptions *options; /* of this command line */
    const char *opencore; /* local file for a new disk, or one with a newer OpenCore; or NULL */
    const MvmConfigEdit *edit; /* of config.plist; NULL: none */
    const char *unset;         /* key of config.plist that is no more edited; NULL: none */
    MvmOpencoreChange opencore_change;
    bool reset_nvram; /* at the next start */
    bool new_disk;    /* a system disk that is not found is replaced by an empty one */
    MvmDefineMode mode;
    MvmConflictChoice choice;
    MvmDefineOrigin origin; /* of a machine that is taken over */
    unsigned port_from;     /* chooses the machine's port anew, from this one on; 0: does not */
    bool must_exist;        /* `set`: MVM_ERROR_NOT_FOUND when there is no such machine */
} MvmDefineRequest;

typedef struct {
    char *text;      /* MVM_DEFINE_DIFF: the difference ("" for none); MVM_DEFINE_PRINT: the XML */
    GPtrArray *kept; /* MVM_DEFINE_DIFF: the user's own edits, "path: was X, is Y"; owned */
    bool no_opencore, no_osk; /* without them it cannot start macOS */
    bool created;             /* there was no such machine before */
    bool changed;             /* false: the machine already was as asked for */
    bool running;             /* it runs, so that the change shows at its next start */
} MvmDefineResult;

/* Fails with MVM_ERROR_CONFLICT when a domain of that name is not macvm's, when the user's edits
 * and macvm's changes conflict (the message lists them), or when another macvm works on it. */
bool mvm_define(const MvmContext *context, const MvmDefineRequest *request,
                MvmDefineResult *ret_result, GError **error);

void mvm_define_result_clear(MvmDefineResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MvmDefineResult, mvm_define_result_clear)

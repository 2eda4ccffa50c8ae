/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the steps of define hand on: define-machine.c, define-host.c, define-images.c and
 * define-store.c, called in this order by define.c. */
#pragma once

#include "machine/machine.h"
#include "ops/define-current.h"
#include "ops/define-merge.h"
#include "ops/define.h"
#include "ops/images.h"
#include "util/lock.h"
#include "virt/caps.h"

#include <glib.h>
#include <stdbool.h>

/* What is gathered on the way from request to domain. */
typedef struct {
    const MvmContext *context;
    const MvmDefineRequest *request;
    MvmCurrent *current; /* owned; NULL: no such domain yet */
    MvmOptions *options; /* owned; all of them, by precedence */
    char *osk;           /* owned; from macvm.conf */
    MvmHost *host;       /* owned */
    MvmUnfit unfit;      /* of current; owned */
    MvmMachine *machine; /* owned */
    MvmLock *port_claim; /* owned; on a port that was chosen now, or NULL */
    MvmImageRequest images_wanted;
    MvmImages *images; /* owned */
    MvmMerged *merged; /* owned */
} MvmDefineWork;

/* What an option is in all, NULL: nobody said. Borrowed. */
const char *mvm_define_option(const MvmDefineWork *work, MvmOption which);

/* Whether what the host cannot do is refused, and not only told. */
bool mvm_define_is_strict(const MvmDefineWork *work);

/* Whether this very command says what the option is to be. */
bool mvm_define_is_asked(const MvmDefineWork *work, MvmOption which);

/* Fills work->host and work->machine; what the host cannot do is refused here. */
bool mvm_define_resolve_machine(MvmDefineWork *work, GError **error);

/* The part of it that depends on work->host. */
bool mvm_define_fit_to_host(MvmDefineWork *work, GError **error);

/* Fills work->images; makes nothing. */
bool mvm_define_plan_images(MvmDefineWork *work, GError **error);

/* Sets machine->nvram_path where libvirt's choice would be another machine's file. */
bool mvm_define_choose_nvram(MvmDefineWork *work, GError **error);

/* Fills work->merged, anew after more became known of the machine. */
bool mvm_define_work_merge(MvmDefineWork *work, GError **error);

/* Makes the images and defines the domain; takes the images back when that fails. */
bool mvm_define_make(MvmDefineWork *work, GError **error);

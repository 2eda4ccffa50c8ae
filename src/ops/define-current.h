/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine that is there when macvm defines again. */
#pragma once

#include "ops/images.h"
#include "virt/connection.h"
#include "virt/metadata.h"

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

typedef struct {
    char *xml;    /* as libvirt gave it */
    xmlDoc *doc;  /* the same, parsed */
    xmlDoc *base; /* the last rendering; NULL when the metadata has none that can be read */
    MvmMetadata *metadata;
    char *remembered; /* metadata as it was read, as text */
    MvmHadImage images[MVM_IMAGE_COUNT];
    char *uuid;
    bool copy;  /* of another machine: ops/define-copy.h */
    char *mac;  /* of the machine's network card; NULL when it has none */
    char *type; /* "kvm" or "qemu" */
    char *osk;  /* what isa-applesmc has; NULL without one; a secret */
} MvmCurrent;

/* The macvm machine called name; NULL there when no such domain exists. A domain that macvm did not
 * make is MVM_ERROR_CONFLICT. */
bool mvm_current_load(MvmConnection *conn, const char *name, MvmCurrent **ret_current,
                      GError **error);

/* The path of an image's source in a domain as the template has it (XPath); the caller frees. */
char *mvm_current_image_source(MvmImage image);
void mvm_current_free(MvmCurrent *current);

/* Puts the options that were once asked for over options, and macOS's version unless it is asked
 * for anew. Options of a newer macvm are passed over, a version that only that knows is an error.
 */
bool mvm_current_add_options(const MvmCurrent *current, bool with_os, MvmOptions *options,
                             GError **error);

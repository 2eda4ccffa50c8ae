/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What macvm remembers of a machine: one element in the domain's <metadata>, so that every client
 * of libvirt on any machine finds the same.
 *
 *   <macvm:machine xmlns:macvm='https://macvm.org/xmlns/domain/1' version='1' os='14' profile='1'
 *       uuid='of the domain that this was written for'>
 *     <macvm:ssh port='2222' user='joe'/>
 *     <macvm:identity model='iMacPro1,1' serial='...' mlb='...' rom='525400ABCDEF'/>
 *     <macvm:opencore made='digest of what its disk was made of' from='digest of the OpenCore in
 * it' previous='path of the disk with the one before' previous-from='digest'/> <macvm:nvram
 * reset='yes'/> <macvm:config key='Misc.Boot.Timeout' type='integer'>0</macvm:config> <macvm:option
 * name='memory'>8G</macvm:option> <macvm:render>the domain as macvm rendered it last, as
 * text</macvm:render>
 *   </macvm:machine>
 *
 * Every other client can write there as well, so the reader takes nothing for granted. What a newer
 * macvm put beside this (elements and attributes of the same namespace) is kept and written back.
 */
#pragma once

#include "machine/config-edit.h"
#include "machine/identity.h"
#include "xml/xml.h"

#include <glib.h>
#include <stdbool.h>

/* The version that this program writes. A higher one is read as far as it is understood. */
#define MVM_METADATA_VERSION 1

/* Bounds of what is read; a domain's XML, which the element is a part of, has the same. */
#define MVM_METADATA_MAX_SIZE MVM_XML_MAX_SIZE
#define MVM_METADATA_MAX_OPTIONS 128

/* One machine option in so many words: name "memory", value "8G". */
typedef struct {
    char *name;  /* owned */
    char *value; /* owned */
} MvmMetadataOption;

typedef struct {
    int version;
    char *os;              /* "14"; owned, or NULL */
    int profile;           /* MVM_PROFILE_VERSION of the macvm that defined it last; 0: none told */
    char *uuid;            /* of the domain that it was written for; owned, or NULL: an older macvm
                              wrote it */
    int ssh_port;          /* on the libvirt host's loopback; 0: none */
    char *ssh_user;        /* owned, or NULL */
    MvmIdentity *identity; /* what its OpenCore disk says; owned, or NULL */
    char *opencore_made;   /* see MvmMachine; owned, or NULL */
    char *opencore_from, *opencore_previous, *opencore_previous_from; /* likewise */
    bool reset_nvram;   /* the next start makes the NVRAM anew */
    GPtrArray *config;  /* MvmConfigEdit; owned */
    GPtrArray *options; /* MvmMetadataOption, in the order they were given; owned */
    char *render;       /* owned, or NULL */
    xmlDoc *unknown;    /* what this version does not understand; owned, or NULL */
} MvmMetadata;

/* An empty one of the present version. */
MvmMetadata *mvm_metadata_new(void);
void mvm_metadata_free(MvmMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmMetadata, mvm_metadata_free)

/* Reads the element as virDomainGetMetadata() gives it (libvirt takes the namespace out of it) or
 * as it stands in a domain. machine names the domain in errors. Fails with MVM_ERROR_FAILED on
 * what is not XML, too large, not ours, or has a value that no macvm writes (a port beyond 65535, a
 * user's name that ssh could take for something else). */
MvmMetadata *mvm_metadata_parse(const char *text, const char *machine, GError **error);

/* The value of the option, borrowed, or NULL when it was not given. */
const char *mvm_metadata_get_option(const MvmMetadata *metadata, const char *name);

/* Whether it was written for another domain than the one that has it now, whose UUID is given: that
 * one is a copy. An older macvm's is known by its rendering. */
bool mvm_metadata_is_copied(const MvmMetadata *metadata, const char *uuid);

/* Sets the option; a new one goes to the end. A NULL value removes it. */
void mvm_metadata_set_option(MvmMetadata *metadata, const char *name, const char *value);

/* Appends the element to parent, a domain's <metadata>. An older one of ours is removed first. */
void mvm_metadata_write(const MvmMetadata *metadata, xmlNode *parent);

/* The element as a text of its own; the caller frees. */
char *mvm_metadata_to_text(const MvmMetadata *metadata);

/* The same in no namespace, as virDomainSetMetadata() wants it, which puts it into ours. */
char *mvm_metadata_to_plain_text(const MvmMetadata *metadata);

/* Whether text can be a user's name on ssh's command line: ssh's own rule (valid_ruser), without
 * spaces and control characters. */
bool mvm_ssh_user_is_valid(const char *text);

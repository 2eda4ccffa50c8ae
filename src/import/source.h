/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A macOS machine as another program keeps it: what of it macvm can take over. Pure: texts come in,
 * nothing is opened, nothing is run. Every text is somebody else's, and bounded.
 */
#pragma once

#include "machine/options.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest script, configuration or domain that is read, in bytes. */
#define MVM_IMPORT_MAX_TEXT (1024 * 1024)
/* What is not taken over is listed up to so many lines. */
#define MVM_IMPORT_MAX_LEFT 200

typedef enum {
    MVM_IMPORT_OPENCORE, /* the boot loader's disk */
    MVM_IMPORT_SYSTEM,   /* the disk that macOS is on */
    MVM_IMPORT_CODE,     /* the firmware's code */
    MVM_IMPORT_VARS,     /* and its variables: the NVRAM */
    MVM_IMPORT_IMAGE_COUNT,
} MvmImportImage;

typedef struct {
    char *name;                             /* NULL: the source has none */
    MvmOptions *options;                    /* what `define` would be asked for; owned */
    char *mac;                              /* "52:54:00:c9:18:27", or NULL */
    char *nic;                              /* model of the network card, or NULL */
    char *uuid;                             /* or NULL */
    char *osk;                              /* or NULL; a secret */
    char *image[MVM_IMPORT_IMAGE_COUNT];    /* paths as they are written, or NULL */
    char *fallback[MVM_IMPORT_IMAGE_COUNT]; /* where to look when nothing is there, or NULL */
    GPtrArray *left;                        /* char *: one sentence for each thing not taken over */
} MvmImportSource;

/* An empty one; the caller frees. */
MvmImportSource *mvm_import_source_new(void);
void mvm_import_source_free(MvmImportSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmImportSource, mvm_import_source_free)

/* Adds a line about what is not taken over. Control characters are made visible. */
void mvm_import_leave(MvmImportSource *source, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sets the option, or leaves what (for people) when text is not a value of it. */
void mvm_import_set(MvmImportSource *source, MvmOption option, const char *text, const char *what);

/* Takes mac when it is a MAC address. */
void mvm_import_set_mac(MvmImportSource *source, const char *mac);

/*
 * The readers. text has len bytes; what names it in errors. dir is the directory that the shell's
 * $PWD means. All fail with MVM_ERROR_FAILED on what is too long or is no such text; what they do
 * not understand they leave. The caller frees.
 */

/* A shell script that starts QEMU: OSX-KVM's OpenCore-Boot.sh, macOS-Simple-KVM's basic.sh,
 * ultimate-macOS-KVM's boot.sh. */
MvmImportSource *mvm_import_read_script(const char *text, size_t len, const char *dir,
                                        const char *what, GError **error);

/* quickemu's NAME.conf. */
MvmImportSource *mvm_import_read_quickemu(const char *text, size_t len, const char *dir,
                                          const char *what, GError **error);

/* A libvirt domain whose CPU and disks may be arguments of QEMU. */
MvmImportSource *mvm_import_read_domain(const char *text, size_t len, const char *what,
                                        GError **error);

/* Whichever of the three text is. */
MvmImportSource *mvm_import_read(const char *text, size_t len, const char *dir, const char *what,
                                 GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A macOS machine as another program keeps it: what of it macvm can take over. Pure: texts come in,
 * nothing is opened, nothing is run. Every text is somebody else's, and bounded.
 *
 * Nothing of a source is dropped silently: each argument, setting, attribute and text of it is
 * taken, or is what a machine of macvm has as well, or stands in the list of what is left. The
 * readers consume by name, and what nobody consumed is listed.
 */
#pragma once

#include "machine/options.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest script, configuration or domain that is read, in bytes. */
#define MVM_IMPORT_MAX_TEXT (1024 * 1024)
/* What is not taken over is listed up to so many lines, of so many bytes; the rest is counted. */
#define MVM_IMPORT_MAX_LEFT 2000
#define MVM_IMPORT_MAX_LINE 8192

typedef enum {
    MVM_IMPORT_OPENCORE, /* the boot loader's disk */
    MVM_IMPORT_SYSTEM,   /* the disk that macOS is on */
    MVM_IMPORT_CODE,     /* the firmware's code */
    MVM_IMPORT_VARS,     /* and its variables: the NVRAM */
    MVM_IMPORT_IMAGE_COUNT,
} MvmImportImage;

/* What the firmware reports of the machine, by the names of libvirt's <sysinfo>
 * (https://libvirt.org/formatdomain.html#smbios-system-information). */
typedef struct {
    char *block; /* "system", "baseBoard" */
    char *name;  /* "serial" */
    char *value;
} MvmImportSmbios;

typedef struct {
    char *name;                             /* NULL: the source has none */
    char *title, *description;              /* of the domain, or NULL */
    MvmOptions *options;                    /* what `define` would be asked for; owned */
    char *mac;                              /* "52:54:00:c9:18:27", or NULL */
    char *nic;                              /* model of the network card, or NULL */
    char *uuid;                             /* or NULL */
    char *osk;                              /* or NULL; a secret */
    GPtrArray *smbios;                      /* MvmImportSmbios; owned */
    char *image[MVM_IMPORT_IMAGE_COUNT];    /* paths as they are written, or NULL */
    char *fallback[MVM_IMPORT_IMAGE_COUNT]; /* where to look when nothing is there, or NULL */
    char *pool[MVM_IMPORT_IMAGE_COUNT];     /* not NULL: image is the name of a volume in it */
    char *refused;                          /* a disk that cannot be taken, and why; or NULL */
    GPtrArray *left;                        /* char *: one sentence for each thing not taken over */
    unsigned unlisted;                      /* how many more there were */
} MvmImportSource;

/* An empty one; the caller frees. */
MvmImportSource *mvm_import_source_new(void);
void mvm_import_source_free(MvmImportSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmImportSource, mvm_import_source_free)

/* Adds a line about what is not taken over. What a terminal obeys is made visible, and an OSK is
 * blotted out. */
void mvm_import_leave(MvmImportSource *source, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sets the option, or leaves what (for people) when text is not a value of it. What it was set to
 * before, and is no longer, is left. */
void mvm_import_set(MvmImportSource *source, MvmOption option, const char *text, const char *what);

/* Takes mac when it is a MAC address. */
void mvm_import_set_mac(MvmImportSource *source, const char *mac);

/* Takes uuid in any of the forms that libvirt and QEMU read. */
void mvm_import_set_uuid(MvmImportSource *source, const char *uuid);

/* Takes an entry of the firmware's tables; the same one again counts as the later one. */
void mvm_import_set_smbios(MvmImportSource *source, const char *block, const char *name,
                           const char *value);

/* Takes a topology: counts of a QEMU machine, each at least 1; inner: of dies, clusters and modules
 * in all. What macvm's options cannot say is made one with as many CPUs, which is listed. */
void mvm_import_set_topology(MvmImportSource *source, unsigned sockets, unsigned inner,
                             unsigned cores, unsigned threads);

/* A disk at path, or the volume of that name in pool, which the source calls id ("" when it does
 * not): for the boot loader, the system, or left. */
void mvm_import_disk(MvmImportSource *source, const char *id, const char *path, const char *pool);

/* A disk that is no file, and why it is left. */
void mvm_import_refuse_disk(MvmImportSource *source, const char *path, const char *why);

/* The image is at path; a second one is left. */
void mvm_import_take_image(MvmImportSource *source, MvmImportImage image, const char *path,
                           const char *pool, const char *what);

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

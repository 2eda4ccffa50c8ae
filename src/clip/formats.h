/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names by which X11 (targets) and Wayland (MIME types) call what macvm carries.
 *
 * Sources: ICCCM 2.6.2 for the target names in capitals (STRING is ISO 8859-1, UTF8_STRING is the
 * established extension); IANA for the media types. Wayland programs use both kinds of names.
 */
#pragma once

#include "clip/content.h"

typedef struct {
    const char *name;
    MvmClipType type;
    bool read;   /* taken from others */
    bool offer;  /* given to others */
    bool latin1; /* its bytes are ISO 8859-1 */
} MvmClipFormat;

#define MVM_CLIP_FORMAT_COUNT 11

/* The better of two formats of one type comes first. */
extern const MvmClipFormat mvm_clip_formats[MVM_CLIP_FORMAT_COUNT];

/* A type without bytes, by which a macvm tells the content that it owns: its value is the origin.
 * Clipboard managers that copy every type keep it. */
#define MVM_CLIP_ORIGIN_FORMAT "application/x-macvm-origin"

/* Its presence asks programs not to keep the content; KDE's convention, which KeePassXC and others
 * follow. The value is "secret". */
#define MVM_CLIP_SECRET_FORMAT "x-kde-passwordManagerHint"
#define MVM_CLIP_SECRET_VALUE "secret"

/* Where one of these is offered, files were copied, and the text beside it is their paths, which
 * mean nothing on another machine: GNOME's, MATE's and KDE's file managers. */
#define MVM_CLIP_FILES_COUNT 3
extern const char *const mvm_clip_files[MVM_CLIP_FILES_COUNT];

/* What somebody offers, gathered name by name. Start with mvm_clip_choice_init(). */
typedef struct {
    int format[MVM_CLIP_TYPE_COUNT]; /* the best for each type: index of mvm_clip_formats, or -1 */
    bool origin;
    bool secret;
    bool files; /* no text is chosen then */
} MvmClipChoice;

void mvm_clip_choice_init(MvmClipChoice *choice);

/* Counts in format, an index of mvm_clip_formats. */
void mvm_clip_choice_add_format(MvmClipChoice *choice, int format);

/* Counts in whatever name is (media types are compared without case); unknown ones are ignored. */
void mvm_clip_choice_add_name(MvmClipChoice *choice, const char *name);

MvmClipTypes mvm_clip_choice_get_types(const MvmClipChoice *choice);

/* bytes of ISO 8859-1 as UTF-8. */
GBytes *mvm_clip_utf8_from_latin1(GBytes *bytes);

/* bytes of UTF-8 as ISO 8859-1, or NULL when it has a character that is not in there. */
GBytes *mvm_clip_latin1_from_utf8(GBytes *bytes);

/* True when mvm_clip_latin1_from_utf8() would succeed; allocates nothing. */
bool mvm_clip_utf8_is_latin1(GBytes *bytes);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Internal to the merge: what a leaf is worth, and whether two say the same. */
#pragma once

#include "xml/xml.h"

/* How the values of a leaf are compared. */
typedef enum {
    MVM_VALUE_PLAIN,   /* as text; a hexadecimal number as a number */
    MVM_VALUE_SIZE,    /* "16 GiB": a number and a unit */
    MVM_VALUE_MAC,     /* without case */
    MVM_VALUE_MACHINE, /* "q35" covers what libvirt makes of it */
    MVM_VALUE_NVRAM,   /* an empty path covers the one that libvirt chooses */
    MVM_VALUE_PORT,    /* -1, for any: libvirt leaves it out of some graphics */
} MvmValueKind;

/* Which side of the merge a value is compared with: another rendering, or what libvirt gives. */
typedef enum { MVM_SIDE_RENDERED, MVM_SIDE_LIVE } MvmSide;

/* Of the attribute attr of node, or of its text when attr is NULL. */
MvmValueKind mvm_merge_kind(const xmlNode *node, const char *attr);

/* Whether the element is one value made of its text and its unit attribute (<memory>). */
bool mvm_merge_is_size(const xmlNode *node);

/* The element's text (with its unit, for a size), or NULL when node is NULL. g_free() it. */
char *mvm_merge_text(const xmlNode *node);

/* Whether a value that macvm rendered and another one mean the same. NULL is an absent value. */
bool mvm_merge_same(MvmValueKind kind, const char *rendered, const char *other, MvmSide side);

/* Whether other says all that rendered says, below it too. With MVM_SIDE_LIVE, other may also have
 * what libvirt adds by itself; otherwise nothing more. */
bool mvm_merge_covers(xmlNode *rendered, xmlNode *other, MvmSide side);

/* merge-libvirt.c: whether libvirt sets this attribute, to this value, where nobody asks for
 * another; whether it adds this child to its parent. Then it is nobody's edit. */
bool mvm_merge_is_libvirts_attr(const xmlNode *node, const char *name, const char *value);
bool mvm_merge_is_libvirts_child(xmlNode *node);

/* A value as a conflict shows it: "(none)" for NULL, secrets hidden. g_free() it. */
char *mvm_merge_show(const char *value);

/* The same for an attribute, whose name may say that it is secret. */
char *mvm_merge_show_attr(const char *attr, const char *value);

/* The same for a whole element, on one line. */
char *mvm_merge_show_element(const xmlNode *node);

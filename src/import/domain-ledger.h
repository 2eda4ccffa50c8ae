/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which attributes and texts of a document were consumed. Every one is either marked by the path
 * that took it, or listed with its name and value: a reader cannot forget one.
 */
#pragma once

#include "import/source.h"
#include "xml/xml.h"

/* The value at path, as mvm_xml_get(), which counts as consumed. */
char *mvm_ledger_take(xmlDoc *doc, const char *path);
char *mvm_ledger_node_take(xmlNode *node, const char *path);

/* Counts all that matches path as consumed: attributes, the texts of elements, elements without
 * either. */
void mvm_ledger_same(xmlDoc *doc, const char *path);

/* Lists what was not consumed: an element that nobody knows whole, of others what is left. */
void mvm_ledger_leave(xmlDoc *doc, MvmImportSource *source);

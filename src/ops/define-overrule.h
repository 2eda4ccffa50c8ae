/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits beside a value that overrule it: <vcpu current='2'> starts two of eight CPUs. */
#pragma once

#include "machine/options.h"

#include <glib.h>
#include <libxml/tree.h>

/* Takes from merged, which before became with what is rendered, whatever overrules a value that is
 * asked for, and adds a sentence on each to sentences. */
void mvm_overrule(xmlDoc *before, xmlDoc *rendered, const MvmOptions *asked, xmlDoc *merged,
                  GPtrArray *sentences);

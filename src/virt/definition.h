/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of a domain, read and written whole. */
#pragma once

#include "virt/connection.h"

#include <glib.h>
#include <stdbool.h>

/* The persistent XML of the domain called name, passwords included (or a redefinition would lose
 * them), in *ret_xml, which the caller frees; NULL there when no such domain exists, which is not
 * an error. */
bool mvm_definition_read(MvmConnection *conn, const char *name, char **ret_xml, GError **error);

/* Defines xml. novel: it has elements or attributes that libvirt may not know and would ignore, so
 * that it has to be checked against the host's schema, which takes as long as all the rest. What
 * libvirt wrote itself and whose values alone were changed needs no schema: libvirt refuses a value
 * that it does not know. expected is what mvm_definition_read() gave before, or
 * NULL when there was no domain: when something else is there by now, nothing is changed and it
 * fails with MVM_ERROR_CONFLICT. name is the domain's. */
bool mvm_definition_write(MvmConnection *conn, const char *name, const char *xml, bool novel,
                          const char *expected, GError **error);

/* Sets whether the domain starts with the host. */
bool mvm_definition_set_autostart(MvmConnection *conn, const char *name, bool autostart,
                                  GError **error);

/* Whether the domain runs now (paused counts). False when it does not exist. */
bool mvm_definition_is_running(MvmConnection *conn, const char *name);

/* The same; *ret_saved, for one that is off, is whether its next start goes on from a saved state,
 * with the definition of that time; ret_saved may be NULL. */
bool mvm_definition_look(MvmConnection *conn, const char *name, bool *ret_saved);

/* The name of the domain that has uuid in *ret_name, which the caller frees; NULL there when none
 * has it. */
bool mvm_definition_find_uuid(MvmConnection *conn, const char *uuid, char **ret_name,
                              GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who a Mac is: model, serial number, board serial number (MLB) and ROM. Apple's services tell Macs
 * apart by them, so no two machines may share one; with the domain's UUID they are all that
 * OpenCore needs (PlatformInfo/Generic in its Configuration manual).
 *
 * How the numbers are made up is documented by OpenCorePkg, Utilities/macserial/FORMAT.md; which
 * codes a model has, in its AppleModels/DataBase. A number made here follows the rules; that Apple
 * made such a Mac, or did not, nobody can promise.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *model;  /* "iMacPro1,1" */
    char *serial; /* 12 characters: place, half-year, week, line, product */
    char *mlb;    /* 17 characters: place, year, week, item, infix, board, checksum */
    char *rom;    /* 12 hexadecimal digits in capitals: the MAC address of the first card */
} MvmIdentity;

/* A new one for model, which must be one that mvm_identity_has_model() knows; mac is
 * "52:54:00:...". Random bits are the kernel's. The caller frees. */
MvmIdentity *mvm_identity_new(const char *model, const char *mac);
MvmIdentity *mvm_identity_copy(const MvmIdentity *identity);
void mvm_identity_free(MvmIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MvmIdentity, mvm_identity_free)

bool mvm_identity_has_model(const char *model);

/* Checks the numbers by the rules above: form, alphabet, date, checksum, and that product and board
 * are the model's. Of a model that is not known, alphabet and length are all that is asked. Fails
 * with MVM_ERROR_FAILED and says which number is wrong. */
bool mvm_identity_check(const MvmIdentity *identity, GError **error);

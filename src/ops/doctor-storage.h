/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doctor's questions about pools, images and upstream's files. */
#pragma once

#include "host/facts.h"
#include "ops/context.h"

/* Fills facts' pool, space and access. pool is the option's value; NULL for the default. */
void mvm_doctor_gather_pool(MvmConnection *conn, const char *pool, MvmFacts *facts);

/* "macvm fetch 14": what brings the recovery media of facts' machine. The caller frees. */
char *mvm_doctor_fetch_command(const MvmFacts *facts);

/* Fills facts' findings on volumes; conn may be NULL. pool as above. */
void mvm_doctor_gather_images(MvmConnection *conn, const char *pool, MvmFacts *facts);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A clipboard agent follows its machine: it rests while that is stopped or paused. */
#pragma once

#include "clip/agent.h"
#include "virt/domain.h"

/* Whether the guest's ssh can answer in that state. */
bool mvm_clip_state_is_awake(MvmState state);

/* Follows domain by libvirt's events until ended (a descriptor) is readable or a signal has come.
 * The loss of libvirt is survived: the agent goes on, and libvirt is asked again from time to time.
 * Stops the agent when the domain is gone for good. */
void mvm_clip_follow(MvmDomain *domain, MvmAgent *agent, int ended);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a machine's virtual CPUs are laid out.
 *
 * macOS starts with a power of two of logical CPUs in a socket; with others it hangs or starts over
 * (quickemu issues 865 and 1537, acidanthera/bugtracker issue 531). Two more are known to work: the
 * 6 cores with 2 threads each that are macvm's default, and 24 in a socket (dockur/macos,
 * src/cpu.sh). Any other number of cores is spread over sockets, an odd one by one each, as in
 * dockur's table and in OSX-KVM's notes.md.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What macOS's kernel counts to (MAX_CPUS in osfmk/i386/mp.h of xnu). */
#define MVM_CPUS_MAX 64

typedef struct {
    unsigned sockets;
    unsigned cores;   /* of a socket */
    unsigned threads; /* of a core */
} MvmTopology;

unsigned mvm_topology_cpus(const MvmTopology *topology);

/* Whether macOS is known to start with it. */
bool mvm_topology_is_good(const MvmTopology *topology);

/* Lays cores with threads each out over as few sockets as it takes. */
MvmTopology mvm_topology_spread(unsigned cores, unsigned threads);

/* The good ones next to topology with the same sockets and threads, fewer and more cores; false
 * where there is none. */
bool mvm_topology_find_below(const MvmTopology *topology, MvmTopology *ret_below);
bool mvm_topology_find_above(const MvmTopology *topology, MvmTopology *ret_above);

/* Fails with MVM_ERROR_USAGE on more CPUs than macOS can have. */
bool mvm_topology_check(const MvmTopology *topology, GError **error);

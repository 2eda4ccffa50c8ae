/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/topology.h"

#include "util/error.h"

unsigned
mvm_topology_cpus(const MvmTopology *topology)
{
    return topology->sockets * topology->cores * topology->threads;
}

static bool
is_power_of_two(unsigned number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

bool
mvm_topology_is_good(const MvmTopology *topology)
{
    unsigned in_socket = topology->cores * topology->threads;

    if (mvm_topology_cpus(topology) > MVM_CPUS_MAX)
        return false;
    return is_power_of_two(in_socket) || in_socket == 24 ||
           (topology->cores == 6 && topology->threads == 2);
}

MvmTopology
mvm_topology_spread(unsigned cores, unsigned threads)
{
    MvmTopology one = {.sockets = 1, .cores = cores, .threads = threads};
    MvmTopology spread = one;

    if (mvm_topology_is_good(&one))
        return one;
    /* The largest power of two in it is a socket's, what is left over are the sockets. */
    spread.cores = cores & -cores;
    spread.sockets = cores / spread.cores;
    return spread;
}

bool
mvm_topology_find_below(const MvmTopology *topology, MvmTopology *ret_below)
{
    MvmTopology near = *topology;

    while (--near.cores > 0) {
        if (mvm_topology_is_good(&near)) {
            *ret_below = near;
            return true;
        }
    }
    return false;
}

bool
mvm_topology_find_above(const MvmTopology *topology, MvmTopology *ret_above)
{
    MvmTopology near = *topology;

    while (++near.cores <= MVM_CPUS_MAX) {
        if (mvm_topology_is_good(&near)) {
            *ret_above = near;
            return true;
        }
    }
    return false;
}

bool
mvm_topology_check(const MvmTopology *topology, GError **error)
{
    unsigned cpus = mvm_topology_cpus(topology);

    if (cpus <= MVM_CPUS_MAX)
        return true;
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE,
                "cannot give a machine %u CPUs (%u x %u x %u): macOS counts to %d", cpus,
                topology->sockets, topology->cores, topology->threads, MVM_CPUS_MAX);
    mvm_error_set_hint(error, "ask for less with --sockets, --cores and --threads");
    return false;
}

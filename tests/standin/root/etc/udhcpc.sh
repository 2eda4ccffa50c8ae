#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Called by udhcpc with the lease in its environment.
# shellcheck disable=SC2154
case $1 in
deconfig) ip addr flush dev "$interface" ;;
bound | renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/${mask:-24}" dev "$interface"
    for gateway in $router; do
        ip route replace default via "$gateway" dev "$interface"
        break
    done
    : >/etc/resolv.conf
    for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
    ;;
esac

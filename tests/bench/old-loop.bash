# SPDX-License-Identifier: LGPL-2.1-or-later
# The peer of clip.py: the loop that people write, text only, over a ControlMaster, every half second.
#   old-loop.bash SSH PORT CONTROL-SOCKET
ssh=("$1" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p "$2" -S "$3")
"${ssh[@]}" -M -N -f 127.0.0.1
host_last=$(timeout 2 xclip -selection clipboard -o 2>/dev/null)
guest_last=$("${ssh[@]}" 127.0.0.1 'LC_CTYPE=UTF-8 pbpaste')
while :; do
    host=$(timeout 2 xclip -selection clipboard -o 2>/dev/null)
    if [ "$host" != "$host_last" ] && [ -n "$host" ]; then
        host_last=$host guest_last=$host
        printf %s "$host" | "${ssh[@]}" 127.0.0.1 'LC_CTYPE=UTF-8 pbcopy'
    fi
    guest=$("${ssh[@]}" 127.0.0.1 'LC_CTYPE=UTF-8 pbpaste')
    if [ "$guest" != "$guest_last" ] && [ -n "$guest" ]; then
        guest_last=$guest host_last=$guest
        printf %s "$guest" | xclip -selection clipboard -i >/dev/null 2>&1
    fi
    sleep 0.5
done

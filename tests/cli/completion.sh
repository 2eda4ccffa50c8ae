#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# completion.sh MACVM: the completion scripts in their shells; zsh and fish where they are installed.
set -u
program=$1
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME=$home XDG_RUNTIME_DIR=$home XDG_CONFIG_HOME=$home XDG_DATA_HOME=$home TERM=dumb
LIBVIRT_DEFAULT_URI=test://$(dirname "$(realpath "$0")")/machines.xml
export LIBVIRT_DEFAULT_URI
wrong=0

expect() { # WHAT GOT WANTED
    if [ "$2" != "$3" ]; then
        printf '%s: got <%s>, not <%s>\n' "$1" "$2" "$3"
        wrong=1
    fi
}

macvm() { "$program" "$@"; }
# shellcheck disable=SC2317,SC2329
compopt() { options="$*"; } # bash has it only in a shell with a line editor
# shellcheck disable=SC1090
. <(macvm completion bash)
in_bash() { # LINE WANTED WORD...: the words as bash splits them
    local line=$1 wanted=$2
    shift 2
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=() options=''
    _macvm
    expect "bash: $line" "${COMPREPLY[*]-}$options" "$wanted"
}
in_bash 'macvm unde' undefine macvm unde
in_bash 'macvm up on' on macvm up on
in_bash 'macvm up my' 'my\ \"resting\"\ mac' macvm up my
in_bash 'macvm up my\ \"r' 'my\ \"resting\"\ mac' macvm up 'my\ \"r'
in_bash 'macvm set on --acc' '--accel=-o nospace' macvm set on --acc
in_bash 'macvm set on --accel=' 'auto kvm tcg' macvm set on --accel =
in_bash 'macvm set on --accel=k' kvm macvm set on --accel = k
in_bash 'macvm -c qemu:///se' ///session macvm -c qemu : ///se
in_bash 'macvm  -c qemu:///session fin' finish macvm -c qemu : ///session fin
in_bash 'macvm screenshot on pic' '' macvm screenshot on pic

if command -v fish >/dev/null; then
    mkdir -p "$home/bin" "$home/fish/completions"
    ln -s "$(realpath "$program")" "$home/bin/macvm"
    macvm completion fish >"$home/fish/completions/macvm.fish"
    in_fish() { # LINE WANTED
        expect "fish: $1" "$(PATH=$home/bin:$PATH fish -c "complete -C '$1'" 2>&1 | cut -f1 | tr '\n' ' ')" "$2"
    }
    in_fish 'macvm unde' 'undefine '
    in_fish 'macvm set on --accel=k' '--accel=kvm '
    in_fish 'macvm up o' 'on open '
fi
exit $wrong

#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# From a fresh checkout to a macvm that runs.
#
#   ./bootstrap.sh           install missing packages, build, install for this user (PREFIX=DIR: elsewhere than ~/.local)
#   ./bootstrap.sh --demo    then the main job, start to end, without macOS, KVM or GitHub: a small Linux stands in
#   ./bootstrap.sh --test    packages of the tests too, then build and run all tests
#   ./bootstrap.sh --deps    packages only (with --test or --demo: those of the tests or the demo too)
#   ./bootstrap.sh --demo-installed    the demo alone, with the macvm of PREFIX or else of PATH: nothing is built
#
# Root is needed for packages alone, asked for through sudo or pkexec, and the command is shown first. --no-deps skips them.
# Without a terminal, or with CI=true, nothing is asked.

set -eu

top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
chosen_prefix=${PREFIX:-}
PREFIX=${PREFIX:-${HOME:-/root}/.local}
export PATH="$PATH:/usr/sbin:/sbin"

# --- the packages: one list a manager, all in this function -------------------------------------------------------------
packages() { # MANAGER GROUP, groups: run build demo test
    case $1:$2 in
    apt:run) echo ca-certificates libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils ovmf openssh-client mtools passt ;;
    apt:build)
        echo gcc libc6-dev cmake ninja-build pkgconf libglib2.0-dev libvirt-dev libxml2-dev libjson-glib-dev \
            libsmartcols-dev libgit2-dev libcurl4-openssl-dev libdeflate-dev libssl-dev libbz2-dev liblzma-dev \
            zlib1g-dev libfdisk-dev libxcb1-dev libxcb-xfixes0-dev libwayland-dev scdoc
        ;;
    apt:demo) echo binutils cpio dosfstools gdisk util-linux ;;
    apt:test)
        echo clang desktop-file-utils dmg2img dnsmasq-base git iproute2 iptables libclang-rt-dev libduktape207 libpng-dev libxml2-utils mmdebstrap openssh-server openssl procps python3 shellcheck sway \
            virtinst wl-clipboard x11-apps xclip xsel xvfb
        ;;

    dnf:run) echo ca-certificates libvirt-daemon-driver-qemu libvirt-daemon-driver-storage-core libvirt-client qemu-system-x86-core qemu-img edk2-ovmf openssh-clients mtools passt ;;
    dnf:build)
        echo gcc cmake ninja-build pkgconf-pkg-config glib2-devel libvirt-devel libxml2-devel json-glib-devel \
            libsmartcols-devel libgit2-devel libcurl-devel libdeflate-devel openssl-devel bzip2-devel xz-devel \
            zlib-devel libfdisk-devel libxcb-devel wayland-devel scdoc
        ;;
    dnf:demo) echo binutils cpio dosfstools gdisk util-linux apt dpkg ;;
    dnf:test)
        echo clang compiler-rt desktop-file-utils dnsmasq duktape git iproute iptables-nft libpng-devel libxml2 openssh-server openssl procps-ng python3 ShellCheck sway virt-install \
            wl-clipboard xclip xclipboard xsel xorg-x11-server-Xvfb
        ;;

    pacman:run) echo ca-certificates libvirt qemu-system-x86 qemu-img qemu-hw-display-virtio-vga edk2-ovmf openssh mtools passt ;;
    pacman:build)
        echo gcc cmake ninja pkgconf glib2 libvirt libxml2 json-glib util-linux-libs libgit2 curl libdeflate openssl \
            bzip2 xz zlib libxcb wayland scdoc
        ;;
    pacman:demo) echo binutils cpio dosfstools gptfdisk util-linux ;;
    pacman:test)
        echo clang compiler-rt desktop-file-utils dnsmasq duktape git iproute2 iptables libpng libxml2 openssh openssl procps-ng python shellcheck sway virt-install wl-clipboard \
            xclip xsel xorg-server-xvfb
        ;;

    zypper:run) echo ca-certificates-mozilla libvirt-daemon-qemu libvirt-client qemu-x86 qemu-tools qemu-ovmf-x86_64 openssh-clients mtools passt ;;
    zypper:build)
        echo gcc cmake ninja pkgconf-pkg-config glib2-devel libvirt-devel libxml2-devel json-glib-devel \
            libsmartcols-devel libgit2-devel libcurl-devel libdeflate-devel libopenssl-devel libbz2-devel xz-devel \
            zlib-devel libfdisk-devel libxcb-devel wayland-devel scdoc
        ;;
    zypper:demo) echo binutils cpio dosfstools gptfdisk util-linux ;;
    zypper:test)
        echo clang desktop-file-utils dnsmasq duktape git iproute2 iptables libpng16-devel libxml2-tools openssh-server openssl procps python3 ShellCheck sway \
            virt-install wl-clipboard xclip xclipboard xsel xorg-x11-server-Xvfb
        ;;
    esac
}

missing_packages() { # MANAGER PACKAGE...: those that are not installed
    local manager=$1 name
    shift
    case $manager in
    apt)
        for name; do
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
        done
        ;;
    dnf | zypper) for name; do rpm -q --whatprovides "$name" >/dev/null 2>&1 || echo "$name"; done ;;
    pacman) pacman -T "$@" || : ;;
    esac
}

install_command() { # MANAGER: words before the packages
    case $1 in
    apt) echo 'env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends' ;;
    dnf) echo 'dnf install -y --setopt=install_weak_deps=False' ;;
    pacman) echo 'pacman -S --needed --noconfirm' ;;
    zypper) echo 'zypper --non-interactive install --no-recommends' ;;
    esac
}

# --- talking ------------------------------------------------------------------------------------------------------------
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
doing='start'
hint=''
cleanup=:
step() { doing=$1 hint=${2:-} && printf '%s==> %s%s\n' "$bold" "$1" "$plain"; }
tell() { # a command as one could type it
    local word line=''
    for word; do
        case $word in
        '' | *[!A-Za-z0-9_./:=@%+,-]*) line="$line '${word//\'/\'\\\'\'}'" ;;
        *) line="$line $word" ;;
        esac
    done
    printf '%s$%s%s\n' "$bold" "$line" "$plain"
}
show() {
    tell "$@"
    "$@"
}
die() {
    hint=${2:-}
    doing=$1
    exit 1
}
finish() {
    local code=$?
    trap - EXIT
    $cleanup
    if [ "$code" -eq 130 ] || [ "$code" -eq 143 ]; then
        echo 'bootstrap: interrupted; run it again to go on' >&2
    elif [ "$code" -ne 0 ]; then
        printf 'bootstrap: cannot %s\n' "$doing" >&2
        [ -z "$hint" ] || printf 'hint: %s\n' "$hint" >&2
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

interactive() { [ -t 0 ] && [ -t 1 ] && [ "${CI:-}" != true ]; }

root_words=()
become_root() { # COMMAND...: root_words becomes what runs it as root
    if [ "$(id -u)" -eq 0 ]; then
        root_words=()
    elif command -v sudo >/dev/null 2>&1 && { interactive || sudo -n true 2>/dev/null; }; then
        if interactive; then root_words=(sudo); else root_words=(sudo -n); fi
    elif interactive && command -v pkexec >/dev/null 2>&1; then
        root_words=(pkexec)
    else
        die "become root: there is no sudo, or it wants a password and there is no terminal to ask on" \
            "once, as root: $top/bootstrap.sh$mode_word --deps; then the same command as now"
    fi
}
as_root() { # COMMAND...: on a terminal as it is; elsewhere a package manager's thousand lines are shown if it fails
    local log code=0
    become_root "$@"
    tell "${root_words[@]}" "$@"
    if [ -t 1 ]; then
        "${root_words[@]}" "$@"
        return
    fi
    log=$(mktemp) # not in the tree: root's files there would be in the user's way
    "${root_words[@]}" "$@" >"$log" 2>&1 </dev/null || code=$?
    [ "$code" -eq 0 ] || tail -n 40 "$log"
    rm -f "$log"
    return "$code"
}

# --- packages -----------------------------------------------------------------------------------------------------------
manager=
for candidate in apt:apt-get dnf:dnf pacman:pacman zypper:zypper; do
    if command -v "${candidate#*:}" >/dev/null 2>&1; then
        manager=${candidate%%:*}
        break
    fi
done

lists_updated=
update_lists() {
    as_root apt-get update
    lists_updated=yes
}
with_new_lists() { # STATUS COMMAND...: a command that ends with STATUS is tried once more, with new package lists
    local code=0 fetch_failed=$1
    shift
    "$@" || code=$?
    if [ "$code" -ne "$fetch_failed" ] || [ "$manager" != apt ] || [ -n "$lists_updated" ]; then return "$code"; fi
    echo 'once more, with new package lists'
    update_lists
    "$@"
}

install_packages() { # GROUP...
    local group names='' missing name
    step 'check packages'
    if [ -z "$manager" ]; then
        die 'find a package manager: none of apt-get, dnf, pacman, zypper' \
            "install by hand what 'apt:' lists in $top/bootstrap.sh, then run it with --no-deps"
    fi
    for group; do names="$names $(packages "$manager" "$group")"; done
    # shellcheck disable=SC2086
    missing=$(missing_packages "$manager" $names | tr '\n' ' ')
    missing=${missing% }
    if [ -z "$missing" ]; then
        echo 'all installed'
        return
    fi
    step "install packages: $missing" "look at the package manager's message above; --no-deps goes on without"
    if [ "$manager" = apt ]; then
        for name in $missing; do
            apt-cache show "$name" >/dev/null 2>&1 || {
                update_lists
                break
            }
        done
    fi
    # shellcheck disable=SC2046,SC2086
    with_new_lists 100 as_root $(install_command "$manager") $missing
}

# --- build and install ----------------------------------------------------------------------------------------------------
build() { # PRESET [CMAKE-OPTION...]
    local preset=$1
    shift
    step "build preset $preset" "the first error above is the one to look at; a fresh try: rm -rf $top/build/$preset"
    (cd "$top" && show cmake --preset "$preset" "$@" && show cmake --build --preset "$preset")
}

build_and_install() {
    build release "-DCMAKE_INSTALL_PREFIX=$PREFIX" -DBUILD_TESTING=OFF
    step "install into $PREFIX" 'PREFIX=DIR installs elsewhere'
    show cmake --install "$top/build/release" >"$top/build/release/install.log" || {
        cat "$top/build/release/install.log"
        exit 1
    }
    "${DESTDIR:-}$PREFIX/bin/macvm" --version
    case ":$PATH:" in
    *":$PREFIX/bin:"*) ;;
    *) echo "note: $PREFIX/bin is not in PATH" ;;
    esac
    case ${SHELL:-} in
    */zsh) echo "note: to complete in zsh, before compinit: fpath=($PREFIX/share/zsh/site-functions \$fpath)" ;;
    esac
}

# --- the demo -------------------------------------------------------------------------------------------------------------
demo_dir=
demo_run() { # runs in an environment of its own, so that no machine of the user's is seen or touched
    env -i PATH="$demo_dir/bin:$PATH" HOME="$demo_dir/h" LANG=C.UTF-8 TERM="${TERM:-dumb}" XDG_RUNTIME_DIR="$demo_dir/r" \
        XDG_DATA_HOME="$demo_dir/h/.local/share" XDG_CONFIG_HOME="$demo_dir/h/.config" XDG_CACHE_HOME="$demo_dir/h/.cache" \
        MACVM_SSH="$demo_dir/bin/ssh" ${demo_data:+MACVM_DATA_DIR="$demo_data"} "$@"
}
demo() { # COMMAND...: shown as a user would type it
    tell "$@"
    (cd "$demo_dir/h" && ${demo_user:+setpriv --reuid=65534 --regid=65534 --clear-groups} "$BASH" -c \
        "$(declare -f demo_run); demo_dir=\$1 demo_data=\$2; shift 2; demo_run \"\$@\"" demo "$demo_dir" "$demo_data" "$@") &
    wait $! # so that a signal is heeded at once: bash would wait for the end of a program in the foreground
}
demo_pids() { # processes of the demo: they carry its directory in their environment
    local file
    for file in /proc/[0-9]*/environ; do
        if grep -qzF "=$demo_dir/" "$file" 2>/dev/null; then
            file=${file#/proc/}
            echo "${file%/environ}"
        fi
    done
}
demo_end() {
    local signal pid
    [ -n "$demo_dir" ] || return 0
    if [ -n "${MACVM_DEMO_KEEP:-}" ]; then
        echo "kept $demo_dir"
        return 0
    fi
    for signal in TERM TERM KILL; do
        for pid in $(demo_pids); do kill -s "$signal" "$pid" 2>/dev/null || :; done
        [ -z "$(demo_pids)" ] || sleep 1
    done
    rm -rf "$demo_dir"
    demo_dir=
}

standin=$top/build/standin
build_standin() { # made of Debian's packages: only apt fetches them
    step 'build the guest that stands in for macOS' 'the first message above names the cause'
    with_new_lists 3 show "$top/tests/standin/build.sh" "$standin"
}

find_installed() { # PREFIX becomes that of the macvm that is there
    local program=${chosen_prefix:+$chosen_prefix/bin/}macvm
    program=$(command -v "$program") ||
        die "find an installed macvm${chosen_prefix:+ in $chosen_prefix/bin}" './bootstrap.sh --demo builds one and installs it'
    program=$(readlink -f "$program")
    PREFIX=${program%/bin/macvm}
    "$program" --version
}

run_demo() {
    local port program=$PREFIX/bin/macvm name path

    build_standin

    demo_dir=$(mktemp -d /tmp/macvm-demo.XXXXXX) # short: a socket's name has 108 characters
    cleanup=demo_end
    demo_user='' demo_data=''
    mkdir -p "$demo_dir"/{bin,r,h/.config,h/.cache} "$demo_dir/h/.local/share/macvm/OSX-KVM/OpenCore"
    chmod 700 "$demo_dir/r"
    cp "$standin/opencore-standin.qcow2" "$standin/id_ed25519" "$demo_dir/"
    cp "$standin/opencore-standin.qcow2" "$demo_dir/h/.local/share/macvm/OSX-KVM/OpenCore/OpenCore.qcow2"
    # macvm reads the OSK from upstream's script; the stand-in needs none, so this one is sixty-four made-up characters
    printf '%s\n' '#!/bin/sh' '# in place of upstream, for the demo' \
        '-device isa-applesmc,osk="demo-words-in-place-of-a-key;demo-words-in-place-of-a-key;(c)0ur"' \
        >"$demo_dir/h/.local/share/macvm/OSX-KVM/OpenCore-Boot.sh"
    for path in /usr/share/OVMF/OVMF_CODE_4M.fd:OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_VARS_4M.fd:OVMF_VARS-1920x1080.fd; do
        if [ -e "${path%%:*}" ]; then cp "${path%%:*}" "$demo_dir/h/.local/share/macvm/OSX-KVM/${path#*:}"; fi
    done
    # the guest's key, known to ssh in this demo alone
    printf '%s\n' "Host *" "  IdentityFile $demo_dir/id_ed25519" "  UserKnownHostsFile $demo_dir/known_hosts" \
        "  StrictHostKeyChecking accept-new" "  LogLevel ERROR" "  BatchMode yes" >"$demo_dir/ssh_config"
    printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config "$@"\n' "$demo_dir" >"$demo_dir/bin/ssh"
    ln -s "$program" "$demo_dir/bin/macvm"
    chmod 755 "$demo_dir/bin/ssh"
    chmod 600 "$demo_dir/id_ed25519"
    if [ "$(id -u)" -eq 0 ]; then
        demo_user=yes # root's qemu:///session is the system daemon; a true one needs somebody else
        echo "as root: the demo runs as uid 65534, because root has no session of its own in libvirt"
        if ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$program"; then
            rm "$demo_dir/bin/macvm"
            cp "$program" "$demo_dir/bin/macvm"
            demo_data=$demo_dir/data
            cp -r "$PREFIX/share/macvm" "$demo_data"
        fi
        chown -R 65534:65534 "$demo_dir"
    fi
    port=2222
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done

    step 'define the machine, with the stand-in in the place of OpenCore' "see what 'macvm doctor' says"
    name=demo
    demo macvm -c qemu:///session define "$name" --accel tcg --opencore "$demo_dir/opencore-standin.qcow2" \
        --ssh-port "$port" --ssh-user root
    demo macvm -c qemu:///session list
    step 'start it, and wait until its ssh answers (without KVM: about 20 s)' \
        "MACVM_DEMO_KEEP=1 keeps the machine and $demo_dir to look at"
    demo macvm -c qemu:///session up "$name" --wait-ssh=240
    demo macvm -c qemu:///session status "$name"
    step 'take a picture of its screen'
    demo macvm -c qemu:///session screenshot "$name" "$demo_dir/h/screen.png"
    mkdir -p "$top/build"
    cp "$demo_dir/h/screen.png" "$top/build/demo-screen.png"
    echo "picture: $top/build/demo-screen.png"
    step 'run a command in it, and use its clipboard'
    demo macvm -c qemu:///session ssh "$name" -- uname -a
    demo macvm -c qemu:///session ssh "$name" -- 'echo copied in the guest | pbcopy; pbpaste'
    step 'shut it down'
    demo macvm -c qemu:///session down "$name" --timeout 60
    step 'remove it'
    demo macvm -c qemu:///session undefine "$name" --remove-storage --yes
    demo macvm -c qemu:///session list
    demo_end
    step 'done: the main job works on this machine'
    echo 'the real thing: macvm bootstrap && macvm up --view'
}

# --- the tests ------------------------------------------------------------------------------------------------------------
run_tests() {
    local jobs cores
    cores=$(nproc 2>/dev/null || echo 2)
    jobs=$((cores + 1)) # they wait for guests and daemons, too
    build dev
    if [ "$manager" = apt ] && [ -n "$deps" ]; then
        build_standin
        export MACVM_TEST_REQUIRE_STANDIN=1 # no test of a guest is left out
    fi
    step 'run all tests' "one alone: ctest --preset dev -R NAME"
    # Twice for what fails: emulated guests on a busy machine miss a deadline now and then. What fails is shown either way.
    (cd "$top" && show ctest --preset dev -j "$jobs" --repeat until-pass:2)
    build asan
    step 'run unit and corpus tests under the sanitizers' "one alone: ctest --preset asan -R NAME"
    (cd "$top" && show ctest --preset asan -j "$cores" -L 'unit|corpus')
    step 'build the fuzz targets'
    (cd "$top" && show cmake --preset fuzz && show cmake --build --preset fuzz --target fuzzers)
    step 'fuzz each parser for some seconds' "one alone, for longer: build/fuzz/bin/fuzz-NAME -max_total_time=600"
    (cd "$top" && show ctest --preset fuzz -j "$cores" -L fuzz)
    step "done: all tests passed, after $((SECONDS / 60)) min"
}

# --- what is asked for ----------------------------------------------------------------------------------------------------
mode=install mode_word='' only_deps='' deps=yes
for arg; do
    case $arg in
    --demo) mode=demo mode_word=' --demo' ;;
    --demo-installed) mode=demo-installed mode_word=' --demo-installed' ;;
    --test) mode='test' mode_word=' --test' ;;
    --deps) only_deps=yes ;;
    --no-deps) deps='' ;;
    -h | --help)
        sed -n '3,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    *)
        trap - EXIT
        printf "bootstrap: unknown option '%s'; see %s --help\n" "$arg" "$0" >&2
        exit 2
        ;;
    esac
done

case $mode in
install) groups='run build' ;;
demo) groups='run build demo' ;;
demo-installed) groups=demo ;;
test) groups='run build demo test' ;;
esac
# shellcheck disable=SC2086
[ -z "$deps" ] || install_packages $groups
[ -z "$only_deps" ] || exit 0
case $mode in
install) build_and_install ;;
demo)
    build_and_install
    run_demo
    ;;
demo-installed)
    find_installed
    run_demo
    ;;
test) run_tests ;;
esac

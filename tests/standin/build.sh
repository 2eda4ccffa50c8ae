#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the stand-in guest: a small Linux that boots where OpenCore would, from the same disk, firmware and domain.
#
#   build.sh OUTDIR
#
# leaves in OUTDIR
#   opencore-standin.qcow2        the disk: GPT, one EFI partition, one bootable image
#   id_ed25519, id_ed25519.pub    the key that the guest's root accepts
#   ssh_host_ed25519_key.pub      the host key that the guest shows, the same at every boot
#   facts                         KEY=VALUE lines: versions, sizes
#
# Needs no privilege: no mount, no loop device, nothing installed. Packages are fetched through apt-get and unpacked.
# A second call with the same inputs does nothing; an interrupted one leaves what was there before. The exit status is 3
# when apt could not find or fetch a package: newer package lists may help.
#
# MACVM_STANDIN_CACHE names a directory for the downloaded packages (default: OUTDIR/packages).

set -eu
export LC_ALL=C
umask 022

epoch=1700000000 # one time stamp for every file, so that two builds of the same packages differ in keys alone
here=$(cd "$(dirname "$0")" && pwd)

status=1
die() {
    printf 'standin: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf 'hint: %s\n' "$line" >&2; done
    exit "$status"
}

[ $# -eq 1 ] || {
    echo "usage: $0 OUTDIR" >&2
    exit 2
}
case $1 in -h | --help) sed -n '3,18s/^# \{0,1\}//p' "$0" && exit 0 ;; esac
mkdir -p "$1" || exit 1
out=$(cd "$1" && pwd)
export PATH="$PATH:/usr/sbin:/sbin"

# --- already done? ----------------------------------------------------------------------------------------------------
stamp=$(find "$here" -type f -print0 | sort -z | (cd "$here" && xargs -0 sha256sum) | sed "s,  $here/,  ," | sha256sum |
    cut -d' ' -f1)
is_done() {
    [ -f "$out/.stamp" ] && [ "$(cat "$out/.stamp")" = "$stamp" ] && [ -s "$out/opencore-standin.qcow2" ] &&
        [ -s "$out/id_ed25519" ] && [ -s "$out/id_ed25519.pub" ] && [ -s "$out/ssh_host_ed25519_key.pub" ]
}
if is_done; then exit 0; fi

# --- what it takes ----------------------------------------------------------------------------------------------------
[ "$(uname -m)" = x86_64 ] || die "the stand-in guest is built on x86_64 only, this is $(uname -m)"
need() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
missing=
need apt-get apt
need dpkg dpkg
need objcopy binutils
need objdump binutils
need strip binutils
need cpio cpio
need gzip gzip
need sgdisk gdisk
need mkfs.vfat dosfstools
need mcopy mtools
need qemu-img qemu-utils
need ssh-keygen openssh-client
need flock util-linux
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
    case $missing in *apt*) die "cannot build the stand-in guest without apt-get and dpkg" \
        "it is made of Debian's packages: run this on Debian or Ubuntu, or in such a container" ;; esac
    die "cannot build the stand-in guest: missing ${missing% }" "apt-get install ${missing% }"
fi

exec 9>"$out/.lock"
flock 9                    # a parallel test run waits for the first builder ...
if is_done; then exit 0; fi # ... and finds its work done

find "$out" -maxdepth 1 -type d -name '.build.*' -exec rm -rf {} + # of a build that was killed
tmp=$(mktemp -d "$out/.build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
say() { printf 'standin: %s\n' "$*" >&2; }

# --- packages ---------------------------------------------------------------------------------------------------------
status=3
kernel=
for meta in linux-image-amd64 linux-image-generic; do # the cloud and virtual flavours have no AHCI
    kernel=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    [ -z "$kernel" ] || break
done
[ -n "$kernel" ] || die "cannot find a kernel package: apt knows neither linux-image-amd64 nor linux-image-generic" \
    "run 'apt-get update' (as root) first"
packages="$kernel busybox-static dropbear-bin libtomcrypt1 libtommath1 libgmp10 zlib1g libcrypt1 libc6 systemd-boot-efi"
# Ubuntu, and Debian after 13, ship the kernel and its modules in packages of their own.
for part in base binary modules; do
    part=linux-$part-${kernel#linux-image-}
    if apt-cache show "$part" >/dev/null 2>&1; then packages="$packages $part"; fi
done

debs=${MACVM_STANDIN_CACHE:-$out/packages}
mkdir -p "$debs"
say "fetching packages: $packages"
sandbox=
if [ "$(id -u)" -eq 0 ]; then sandbox='-oAPT::Sandbox::User=root'; fi # _apt may not write here
# shellcheck disable=SC2086
(cd "$debs" && apt-get -qq -oAcquire::Retries=3 $sandbox download $packages >"$tmp/apt.log" 2>&1) || {
    cat "$tmp/apt.log" >&2
    die "cannot download the packages of the stand-in guest" "run 'apt-get update' (as root) first, or check the network"
}
status=1
say "unpacking"
for package in $packages; do
    # the newest of what the cache holds: apt leaves the versions of earlier builds there
    # shellcheck disable=SC2012
    deb=$(ls -t "$debs/${package}"_*.deb | head -n 1)
    dpkg -x "$deb" "$tmp/pkg"
    printf '%s\n' "${deb##*/}" >>"$tmp/versions"
done
pkg=$tmp/pkg
release=${kernel#linux-image-}
vmlinuz=$(find "$pkg" -path "*/boot/vmlinuz-$release" -o -path "*/lib/modules/$release/vmlinuz" | head -n 1)
moddir=$(find "$pkg" -path "*/lib/modules/$release/modules.builtin" | head -n 1)
moddir=${moddir%/*}
busybox=$(find "$pkg" -type f -path '*/bin/busybox' | head -n 1)
stub=$(find "$pkg" -name linuxx64.efi.stub | head -n 1)
for part in "$vmlinuz" "$moddir" "$busybox" "$stub"; do
    [ -n "$part" ] || die "cannot build the stand-in guest: the packages in $debs lack the kernel, its modules, busybox or the EFI stub" \
        "a newer Debian may have moved them: see 'packages' in $0"
done

# --- root file system -------------------------------------------------------------------------------------------------
say "making the root file system (Linux $release)"
root=$tmp/root
mkdir -p "$root"/{bin,sbin,dev,etc/dropbear,proc,root/.ssh,run,sys,tmp,usr/bin,usr/sbin,var/run,var/log,lib64}
cp "$busybox" "$root/bin/busybox"
"$busybox" --list-full | while read -r applet; do
    case $applet in bin/busybox | linuxrc) continue ;; esac
    mkdir -p "$root/${applet%/*}"
    ln -sf /bin/busybox "$root/$applet"
done
ln -s /bin/busybox "$root/init"
(cd "$here/root" && find . -type d -exec mkdir -p "$root/{}" \; && find . -type f) | while read -r file; do
    rm -f "$root/$file" # else cp writes through the link to busybox
    cp "$here/root/$file" "$root/$file"
    case $file in ./etc/acpi/* | ./etc/rcS | ./etc/udhcpc.sh | ./usr/*) chmod 755 "$root/$file" ;; esac
done
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'user:x:0:0:user:/root:/bin/sh' 'nobody:x:65534:65534::/:/bin/false' \
    >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$root/etc/group"
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo /bin/sh >"$root/etc/shells"
chmod 700 "$root/root" "$root/root/.ssh"

cp "$(find "$pkg" -type f -path '*/sbin/dropbear')" "$root/usr/sbin/dropbear"
lib=$root/lib/x86_64-linux-gnu
mkdir -p "$lib"
for name in libtomcrypt.so.1 libtommath.so.1 libgmp.so.10 libz.so.1 libcrypt.so.1 libc.so.6; do
    cp -L "$(find "$pkg" -name "$name" | head -n 1)" "$lib/$name"
done
cp -L "$(find "$pkg" -type f -name 'ld-linux-x86-64.so.2' | head -n 1)" "$root/lib64/ld-linux-x86-64.so.2"
strip --strip-unneeded "$lib"/*.so.* 2>/dev/null || :

# The modules and what they depend on; stripped, because every byte is read through firmware.
declare -A module_file=() module_seen=()
while read -r file; do
    name=${file##*/} name=${name%%.ko*}
    module_file[${name//-/_}]=$file
done < <(find "$moddir/kernel" -name '*.ko' -o -name '*.ko.xz' -o -name '*.ko.zst')
while read -r file; do
    name=${file##*/} name=${name%.ko}
    module_seen[${name//-/_}]=built-in
done <"$moddir/modules.builtin"
add_module() { # NAME, with what it depends on
    local name=${1//-/_} file target depends
    [ -z "${module_seen[$name]:-}" ] || return 0
    module_seen[$name]=packed
    file=${module_file[$name]:-}
    [ -n "$file" ] || die "cannot build the stand-in guest: the kernel $release has no module '$name'"
    target=$root/lib/modules/$release/${file#"$moddir/"}
    target=${target%.ko*}.ko
    mkdir -p "${target%/*}"
    case $file in
    *.xz) "$busybox" unxz -c "$file" >"$target" ;;
    *.zst) zstd -q -d -c "$file" >"$target" ;;
    *) cp "$file" "$target" ;;
    esac
    objcopy --dump-section .modinfo="$tmp/modinfo" "$target"
    depends=$(tr '\0' '\n' <"$tmp/modinfo" | sed -n 's/^depends=//p')
    strip --strip-debug "$target"
    for name in ${depends//,/ }; do add_module "$name"; done
}
while read -r name; do add_module "$name"; done < <(sed -n "s/^modprobe //p" "$here/root/etc/modules")
"$busybox" depmod -b "$root" "$release"

# Keys stay the same when the guest is built again in the same place: known_hosts files stay true.
for key in id_ed25519 ssh_host_ed25519_key; do
    if [ -s "$out/$key" ] && [ -s "$out/$key.pub" ]; then
        cp -p "$out/$key" "$out/$key.pub" "$tmp/"
    else
        ssh-keygen -q -t ed25519 -N '' -C "macvm stand-in guest" -f "$tmp/$key"
    fi
done
cp "$tmp/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
chmod 600 "$root/root/.ssh/authorized_keys"
"$root/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$(find "$pkg" -type f -path '*/bin/dropbearconvert')" \
    openssh dropbear "$tmp/ssh_host_ed25519_key" "$root/etc/dropbear/dropbear_ed25519_host_key" 2>"$tmp/convert.log" || {
    cat "$tmp/convert.log" >&2
    die "cannot convert the guest's host key"
}
chmod 600 "$root/etc/dropbear/dropbear_ed25519_host_key"

find "$root" -exec touch -h -d "@$epoch" {} +
(cd "$root" && find . -print0 | sort -z | cpio -0 -o -H newc --reproducible --owner=0:0 --quiet) | gzip -n -6 >"$tmp/initrd"

# --- one EFI program of kernel, command line and root file system ------------------------------------------------------
say "making the disk"
printf '%s' 'console=tty0 console=ttyS0 quiet mitigations=off audit=0' >"$tmp/cmdline"
printf 'ID=macvm-standin\nPRETTY_NAME="macvm stand-in guest"\nVERSION_ID="%s"\n' "$release" >"$tmp/osrel"
align() { echo $((($1 + 0xffff) / 0x10000 * 0x10000)); }
# the first free address after the stub's own sections, then one section after the other, none overlapping
vma=$(objdump -h "$stub" | awk '$1 ~ /^[0-9]+$/ { print "0x" $3, "0x" $4 }' | {
    end=0
    while read -r size start; do [ $((start + size)) -le "$end" ] || end=$((start + size)); done
    align "$end"
})
set --
for section in osrel cmdline linux initrd; do
    file=$tmp/$section
    if [ "$section" = linux ]; then file=$vmlinuz; fi
    set -- "$@" --add-section ".$section=$file" --change-section-vma ".$section=$vma"
    vma=$(align $((vma + $(stat -c %s "$file"))))
done
objcopy "$@" "$stub" "$tmp/BOOTX64.EFI" 2>"$tmp/objcopy.log" || {
    cat "$tmp/objcopy.log" >&2
    die "cannot make the boot image"
}
touch -d "@$epoch" "$tmp/BOOTX64.EFI"

truncate -s 64M "$tmp/esp"
SOURCE_DATE_EPOCH=$epoch mkfs.vfat -F 32 -s 1 -i 4d41434f -n STANDIN --invariant "$tmp/esp" >/dev/null
export SOURCE_DATE_EPOCH=$epoch MTOOLS_SKIP_CHECK=1
mmd -i "$tmp/esp" ::/EFI ::/EFI/BOOT
mcopy -m -i "$tmp/esp" "$tmp/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
truncate -s 66M "$tmp/disk"
sgdisk -Z "$tmp/disk" >/dev/null 2>&1 || :
sgdisk -U 6D616376-6D00-4000-8000-000000000001 -n 1:2048:133119 -t 1:EF00 -c 1:EFI \
    -u 1:6D616376-6D00-4000-8000-000000000002 "$tmp/disk" >/dev/null
dd if="$tmp/esp" of="$tmp/disk" bs=1M seek=1 conv=notrunc,sparse status=none
qemu-img convert -q -f raw -O qcow2 "$tmp/disk" "$tmp/opencore-standin.qcow2"

{
    echo "KERNEL=$release"
    echo "INITRD_BYTES=$(stat -c %s "$tmp/initrd")"
    echo "EFI_BYTES=$(stat -c %s "$tmp/BOOTX64.EFI")"
    echo "DISK_BYTES=$(stat -c %s "$tmp/disk")"
    echo "QCOW2_BYTES=$(stat -c %s "$tmp/opencore-standin.qcow2")"
    sed 's/^/PACKAGE=/' "$tmp/versions"
} >"$tmp/facts"

# --- into place: the stamp goes first and comes last -------------------------------------------------------------------
rm -f "$out/.stamp"
for file in id_ed25519 id_ed25519.pub ssh_host_ed25519_key ssh_host_ed25519_key.pub facts opencore-standin.qcow2; do
    mv -f "$tmp/$file" "$out/$file"
done
printf '%s\n' "$stamp" >"$tmp/stamp"
mv -f "$tmp/stamp" "$out/.stamp"
say "done: $out/opencore-standin.qcow2, $(($(stat -c %s "$out/opencore-standin.qcow2") / 1048576)) MiB"

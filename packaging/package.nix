# SPDX-License-Identifier: LGPL-2.1-or-later
{
  lib,
  stdenv,
  bzip2,
  cmake,
  curl,
  glib,
  json-glib,
  libdeflate,
  libgit2,
  libvirt,
  libxml2,
  makeBinaryWrapper,
  mtools,
  ninja,
  openssh,
  openssl,
  pkg-config,
  qemu-utils,
  scdoc,
  util-linux,
  wayland,
  wayland-scanner,
  xorg,
  xz,
  zlib,
}:

stdenv.mkDerivation {
  pname = "macvm";
  version = builtins.head (
    builtins.match ".*project\\(macvm VERSION ([0-9.]+) .*" (builtins.readFile ../CMakeLists.txt)
  );
  src = lib.cleanSource ./..;

  nativeBuildInputs = [
    cmake
    makeBinaryWrapper
    ninja
    pkg-config
    scdoc
    wayland-scanner
  ];
  buildInputs = [
    bzip2
    curl
    glib
    json-glib
    libdeflate
    libgit2
    libvirt
    libxml2
    openssl
    util-linux
    wayland
    xorg.libxcb
    xz
    zlib
  ];

  cmakeFlags = [
    "-DMACVM_UNINSTALLED=OFF"
    "-DMACVM_USER_UNIT_DIR=lib/systemd/user"
    "-DBUILD_TESTING=OFF"
  ];

  # What macvm runs itself. What the machines need is on the libvirt host.
  postInstall = ''
    wrapProgram $out/bin/macvm --suffix PATH : ${
      lib.makeBinPath [
        mtools
        openssh
        qemu-utils
      ]
    }
  '';

  meta = {
    description = "macOS virtual machines on libvirt";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "macvm";
    platforms = lib.platforms.linux;
  };
}

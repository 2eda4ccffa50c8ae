#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of packaging/ against the tree: one version everywhere, in CHANGELOG.md too; the dependencies that bootstrap.sh
installs and CMake asks for; and the files that `cmake --install` installs. check-packaging.py SOURCE CMAKE BUILDDIR VERSION"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, cmake, build, version = pathlib.Path(sys.argv[1]), *sys.argv[2:]
control, spec, pkgbuild, rules, tests = (
    (source / "packaging" / name).read_text() for name in ("debian/control", "macvm.spec", "PKGBUILD", "debian/rules",
                                                           "debian/tests/control"))
wrong = []


def agree(what, wanted, found):
    """Each of the wanted is found."""
    if not wanted:
        wrong.append(f"{what}: nothing to compare with")
    wrong.extend(f"{what}: no {name}" for name in sorted(set(wanted) - set(found)))


def bootstrap(manager, group):
    """The packages of one row of bootstrap.sh's table."""
    row = re.search(rf"^ +{manager}:{group}\)\s*echo (.*?);;", (source / "bootstrap.sh").read_text(), re.M | re.S)
    return set(row[1].replace("\\\n", " ").split())


def field(text, name):
    """The packages in a field of Debian's control files, one a line."""
    return {word for block in re.findall(rf"^{name}:\n((?: .*\n)+)", text, re.M) for word in re.findall(r"^ ([\w.+-]+)", block, re.M)}


def tags(text, *names):
    return set(re.findall(rf"^(?:{'|'.join(names)}): +(\S+)", text, re.M))


def array(name):
    return set(re.findall(r"'([\w.+-]+)", re.search(rf"^{name}=\((.*?)\)$", pkgbuild, re.M | re.S)[1]))


# --- the version ---------------------------------------------------------------------------------------------------------
for name, pattern in (("CHANGELOG.md", r"^## (\S+)"), ("packaging/debian/changelog", r"\Amacvm \((.*)-\d+\) "),
                      ("packaging/macvm.spec", r"^Version: +(\S+)"), ("packaging/macvm.spec", r"^%changelog\n.* - (.*)-\d+$"),
                      ("packaging/PKGBUILD", r"^pkgver=(\S+)")):
    known = re.search(pattern, (source / name).read_text(), re.M)
    if not known or known[1] != version:
        wrong.append(f"{name}: the version is {known and known[1]}, but CMakeLists.txt has {version}")

# --- the dependencies ----------------------------------------------------------------------------------------------------
agree("debian/control, Build-Depends", bootstrap("apt", "build") - {"gcc", "libc6-dev"}, field(control, "Build-Depends"))
agree("debian/control, Depends or Recommends", bootstrap("apt", "run"), field(control, "Depends") | field(control, "Recommends"))
agree("debian/tests/control, Depends", bootstrap("apt", "demo"), field(tests, "Depends"))
agree("PKGBUILD, depends or makedepends", bootstrap("pacman", "build") - {"gcc"}, array("depends") | array("makedepends"))
agree("PKGBUILD, depends or optdepends", bootstrap("pacman", "run"), array("depends") | array("optdepends"))

head, suse, fedora, tail = re.split(r"^%if 0%\{\?suse_version\}\n|^%else\n|^%endif\n(?=\n%desc)", spec, flags=re.M)
for manager, part in (("zypper", suse), ("dnf", fedora)):
    agree(f"macvm.spec, Requires or Recommends for {manager}", bootstrap(manager, "run"), tags(head + part, "Requires", "Recommends"))
modules = set()
for lists in source.glob("src/*/CMakeLists.txt"):
    text = lists.read_text()
    for words in re.findall(r"\bPKG ([^)]*)\)|pkg_check_modules\(\w+ ([^)]*)\)", text):
        modules |= {re.sub(r"[<>=].*", "", word) for word in " ".join(words).split() if not word.isupper() and "IMPORTED" not in word}
agree("macvm.spec, BuildRequires", {f"pkgconfig({module})" for module in modules}, tags(spec, "BuildRequires"))

# --- the files -----------------------------------------------------------------------------------------------------------
for name, text, command in (("PKGBUILD", pkgbuild, 'DESTDIR="$pkgdir" cmake --install build'),
                            ("macvm.spec", spec, "DESTDIR=%{buildroot} cmake --install build")):
    if command not in text:
        wrong.append(f"{name}: does not install by {command}")
if "override_dh_auto_install" in rules or list(source.glob("packaging/debian/*install")):
    wrong.append("packaging/debian: more than 'cmake --install' decides what is in the package, which build-deb compares")
with tempfile.TemporaryDirectory() as prefix:
    subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    installed = {path.relative_to(prefix).as_posix() for path in pathlib.Path(prefix).rglob("*") if path.is_file()}
unit_dir = re.search(r"-DMACVM_USER_UNIT_DIR=(\S+)", spec)[1]
installed = {name.replace("share/systemd/user", unit_dir) for name in installed}
macros = {"name": "macvm", "_prefix/": "", "_bindir": "bin", "_datadir": "share", "_mandir": "share/man", "_docdir": "share/doc"}
listed = re.search(r"^%files\n(.*?)^$", spec, re.M | re.S)[1]
for macro, value in macros.items():
    listed = listed.replace(f"%{{{macro.rstrip('/')}}}{'/' if macro.endswith('/') else ''}", value)
patterns = [line.split()[-1] for line in listed.splitlines()]
patterns = [pattern + "*" if pattern.endswith("/") else pattern for pattern in patterns]
wrong += [f"macvm.spec: %files does not list {name}" for name in sorted(installed)
          if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
wrong += [f"macvm.spec: %files lists {pattern}, which is not installed" for pattern in patterns
          if not fnmatch.filter(installed, pattern) and not ("/man/" in pattern and not shutil.which("scdoc"))]
print("\n".join(wrong) if wrong else f"version {version}, the dependencies and {len(installed)} files agree")
sys.exit(1 if wrong else 0)

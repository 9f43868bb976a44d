"""What the system test does on the machine it runs on: commands, the copy of the source, Debian trees, mounts."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build-system"
COMMAND_SECONDS = 1800
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
# Found in a tree from the first boot on, whatever chatd does; the rest of what is needed comes with the packages.
BASE_PACKAGES = ["systemd", "systemd-sysv", "dbus", "init-system-helpers", "systemd-resolved"]
BOOT_PACKAGES = [*BASE_PACKAGES, "irssi"]  # a client that people use, for the restarts
BUILD_PACKAGES = ["lintian", "mandoc"]
# For a machine with a kernel of its own: that, what the checks in there are written in, and the libraries of the server.
KERNEL_PACKAGES = [*BASE_PACKAGES, "linux-image-cloud-amd64", "kmod", "python3", "iproute2", "procps", "udev", "openssl"]
KERNEL_PACKAGES += ["libbsd0", "libcares2", "libcurl4t64", "libicu76", "libinih1", "libmaxminddb0", "libpcre2-8-0", "libsqlite3-0"]
KERNEL_PACKAGES += ["libssl3t64", "libsystemd0", "apparmor"]
KERNEL_OPTIONS = ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"]
KERNEL_OPTIONS += ["--dpkgopt=path-exclude=/usr/share/locale/*", "--aptopt=APT::Install-Recommends false"]


class CommandFailed(AssertionError):
    pass


def run(command, log=None, check=True, timeout=COMMAND_SECONDS, **options):
    """The finished process, with its output as text; the output goes to the file log as well."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        text=True,
        errors="replace",
        **options,
    )
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(str(word) for word in command)}\n{done.stdout}")
    if check and done.returncode:
        words = " ".join(str(word) for word in command[:12])
        raise CommandFailed(f"status {done.returncode} of: {words}\n{done.stdout[-4000:]}")
    return done


def source_files():
    """All files of the tree that a commit would hold, whether it does so yet or not."""
    if (ROOT / ".git").exists():
        listed = run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout
        names = [name for name in listed.split("\0") if name]
    else:
        names = [
            os.path.relpath(os.path.join(folder, name), ROOT)
            for folder, _, files in os.walk(ROOT)
            for name in files
            if not os.path.relpath(folder, ROOT).startswith("build")
        ]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def source_key():
    digest = hashlib.sha256()
    for name in source_files():
        path = ROOT / name
        digest.update(f"{name}\0{path.stat().st_mode & 0o111}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def copy_source(target):
    for name in source_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def debian_mirror():
    """Where this machine has its packages from."""
    places = [*sorted(Path("/etc/apt/sources.list.d").glob("*.sources")), Path("/etc/apt/sources.list")]
    places += sorted(Path("/etc/apt/sources.list.d").glob("*.list"))
    for place in places:
        if not place.exists():
            continue
        found = re.search(r"^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+/debian/?)(?:\s|$)", place.read_text(), re.M)
        if found:
            return found[1]
    raise CommandFailed("no Debian mirror in /etc/apt")


class Mounts:
    """Overlays: a tree that is written to without being changed. All end with the process, which has mounts of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.made = []

    def overlay(self, tree, name):
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        for part in ("upper", "work", "root"):
            (place / part).mkdir(parents=True)
        options = f"lowerdir={tree},upperdir={place / 'upper'},workdir={place / 'work'}"
        run(["mount", "-t", "overlay", "overlay", "-o", options, place / "root"])
        self.made.append(place / "root")
        return place / "root"

    def close(self):
        while self.made:
            place = self.made.pop()
            run(["umount", "--lazy", place], check=False)
            shutil.rmtree(place.parent, ignore_errors=True)


def build_depends():
    text = (ROOT / "debian/control").read_text()
    return re.search(r"^Build-Depends:(.*?)^\S", text, re.M | re.S)[1]


def make_tree(suite, kind):
    """A Debian tree to build in, to boot, or to boot with its own kernel (kind: build, boot, kernel); kept for the next
    time, until what it has to hold changes."""
    listed = {"build": [*BUILD_PACKAGES, build_depends()], "boot": BOOT_PACKAGES, "kernel": KERNEL_PACKAGES}[kind]
    wanted = kind + "".join(listed)
    key = hashlib.sha256(wanted.encode()).hexdigest()[:12]
    tree = WORK / f"tree-{suite}-{kind}"
    if (tree / ".complete").exists() and (tree / ".complete").read_text() == key:
        return tree
    print(f"   making a tree of Debian {suite} to {kind}", flush=True)
    shutil.rmtree(tree, ignore_errors=True)
    command = ["mmdebstrap", "--quiet"]
    if kind == "build":
        command += [
            "--variant=buildd",
            '--customize-hook=mkdir -p "$1/srv/source/debian"',
            f"--customize-hook=copy-in {ROOT / 'debian/control'} {ROOT / 'debian/changelog'} /srv/source/debian",
            '--customize-hook=chroot "$1" apt-get install -qq -y --no-install-recommends '
            f'{" ".join(BUILD_PACKAGES)} >/dev/null',
            '--customize-hook=chroot "$1" apt-get build-dep -qq -y --no-install-recommends /srv/source >/dev/null',
        ]
    else:
        command += ["--variant=minbase", f"--include={','.join(listed)}"]
        command += KERNEL_OPTIONS if kind == "kernel" else []
        command += ['--customize-hook=rm -f "$1/etc/resolv.conf"; echo chatd-test >"$1/etc/hostname"']
    run([*command, suite, tree, debian_mirror()], log=WORK / "trees.log")
    (tree / ".complete").write_text(key)
    return tree

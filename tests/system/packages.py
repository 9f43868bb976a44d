"""The packages: built in a tree of their release, twice, and once more with a higher version for the upgrade."""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import host

BUILDER = 65534  # nobody: no part of the build needs root
BUILD_SECONDS = 1200


@dataclass
class Manner:
    """How a build differs from another that must give the same packages."""

    folder: str
    environment: dict
    umask: str


FIRST = Manner("first", {"DEB_BUILD_OPTIONS": "parallel=2", "TZ": "UTC", "LC_ALL": "C.UTF-8"}, "022")
AGAIN = Manner("a/second/time", {"DEB_BUILD_OPTIONS": "nocheck parallel=1", "TZ": "Pacific/Auckland", "LC_ALL": "C"}, "002")
NEXT = Manner("next", {"DEB_BUILD_OPTIONS": "nocheck parallel=2"}, "022")


def in_tree(tree, command, folder="/", environment=None, user=None, **options):
    """Runs a command in a tree: no network but loopback, processes of its own."""
    words = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--as-pid2", "--machine=chatd-build"]
    words += [f"--directory={tree}", f"--chdir={folder}"]
    words += [f"--setenv={key}={value}" for key, value in {**host.PLAIN, **(environment or {})}.items()]
    if user is not None:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    return host.run([*words, *command], **options)


def version_of_source():
    return re.match(r"\S+ \(([^)]+)\)", (host.ROOT / "debian/changelog").read_text())[1]


def raise_version(source):
    """The source of a later release: a new entry on top of the changelog."""
    path = source / "debian/changelog"
    text = path.read_text()
    top = text[: text.index("\n -- ")]
    tail = re.search(r"\n -- .*\n", text)[0]
    entry = top.replace(f"({version_of_source()})", f"({version_of_source()}+next)") + tail
    path.write_text(f"{entry}\n{text}")


class Packages:
    def __init__(self, suite, mounts, untested=False):
        """untested: the first build does not run the tests of the source either."""
        self.suite = suite
        self.mounts = mounts
        self.untested = untested
        self.folder = host.WORK / f"packages-{suite}"
        self.log = host.WORK / f"build-{suite}.log"

    def complete(self):
        stamp = self.folder / "key"
        return stamp.exists() and stamp.read_text() == host.source_key()

    def build(self):
        """Makes first/, again/ and next/, unless they are there from the same source."""
        if self.complete():
            print("   the packages are there, from this very source", flush=True)
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.log.unlink(missing_ok=True)
        tree = self.mounts.overlay(host.make_tree(self.suite, "build"), f"build-{self.suite}")
        for name, manner in (("first", FIRST), ("again", AGAIN), ("next", NEXT)):
            print(f"   building the packages: {name}", flush=True)
            self.build_once(tree, name, manner)
        self.lint(tree)
        self.lint_manuals(tree)
        self.mounts.close()
        (self.folder / "key").write_text(host.source_key())

    def build_once(self, tree, name, manner):
        source = tree / "build" / manner.folder / "chatd"
        source.mkdir(parents=True)
        host.copy_source(source)
        if name == "next":
            raise_version(source)
        for folder, _, files in os.walk(source.parent):
            for path in (folder, *(os.path.join(folder, file) for file in files)):
                os.chown(path, BUILDER, BUILDER, follow_symlinks=False)
        command = ["sh", "-c", f"umask {manner.umask} && dpkg-buildpackage -us -uc -b"]
        environment = {**manner.environment, "HOME": "/nonexistent"}
        if self.untested and "nocheck" not in environment["DEB_BUILD_OPTIONS"]:
            environment["DEB_BUILD_OPTIONS"] += " nocheck"
        folder = "/" + str(source.relative_to(tree))
        in_tree(tree, command, folder, environment, BUILDER, log=self.log, timeout=BUILD_SECONDS)
        (self.folder / name).mkdir(parents=True)
        for path in source.parent.glob("*_*.*"):
            shutil.copy2(path, self.folder / name)

    def lint(self, tree):
        """Keeps what lintian says of the first build."""
        target = tree / "build/lint"
        shutil.copytree(self.folder / "first", target)
        command = ["lintian", "--info", "--allow-root", "--color", "never", "--display-level", ">=warning", "--fail-on", "error,warning"]
        changes = next(target.glob("*.changes")).name
        done = in_tree(tree, [*command, changes], "/build/lint", log=self.log, check=False)
        (self.folder / "lintian").write_text(f"{done.returncode}\n{done.stdout}")

    def lint_manuals(self, tree):
        command = "mandoc -T lint -W warning /build/first/chatd/man/*.[1-9]"
        done = in_tree(tree, ["sh", "-c", command], check=False)
        (self.folder / "mandoc").write_text(f"{done.returncode}\n{done.stdout}")

    def files(self, build):
        return sorted((self.folder / build).glob("*.deb"))

    def package(self, build, name):
        return next(path for path in self.files(build) if path.name.startswith(f"{name}_"))

    def version(self, build):
        return self.field(build, "chatd", "Version")

    def field(self, build, name, field):
        return host.run(["dpkg-deb", "-f", self.package(build, name), field]).stdout.strip()

    def differing(self):
        """Names of packages that are not the same in both builds."""
        digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
        first = {path.name: digest(path) for path in self.files("first")}
        again = {path.name: digest(path) for path in self.files("again")}
        return sorted(name for name in first.keys() | again.keys() if first.get(name) != again.get(name))

    def gather_dependencies(self, tree):
        """deps/: what the packages need and the tree does not have, as a folder that apt installs from."""
        wanted = "".join(self.field("first", name, "Depends") for name in ("chatd", "chat-client"))
        folder = host.WORK / f"dependencies-{self.suite}"
        key = hashlib.sha256((wanted + (tree / ".complete").read_text()).encode()).hexdigest()[:12]
        stamp = folder / "key"
        if stamp.exists() and stamp.read_text() == key:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        root = self.mounts.overlay(tree, f"dependencies-{self.suite}")
        (root / "srv/first").mkdir(parents=True)
        for name in ("chatd", "chat-client"):
            shutil.copy2(self.package("first", name), root / "srv/first")
        if Path("/etc/resolv.conf").exists():
            (root / "etc/resolv.conf").unlink(missing_ok=True)
            shutil.copy2("/etc/resolv.conf", root / "etc/resolv.conf")
        script = "apt-get -qq update && apt-get -qq install -y --no-install-recommends --download-only /srv/first/*.deb"
        host.run(["chroot", root, "sh", "-c", script], log=self.log, env={**os.environ, **host.PLAIN})
        for path in (root / "var/cache/apt/archives").glob("*.deb"):
            if not path.name.startswith(("chatd_", "chat-client_")):
                shutil.copy2(path, folder)
        write_index(folder)
        self.mounts.close()
        stamp.write_text(key)
        return folder


def write_index(folder):
    entries = []
    for path in sorted(folder.glob("*.deb")):
        control = host.run(["dpkg-deb", "-f", path]).stdout.rstrip("\n")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append(f"{control}\nFilename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(entries))

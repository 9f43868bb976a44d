"""run.py [--only WORD] [--untested] [SUITE...]: the system test, see docs/testing.md. As root, by way of tools/system-test.

For each Debian release: builds the packages, looks at them, boots a machine, installs them there, tries what a server
has to do under systemd, upgrades, purges. The last line is "N passed, N failed".
"""

import argparse
import ctypes
import signal
import sys
import time
import traceback

import check_handover
import check_life
import check_packages
import check_service
import host
from machine import Machine
from packages import Packages

SUITES = ["bookworm", "trixie"]
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 16384 | (1 << 18)


def own_mounts():
    """What is mounted from here on is nobody else's, and ends with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None):
        sys.exit("cannot have mounts of its own: this needs root")


class Tally:
    def __init__(self, suite, only):
        self.suite = suite
        self.only = only
        self.passed = 0
        self.failed = []

    def check(self, function, *arguments):
        """True when it passed."""
        name = function.__name__.replace("_", " ")
        started = time.monotonic()
        try:
            note = function(*arguments)
        except Exception as error:
            self.failed.append(f"{self.suite}: {name}")
            print(f"FAILED {name}")
            if not isinstance(error, AssertionError):
                traceback.print_exc(file=sys.stdout)
            print("\n".join(f"       {line}" for line in str(error).splitlines()[-60:]), flush=True)
            return False
        self.passed += 1
        took = time.monotonic() - started
        print(f"ok     {name}{f': {note}' if note else ''} ({took:.1f} s)", flush=True)
        return True

    def wants(self, function):
        return not self.only or self.only in function.__name__.replace("_", " ")


def show_journal(machine):
    words = ["--unit=chatd*", "--lines=20", "--output=short-precise", "--no-pager"]
    text = machine.output("journalctl", *words, check=False)
    print("\n".join(f"       | {line}" for line in text.splitlines()), flush=True)


def check_machine(tally, packages, mounts):
    tree = host.make_tree(packages.suite, "boot")
    binds = {"/srv/dependencies": packages.gather_dependencies(tree)}
    binds |= {f"/srv/{build}": packages.folder / build for build in ("first", "next")}
    machine = Machine(mounts.overlay(tree, f"machine-{packages.suite}"), host.WORK / f"machine-{packages.suite}.log", binds)
    try:
        if not tally.check(machine.boot):
            return
        life = check_life.Life(machine, packages)
        for function in life.beginning():
            if not tally.check(function):
                show_journal(machine)
                return
        for function in [*check_service.CHECKS, *check_handover.CHECKS]:
            if not tally.wants(function):
                continue
            if not tally.check(check_service.on_fresh(function), machine):
                show_journal(machine)
        for function in life.end():
            if not tally.only and not tally.check(function):
                show_journal(machine)
    finally:
        machine.halt()


def check_suite(suite, options):
    tally = Tally(suite, options.only)
    mounts = host.Mounts(host.WORK / "mounts")
    packages = Packages(suite, mounts, options.untested)
    print(f"== Debian {suite}", flush=True)
    try:
        if tally.check(packages.build):
            for function in check_packages.CHECKS:
                if tally.wants(function):
                    tally.check(function, packages)
            check_machine(tally, packages, mounts)
    finally:
        mounts.close()
    return tally


def main():
    parser = argparse.ArgumentParser(description="the system test")
    parser.add_argument("--only", metavar="WORD", help="of the checks on the running server, those with this in their name")
    parser.add_argument("--untested", action="store_true", help="leave out the tests that the first build of the packages runs")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"releases of Debian; without any: {', '.join(SUITES)}")
    options = parser.parse_args()
    own_mounts()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    host.WORK.mkdir(exist_ok=True)
    tallies = [check_suite(suite, options) for suite in options.suites or SUITES]
    failed = [name for tally in tallies for name in tally.failed]
    for name in failed:
        print(f"failed: {name}")
    print(f"{sum(tally.passed for tally in tallies)} passed, {len(failed)} failed")
    return 1 if failed or not any(tally.passed for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())

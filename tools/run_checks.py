"""run_checks.py [BUILD...]: builds in each way, runs all tests on each, and sums up what passed. See tools/check."""

import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUZZ_SECONDS = "5"
STEP_SECONDS = 1500
MOST_AGAIN = 3
GENTLY = ("nice", "-n", "5")


@dataclass
class Build:
    directory: str
    options: list
    environment: dict = field(default_factory=dict)


BUILDS = [
    Build("build", []),
    Build("build-kqueue", ["-Dpoller=kqueue"]),
    Build(
        "build-asan",
        ["-Db_sanitize=address,undefined", "-Dbuildtype=debug"],
        {
            "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
            "CHATD_SANITIZED": "1",  # for tests that measure: the sanitizer keeps freed memory
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        },
    ),
]


def cases_of(report):
    try:
        return list(xml.etree.ElementTree.parse(report).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return []


def has_failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def has_crashed(case):
    """That the daemon ended, or a sanitizer reported: that counts however seldom it is."""
    said = "".join(part.text or "" for part in case.iter() if part.tag in ("failure", "error"))
    return "the daemon reported" in said or "the daemon ended" in said


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.unsteady = []

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def add_case(self, case, where):
        if has_failed(case):
            self.fail(f"{where}: {case.get('classname', '')} {case.get('name')}")
        elif case.find("skipped") is not None:
            self.skipped += 1
        else:
            self.passed += 1

    def add_report(self, path, where, status):
        """A JUnit report. None of it, or no failure in it although the run failed, is a failure."""
        before = self.failed
        cases = cases_of(path)
        for case in cases:
            self.add_case(case, where)
        if not cases or (status and self.failed == before):
            self.fail(f"{where}: ended with status {status} after {len(cases)} tests")


def run(what, command, environment=None, output=None):
    """The exit status. What it prints is let through, or written to a file."""
    print(f"== {what}", flush=True)
    started = time.monotonic()
    try:
        status = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output and subprocess.STDOUT,
            timeout=STEP_SECONDS,
        ).returncode
    except subprocess.TimeoutExpired:
        status = 124
    print(f"== {what}: status {status} after {time.monotonic() - started:.0f} s", flush=True)
    return status


def compile_tree(build):
    again = ["--reconfigure"] if (ROOT / build.directory / "build.ninja").exists() else []
    setup = ["meson", "setup", *again, "-Dwerror=true", "-Dtests=true", *build.options, build.directory]
    return run(f"set up {build.directory}", setup) or run(f"compile {build.directory}", [*GENTLY, "ninja", "-C", build.directory])


def unit_tests(build, tally):
    report = ROOT / build.directory / "meson-logs/testlog.junit.xml"
    report.unlink(missing_ok=True)
    command = ["meson", "test", "-C", build.directory, "--no-rebuild", "--print-errorlogs"]
    tally.add_report(report, build.directory, run(f"unit tests in {build.directory}", command, build.environment))


def black_box_tests(build, tally):
    """
    A few failures among thousands of tests are run again, alone, and named at the end whatever comes of it: what fails
    twice has failed, what passes then is a test that was in a hurry, on a machine that has other things to do. A crash
    is not run again.
    """
    directory = ROOT / build.directory
    where = f"{build.directory} black-box"
    report, again = directory / "pytest.xml", directory / "pytest-again.xml"
    report.unlink(missing_ok=True)
    again.unlink(missing_ok=True)
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-o", f"cache_dir={directory}/pytest-cache"]
    command += ["tests/irc", "tests/clients"]
    environment = {
        **build.environment,
        "CHATD_BUILD": str(directory),
        "CHATD": str(directory / "src/chatd/chatd"),
        "CHAT_CLIENT": str(directory / "src/chat-client/chat-client"),
    }
    status = run(f"black-box tests on {build.directory}", [*command, f"--junitxml={report}"], environment)
    failed = [case for case in cases_of(report) if has_failed(case)]
    if status != 1 or not 0 < len(failed) <= MOST_AGAIN or any(map(has_crashed, failed)):
        tally.add_report(report, where, status)
        return
    for case in cases_of(report):
        if not has_failed(case):
            tally.add_case(case, where)
    tally.unsteady += [f"{where}: {case.get('classname', '')} {case.get('name')}" for case in failed]
    command += ["--last-failed", "--last-failed-no-failures=none", f"--junitxml={again}"]
    tally.add_report(again, where, run(f"what failed, once more, on {build.directory}", command, environment))


def fuzz():
    """The log of each target, and whether it failed."""
    found = []
    for source in sorted((ROOT / "tests/fuzz").glob("fuzz_*.c")):
        name = source.stem.removeprefix("fuzz_")
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            status = run(f"fuzz {name}", [*GENTLY, "tools/fuzz", "-t", FUZZ_SECONDS, name], output=log)
            log.seek(0)
            found.append((name, status, log.read()))
    return found


def count_fuzz(found, tally):
    for name, status, log in found:
        if status:
            print(f"== what fuzz {name} said\n{log}")
            tally.fail(f"fuzz {name}")
        else:
            tally.passed += 1


def main(names):
    """While one build is tested the next is compiled, and then the fuzzers run: the tests mostly wait."""
    tally = Tally()
    fuzzing = None
    builds = [build for build in BUILDS if not names or build.directory in names]
    with concurrent.futures.ThreadPoolExecutor(1) as aside:
        compiled = {build.directory: aside.submit(compile_tree, build) for build in builds}
        if not names or "fuzz" in names:
            fuzzing = aside.submit(fuzz)
        for build in builds:
            if compiled[build.directory].result():
                tally.fail(f"{build.directory} does not compile")
                continue
            unit_tests(build, tally)
            black_box_tests(build, tally)
        if fuzzing:
            count_fuzz(fuzzing.result(), tally)
    for name in tally.unsteady:
        print(f"run twice: {name}")
    for failure in tally.failures:
        print(f"failed: {failure}")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

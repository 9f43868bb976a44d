"""A booted Debian: systemd in a container with a network of its own, which has loopback alone."""

import contextlib
import ctypes
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import time
from pathlib import Path

import host

BOOT_SECONDS = 120
CLONE_NEWNET = 0x40000000
SIGRTMIN_HALT = signal.SIGRTMIN + 3


def children_of(pid):
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                yield int(stat.parent.name)


class Machine:
    def __init__(self, root, log, binds):
        self.root = root
        self.log = log
        self.binds = binds
        self.nspawn = None
        self.leader = None

    def boot(self):
        """Returns when the manager in there says that all is up."""
        notify_path = str(self.log) + ".notify"
        Path(notify_path).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(self.log, "wb") as log:
            notify.bind(notify_path)
            notify.settimeout(BOOT_SECONDS)
            self.nspawn = subprocess.Popen(
                [
                    *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"),
                    *("--notify-ready=yes", "--console=pipe", "--machine=chatd-test", "--hostname=chatd-test"),
                    *(f"--bind-ro={source}:{target}" for target, source in self.binds.items()),
                    f"--directory={self.root}",
                ],
                # The newer managers know the unified hierarchy alone, whichever the host has.
                env={**host.PLAIN, "NOTIFY_SOCKET": notify_path, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            while b"READY=1" not in notify.recv(4096):
                pass
        Path(notify_path).unlink()
        self.leader = next(children_of(self.nspawn.pid))

    def halt(self):
        if self.nspawn is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.leader or self.nspawn.pid, SIGRTMIN_HALT)
        try:
            self.nspawn.wait(60)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
        self.nspawn = None

    def inside(self, command):
        words = ["nsenter", f"--target={self.leader}", "--all", "env", "-i", "--chdir=/"]
        return [*words, *(f"{key}={value}" for key, value in host.PLAIN.items()), *command]

    def run(self, *command, check=True, timeout=120, data=None):
        """Runs a command in there. The finished process, its output, both streams in one, as text."""
        done = subprocess.run(
            self.inside([str(word) for word in command]),
            input=data if data is not None else "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            text=True,
            errors="replace",
        )
        if check and done.returncode:
            raise host.CommandFailed(f"status {done.returncode} of: {' '.join(map(str, command))}\n{done.stdout[-3000:]}")
        return done

    def output(self, *command, **options):
        return self.run(*command, **options).stdout.strip()

    def start(self, *command):
        """A running command, with pipes."""
        return subprocess.Popen(
            self.inside(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )

    def end(self, process):
        """Kills what start() started: nsenter has it as a child."""
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        process.communicate(timeout=20)

    def write(self, name, text):
        """Writes a file from the inside: an overlay is not to be changed behind a kernel's back."""
        folder = os.path.dirname(name)
        self.run("sh", "-c", 'mkdir -p "$1" && cat >"$2"', "sh", folder, name, data=text)

    def read(self, name):
        return self.run("cat", name).stdout

    def show(self, unit, name):
        return self.output("systemctl", "show", "--property", name, "--value", unit)

    def main_pid(self, unit="chatd.service"):
        """As the machine itself counts."""
        return int(self.show(unit, "MainPID"))

    def journal(self, unit, since=None):
        """What the unit and the manager about it have written since that place, as dictionaries, the oldest first."""
        self.run("journalctl", "--sync")
        place = ["--after-cursor", since] if since else ["--boot"]
        text = self.run("journalctl", "--output=json", "--all", "--no-pager", "--quiet", *place).stdout
        entries = [json.loads(line) for line in text.splitlines()]
        return [entry for entry in entries if unit in (entry.get("_SYSTEMD_UNIT"), entry.get("UNIT"))]

    def place(self):
        """Where the journal is now."""
        self.run("journalctl", "--sync")
        return json.loads(self.output("journalctl", "--output=json", "--lines=1", "--quiet"))["__CURSOR"]

    def signal(self, name, pid):
        self.run("sh", "-c", f"kill -{name} {pid}")

    def socket(self, family, address):
        """A connection to something in there."""
        if family == socket.AF_UNIX:
            made = socket.socket(family)
            made.settimeout(20)
            with contextlib.suppress(OSError):
                made.connect(f"/proc/{self.leader}/root{address}")
                return made
            made.close()
            raise AssertionError(f"no connection to {address}")
        with network_of(self.leader):
            made = socket.socket(family)
        made.settimeout(20)
        made.connect(address)
        return made

    def terminal(self, *command, columns=80, rows=24):
        """A command on a terminal: the process, and the descriptor of the other end."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        words = self.inside(["TERM=xterm", *command])
        process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        return process, ours


@contextlib.contextmanager
def network_of(pid):
    """Sockets that this thread makes meanwhile belong to the network of that process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as ours, open(f"/proc/{pid}/ns/net") as theirs:
        if libc.setns(theirs.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(ours.fileno(), CLONE_NEWNET)


def await_text(fd, wanted, seconds=20):
    """Reads a descriptor until the text comes; what was read."""
    got = b""
    deadline = time.monotonic() + seconds
    while wanted.encode() not in got:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise AssertionError(f"{wanted!r} did not come; what came: {got.decode(errors='replace')!r}")
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        if not piece:
            raise AssertionError(f"it ended before {wanted!r} came: {got.decode(errors='replace')!r}")
        got += piece
    return got.decode(errors="replace")


def until(true, what, seconds=30):
    """For what nobody tells of: asks again and again."""
    deadline = time.monotonic() + seconds
    while True:
        result = true()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.1)

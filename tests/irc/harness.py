"""The real daemon and raw clients for black-box tests. No test waits for a time to pass: deadlines only bound failures.

A client's sync() is the clock of these tests. The daemon serves in one loop, so when the PONG is back, all that was
sent to the daemon before (by whom ever had his own PONG) has been done, and what it caused has arrived.
"""

import collections
import contextlib
import itertools
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHATD = os.path.abspath(os.environ.get("CHATD", ROOT / "build/src/chatd/chatd"))
DEADLINE = float(os.environ.get("CHATD_TEST_DEADLINE", "20"))
SERVER = "irc.test.example"
REPORTS = re.compile(r"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:|Assertion .* failed")
FOREIGN_VARIABLES = (
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
    "JOURNAL_STREAM",
    "STATE_DIRECTORY",
    "RUNTIME_DIRECTORY",
)
FAST = "[limits]\nflood_burst = 10000\nflood_rate = 10000\nclients_per_address = 0\n"
ALL_CAPS = (
    "account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor "
    "invite-notify labeled-response message-tags multi-prefix server-time setname standard-replies userhost-in-names"
)

SANITIZER_KEEPS = 96 << 20


def binary_names(word):
    try:
        return word in pathlib.Path(CHATD).read_bytes()
    except OSError:
        return False


SANITIZED = binary_names(b"__asan_init") or binary_names(b"__tsan_init")
HAS_NOTIFY = binary_names(b"libsystemd.so")

serials = itertools.count(1)


def fresh(stem):
    """A name that no other test has."""
    return f"{stem}{next(serials)}"


def chan(stem="c"):
    return "#" + fresh(stem)


Message = collections.namedtuple("Message", "tags source command params raw")


def unescape_tag(value):
    pairs = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
    return re.sub(r"\\(.?)", lambda m: pairs.get(m[1], m[1]), value)


def parse(raw):
    """A line without its CR LF. It must be UTF-8, for chatd says UTF8ONLY."""
    text = raw.decode("utf-8")
    tags, source = {}, ""
    rest = text
    if rest.startswith("@"):
        tagged, rest = rest[1:].split(" ", 1)
        for tag in tagged.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = unescape_tag(value)
    if rest.startswith(":"):
        source, rest = rest[1:].split(" ", 1)
    head, colon, trailing = rest.partition(" :")
    params = head.split(" ")
    if colon:
        params.append(trailing)
    return Message(tags, source, params[0], params[1:], text)


class Lines(list):
    """What came, in order."""

    @property
    def commands(self):
        return [m.command for m in self]

    def of(self, *commands):
        return Lines(m for m in self if m.command in commands)

    def one(self, command):
        found = self.of(command)
        assert len(found) == 1, f"{len(found)} {command} in:\n{self.tail}"
        return found[0]

    @property
    def text(self):
        return "\n".join(m.raw for m in self)

    @property
    def tail(self):
        """For messages about what went wrong."""
        return "\n".join(m.raw[:150] for m in self[-20:])

    def no(self, *commands):
        assert not self.of(*commands), f"{commands} in:\n{self.tail}"
        return self


class Client:
    """A connection. Whatever it gets is kept in `transcript`."""

    def __init__(self, address, nick=None, source=None):
        """address: where to connect, or a socket that is connected."""
        self.socket = address if isinstance(address, socket.socket) else self.dial(address, source)
        self.nick = nick
        self.pending = b""
        self.transcript = Lines()
        self.syncs = 0

    @staticmethod
    def dial(address, source):
        family = (
            socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        )
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(DEADLINE)
        if source:
            made.bind((source, 0))
        made.connect(address)
        if family != socket.AF_UNIX:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __str__(self):
        return self.nick

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends with an RST instead of an end."""
        if self.socket.fileno() < 0:
            return
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)
        return self

    def send(self, *lines):
        return self.raw("".join(line + "\r\n" for line in lines).encode())

    def read(self):
        """The next line; None at the end."""
        while b"\n" not in self.pending:
            try:
                data = self.socket.recv(1 << 18)
            except ConnectionResetError:
                data = b""
            except socket.timeout:
                before = self.transcript.tail
                raise AssertionError(f"{self.nick}: nothing came in {DEADLINE} s; before it:\n{before}") from None
            if not data:
                return None
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        assert line.endswith(b"\r"), line
        assert len(line) <= 8191 + 511, line
        message = parse(line[:-1])
        self.transcript.append(message)
        return message

    def until(self, found):
        """All lines up to the one that `found` is true for."""
        lines = Lines()
        while True:
            message = self.read()
            assert message, f"{self.nick}: the end came instead, after:\n{lines.tail}"
            lines.append(message)
            if found(message):
                return lines

    def wait(self, command, *params):
        """The next such line; others in front of it are passed over."""
        return self.until(lambda m: m.command == command and tuple(m.params[: len(params)]) == params)[-1]

    def sync(self):
        """All that came up to now."""
        self.syncs += 1
        token = f"sync-{self.syncs}"
        self.send(f"PING {token}")
        return Lines(self.until(lambda m: m.command == "PONG" and m.params[-1] == token)[:-1])

    def ask(self, *lines):
        """Sends; all that came up to the end of the answers."""
        self.send(*lines)
        return self.sync()

    def rest(self):
        """All lines up to the end of the connection, which is then closed from here too."""
        lines = Lines()
        while message := self.read():
            lines.append(message)
        self.close()
        return lines

    def register(self, caps="", username="user", realname="A Person", password=None, before=()):
        """Comes in; all that was said on the way."""
        lines = ["CAP LS 302", f"CAP REQ :{caps}"] if caps else []
        if password is not None:
            lines.append(f"PASS :{password}")
        lines += [*before, f"NICK {self.nick}", f"USER {username} 0 * :{realname}"]
        if caps:
            lines.append("CAP END")
        said = self.ask(*lines)
        assert said.of("001"), f"{self.nick} was not let in:\n{said.tail}"
        return said

    def join(self, channel, key=""):
        said = self.ask(f"JOIN {channel} {key}".rstrip())
        assert said.of("JOIN"), f"{self.nick} could not join {channel}:\n{said.tail}"
        return said


def wait_until(done, what):
    """For what no event tells about, such as the descriptors of another process."""
    end = time.monotonic() + DEADLINE
    while not done():
        assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
        time.sleep(0.005)


class Process:
    """A program whose stderr and notifications are read as they come."""

    def __init__(self, argv, env, cwd, **popen):
        self.written = []
        self.unended = b""
        self.notices = []
        self.changed = threading.Condition()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(cwd, fresh("notify")))
        env["NOTIFY_SOCKET"] = self.notify.getsockname()
        popen.setdefault("stderr", subprocess.PIPE)
        self.process = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, **popen)
        self.pid = self.process.pid
        self.readers = [threading.Thread(target=self.hear, daemon=True)]
        if self.process.stderr:
            os.set_blocking(self.process.stderr.fileno(), False)
            self.readers.append(threading.Thread(target=self.follow, daemon=True))
        for reader in self.readers:
            reader.start()

    def hear(self):
        while data := self.notify.recv(4096):
            with self.changed:
                self.notices.append(data.decode())
                self.changed.notify_all()

    def follow(self):
        poller = select.poll()
        poller.register(self.process.stderr, select.POLLIN)
        while self.read_log():
            poller.poll()
        # The end of its log comes a moment before its own.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(DEADLINE)
        with self.changed:
            self.changed.notify_all()

    def read_log(self):
        """Reads what is in the pipe; false at its end."""
        with self.changed:
            while True:
                try:
                    data = os.read(self.process.stderr.fileno(), 1 << 16)
                except BlockingIOError:
                    return True
                *ended, self.unended = (self.unended + data).split(b"\n")
                if not data and self.unended:
                    ended, self.unended = [self.unended], b""
                self.written += [line.decode("utf-8", "backslashreplace") for line in ended]
                self.changed.notify_all()
                if not data:
                    return False

    @property
    def entries(self):
        """All that it has written up to now, line by line."""
        with self.changed:
            if self.process.stderr and not self.process.stderr.closed:
                self.read_log()
            return list(self.written)

    @property
    def log(self):
        return "\n".join(self.entries)

    def wait_for(self, done, what):
        with self.changed:
            found = self.changed.wait_for(lambda: done() or self.process.poll() is not None, DEADLINE)
            assert found and done(), f"waited for {what}; exit code {self.process.poll()}; the log:\n" + "\n".join(
                self.entries[-40:]
            )

    def wait_log(self, pattern, count=1):
        """The entry, once there are that many of them."""
        seen = lambda: [e for e in self.entries if re.search(pattern, e)]
        self.wait_for(lambda: len(seen()) >= count, f"{count} of {pattern!r} in the log")
        return seen()[count - 1]

    def wait_notice(self, field, count=1):
        seen = lambda: [n for n in self.notices if field in n.split("\n")]
        self.wait_for(lambda: len(seen()) >= count, f"{count} notifications {field}")
        return seen()[count - 1]

    def wait(self):
        """The exit code."""
        code = self.process.wait(DEADLINE)
        if self.process.stderr:
            self.readers[1].join(DEADLINE)
        return code

    def release(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        try:
            self.notify.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.readers[0].join(DEADLINE)
        self.notify.close()
        if self.process.stderr:
            self.readers[1].join(DEADLINE)
            self.process.stderr.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(extra=()):
    env = {k: v for k, v in os.environ.items() if k not in FOREIGN_VARIABLES}
    env.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    env.update(extra)
    return env


class Daemon(Process):
    """
    chatd with a configuration (None: without a file) in a folder of its own: ready when this returns. It listens on
    `tcp` and `unix` unless `listen` is false. Options: args (command line), env, wrap (argv in front), probe (it may be
    connected to before the test does), and what Popen takes.
    """

    def __init__(self, config=FAST, *, args=(), env=(), wrap=(), listen=True, probe=True, name=SERVER, **popen):
        assert os.path.exists(CHATD), f"there is no {CHATD}: build it, or name it in CHATD"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chatd-"))
        self.path = self.folder / "chatd.conf"
        self.unix = str(self.folder / "sock")
        self.tcp = ("127.0.0.1", free_port())
        self.endpoints = f"[listen]\nendpoint = 127.0.0.1:{self.tcp[1]}\nendpoint = {self.unix}\n" if listen else ""
        self.head = f"[server]\nname = {name}\n"
        self.clients = []
        argv = [*wrap, CHATD]
        if config is not None:
            self.configure(config)
            argv += ["-c", str(self.path)]
        argv += args
        super().__init__(argv, environment(env), str(self.folder), **popen)
        try:
            self.wait_for(self.is_ready, "the daemon to be ready")
        except AssertionError:
            self.release()
            raise
        self.descriptors_before = self.count_idle(config is not None and listen and probe)

    def count_idle(self, probe):
        """
        Descriptors of a daemon without clients. READY=1 is sent through one that it may not have closed yet, so without
        a probe there may be one too many.
        """
        if not probe:
            return self.descriptors()
        with Client(self.unix) as client:
            client.sync()
            return self.descriptors() - 1

    def is_ready(self):
        if HAS_NOTIFY:
            return any("READY=1" in n for n in self.notices)
        return any("listening on" in e for e in self.entries)

    def configure(self, config):
        self.path.write_text(self.head + self.endpoints + config)

    def reload(self, config):
        """By SIGHUP; returns when it is through."""
        before = sum("READY=1" in n for n in self.notices)
        self.configure(config)
        self.send_signal(signal.SIGHUP)
        self.wait_for(lambda: sum("READY=1" in n for n in self.notices) > before, "READY=1 after SIGHUP")

    def send_signal(self, signo):
        self.process.send_signal(signo)

    def connect(self, nick=None, address=None, source=None):
        client = Client(address or self.tcp, nick, source)
        self.clients.append(client)
        return client

    def client(self, stem="nick", caps="", nick=None, address=None, **registration):
        client = self.connect(nick or fresh(stem), address)
        client.register(caps, **registration)
        return client

    def channel(self, *clients, name=None):
        """A new channel that all of them are in; the first is its operator."""
        name = name or chan()
        for client in clients:
            client.join(name)
        for client in clients:
            client.sync()
        return name

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory(self):
        """Resident bytes."""
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def check_memory(self, before, allowed):
        """That it grew by no more than `allowed` bytes; what a sanitizer keeps for itself is not counted."""
        grown = self.memory() - before
        assert grown < allowed + (SANITIZER_KEEPS if SANITIZED else 0), f"{grown >> 10} KiB more than before"

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wakeups(self):
        """How often it has slept so far, which for an idle daemon is how often it woke."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M)[1])

    def check_idle(self, client, seconds=0.5, most=3):
        """That it sleeps for so long. This one needs the time to pass, for nothing is to happen."""
        client.sync()
        wakeups, cpu = self.wakeups(), self.cpu()
        time.sleep(seconds)
        assert self.wakeups() - wakeups <= most and self.cpu() - cpu < seconds / 5

    def hang_up(self):
        """All clients leave; returns when the daemon has released them."""
        for client in self.clients:
            client.close()
        self.clients.clear()
        wait_until(lambda: self.descriptors() <= self.descriptors_before, "descriptors to be back where they were")

    def check_health(self):
        report = REPORTS.search(self.log)
        assert not report, f"the daemon reported:\n{self.log}"
        assert self.process.poll() is None, f"the daemon ended, exit code {self.process.poll()}:\n{self.log[-4000:]}"

    def finish(self, signo=signal.SIGTERM):
        """Everybody leaves, then it ends, with 0 and nothing to complain about."""
        try:
            self.check_health()
            self.hang_up()
            self.send_signal(signo)
            self.check_end()
        finally:
            self.release()

    def check_end(self, expected=0):
        code = self.wait()
        assert not REPORTS.search(self.log), f"the daemon reported:\n{self.log}"
        assert code == expected, f"exit code {code}, not {expected}:\n{self.log[-4000:]}"

    def release(self):
        for client in self.clients:
            client.close()
        super().release()
        shutil.rmtree(self.folder, ignore_errors=True)


def run_chatd(*args, env=(), cwd=None, said="", **popen):
    """One that ends by itself: its CompletedProcess. said: what it reads."""
    return subprocess.run(
        [CHATD, *args],
        env=environment(env),
        cwd=cwd,
        input=said,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        **popen,
    )

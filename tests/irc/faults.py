"""A daemon on a machine where one call goes wrong, and what has to come of it: see tests/shims/fault.c."""

import contextlib
import mmap
import os
import pathlib
import socket
import sqlite3
import ssl
import struct

import harness

KINDS = ["memory", "send", "receive", "accept", "open", "read", "write", "sync", "poll", "socket", "sqlite", "crypto"]
BUILD = pathlib.Path(os.environ.get("CHATD_BUILD", harness.CHATD + "/../../..")).resolve()
SHIM = BUILD / "tests/shims/fault.so"
EMFILE, ENOMEM, EIO, ENOSPC, ENOBUFS = 24, 12, 5, 28, 105
SQLITE_IOERR = 10
ERRORS = {
    "memory": ENOMEM, "send": ENOBUFS, "receive": EIO, "accept": EMFILE, "open": EMFILE, "read": EIO, "write": ENOSPC,
    "sync": EIO, "poll": ENOMEM, "socket": EMFILE, "sqlite": SQLITE_IOERR, "crypto": ENOMEM,
}  # fmt: skip
CONFIG = (
    harness.FAST
    + "[listen]\nendpoint = ircs://127.0.0.1:{tls}\n[history]\ndirect = yes\n[accounts]\niterations = 4096\n"
    + "[oper root]\npassword = secret\n"
)
PATIENCE = 5


class Control:
    """The page that both sides map: which call fails, and how many there were."""

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def arm(self, kind, nth):
        self.page[0:16] = struct.pack("<IiII", KINDS.index(kind), nth, ERRORS[kind], 0)

    def disarm(self):
        self.page[4:8] = bytes(4)

    def fired(self):
        return struct.unpack_from("<I", self.page, 12)[0]

    def counts(self):
        return dict(zip(KINDS, struct.unpack_from(f"<{len(KINDS)}I", self.page, 16)))


class Gone(Exception):
    pass


class Speaker:
    """One who goes on whatever happens, and remembers what was echoed to him."""

    def __init__(self, address, nick, tls=False):
        self.nick, self.rest, self.echoed = nick, b"", []
        self.registered = False
        self.socket = None
        try:
            self.socket = socket.create_connection(address, PATIENCE)
            if tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                self.socket = context.wrap_socket(self.socket)
        except OSError:
            self.close()

    def close(self):
        if self.socket:
            with contextlib.suppress(OSError):
                self.socket.close()
        self.socket = None

    def ask(self, *lines):
        """Says them, and reads until the PONG after them. False: the connection is over, or nothing came."""
        if not self.socket:
            return False
        try:
            self.socket.sendall("".join(f"{line}\r\n" for line in [*lines, "PING :there"]).encode())
            while True:
                line = self.line()
                words = line.split()
                if len(words) > 3 and words[1] == "PRIVMSG" and f":{self.nick}!" in words[0] + "!":
                    self.echoed.append(line.rpartition(":")[2])
                self.registered |= words[1:3] == ["REGISTER", "SUCCESS"]
                if len(words) > 1 and words[1] == "PONG":
                    return True
        except (OSError, Gone):
            self.close()
            return False

    def line(self):
        while b"\n" not in self.rest:
            piece = self.socket.recv(65536)
            if not piece:
                raise Gone
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")


def come(address, nick, tls=False):
    speaker = Speaker(address, nick, tls)
    speaker.ask("CAP REQ :echo-message", f"NICK {nick}", f"USER {nick} 0 * :x", "CAP END")
    return speaker


def live(daemon, tls):
    """What people do; the messages that were echoed to them."""
    ann, bob, eve = come(daemon.tcp, "ann"), come(daemon.tcp, "bob"), come(("127.0.0.1", tls), "eve", tls=True)
    ann.ask("OPER root secret", "JOIN #kept", "MODE #kept +r", "TOPIC #kept :about")
    for speaker in (ann, bob, eve):
        speaker.ask("JOIN #kept", *(f"PRIVMSG #kept :{speaker.nick}-{n}" for n in range(3)))
    ann.ask("REGISTER * * :correcthorse", "NICKSERV SET EMAIL a@example.org", "METADATA * SET url :x")
    bob.ask("PRIVMSG ann :bob-direct", "WHO #kept", "LIST", "NAMES #kept", "AWAY :out", "NICK rob", "WHOIS ann")
    ann.ask("MODE #kept +b x!*@*", "KLINE 1h *@192.0.2.1 :no", "CHATHISTORY LATEST #kept * 10", "REHASH")
    eve.ask("PART #kept", "QUIT")
    speakers = [ann, bob, eve]
    late = come(daemon.tcp, "late")
    late.ask("JOIN #kept", "PRIVMSG #kept :late-0")
    speakers.append(late)
    # What is said between two without an account is kept by nobody.
    echoed = [text for speaker in speakers for text in speaker.echoed if ann.registered or text != "bob-direct"]
    for speaker in speakers:
        speaker.close()
    return echoed


def texts(state):
    """What is kept of messages, as bytes in which their texts are."""
    with contextlib.closing(sqlite3.connect(f"file:{state}/chatd.db?mode=ro", uri=True)) as db:
        return b"".join(row[0] for row in db.execute("SELECT bytes FROM journal WHERE class = 1"))


class Trial:
    """One start of the daemon, one fault: at the nth call of a kind since its start, or since it was ready."""

    def __init__(self, folder, kind, nth, starting):
        self.state = folder / "state"
        self.control = Control(folder / "control-page")
        self.tls = harness.free_port()
        self.config = CONFIG.format(tls=self.tls)
        env = {"LD_PRELOAD": str(SHIM), "FAULT_CONTROL": str(folder / "control-page")}
        if starting:
            self.control.arm(kind, nth)
        try:
            self.daemon = harness.Daemon(self.config, args=["--state", str(self.state)], env=env, probe=False)
        except AssertionError as error:
            self.daemon, self.why = None, str(error)
        self.counted = self.control.counts()
        if not starting:
            self.control.arm(kind, nth)

    def run(self):
        """How it went: "served" when it goes on for others, or "ended" when it said so and ended."""
        if not self.daemon:
            assert "Segmentation" not in self.why and "AddressSanitizer" not in self.why, self.why
            return "ended"
        try:
            echoed = live(self.daemon, self.tls)
            self.control.disarm()
            how = self.verdict()
        finally:
            self.daemon.release()
        self.check_kept(echoed)
        return how

    def verdict(self):
        process = self.daemon.process
        if come(self.daemon.tcp, "after").ask():
            process.terminate()
            code = process.wait(harness.DEADLINE)
            assert code >= 0, f"it died of signal {-code} when it was to end:\n{self.daemon.log[-3000:]}"
            return "served"
        code = process.wait(harness.DEADLINE)
        assert code > 0, f"it ended with {code}:\n{self.daemon.log[-3000:]}"
        return "ended"

    def check_kept(self, echoed):
        """With the fault gone, the next one comes up, and what was echoed is there."""
        after = harness.Daemon(self.config, args=["--state", str(self.state)], probe=False)
        try:
            after.process.terminate()
            assert after.process.wait(harness.DEADLINE) == 0
        finally:
            after.release()
        kept = texts(self.state)
        lost = [text for text in echoed if text.encode() not in kept]
        assert not lost, f"echoed and lost: {lost}"

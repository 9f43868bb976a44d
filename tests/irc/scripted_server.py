"""A small IRC server for one client, which says what a test wants it to say."""

import re
import socket
import threading
import time

DEADLINE = 20


class ScriptedServer(threading.Thread):
    """One client of a small IRC server. `script` overrides commands: {"JOIN": lambda server, tags, params: ...}."""

    def __init__(self, caps="", taken=(), script=None, path=None, tls=None, port=0):
        super().__init__(daemon=True)
        self.caps = caps
        self.taken = set(taken)
        self.script = script or {}
        self.lines = []
        self.tagged = []  # (tags, line) of those that had some, but labels
        self.granted = set()
        self.nick = None
        self.welcomed = False
        self.negotiating = False
        self.got_user = False
        self.changed = threading.Condition()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.where = [path]
        else:
            self.listener = socket.create_server(("127.0.0.1", port))
            self.where = ["-p", str(self.listener.getsockname()[1]), "127.0.0.1"]
        self.listener.listen()
        self.listener.settimeout(DEADLINE)
        self.peer = None
        self.tls = tls  # an SSLContext
        self.closed = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes it where nobody came
        except OSError:
            pass
        self.listener.close()
        self.join(DEADLINE)

    def close(self):
        self.closed = True
        if self.peer:
            try:
                self.peer.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def finish(self):
        """Says no more, and reads on: what was sent arrives."""
        try:
            self.peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def run(self):
        try:
            self.peer, _ = self.listener.accept()
        except OSError:
            return
        self.listener.close()
        if self.tls:
            try:
                self.peer = self.tls.wrap_socket(self.peer, server_side=True)
            except OSError:
                return
        pending = b""
        # a TLS socket that was shut would go on with what is encrypted
        while not self.closed:
            try:
                data = self.peer.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            pending += data
            *whole, pending = pending.split(b"\n")
            for raw in whole:
                self.take(raw.rstrip(b"\r"))
        self.peer.close()

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        try:
            self.peer.sendall(data + b"\r\n")
        except OSError:
            pass

    def numeric(self, number, *params):
        self.send(f":irc.test {number} {self.nick or '*'} " + " ".join(params))

    def take(self, raw):
        text = raw.decode("utf-8", "replace")
        tags = {}
        rest = text
        if rest.startswith("@"):
            tagged, rest = rest[1:].split(" ", 1)
            tags = dict(t.split("=", 1) if "=" in t else (t, "") for t in tagged.split(";"))
        head, _, trailing = rest.partition(" :")
        params = head.split()
        if " :" in rest:
            params.append(trailing)
        command = params.pop(0).upper()
        own = getattr(self, "on_" + command.lower(), None)
        if command in self.script:
            self.script[command](self, tags, params)
        elif own:
            own(tags, params)
        with self.changed:
            self.lines.append(rest)
            tags.pop("label", None)
            if tags:
                self.tagged.append((tags, rest))
            self.changed.notify_all()

    def wait_for(self, pattern):
        """The first line received that matches."""
        deadline = time.monotonic() + DEADLINE
        with self.changed:
            while True:
                for line in self.lines:
                    if re.search(pattern, line):
                        return line
                left = deadline - time.monotonic()
                assert left > 0, f"no {pattern!r} in {self.lines[-20:]}"
                self.changed.wait(left)

    def said(self):
        return [line.partition(" :")[2] for line in self.lines if line.startswith("PRIVMSG")]

    def welcome(self):
        if self.welcomed or self.negotiating or not self.nick or not self.got_user:
            return
        self.welcomed = True
        self.numeric("001", ":Welcome")
        self.numeric("005", "CASEMAPPING=ascii", "CHANTYPES=#", ":are supported by this server")

    def on_cap(self, tags, params):
        if params[0] == "LS":
            self.negotiating = True
            first, _, last = self.caps.rpartition(" ")
            if first:
                self.send(f":irc.test CAP * LS * :{first}")
            self.send(f":irc.test CAP * LS :{last}")
        elif params[0] == "REQ":
            self.granted |= set(params[1].split())
            self.send(f":irc.test CAP * ACK :{params[1]}")
        elif params[0] == "END":
            self.negotiating = False
            self.welcome()

    def on_nick(self, tags, params):
        if params[0] in self.taken:
            self.numeric("433", params[0], ":Nickname is already in use")
            return
        if self.welcomed:
            self.send(f":{self.nick}!u@host.test NICK {params[0]}")
        self.nick = params[0]
        self.welcome()

    def on_user(self, tags, params):
        self.got_user = True
        self.welcome()

    def on_join(self, tags, params):
        self.send(f":{self.nick}!u@host.test JOIN {params[0]}")
        self.numeric("366", params[0], ":End of /NAMES list")

    def on_part(self, tags, params):
        self.send(f":{self.nick}!u@host.test PART {params[0]} :{params[1] if len(params) > 1 else ''}")

    def on_ping(self, tags, params):
        self.send(f":irc.test PONG irc.test :{params[-1]}")

    def on_privmsg(self, tags, params):
        label = f"@label={tags['label']} " if "label" in tags else ""
        if "echo-message" in self.granted:
            self.send(f"{label}:{self.nick}!u@host.test PRIVMSG {params[0]} :{params[1]}")

    def on_quit(self, tags, params):
        self.send("ERROR :Closing link")
        self.close()

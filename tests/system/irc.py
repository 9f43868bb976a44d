"""A raw client for the server in a machine."""

import itertools
import re
import socket
import ssl
import time

SECONDS = 20
serials = itertools.count(1)


class Ended(AssertionError):
    pass


def tls_context(version=None, ciphers=None):
    """Takes any certificate. version: such as TLSv1_2, that one alone; ciphers: for TLS 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if ciphers:
        context.set_ciphers(ciphers)
    return context


class Client:
    def __init__(self, machine, family=socket.AF_INET, address=("127.0.0.1", 6667), tls=None):
        """tls: the context of a client's side of TLS."""
        self.socket = machine.socket(family, address)
        if tls:
            # An end without a goodbye is none.
            self.socket = tls.wrap_socket(self.socket, suppress_ragged_eofs=False)
        self.rest = b""
        self.nick = f"user{next(serials)}"

    def send(self, *lines):
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def line(self, seconds=SECONDS):
        """The next line; Ended when the connection is over."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Ended("the connection is over")
            self.rest += piece
        line, _, self.rest = self.rest.partition(b"\n")
        return line.rstrip(b"\r").decode()

    def expect(self, pattern, seconds=SECONDS):
        """Reads until a line matches; the match. A PING on the way is answered."""
        seen = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.line(max(deadline - time.monotonic(), 0.01))
            except (TimeoutError, Ended) as error:
                raise AssertionError(f"{pattern!r} did not come ({error}); what came: {seen[-20:]}") from None
            if line.startswith("PING "):
                self.send("PONG " + line[5:])
            found = re.search(pattern, line)
            if found:
                return found
            seen.append(line)

    def register(self, password=None, caps=None):
        if password:
            self.send(f"PASS {password}")
        if caps:
            self.send(f"CAP REQ :{caps}", "CAP END")
        self.send(f"NICK {self.nick}", f"USER {self.nick} 0 * :A test")
        self.expect(r"^:\S+ 001 ")
        return self

    def join(self, channel):
        self.send(f"JOIN {channel}")
        self.expect(rf" 366 \S+ {re.escape(channel)} ")
        return self

    def sync(self):
        """All that was sent has been done when this returns."""
        token = f"token{next(serials)}"
        self.send(f"PING {token}")
        self.expect(rf"PONG .*{token}")
        return self

    def rest_until_end(self, seconds=SECONDS):
        """All lines until the server closes."""
        lines = []
        deadline = time.monotonic() + seconds
        while True:
            try:
                lines.append(self.line(max(deadline - time.monotonic(), 0.01)))
            except Ended:
                return lines

    def close(self):
        self.socket.close()

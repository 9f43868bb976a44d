"""A name server and an ident server on loopback, which say what a test wants."""

import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "AAAA": 28}


def encode_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def decode_name(packet, at):
    """A question's: without compression."""
    parts = []
    while packet[at]:
        parts.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(parts).lower(), at + 1


def encode_value(kind, value):
    return encode_name(value) if kind == "PTR" else ipaddress.ip_address(value).packed


class NameServer:
    """facts: {("PTR", "1.0.0.127.in-addr.arpa"): ["a.example"], ...}. What is not there does not exist."""

    def __init__(self, facts=None, silent=False):
        self.facts = facts or {}
        self.silent = silent
        self.asked = []
        self.held = []
        self.lock = threading.Lock()
        self.heard = threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def config(self):
        return f"servers = 127.0.0.1:{self.socket.getsockname()[1]}\n"

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            packet, peer = self.socket.recvfrom(4096)
            if not packet:
                return
            name, end = decode_name(packet, 12)
            number, _ = struct.unpack("!HH", packet[end : end + 4])
            kind = next((k for k, v in TYPES.items() if v == number), "?")
            self.asked.append((kind, name))
            answer = self.answer(packet, end + 4, kind, name)
            with self.lock:
                if self.silent:
                    self.held.append((answer, peer))
                else:
                    self.socket.sendto(answer, peer)
            self.heard.set()

    def speak(self):
        """Silent no more: what was asked so far is answered too."""
        with self.lock:
            self.silent = False
            for answer, peer in self.held:
                self.socket.sendto(answer, peer)
            self.held.clear()

    def answer(self, packet, end, kind, name):
        values = self.facts.get((kind, name), [])
        code = 0 if values or any(n == name for _, n in self.facts) else 3
        out = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(values), 0, 0) + packet[12:end]
        for value in values:
            data = encode_value(kind, value)
            out += struct.pack("!HHHIH", 0xC00C, TYPES[kind], 1, 300, len(data)) + data
        return out


class IdentServer:
    """reply: bytes, with {ports} for what was asked; None: never answers. Serves one after the other."""

    def __init__(self, reply, address="127.0.0.1"):
        self.reply = reply
        self.asked = []
        self.kept = []
        self.socket = socket.create_server((address, 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        for c in self.kept:
            c.close()

    @property
    def config(self):
        return f"ident_port = {self.socket.getsockname()[1]}\n"

    def serve(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            self.kept.append(c)
            line = c.makefile("rb").readline().strip()
            self.asked.append(line)
            if self.reply is not None:
                c.sendall(self.reply.replace(b"{ports}", line))

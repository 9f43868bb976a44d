"""The client's side of SASL, for tests: written from RFC 4616, 5802 and 7677."""

import base64
import hashlib
import hmac
import os


def encode(data):
    return base64.b64encode(data).decode()


def parts(text):
    """As AUTHENTICATE has them: 400 bytes each, the last one shorter."""
    cut = [text[i : i + 400] for i in range(0, len(text), 400)] or ["+"]
    return cut + ["+"] if len(cut[-1]) == 400 else cut


def plain(client, account, password, authzid=""):
    """Tries; all that was said."""
    said = client.ask("AUTHENTICATE PLAIN")
    if not said.of("AUTHENTICATE"):
        return said
    message = encode(f"{authzid}\0{account}\0{password}".encode())
    client.send(*(f"AUTHENTICATE {part}" for part in parts(message)))
    return client.sync()


def challenge(client):
    text = client.wait("AUTHENTICATE").params[0]
    return "" if text == "+" else base64.b64decode(text).decode()


def attributes(message):
    return dict(part.split("=", 1) for part in message.split(","))


class Scram:
    def __init__(self, account, password, header="n,,", bound=b""):
        self.account, self.password, self.header, self.bound = account, password, header, bound
        self.bare = f"n={account},r={encode(os.urandom(12))}"

    def first(self):
        return self.header + self.bare

    def final(self, first):
        said = attributes(first)
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        stored = hashlib.sha256(key).digest()
        without = f"c={encode(self.header.encode() + self.bound)},r={said['r']}"
        self.log = f"{self.bare},{first},{without}".encode()
        self.server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), self.log, "sha256")
        signature = hmac.digest(stored, self.log, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature))
        return f"{without},p={encode(proof)}"


def scram(client, account, password, header="n,,", bind=None):
    """
    Tries; all that was said from the proof on. The server must prove that it knows the password too. bind: the name of a
    channel binding, and its bytes.
    """
    if bind:
        header = f"p={bind[0]},,"
    s = Scram(account, password, header, bind[1] if bind else b"")
    client.send("AUTHENTICATE SCRAM-SHA-256" + ("-PLUS" if bind else ""))
    assert challenge(client) == ""
    client.send(f"AUTHENTICATE {encode(s.first().encode())}")
    said = client.ask(f"AUTHENTICATE {encode(s.final(challenge(client)).encode())}")
    if said.of("904"):
        return said
    verifier = base64.b64decode(said.one("AUTHENTICATE").params[0]).decode()
    assert base64.b64decode(attributes(verifier)["v"]) == s.server
    return client.ask("AUTHENTICATE +")

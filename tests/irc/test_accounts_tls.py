"""Logins over TLS: SCRAM that is bound to the connection, certificates that are told of, and those of an authority."""

import datetime
import hashlib
import socket
import struct
import subprocess
import types

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

import sasl
from harness import DEADLINE, FAST, Client, environment, free_port, fresh
from test_chat_client import CLIENT

CAPS = "sasl draft/account-registration"
PASSWORD = "correct horse"
QUICK = "[accounts]\niterations = 4096\n"


def certificate(folder, stem, signer=None, subject=(), names=(), digest=hashes.SHA256()):
    """Files of a pair; signer: a pair that signs it, or itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    now = datetime.datetime.utcnow()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(signer.cert.subject if signer else name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    cert = builder.sign(signer.key if signer else key, digest)
    pair = types.SimpleNamespace(key=key, cert=cert, crt=folder / f"{stem}.crt", pem=folder / f"{stem}.key")
    pair.crt.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    pair.pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    pair.print = hashlib.sha256(cert.public_bytes(serialization.Encoding.DER)).hexdigest()
    return pair


class Secure:
    """A TLS connection that tells what it could be bound to, as the ssl module does not."""

    def __init__(self, address, pair=None, version=SSL.TLS1_3_VERSION):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        if pair:
            context.use_certificate_file(str(pair.crt))
            context.use_privatekey_file(str(pair.pem))
        self.raw = socket.create_connection(address)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(DEADLINE), 0))
        self.tls = SSL.Connection(context, self.raw)
        self.tls.set_connect_state()
        self.tls.do_handshake()

    def sendall(self, data):
        self.tls.sendall(data)

    def recv(self, size):
        try:
            return self.tls.recv(size)
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return b""

    def close(self):
        self.raw.close()

    reset = close

    def fileno(self):
        return self.raw.fileno()

    def binding(self, name):
        if name == "tls-exporter":
            return self.tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, None)
        shown = self.tls.get_peer_certificate().to_cryptography()
        return hashlib.sha256(shown.public_bytes(serialization.Encoding.DER)).digest()


@pytest.fixture
def secure(start, tmp_path):
    def one(config="", tls="", kernel="yes"):
        port = free_port()
        pair = certificate(tmp_path, "server", subject=[(NameOID.COMMON_NAME, "tls.example")])
        text = f"{FAST}{QUICK}{config}[listen]\nendpoint = 127.0.0.1:{port}?accept=tls\n"
        text += f"[tls]\ncertificate = {pair.crt}\nkey = {pair.pem}\nkernel = {kernel}\n{tls}"
        server = start(text)
        server.tls = ("127.0.0.1", port)
        return server

    return one


def arrive(server, pair=None, version=SSL.TLS1_3_VERSION, nick=None):
    """A client over TLS in the middle of its registration, and the mechanisms that it is offered."""
    made = Secure(server.tls, pair, version)
    client = Client(made.raw, nick or fresh("s"))
    client.socket = made
    server.clients.append(client)
    said = client.ask("CAP LS 302", f"CAP REQ :{CAPS}", f"NICK {client.nick}", "USER u 0 * :r")
    offered = next(word for m in said for word in m.params[-1].split() if word.startswith("sasl="))
    return client, offered[5:].split(",")


def owner(server):
    client = server.client("own", caps=CAPS)
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    return client


BINDINGS = pytest.mark.parametrize(
    "name, version, kernel",
    [
        ("tls-exporter", SSL.TLS1_3_VERSION, "yes"),
        ("tls-exporter", SSL.TLS1_3_VERSION, "no"),
        ("tls-server-end-point", SSL.TLS1_3_VERSION, "yes"),
        ("tls-server-end-point", SSL.TLS1_2_VERSION, "yes"),
    ],
)


@BINDINGS
def test_scram_plus(secure, name, version, kernel):
    server = secure(kernel=kernel)
    own = owner(server)
    client, offered = arrive(server, version=version)
    assert "SCRAM-SHA-256-PLUS" in offered and "EXTERNAL" not in offered
    said = sasl.scram(client, own.nick, PASSWORD, bind=(name, client.socket.binding(name)))
    assert said.commands == ["900", "903"]
    assert client.ask("CAP END").of("001")
    said = sasl.scram(client, own.nick, PASSWORD, bind=(name, client.socket.binding(name)))
    assert said.commands == ["900", "903"], "and once more, after registration"


@pytest.mark.parametrize("name", ["tls-exporter", "tls-server-end-point"])
def test_scram_plus_of_another_connection(secure, name):
    """Whoever passes an exchange on has another connection, and another certificate."""
    server = secure()
    own = owner(server)
    client, _ = arrive(server)
    foreign = bytes(b ^ 1 for b in client.socket.binding(name))
    assert sasl.scram(client, own.nick, PASSWORD, bind=(name, foreign)).of("904")
    if name == "tls-exporter":
        other, _ = arrive(server)
        assert sasl.scram(client, own.nick, PASSWORD, bind=(name, other.socket.binding(name))).of("904")


@pytest.mark.parametrize(
    "mechanism, header",
    [
        ("SCRAM-SHA-256", "y,,"),  # what we offer was hidden from the client
        ("SCRAM-SHA-256", "p=tls-exporter,,"),
        ("SCRAM-SHA-256-PLUS", "n,,"),
        ("SCRAM-SHA-256-PLUS", "y,,"),
        ("SCRAM-SHA-256-PLUS", "p=tls-unique,,"),
        ("SCRAM-SHA-256-PLUS", "p=,,"),
    ],
)
def test_downgrades_are_refused(secure, mechanism, header):
    server = secure()
    own = owner(server)
    client, _ = arrive(server)
    said = client.ask(f"AUTHENTICATE {mechanism}")
    assert said.one("AUTHENTICATE").params == ["+"]
    first = sasl.Scram(own.nick, PASSWORD, header).first()
    assert client.ask(f"AUTHENTICATE {sasl.encode(first.encode())}").commands == ["904"]


def test_no_exporter_before_tls_1_3(secure):
    server = secure()
    own = owner(server)
    client, _ = arrive(server, version=SSL.TLS1_2_VERSION)
    client.ask("AUTHENTICATE SCRAM-SHA-256-PLUS")
    first = sasl.Scram(own.nick, PASSWORD, "p=tls-exporter,,").first()
    assert client.ask(f"AUTHENTICATE {sasl.encode(first.encode())}").commands == ["904"]


def test_without_tls_nothing_binds(secure):
    server = secure()
    own = owner(server)
    client = server.connect("plain")
    said = client.ask("CAP LS 302", "CAP REQ :sasl", f"NICK {client.nick}", "USER u 0 * :r")
    assert "SCRAM-SHA-256" in said.text and "PLUS" not in said.text
    assert client.ask("AUTHENTICATE SCRAM-SHA-256-PLUS").commands == ["908", "904"]
    assert sasl.scram(client, own.nick, PASSWORD, header="y,,").commands == ["900", "903"]


def external(client, authzid=""):
    said = client.ask("AUTHENTICATE EXTERNAL")
    if not said.of("AUTHENTICATE"):
        return said
    return client.ask(f"AUTHENTICATE {sasl.encode(authzid.encode()) or '+'}")


def test_external(secure, tmp_path):
    server = secure()
    mine, other = (certificate(tmp_path, n, subject=[(NameOID.COMMON_NAME, n)]) for n in ("mine", "other"))
    own = owner(server)
    own.ask(f"NS CERT ADD {mine.print}")
    client, offered = arrive(server, mine)
    assert "EXTERNAL" in offered
    assert external(client, "nobody").commands == ["904"]
    assert external(client, own.nick).commands == ["900", "903"]
    assert client.ask("CAP END", f"WHOIS {client.nick}").one("330").params[2] == own.nick
    client, _ = arrive(server, other)
    assert external(client).commands == ["904"]
    own.ask(f"NS CERT DEL {mine.print}")
    assert external(arrive(server, mine)[0]).commands == ["904"]


def test_external_adds_what_it_shows(secure, tmp_path):
    server = secure()
    mine = certificate(tmp_path, "mine", subject=[(NameOID.COMMON_NAME, "mine")])
    client, _ = arrive(server, mine)
    client.ask("CAP END", f"REGISTER * * :{PASSWORD}")
    assert "logs in" in client.ask("NS CERT ADD").one("NOTICE").params[-1]
    assert external(arrive(server, mine)[0]).commands == ["900", "903"]


@pytest.fixture
def authority(tmp_path):
    ca = certificate(tmp_path, "ca", subject=[(NameOID.COMMON_NAME, "People")])
    ca.make = lambda stem, **more: certificate(tmp_path, stem, signer=ca, **more)
    return ca


@pytest.mark.parametrize(
    "field, more",
    [
        ("cn", {"subject": [(NameOID.COMMON_NAME, "ann")]}),
        ("uid", {"subject": [(NameOID.COMMON_NAME, "Ann Other"), (NameOID.USER_ID, "ann")]}),
        ("email", {"subject": [], "names": [x509.RFC822Name("ann@example.org"), x509.DNSName("ann.example.org")]}),
    ],
)
def test_authority(secure, authority, field, more):
    server = secure("autocreate = yes\n", f"client_ca = {authority.crt}\nclient_account = {field}\n")
    client, _ = arrive(server, authority.make("ann", **more), nick="ann")
    said = external(client)
    assert said.commands == ["900", "903"] and said.one("900").params[2] == "ann"
    assert client.ask("CAP END").of("001")
    client, _ = arrive(server, authority.make("ann", **more))
    assert external(client).commands == ["900", "903"]


@pytest.mark.parametrize(
    "more",
    [
        {"subject": [(NameOID.COMMON_NAME, "a b")]},
        {"subject": [(NameOID.COMMON_NAME, "NickServ")]},
        {"subject": [(NameOID.COMMON_NAME, "ann"), (NameOID.COMMON_NAME, "bob")]},
        {"subject": [(NameOID.USER_ID, "ann")]},
        {"subject": [(NameOID.COMMON_NAME, "grouped")]},
    ],
)
def test_authority_names_nobody(secure, authority, more):
    server = secure("autocreate = yes\n", f"client_ca = {authority.crt}\nclient_account = cn\n")
    own = owner(server)
    own.ask("NICK grouped", "NS GROUP", "NICK other")
    assert external(arrive(server, authority.make("x", **more))[0]).commands == ["904"]


def test_authority_makes_no_account_unasked(secure, authority):
    server = secure("", f"client_ca = {authority.crt}\nclient_account = cn\n")
    pair = authority.make("ann", subject=[(NameOID.COMMON_NAME, "ann")])
    assert external(arrive(server, pair)[0]).commands == ["904"]
    server.client(nick="ann", caps=CAPS).ask(f"REGISTER * * :{PASSWORD}")
    assert external(arrive(server, pair)[0]).commands == ["900", "903"]


@pytest.mark.parametrize("tls", ["", "client_ca = {ca}\n", "client_account = cn\n"])
def test_authority_is_off_by_default(secure, authority, tls):
    server = secure("autocreate = yes\n", tls.format(ca=authority.crt))
    pair = authority.make("ann", subject=[(NameOID.COMMON_NAME, "ann")])
    assert external(arrive(server, pair)[0]).commands == ["904"]


def test_another_authority(secure, authority, tmp_path):
    """One of the same name, and somebody who signs himself."""
    server = secure("autocreate = yes\n", f"client_ca = {authority.crt}\nclient_account = cn\n")
    impostor = certificate(tmp_path, "ca2", subject=[(NameOID.COMMON_NAME, "People")])
    for pair in (
        certificate(tmp_path, "a", signer=impostor, subject=[(NameOID.COMMON_NAME, "ann")]),
        certificate(tmp_path, "b", subject=[(NameOID.COMMON_NAME, "ann")]),
    ):
        assert external(arrive(server, pair)[0]).commands == ["904"]


def test_chat_client_logs_in_with_its_certificate(secure, tmp_path):
    server = secure()
    mine = certificate(tmp_path, "mine", subject=[(NameOID.COMMON_NAME, "mine")])
    own = owner(server)
    own.ask(f"NS CERT ADD {mine.print}")
    bea = server.client("bea", caps="message-tags account-tag")
    bea.ask("JOIN #tls")
    login = ["-a", own.nick, "--cert", mine.crt, "--key", mine.pem]
    argv = [CLIENT, "-n", fresh("piper"), *login, "ircs://%s:%d/tls" % server.tls]
    env = environment({"XDG_STATE_HOME": str(tmp_path)})  # the server is trusted on first use
    done = subprocess.run(argv, input="hola\n", capture_output=True, text=True, timeout=DEADLINE, env=env)
    assert done.returncode == 0, done.stderr
    assert bea.wait("PRIVMSG", "#tls", "hola").tags["account"] == own.nick

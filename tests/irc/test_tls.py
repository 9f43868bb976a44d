"""TLS: what is spoken and refused, certificates and their change, and people who trickle, break off or come all at once."""

import contextlib
import datetime
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from flow import raise_descriptors
from harness import CHATD, DEADLINE, FAST, Client, environment, free_port, fresh, wait_until


def made(folder, name="tls.example"):
    """A pair made by --make-cert: (certificate, key, what was printed)."""
    config = folder / f"{name}.conf"
    pair = folder / f"{name}.crt", folder / f"{name}.key"
    config.write_text(f"[server]\nname = {name}\n[tls]\ncertificate = {pair[0]}\nkey = {pair[1]}\n")
    done = subprocess.run([CHATD, "-c", config, "--make-cert"], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    return *pair, done.stdout


@pytest.fixture
def secure(start, tmp_path):
    """secure(config, doors, ...): a daemon with a TLS port, `tls`, and a certificate."""

    def one(config="", doors="tls", **options):
        port = free_port()
        cert, key, _ = made(tmp_path)
        text = f"{FAST}[listen]\nendpoint = 127.0.0.1:{port}?accept={doors}\n[tls]\ncertificate = {cert}\nkey = {key}\n"
        server = start(text + config, **options)
        server.tls = ("127.0.0.1", port)
        server.cert, server.key, server.text = cert, key, text + config
        return server

    return one


def context(**changes):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def wrapped(server, ctx=None, name="tls.example", **options):
    raw = socket.create_connection(server.tls, DEADLINE)
    return (ctx or context()).wrap_socket(raw, server_hostname=name, **options)


def member(server, nick="t", ctx=None, **options):
    client = Client(wrapped(server, ctx, **options), fresh(nick))
    server.clients.append(client)
    client.register()
    return client


def test_people_talk(secure):
    server = secure()
    a, b = member(server, "a"), server.client("b")
    server.channel(a, b)
    a.ask("PRIVMSG #t :x")
    b.send(f"PRIVMSG {a.nick} :plain to secure")
    assert a.wait("PRIVMSG").params[-1] == "plain to secure"
    assert b.ask(f"WHOIS {a.nick}").of("671") and not a.ask(f"WHOIS {b.nick}").of("671")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions(secure, version):
    ctx = context(minimum_version=ssl.TLSVersion[version], maximum_version=ssl.TLSVersion[version])
    a = member(secure(), ctx=ctx)
    assert a.socket.version() == version.replace("_", ".")
    assert a.socket.cipher()[2] >= 128


def test_old_versions_are_refused(secure):
    server = secure()
    ctx = context()
    ctx.set_ciphers("ALL:@SECLEVEL=0")
    ctx.minimum_version = ssl.TLSVersion.TLSv1
    ctx.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        wrapped(server, ctx)


@pytest.mark.parametrize("ciphers", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"])
def test_old_ciphers_are_refused(secure, ciphers):
    """No keys that a later theft opens, and no CBC."""
    ctx = context(maximum_version=ssl.TLSVersion.TLSv1_2)
    ctx.set_ciphers(ciphers)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        wrapped(secure(), ctx)


def test_alpn_is_irc(secure):
    ctx = context()
    ctx.set_alpn_protocols(["irc"])
    assert member(secure(), ctx=ctx).socket.selected_alpn_protocol() == "irc"


def test_renegotiation_is_refused(secure):
    """A line of R alone asks openssl for one."""
    argv = ["openssl", "s_client", "-connect", "%s:%d" % secure().tls, "-tls1_2", "-crlf"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as s_client:
        s_client.stdin.write(b"PING here\n")
        s_client.stdin.flush()
        while b"PONG" not in s_client.stdout.readline():
            pass
        s_client.stdin.write(b"R\n")
        s_client.stdin.flush()
        said = s_client.stdout.read()
    assert b"RENEGOTIATING" in said and b"no renegotiation" in said


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_sessions_resume_also_after_a_reload(secure, version):
    server = secure()
    ctx = context(minimum_version=ssl.TLSVersion[version], maximum_version=ssl.TLSVersion[version])
    first = member(server, ctx=ctx)
    session = first.socket.session
    assert member(server, ctx=ctx, session=session).socket.session_reused
    server.send_signal(signal.SIGHUP)
    server.wait_log("configuration reloaded")
    assert member(server, ctx=ctx, session=session).socket.session_reused


def test_client_certificates_are_known_and_not_demanded(secure, tmp_path):
    server = secure()
    cert, key, _ = made(tmp_path, "me.example")
    ctx = context()
    ctx.load_cert_chain(cert, key)
    me = member(server, ctx=ctx)
    print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()
    assert me.ask(f"WHOIS {me.nick}").of("276")[0].params[-1].endswith(print_)
    other = member(server)
    assert not other.ask(f"WHOIS {me.nick}").of("276")


def fingerprint(sock):
    return hashlib.sha256(sock.getpeercert(True)).hexdigest()


def test_names_have_their_certificates(start, tmp_path):
    one, two = made(tmp_path, "one.example"), made(tmp_path, "two.example")
    port = free_port()
    text = "".join(f"certificate = {cert}\nkey = {key}\n" for cert, key, _ in (one, two))
    server = start(f"{FAST}[listen]\nendpoint = ircs://127.0.0.1:{port}\n[tls]\n{text}")
    server.tls = ("127.0.0.1", port)
    seen = {name: fingerprint(member(server, name=name).socket) for name in ("one.example", "two.example", "x.example")}
    assert seen["one.example"] == seen["x.example"] != seen["two.example"]


def test_reload_changes_the_certificate_and_drops_nobody(secure, tmp_path):
    server = secure()
    a = member(server, "a")
    before = fingerprint(a.socket)
    os.unlink(server.cert)
    os.unlink(server.key)
    made(tmp_path)
    server.send_signal(signal.SIGHUP)
    server.wait_log("configuration reloaded")
    assert fingerprint(member(server, "b").socket) != before
    a.ask("PING still")


def test_a_bad_pair_keeps_the_old_one(secure):
    server = secure()
    a = member(server, "a")
    before = fingerprint(a.socket)
    server.cert.write_text("no certificate\n")
    server.send_signal(signal.SIGHUP)
    server.wait_log("nothing was changed")
    assert str(server.cert) in server.log
    assert fingerprint(member(server, "b").socket) == before
    a.ask("PING still")


def test_a_hundred_changes_leave_descriptors_and_memory_alone(secure):
    server = secure()
    a = member(server, "a")

    def change(times):
        for _ in range(times):
            server.reload(server.text)
        a.sync()
        return server.memory(), server.descriptors()

    memory, descriptors = change(20)
    assert change(100)[1] <= descriptors
    server.check_memory(memory, 1 << 20)


def test_one_makes_itself(start, tmp_path):
    """And it is the same after a restart."""
    port = free_port()
    config = f"{FAST}[listen]\nendpoint = ircs://127.0.0.1:{port}\n"
    prints = []
    for _ in range(2):
        server = start(config, args=["--state", str(tmp_path / "state")])
        server.tls = ("127.0.0.1", port)
        prints.append(fingerprint(member(server).socket))
        server.wait_log("tls.crt, sha256/[A-Za-z0-9+/]{43}=, until")
        server.finish()
    assert prints[0] == prints[1]


def test_without_a_certificate_it_does_not_start(tmp_path):
    config = tmp_path / "c.conf"
    config.write_text(f"[listen]\nendpoint = ircs://127.0.0.1:{free_port()}\n")
    env = environment({"STATE_DIRECTORY": ""})
    done = subprocess.run([CHATD, "-c", config], capture_output=True, text=True, timeout=DEADLINE, env=env)
    assert done.returncode == 69 and "needs a certificate" in done.stderr


def test_both_on_one_port(secure):
    server = secure(doors="irc,tls")
    a = member(server, "a")
    server.clients.append(b := Client(socket.create_connection(server.tls, DEADLINE), fresh("b")))
    b.register()
    assert a.ask(f"WHOIS {b.nick}").of("311") and not a.ask(f"WHOIS {b.nick}").of("671")


def test_plain_talk_at_a_tls_port(secure):
    server = secure()
    with socket.create_connection(server.tls, DEADLINE) as s:
        s.sendall(b"NICK a\r\nUSER a 0 * :a\r\n")
        try:
            assert s.recv(100) == b""
        except ConnectionResetError:  # what it sent was not read
            pass
    server.wait_log("what came is no TLS")


def test_the_end_is_said(secure):
    server = secure()
    strict = context()
    strict.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    a = member(server, ctx=strict, suppress_ragged_eofs=False)  # so that an end without close_notify raises
    a.send("QUIT :bye")
    rest = b""
    while data := a.socket.recv(4096):
        rest += data
    assert b"ERROR" in rest


def hello(name="tls.example"):
    """The first bytes that a client sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_a_trickled_handshake_has_an_end(secure):
    server = secure("[limits]\nhandshake_timeout = 1s\n")
    end = time.monotonic() + DEADLINE
    with socket.create_connection(server.tls, DEADLINE) as s:
        try:
            for byte in hello():
                s.sendall(bytes([byte]))
                time.sleep(0.02)
                assert time.monotonic() < end
        except OSError:
            pass
    server.wait_log("it took too long")


def test_broken_off_at_every_stage(secure):
    """Descriptors and memory come back; the harness looks at the end, too."""
    server = secure()
    first = hello()

    def round_of(times):
        for n in (0, 1, 5, 60, len(first) - 1, len(first)):
            for _ in range(times):
                with socket.create_connection(server.tls, DEADLINE) as s:
                    s.sendall(first[:n])
        wait_until(lambda: server.descriptors() <= server.descriptors_before, "descriptors to be back")
        return server.memory()

    before = round_of(30)
    round_of(100)
    server.check_memory(before, 1 << 20)
    member(server)


class Handshake:
    """One that begins at once and is finished when it is asked to."""

    def __init__(self, server, ctx):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ctx.wrap_bio(self.incoming, self.outgoing)
        self.socket = socket.create_connection(server.tls, DEADLINE)
        assert not self.step(self.tls.do_handshake)

    def step(self, done):
        """What `done` returns when it has what it needs, else None; what it wrote is on its way."""
        try:
            return done() or True
        except ssl.SSLWantReadError:
            return None
        finally:
            self.socket.sendall(self.outgoing.read())

    def hear(self, done):
        while (result := self.step(done)) is None:
            data = self.socket.recv(1 << 16)
            assert data, "the end came instead"
            self.incoming.write(data)
        return result

    def finish(self):
        self.hear(self.tls.do_handshake)

    def register(self, nick):
        self.tls.write(f"NICK {nick}\r\nUSER u 0 * :u\r\nPING in\r\n".encode())
        self.socket.sendall(self.outgoing.read())

    def await_pong(self):
        said = b""
        while b"PONG" not in said:
            said += self.hear(lambda: self.tls.read(1 << 16))
        assert b" 001 " in said


def test_a_thousand_at_once(secure):
    """All have begun before the first has ended; then all register before the first is answered."""
    server = secure("[limits]\nregistration_timeout = 10m\nhandshake_timeout = 10m\n")
    raise_descriptors(3000)
    ctx = context()
    bystander = server.client("plain")
    all_of_them = [Handshake(server, ctx) for _ in range(1000)]
    bystander.sync()
    for one in all_of_them:
        one.finish()
    for number, one in enumerate(all_of_them):
        one.register(f"h{number}")
    for one in all_of_them:
        one.await_pong()
        one.socket.close()
    bystander.sync()


def test_a_chain_larger_than_a_send_buffer(secure):
    server = secure()
    server.cert.write_text(server.cert.read_text() * 400)
    server.send_signal(signal.SIGHUP)
    server.wait_log("configuration reloaded")
    ctx = context()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(DEADLINE)
    raw.connect(server.tls)
    try:
        client = Client(ctx.wrap_socket(raw, server_hostname="tls.example"), fresh("big"))
    except ssl.SSLError as error:  # this client takes no message of that size; the server sent it all the same
        assert "EXCESSIVE" in str(error).upper() or "TOO" in str(error).upper(), error
        return
    server.clients.append(client)
    client.register()


def test_much_at_once(secure):
    """More than one read takes, while the answer is not read: nothing is lost or stuck."""
    server = secure("[limits]\nsendq = 4M\nrecvq = 64k\n")
    a, b = member(server, "a"), member(server, "b")
    channel = server.channel(a, b)
    lines = [f"PRIVMSG {channel} :{i} {'x' * 300}" for i in range(3000)]
    a.socket.setblocking(True)
    a.socket.sendall("".join(line + "\r\n" for line in lines).encode())
    for i in range(3000):
        assert b.wait("PRIVMSG").params[-1].split()[0] == str(i)


def test_a_restart_says_so(secure):
    """The keys are in the process that goes: whoever is here over TLS is asked to come again; the others stay."""
    server = secure("[tls]\nkernel = no\n")
    a, b = member(server, "a"), server.client("b")
    server.send_signal(signal.SIGUSR2)
    error = a.rest().of("ERROR")
    assert error and "restarting, reconnect" in error[0].params[-1]
    b.ask("PING still")
    server.descriptors_before = 99
    member(server, "c")


def offered(client, version=" 302"):
    client.send("CAP LS" + version)
    words = []
    while (line := client.wait("CAP")).params[2] == "*":
        words += line.params[-1].split()
    return words + line.params[-1].split()


def test_sts(secure):
    server = secure("[tls]\nsts_port = 6697\nsts_duration = 30d\n")
    a = server.connect(fresh("a"))
    assert "sts=port=6697" in offered(a)
    a.send("CAP REQ sts")
    assert a.wait("CAP").params[1] == "NAK"
    b = Client(wrapped(server), fresh("b"))
    server.clients.append(b)
    assert "sts=duration=2592000" in offered(b)
    assert not [word for word in offered(server.connect(fresh("c")), "") if word.startswith("sts")]


def of_days(folder, days):
    """A pair that ends in so many days."""
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    argv += ["-subj", "/CN=tls.example", "-days", str(days), "-keyout", folder / "d.key", "-out", folder / "d.crt"]
    subprocess.run(argv, check=True, capture_output=True)
    return folder / "d.crt", folder / "d.key"


@pytest.mark.parametrize("days, warned", [(13, True), (14, True), (16, False)])
def test_the_end_of_a_certificate_is_warned_of(start, tmp_path, days, warned):
    """Two weeks ahead, at the start and at each reload."""
    cert, key = of_days(tmp_path, days)
    port = free_port()
    config = f"{FAST}[listen]\nendpoint = ircs://127.0.0.1:{port}\n[tls]\ncertificate = {cert}\nkey = {key}\n"
    server = start(config)
    server.reload(config)
    entries = [e for e in server.entries if f"the certificate of {cert} ends on 20" in e]
    assert len(entries) == (2 if warned else 0), entries


def test_a_certificate_that_has_ended_is_said_to(start, tmp_path):
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now - datetime.timedelta(9), now - datetime.timedelta(2))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    pem += key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (tmp_path / "old.pem").write_bytes(pem)
    server = start(f"{FAST}[listen]\nendpoint = ircs://127.0.0.1:{free_port()}\n[tls]\ncertificate = {tmp_path}/old.pem\n")
    server.wait_log(f"the certificate of {tmp_path}/old.pem ended on 20")


def test_credentials_of_the_service_manager(start, tmp_path):
    """LoadCredential= of the unit, where the configuration names no certificate."""
    cert, key, _ = made(tmp_path)
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "chatd.tls-certificate").write_bytes(cert.read_bytes())
    (folder / "chatd.tls-key").write_bytes(key.read_bytes())
    port = free_port()
    server = start(f"{FAST}[listen]\nendpoint = ircs://127.0.0.1:{port}\n", env={"CREDENTIALS_DIRECTORY": str(folder)})
    server.tls = ("127.0.0.1", port)
    wanted = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()
    assert fingerprint(member(server).socket) == wanted


def s_client(server, *options, said="QUIT\n"):
    """What openssl has to say of it."""
    argv = ["openssl", "s_client", "-ign_eof", "-connect", "%s:%d" % server.tls, *options]
    done = subprocess.run(argv, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
    return done.stdout


def test_what_openssl_sees(secure, tmp_path):
    server = secure()
    seen = s_client(server, "-alpn", "irc")
    assert "ALPN protocol: irc" in seen and "TLSv1.3" in seen and "Compression: NONE" in seen
    assert "No ALPN negotiated" in s_client(server)
    assert "ALPN protocol: irc" in s_client(server, "-alpn", "irc,http/1.1")
    # What a browser says that comes for a WebSocket.
    assert "ALPN protocol: http/1.1" in s_client(server, "-alpn", "http/1.1")
    assert "ALPN protocol: http/1.1" in s_client(server, "-alpn", "h2,http/1.1")
    # Who wants to talk to a mail server, or is made to, does not get one that answers.
    assert "no application protocol" in s_client(server, "-alpn", "smtp")
    for version in ("-tls1_2", "-tls1_3"):
        ticket = tmp_path / version
        assert "New, TLSv1" in s_client(server, version, "-sess_out", ticket)
        assert "Reused, TLSv1" in s_client(server, version, "-sess_in", ticket)
    for version in ("-tls1", "-tls1_1"):
        assert "Cipher is (NONE)" in s_client(server, version, "-cipher", "ALL:@SECLEVEL=0")


class Halves:
    """Whose records come in two pieces."""

    def __init__(self, server):
        self.raw = socket.create_connection(server.tls, DEADLINE)
        self.come, self.leave = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context().wrap_bio(self.come, self.leave, server_hostname="tls.example")
        self.wait(self.tls.do_handshake)
        self.raw.sendall(self.leave.read())

    def wait(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.raw.sendall(self.leave.read())
                data = self.raw.recv(1 << 16)
                assert data, "the end came instead"
                self.come.write(data)

    def say(self, text, between):
        self.tls.write(text)
        record = self.leave.read()
        self.raw.sendall(record[:10])
        between()
        self.raw.sendall(record[10:])

    def hear(self, text):
        heard = b""
        while text not in heard:
            heard += self.wait(lambda: self.tls.read(1 << 14))


def test_what_goes_wrong_with_one_is_no_matter_of_another(secure):
    """OpenSSL queues errors for the thread: those of one connection must not be read as another's."""
    server = secure()
    other, halves = server.client(), Halves(server)
    halves.say(b"NICK half\r\nUSER half 0 * :half\r\n", other.sync)
    halves.hear(b" 422 ")
    for n in range(10):
        with socket.create_connection(server.tls, DEADLINE) as broken:
            broken.sendall(b"NICK x\r\nUSER x 0 * :x\r\n")
            with contextlib.suppress(ConnectionResetError):
                while broken.recv(4096):
                    pass
        halves.say(b"PING %d\r\n" % n, other.sync)
        halves.hear(b"PONG")
    halves.raw.close()

"""WEBIRC: a gateway says for whom it speaks."""

import hashlib
import re
import ssl

from harness import FAST, Client, fresh
from test_cloaks import CLOAK
from test_handover import restart
from test_opers import hashed
from test_tls import context, made, secure, wrapped  # noqa: F401

GATE = FAST + "[oper root]\npassword = pw\n[webirc kiwi]\nfrom = localhost\npassword = sesame\n"


def come(server, line):
    c = server.connect(fresh("w"))
    c.send(line)
    return c


def admitted(server, line):
    c = come(server, line)
    c.register()
    return c


def operator(server):
    op = server.client("root")
    assert op.ask("OPER root pw").one("381")
    return op


def test_the_real_address_counts(start):
    server = start(GATE)
    op = operator(server)
    c = admitted(server, "WEBIRC sesame kiwi 203.0.113.7 203.0.113.7 :secure")
    said = op.ask(f"WHOIS {c.nick}")
    assert said.one("338").params[2] == "203.0.113.7"
    assert re.fullmatch(CLOAK, said.one("311").params[3])
    named = admitted(server, "WEBIRC sesame kiwi gate.isp.example 2001:db8::7")
    said = op.ask(f"WHOIS {named.nick}")
    assert said.one("378").params[2].endswith("gate.isp.example 2001:db8::7")
    assert said.one("311").params[3].endswith(".isp.example")
    restart(server)
    assert op.ask(f"WHOIS {named.nick}").one("338").params[2] == "2001:db8::7"


def test_bans_and_limits_are_of_the_real_address(start):
    server = start(GATE + "[limits]\nclients_per_address = 1\n")
    op = operator(server)
    line = "WEBIRC sesame kiwi 203.0.113.7 203.0.113.7"
    first = admitted(server, line)
    assert "too many" in come(server, line).rest().one("ERROR").params[0]
    first.send("QUIT")
    first.rest()
    first = admitted(server, line)
    op.ask("DLINE 203.0.113.7 :go away")
    assert first.rest().of("ERROR")
    assert "go away" in come(server, line).rest().one("ERROR").params[0]
    admitted(server, "WEBIRC sesame kiwi 203.0.113.8 203.0.113.8")


def test_strangers_are_refused(start):
    server = start(GATE + "[webirc far]\nfrom = 192.0.2.0/24\npassword = other\n")
    for line in (
        "WEBIRC wrong kiwi h.example 203.0.113.7",
        "WEBIRC other far h.example 203.0.113.7",
        "WEBIRC sesame kiwi h.example nowhere",
        "WEBIRC sesame kiwi h.example /tmp/sock",
        "WEBIRC sesame kiwi h.example 0.0.0.0/0",
        "NICK early\r\nWEBIRC sesame kiwi h.example 203.0.113.7",
        "WEBIRC sesame kiwi a 203.0.113.7\r\nWEBIRC sesame kiwi a 203.0.113.8",
    ):
        assert come(server, line).rest().one("ERROR").params[0].count("WEBIRC"), line
    assert server.client("c").ask("WEBIRC sesame kiwi a 203.0.113.7").one("462")
    assert "sesame" not in server.log


def test_hashed_passwords(start):
    one, two = hashed("sesame"), hashed("other")
    blocks = "".join(f"[webirc {n}]\nfrom = localhost\npassword = {p}\n" for n, p in (("kiwi", one), ("lounge", two)))
    server = start(FAST + "[oper root]\npassword = pw\n" + blocks)
    op = operator(server)
    waiting = []
    for i, word in enumerate(("other", "sesame", "wrong", "sesame")):
        waiting.append(come(server, f"WEBIRC {word} x 203.0.113.7 203.0.113.7\r\nNICK n{i}\r\nUSER u 0 * :r"))
    # Others are served while the thread derives.
    op.sync()
    for c in (waiting[0], waiting[1], waiting[3]):
        c.wait("422")
    for nick in ("n0", "n1", "n3"):
        assert op.ask(f"WHOIS {nick}").one("338").params[2] == "203.0.113.7"
    assert "WEBIRC is not for you" in waiting[2].rest().one("ERROR").params[0]
    assert not op.ask("WHOIS n2").of("311")
    far = "[webirc far]\nfrom = 192.0.2.0/24\npassword = "
    server.reload(FAST + far + one + "\n")
    assert come(server, "WEBIRC sesame x 203.0.113.7 203.0.113.7").rest().of("ERROR")
    assert "sesame" not in server.log and one not in server.log


def test_wrong_ones_are_bounded(start):
    server = start(FAST + f"[webirc kiwi]\nfrom = localhost\npassword = {hashed('sesame')}\n")
    for _ in range(11):
        assert come(server, "WEBIRC wrong x 203.0.113.7 203.0.113.7").rest().of("ERROR")
    # Now not even the right one is tried.
    assert come(server, "WEBIRC sesame x 203.0.113.7 203.0.113.7").rest().of("ERROR")


def test_a_gateway_by_its_certificate(secure, tmp_path):
    cert, key, _ = made(tmp_path, "gate.example")
    print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()
    server = secure(f"[oper root]\npassword = pw\n[webirc kiwi]\nfrom = localhost\nfingerprint = {print_}\n")
    op, ctx = operator(server), context()
    ctx.load_cert_chain(cert, key)
    known = Client(wrapped(server, ctx), fresh("w"))
    server.clients.append(known)
    known.send("WEBIRC any kiwi 203.0.113.7 203.0.113.7 secure")
    known.register()
    said = op.ask(f"WHOIS {known.nick}")
    assert said.one("338").params[2] == "203.0.113.7" and said.of("671")
    for other in (Client(wrapped(server), fresh("w")), server.connect(fresh("w"))):
        server.clients.append(other)
        other.send("WEBIRC any kiwi 203.0.113.7 203.0.113.7")
        assert "WEBIRC" in other.rest().one("ERROR").params[0]

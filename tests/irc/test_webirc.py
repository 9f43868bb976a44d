"""WEBIRC: a gateway says for whom it speaks."""

import re

from harness import FAST, fresh
from test_cloaks import CLOAK
from test_handover import restart

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

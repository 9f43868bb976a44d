"""The host that is shown: cloaks, real hosts for those who may know, and hosts that operators give."""

import re

import sasl
from harness import FAST, chan
from test_handover import restart

LOCAL = FAST + "[cloak]\nlocal = yes\n[oper root]\npassword = pw\n"
CLOAK = r"[a-z2-7]{8}\.[a-z2-7]{8}\.[a-z2-7]{8}\.ip"


def host_of(client, nick):
    return client.ask(f"WHOIS {nick}").one("311").params[3]


def operator(server):
    op = server.client("root")
    assert op.ask("OPER root pw").one("381")
    return op


def test_addresses_are_hidden_and_networks_are_not_mixed_up(start):
    server = start(LOCAL)
    ann, bob, op = server.client("ann"), server.client("bob"), operator(server)
    cloak = host_of(bob, ann.nick)
    assert re.fullmatch(CLOAK, cloak) and cloak == host_of(bob, bob.nick)
    assert not bob.ask(f"WHOIS {ann.nick}").of("338")
    assert ann.ask(f"WHOIS {ann.nick}").one("338").params[2] == "127.0.0.1"
    assert op.ask(f"WHOIS {ann.nick}").one("378").params[2].endswith("127.0.0.1")
    assert "x" in ann.ask(f"MODE {ann.nick}").one("221").params[1]


def test_bans_meet_the_cloak_and_its_network(start):
    server = start(LOCAL)
    ann, bob = server.client("ann"), server.client("bob")
    cloak = host_of(ann, bob.nick)
    for mask in (f"*!*@{cloak}", "*!*@*." + cloak.split(".", 2)[2]):
        name = chan()
        ann.ask(f"JOIN {name}", f"MODE {name} +b {mask}")
        assert bob.ask(f"JOIN {name}").one("474")


def test_x_can_be_dropped(start):
    server = start(LOCAL)
    ann = server.client("ann")
    bob = server.client("bob", caps="chghost")
    name = chan()
    ann.ask(f"JOIN {name}")
    bob.ask(f"JOIN {name}")
    cloak = host_of(bob, ann.nick)
    ann.send(f"MODE {ann.nick} -x")
    assert bob.wait("CHGHOST").params[1] == "127.0.0.1"
    ann.send(f"MODE {ann.nick} +x")
    assert bob.wait("CHGHOST").params[1] == cloak


def test_x_stays_where_the_configuration_says_so(start):
    server = start(LOCAL.replace("local = yes", "local = yes\nmay_drop = no"))
    ann = server.client("ann")
    assert not ann.ask(f"MODE {ann.nick} -x").of("MODE")
    assert re.fullmatch(CLOAK, host_of(ann, ann.nick))


def test_operators_give_hosts(start):
    server = start(LOCAL)
    ann, op = server.client("ann"), operator(server)
    bob = server.client("bob", caps="chghost")
    name = chan()
    ann.ask(f"JOIN {name}")
    bob.ask(f"JOIN {name}")
    cloak = host_of(bob, ann.nick)
    assert ann.ask(f"CHGHOST {ann.nick} staff.example").one("481")
    op.ask(f"CHGHOST {ann.nick} staff/ann.example")
    assert bob.wait("CHGHOST").params[1] == "staff/ann.example"
    assert op.ask(f"CHGHOST {ann.nick} no@host").one("FAIL").params[1] == "INVALID_HOST"
    assert op.ask("VHOST nobody a.example").one("FAIL").params[1] == "ACCOUNT_UNKNOWN"
    op.ask(f"CHGHOST {ann.nick} -")
    assert bob.wait("CHGHOST").params[1] == cloak
    op.ask("SETHOST root.example")
    assert host_of(bob, op.nick) == "root.example"


def test_a_restart_shows_the_same(start):
    server = start(LOCAL)
    ann = server.client("ann")
    cloak = host_of(ann, ann.nick)
    restart(server)
    assert host_of(ann, ann.nick) == cloak
    assert ann.ask(f"WHOIS {ann.nick}").one("338").params[2] == "127.0.0.1"


def test_a_host_of_an_account(start):
    server = start(LOCAL)
    op = operator(server)
    ann = server.client("ann")
    cloak = host_of(op, ann.nick)
    assert ann.ask("REGISTER * * :correct horse").one("REGISTER").params[0] == "SUCCESS"
    op.ask(f"VHOST {ann.nick} ann.example")
    assert host_of(op, ann.nick) == "ann.example"
    ann.close()
    again = server.client("other", caps="sasl")
    assert sasl.plain(again, ann.nick, "correct horse").of("903")
    assert host_of(op, again.nick) == "ann.example"
    op.ask(f"VHOST {ann.nick} -")
    assert host_of(op, again.nick) == cloak

"""Names of addresses, lists of addresses and ident: found out while a client registers, and waited for by it alone."""

import re

import pytest
from harness import FAST, fresh
from names_server import IdentServer, NameServer
from test_cloaks import operator
from test_handover import restart

BASE = FAST + "[oper root]\npassword = pw\n[cloak]\nlocal = yes\n[lookup]\nprivate = yes\n"
PTR = ("PTR", "1.0.0.127.in-addr.arpa")
HOST = "gate.isp.example"
FACTS = {PTR: [HOST], ("A", HOST): ["198.51.100.1", "127.0.0.1"]}


def patient(timeout="20s"):
    return f"timeout = {timeout}\n"


def real_host(op, nick):
    return op.ask(f"WHOIS {nick}").one("378").params[2]


def listed(names, replies):
    """127.0.0.3 and 127.0.0.4 are on lists."""
    return {("A", f"{last}.0.0.127.{zone}"): replies for zone in names for last in (3, 4)}


def come(server, source):
    c = server.connect(fresh("l"), source=source)
    c.send(f"NICK {c.nick}", "USER u 0 * :r")
    return c


def test_a_confirmed_name_is_taken_and_kept(start):
    with NameServer(FACTS) as names:
        server = start(BASE + patient() + names.config)
        ann, op = server.client("ann"), operator(server)
        assert real_host(op, ann.nick).endswith(f"{HOST} 127.0.0.1")
        assert re.fullmatch(r"[a-z2-7]+\.isp\.example", op.ask(f"WHOIS {ann.nick}").one("311").params[3])
        # The second client of the address was answered out of what was known.
        assert names.asked.count(PTR) == 1
        restart(server)
        assert real_host(op, ann.nick).endswith(f"{HOST} 127.0.0.1")


def test_a_name_that_is_not_confirmed_is_none(start):
    with NameServer({**FACTS, ("A", HOST): ["198.51.100.1"]}) as names:
        server = start(BASE + patient() + names.config)
        ann, op = server.client("ann"), operator(server)
        assert HOST not in real_host(op, ann.nick)
        assert ("A", HOST) in names.asked


def test_any_of_several_names_will_do(start):
    facts = {PTR: ["other.example", HOST], ("A", "other.example"): ["198.51.100.1"], ("A", HOST): ["127.0.0.1"]}
    with NameServer(facts) as names:
        server = start(BASE + patient() + names.config)
        assert HOST in real_host(operator(server), server.client("ann").nick)


def test_a_name_that_is_no_host_is_none(start):
    with NameServer({PTR: ["a b.example", "nodots"], ("A", "nodots"): ["127.0.0.1"]}) as names:
        server = start(BASE + patient() + names.config)
        assert real_host(operator(server), server.client("ann").nick).endswith("127.0.0.1 127.0.0.1")
        assert not [n for kind, n in names.asked if kind == "A"]


def test_ipv6_names_of_a_gateways_client(start):
    name = ".".join(reversed("20010db8000000000000000000000007")) + ".ip6.arpa"
    facts = {("PTR", name): ["six.isp.example"], ("AAAA", "six.isp.example"): ["2001:db8::7"]}
    with NameServer(facts) as names:
        server = start(BASE + patient() + names.config + "[webirc kiwi]\nfrom = localhost\npassword = sesame\n")
        op = operator(server)
        c = server.connect(fresh("w"))
        c.send("WEBIRC sesame kiwi 2001:db8::7 2001:db8::7")
        c.register()
        assert real_host(op, c.nick).endswith("six.isp.example 2001:db8::7")


def test_nothing_is_asked_of_private_addresses_by_default(start):
    with NameServer(FACTS) as names:
        server = start(BASE.replace("private = yes\n", "") + patient() + names.config)
        server.client("ann")
        assert not names.asked


def test_a_server_that_never_answers_delays_its_client_alone(start):
    with NameServer(silent=True) as names:
        server = start(BASE + patient() + names.config)
        op = server.client("op", address=server.unix)
        late = come(server, "127.0.0.9")
        assert names.heard.wait(20)
        # All is served meanwhile.
        assert op.ask(f"ISON {late.nick}").one("303").params[1].strip() == ""
        server.client("other", address=server.unix)
        # What holds changes at a reload, and whoever waits goes on.
        server.reload(BASE + "hosts = no\n")
        late.wait("422")


def test_the_wait_has_an_end(start):
    with NameServer(silent=True) as names:
        server = start(BASE + patient("200ms") + names.config)
        ann, op = server.client("ann"), operator(server)
        assert names.asked
        assert HOST not in real_host(op, ann.nick)


def test_leaving_and_restarting_while_it_waits(start):
    with NameServer(silent=True) as names:
        server = start(BASE + patient() + names.config)
        gone = come(server, "127.0.0.9")
        assert names.heard.wait(20)
        gone.close()
        stays = come(server, "127.0.0.10")
        restart(server)
        names.speak()
        stays.wait("422")
        assert stays.sync() is not None


def test_what_lists_say_is_not_missed_over_a_restart(start):
    """Who waits for the answer of a list waits for it after the restart too, and nobody comes in between."""
    with NameServer(listed(["bl.example"], ["127.0.0.2"]), silent=True) as names:
        zone = "[dnsbl bl.example]\naction = refuse\nreplies = 127.0.0.2\nreason = Go and wash\n"
        server = start(BASE + "hosts = no\n" + patient() + names.config + zone)
        bad, good = come(server, "127.0.0.3"), come(server, "127.0.0.5")
        good.send("JOIN #behind")
        while len(names.asked) < 2:
            assert names.heard.wait(20)
        restart(server)
        names.speak()
        good.wait("422")
        good.wait("JOIN", "#behind")
        assert "Go and wash" in bad.rest().one("ERROR").params[0]


def test_a_restart_after_which_nothing_is_asked(start):
    with NameServer(silent=True) as names:
        server = start(BASE + patient() + names.config)
        c = come(server, "127.0.0.3")
        assert names.heard.wait(20)
        server.configure(BASE + "hosts = no\n")
        restart(server)
        c.wait("422")


def test_servers_that_are_any(start):
    start(BASE + "servers = 192.0.2.53, 127.0.0.1:5353,[2001:db8::53],[2001:db8::53]:53,2001:db8::53\n")


@pytest.mark.parametrize("action", ["mark", "require-account", "refuse"])
def test_lists(start, action):
    with NameServer(listed(["bl.example"], ["127.0.0.2"])) as names:
        zone = f"[dnsbl bl.example]\naction = {action}\nreplies = 127.0.0.2\nreason = Go and wash\n"
        server = start(BASE + "hosts = no\n" + patient() + names.config + zone)
        come(server, "127.0.0.5").wait("422")
        c = come(server, "127.0.0.3")
        if action == "mark":
            c.wait("422")
        else:
            said = c.rest()
            assert "Go and wash" in said.one("ERROR").params[0]
            assert said.of("465" if action == "refuse" else "FAIL")
        assert server.wait_log("127[.]0[.]0[.]3 is listed in bl[.]example")


def test_scores_add_up_and_other_replies_do_not_count(start):
    facts = {**listed(["one.example", "two.example"], ["127.0.0.2"]), ("A", "4.0.0.127.two.example"): ["127.0.0.9"]}
    zones = "".join(f"[dnsbl {z}.example]\nreplies = 127.0.0.2\naction = refuse\n" for z in ("one", "two"))
    with NameServer(facts) as names:
        server = start(BASE + "hosts = no\ndnsbl_threshold = 2\n" + patient() + names.config + zones)
        come(server, "127.0.0.4").wait("422")
        assert "listed in one.example" in come(server, "127.0.0.3").rest().one("ERROR").params[0]


def username(client):
    return client.ask(f"WHOIS {client.nick}").one("311").params[2]


def test_ident_names_the_user(start):
    with IdentServer(b"{ports} : USERID : UNIX : stjohns\r\n") as ident:
        server = start(BASE + "hosts = no\nident = yes\n" + patient() + ident.config)
        ann = server.client("ann")
        assert username(ann) == "stjohns"
        theirs = ann.socket.getsockname()[1]
        assert f"{theirs}, {server.tcp[1]}".encode() in ident.asked


@pytest.mark.parametrize("reply", [b"{ports} : ERROR : NO-USER\r\n", b"1, 2 : USERID : UNIX : x\r\n", b"x" * 2000])
def test_without_an_answer_there_is_a_tilde(start, reply):
    with IdentServer(reply) as ident:
        server = start(BASE + "hosts = no\nident = yes\n" + patient() + ident.config)
        assert username(server.client("ann")).startswith("~")


def test_ident_that_never_answers(start):
    with IdentServer(None) as ident:
        server = start(BASE + "hosts = no\nident = yes\n" + patient("200ms") + ident.config)
        assert username(server.client("ann")).startswith("~")

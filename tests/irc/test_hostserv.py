"""HostServ: other hosts for people with an account."""

import signal

import pytest

from harness import FAST, fresh
from test_accounts import QUICK, device, make
from test_services import ns

OPERS = (
    "[oper root]\npassword = pw\n[oper small]\npassword = pw\nclass = small\n[class small]\nprivileges = kill\n"
)


@pytest.fixture
def accounts(start):
    return start(FAST + QUICK + OPERS)


def hs(client, text):
    return ns(client, text, "HostServ")


def root(daemon, name="root"):
    op = daemon.client(fresh("op"))
    assert op.ask(f"OPER {name} pw").one("381")
    return op


def host_of(client, nick):
    return client.ask(f"WHOIS {nick}").one("311").params[3]


def test_request_and_activate(accounts):
    ann, op = make(accounts), root(accounts)
    plain = host_of(op, ann.nick)
    assert hs(op, "WAITING") == ["That is the end of the list: 0."]
    assert hs(op, f"ACTIVATE {ann.nick}") == ["This account has not asked for a host."]
    assert "operator" in hs(ann, "REQUEST other.example")[0]
    assert "operator" in hs(ann, "REQUEST ann.example")[0]
    accounts.wait_log(f"account {ann.nick} asks for the host ann.example")
    waiting = hs(op, "WAITING")
    assert len(waiting) == 2 and waiting[0].startswith(f"{ann.nick} asks for ann.example since 20")
    assert host_of(op, ann.nick) == plain
    assert hs(op, f"ACTIVATE {ann.nick}") == [f"{ann.nick} has the host ann.example now."]
    assert ann.wait("NOTICE").params[1] == "Your account has the host ann.example now."
    assert host_of(op, ann.nick) == "ann.example"
    assert hs(op, "WAITING") == ["That is the end of the list: 0."]
    assert hs(op, "LIST") == [f"{ann.nick}: ann.example", "That is the end of the list: 1."]


def test_on_and_off(accounts):
    ann, op = make(accounts), root(accounts)
    plain = host_of(op, ann.nick)
    assert hs(ann, "ON") == hs(ann, "OFF") == ["Your account has no host. REQUEST asks for one."]
    hs(op, f"SET {ann.nick} ann.example")
    ann.sync()
    assert host_of(op, ann.nick) == "ann.example"
    assert hs(ann, "OFF") == hs(ann, "OFF") == ["The host of your address is shown again."]
    assert host_of(op, ann.nick) == plain
    assert hs(op, "LIST")[0] == f"{ann.nick}: ann.example (off)"
    # Off stays off for those who come.
    second, _ = device(accounts, ann.nick, nick=fresh("dev"))
    assert host_of(op, second.nick) == plain
    assert hs(ann, "ON") == ["Your host is ann.example."]
    assert host_of(op, ann.nick) == host_of(op, second.nick) == "ann.example"


def test_reject(accounts):
    ann, op = make(accounts), root(accounts)
    hs(ann, "REQUEST admin.example")
    assert hs(op, f"REJECT {ann.nick} that is not you") == ["Done."]
    assert ann.wait("NOTICE").params[1] == "You do not get the host admin.example: that is not you"
    assert hs(op, f"REJECT {ann.nick}") == ["This account has not asked for a host."]
    hs(ann, "REQUEST again.example")
    name = ann.nick
    ann.send("QUIT").rest()
    hs(op, f"REJECT {name}")
    back, _ = device(accounts, name)
    assert ns(back, "READ LAST", "MemoServ")[0].endswith("You do not get the host again.example.")


def test_del_and_setall(accounts):
    ann, op = make(accounts), root(accounts)
    plain = host_of(op, ann.nick)
    assert hs(op, f"SETALL {ann.nick} ann.example") == [f"{ann.nick} has the host ann.example now."]
    assert host_of(op, ann.nick) == "ann.example"
    assert hs(op, f"DEL {ann.nick}") == [f"{ann.nick} has no host any more."]
    assert host_of(op, ann.nick) == plain
    assert hs(op, "LIST") == ["That is the end of the list: 0."]


@pytest.mark.parametrize("line", ["WAITING", "LIST", "ACTIVATE {0}", "APPROVE {0}", "REJECT {0}", "SET {0} h.example", "DEL {0}"])
def test_for_those_who_may(accounts, line):
    ann, small = make(accounts), root(accounts, "small")
    before = host_of(ann, ann.nick)
    assert ann.ask(f"HS {line.format(ann.nick)}").one("481")
    assert small.ask(f"HS {line.format(ann.nick)}").one("723")
    assert host_of(ann, ann.nick) == before


def test_what_is_no_host(accounts):
    ann, op = make(accounts), root(accounts)
    for host in ("a@b", "*.example", "x" * 65):
        assert hs(ann, f"REQUEST {host}")[0].startswith("A host has letters")
        assert hs(op, f"SET {ann.nick} {host}")[0].startswith("A host has letters")
    assert hs(op, "SET nobody h.example") == ["There is no such account."]
    assert hs(accounts.client(), "REQUEST h.example") == ["You need to be logged in to an account for that."]


def test_help_for_each(accounts):
    client = accounts.client()
    said = hs(client, "HELP")
    assert len(said) == 14
    for name in [line.split()[0] for line in said[1:-1]]:
        assert hs(client, f"HELP {name}")[0].startswith(name)
    assert client.ask("HS HELP").of("NOTICE")[0].params[1] == said[0]
    assert client.ask("NICK HostServ").of("432", "433")


def test_survives(start, tmp_path):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK + OPERS, args=state)
    ann, bob, op = make(daemon), make(daemon), root(daemon)
    hs(op, f"SET {ann.nick} ann.example")
    hs(op, f"SET {bob.nick} bob.example")
    hs(bob, "OFF")
    hs(bob, "REQUEST more.example")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(FAST + QUICK + OPERS, args=state)
    op = root(daemon)
    assert host_of(op, device(daemon, ann.nick)[0].nick) == "ann.example"
    assert host_of(op, device(daemon, bob.nick)[0].nick) != "bob.example"
    assert set(hs(op, "LIST")) >= {f"{ann.nick}: ann.example", f"{bob.nick}: bob.example (off)"}
    assert any(line.startswith(f"{bob.nick} asks for more.example") for line in hs(op, "WAITING"))

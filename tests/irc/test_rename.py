"""RENAME: a channel gets another name, and keeps all that it has."""

import signal

import pytest

import sasl
from harness import FAST, chan

CAPS = "draft/channel-rename message-tags batch labeled-response server-time echo-message draft/chathistory"
QUICK = FAST + "[accounts]\niterations = 4096\n"
PASSWORD = "correcthorse"


def history(client, target):
    client.sync()
    return [m.params[-1] for m in client.ask(f"CHATHISTORY LATEST {target} * 50").of("PRIVMSG")]


def fail(lines):
    return lines.one("FAIL").params[:-1]


def make(daemon, nick, caps=CAPS):
    client = daemon.client(nick=nick, caps=caps + " draft/account-registration")
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    return client


def log_in(daemon, nick):
    client = daemon.connect(nick)
    client.ask("CAP LS 302", f"CAP REQ :sasl {CAPS} draft/read-marker", f"NICK {nick}", "USER u 0 * :r")
    sasl.plain(client, nick, PASSWORD)
    client.ask("CAP END")
    return client


def test_those_who_know_and_those_who_do_not(server):
    a, b, c = server.client(caps=CAPS), server.client(caps=CAPS), server.client(caps="extended-join")
    old, new = server.channel(a, b, c), chan("New")
    a.ask(f"TOPIC {old} :what it is about")
    b.sync(), c.sync()
    said = a.ask(f"@label=x RENAME {old} {new} :a typo").one("RENAME")
    assert said.params == [old, new, "a typo"] and said.source.startswith(a.nick + "!") and said.tags["label"] == "x"
    heard = b.sync()
    assert heard.one("RENAME").params == [old, new, "a typo"] and not heard.of("JOIN") and not heard.of("353")
    seen = c.sync()
    assert seen.one("PART").params == [old, "a typo"] and seen.one("PART").source.startswith(c.nick + "!")
    assert seen.one("JOIN").params[0] == new and len(seen.one("JOIN").params) == 3
    assert seen.one("332").params[1:] == [new, "what it is about"]
    assert {n.lstrip("@+") for n in seen.one("353").params[-1].split()} == {a.nick, b.nick, c.nick}
    assert seen.commands.index("PART") < seen.commands.index("JOIN") < seen.commands.index("332")
    assert not seen.of("RENAME")
    a.ask(f"PRIVMSG {new} :still here")
    assert c.sync().one("PRIVMSG").params == [new, "still here"]
    # Nothing of the old one is left: it is a new channel now.
    assert "@" in c.ask(f"JOIN {old}").one("353").params[-1]


def test_no_reason_and_one_who_does_not_know_renames(server):
    a, b = server.client(caps=CAPS), server.client()
    old, new = server.channel(b, a), chan()
    seen = b.ask(f"RENAME {old} {new}")
    assert seen.one("PART").params == [old] and seen.one("JOIN").params == [new] and seen.one("366")
    assert a.sync().one("RENAME").params == [old, new, ""]


def test_another_case_alone(server):
    a, b = server.client(caps=CAPS), server.client()
    old = server.channel(a, b)
    new = old.upper()
    assert a.ask(f"RENAME {old} {new}").one("RENAME").params == [old, new, ""]
    assert not b.sync().of("PART")
    assert a.ask(f"MODE {old}").one("324").params[1] == new
    assert fail(a.ask(f"RENAME {old} {new}")) == ["RENAME", "CANNOT_RENAME", old, new]


def test_refusals(server):
    a, b, c = server.client(caps=CAPS), server.client(caps=CAPS), server.client(caps=CAPS)
    mine, other = server.channel(a, b), server.channel(c)
    assert b.ask(f"RENAME {mine} {chan()}").one("482")
    assert c.ask(f"RENAME {mine} {chan()}").one("442")
    assert a.ask(f"RENAME {chan()} {chan()}").one("403")
    assert a.ask(f"RENAME {mine}").one("461")
    assert fail(a.ask(f"RENAME {mine} {other}")) == ["RENAME", "CHANNEL_NAME_IN_USE", mine, other]
    for bad in ("nochannel", "#a,b", "#" + "x" * 200):
        assert fail(a.ask(f"RENAME {mine} {bad}"))[:2] == ["RENAME", "CANNOT_RENAME"]
    a.ask(f"MODE {mine} +s")
    assert c.ask(f"RENAME {mine} {chan()}").one("403")
    assert a.ask(f"NAMES {mine}").one("353")


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_history_goes_along(start, tmp_path, where):
    args = ["--state", str(tmp_path / "state")] if where == "disk" else []
    daemon = start(QUICK, args=args)
    a, b = daemon.client(caps=CAPS), daemon.client(caps=CAPS)
    old, new = daemon.channel(a, b), chan("Other")
    a.ask(f"JOIN {new}", f"PRIVMSG {new} :of another one", f"PART {new}")
    a.ask(f"PRIVMSG {old} :one")
    b.ask(f"PRIVMSG {old} :two")
    a.ask(f"PRIVMSG @{old} :ours alone")
    a.ask(f"RENAME {old} {new}")
    assert history(b, new) == ["one", "two"] and history(a, new) == ["one", "two", "ours alone"]
    b.ask(f"PRIVMSG {new} :three", f"JOIN {old}")
    assert history(a, new) == ["one", "two", "ours alone", "three"] and history(b, old) == []
    b.ask(f"PART {old}")
    a.ask(f"RENAME {new} {old}")
    assert history(b, old) == ["one", "two", "three"]


def keeps(daemon, client, old, new):
    assert "r" in client.ask(f"MODE {new}").one("324").params[2]
    assert client.ask(f"TOPIC {new}").one("332").params[-1] == "kept"
    assert client.ask(f"MODE {new} b").one("367").params[2] == "bad!*@*"
    assert history(client, new)[:2] == ["one", "two"]
    assert client.ask(f"MARKREAD {new}").one("MARKREAD").params[1] == "timestamp=2020-01-01T00:00:00.000Z"
    stranger = daemon.client()
    assert stranger.ask(f"MODE {old}").one("403")
    assert stranger.ask(f"JOIN {new}").one("366") and stranger.ask(f"MODE {new} +i").one("482")
    stranger.ask(f"PART {new}")


def test_a_registered_one_keeps_what_it_has(start, tmp_path):
    args = ["--state", str(tmp_path / "state")]
    daemon = start(QUICK, args=args)
    a, b = make(daemon, "ann", CAPS + " draft/read-marker"), make(daemon, "bob")
    old, new = daemon.channel(a, b), chan("New")
    a.ask(f"PRIVMSG ChanServ :REGISTER {old}", f"PRIVMSG ChanServ :ACCESS {old} ADD bob AOP")
    a.ask(f"TOPIC {old} :kept", f"MODE {old} +b bad", f"PRIVMSG {old} :one", f"PRIVMSG {old} :two")
    a.ask(f"MARKREAD {old} timestamp=2020-01-01T00:00:00.000Z")
    b.sync()
    assert b.ask(f"RENAME {old} {new}").one("482")
    assert a.ask(f"RENAME {old} {new}").one("RENAME")
    keeps(daemon, a, old, new)
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_for(lambda: any("CHATD_EVENT=handover " in e for e in daemon.entries), "the successor")
    keeps(daemon, a, old, new)
    daemon.hang_up()
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon = start(QUICK, args=args)
    a = log_in(daemon, "ann")
    a.ask(f"JOIN {new}")
    keeps(daemon, a, old, new)
    b = log_in(daemon, "bob")
    assert b.ask(f"JOIN {new}").one("MODE").params[1:] == ["+o", "bob"]
    assert a.ask(f"MODE {new} +q bob") and a.ask(f"RENAME {new} {old}").one("RENAME")


def test_what_names_it_elsewhere_follows(start, tmp_path):
    """The old name is anybody's afterwards: it must not let in who takes it, nor be sent those who are turned away elsewhere."""
    args = ["--state", str(tmp_path / "state")]
    daemon = start(QUICK, args=args)
    a, b, guest = make(daemon, "ann"), make(daemon, "bob"), daemon.client("g")
    old, other, new = daemon.channel(a, b), chan(), chan("New")
    b.ask(f"JOIN {other}", f"PRIVMSG ChanServ :REGISTER {other}")
    a.ask(f"MODE {old} +o bob")
    b.ask(f"MODE {other} +iIf ~c:{old} {old}")
    a.sync(), b.sync()
    assert a.ask(f"RENAME {old} {new}").one("RENAME")
    heard = [m.params[1:] for m in b.sync().of("MODE") if m.params[0] == other]
    assert heard == [["-I+I", f"~c:{old}", f"~c:{new}"], ["+f", new]]
    guest.ask(f"JOIN {old}")
    assert guest.ask(f"JOIN {other}").one("470").params[-2] == new
    daemon.hang_up()
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon = start(QUICK, args=args)
    b = log_in(daemon, "bob")
    b.ask(f"JOIN {other}")
    assert b.ask(f"MODE {other} I").one("346").params[2] == f"~c:{new}"
    assert new in b.ask(f"MODE {other}").one("324").params

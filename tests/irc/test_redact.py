"""REDACT: messages are taken back by those who may, and are gone from what is kept."""

import sqlite3

import pytest

from harness import FAST, chan, fresh

CAPS = "message-tags echo-message batch labeled-response server-time draft/chathistory draft/message-redaction"
OPERS = "[oper boss]\npassword = secret\n[oper helper]\npassword = secret\nclass = weak\n[class weak]\nprivileges = kill\n"


@pytest.fixture(params=["disk", "memory"])
def daemon(request, start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    config = FAST + OPERS + (f"[server]\nstate = {state}\n" if request.param == "disk" else "")
    return start(config)


def say(client, target, text):
    return client.ask(f"PRIVMSG {target} :{text}").one("PRIVMSG").tags["msgid"]


def history(client, target):
    client.sync()
    return [m.params[-1] for m in client.ask(f"CHATHISTORY LATEST {target} * 50").of("PRIVMSG")]


def fail(lines):
    return lines.one("FAIL").params[:-1]


def room(daemon, count=3):
    people = [daemon.client(stem, caps=CAPS) for stem in "abcdef"[:count]]
    return [*people, daemon.channel(*people)]


def test_own_message(daemon):
    a, b, c, channel = room(daemon)
    kept, gone = say(b, channel, "stays"), say(b, channel, "goes")
    b.sync(), a.sync(), c.sync()
    mine = b.ask(f"REDACT {channel} {gone} :wrong window").one("REDACT")
    assert mine.params == [channel, gone, "wrong window"] and mine.source.startswith(b.nick + "!")
    assert a.sync().one("REDACT").params == [channel, gone, "wrong window"]
    assert history(c, channel) == ["stays"]
    assert fail(b.ask(f"REDACT {channel} {gone}")) == ["REDACT", "UNKNOWN_MSGID", channel, gone]
    assert b.ask(f"@label=x REDACT {channel} {kept}").one("REDACT").tags["label"] == "x"
    assert history(c, channel) == []


def test_rights_are_those_of_the_messages_own_channel(daemon):
    a, b, channel = room(daemon, 2)
    msgid = say(a, channel, "of the operator")
    elsewhere = daemon.channel(b)
    b.sync()
    assert fail(b.ask(f"REDACT {channel} {msgid}")) == ["REDACT", "REDACT_FORBIDDEN", channel, msgid]
    assert fail(b.ask(f"REDACT {elsewhere} {msgid}")) == ["REDACT", "UNKNOWN_MSGID", elsewhere, msgid]
    assert fail(b.ask(f"REDACT {a.nick} {msgid}")) == ["REDACT", "UNKNOWN_MSGID", a.nick, msgid]
    assert history(a, channel) == ["of the operator"]
    a.ask(f"MODE {channel} +h {b.nick}")
    assert fail(b.ask(f"REDACT {channel} {msgid}")) == ["REDACT", "REDACT_FORBIDDEN", channel, msgid]


def test_an_operator_of_the_channel(daemon):
    a, b, channel = room(daemon, 2)
    msgid = say(b, channel, "advertisement")
    a.sync()
    assert a.ask(f"REDACT {channel} {msgid} spam").one("REDACT").params == [channel, msgid, "spam"]
    assert b.sync().one("REDACT").source.startswith(a.nick + "!")
    assert history(a, channel) == []


def test_whoever_is_outside(daemon):
    a, b, channel = room(daemon, 2)
    out = daemon.client("out", caps=CAPS)
    msgid = say(b, channel, "inside")
    b.ask(f"PART {channel}")
    for client in (b, out):
        client.sync()
        assert fail(client.ask(f"REDACT {channel} {msgid}")) == ["REDACT", "INVALID_TARGET", channel]
    nowhere = chan()
    assert fail(out.ask(f"REDACT {nowhere} {msgid}")) == ["REDACT", "INVALID_TARGET", nowhere]
    assert history(a, channel) == ["inside"]


def test_an_operator_of_the_server(daemon):
    a, b, channel = room(daemon, 2)
    boss, helper = daemon.client("boss", caps=CAPS), daemon.client("helper", caps=CAPS)
    boss.ask("OPER boss secret"), helper.ask("OPER helper secret")
    msgid = say(b, channel, "awful")
    a.sync(), b.sync()
    assert fail(helper.ask(f"REDACT {channel} {msgid}")) == ["REDACT", "INVALID_TARGET", channel]
    assert boss.ask(f"REDACT {channel} {msgid}").one("REDACT").params == [channel, msgid]
    assert a.sync().one("REDACT").source.startswith(boss.nick + "!")
    assert history(a, channel) == []
    assert daemon.wait_log(f"(?=.*REDACT)(?=.*{boss.nick})(?=.*{msgid})")


def test_the_time_is_over(start):
    daemon = start(FAST + "[history]\nredact_within = 1ms\n")
    a, b, channel = room(daemon, 2)
    msgid = say(b, channel, "too late")
    while not (refused := b.ask(f"REDACT {channel} {msgid}").of("FAIL")):
        msgid = say(b, channel, "too late")
    assert refused[0].params[:-1] == ["REDACT", "REDACT_WINDOW_EXPIRED", channel, msgid, "0"]
    a.sync()
    assert a.ask(f"REDACT {channel} {msgid}").one("REDACT")


def test_those_without_the_capability(daemon):
    a, b, channel = room(daemon, 2)
    old = daemon.client("old")
    old.ask(f"JOIN {channel}")
    msgid = say(b, channel, "hello")
    old.sync()
    b.ask(f"REDACT {channel} {msgid}")
    assert not old.sync()
    assert old.ask(f"REDACT {channel} {msgid}").one("421")


def test_a_reaction(daemon):
    a, b, channel = room(daemon, 2)
    msgid = say(a, channel, "hello")
    b.sync()
    reaction = b.ask(f"@+draft/react=x;+reply={msgid} TAGMSG {channel}").one("TAGMSG").tags["msgid"]
    assert b.ask(f"REDACT {channel} {reaction}").one("REDACT").params == [channel, reaction]


def test_the_muted_say_nothing_with_it(daemon):
    a, b, channel = room(daemon, 2)
    msgid = say(b, channel, "before")
    a.ask(f"MODE {channel} +b ~m:{b.nick}!*@*")
    b.sync(), a.sync()
    assert b.ask(f"REDACT {channel} {msgid} :and more").one("REDACT").params == [channel, msgid]
    assert a.sync().one("REDACT").params == [channel, msgid]


@pytest.mark.parametrize("line", ["REDACT", "REDACT #x", "REDACT #x :", "REDACT #x :a b", "REDACT : x", "REDACT #x ::"])
def test_what_is_no_message(daemon, line):
    c = daemon.client("c", caps=CAPS)
    said = c.ask(line)
    assert len(said) == 1 and said[0].command in ("461", "FAIL")
    assert c.ask("PING x").one("PONG")


def test_a_conversation(daemon):
    a, b = daemon.client("a", caps=CAPS), daemon.client("b", caps=CAPS)
    for client in (a, b):
        client.ask(f"REGISTER * * password-{client.nick}")
    first, second = say(a, b.nick, "first"), say(a, b.nick, "second")
    b.sync()
    assert fail(b.ask(f"REDACT {a.nick} {first}")) == ["REDACT", "REDACT_FORBIDDEN", a.nick, first]
    assert a.ask(f"REDACT {b.nick} {first}").one("REDACT").params == [b.nick, first]
    assert b.sync().one("REDACT").params == [b.nick, first]
    assert history(b, a.nick) == ["second"]
    b.close()
    assert a.ask(f"REDACT {b.nick} {second}").one("REDACT").params == [b.nick, second]


def test_another_device_of_the_account_and_another_owner_of_the_nick(daemon):
    a, b, channel = room(daemon, 2)
    mine = say(b, channel, "as a guest")
    b.ask(f"REGISTER {fresh('acc')} * password-1")
    account = say(b, channel, "with an account")
    nick = b.nick
    b.ask(f"NICK {fresh('x')}")
    thief = daemon.client("thief", caps=CAPS)
    thief.ask(f"NICK {nick}", f"JOIN {channel}")
    for msgid in (mine, account):
        assert fail(thief.ask(f"REDACT {channel} {msgid}")) == ["REDACT", "REDACT_FORBIDDEN", channel, msgid]
        assert b.ask(f"REDACT {channel} {msgid}").one("REDACT")


def test_nothing_is_left_on_the_disk(start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    daemon = start(FAST + f"[server]\nstate = {state}\n")
    a, b, channel = room(daemon, 2)
    word = fresh("unmistakable")
    msgid = say(b, channel, f"the {word} word")
    say(b, channel, "another one")
    b.ask(f"REDACT {channel} {msgid}")
    daemon.finish()
    with sqlite3.connect(state / "chatd.db") as db:
        assert db.execute("SELECT count(*) FROM journal WHERE msgid = ?", (msgid,)).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM journal WHERE instr(bytes, ?)", (word.encode(),)).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM message_at m JOIN targets t ON t.id = m.target_id WHERE t.name = ?", (channel,)).fetchone() == (1,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (word + " word").encode() not in (state / "chatd.db").read_bytes()

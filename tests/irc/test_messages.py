"""PRIVMSG, NOTICE, TAGMSG: who hears them, with which tags, and who does not."""

import re

import pytest

from harness import FAST, SERVER, chan, fresh

MSGID = re.compile(r"[0-9a-z]{20}")


def test_to_a_channel(server):
    a, b, c, out = (server.client(stem) for stem in "abco")
    channel = server.channel(a, b, c)
    assert not a.ask(f"PRIVMSG {channel} :hello all")
    for client in (b, c):
        m = client.sync().one("PRIVMSG")
        assert m.source == f"{a.nick}!user@127.0.0.1" and m.params == [channel, "hello all"] and not m.tags
    assert not out.sync()


def test_to_a_person(server):
    a, b = server.client("a"), server.client("b")
    assert not a.ask(f"PRIVMSG {b.nick.upper()} :psst", f"NOTICE {b.nick} :hm")
    said = b.sync()
    assert [(m.command, m.params) for m in said] == [("PRIVMSG", [b.nick, "psst"]), ("NOTICE", [b.nick, "hm"])]


def test_order_is_kept(server):
    a, b = server.client("a"), server.client("b")
    channel = server.channel(a, b)
    a.ask(*(f"PRIVMSG {channel} :{i}" for i in range(500)))
    assert [m.params[1] for m in b.sync().of("PRIVMSG")] == [str(i) for i in range(500)]


def test_what_is_missing(server):
    c = server.client("c")
    channel = server.channel(c)
    absent, nowhere = fresh("absent"), chan()
    assert c.ask("PRIVMSG").commands == ["411"]
    assert c.ask(f"PRIVMSG {channel}", f"PRIVMSG {channel} :").commands == ["412", "412"]
    assert c.ask(f"PRIVMSG {absent} :x").one("401").params[1] == absent
    assert c.ask(f"PRIVMSG {nowhere} :x").one("403").params[1] == nowhere


def test_a_notice_is_never_answered(server):
    c, away = server.client("c"), server.client("away")
    away.ask("AWAY :gone", f"MODE {away.nick} +R")
    hidden = server.channel(away)
    away.ask(f"MODE {hidden} +s")
    channel = server.channel(away)
    lines = [
        "",
        fresh("absent") + " :x",
        chan() + " :x",
        f"{away.nick} :x",
        f"{hidden} :x",
        f"{channel} :",
        "a,b,c,d,e,f,g,h,i,j :x",
    ]
    said = c.ask(*(f"NOTICE {line}" for line in lines))
    assert not said.no("401", "403", "407", "411", "412", "301")


def test_several_targets(server):
    a, b, c = server.client("a"), server.client("b"), server.client("c")
    channel = server.channel(a, b)
    absent = fresh("absent")
    assert a.ask(f"PRIVMSG {channel},{c.nick},{absent},{b.nick} :to all").commands == ["401"]
    assert [m.params[0] for m in b.sync().of("PRIVMSG")] == [channel, b.nick]
    assert c.sync().one("PRIVMSG").params == [c.nick, "to all"]


def test_the_same_target_twice(server):
    a, b = server.client("a"), server.client("b")
    a.ask(f"PRIVMSG {b.nick},{b.nick.upper()},{b.nick} :once")
    assert b.sync().one("PRIVMSG")


def test_too_many_targets(server):
    a = server.client("a")
    others = [server.client("o") for _ in range(9)]
    said = a.ask("PRIVMSG " + ",".join(o.nick for o in others) + " :x")
    assert said.one("407").params[1] == others[8].nick
    assert all(o.sync().one("PRIVMSG") for o in others[:8]) and not others[8].sync()


def test_status_messages(server):
    owner, op, voice, plain = (server.client(stem) for stem in ("owner", "op", "voice", "plain"))
    channel = server.channel(owner, op, voice, plain)
    owner.ask(f"MODE {channel} +ov {op.nick} {voice.nick}")
    for client in (op, voice, plain):
        client.sync()
    plain.ask(f"PRIVMSG @{channel} :for operators", f"NOTICE +{channel} :for voices")
    assert [m.params[0] for m in op.sync()] == ["@" + channel, "+" + channel]
    assert [m.params for m in voice.sync()] == [["+" + channel, "for voices"]]
    owner.ask(f"PRIVMSG @+{channel} :lowest counts", f"PRIVMSG ~{channel} :nobody")
    assert op.sync().one("PRIVMSG").params == ["+" + channel, "lowest counts"]
    assert voice.sync().one("PRIVMSG") and not plain.sync()
    assert owner.ask(f"PRIVMSG @{fresh('absent')} :x").of("401", "403")


def test_echo_message(server):
    a, b = server.client("a", "echo-message"), server.client("b")
    channel = server.channel(a, b)
    said = a.ask(f"PRIVMSG {channel} :one", f"NOTICE {b.nick} :two", f"PRIVMSG {b.nick},{channel} :three")
    assert [(m.command, m.params) for m in said] == [
        ("PRIVMSG", [channel, "one"]),
        ("NOTICE", [b.nick, "two"]),
        ("PRIVMSG", [b.nick, "three"]),
        ("PRIVMSG", [channel, "three"]),
    ]
    assert all(m.source == f"{a.nick}!user@127.0.0.1" for m in said)
    assert a.ask(f"PRIVMSG {fresh('absent')} :x").commands == ["401"]


def test_the_same_msgid_for_everybody(server):
    a = server.client("a", "echo-message message-tags server-time")
    b, c = server.client("b", "message-tags server-time"), server.client("c", "message-tags")
    channel = server.channel(a, b, c)
    echo = a.ask(f"PRIVMSG {channel} :x").one("PRIVMSG")
    heard = [client.sync().one("PRIVMSG") for client in (b, c)]
    assert MSGID.fullmatch(echo.tags["msgid"])
    assert {m.tags["msgid"] for m in heard} == {echo.tags["msgid"]}
    assert heard[0].tags["time"] == echo.tags["time"] and "time" not in heard[1].tags


def test_msgids_rise_and_never_repeat(server):
    a = server.client("a", "echo-message message-tags")
    ids = [m.tags["msgid"] for m in a.ask(*(f"PRIVMSG {a.nick} :{i}" for i in range(300)))]
    ids = ids[::2]
    assert ids == sorted(ids) and len(set(ids)) == 300


def test_client_tags_go_to_those_who_take_them(server):
    a, b, old = server.client("a", "message-tags"), server.client("b", "message-tags"), server.client("old")
    channel = server.channel(a, b, old)
    a.ask(f"@+draft/react=\\:o;plain=1;+empty;+x.y/z=a\\sb;time=2000;msgid=mine PRIVMSG {channel} :hi")
    m = b.sync().one("PRIVMSG")
    assert set(m.tags) == {"msgid", "+draft/react", "+empty", "+x.y/z"}
    assert m.tags["+draft/react"] == ";o" and m.tags["+x.y/z"] == "a b" and MSGID.fullmatch(m.tags["msgid"])
    assert old.sync().one("PRIVMSG").tags == {}


def test_tags_of_a_client_without_the_capability_are_dropped(server):
    a, b = server.client("a"), server.client("b", "message-tags")
    a.ask(f"@+x=y PRIVMSG {b.nick} :hi")
    assert set(b.sync().one("PRIVMSG").tags) == {"msgid"}


def test_tagmsg(server):
    a, b, old = server.client("a", "message-tags"), server.client("b", "message-tags"), server.client("old")
    channel = server.channel(a, b, old)
    assert not a.ask(f"@+typing=active TAGMSG {channel}")
    m = b.sync().one("TAGMSG")
    assert m.params == [channel] and m.tags["+typing"] == "active" and "msgid" in m.tags
    assert not old.sync()
    assert not a.ask(f"TAGMSG {channel}", f"@plain=1 TAGMSG {channel}")
    assert not b.sync()
    assert a.ask("@+x=1 TAGMSG").commands == ["411"]
    assert old.ask(f"TAGMSG {channel}").commands == ["421"]


def test_tagmsg_follows_the_rules_of_messages(server):
    op, out = server.client("op", "message-tags"), server.client("out", "message-tags")
    channel = server.channel(op)
    assert out.ask(f"@+a=b TAGMSG {channel}").commands == ["404"]
    op.ask(f"@+a=b TAGMSG @{channel}")
    assert not op.sync()


def test_tagmsg_is_no_speaking(server):
    a, b = server.client("a", "message-tags"), server.client("b")
    a.ask(f"@+typing=active TAGMSG {b.nick}")
    assert a.ask(f"WHOIS {a.nick}").one("317")
    b.ask("AWAY :gone")
    assert not a.ask(f"@+typing=active TAGMSG {b.nick}")


def test_denied_client_tags(start):
    server = start("[client_tags]\ndeny = *,-typing,-x.y/z\n" + FAST)
    a, b = server.client("a", "message-tags"), server.client("b", "message-tags")
    assert "CLIENTTAGDENY=*,-typing,-x.y/z" in server.connect("probe").register().text
    a.ask(f"@+typing=active;+draft/react=x;+x.y/z=1 PRIVMSG {b.nick} :hi", f"@+draft/react=x TAGMSG {b.nick}")
    said = b.sync()
    assert set(said.one("PRIVMSG").tags) == {"msgid", "+typing", "+x.y/z"}
    assert not said.of("TAGMSG")


def test_one_denied_client_tag(start):
    server = start("[client_tags]\ndeny = draft/react\n" + FAST)
    a, b = server.client("a", "message-tags"), server.client("b", "message-tags")
    a.ask(f"@+draft/react=x;+other=1 PRIVMSG {b.nick} :hi")
    assert set(b.sync().one("PRIVMSG").tags) == {"msgid", "+other"}


def test_who_writes_to_somebody_away_is_told(server):
    a, b = server.client("a"), server.client("b")
    b.ask("AWAY :at lunch")
    assert a.ask(f"PRIVMSG {b.nick} :?").one("301").params == [a.nick, b.nick, "at lunch"]
    channel = server.channel(a, b)
    a.sync()
    assert not a.ask(f"PRIVMSG {channel} :?")


@pytest.mark.parametrize(
    "text", ["\x01ACTION x\x01", "\x02bold\x0f \x0304,05red", "\x1b[31m", "\u202eabc", " ", "  x  ", ":", ": :"]
)
def test_text_is_passed_on_as_it_is(server, text):
    a, b = server.client("a"), server.client("b")
    a.ask(f"PRIVMSG {b.nick} :{text}")
    assert b.sync().one("PRIVMSG").raw.split(f"{b.nick} :", 1)[1] == text


def test_wallops(start):
    server = start("[oper root]\npassword = pw\n" + FAST)
    op, listens, deaf = server.client("op"), server.client("l"), server.client("d")
    listens.ask(f"MODE {listens.nick} +w")
    assert op.ask("WALLOPS :x").commands == ["481"]
    op.ask("OPER root pw")
    op.ask("WALLOPS :attention please")
    m = listens.sync().one("WALLOPS")
    assert m.params == ["attention please"] and m.source.startswith(op.nick + "!")
    assert not deaf.sync()
    assert op.ask("WALLOPS", "WALLOPS :").commands == ["461", "461"]


def test_nobody_hears_what_is_refused(server):
    op, member, out = server.client("op"), server.client("m"), server.client("out")
    channel = server.channel(op, member)
    op.ask(f"MODE {channel} +m")
    member.sync()
    for line in (f"PRIVMSG {channel} :x", f"NOTICE {channel} :x"):
        out.ask(line)
        member.ask(line)
    assert not op.sync() and not member.sync()
    assert op.ask("PING x").one("PONG").source == SERVER

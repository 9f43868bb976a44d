"""What channels have against those who disturb: each mode and command, as it looks from outside."""

import pytest

from harness import chan, fresh


@pytest.fixture
def room(server):
    """Operator, voiced, two plain members; and the channel."""
    people = [server.client(stem) for stem in ("op", "voice", "ann", "bob")]
    channel = server.channel(*people)
    people[0].ask(f"MODE {channel} +v {people[1].nick}")
    for one in people:
        one.sync()
    return (*people, channel)


def set_modes(op, channel, *words):
    said = op.ask(f"MODE {channel} " + " ".join(words))
    assert said.one("MODE").params[1:] == list(words), said.tail


def names(client, channel):
    return {n for m in client.ask(f"NAMES {channel}").of("353") for n in m.params[3].split()}


def test_no_nick_change(room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+N")
    was = ann.nick
    assert ann.ask(f"NICK {fresh('other')}").one("447").params[0] == was
    assert channel in ann.ask(f"NICK {fresh('other')}").one("447").params[-1]
    assert voice.ask(f"NICK {fresh('other')}").one("447")
    assert op.ask(f"NICK {fresh('other')}").one("NICK")
    ann.ask(f"PART {channel}")
    assert ann.ask(f"NICK {fresh('other')}").one("NICK")


@pytest.mark.parametrize("text", ["\x02bold", "a\x034,5red", "\x1ditalic", "\x0f", "\x16", "\x04ff0000red"])
def test_colours_are_refused(room, text):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+c")
    for one in (op, voice, ann):
        assert "+c" in one.ask(f"PRIVMSG {channel} :{text}").one("404").params[-1]
    bob.sync().no("PRIVMSG")
    ann.ask(f"PRIVMSG {channel} :\x01ACTION waves\x01").no("404")
    assert bob.sync().one("PRIVMSG").params[1] == "\x01ACTION waves\x01"


@pytest.mark.parametrize(
    "text, plain",
    [
        ("\x02bold\x02 text", "bold text"),
        ("\x034,5red\x03 text", "red text"),
        ("\x0312345", "345"),
        ("\x034,x", ",x"),
        ("\x04ff0000red", "red"),
        ("\x04ff000red", "ff000red"),
        ("\x1di\x1fu\x1es\x11m\x16r\x0f", "iusmr"),
        ("grün 4,5", "grün 4,5"),
    ],
)
def test_colours_are_taken_out(room, text, plain):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+S")
    ann.ask(f"PRIVMSG {channel} :{text}").no("404")
    assert bob.sync().one("PRIVMSG").params[1] == plain


def test_nothing_is_left_of_colours(room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+S")
    assert ann.ask(f"PRIVMSG {channel} :\x02\x0304").one("412")
    bob.sync().no("PRIVMSG")


def test_speak_with_an_account(server, room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+M")
    assert ann.ask(f"PRIVMSG {channel} :hi").one("477").params[1] == channel
    bob.sync().no("PRIVMSG")
    voice.ask(f"PRIVMSG {channel} :hi").no("477")
    assert bob.sync().one("PRIVMSG").source.startswith(voice.nick)


def test_knock(server, room):
    op, voice, ann, bob, channel = room
    stranger, other = server.client("stranger"), server.client("other")
    assert stranger.ask(f"KNOCK {channel}").one("713").params[1] == channel
    assert ann.ask(f"KNOCK {channel}").one("714").params[1] == channel
    set_modes(op, channel, "+i")
    assert stranger.ask(f"KNOCK {channel} :let me in").one("711").params[1] == channel
    heard = op.sync().one("710")
    assert heard.params[1] == channel and heard.params[2].startswith(stranger.nick + "!")
    assert heard.params[3] == "let me in"
    voice.sync().no("710")
    assert stranger.ask(f"KNOCK {channel}").one("712").params[1] == channel
    op.sync().no("710")
    set_modes(op, channel, "+K")
    assert "+K" in other.ask(f"KNOCK {channel}").one("404").params[-1]
    set_modes(op, channel, "-K")
    set_modes(op, channel, "+b", f"{other.nick}!*@*")
    assert other.ask(f"KNOCK {channel}").one("404")
    assert other.ask(f"KNOCK {chan()}").one("403")
    set_modes(op, channel, "+s")
    assert other.ask(f"KNOCK {channel}").one("403")
    assert other.ask("KNOCK").one("461")
    op.sync().no("710")


def test_auditorium(server, room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+u")
    everybody = {"@" + op.nick, "+" + voice.nick, ann.nick, bob.nick}
    assert names(op, channel) == everybody
    assert names(voice, channel) == {"@" + op.nick, "+" + voice.nick}
    assert names(ann, channel) == {"@" + op.nick, "+" + voice.nick, ann.nick}
    shown = {m.params[5] for m in ann.ask(f"WHO {channel}").of("352")}
    assert shown == {op.nick, voice.nick, ann.nick}
    assert channel not in ann.ask(f"WHOIS {bob.nick}").text
    assert channel in op.ask(f"WHOIS {bob.nick}").text
    for one in (op, voice, ann, bob):
        one.sync()
    guest = server.client("guest")
    guest.join(channel)
    assert op.sync().one("JOIN").source.startswith(guest.nick)
    ann.sync().no("JOIN")
    guest.ask(f"PRIVMSG {channel} :hello")
    assert ann.sync().one("PRIVMSG")
    guest.ask(f"NICK {fresh('renamed')}")
    assert op.sync().one("NICK")
    ann.sync().no("NICK")
    op.ask(f"KICK {channel} {bob.nick}")
    assert bob.sync().one("KICK")
    ann.sync().no("KICK")
    guest.close()
    op.wait("QUIT")
    ann.sync().no("QUIT", "PART")
    voice.ask(f"PART {channel}")
    assert ann.sync().one("PART")


@pytest.mark.parametrize("letter", ["f #x", "F 5:10", "j 3:10", "W 5", "H joined"])
def test_values_are_shown_and_taken_away(room, letter):
    op, voice, ann, bob, channel = room
    mode, value = letter.split()
    if mode == "f":
        value = op.join(chan("to")).one("JOIN").params[0]
    set_modes(op, channel, "+" + mode, value)
    shown = ann.ask(f"MODE {channel}").one("324").params[2:]
    assert mode in shown[0] and value in shown[1:]
    assert not op.ask(f"MODE {channel} +{mode} {value}")
    assert ann.ask(f"MODE {channel} +{mode} {value}").one("482")
    set_modes(op, channel, "-" + mode)
    assert mode not in ann.ask(f"MODE {channel}").one("324").params[2]


@pytest.mark.parametrize("word", ["F 5", "F 0:5", "F x:y", "j 3", "W 0", "W soon", "H maybe", "f nowhere"])
def test_values_that_are_none(room, word):
    op, voice, ann, bob, channel = room
    assert op.ask(f"MODE {channel} +{word}").one("696").params[2] == word[0]


def test_slow_mode(room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+W", "3600")
    ann.ask(f"PRIVMSG {channel} :one").no("404")
    assert "+W" in ann.ask(f"PRIVMSG {channel} :two").one("404").params[-1]
    bob.ask(f"PRIVMSG {channel} :mine").no("404")
    for one in (op, voice):
        one.ask(f"PRIVMSG {channel} :a", f"PRIVMSG {channel} :b").no("404")
    ann.ask(f"PART {channel}", f"JOIN {channel}")
    assert ann.ask(f"PRIVMSG {channel} :three").one("404")
    set_modes(op, channel, "-W")
    ann.ask(f"PRIVMSG {channel} :four").no("404")


def test_flood(room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+F", "3:3600")
    for text in "abc":
        ann.ask(f"PRIVMSG {channel} :{text}").no("404")
    assert "+F" in ann.ask(f"PRIVMSG {channel} :d").one("404").params[-1]
    ann.ask(f"NOTICE {channel} :e").no("404")
    assert len([m for m in bob.sync().of("PRIVMSG", "NOTICE") if m.source.startswith(ann.nick)]) == 3
    bob.ask(f"PRIVMSG {channel} :mine").no("404")
    op.ask(*[f"PRIVMSG {channel} :{n}" for n in range(9)]).no("404")


def test_joins(server, room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+j", "2:3600")
    for _ in range(2):
        server.client("guest").join(channel)
    late = server.client("late")
    assert late.ask(f"JOIN {channel}").one("480").params[1] == channel
    op.ask(f"INVITE {late.nick} {channel}")
    late.join(channel)


def test_forward(server, room):
    op, voice, ann, bob, channel = room
    other = chan("other")
    bob.join(other)
    for to in (other, chan("none")):
        assert op.ask(f"MODE {channel} +f {to}").one("482").params[1] == to
    bob.ask(f"MODE {other} +o {op.nick}")
    op.join(other)
    bob.ask(f"MODE {other} +o {op.nick}")
    op.sync()
    set_modes(op, channel, "+f", other)
    set_modes(op, channel, "+i")
    guest = server.client("guest")
    said = guest.ask(f"JOIN {channel}")
    assert said.one("470").params[1:3] == [channel, other]
    assert said.one("JOIN").params[0] == other
    set_modes(op, channel, "+b", f"{ann.nick}!*@*")
    ann.ask(f"PART {channel}")
    assert ann.ask(f"JOIN {channel}").no("470").one("474")
    set_modes(op, other, "+i")
    assert server.client("guest").ask(f"JOIN {channel}").no("470").one("473")
    assert other not in guest.ask(f"MODE {channel}").one("324").params


def test_tokens(server):
    tokens = [word for m in server.connect(fresh("who")).register() if m.command == "005" for word in m.params[1:-1]]
    assert "KNOCK" in tokens
    modes = next(t for t in tokens if t.startswith("CHANMODES=")).partition("=")[2].split(",")
    assert modes[:2] == ["beI", "k"] and sorted(modes[2]) == sorted("lfFHWj")
    assert set("CKMNRScimnrstu") == set(modes[3])


def test_timed_ban_ends(server, room):
    op, voice, ann, bob, channel = room
    guest = server.client("guest")
    mask = f"{guest.nick}!*@*"
    op.send(f"TBAN {channel} 1s {guest.nick}")
    assert op.wait("MODE").params == [channel, "+b", mask]
    assert op.wait("MODE", channel, "-b", mask).source == "irc.test.example"
    guest.join(channel)
    op.ask(f"MODE {channel} b").no("367")


def test_timed_bans_end_together_and_one_by_one(server, room):
    op, voice, ann, bob, channel = room
    other = chan("other")
    op.join(other)
    op.send(*[f"TBAN {c} 1s nick{n}!*@*" for c in (channel, other) for n in range(3)])
    op.send(f"TBAN {channel} 1h stays!*@*")
    left = {(c, f"nick{n}!*@*") for c in (channel, other) for n in range(3)}
    while left:
        m = op.wait("MODE")
        if m.params[1].startswith("-b"):
            left -= {(m.params[0], mask) for mask in m.params[2:]}
    assert [m.params[2] for m in op.ask(f"MODE {channel} b").of("367")] == ["stays!*@*"]


def test_timed_ban_is_refused(room):
    op, voice, ann, bob, channel = room
    assert ann.ask(f"TBAN {channel} 1h x!*@*").one("482")
    assert voice.ask(f"TBAN {channel} soon x!*@*").one("482")
    for duration in ("soon", "0", "-5", "forever"):
        assert op.ask(f"TBAN {channel} {duration} x!*@*").one("FAIL").params[1] == "INVALID_DURATION"
    assert op.ask(f"TBAN {channel} 1h ~x:y").one("696")
    assert op.ask(f"TBAN {channel} 1h x!*@*").one("MODE")
    assert op.ask(f"TBAN {channel} 1h X!*@*").one("FAIL").params[1] == "ALREADY_BANNED"
    assert op.ask(f"TBAN {channel} 1h").one("461")
    assert op.ask(f"TBAN {chan()} 1h x").one("403")


def test_extban_realname(server, room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+b", "~r:*bad?person*")
    assert server.client("guest", realname="A Bad Person here").ask(f"JOIN {channel}").one("474")
    server.client("guest", realname="A Good Person").join(channel)
    assert op.ask(f"MODE {channel} +b ~r:").one("MODE")
    server.client("guest", realname="A Good Person").join(channel)


def test_extban_channel(server, room):
    op, voice, ann, bob, channel = room
    guest, other = server.client("guest"), chan("other")
    guest.join(other)
    set_modes(op, channel, "+b", f"~c:{other}")
    assert guest.ask(f"JOIN {channel}").one("474")
    guest.ask(f"MODE {other} +s")
    guest.join(channel)
    guest.ask(f"PART {channel}", f"MODE {other} -s")
    assert guest.ask(f"JOIN {channel}").one("474")
    guest.ask(f"PART {other}")
    guest.join(channel)
    assert op.ask(f"MODE {channel} +b ~c:nowhere").one("696")


def test_extban_without_account(server, room):
    op, voice, ann, bob, channel = room
    set_modes(op, channel, "+b", "~m:~U:*!*@*")
    assert "+b" in ann.ask(f"PRIVMSG {channel} :hi").one("404").params[-1]
    server.client("guest").join(channel)
    set_modes(op, channel, "+b", "~U:*!*@*")
    assert server.client("guest").ask(f"JOIN {channel}").one("474")
    for bad in ("~U:~m:*", "~m:~m:*", "~U:~U:*", "~x:y"):
        assert op.ask(f"MODE {channel} +b {bad}").one("696")

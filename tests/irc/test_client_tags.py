"""Tags of clients: what is about other messages or channels goes as it came, and reactions to one message have an end."""

import pytest

from harness import FAST, chan

CAPS = "message-tags batch labeled-response echo-message draft/chathistory draft/event-playback draft/multiline"


def room(server, count=2):
    people = [server.client(stem, caps=CAPS) for stem in "abcdef"[:count]]
    return [*people, server.channel(*people)]


def say(client, target, text="hello"):
    client.sync()
    return client.ask(f"PRIVMSG {target} :{text}").one("PRIVMSG").tags["msgid"]


def react(client, target, msgid, what, tag="+draft/react"):
    client.sync()
    return client.ask(f"@{tag}={what};+reply={msgid} TAGMSG {target}")


def test_different_reactions_to_a_message(start):
    server = start(FAST + "reactions = 3\n")
    a, b, channel = room(server)
    msgid, other = say(a, channel), say(a, channel)
    for n in range(3):
        assert react(b, channel, msgid, n).one("TAGMSG").tags["+draft/react"] == str(n)
    refused = react(b, channel, msgid, "more")
    assert refused.one("FAIL").params[:4] == ["TAGMSG", "TOO_MANY_REACTIONS", channel, msgid] and not refused.of("TAGMSG")
    assert len(a.sync().of("TAGMSG")) == 3
    assert react(a, channel, msgid, "1").one("TAGMSG")
    assert react(b, channel, other, "more").one("TAGMSG")
    assert react(b, channel, msgid, "0", "+draft/unreact").one("TAGMSG")
    assert react(a, channel, msgid, "more").one("TAGMSG")
    kept = a.ask(f"CHATHISTORY LATEST {channel} * 100").of("TAGMSG")
    assert len([m for m in kept if m.tags["+reply"] == msgid]) == 6


def test_reactions_of_one_user(start):
    server = start(FAST + "reactions_each = 4\n")
    a, b, channel = room(server)
    msgid = say(a, channel)
    for n in range(4):
        assert react(b, channel, msgid, "x", ("+draft/react", "+draft/unreact")[n % 2]).one("TAGMSG")
    assert react(b, channel, msgid, "x").one("FAIL").params[:2] == ["TAGMSG", "TOO_MANY_REACTIONS"]
    assert react(a, channel, msgid, "x").one("TAGMSG")
    assert b.ask(f"@+draft/react=x;+reply={msgid} PRIVMSG {channel} :x").one("FAIL").params[:2] == ["PRIVMSG", "TOO_MANY_REACTIONS"]
    assert not b.ask(f"@+draft/react=x;+reply={msgid} NOTICE {channel} :x")
    assert b.ask(f"@+reply={msgid} PRIVMSG {channel} :a reply").one("PRIVMSG")
    a.sync()
    lines = [f"@batch=q PRIVMSG {channel} :{text}" for text in ("one", "two")]
    said = b.ask(f"@+draft/react=x;+reply={msgid} BATCH +q draft/multiline {channel}", *lines, "BATCH -q")
    assert said.one("FAIL").params[1] == "TOO_MANY_REACTIONS" and not a.sync().of("BATCH")


def test_reactions_between_two(start):
    server = start(FAST + "reactions = 1\n")
    a, b = (server.client(stem, caps=CAPS) for stem in "ab")
    msgid = say(a, b.nick)
    assert react(b, a.nick, msgid, "x").one("TAGMSG")
    assert react(b, a.nick, msgid, "y").one("FAIL").params[:4] == ["TAGMSG", "TOO_MANY_REACTIONS", a.nick, msgid]


def test_who_may_not_speak_uses_nothing_up(start):
    server = start(FAST + "reactions = 1\n")
    a, b, channel = room(server)
    msgid = say(a, channel)
    a.ask(f"MODE {channel} +m")
    assert react(b, channel, msgid, "x").one("404")
    assert react(a, channel, msgid, "y").one("TAGMSG")


def test_both_at_once(start):
    server = start(FAST)
    a, b, channel = room(server)
    msgid = say(a, channel)
    refused = b.ask(f"@+draft/react=x;+draft/unreact=y;+reply={msgid} TAGMSG {channel}")
    assert refused.one("FAIL").params[:4] == ["TAGMSG", "INVALID_REACTION", channel, msgid]
    assert b.ask(f"@+draft/react=x;+draft/unreact=y;+reply=:a TAGMSG {channel}").one("FAIL").params[3] == "*"


def test_a_reaction_to_nothing_is_told_and_not_kept(start):
    server = start(FAST)
    a, b, channel = room(server)
    b.ask(f"@+draft/react=x TAGMSG {channel}", f"@+draft/react=y;+draft/reply=old TAGMSG {channel}")
    assert [m.tags["+draft/react"] for m in a.sync().of("TAGMSG")] == ["x", "y"]
    kept = a.ask(f"CHATHISTORY LATEST {channel} * 100").of("TAGMSG")
    assert [m.tags["+draft/react"] for m in kept] == ["y"]


@pytest.mark.parametrize("value", ["unknown", "", ":colon", "a\\sb\\:c", "x" * 500, "ünïcode"])
def test_what_a_reply_is_about_is_not_the_servers(start, value):
    """A msgid is opaque, and of what is gone or was never here clients make what they can: it goes as it came."""
    server = start(FAST)
    a, b, channel = room(server)
    a.ask(f"@+reply={value} PRIVMSG {channel} :about that")
    shown = b.sync().one("PRIVMSG").tags["+reply"]
    assert shown == value.replace("\\s", " ").replace("\\:", ";")


@pytest.mark.parametrize("value", ["{channel}", "#nowhere", "no-channel", "", "#a\\sb"])
def test_the_channel_of_a_private_message(start, value):
    """Whether it is a channel, and one that both are in, is for the client that shows it: that is what the page says."""
    server = start(FAST)
    a, b, channel = room(server)
    value = value.format(channel=channel)
    for target in (b.nick, channel):
        for command in ("PRIVMSG", "NOTICE"):
            a.ask(f"@+channel-context={value} {command} {target} :there")
            assert b.sync().one(command).tags["+channel-context"] == value.replace("\\s", " ")


def test_they_are_kept_with_what_they_came_with(start):
    server = start(FAST)
    a, b = (server.client(stem, caps=CAPS) for stem in "ab")
    channel = chan()
    for c in (a, b):
        c.ask(f"JOIN {channel}", f"REGISTER * * password-{c.nick}")
    msgid = say(a, channel)
    a.ask(f"@+reply={msgid} PRIVMSG {channel} :to that", f"@+channel-context={channel} PRIVMSG {b.nick} :psst")
    b.sync()
    assert b.ask(f"CHATHISTORY LATEST {channel} * 1").one("PRIVMSG").tags["+reply"] == msgid
    assert b.ask(f"CHATHISTORY LATEST {a.nick} * 1").one("PRIVMSG").tags["+channel-context"] == channel

"""JOIN, PART, TOPIC, NAMES, KICK, INVITE."""

import pytest

from harness import FAST, SERVER, chan, fresh


def names(said):
    return sorted(word for m in said.of("353") for word in m.params[-1].split())


def test_join_makes_a_channel(server):
    c = server.client()
    channel = chan()
    said = c.join(channel)
    assert said.commands == ["JOIN", "353", "366"]
    assert said[0].source == f"{c.nick}!user@127.0.0.1" and said[0].params == [channel]
    assert said[1].params == [c.nick, "=", channel, f"@{c.nick}"]
    assert said[2].params[:2] == [c.nick, channel]
    assert c.ask(f"MODE {channel}").one("324").params == [c.nick, channel, "+nt"]


def test_join_of_a_second(server):
    a, b = server.client("a"), server.client("b")
    channel = chan()
    a.join(channel)
    a.ask(f"TOPIC {channel} :what we talk about")
    said = b.join(channel.upper())
    assert said.commands == ["JOIN", "332", "333", "353", "366"]
    assert said[0].params == [channel]
    assert said[1].params == [b.nick, channel, "what we talk about"]
    assert said[2].params[2] == f"{a.nick}!user@127.0.0.1" and int(said[2].params[3]) > 0
    assert names(said) == sorted([f"@{a.nick}", b.nick])
    assert a.sync().one("JOIN").source == f"{b.nick}!user@127.0.0.1"


def test_join_twice_says_nothing(server):
    a = server.client()
    channel = server.channel(a)
    assert not a.ask(f"JOIN {channel}", f"JOIN {channel.upper()}")


def test_join_of_several_with_keys(server):
    op, c = server.client("op"), server.client("c")
    one, two, three = chan(), chan(), chan()
    for channel in (one, two, three):
        op.join(channel)
    op.ask(f"MODE {one} +k alpha", f"MODE {three} +k gamma")
    said = c.ask(f"JOIN {one},{two},{three} alpha,,gamma")
    assert [m.params[0] for m in said.of("JOIN")] == [one, two, three]
    other = server.client("other")
    said = other.ask(f"JOIN {one},{two},{three} alpha")
    assert [m.params[0] for m in said.of("JOIN")] == [one, two]
    assert said.one("475").params[1] == three


@pytest.mark.parametrize("name", ["noprefix", "#", "&local", "#a\x07b", "#" + "x" * 64, "#\x01", "#\u0085x", "+a"])
def test_names_that_are_none(server, name):
    c = server.client()
    assert c.ask(f"JOIN {name}").one("403").params[:2] == [c.nick, name]


def test_the_longest_name_and_names_in_other_scripts(server):
    c = server.client()
    longest = chan("x").ljust(64, "y")
    assert c.ask(f"JOIN {longest}").one("JOIN").params == [longest]
    for name in ("#\u304a\u3057\u3083\u3079\u308a", "#\U0001f600", "#caf\u00e9", "##", "#a#b:c"):
        assert c.ask(f"JOIN {name}").one("JOIN").params == [name]


def test_join_zero_leaves_all(server):
    a, b = server.client("a"), server.client("b")
    channels = [server.channel(a, b) for _ in range(3)]
    assert sorted(m.params[0] for m in a.ask("JOIN 0").of("PART")) == sorted(channels)
    assert sorted(m.params[0] for m in b.sync().of("PART")) == sorted(channels)
    assert not a.ask("JOIN 0")


def test_too_many_channels(start):
    server = start(FAST + "channels = 3\n")
    c = server.client()
    said = c.ask("JOIN #1,#2,#3,#4")
    assert len(said.of("JOIN")) == 3 and said.one("405").params[1] == "#4"
    assert c.ask("PART #1", "JOIN #4").of("JOIN")
    assert "CHANLIMIT=#:3" in " ".join(server.connect("x").register().text.split())


def test_part(server):
    a, b = server.client("a"), server.client("b")
    one, two = server.channel(a, b), server.channel(a, b)
    said = a.ask(f"PART {one},{two} :enough of this")
    assert [(m.params[0], m.params[1]) for m in said.of("PART")] == [(one, "enough of this"), (two, "enough of this")]
    assert len(b.sync().of("PART")) == 2
    assert names(b.ask(f"NAMES {one}")) == [b.nick]
    a.join(one)
    assert a.ask(f"PART {one}").one("PART").params == [one]


def test_part_of_what_one_is_not_in(server):
    a, b = server.client("a"), server.client("b")
    channel = server.channel(b)
    nowhere = chan()
    assert a.ask(f"PART {channel}").one("442").params[1] == channel
    assert a.ask(f"PART {nowhere}").one("403").params[1] == nowhere
    assert a.ask("PART", "PART nowhere").commands == ["461", "403"]


def test_the_last_one_takes_the_channel_along(server):
    a, b = server.client("a"), server.client("b")
    channel = server.channel(a, b)
    a.ask(f"MODE {channel} +mk secret", f"TOPIC {channel} :old", f"PART {channel}")
    b.ask(f"PART {channel}")
    said = b.join(channel)
    assert said.commands == ["JOIN", "353", "366"] and names(said) == [f"@{b.nick}"]
    assert b.ask(f"MODE {channel}").one("324").params[2] == "+nt"


def test_topic(server):
    op, voice, out = server.client("op"), server.client("v"), server.client("out")
    channel = server.channel(op, voice)
    assert op.ask(f"TOPIC {channel}").one("331").params[1] == channel
    assert op.ask(f"TOPIC {channel} :first things first").one("TOPIC").params == [channel, "first things first"]
    assert voice.sync().one("TOPIC").source == f"{op.nick}!user@127.0.0.1"
    assert voice.ask(f"TOPIC {channel}").commands == ["332", "333"]
    assert voice.ask(f"TOPIC {channel} :mine").one("482").params[1] == channel
    op.ask(f"MODE {channel} -t")
    assert voice.ask(f"TOPIC {channel} :mine").of("TOPIC")
    assert out.ask(f"TOPIC {channel} :theirs").one("442")
    assert out.ask(f"TOPIC {channel}").commands == ["332", "333"]
    op.sync()
    assert op.ask(f"TOPIC {channel} :").one("TOPIC").params == [channel, ""]
    assert op.ask(f"TOPIC {channel}").commands[-1] == "331"


def test_topic_is_cut_on_a_code_point(server):
    c = server.client()
    channel = server.channel(c)
    text = "x" + "\u00e4" * 230
    assert c.ask(f"TOPIC {channel} :{text}").one("TOPIC").params[1] == "x" + "\u00e4" * 194
    assert c.ask(f"TOPIC {channel}").one("332").params[2] == "x" + "\u00e4" * 194


def test_topic_of_nothing(server):
    c = server.client()
    assert c.ask("TOPIC", f"TOPIC {chan()}", "TOPIC x :y").commands == ["461", "403", "403"]


def test_kick(server):
    op, bad, other = server.client("op"), server.client("bad"), server.client("other")
    channel = server.channel(op, bad, other)
    assert op.ask(f"KICK {channel} {bad.nick} :go away").one("KICK").params == [channel, bad.nick, "go away"]
    assert bad.sync().one("KICK").source == f"{op.nick}!user@127.0.0.1"
    other.sync().one("KICK")
    assert names(other.ask(f"NAMES {channel}")) == sorted([f"@{op.nick}", other.nick])
    bad.join(channel)
    assert op.ask(f"KICK {channel} {bad.nick}").one("KICK").params == [channel, bad.nick, op.nick]


def test_kick_of_several(server):
    op = server.client("op")
    out = [server.client("k") for _ in range(3)]
    channel = server.channel(op, *out)
    absent = fresh("absent")
    said = op.ask(f"KICK {channel} {out[0].nick},{absent},{out[1].nick},{op.nick}x,{out[2].nick} :all")
    assert [m.params[1] for m in said.of("KICK")] == [c.nick for c in out]
    assert [m.params[1] for m in said.of("401")] == [absent, f"{op.nick}x"]


def test_kick_of_too_many(server):
    op = server.client("op")
    channel = server.channel(op)
    assert op.ask(f"KICK {channel} " + ",".join(f"nobody{i}" for i in range(9))).commands == ["401"] * 8 + ["407"]


def test_kick_refused(server):
    op, plain, out = server.client("op"), server.client("plain"), server.client("out")
    channel = server.channel(op, plain)
    assert plain.ask(f"KICK {channel} {op.nick}").one("482").params[1] == channel
    assert out.ask(f"KICK {channel} {op.nick}").one("442")
    assert op.ask(f"KICK {channel} {out.nick}").one("441").params[1:3] == [out.nick, channel]
    assert op.ask(f"KICK {channel} {fresh('absent')}").one("401")
    assert op.ask(f"KICK {chan()} {plain.nick}").one("403")
    assert op.ask("KICK", f"KICK {channel}").commands == ["461", "461"]
    assert not plain.sync().of("KICK")


def test_kick_in_pairs(server):
    op, a, b = server.client("op"), server.client("a"), server.client("b")
    one, two = server.channel(op, a, b), server.channel(op, a, b)
    said = op.ask(f"KICK {one},{two} {a.nick},{b.nick} :each")
    assert [m.params for m in said.of("KICK")] == [[one, a.nick, "each"], [two, b.nick, "each"]]


def test_kick_reason_is_cut(server):
    op, a = server.client("op"), server.client("a")
    channel = server.channel(op, a)
    reason = op.ask(f"KICK {channel} {a.nick} :x{'ä' * 200}").one("KICK").params[2]
    assert reason == "x" + "ä" * 149


def test_invite(server):
    op, guest, member = server.client("op"), server.client("guest"), server.client("member")
    channel = server.channel(op, member)
    op.ask(f"MODE {channel} +i")
    assert guest.ask(f"JOIN {channel}").one("473").params[1] == channel
    assert op.ask(f"INVITE {guest.nick} {channel}").one("341").params == [op.nick, guest.nick, channel]
    assert guest.sync().one("INVITE").params == [guest.nick, channel]
    assert guest.ask("INVITE").commands == ["336", "337"]
    guest.join(channel)
    assert guest.ask("INVITE").commands == ["337"]
    guest.ask(f"PART {channel}")
    assert guest.ask(f"JOIN {channel}").of("473")
    assert not member.sync().of("INVITE")


def test_invite_refused(server):
    op, plain, out = server.client("op"), server.client("plain"), server.client("out")
    channel = server.channel(op, plain)
    assert op.ask(f"INVITE {plain.nick} {channel}").one("443").params[1:3] == [plain.nick, channel]
    assert out.ask(f"INVITE {op.nick} {channel}").one("442")
    assert op.ask(f"INVITE {fresh('absent')} {channel}").one("401")
    assert op.ask(f"INVITE {out.nick} {chan()}").one("403")
    op.ask(f"MODE {channel} +i")
    plain.sync()
    assert plain.ask(f"INVITE {out.nick} {channel}").one("482")
    op.ask(f"MODE {channel} -i")
    plain.sync()
    assert plain.ask(f"INVITE {out.nick} {channel}").one("341")
    assert op.ask(f"INVITE {out.nick}").commands == ["461"]


def test_invite_tells_who_is_away(server):
    op, guest = server.client("op"), server.client("guest")
    channel = server.channel(op)
    guest.ask("AWAY :abroad")
    assert op.ask(f"INVITE {guest.nick} {channel}").commands == ["341", "301"]


def test_invite_ends_with_the_channel(server):
    op, guest = server.client("op"), server.client("guest")
    channel = server.channel(op)
    op.ask(f"INVITE {guest.nick} {channel}", f"PART {channel}")
    op.join(channel)
    op.ask(f"MODE {channel} +i")
    assert guest.ask(f"JOIN {channel}").of("473")


def test_invite_gets_past_the_limit_but_not_past_bans_and_keys(server):
    op, guest = server.client("op"), server.client("guest")
    channel = server.channel(op)
    op.ask(f"MODE {channel} +l 1", f"INVITE {guest.nick} {channel}")
    guest.join(channel)
    guest.ask(f"PART {channel}")
    op.ask(f"INVITE {guest.nick} {channel}", f"MODE {channel} +k key")
    assert guest.ask(f"JOIN {channel}").of("475")
    op.ask(f"MODE {channel} -k+b key {guest.nick}")
    assert guest.ask(f"JOIN {channel}").of("474")


def test_names(server):
    a, b, hidden = server.client("a"), server.client("b"), server.client("hidden")
    channel = server.channel(a, b, hidden)
    hidden.ask(f"MODE {hidden.nick} +i")
    out = server.client("out")
    assert names(a.ask(f"NAMES {channel}")) == sorted([f"@{a.nick}", b.nick, hidden.nick])
    assert names(out.ask(f"NAMES {channel}")) == sorted([f"@{a.nick}", b.nick])
    nowhere = chan()
    said = out.ask(f"NAMES {nowhere}")
    assert said.commands == ["366"] and said[0].params[1] == nowhere
    everything = out.ask("NAMES")
    assert everything[-1].command == "366" and everything[-1].params[1] == "*"
    assert channel in [m.params[2] for m in everything.of("353")]


def test_names_of_many_fit_their_lines(server):
    crowd = [server.client("x" * 20) for _ in range(60)]
    channel = server.channel(*crowd)
    said = crowd[5].ask(f"NAMES {channel}")
    assert len(said.of("353")) > 2 and len(said.of("366")) == 1
    assert len(names(said)) == 60 == len(set(names(said)))
    assert all(len(m.raw.encode()) <= 510 for m in said)


def test_a_secret_channel_is_marked_for_its_members(server):
    c = server.client()
    channel = server.channel(c)
    c.ask(f"MODE {channel} +s")
    assert c.ask(f"NAMES {channel}").one("353").params[1] == "@"


def test_default_modes_of_channels(start):
    server = start("[channels]\ndefault_modes = snC\n" + FAST)
    c = server.client()
    c.join("#x")
    assert c.ask("MODE #x").one("324").params[2] == "+Cns"


def test_whoever_leaves_leaves_all_his_channels(server):
    a, b = server.client("a"), server.client("b")
    channels = [server.channel(a, b) for _ in range(5)]
    b.close()
    a.wait("QUIT")
    for channel in channels:
        assert names(a.ask(f"NAMES {channel}")) == [f"@{a.nick}"]
    assert not a.sync()
    assert a.ask("LIST " + channels[0]).one("322").params[2] == "1"
    assert a.ask("VERSION")[0].source == SERVER

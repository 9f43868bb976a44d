"""MODE: each letter, what it does, who may change it, and how it is refused."""

import pytest

from harness import FAST, chan, fresh

RANKS = "vhoaq"


@pytest.fixture
def room(server):
    """Operator, member, stranger; and the channel."""
    op, member, stranger = server.client("op"), server.client("member"), server.client("stranger")
    return op, member, stranger, server.channel(op, member)


def set_mode(op, channel, *words):
    """What the change is told as."""
    return op.ask(f"MODE {channel} " + " ".join(words)).one("MODE").params[1:]


def modes(client, channel):
    return client.ask(f"MODE {channel}").one("324").params[2:]


@pytest.mark.parametrize("letter", "CRimnst")
def test_flags_go_on_and_off(room, letter):
    op, member, stranger, channel = room
    already = letter in "nt"
    if already:
        assert set_mode(op, channel, "-" + letter) == ["-" + letter]
    assert set_mode(op, channel, "+" + letter) == ["+" + letter]
    assert member.sync().of("MODE")[-1].params == [channel, "+" + letter]
    assert letter in modes(member, channel)[0]
    assert not op.ask(f"MODE {channel} +{letter}")
    assert set_mode(op, channel, "-" + letter) == ["-" + letter]
    assert letter not in modes(member, channel)[0]


@pytest.mark.parametrize("letter", list("CRimnst") + ["l 5", "k key", "b x!*@*", "e x!*@*", "I x!*@*"])
def test_only_operators_change_modes(room, letter):
    op, member, stranger, channel = room
    assert member.ask(f"MODE {channel} +{letter}").one("482").params[1] == channel
    assert stranger.ask(f"MODE {channel} +{letter}").one("482")
    assert not op.sync()


def test_registered_is_the_servers_to_give(room):
    op, member, stranger, channel = room
    assert op.ask(f"MODE {channel} +r").commands == ["482"]


def test_query(room):
    op, member, stranger, channel = room
    op.ask(f"MODE {channel} +lk 7 sesame")
    assert modes(member, channel)[0][1:] and sorted(modes(member, channel)[0][1:]) == sorted("nktl")
    assert set(modes(member, channel)[1:]) == {"7", "sesame"}
    assert "sesame" not in modes(stranger, channel)
    assert member.ask(f"MODE {channel}").commands == ["324", "329"]
    assert stranger.ask(f"MODE {chan()}").commands == ["403"]
    assert stranger.ask("MODE", "MODE :").commands == ["461", "461"]


def test_unknown_letters(room):
    op, member, stranger, channel = room
    said = op.ask(f"MODE {channel} +XYX-X")
    assert said.commands == ["472", "472"] and [m.params[1] for m in said] == ["X", "Y"]
    said = op.ask(f"MODE {channel} +Xm")
    assert said.commands == ["472", "MODE"]
    assert op.ask(f"MODE {channel} +\u00e4").commands == ["472"]


def test_moderated(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+m")
    member.sync()
    assert member.ask(f"PRIVMSG {channel} :may I?").one("404").params[1] == channel
    assert set_mode(op, channel, "+v", member.nick) == ["+v", member.nick]
    member.sync()
    assert not member.ask(f"PRIVMSG {channel} :thanks")
    assert op.sync().one("PRIVMSG").params[1] == "thanks"
    assert not op.ask(f"PRIVMSG {channel} :welcome")


def test_no_external(room):
    op, member, stranger, channel = room
    assert stranger.ask(f"PRIVMSG {channel} :hi").one("404").params[1] == channel
    set_mode(op, channel, "-n")
    assert not stranger.ask(f"PRIVMSG {channel} :hi")
    assert op.sync().one("PRIVMSG").source.startswith(stranger.nick)


def test_secret(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+s")
    for line, answer in (
        (f"MODE {channel}", "403"),
        (f"TOPIC {channel}", "403"),
        (f"PART {channel}", "403"),
        (f"PRIVMSG {channel} :x", "403"),
        (f"KICK {channel} {member.nick}", "403"),
        (f"INVITE {stranger.nick} {channel}", "403"),
        (f"NAMES {channel}", "366"),
        (f"WHO {channel}", "315"),
        (f"LIST {channel}", "321 323"),
        (f"MODE {channel} b", "403"),
    ):
        assert stranger.ask(line).commands == answer.split(), line
    assert channel in [m.params[1] for m in member.ask("LIST").of("322")]


def test_invite_only_and_its_exceptions(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+i")
    assert stranger.ask(f"JOIN {channel}").one("473").params[1] == channel
    assert set_mode(op, channel, "+I", f"{stranger.nick}!*@*") == ["+I", f"{stranger.nick}!*@*"]
    stranger.join(channel)


def test_registered_only(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+R")
    assert stranger.ask(f"JOIN {channel}").one("477").params[1] == channel


def test_no_ctcp(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+C")
    member.sync()
    assert member.ask(f"PRIVMSG {channel} :\x01VERSION\x01").one("404")
    assert not member.ask(f"PRIVMSG {channel} :\x01ACTION waves\x01")
    assert op.sync().one("PRIVMSG").params[1] == "\x01ACTION waves\x01"


def test_limit(room):
    op, member, stranger, channel = room
    assert set_mode(op, channel, "+l", "2") == ["+l", "2"]
    assert stranger.ask(f"JOIN {channel}").one("471").params[1] == channel
    assert set_mode(op, channel, "+l", "3") == ["+l", "3"]
    stranger.join(channel)
    assert set_mode(op, channel, "-l") == ["-l"]


@pytest.mark.parametrize("limit", ["-5", "0", "abc", "5x", "99999999999999999999", "1.5", "+5", "0x10"])
def test_limit_that_is_none(room, limit):
    op, member, stranger, channel = room
    said = op.ask(f"MODE {channel} +l {limit}")
    assert said.one("696").params[1:4] == [channel, "l", limit]
    assert "l" not in modes(op, channel)[0]
    assert not member.sync()


def test_limit_needs_its_number(room):
    op, member, stranger, channel = room
    assert op.ask(f"MODE {channel} +l", f"MODE {channel} +k", f"MODE {channel} +o").commands == ["696"] * 3


def test_key(room):
    op, member, stranger, channel = room
    assert set_mode(op, channel, "+k", "sesame") == ["+k", "sesame"]
    assert stranger.ask(f"JOIN {channel}").one("475").params[1] == channel
    assert stranger.ask(f"JOIN {channel} SESAME").one("475")
    stranger.join(channel, "sesame")
    stranger.ask(f"PART {channel}")
    assert set_mode(op, channel, "+k", "other") == ["+k", "other"]
    assert stranger.ask(f"JOIN {channel} sesame").one("475")
    assert set_mode(op, channel, "-k", "whatever")[0] == "-k"
    stranger.join(channel)


@pytest.mark.parametrize("key", ["a,b", ":a b", ":", ":\x01", "x" * 33, "::x"])
def test_key_that_is_none(room, key):
    op, member, stranger, channel = room
    assert op.ask(f"MODE {channel} +k {key}").one("696").params[2] == "k"
    assert "k" not in modes(op, channel)[0]
    assert not member.sync()


LISTS = [("b", "367", "368"), ("e", "348", "349"), ("I", "346", "347")]


@pytest.mark.parametrize("letter, entry, end", LISTS)
def test_lists(room, letter, entry, end):
    op, member, stranger, channel = room
    assert op.ask(f"MODE {channel} {letter}").commands == [end]
    assert set_mode(op, channel, f"+{letter}{letter}", "one", "two!*@host") == [
        f"+{letter}{letter}",
        "one!*@*",
        "two!*@host",
    ]
    assert not op.ask(f"MODE {channel} +{letter} ONE!*@*")
    said = op.ask(f"MODE {channel} +{letter}")
    assert [m.params[2] for m in said.of(entry)] == ["two!*@host", "one!*@*"]
    for m in said.of(entry):
        assert m.params[3] == f"{op.nick}!user@127.0.0.1" and int(m.params[4]) > 0
    assert set_mode(op, channel, f"-{letter}", "one!*@*") == [f"-{letter}", "one!*@*"]
    assert not op.ask(f"MODE {channel} -{letter} one!*@*")
    assert len(op.ask(f"MODE {channel} {letter}{letter}{letter}").of(end)) == 1


def test_who_may_see_the_lists(room):
    op, member, stranger, channel = room
    assert member.ask(f"MODE {channel} b").commands == ["368"]
    assert stranger.ask(f"MODE {channel} b").commands == ["368"]
    for letter in "eI":
        assert member.ask(f"MODE {channel} {letter}").commands == ["482"]


@pytest.mark.parametrize(
    "typed, stored",
    [
        ("nick", "nick!*@*"),
        ("*@host", "*!*@host"),
        ("a!b", "a!b@*"),
        ("a!b@c", "a!b@c"),
        ("127.0.0.1", "*!*@127.0.0.1"),
        ("~a:account", "~a:account"),
        ("~m:nick", "~m:nick!*@*"),
        ("~m:~a:account", "~m:~a:account"),
    ],
)
def test_masks_are_made_whole(room, typed, stored):
    op, member, stranger, channel = room
    assert set_mode(op, channel, "+b", typed) == ["+b", stored]
    assert op.ask(f"MODE {channel} b").one("367").params[2] == stored


def test_masks_that_are_none(room):
    op, member, stranger, channel = room
    for mask in ("~x:y", "~m:~m:x", ":two words", "~q:z"):
        assert op.ask(f"MODE {channel} +b {mask}").commands == ["696"], mask


def test_ban_and_exception(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+b", f"{stranger.nick}!*@*")
    assert stranger.ask(f"JOIN {channel}").one("474").params[1] == channel
    set_mode(op, channel, "+e", "*!user@127.0.0.*")
    stranger.join(channel)
    assert not stranger.ask(f"PRIVMSG {channel} :here I am")


def test_a_banned_member_is_silent(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+b", f"{member.nick}!*@*")
    member.sync()
    assert member.ask(f"PRIVMSG {channel} :x").one("404")
    set_mode(op, channel, "+v", member.nick)
    member.sync()
    assert not member.ask(f"PRIVMSG {channel} :y")


def test_mute_extban(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+b", "~m:*!*@*")
    stranger.join(channel)
    assert stranger.ask(f"PRIVMSG {channel} :x").one("404")
    op.sync()
    assert not op.ask(f"PRIVMSG {channel} :y")
    assert stranger.sync().one("PRIVMSG").params[1] == "y"


def test_account_extban_matches_nobody_without_an_account(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+bb", "~a:*", "~a:")
    stranger.join(channel)


def test_list_full(start):
    server = start(FAST + "list = 3\n")
    op = server.client("op")
    channel = server.channel(op)
    said = op.ask(f"MODE {channel} +bbIe a b c d")
    assert said.one("MODE").params[1:] == ["+bbI", "a!*@*", "b!*@*", "c!*@*"]
    assert said.one("478").params[1] == channel
    assert set_mode(op, channel, "-b+b", "a!*@*", "e") == ["-b+b", "a!*@*", "e!*@*"]


def test_ranks(room):
    op, member, stranger, channel = room
    for letter in "vho":
        assert set_mode(op, channel, "+" + letter, member.nick) == ["+" + letter, member.nick]
        assert not op.ask(f"MODE {channel} +{letter} {member.nick}")
        assert set_mode(op, channel, "-" + letter, member.nick) == ["-" + letter, member.nick]


def test_ranks_above_ones_own_are_refused(room):
    op, member, stranger, channel = room
    for letter in "aq":
        assert op.ask(f"MODE {channel} +{letter} {member.nick}").one("482")
    assert member.ask(f"MODE {channel} +o {member.nick}").one("482")


def test_half_operators(room):
    op, half, stranger, channel = room
    set_mode(op, channel, "+h", half.nick)
    half.sync()
    stranger.join(channel)
    half.sync()
    assert set_mode(half, channel, "+v", stranger.nick) == ["+v", stranger.nick]
    assert set_mode(half, channel, "+m") == ["+m"]
    assert half.ask(f"MODE {channel} +o {stranger.nick}").one("482")
    assert half.ask(f"MODE {channel} +h {stranger.nick}").one("482")
    assert half.ask(f"MODE {channel} -o {op.nick}").one("482")
    assert half.ask(f"KICK {channel} {op.nick}").one("482")
    assert half.ask(f"KICK {channel} {stranger.nick}").one("KICK")


def test_anybody_may_step_down(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+v", member.nick)
    member.sync()
    assert set_mode(member, channel, "-v", member.nick) == ["-v", member.nick]
    op.sync()
    assert set_mode(op, channel, "-o", op.nick) == ["-o", op.nick]
    assert op.ask(f"MODE {channel} +o {op.nick}").one("482")


def test_ranks_of_somebody_who_is_not_there(room):
    op, member, stranger, channel = room
    assert op.ask(f"MODE {channel} +o {stranger.nick}").one("441").params[1:3] == [stranger.nick, channel]
    absent = fresh("absent")
    assert op.ask(f"MODE {channel} +v {absent}").one("401").params[1] == absent
    assert not member.sync()


def test_a_rank_follows_a_change_of_nick(room):
    op, member, stranger, channel = room
    set_mode(op, channel, "+v", member.nick)
    new = fresh("new")
    member.ask(f"NICK {new}")
    assert f"+{new}" in op.ask(f"NAMES {channel}").one("353").params[-1].split()


def test_several_steps_are_one_change(room):
    op, member, stranger, channel = room
    change = set_mode(op, channel, "+mv-n+lk", member.nick, "9", "key")
    assert change == ["+mv-n+lk", member.nick, "9", "key"]
    assert member.sync().one("MODE").params[1:] == change


def test_each_refusal_once(room):
    op, member, stranger, channel = room
    assert member.ask(f"MODE {channel} +mnis-t").commands == ["482"]
    assert op.ask(f"MODE {channel} +ov {stranger.nick} {stranger.nick}").commands == ["441"]


def test_more_parameters_than_modes_allows(start):
    server = start(FAST + "modes = 3\n")
    op = server.client("op")
    channel = server.channel(op)
    assert set_mode(op, channel, "+bbbb", "a", "b", "c", "d") == ["+bbb", "a!*@*", "b!*@*", "c!*@*"]


def test_a_change_too_long_for_one_line(room):
    op, member, stranger, channel = room
    masks = ["m%d" % i + "x" * 27 for i in range(12)]
    said = op.ask(f"MODE {channel} +{'b' * 12} {' '.join(masks)}")
    told = [p for m in said.of("MODE") for p in m.params[2:]]
    assert told == [mask + "!*@*" for mask in masks]
    assert all(len(m.raw.encode()) <= 510 for m in said)
    assert [p for m in member.sync().of("MODE") for p in m.params[2:]] == told


def test_modes_of_users(server):
    c, other = server.client("c"), server.client("other")
    assert c.ask(f"MODE {c.nick}").one("221").params[1] == "+"
    for letter in "iwBR":
        assert c.ask(f"MODE {c.nick} +{letter}").one("MODE").params == [c.nick, "+" + letter]
        assert not c.ask(f"MODE {c.nick} +{letter}")
    assert sorted(c.ask(f"MODE {c.nick}").one("221").params[1][1:]) == sorted("iwBR")
    assert c.ask(f"MODE {c.nick} -iw+w-B").one("MODE").params[1] in ("-Bi", "-iB")
    assert c.ask(f"MODE {c.nick} +or-r").commands == []
    assert c.ask(f"MODE {c.nick} +X").commands == ["501"]
    assert c.ask(f"MODE {other.nick}", f"MODE {other.nick} +i").commands == ["502", "502"]
    assert c.ask(f"MODE {fresh('absent')}").commands == ["401"]


def test_direct_messages_from_accounts_alone(server):
    shy, c = server.client("shy"), server.client("c")
    shy.ask(f"MODE {shy.nick} +R")
    assert c.ask(f"PRIVMSG {shy.nick} :hi").one("477").params[1] == shy.nick
    assert not shy.sync()
    assert shy.ask(f"PRIVMSG {shy.nick} :me").one("PRIVMSG")


def test_bot(server):
    bot, c = server.client("bot"), server.client("c", "message-tags")
    channel = server.channel(bot, c)
    bot.ask(f"MODE {bot.nick} +B")
    assert c.ask(f"WHOIS {bot.nick}").one("335").params[1] == bot.nick
    assert [m.params[6] for m in c.ask(f"WHO {channel}").of("352") if m.params[5] == bot.nick] == ["H@B"]
    bot.ask(f"PRIVMSG {channel} :beep")
    assert "bot" in c.sync().one("PRIVMSG").tags

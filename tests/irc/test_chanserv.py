"""ChanServ: channels that belong to accounts."""

import signal

import pytest

import sasl
from harness import FAST, chan
from test_accounts import CAPS, PASSWORD, QUICK, device, make
from test_services import ns


def cs(client, text):
    return ns(client, text, "ChanServ")


@pytest.fixture
def accounts(start):
    return start(FAST + QUICK)


def registered(daemon, owner):
    channel = daemon.channel(owner)
    assert cs(owner, f"REGISTER {channel}") == [f"{channel} is registered to your account."]
    return channel


def test_register(accounts):
    owner, other = make(accounts), make(accounts)
    channel = accounts.channel(owner, other)
    assert cs(other, f"REGISTER {channel}") == ["You must be an operator of the channel."]
    said = owner.ask(f"CS REGISTER {channel}")
    assert [m.params for m in said.of("MODE")] == [[channel, "+r"], [channel, "+q", owner.nick]]
    assert cs(other, f"REGISTER {channel}") == ["This channel is registered already."]
    assert cs(other, f"INFO {channel}") == [f"Channel: {channel}", f"Founder: {owner.nick}"]
    assert cs(accounts.client(), f"REGISTER {channel}") == ["You need to be logged in to an account for that."]


def test_founder_comes_back(accounts):
    owner = make(accounts)
    channel = registered(accounts, owner)
    owner.ask(f"MODE {channel} +i", f"PART {channel}")
    other = accounts.client()
    assert other.ask(f"JOIN {channel}").of("473")
    said = owner.ask(f"JOIN {channel}")
    assert said.commands == ["JOIN", "353", "366", "MODE"]
    assert said.one("353").params[3] == f"~{owner.nick}"
    assert said.one("MODE").params == [channel, "+q", owner.nick]


def test_auditorium(accounts):
    """Who has a rank by an account is shown to all when it comes, and the mode tells of nobody whom they do not know."""
    owner, friend, guest = make(accounts), make(accounts), accounts.client()
    channel = registered(accounts, owner)
    cs(owner, f"VOP {channel} ADD {friend.nick}")
    owner.ask(f"MODE {channel} +u")
    guest.join(channel)
    friend.join(channel)
    assert [m.command for m in guest.sync()] == ["JOIN", "MODE"]


@pytest.mark.parametrize("preset, mode", [("SOP", "+a"), ("AOP", "+o"), ("HOP", "+h"), ("VOP", "+v")])
@pytest.mark.parametrize("short", [True, False])
def test_access(accounts, preset, mode, short):
    owner, friend = make(accounts), make(accounts)
    channel = registered(accounts, owner)
    friend.join(channel)
    line = f"{preset} {channel} ADD {friend.nick}" if short else f"ACCESS {channel} ADD {friend.nick} {preset}"
    assert f"{friend.nick} is" in cs(owner, line)[0]
    assert friend.sync().one("MODE").params == [channel, mode, friend.nick]
    said = friend.ask(f"PART {channel}", f"JOIN {channel}")
    assert said.one("MODE").params == [channel, mode, friend.nick]
    assert any(friend.nick in line for line in cs(owner, f"ACCESS {channel} LIST"))
    assert "no rank" in cs(owner, f"ACCESS {channel} DEL {friend.nick}")[0]
    assert friend.sync().one("MODE").params[1] == "-" + mode[1]
    assert not friend.ask(f"PART {channel}", f"JOIN {channel}").of("MODE")


def test_access_by_rank(accounts):
    owner, admin, friend = make(accounts), make(accounts), make(accounts)
    channel = registered(accounts, owner)
    assert cs(friend, f"AOP {channel} ADD {friend.nick}") == ["Your account may not do that in this channel."]
    cs(owner, f"SOP {channel} ADD {admin.nick}")
    assert cs(admin, f"SOP {channel} ADD {friend.nick}") == ["Your account may not give that rank."]
    assert cs(admin, f"ACCESS {channel} ADD {friend.nick} FOUNDER") == ["Your account may not give that rank."]
    assert cs(admin, f"ACCESS {channel} DEL {owner.nick}") == ["Your account may not do that in this channel."]
    assert "operator" in cs(admin, f"AOP {channel} ADD {friend.nick}")[0]
    assert cs(admin, f"DROP {channel}") == ["Your account may not do that in this channel."]


def test_rank_comes_with_the_login(accounts):
    owner = make(accounts)
    channel = registered(accounts, owner)
    late = accounts.client("late", caps=CAPS)
    late.join(channel)
    sasl.plain(late, owner.nick, PASSWORD)
    assert owner.sync().of("MODE")[-1].params == [channel, "+q", late.nick]


def test_transfer_and_drop(accounts):
    owner, heir = make(accounts), make(accounts)
    channel = registered(accounts, owner)
    assert cs(owner, f"TRANSFER {channel} {heir.nick}") == [f"{channel} belongs to {heir.nick} now."]
    assert cs(owner, f"INFO {channel}")[1] == f"Founder: {heir.nick}"
    assert cs(owner, f"DROP {channel}") == ["Your account may not do that in this channel."]
    command = cs(heir, f"DROP {channel}")[0].split(": ")[1]
    assert cs(heir, command) == [f"{channel} is registered no more."]
    assert owner.sync().of("MODE")[-1].params == [channel, "-r"]
    assert cs(owner, f"INFO {channel}") == ["This channel is not registered."]
    assert cs(owner, f"REGISTER {channel}") == [f"{channel} is registered to your account."]


def test_channels_go_with_the_account(accounts):
    owner, other = make(accounts), accounts.client()
    channel = registered(accounts, owner)
    other.join(channel)
    owner.ask("NS " + ns(owner, f"DROP {owner.nick}")[0].split(": ")[1])
    assert other.sync().of("MODE")[-1].params == [channel, "-r"]


def test_number_is_bounded(start):
    daemon = start(FAST + QUICK + "channels = 2\n")
    owner = make(daemon)
    for _ in range(2):
        registered(daemon, owner)
    channel = daemon.channel(owner)
    assert cs(owner, f"REGISTER {channel}") == ["Your account has as many channels as it may."]


def test_hidden_channels_are_none(accounts):
    owner, other = make(accounts), make(accounts)
    channel = registered(accounts, owner)
    owner.ask(f"MODE {channel} +s")
    for text in (f"INFO {channel}", f"REGISTER {channel}", f"ACCESS {channel}", f"INFO {chan()}"):
        assert cs(other, text) == ["There is no such channel."]


@pytest.mark.parametrize("signo", [signal.SIGKILL, signal.SIGUSR2])
def test_survives(start, tmp_path, signo):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK, args=state)
    owner, friend = make(daemon), make(daemon)
    channel = registered(daemon, owner)
    cs(owner, f"AOP {channel} ADD {friend.nick}")
    daemon.send_signal(signo)
    if signo == signal.SIGKILL:
        daemon.wait()
        daemon = start(FAST + QUICK, args=state)
    else:
        daemon.wait_notice("READY=1", 2)
        friend.send("QUIT").rest()
    again, _ = device(daemon, friend.nick)
    assert again.ask(f"JOIN {channel}").one("MODE").params == [channel, "+o", friend.nick]
    assert cs(again, f"INFO {channel}")[1] == f"Founder: {owner.nick}"


def test_the_next_founder_begins_anew(accounts):
    """Whom an earlier founder gave a rank has none when somebody else registers the channel."""
    first, friend, second = make(accounts), make(accounts), make(accounts)
    channel = registered(accounts, first)
    cs(first, f"SOP {channel} ADD {friend.nick}")
    code = cs_code(ns(first, f"DROP {first.nick}")[0])
    assert ns(first, f"DROP {first.nick} {code}") == ["The account is no more."]
    first.ask(f"PART {channel}")
    second.join(channel)
    assert cs(second, f"REGISTER {channel}") == [f"{channel} is registered to your account."]
    assert cs(second, f"ACCESS {channel} LIST") == [f"{second.nick}: founder", "That is the end of the list."]
    friend.join(channel)
    assert not second.sync().of("MODE")


def cs_code(text):
    return text.split()[-1]


def test_others_fill_no_account(start):
    """Ranks that others give, in however many channels, leave room for what an account needs itself."""
    daemon = start(FAST + QUICK + "[accounts]\nchannels = 200\n[limits]\nchannels = 500\n")
    giver, owner = make(daemon), make(daemon)
    said = []
    for _ in range(70):
        channel = registered(daemon, giver)
        said += cs(giver, f"VOP {channel} ADD {owner.nick}")
    assert sum("has as much as it may" in s for s in said) == 6
    assert registered(daemon, owner)
    assert ns(giver, f"SEND {owner.nick} hello", "MemoServ") == ["The memo is left."]


def test_entry_message(start, tmp_path):
    """What the channel says to whoever joins it, and to nobody else."""
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK, args=state)
    owner, friend, other = make(daemon), make(daemon), daemon.client()
    channel = registered(daemon, owner)
    cs(owner, f"AOP {channel} ADD {friend.nick}")
    assert cs(friend, f"SET {channel} ENTRYMSG mine") == ["Your account may not do that in this channel."]
    assert cs(owner, f"SET {channel} ENTRYMSG read the topic, please") == ["Whoever joins is told that from now on."]
    assert cs(other, f"INFO {channel}")[2] == "Entry message: read the topic, please"
    assert not owner.sync()
    said = other.ask(f"JOIN {channel}")
    assert said.commands[-2:] == ["366", "NOTICE"]
    notice = said.one("NOTICE")
    assert notice.source.startswith("ChanServ!") and notice.params == [other.nick, f"[{channel}] read the topic, please"]
    assert not owner.sync().of("NOTICE")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(FAST + QUICK, args=state)
    other = daemon.client()
    assert other.ask(f"JOIN {channel}").one("NOTICE").params[1] == f"[{channel}] read the topic, please"
    owner, _ = device(daemon, owner.nick)
    assert cs(owner, f"SET {channel} ENTRYMSG") == ["Whoever joins is told nothing any more."]
    assert not other.ask(f"PART {channel}", f"JOIN {channel}").of("NOTICE")
    assert cs(owner, f"SET {channel} COLOUR blue")[0].startswith("Usage: SET <channel> ENTRYMSG")

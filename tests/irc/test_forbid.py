"""What nobody gets: nicks, accounts, channels and addresses of e-mail; and channels that are suspended."""

import json
import os
import signal
import subprocess

import pytest

import harness
import sasl
from harness import FAST, chan, fresh
from test_accounts import PASSWORD, QUICK, account_of, device, login, make
from test_chanserv import cs, registered
from test_hostserv import OPERS, root
from test_services import ns

CHATCTL = os.path.join(os.path.dirname(harness.CHATD), "..", "chatctl", "chatctl")
CONFIG = FAST + QUICK + OPERS + "[control]\nsocket = control.sock\n"


@pytest.fixture
def server(start):
    return start(CONFIG)


def ctl(daemon, *words, ok=0):
    argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=harness.DEADLINE)
    assert done.returncode == ok, done.stderr
    return done.stdout


def rows(text, key):
    return [row for row in map(json.loads, text.splitlines()) if key in row]


def test_nick(server):
    op, holder = root(server), server.client(nick="Badger")
    said = ns(op, "FORBID ADD bad* 2h not here")
    assert len(said) == 1 and "nick bad*: refuse, set by" in said[0] and "ends in 2h" in said[0]
    # Whoever has it gets another one at once.
    assert holder.sync().one("NICK").params[0].startswith("Guest")
    refused = holder.ask("NICK BADone").one("432").params
    assert refused[1] == "BADone" and refused[2].startswith("This nick is forbidden: not here (until ")
    assert not holder.ask(f"NICK {fresh('good')}").of("432")
    newcomer = server.connect("badly")
    newcomer.send("NICK badly", "USER u 0 * :r")
    assert newcomer.wait("432").params[2].startswith("This nick is forbidden: not here")
    newcomer.send(f"NICK {fresh('other')}")
    newcomer.wait("001")
    assert any(op.nick in line for line in ns(op, "FORBID LIST"))
    assert ns(op, "FORBID DEL bad*") == ["Done."]
    assert ns(op, "FORBID DEL bad*") == ["That is not forbidden."]
    assert holder.ask("NICK BADone").one("NICK").params == ["BADone"]
    assert ns(op, "FORBID LIST") == ["End of list: 0"]


def test_account_and_mail(server):
    op, client = root(server), server.client(caps="draft/account-registration")
    ns(op, f"FORBID ADD {client.nick} taken")
    ns(op, "FORBID ADD *@mail.example throw-away addresses")
    other = server.client(caps="draft/account-registration")
    guest = client.sync().one("NICK").params[0]
    assert client.ask(f"REGISTER {client.nick} * :{PASSWORD}").one("FAIL").params[1] == "BAD_ACCOUNT_NAME"
    said = other.ask(f"REGISTER * who@MAIL.example :{PASSWORD}").one("FAIL").params
    assert said[1] == "INVALID_EMAIL" and said[-1] == "This e-mail address is not accepted"
    assert other.ask(f"REGISTER * who@mail2.example :{PASSWORD}").of("900")
    assert ns(other, "SET EMAIL who@mail.example") == ["This e-mail address is not accepted."]
    assert account_of(op, guest) is None
    said = ns(op, "FORBID LIST")
    assert len(said) == 3 and any("e-mail *@mail.example" in line for line in said)


def test_channel(server):
    op, ann = root(server), server.client()
    name = chan("bad")
    stem = name[:-1]
    ann.join(name)
    assert ann.ask(f"PART {name}", f"JOIN {name}")
    said = cs(op, f"FORBID ADD {stem}* not about this")
    assert f"channel {stem}*: refuse" in said[0]
    kick = ann.wait("KICK").params
    assert kick == [name, ann.nick, "This channel is forbidden: not about this"]
    assert ann.ask(f"JOIN {name}").one("437").params == [ann.nick, name, "This channel is forbidden: not about this"]
    assert ann.ask(f"JOIN {name.upper()}").of("437") and not ann.ask(f"JOIN {chan('good')}").of("437")
    server.wait_log(f"{stem}\\* is banned: not about this")
    assert op.ask(f"JOIN {name}").of("JOIN"), "operators look at what is there"
    assert "End of list: 1" in cs(op, "FORBID LIST")
    assert cs(op, f"FORBID DEL {stem}*") == ["Done."]
    assert ann.ask(f"JOIN {name}").of("JOIN")


@pytest.mark.parametrize(
    "text, says",
    [
        ("FORBID ADD * no", "That would meet nearly everything."),
        ("FORBID ADD #c", "Channels are forbidden with ChanServ."),
        ("FORBID ADD", "Usage: FORBID "),
        ("FORBID nonsense x", "Usage: FORBID "),
    ],
)
def test_wrong(server, text, says):
    assert ns(root(server), text)[0].startswith(says)


def test_for_those_who_may(server):
    ann, small = make(server), root(server, "small")
    channel = registered(server, ann)
    for line in ("NS FORBID ADD bad", "CS FORBID ADD #bad", f"CS SUSPEND {channel}", f"CS UNSUSPEND {channel}"):
        assert ann.ask(line).one("481") and small.ask(line).one("723")
    assert not small.ask("NICK bad").of("432")


def test_bans_are_no_way_to_take_them_back(server):
    """By those who may set bans, and not this: the numbers are of one row."""
    op = root(server)
    number = ns(op, "FORBID ADD bad no")[0].split()[0]
    assert op.ask(f"UBAN DEL {number}").one("FAIL").params[1] == "NO_SUCH_BAN"
    assert not any("bad" in m.params[-1] for m in op.ask("UBAN LIST").of("NOTICE"))


def test_suspend(server):
    op, owner, other = root(server), make(server), server.client()
    channel = registered(server, owner)
    owner.ask(f"TOPIC {channel} :what it is")
    other.join(channel)
    said = cs(op, f"SUSPEND {channel} 1d they know why")
    assert f"suspended channel {channel}: refuse" in said[0]
    for client in (owner, other):
        assert client.wait("KICK", channel, client.nick).params[2].startswith("This channel is suspended: they know why (until ")
        refused = client.ask(f"JOIN {channel}").one("437").params
        assert refused[:2] == [client.nick, channel] and refused[2].startswith("This channel is suspended: they know why (until ")
    assert cs(owner, f"INFO {channel}")[-1].startswith("This channel is suspended: they know why")
    for text in (f"DROP {channel}", f"TRANSFER {channel} {owner.nick}", f"ACCESS {channel} LIST"):
        assert cs(owner, text)[0].startswith("This channel is suspended")
    assert any(channel in line for line in cs(op, "SUSPEND LIST"))
    assert op.ask(f"JOIN {channel}").one("332").params[2] == "what it is"
    assert cs(op, f"UNSUSPEND {channel}") == ["Done."]
    assert cs(op, f"UNSUSPEND {channel}") == ["This channel is not suspended."]
    assert owner.ask(f"JOIN {channel}").one("MODE").params == [channel, "+q", owner.nick]
    assert cs(op, f"SUSPEND {chan()}") == ["There is no such registered channel."]


def test_a_suspension_ends(server):
    op, owner = root(server), make(server)
    channel = registered(server, owner)
    cs(op, f"SUSPEND {channel} 1s a moment")
    assert owner.ask(f"JOIN {channel}").of("437")
    server.wait_log(f"the ban of suspended channel {channel} is gone: its time is over")
    assert owner.ask(f"JOIN {channel}").of("JOIN")


def test_chatctl(server):
    ann, channel = make(server), None
    channel = registered(server, ann)
    ctl(server, "channel", "suspend", channel, "1h", "for", "a", "while")
    assert ann.wait("KICK").params[2].startswith("This channel is suspended: for a while (until ")
    shown = rows(ctl(server, "--json", "channel", "suspended"), "ban")
    assert [(row["target"], row["reason"]) for row in shown] == [(channel, "for a while")]
    assert shown[0]["by"].endswith(" (chatctl)") and shown[0]["set"]
    assert channel in ctl(server, "channel", "suspended")
    ctl(server, "channel", "unsuspend", channel)
    ctl(server, "channel", "unsuspend", channel, ok=67)
    ctl(server, "channel", "suspend", chan(), ok=69)
    for name, kind in (("worse*", "nick"), ("#worse*", "channel"), ("*@worse.example", "e-mail")):
        ctl(server, "forbid", "add", name, "no")
        assert (name, kind) in [(r["target"], r["kind"]) for r in rows(ctl(server, "--json", "forbid", "list"), "ban")]
    assert ann.ask("NICK worse1").of("432") and ann.ask("JOIN #worse1").of("437")
    ctl(server, "forbid", "add", "*", ok=64)
    ctl(server, "forbid", "del", "worse*")
    assert ann.ask("NICK worse1").of("NICK")
    ctl(server, "forbid", "add", "worse1")
    assert ann.wait("NICK").params[0].startswith("Guest")
    assert rows(ctl(server, "--json", "ban", "list"), "ban") == []


@pytest.mark.parametrize("signo", [signal.SIGKILL, signal.SIGUSR2])
def test_survives(start, tmp_path, signo):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(CONFIG, args=state)
    op, owner = root(daemon), make(daemon)
    channel = registered(daemon, owner)
    cs(op, f"SUSPEND {channel} they know why")
    ns(op, "FORBID ADD bad* no")
    cs(op, "FORBID ADD #bad* no")
    daemon.send_signal(signo)
    if signo == signal.SIGKILL:
        daemon.wait()
        daemon = start(CONFIG, args=state)
    else:
        daemon.wait_notice("READY=1", 2)
    client = daemon.client()
    assert client.ask(f"JOIN {channel}").one("437").params[2] == "This channel is suspended: they know why"
    assert client.ask("NICK badly").of("432") and client.ask("JOIN #badly").of("437")
    assert len(rows(ctl(daemon, "--json", "forbid", "list"), "ban")) == 2
    assert login(daemon, sasl.plain, owner.nick, PASSWORD)[1].of("900")


def test_those_who_stay_are_out_too(start, tmp_path):
    """One who is in the channel without a device is put out, and is not in it again after the process was killed."""
    state = ["--state", str(tmp_path / "state")]
    config = CONFIG + "[accounts]\nalways_on = yes\n"
    daemon = start(config, args=state)
    op, owner = root(daemon), make(daemon)
    channel = registered(daemon, owner)
    owner.send("QUIT").rest()
    cs(op, f"SUSPEND {channel}")
    assert not op.ask(f"WHOIS {owner.nick}").of("319")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(config, args=state)
    _, said = device(daemon, owner.nick)
    assert not said.of("JOIN")

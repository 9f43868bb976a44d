"""Names that nobody uses are free again: accounts, nicks beside their names, registered channels."""

import json
import signal

import pytest

import sasl
from harness import FAST, fresh
from test_accounts import CAPS, PASSWORD, QUICK, account_of, login, make
from test_chanserv import cs, registered
from test_forbid import ctl
from test_hostserv import OPERS, root
from test_services import ns

CONFIG = FAST + QUICK + "{accounts}\n[channels]\n{channels}\n" + OPERS + "[control]\nsocket = control.sock\n"
SOON = "3s"


def config(accounts="", channels=""):
    return CONFIG.format(accounts=accounts, channels=channels)


def gone(daemon, kind, name):
    daemon.wait_log(f"nobody has used {kind} {name} for too long: it is no more")


def shown(daemon, what, name):
    return json.loads(ctl(daemon, "--json", what, "show", name).splitlines()[0])


def test_account(start):
    daemon = start(config(f"expiry = {SOON}"))
    op, away, here = root(daemon), make(daemon), make(daemon)
    channel = registered(daemon, away)
    op.join(channel)
    away.send("QUIT").rest()
    gone(daemon, "account", away.nick)
    assert login(daemon, sasl.plain, away.nick, PASSWORD)[1].of("904")
    assert op.wait("MODE", channel).params[1] == "-r"
    # Whoever is here has not been away.
    assert account_of(op, here.nick) == here.nick
    assert not any(f"account {here.nick} for too long" in line for line in daemon.log.splitlines())
    again = daemon.client(nick=away.nick, caps=CAPS)
    assert again.ask(f"REGISTER * * :{PASSWORD}").of("900"), "the name is nobody's"


def test_account_that_stays(start):
    """For good (NOEXPIRE), or as long as it is suspended."""
    daemon = start(config(f"expiry = {SOON}"))
    op, kept, bad, lost = root(daemon), make(daemon), make(daemon), make(daemon)
    assert ns(op, f"NOEXPIRE {kept.nick} perhaps") == ["That is on, or off."]
    assert ns(op, f"NOEXPIRE {kept.nick} on") == ["Done."]
    assert "It does not expire." in ns(kept, "INFO")
    ns(op, f"SUSPEND {bad.nick} was rude")
    for client in (kept, bad, lost):
        client.send("QUIT").rest()
    gone(daemon, "account", lost.nick)
    assert shown(daemon, "account", kept.nick)["no_expiry"] is True
    assert shown(daemon, "account", bad.nick)["suspended"] is True
    ctl(daemon, "account", "noexpire", kept.nick, "off")
    gone(daemon, "account", kept.nick)
    ctl(daemon, "account", "show", kept.nick, ok=67)


def test_nick(start):
    daemon = start(config(f"nick_expiry = {SOON}"))
    ann = make(daemon)
    name, used, unused = ann.nick, fresh("used"), fresh("unused")
    for nick in (unused, used):
        ann.ask(f"NICK {nick}", "NS GROUP")
    gone(daemon, "nick", unused)
    said = ns(ann, "INFO")
    assert f"Nick: {used}" in said and f"Nick: {unused}" not in said
    assert ann.nick and shown(daemon, "account", name)["nicks"] == [used]
    other = daemon.client()
    assert other.ask(f"NICK {unused}").of("NICK") and other.ask(f"NICK {used}").of("433")


def test_channel(start):
    daemon = start(config(channels=f"expiry = {SOON}"))
    op, owner, guest = root(daemon), make(daemon), daemon.client()
    lost, used, kept = (registered(daemon, owner) for _ in range(3))
    assert cs(op, f"NOEXPIRE {kept} on") == ["Done."]
    guest.join(lost)
    assert any(line.startswith("Last used: 20") for line in cs(owner, f"INFO {lost}"))
    assert any(line.startswith("Expires, if nobody uses it: 20") for line in cs(owner, f"INFO {lost}"))
    owner.ask(f"PART {lost}", f"PART {kept}")
    # Guests are in it, and whose it is does not come.
    gone(daemon, "channel", lost)
    assert guest.wait("MODE", lost).params[1] == "-r"
    assert cs(guest, f"INFO {lost}") == ["This channel is not registered."]
    assert cs(op, f"INFO {used}")[1] == f"Founder: {owner.nick}"
    assert shown(daemon, "channel", kept)["no_expiry"] is True
    ctl(daemon, "channel", "noexpire", kept, "off")
    gone(daemon, "channel", kept)
    ctl(daemon, "channel", "show", kept, ok=67)
    # Nobody is left with a rank there.
    other = make(daemon)
    other.join(kept)
    assert cs(other, f"REGISTER {kept}") == [f"{kept} is registered to your account."]
    assert cs(other, f"ACCESS {kept} LIST")[0] == f"{other.nick}: founder"


def test_never(start):
    daemon = start(config("expiry = never\nnick_expiry = never", "expiry = never"))
    ann = make(daemon)
    channel = registered(daemon, ann)
    said = ns(ann, "INFO")
    assert any(line.startswith("Last seen: 20") for line in said) and not any("Expires" in line for line in said)
    row = shown(daemon, "account", ann.nick)
    assert "expires" not in row and row["last_seen"].startswith("20") and row["no_expiry"] is False
    assert "expires" not in shown(daemon, "channel", channel)
    other = daemon.client()
    assert not any("Last seen" in line for line in ns(other, f"INFO {ann.nick}"))


def test_for_those_who_may(start):
    daemon = start(config())
    ann, small = make(daemon), root(daemon, "small")
    channel = registered(daemon, ann)
    for line in (f"NS NOEXPIRE {ann.nick} on", f"CS NOEXPIRE {channel} on"):
        assert ann.ask(line).one("481") and small.ask(line).one("723")


def test_kept(start, tmp_path):
    """What was noted of their use, and that they stay for good, outlives the process."""
    state = ["--state", str(tmp_path / "state")]
    daemon = start(config(), args=state)
    ann = make(daemon)
    channel = registered(daemon, ann)
    ctl(daemon, "account", "noexpire", ann.nick, "on")
    ctl(daemon, "channel", "noexpire", channel, "on")
    before = shown(daemon, "account", ann.nick), shown(daemon, "channel", channel)
    assert before[0]["last_seen"] and before[1]["last_used"]
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(config(), args=state)
    after = shown(daemon, "account", ann.nick), shown(daemon, "channel", channel)
    assert after[0] == before[0]
    assert {**after[1], "members": 1} == before[1]


def test_from_before(start, tmp_path):
    """Accounts of which it was never noted that they were used count from the first look, and not from long ago."""
    state = ["--state", str(tmp_path / "state")]
    daemon = start(config(), args=state)
    ann = make(daemon)
    ann.send("QUIT").rest()
    daemon.finish()
    daemon = start(config("expiry = 1h"), args=state)
    assert shown(daemon, "account", ann.nick)["expires"] > shown(daemon, "account", ann.nick)["last_seen"]


@pytest.mark.parametrize("key", ["expiry = soon", "nick_expiry = 1x"])
def test_wrong_period(start, key):
    daemon = start(config())
    assert daemon.client()
    daemon.reload(config(key))
    daemon.wait_log("a duration, or never")

"""chatctl account: what administrators do with the accounts of people."""

import json
import os
import subprocess

import pytest

import harness
import sasl
from harness import FAST
from mailbox import Sendmail
from test_accounts import CAPS, PASSWORD, QUICK, account_of, login, make
from test_accounts_mail import plain, register, settings
from test_accounts_totp import Owner

CHATCTL = os.path.join(os.path.dirname(harness.CHATD), "..", "chatctl", "chatctl")


@pytest.fixture
def ctl(start):
    """ctl(words...) runs chatctl; ctl.daemon is the server."""
    daemon = start(FAST + QUICK + "attempts = 0\n[control]\nsocket = control.sock\n")

    def run(*words, given="", ok=0):
        argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), *words]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=harness.DEADLINE)
        assert done.returncode == ok, done.stderr
        return done.stdout

    run.daemon = daemon
    return run


def test_create(ctl):
    ctl("account", "create", "ann", given=PASSWORD + "\n")
    for how in (sasl.plain, sasl.scram):
        assert login(ctl.daemon, how, "ann", PASSWORD)[1].commands == ["900", "903"]
    ctl("account", "create", "Ann", given=PASSWORD + "\n", ok=69)
    ctl("account", "create", "1x", given=PASSWORD + "\n", ok=64)
    ctl("account", "create", "bob", given="\n", ok=65)
    ctl("account", "password", "ann", given="another one\n")
    assert login(ctl.daemon, sasl.plain, "ann", PASSWORD)[1].commands == ["904"]
    assert login(ctl.daemon, sasl.scram, "ann", "another one")[1].commands == ["900", "903"]
    assert PASSWORD not in ctl.daemon.log


def test_names_beyond_ascii(ctl):
    ctl("account", "create", "Änne", given=PASSWORD + "\n")
    assert "Änne" in ctl("account", "show", "äNNE")
    ctl("account", "create", "a\u0308nne", given=PASSWORD + "\n", ok=69)
    ctl("account", "create", "😀", given=PASSWORD + "\n", ok=64)
    ctl("account", "create", "Тоm", given=PASSWORD + "\n")
    ctl("account", "create", "tom", given=PASSWORD + "\n", ok=69)
    ctl.daemon.client(nick="evan")
    ctl("account", "create", "еvan", given=PASSWORD + "\n", ok=69)
    assert login(ctl.daemon, sasl.plain, "äNNE", PASSWORD)[1].commands == ["900", "903"]


def test_list_and_show(ctl):
    names = {make(ctl.daemon).nick for _ in range(100)}
    rows = [json.loads(line) for line in ctl("--json", "account", "list").splitlines()]
    assert {row["account"] for row in rows if "account" in row} == names
    assert "SCRAM" not in ctl("--json", "account", "list")
    name = names.pop()
    assert name in ctl("account", "list") and name in ctl("account", "show", name)
    ctl("account", "show", "nobody", ok=67)


def test_suspend_and_delete(ctl):
    owner = make(ctl.daemon)
    ctl("account", "suspend", owner.nick, "was", "rude")
    assert account_of(owner, owner.nick) is None
    assert json.loads(ctl("--json", "account", "show", owner.nick).splitlines()[0])["note"] == "was rude"
    assert "suspended" in login(ctl.daemon, sasl.plain, owner.nick, PASSWORD)[1].text
    ctl("account", "unsuspend", owner.nick)
    assert sasl.scram(owner, owner.nick, PASSWORD).of("903")
    ctl("account", "delete", owner.nick)
    assert account_of(owner, owner.nick) is None
    assert login(ctl.daemon, sasl.plain, owner.nick, PASSWORD)[1].commands == ["904"]
    ctl("account", "delete", owner.nick, ok=67)


def test_lock(ctl):
    """Passwords are refused in each way to give one; see test_accounts_tls for certificates."""
    owner = make(ctl.daemon, password="correcthorse")
    ctl("account", "lock", owner.nick, "on")
    assert account_of(owner, owner.nick) == owner.nick
    assert json.loads(ctl("--json", "account", "show", owner.nick).splitlines()[0])["locked"] is True
    for how in (sasl.plain, sasl.scram):
        said = login(ctl.daemon, how, owner.nick, "correcthorse")[1]
        assert said.of("904") and not said.of("900")
    guest = ctl.daemon.client(caps=CAPS)
    guest.send(f"NS IDENTIFY {owner.nick} correcthorse")
    assert "No password" in guest.wait("NOTICE").params[1]
    ctl("account", "lock", owner.nick, "perhaps", ok=64)
    ctl("account", "lock", owner.nick, "off")
    assert login(ctl.daemon, sasl.plain, owner.nick, "correcthorse")[1].of("903")


def test_totp_off(ctl):
    owner = Owner(ctl.daemon)
    shown = ctl("--json", "account", "show", owner.nick)
    assert json.loads(shown.splitlines()[0])["totp"] is True and owner.secret not in shown
    assert owner.plain("correcthorse").of("904")
    ctl("account", "totp-off", owner.nick)
    assert owner.plain("correcthorse").of("903")


def test_verify(start, tmp_path):
    letters = Sendmail(tmp_path)
    daemon = start(settings(f"command = {letters.command}", mail="[control]\nsocket = control.sock\n"))
    client, said = register(daemon)
    assert said.one("REGISTER").params[0] == "VERIFICATION_REQUIRED" and plain(daemon, client.nick).of("904")
    argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), "account", "verify", client.nick]
    assert subprocess.run(argv, timeout=harness.DEADLINE).returncode == 0
    assert plain(daemon, client.nick).of("903")


def test_channels(ctl):
    """Registered for somebody, and given up again, with the ranks."""
    founder, friend = make(ctl.daemon), make(ctl.daemon)
    channel = ctl.daemon.channel(founder)
    ctl("channel", "create", channel, "nobody", ok=67)
    ctl("channel", "create", "nochannel", founder.nick, ok=64)
    ctl("channel", "create", channel, founder.nick)
    ctl("channel", "create", channel, founder.nick, ok=69)
    founder.ask(f"PRIVMSG ChanServ :VOP {channel} ADD {friend.nick}")
    account = lambda who: json.loads(ctl("--json", "account", "show", who.nick).splitlines()[0])
    assert account(founder)["channels"] == [f"{channel} q"] and account(friend)["channels"] == [f"{channel} v"]
    assert json.loads(ctl("--json", "channel", "show", channel).splitlines()[0])["founder"] == founder.nick
    ctl("channel", "delete", channel)
    ctl("channel", "delete", channel, ok=67)
    assert account(founder)["channels"] == account(friend)["channels"] == []
    assert founder.ask(f"MODE {channel}").of("324")[0].params[2].count("r") == 0

"""chatctl import: accounts and channels of other servers and services, from files as these write them."""

import base64
import hashlib
import hmac
import json
import os
import subprocess

import pytest

import harness
import sasl
from harness import FAST
from test_accounts import QUICK, login

CHATCTL = os.path.join(os.path.dirname(harness.CHATD), "..", "chatctl", "chatctl")
SALT = b"sixteen bytes of"


def b64(data):
    return base64.b64encode(data).decode()


def keys(password, iterations=4096):
    """The salted password of RFC 5802, and what is kept of it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, iterations)
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return salted, stored, server


@pytest.fixture
def ctl(start, tmp_path):
    """ctl(format, text, options...) imports; ctl.daemon is the server."""
    daemon = start(FAST + QUICK + "attempts = 0\n[control]\nsocket = control.sock\n")

    def run(kind, text, *words, ok=0):
        path = tmp_path / "dump"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), "import", *words, kind, str(path)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=harness.DEADLINE)
        assert done.returncode == ok, done.stdout + done.stderr
        return done

    def ask(*words):
        argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), "--json", *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=harness.DEADLINE)
        return [json.loads(line) for line in done.stdout.splitlines()]

    run.daemon, run.ask = daemon, ask
    return run


def atheme():
    salted, stored, server = keys("a long password")
    return f"""DBV 12
MDEP backend/opensex
LUID AAAAAAAAD
CF +AFORVbfhiorstv
MU AAAAAAAAB Ann $z$25$4096${b64(SALT)}${b64(salted)} ann@example.org 1500000000 1600000000 +C default
MDU Ann private:usercloak ann.example.org
MDU Ann url https://example.org/
ME Ann Bob 1600000000 0 a memo of old
MN Ann Ann 1500000000 1600000000
MN Ann ann_away 1500000000 1600000000
MCFP Ann {"AB" * 32}
MCFP Ann {"ab" * 20}
MU AAAAAAAAC Bob $z$65$4096${b64(SALT)}${b64(server)}${b64(stored)} noemail 1510000000 1600000000 +C default
MDU Bob private:freeze:freezer root
MU AAAAAAAAD Eve $2a$10$abcdefghijklmnopqrstuv eve@example.org 1520000000 1600000000 +C default
MU AAAAAAAAE Old cleartext! old@example.org 1520000000 1600000000 + default
MC #den 1500000100 1600000000 +v 272 1 7 sesame
CA #den Ann +AFORafhioqrstv 1500000100 Ann
CA #den Eve +Vv 1500000200 Ann
CA #den *!*@bad.example +b 1500000300 Ann
MDC #den private:topic:setter Ann
MDC #den private:topic:text The\x02 old\x02 topic: caf\u00e9
MDC #den private:topic:ts 1600000000
MC #orphan 1500000100 1600000000 + 0 0 0\x20
KL 1 * 192.0.2.1 0 1500000000 root no
"""


def test_atheme(ctl):
    done = ctl("atheme", atheme())
    assert "accounts:      4 came over" in done.stdout and "channels:      1 came over" in done.stdout
    assert "3 can be used as they are" in done.stdout and "1 must be set anew: bcrypt" in done.stdout
    assert "lost:          1 memos" in done.stdout and "1 auto-kicks" in done.stdout and "bans of the server" in done.stdout
    assert "#orphan: has no founder" in done.stderr
    daemon = ctl.daemon
    assert login(daemon, sasl.plain, "Ann", "a long password")[1].of("903")
    client, said = login(daemon, sasl.scram, "Ann", "a long password")
    assert said.of("903")
    assert login(daemon, sasl.plain, "Ann", "another")[1].of("904")
    assert "suspended" in login(daemon, sasl.plain, "Bob", "a long password")[1].text
    assert login(daemon, sasl.plain, "Old", "cleartext!")[1].of("903")
    assert login(daemon, sasl.plain, "Eve", "x")[1].of("904")
    ann = ctl.ask("account", "show", "Ann")[0]
    assert ann["email"] == "ann@example.org" and ann["created"].startswith("2017-07-14") and ann["nicks"] == ["ann_away"]
    assert ann["certificates"] == ["ab" * 32] and ann["channels"] == ["#den q"] and ann["vhost"] == "ann.example.org"
    assert ctl.ask("account", "show", "Eve")[0]["channels"] == ["#den v"]
    den = [c for c in ctl.ask("channels") if c.get("channel") == "#den"][0]
    assert den["registered"] and den["topic"] == "The old topic: caf\u00e9" and set("ntkl") <= set(den["modes"])
    ctl.ask("account", "unsuspend", "Bob")
    assert login(daemon, sasl.scram, "Bob", "a long password")[1].of("903")


def test_once_more_changes_nothing(ctl):
    ctl("atheme", atheme())
    before = ctl.ask("account", "list"), ctl.ask("export")
    done = ctl("atheme", atheme())
    assert "0 came over, 4 were here already" in done.stdout
    assert (ctl.ask("account", "list"), ctl.ask("export")) == before


def test_dry_run(ctl):
    done = ctl("atheme", atheme(), "--dry-run")
    assert "Nothing was changed" in done.stdout and "accounts:      4 came over" in done.stdout
    assert ctl.ask("account", "list") == [{"ok": True}]


ANOPE = f"""OBJECT BotInfo
DATA nick Robby
DATA user bot
END
OBJECT NickAlias
DATA nick Ann
DATA nc Ann
DATA time_registered 1500000000
DATA vhost_host ann.example.org
END
OBJECT NickAlias
DATA nick ann_away
DATA nc Ann
DATA time_registered 1500000001
END
OBJECT NickCore
DATA display Ann
DATA pass plain:{b64(b"a long password")}
DATA email ann@example.org
DATA language
DATA extensible:NS_PRIVATE 1
DATA cert {"cd" * 32}
END
OBJECT NickCore
DATA display Bob
DATA pass bcrypt:$2a$10$abcdefghijklmnopqrstuv
DATA email bob@example.org
END
OBJECT ChannelInfo
DATA name #den
DATA founder Ann
DATA time_registered 1500000100
DATA last_topic The old topic
DATA last_topic_setter Ann
DATA last_topic_time 1600000000
DATA last_modes INVITE KEY,hunter2 NOEXTERNAL REGISTERED TOPIC
END
OBJECT ChanAccess
DATA provider access/access
DATA ci #den
DATA mask Bob
DATA data 5
END
OBJECT ChanAccess
DATA provider access/xop
DATA ci #den
DATA mask *!*@example.org
DATA data VOP
END
OBJECT Memo
DATA owner Ann
DATA text hi
END
OBJECT NSSuspendInfo
DATA nick Bob
DATA reason no
END
"""


def test_anope(ctl):
    done = ctl("anope", ANOPE)
    assert "accounts:      2 came over" in done.stdout and "1 must be set anew: bcrypt" in done.stdout
    for lost in ("1 memos", "1 bots", "1 entries of access lists"):
        assert lost in done.stdout
    assert login(ctl.daemon, sasl.scram, "Ann", "a long password")[1].of("903")
    ann, bob = (ctl.ask("account", "show", name)[0] for name in ("Ann", "Bob"))
    assert ann["nicks"] == ["ann_away"] and ann["certificates"] == ["cd" * 32] and ann["vhost"] == "ann.example.org"
    assert ann["created"].startswith("2017-07-14") and bob["suspended"] and bob["channels"] == ["#den o"]
    den = [c for c in ctl.ask("channels") if c.get("channel") == "#den"][0]
    assert den["topic"] == "The old topic" and set("ikntr") == set(den["modes"])
    assert "hunter2" not in ctl.daemon.log and "a long password" not in ctl.daemon.log


def buntdb(*changes):
    out = b""
    for change in changes:
        parts = [part.encode() for part in change]
        out += b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    return out


def ergo(nested):
    _, stored, server = keys("a long password")
    scram = {"Salt": b64(SALT), "Iters": 4096, "StoredKey": b64(stored), "ServerKey": b64(server)}
    credentials = {"Version": 1, "PassphraseHash": b64(b"$2a$04$abc"), "Certfps": ["ef" * 32]}
    credentials.update({"SCRAMCreds": scram} if nested else scram)
    channel = {
        "Name": "#Den", "RegisteredAt": "2017-07-14T02:41:40.5Z", "Founder": "ann", "Topic": "The old topic",
        "TopicSetBy": "ann!a@b", "TopicSetTime": "2020-09-13T12:26:40Z", "Modes": [ord("n"), ord("t"), ord("E")],
        "Key": "", "UserLimit": 9, "AccountToUMode": {"bob": ord("o"), "ann": ord("q")},
        "Bans": {"*!*@bad": {"Reason": "x"}}, "Settings": {"History": 0},
    }  # fmt: skip
    return buntdb(
        ("set", "account.exists ann", "1"),
        ("set", "account.name ann", "Ann"),
        ("set", "account.verified ann", "1"),
        ("set", "account.callback ann", "mailto:ann@example.org"),
        ("set", "account.registered.time ann", "1500000000000000000"),
        ("set", "account.credentials ann", json.dumps(credentials)),
        ("set", "account.additionalnicks ann", "ann_away,ann_home"),
        ("set", "account.vhost ann", json.dumps({"ApprovedVHost": "ann.example.org", "Enabled": True})),
        ("set", "account.exists gone", "1"),
        ("del", "account.exists gone"),
        ("set", "account.pwreset ann", "x", "ex", "3600"),
        ("set", "account.exists bob", "1"),
        ("set", "account.verified bob", "1"),
        ("set", "account.credentials bob", json.dumps({"Version": 1, "PassphraseHash": b64(b"$2a$04$abc")})),
        ("set", "a0 0123456789abcdef", json.dumps(channel)),
        ("set", "channel.exists #old", "1"),
        ("set", "channel.name #old", "#Old"),
        ("set", "channel.founder #old", "bob"),
        ("set", "channel.modes #old", "ins"),
        ("set", "channel.accounttoumode #old", json.dumps({"ann": ord("h")})),
    )


@pytest.mark.parametrize("nested", [True, False])
def test_ergo(ctl, nested):
    done = ctl("ergo", ergo(nested))
    assert "accounts:      2 came over" in done.stdout and "channels:      2 came over" in done.stdout
    assert "1 must be set anew: bcrypt" in done.stdout and "lists of channels" in done.stdout
    assert login(ctl.daemon, sasl.scram, "Ann", "a long password")[1].of("903")
    ann, bob = (ctl.ask("account", "show", name)[0] for name in ("Ann", "bob"))
    assert ann["email"] == "ann@example.org" and sorted(ann["nicks"]) == ["ann_away", "ann_home"]
    assert ann["certificates"] == ["ef" * 32] and ann["vhost"] == "ann.example.org"
    assert sorted(ann["channels"]) == ["#Den q", "#Old h"] and sorted(bob["channels"]) == ["#Den o", "#Old q"]
    rows = {c["channel"]: c for c in ctl.ask("channels") if "channel" in c}
    assert set("lntr") == set(rows["#Den"]["modes"]) and set("insr") == set(rows["#Old"]["modes"])
    assert rows["#Den"]["topic"] == "The old topic" and rows["#Den"]["since"].startswith("2017-07-14")


@pytest.mark.parametrize(
    "kind, text, where",
    [
        ("atheme", atheme() + "MU AAAAAAAAF\n", "line 26"),
        ("atheme", "MU AAAAAAAAB Ann x y 1 1 +C\n", "line 1"),
        ("atheme", "", "line 0"),
        ("anope", ANOPE + "OBJECT NickCore\nDATA display Zoe\n", "within an object"),
        ("anope", ANOPE + "nonsense\n", "no database of Anope"),
        ("anope", "OBJECT NickCore\nnonsense\nEND\n", "line 2"),
        ("ergo", ergo(True)[:-7], "cut off"),
        ("ergo", b"*3\r\n$3\r\nset\r\n$99999999999\r\n", "damaged"),
        ("ergo", b"\x00\x01\x02", "no database of Ergo"),
    ],
    ids=["words", "no-version", "empty", "cut", "behind", "within", "cut-change", "too-long", "noise"],
)
def test_a_broken_file_changes_nothing(ctl, kind, text, where):
    done = ctl(kind, text, ok=65)
    assert where in done.stderr and "nothing was changed" in done.stderr
    assert ctl.ask("account", "list") == [{"ok": True}]


def test_no_such_file_or_format(ctl):
    ctl("oragono", "", ok=64)
    argv = [CHATCTL, "-s", str(ctl.daemon.folder / "control.sock"), "import", "ergo", "/nowhere"]
    assert subprocess.run(argv, capture_output=True, timeout=harness.DEADLINE).returncode == 66

"""What is known of somebody: shown to them, and to nobody else, and deleted at their wish."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

import harness
from harness import FAST, fresh

CHATCTL = os.path.join(os.path.dirname(harness.CHATD), "..", "chatctl", "chatctl")
CAPS = (
    "message-tags batch server-time echo-message draft/multiline draft/metadata-2 draft/read-marker "
    "draft/chathistory draft/search labeled-response"
)
QUICK = "[accounts]\niterations = 4096\n[control]\nsocket = control.sock\n"


@pytest.fixture(params=["disk", "memory"])
def daemon(request, start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    daemon = start(FAST + QUICK + (f"[server]\nstate = {state}\n" if request.param == "disk" else ""))
    if request.param == "disk":
        daemon.descriptors_before += 1  # of the database: SQLite keeps it for the next one who opens the file
    return daemon


def member(daemon, stem="m", account=None):
    """Somebody with an account of that name."""
    client = daemon.client(stem, caps=CAPS, nick=account)
    assert client.ask(f"REGISTER * * password-{client.nick}").of("REGISTER")
    return client


def notices(client, service, text):
    client.sync()
    said = client.ask(f"PRIVMSG {service} :{text}")
    return [m.params[1] for m in said.of("NOTICE") if m.source.startswith(f"{service}!")]


def objects(parts):
    """The JSON objects of an export, and what was said behind them."""
    lines, rest = [], []
    for part in parts:
        if part.startswith("{"):
            lines.append(part)
        elif part.startswith("+"):
            lines[-1] += part[1:]
        else:
            rest.append(part)
    return [json.loads(line) for line in lines], rest


def export(client):
    found, rest = objects(notices(client, "HistServ", "EXPORT"))
    assert rest == [f"That is all: {len(found)} objects."]
    return found


def of(found, kind):
    return [o for o in found if o["type"] == kind]


def chatctl(daemon, *words):
    argv = [CHATCTL, "-s", str(daemon.folder / "control.sock"), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=harness.DEADLINE)


def test_export_has_all_of_one_person(daemon):
    a, b = member(daemon, "a"), member(daemon, "b")
    channel = daemon.channel(a, b)
    a.ask(f"PRIVMSG ChanServ :REGISTER {channel}", f"NICK {a.nick}x", "PRIVMSG NickServ :GROUP")
    a.ask(f"METADATA * SET url :https://example.org/{a.nick}", "PRIVMSG NickServ :CERT ADD " + "ab" * 32)
    b.ask(f"PRIVMSG MemoServ :SEND {a.nick} for your eyes", f"PRIVMSG {a.nick}x :from b")
    msgid = a.ask(f"PRIVMSG {channel} :first \u00e4\u00f6 \"quoted\"").of("PRIVMSG")[-1].tags["msgid"]
    long = "".join(chr(0x400 + i % 32) for i in range(180))
    a.ask(f"PRIVMSG {channel} :{long}", f"NOTICE {b.nick} :between us")
    a.ask(f"@+draft/react=x;+draft/reply={msgid} TAGMSG {channel}")
    a.ask(f"MARKREAD {channel} timestamp=2026-01-02T03:04:05.678Z")
    b.ask(f"PRIVMSG {channel} :of somebody else")
    found = export(a)
    account = of(found, "account")[0]
    assert account["account"] == a.nick and account["password"] is True and account["verified"] is True
    assert len(of(found, "login")) == 1 and account["no_expiry"] is False
    assert of(found, "nick")[0]["nick"] == f"{a.nick}x"
    assert of(found, "certificate")[0]["sha256"] == "ab" * 32
    assert of(found, "metadata") == [{"type": "metadata", "key": "url", "value": f"https://example.org/{a.nick}"}]
    memo = of(found, "memo")[0]
    assert memo["from"] == b.nick and memo["text"] == "for your eyes"
    assert of(found, "access")[0]["channel"] == channel and of(found, "access")[0]["rank"] == "founder"
    assert of(found, "read") == [{"type": "read", "target": channel, "time": "2026-01-02T03:04:05.678Z"}]
    user = of(found, "user")[0]
    assert user["nick"] == f"{a.nick}x" and user["address"] == "127.0.0.1" and channel in user["channels"]
    assert [m["text"] for m in of(found, "message")] == ['first \u00e4\u00f6 "quoted"', long]
    assert of(found, "message")[0]["msgid"] == msgid and of(found, "message")[0]["to"] == channel
    assert [(m["text"], m["to"]) for m in of(found, "notice")] == [("between us", b.nick)]
    assert {o["event"] for o in of(found, "event")} >= {"join", "nick"}
    assert "react" in of(found, "tags")[0]["tags"]
    text = json.dumps(found)
    assert "somebody else" not in text and "from b" not in text and "SCRAM" not in text
    out = chatctl(daemon, "account", "export", a.nick)
    assert out.returncode == 0, out.stderr
    assert [json.loads(line) for line in out.stdout.splitlines()] == found
    assert chatctl(daemon, "account", "export", "nobody").returncode == 67


def test_export_wants_an_account(daemon):
    guest = daemon.client("g", caps=CAPS)
    for service, what in (("HistServ", "EXPORT"), ("NickServ", "DATA")):
        assert "logged in" in notices(guest, service, what)[0]


def test_export_does_not_have_what_an_earlier_owner_said(daemon):
    a, heir = daemon.client("a", caps=CAPS), daemon.client("h", caps=CAPS)
    channel = daemon.channel(a, heir)
    account, first = fresh("acc"), a.nick
    a.ask(f"NICK {account}", f"REGISTER * * password-{first}", f"PRIVMSG {channel} :of the first")
    code = notices(a, "NickServ", f"DROP {account}")[0].split()[-1]
    notices(a, "NickServ", f"DROP {account} {code}")
    a.ask(f"NICK {first}")
    heir.ask(f"NICK {account}", f"REGISTER * * password-{account}", f"PRIVMSG {channel} :of the heir")
    assert [m["text"] for m in of(export(heir), "message")] == ["of the heir"]


def test_a_long_export_waits_for_its_reader(start, tmp_path):
    """It is longer than what may wait for a client, who reads nothing of it for a while; others go on meanwhile."""
    config = FAST.replace("[limits]\n", "[limits]\nsendq = 64K\n")
    daemon = start(config + QUICK + f"[server]\nstate = {tmp_path}\n")
    a, b = member(daemon, "a"), member(daemon, "b")
    channel = daemon.channel(a)
    for block in range(20):
        a.ask(*(f"PRIVMSG {channel} :{block * 100 + n} " + "x" * 300 for n in range(100)))
    daemon.channel(b)
    a.send("PRIVMSG HistServ :EXPORT")
    for _ in range(50):
        b.sync()
    parts = [
        m.params[1]
        for m in a.until(lambda m: m.command == "NOTICE" and "That is all" in m.params[1])
        if m.command == "NOTICE"
    ]
    found, _ = objects(parts)
    assert [int(m["text"].split()[0]) for m in of(found, "message")] == list(range(2000))


def test_data_in_words(daemon):
    a = member(daemon, "a")
    said = "\n".join(notices(a, "NickServ", "DATA"))
    assert f"Account: {a.nick}" in said and "a password" in said and "HISTSERV EXPORT" in said
    assert "from 127.0.0.1" in said


def code_of(said):
    return [text for text in said if " does it." in text][0].split(" does it.")[0].split()[-1]


def said(client, channel):
    return [m.params[1] for m in client.ask(f"CHATHISTORY LATEST {channel} * 500").of("PRIVMSG")]


def test_forget_one_place(daemon):
    """What was said there alone, to whom it was said too; not what others said."""
    a, b = member(daemon, "a"), member(daemon, "b")
    here, there = daemon.channel(a, b), daemon.channel(a, b)
    for where in (here, there, b.nick):
        a.ask(f"PRIVMSG {where} :mine in {where}")
    b.sync()
    b.ask(f"PRIVMSG {here} :not mine", f"PRIVMSG {a.nick} :nor this")
    a.sync()
    for where in (here, b.nick):
        code = code_of(notices(a, "HistServ", f"FORGET {where}"))
        assert "not the code" in notices(a, "HistServ", f"FORGET {where} 00000000")[0]
        assert "not the code" in notices(a, "HistServ", f"FORGET {there} {code}")[0]
        assert notices(a, "HistServ", f"FORGET {where} {code}") == ["It is being deleted."]
    harness.wait_until(lambda: len(of(export(a), "message")) == 1, "the deletion")
    assert said(b, here) == ["not mine"] and said(b, there) == [f"mine in {there}"]
    assert said(b, a.nick) == ["nor this"]


def test_forget_me(daemon):
    a, b = member(daemon, "a"), member(daemon, "b")
    channel = daemon.channel(a, b)
    a.ask(f"PRIVMSG ChanServ :REGISTER {channel}", f"PRIVMSG MemoServ :SEND {b.nick} a memo of mine")
    a.ask(*(f"PRIVMSG {channel} :mine {n}" for n in range(150)), f"PRIVMSG {b.nick} :in private")
    b.sync()
    b.ask(f"PRIVMSG {channel} :not mine")
    code = code_of(notices(a, "NickServ", "FORGETME"))
    assert "not the code" in notices(a, "NickServ", "FORGETME 00000000")[0]
    assert "is no more" in notices(a, "NickServ", f"FORGETME {code}")[0]
    assert "no such account" in notices(b, "NickServ", f"INFO {a.nick}")[0]
    assert "have 0 memos" in notices(b, "MemoServ", "LIST")[0]
    harness.wait_until(lambda: said(b, channel) == ["not mine"], "the deletion")
    harness.wait_until(lambda: said(b, a.nick) == [], "the deletion")
    assert not [e for e in b.ask("SEARCH text=mine").of("PRIVMSG") if e.params[1] != "not mine"]
    assert "logged in" in notices(a, "HistServ", "EXPORT")[0]


def contents(folder):
    """Of all files there. One may go meanwhile."""
    found = b""
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            found += path.read_bytes() if path.is_file() else b""
    return found


def test_chatctl_deletes_with_data(start, tmp_path):
    """No file has any of it afterwards, though older snapshots had; what others have stays."""
    config = FAST + QUICK + f"[server]\nstate = {tmp_path}\n"
    daemon = start(config)
    a, b = member(daemon, "a"), member(daemon, "b")
    channel = daemon.channel(a, b)
    a.ask("METADATA * SET secret :the-blue-whale-sings", f"PRIVMSG {channel} :seventeen yellow submarines")
    b.sync()
    b.ask(f"PRIVMSG {channel} :a word of somebody else")
    daemon.finish()
    daemon = start(config)
    daemon.descriptors_before += 1  # of the database: SQLite keeps it for the next one who opens the file
    kept = contents(tmp_path)
    for text in (b"blue-whale", b"yellow submarines", b"somebody else"):
        assert text in kept
    assert chatctl(daemon, "account", "delete", "--with-data", a.nick).returncode == 0
    assert chatctl(daemon, "account", "delete", "--with-data", a.nick).returncode == 67
    assert chatctl(daemon, "account", "show", "--with-data", b.nick).returncode == 64

    def is_gone():
        kept = contents(tmp_path)
        return b"blue-whale" not in kept and b"yellow submarines" not in kept

    harness.wait_until(is_gone, "an end to all that was kept")
    daemon.wait_log("journal: snapshot at")
    assert b"somebody else" in contents(tmp_path) and b.nick.encode() in contents(tmp_path)
    daemon.finish()
    verdict = subprocess.run([CHATCTL, "--state", str(tmp_path), "journal", "verify"], timeout=harness.DEADLINE)
    assert verdict.returncode == 0


def test_forget_me_survives_a_crash(start, tmp_path):
    """It is killed as soon as it has answered: what is left to do is done by its successor."""
    config = FAST + QUICK + f"[server]\nstate = {tmp_path}\n"
    daemon = start(config)
    a, b = member(daemon, "a"), member(daemon, "b")
    channel = daemon.channel(a, b)
    a.ask("METADATA * SET secret :the-blue-whale-sings")
    a.ask(*(f"PRIVMSG {channel} :{n} yellow submarines" for n in range(1500)))
    code = code_of(notices(a, "NickServ", "FORGETME"))
    a.send(f"PRIVMSG NickServ :FORGETME {code}")
    a.until(lambda m: m.command == "NOTICE" and "is no more" in m.params[1])
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon = start(config)
    again = daemon.client("c", caps=CAPS)
    assert "no such account" in notices(again, "NickServ", f"INFO {a.nick}")[0]
    harness.wait_until(
        lambda: b"yellow submarines" not in contents(tmp_path) and b"blue-whale" not in contents(tmp_path),
        "an end to all that was kept",
    )
    daemon.finish()
    verdict = subprocess.run([CHATCTL, "--state", str(tmp_path), "journal", "verify"], timeout=harness.DEADLINE)
    assert verdict.returncode == 0

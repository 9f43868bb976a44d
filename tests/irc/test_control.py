"""The control socket, from outside and with chatctl."""

import contextlib
import fcntl
import grp
import json
import os
import pathlib
import pty
import pwd
import shutil
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import termios

import pytest

import harness
from harness import DEADLINE, FAST, SANITIZED, chan, environment, free_port, fresh, run_chatd, wait_until

BUILD = pathlib.Path(os.environ.get("CHATD_BUILD", harness.CHATD + "/../../..")).resolve()
CHATCTL = os.environ.get("CHATCTL", str(BUILD / "src/chatctl/chatctl"))
EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_UNAVAILABLE = 0, 64, 65, 66, 67, 69
EX_NOPERM, EX_CONFIG = 77, 78
OTHER = 65534  # a user that is neither root nor the daemon's
as_root = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="takes root and setpriv")


class Control:
    """A connection; `ask` gives the objects of an answer, the last one apart."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """None at the end."""
        try:
            line = self.file.readline()
        except ConnectionResetError:
            return None
        assert not line or line.endswith(b"\n"), line
        return json.loads(line) if line else None

    def answer(self):
        lines = []
        while (line := self.line()) and "ok" not in line:
            lines.append(line)
        assert line, f"no end after {lines[-3:]}"
        return lines, line

    def ask(self, request):
        self.send(request + "\n")
        return self.answer()

    def one(self, request):
        lines, end = self.ask(request)
        assert end == {"ok": True} and len(lines) == 1, (lines, end)
        return lines[0]

    def done(self, request):
        lines, end = self.ask(request)
        assert end == {"ok": True}, end
        return lines

    def refused(self, request, code):
        lines, end = self.ask(request)
        assert not end["ok"] and end["code"] == code and end["error"], (lines, end)
        return lines


@pytest.fixture
def controlled(start, tmp_path):
    """controlled(config, ...): a daemon with a control socket, `path`."""

    def one(config=FAST, **options):
        path = tmp_path / fresh("control")
        daemon = start(config + f"[control]\nsocket = {path}\n", **options)
        daemon.control = path
        daemon.config = config
        return daemon

    return one


def chatctl(daemon, *args, **options):
    options.setdefault("env", environment())
    argv = [*options.pop("wrap", ()), CHATCTL, "-s", str(daemon.control), *args]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, **options)


def test_status(controlled):
    daemon = controlled()
    daemon.channel(daemon.client(), daemon.client())
    daemon.connect()
    with Control(daemon.control) as control:
        wait_until(lambda: control.one("status")["unregistered"] == 1, "the third client to be seen")
        status = control.one("status")
    assert (status["users"], status["channels"], status["sessions"]) == (2, 1, 3)
    assert status["server"] == harness.SERVER and status["pid"] == daemon.pid and status["version"]
    assert status["bytes_in"] > 0 and status["bytes_out"] > 0


def test_users_and_channels(controlled):
    daemon = controlled()
    a, b = daemon.client(realname='A "Person" \x1b[2J \u202e'), daemon.client()
    channel = daemon.channel(a, b)
    a.ask(f"TOPIC {channel} :\u00fcber \x02all", "AWAY :gone", f"MODE {channel} +sk key")
    with Control(daemon.control) as control:
        users = {u["nick"]: u for u in control.done("users")}
        (shown,) = control.done("channels")
    assert set(users) == {a.nick, b.nick}
    assert users[a.nick]["realname"] == 'A "Person" \x1b[2J \u202e'
    assert users[a.nick]["away"] and not users[b.nick]["away"]
    assert (users[b.nick]["channels"], users[b.nick]["sessions"], users[b.nick]["address"]) == (1, 1, "127.0.0.1")
    assert (shown["channel"], shown["members"], shown["topic"]) == (channel, 2, "\u00fcber \x02all")
    assert set("sk") <= set(shown["modes"]) and "key" not in shown.values(), "the key stays secret"


def test_kick(controlled):
    daemon = controlled()
    a, b = daemon.client(), daemon.client()
    channel = daemon.channel(a, b)
    with Control(daemon.control) as control:
        assert control.done(f"kick {channel.upper()} {a.nick} out with  you") == []
        for client in (a, b):
            kick = client.wait("KICK")
            assert kick.source == harness.SERVER and kick.params == [channel, a.nick, "out with  you"]
        control.refused(f"kick {channel} {a.nick}", "refused")
        control.refused(f"kick {channel} nobody", "no_such_user")
        control.refused(f"kick #nowhere {a.nick}", "no_such_channel")
        control.done(f"kick {channel} {b.nick}")
        assert b.wait("KICK").params[2]
        assert control.done("channels") == [], "the last member is gone, and the channel too"
    entry = daemon.wait_log(f"kick of {a.nick} by ")
    assert f"CHATD_UID={os.getuid()}" in entry and f"CHATD_CHANNEL={channel}" in entry


def test_kill(controlled):
    daemon = controlled()
    a, b = daemon.client(), daemon.client()
    daemon.channel(a, b)
    with Control(daemon.control) as control:
        control.refused("kill nobody", "no_such_user")
        control.done(f"kill {a.nick} enough")
        assert "enough" in b.wait("QUIT").params[-1]
        assert a.rest().of("ERROR")
        assert [u["nick"] for u in control.done("users")] == [b.nick]
    user = pwd.getpwuid(os.getuid()).pw_name
    entry = daemon.wait_log(f"kill of {a.nick} by {user}")
    assert f"CHATD_ADMIN={user}" in entry and f"CHATD_UID={os.getuid()}" in entry and "CHATD_REASON=enough" in entry


def test_requests_in_one_piece_are_answered_in_order(controlled):
    daemon = controlled()
    daemon.client(nick="somebody")
    with Control(daemon.control) as control:
        control.send("status\nusers\r\nnonsense\nchannels\nkill\nstatus x\nstatus\n")
        assert control.answer()[0][0]["users"] == 1
        assert control.answer()[0][0]["nick"] == "somebody"
        assert control.answer()[1]["code"] == "bad_request"
        assert control.answer() == ([], {"ok": True})
        assert control.answer()[1]["code"] == "bad_request"
        assert control.answer()[1]["code"] == "bad_request"
        control.socket.shutdown(socket.SHUT_WR)
        assert control.answer()[0][0]["users"] == 1
        assert control.line() is None


@pytest.mark.parametrize(
    "data",
    [
        b"\n", b" status\n", b"\0\n", b"\xff\xfe\n", b"status\0\n", b"kill a\x1b[2J\n", b"GET / HTTP/1.1\r\n",
        b"status " + b"x" * 2000 + b"\n", b"x" * 50000 + b"\n", b"kick " + b" " * 900 + b"\n", b"STATUS\n",
    ],
)  # fmt: skip
def test_garbage(controlled, data):
    daemon = controlled()
    with Control(daemon.control) as control:
        control.send(data)
        assert control.answer()[1]["code"] == "bad_request"
        assert control.one("status")["users"] == 0


def test_what_never_ends_its_line(controlled):
    daemon = controlled()
    before = daemon.memory()
    with Control(daemon.control) as control:
        control.send(b"y" * 9000)
        assert control.answer()[1]["code"] == "bad_request"
        for _ in range(64):
            control.send(b"z" * 65536)
        control.send("\n")
        assert control.one("status")
    daemon.check_memory(before, 1 << 20)


def test_those_who_leave_early_leave_nothing(controlled):
    daemon = controlled()
    daemon.client()
    descriptors = daemon.descriptors()
    for data in (b"", b"sta", b"users\nusers\n", b"users\n" * 500):
        for _ in range(10):
            one = Control(daemon.control)
            # While those before are still being released, one more may be sent away at once.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                one.send(data)
            one.close()
    wait_until(lambda: daemon.descriptors() == descriptors, "the connections to be released")


def test_too_many_connections(controlled):
    daemon = controlled()
    held = [Control(daemon.control) for _ in range(8)]
    for control in held:
        control.one("status")
    with Control(daemon.control) as more:
        assert more.answer()[1]["code"] == "busy"
        assert more.line() is None
    held.pop().close()

    def admitted():
        with Control(daemon.control) as control:
            control.send("status\n")
            return "ok" not in control.line()

    wait_until(admitted, "a place to be free")
    for control in held:
        control.one("status")
        control.close()


def many_channels(daemon, count):
    """A client in that many channels with long topics."""
    client = daemon.client()
    names = [chan("many") for _ in range(count)]
    for name in names:
        client.send(f"JOIN {name}", f"TOPIC {name} :{'t' * 380}")
    client.sync()
    return client, names


def test_a_slow_reader_gets_a_long_answer_whole(controlled):
    daemon = controlled(FAST + "channels = 5000\n")
    client, names = many_channels(daemon, 3000)
    before = daemon.memory()
    with Control(daemon.control) as control:
        control.send("channels\nstatus\n")
        for _ in range(50):
            client.sync()
        daemon.check_idle(client)
        daemon.check_memory(before, 3 << 20)
        lines, end = control.answer()
        assert end == {"ok": True}
        assert sorted(line["channel"] for line in lines) == sorted(names)
        assert control.answer()[0][0]["channels"] == 3000


def test_one_who_asks_and_never_reads(controlled):
    daemon = controlled()
    clients = [daemon.client() for _ in range(20)]
    before = daemon.memory()
    with Control(daemon.control) as control:
        control.socket.settimeout(0.2)
        sent = 0
        try:
            while sent < 200000:
                sent += control.socket.send(b"users\n" * 100)
        except socket.timeout:
            pass
        assert sent < 200000, "it is held back"
        clients[0].sync()
        daemon.check_memory(before, 4 << 20)
        control.socket.settimeout(DEADLINE)
        for _ in range(sent // 6):
            lines, end = control.answer()
            assert end == {"ok": True} and len(lines) == 20


def test_export_is_what_the_journal_keeps(controlled, tmp_path):
    state = tmp_path / "state"
    daemon = controlled(FAST + "[oper root]\npassword = secret\n", args=["--state", str(state)])
    client = daemon.client()
    client.ask("OPER root secret")
    kept, passing = daemon.channel(client), daemon.channel(client)
    client.ask(f"MODE {kept} +r", f"MODE {kept} +bbe a!*@* b!*@* c!*@*", f"TOPIC {kept} :about")
    with Control(daemon.control) as control:
        (exported,) = control.done("export")
    assert exported["type"] == "channel" and exported["name"] == kept and exported["topic"] == "about"
    assert [item.split()[:2] for item in exported["items"]] == [["+b", "a!*@*"], ["+b", "b!*@*"], ["+e", "c!*@*"]]
    daemon.finish()
    dumped = journal("dump", state)
    assert dumped.returncode == EX_OK
    channels = [r for r in map(json.loads, dumped.stdout.splitlines()) if r["class"] == "state" and r["type"] == "channel"]
    last = channels[-1]
    assert {k: v for k, v in last.items() if k in exported and k != "time"} == {
        k: v for k, v in exported.items() if k in last and k != "time"
    }
    assert passing not in [r["name"] for r in channels]


# Reload, stop, restart


def test_reload(controlled):
    daemon = controlled()
    client = daemon.client()
    with Control(daemon.control) as control:
        own = f"[control]\nsocket = {daemon.control}\n"
        daemon.configure(daemon.config + own + "[server]\nnmae = x\n[limits]\nnicklen = many\n")
        complaints = control.refused("reload", "config")
        assert len(complaints) == 2 and "nmae: there is no such key" in complaints[0]["complaint"]
        assert ".conf:" in complaints[1]["complaint"]
        daemon.configure(daemon.config + own + "nicklen = 9\n".join(["[limits]\n", ""]))
        assert control.done("reload") == []
        assert "NICKLEN=9" in " ".join(client.ask("VERSION").of("005").text.split())
    daemon.wait_log("reload by ")
    if harness.HAS_NOTIFY:
        daemon.wait_notice("READY=1", 3)


def test_reload_moves_the_socket(controlled, tmp_path):
    daemon = controlled()
    other = tmp_path / "other"
    with Control(daemon.control) as control:
        daemon.configure(daemon.config + f"[control]\nsocket = {other}\n")
        control.done("reload")
        assert not daemon.control.exists()
        assert control.one("status"), "who is in stays in"
    with Control(other) as control:
        daemon.configure(daemon.config + f"[control]\nsocket = {tmp_path}/no/where\n")
        control.refused("reload", "config")
        assert control.one("status")
        daemon.configure(daemon.config + "[listen]\nendpoint = 203.0.113.1:1\n" + f"[control]\nsocket = {tmp_path}/third\n")
        control.refused("reload", "config")
        assert not (tmp_path / "third").exists(), "all sockets or none"
        daemon.configure(daemon.config)
        control.done("reload")
        assert not other.exists()


def test_stop(controlled):
    daemon = controlled()
    client = daemon.client()
    done = chatctl(daemon, "stop", "for", "today")
    assert (done.returncode, done.stdout, done.stderr) == (EX_OK, "", "")
    assert client.rest().of("ERROR")
    daemon.check_end(0)
    assert "for today" in daemon.log
    assert not daemon.control.exists()


def test_restart(controlled):
    daemon = controlled()
    client = daemon.client()
    right = daemon.path.read_text()
    daemon.path.write_text("[server]\nnmae = x\n")
    done = chatctl(daemon, "restart")
    assert done.returncode == EX_CONFIG and "without a restart" in done.stderr
    daemon.path.write_text(right)
    assert chatctl(daemon, "restart", "new version").returncode == EX_OK
    daemon.wait_log("listening on .* for control", 2)
    with Control(daemon.control) as control:
        assert control.one("status")["pid"] == daemon.pid
        assert [u["nick"] for u in control.done("users")] == [client.nick]
    client.sync()


def test_signals_end_it_while_somebody_is_connected(controlled):
    daemon = controlled()
    with Control(daemon.control) as control:
        control.one("status")
        daemon.send_signal(signal.SIGTERM)
        daemon.check_end()
        assert control.line() is None


def test_an_idle_connection_costs_nothing(controlled):
    daemon = controlled()
    client = daemon.client()
    with Control(daemon.control) as control:
        control.one("status")
        daemon.check_idle(client)


# Who may


@pytest.fixture
def open_folder(tmp_path):
    """tmp_path, for everybody."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder == pathlib.Path("/tmp") or folder == pathlib.Path("/"):
            break
        folder.chmod(folder.stat().st_mode | 0o055)
    return tmp_path


def other_user(*groups, gid=OTHER):
    extra = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    return ["setpriv", f"--reuid={OTHER}", f"--regid={gid}", *extra]


def two_groups():
    """Names and numbers of groups that root is not in."""
    return [(g.gr_name, g.gr_gid) for g in grp.getgrall() if g.gr_gid not in (0, OTHER, *os.getgroups())][:2]


@as_root
def test_the_file_lets_no_other_in(controlled, open_folder):
    daemon = controlled()
    assert stat.S_IMODE(daemon.control.stat().st_mode) == 0o660
    done = chatctl(daemon, "status", wrap=other_user())
    assert done.returncode == EX_NOPERM and "Permission denied" in done.stderr


@as_root
def test_the_kernel_says_who_it_is(controlled, open_folder):
    daemon = controlled()
    daemon.control.chmod(0o666)
    done = chatctl(daemon, "users", wrap=other_user())
    assert done.returncode == EX_NOPERM and "only root" in done.stderr and not done.stdout
    daemon.wait_log(rf"\(uid {OTHER}\) may not use the control socket")
    done = chatctl(daemon, "stop", wrap=other_user())
    assert done.returncode == EX_NOPERM
    daemon.client().sync()


@as_root
@pytest.mark.parametrize("main", [True, False])
def test_members_of_the_group_may(controlled, open_folder, main):
    (name, gid), (_, another) = two_groups()
    daemon = controlled(FAST + f"[control]\ngroup = {name}\n")
    assert daemon.control.stat().st_gid == gid
    member = other_user(gid=gid) if main else other_user(another, gid, OTHER)
    assert chatctl(daemon, "status", wrap=member).returncode == EX_OK
    daemon.control.chmod(0o666)
    assert chatctl(daemon, "status", wrap=other_user(another)).returncode == EX_NOPERM
    daemon.configure(daemon.config.replace(name, "nogroup-of-that-name") + f"[control]\nsocket = {daemon.control}\n")
    assert chatctl(daemon, "reload").returncode == EX_OK
    assert chatctl(daemon, "status", wrap=member).returncode == EX_NOPERM


def test_where_it_is(start, tmp_path):
    daemon = start(FAST, env={"RUNTIME_DIRECTORY": f"{tmp_path}:/elsewhere"})
    daemon.control = tmp_path / "control.sock"
    assert chatctl(daemon, "status").returncode == EX_OK
    daemon.finish()
    assert not daemon.control.exists()
    daemon = start(FAST + "[control]\nsocket =\n", env={"RUNTIME_DIRECTORY": str(tmp_path)})
    assert not (tmp_path / "control.sock").exists()


def test_a_path_that_cannot_be(tmp_path):
    config = tmp_path / "c.conf"
    config.write_text(f"[listen]\nendpoint = 127.0.0.1:{free_port()}\n[control]\nsocket = {tmp_path}/{'x' * 120}\n")
    done = run_chatd("-c", str(config))
    assert done.returncode == EX_UNAVAILABLE and "absolute path" in done.stderr


# chatctl


def test_tables(controlled):
    daemon = controlled()
    client = daemon.client(nick="somebody", realname="\x1b]0;x\x07 \u202e\u00e9")
    channel = daemon.channel(client)
    users = chatctl(daemon, "users", env=environment({"LC_ALL": "C.UTF-8"}))
    assert users.returncode == EX_OK
    head, row = users.stdout.splitlines()
    assert head.split()[:3] == ["NICK", "USER", "ADDRESS"] and row.split()[:3] == ["somebody", "user", "127.0.0.1"]
    assert r"\033]0;x\007 \342\200\256" in row and "\u00e9" in row and "\x1b" not in users.stdout
    assert "\u00e9" not in chatctl(daemon, "users", env=environment({"LC_ALL": "C"})).stdout
    assert channel in chatctl(daemon, "channels").stdout
    assert "users_max" in chatctl(daemon, "status").stdout


@pytest.mark.parametrize("columns", [200, 60])
def test_a_table_fits_the_terminal(controlled, columns):
    daemon = controlled()
    daemon.client(stem="somebody-with-a-nick", realname="r" * 60)
    main, tty = pty.openpty()
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    argv = [CHATCTL, "-s", str(daemon.control), "users"]
    assert subprocess.run(argv, stdout=tty, timeout=DEADLINE).returncode == EX_OK
    os.close(tty)
    said = b""
    try:
        while more := os.read(main, 65536):
            said += more
    except OSError:
        pass  # the end of a terminal
    os.close(main)
    head, row, end = said.decode().split("\r\n")
    assert max(len(head), len(row)) <= columns and ("~" in row) == (columns < 200) and not end


def test_json(controlled):
    daemon = controlled()
    daemon.client(nick="somebody", realname="\x1b[2J")
    done = chatctl(daemon, "--json", "users")
    user, end = map(json.loads, done.stdout.splitlines())
    assert user["nick"] == "somebody" and end == {"ok": True} and "\x1b" not in done.stdout
    done = chatctl(daemon, "kill", "nobody", "--json")
    assert done.returncode == EX_NOUSER and json.loads(done.stdout)["code"] == "no_such_user"


def test_bans(controlled):
    daemon = controlled()
    a, b = daemon.client(nick="evilone"), daemon.client()
    assert chatctl(daemon, "ban", "add", "1h", "evil*!*@*", "no", "more").returncode == EX_OK
    assert a.rest().one("465").params[1].startswith("You are banned from this server: no more (until ")
    assert b.sync() == []
    assert chatctl(daemon, "ban", "add", "192.0.2.7/24").returncode == EX_OK
    listed = [json.loads(line) for line in chatctl(daemon, "--json", "ban", "list").stdout.splitlines()]
    assert [(e["target"], e["kind"], e["hits"]) for e in listed[:-1]] == [
        ("192.0.2.0/24", "address", 0),
        ("evil*!*@*", "mask", 1),
    ]
    assert listed[1]["until"] and "until" not in listed[0] and listed[1]["by"].endswith("(chatctl)")
    table = chatctl(daemon, "ban", "list").stdout
    assert table.startswith("BAN") and "evil*!*@*" in table
    assert chatctl(daemon, "ban", "del", "evil*!*@*").returncode == EX_OK
    assert chatctl(daemon, "ban", "del", str(listed[0]["ban"])).returncode == EX_OK
    assert chatctl(daemon, "ban", "del", "evil*!*@*").returncode == EX_NOUSER
    for wrong in (["ban"], ["ban", "add"], ["ban", "add", "*!*@*"], ["ban", "list", "x"], ["ban", "what", "x"]):
        assert chatctl(daemon, *wrong).returncode == EX_USAGE, wrong
    daemon.client(nick="evilone")


def test_deeds_and_exit_codes(controlled):
    daemon = controlled()
    a, b = daemon.client(), daemon.client()
    channel = daemon.channel(a, b)
    assert chatctl(daemon, "kick", channel, a.nick, "go", "now").returncode == EX_OK
    assert b.wait("KICK").params == [channel, a.nick, "go now"]
    assert chatctl(daemon, "kick", channel, a.nick).returncode == EX_UNAVAILABLE
    assert chatctl(daemon, "kill", "nobody").returncode == EX_NOUSER
    assert chatctl(daemon, "kill", b.nick).returncode == EX_OK
    for wrong in ([], ["nonsense"], ["kick", channel], ["kill", "a b"], ["kill", "a", "b\nstop"], ["status", "x"], ["-z"]):
        done = chatctl(daemon, *wrong)
        assert done.returncode == EX_USAGE and done.stderr and not done.stdout, wrong
    daemon.configure(daemon.config + "[server]\nnmae = x\n")
    done = chatctl(daemon, "reload")
    assert done.returncode == EX_CONFIG and "nmae" in done.stderr and "nothing was changed" in done.stderr
    daemon.client().sync()


def test_without_a_server(tmp_path):
    class Nowhere:
        control = tmp_path / "nobody"

    assert chatctl(Nowhere, "status").returncode == EX_UNAVAILABLE
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(Nowhere.control))
    done = chatctl(Nowhere, "status")
    assert done.returncode == EX_UNAVAILABLE and "no server listens here" in done.stderr
    assert chatctl(Nowhere, "--help").returncode == EX_OK
    assert chatctl(Nowhere, "--version").stdout.startswith("chatctl ")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="takes /dev/full")
def test_output_that_cannot_be_written(controlled):
    daemon = controlled()
    with open("/dev/full", "w") as full:
        argv = [CHATCTL, "-s", str(daemon.control), "users"]
        assert subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE).returncode == 74


# The files


def journal(what, state, *args):
    argv = [CHATCTL, "journal", what, "--state", str(state), *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, env=environment())


@pytest.fixture
def kept(controlled, tmp_path):
    """A daemon that keeps, with a registered channel and messages."""
    config = FAST + "[history]\nevents = no\n[oper root]\npassword = secret\n"
    daemon = controlled(config, args=["--state", str(tmp_path / "state")])
    daemon.state = tmp_path / "state"
    client = daemon.client(caps="echo-message")
    client.ask("OPER root secret")
    daemon.kept = [daemon.channel(client) for _ in range(5)]
    for channel in daemon.kept:
        client.ask(f"MODE {channel} +r", f"MODE {channel} +b bad!*@*", f"TOPIC {channel} :of {channel}")
    client.ask(*[f"PRIVMSG {daemon.kept[0]} :text {i}" for i in range(50)])
    return daemon


def test_dump(kept):
    done = journal("dump", kept.state)
    assert done.returncode == EX_OK and done.stderr == ""
    records = [json.loads(line) for line in done.stdout.splitlines()]
    positions = [r["position"] for r in records]
    assert positions == sorted(set(positions))
    texts = [r["text"] for r in records if r["class"] == "message"]
    assert texts == [f"text {i}" for i in range(50)]
    assert {r["name"] for r in records if r["type"] == "channel"} == set(kept.kept)
    assert all(r["time"].endswith("Z") for r in records)


def test_replay_gives_the_same_before_and_after_a_restart(kept):
    replay = lambda: json.loads(journal("replay", kept.state, "--json").stdout)
    before = replay()
    assert before["channels"] == 5 and before["damaged"] == 0
    kept.finish()
    after = replay()
    assert after["hash"] == before["hash"] and after["channels"] == 5
    assert after["hash"] in journal("replay", kept.state).stdout


def test_verify(kept):
    done = journal("verify", kept.state, "--json")
    verdict = json.loads(done.stdout)
    assert done.returncode == EX_OK and verdict["faults"] == 0 and verdict["messages"] == 50
    kept.finish()
    with sqlite3.connect(kept.state / "chatd.db") as db:
        db.execute("UPDATE journal SET bytes = x'00ff' WHERE position = (SELECT max(position) FROM journal)")
    done = journal("verify", kept.state, "--json")
    verdict = json.loads(done.stdout)
    assert done.returncode == EX_DATAERR and verdict["faults"] == 1 and verdict["first"]
    dumped = journal("dump", kept.state)
    assert dumped.returncode == EX_DATAERR and json.loads(dumped.stdout.splitlines()[-1])["damaged"]


def test_a_damaged_snapshot_is_told(kept):
    kept.finish()
    snapshot = sorted(kept.state.glob("snapshot-*"))[-1]
    content = bytearray(snapshot.read_bytes())
    content[len(content) // 2] ^= 1
    snapshot.write_bytes(content)
    done = journal("verify", kept.state)
    assert done.returncode == EX_DATAERR and "snapshot" in done.stdout


def test_looking_changes_nothing(kept):
    kept.finish()
    files = lambda: {p.name: p.read_bytes() for p in kept.state.iterdir() if not p.name.endswith(("-wal", "-shm"))}
    before = files()
    for what in ("verify", "dump", "replay"):
        journal(what, kept.state)
    assert files() == before


def test_a_backup_as_the_guide_says(kept, start, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir(mode=0o700)
    with sqlite3.connect(f"file:{kept.state}/chatd.db?mode=ro", uri=True) as db, sqlite3.connect(copy / "chatd.db") as to:
        db.backup(to)
    for snapshot in kept.state.glob("snapshot-*"):
        shutil.copy2(snapshot, copy)
    assert journal("verify", copy).returncode == EX_OK
    assert journal("replay", copy, "--json").stdout[:50] == journal("replay", kept.state, "--json").stdout[:50]
    second = start(FAST, args=["--state", str(copy)])
    client = second.client()
    client.join(kept.kept[4])
    assert client.ask(f"TOPIC {kept.kept[4]}").one("332").params[-1] == f"of {kept.kept[4]}"


def test_no_journal_there(tmp_path):
    for what in ("verify", "dump", "replay"):
        done = journal(what, tmp_path / "none")
        assert done.returncode == EX_NOINPUT and "chatd.db" in done.stderr
    (tmp_path / "chatd.db").write_bytes(b"this is no database" * 500)
    for what in ("dump", "replay", "verify"):
        done = journal(what, tmp_path)
        assert done.returncode == EX_DATAERR, (what, done)
    assert journal("nonsense", tmp_path).returncode == EX_USAGE
    assert journal("replay", tmp_path, "--casemapping", "nonsense").returncode == EX_USAGE


@pytest.mark.skipif(SANITIZED, reason="measures")
@pytest.mark.slow
def test_a_list_of_many_users_does_not_hold_up_the_others(controlled):
    daemon = controlled(FAST + "channels = 5000\n")
    client, _ = many_channels(daemon, 3000)
    with Control(daemon.control) as control:
        for _ in range(20):
            control.send("channels\n")
            client.sync()
            assert len(control.answer()[0]) == 3000

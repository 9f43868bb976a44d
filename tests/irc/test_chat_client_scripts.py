"""chat-client when the server goes away, what it prints of the past, its windows and its looks."""

import json
import os
import re
import socket
import stat
import subprocess
import time

import pytest
from scripted_server import ScriptedServer
from terminal import Terminal
from test_chat_client import ALL_CAPS, CLIENT, DEADLINE, ROOT, assert_inert, hostile_lines

HISTORY_CAPS = ALL_CAPS + " draft/chathistory"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


class Past:
    """A channel's history, as CHATHISTORY gives it."""

    def __init__(self, texts, limit=1000):
        self.texts = list(texts)
        self.limit = limit  # of lines that it gives at a time
        self.batches = 0

    def line(self, i, tags=""):
        return f"@{tags}msgid=m{i};time=2026-01-31T12:00:{i:02}.000Z :ana!u@h PRIVMSG #lobby :{self.texts[i]}"

    def answer(self, server, _tags, params):
        if params[0] == "TARGETS":
            server.send(":irc.test BATCH +t draft/chathistory-targets")
            server.send(":irc.test BATCH -t")
            return
        count = min(self.limit, int(params[3]))
        if params[0] == "AFTER":
            first = int(params[2].removeprefix("msgid=m")) + 1
            wanted = range(first, min(len(self.texts), first + count))
        else:
            end = len(self.texts) if params[0] == "LATEST" else int(params[2].removeprefix("msgid=m"))
            wanted = range(max(0, end - count), end)
        # what is said now and comes before the answer that holds it too
        if params[0] == "AFTER":
            server.send(self.line(len(self.texts) - 1))
        self.batches += 1
        server.send(f":irc.test BATCH +b{self.batches} chathistory #lobby")
        for i in wanted:
            server.send(self.line(i, f"batch=b{self.batches};"))
        server.send(f":irc.test BATCH -b{self.batches}")


def on_terminal(*args, **kwargs):
    return Terminal([CLIENT, "-n", "me", "-c", "#lobby", *args], **kwargs)


def test_comes_back_and_shows_what_was_missed_once_and_in_order(tmp_path):
    path = str(tmp_path / "sock")
    past = Past(f"said {i}." for i in range(8))
    with on_terminal_after(path, past) as tty:
        os.unlink(path)
        with ScriptedServer(HISTORY_CAPS, path=path, script={"CHATHISTORY": past.answer}) as again:
            again.wait_for("^JOIN #lobby")
            again.wait_for("^CHATHISTORY AFTER #lobby msgid=m2 ")
            tty.shows(r"5 lines were said in #lobby meanwhile")
            shown = [int(n) for n in re.findall(r"<ana> said (\d+)\.", tty.raw.decode())]
            assert shown == list(range(8))
            tty.type("\x04")
            assert tty.wait() == 0


def test_who_wrote_meanwhile_and_had_no_window(tmp_path):
    path = str(tmp_path / "sock")

    def answer(server, _tags, params):
        if params[0] == "TARGETS":
            assert params[1].startswith("timestamp=20") and params[2] > params[1]
            server.send(":irc.test BATCH +t draft/chathistory-targets")
            for name in ("#lobby", "zoe"):
                server.send(f"@batch=t :irc.test CHATHISTORY TARGETS {name} 2026-01-31T12:01:00.000Z")
            server.send(":irc.test BATCH -t")
        elif params[1] == "zoe":
            server.send(":irc.test BATCH +z chathistory zoe")
            if params[2].startswith("timestamp="):
                server.send("@batch=z;msgid=z1 :zoe!u@h PRIVMSG me :are you there?")
            server.send(":irc.test BATCH -z")
        else:
            # what nobody asked for is no error that anybody is to hear of
            server.send(f"FAIL CHATHISTORY INVALID_TARGET {params[0]} {params[1]} :Messages could not be retrieved")

    with on_terminal_after(path, Past(f"said {i}." for i in range(3))) as tty:
        os.unlink(path)
        with ScriptedServer(HISTORY_CAPS, path=path, script={"CHATHISTORY": answer}):
            tty.shows(r"\*zoe\* are you there\?$")
            tty.shows("1 line was said in zoe meanwhile")
            tty.shows(r"^#lobby \+1 !1>")
            tty.type("\x1b2")
            tty.shows("^zoe>")
            assert "could not be retrieved" not in tty.raw.decode()


def test_many_missed_lines_come_in_several_answers(tmp_path):
    """More than the server gives at a time, while people come and go and talk."""
    path = str(tmp_path / "sock")
    past = Past((f"said {i}." for i in range(250)), limit=50)

    def come_in(server, _tags, params):
        server.numeric("005", "CHATHISTORY=50", ":are supported by this server")
        server.send(f":me!u@host.test JOIN {params[0]}")
        server.send(":bea!u@h JOIN #lobby")

    def answer(server, tags, params):
        past.answer(server, tags, params)
        if params[0] == "TARGETS":
            return
        server.send(f"@msgid=live{past.batches} :bea!u@h PRIVMSG #lobby :live {past.batches}.")
        server.send(f":cat{past.batches}!u@h JOIN #lobby")

    with on_terminal_after(path, past) as tty:
        os.unlink(path)
        with ScriptedServer(HISTORY_CAPS, path=path, script={"CHATHISTORY": answer, "JOIN": come_in}) as again:
            tty.shows(r"247 lines were said in #lobby meanwhile")
            again.send(":ana!u@h PRIVMSG #lobby :the end")
            tty.shows("<ana> the end")
            shown = re.findall(r"<(?:ana|bea)> (said|live) (\d+)\.", tty.raw.decode())
            assert shown == [("said", str(i)) for i in range(250)] + [("live", str(i + 1)) for i in range(past.batches)]
            asked = [line for line in again.lines if line.startswith("CHATHISTORY") and "TARGETS" not in line]
            assert all(line.split()[1] == "AFTER" and int(line.split()[4]) <= 50 for line in asked)


def on_terminal_after(path, past, typed=None):
    """A terminal that saw the first three lines of the past, whose server has gone."""
    with ScriptedServer(HISTORY_CAPS, path=path) as server:
        tty = on_terminal("--color=never", path)
        server.wait_for("^JOIN #lobby")
        for i in range(3):
            server.send(past.line(i))
        tty.shows(r"<ana> said 2\.")
        if typed:
            tty.type(typed)
            tty.shows("joined #secret")
        server.close()
        tty.shows(r"trying again in \d+ s")
    return tty


def test_refused_after_coming_back_ends_it(tmp_path):
    path = str(tmp_path / "sock")
    with on_terminal_after(path, Past(f"said {i}." for i in range(3))) as tty:
        os.unlink(path)

        def refuse(server, _tags, _params):
            server.numeric("465", ":You are banned")
            server.close()

        with ScriptedServer(HISTORY_CAPS, path=path, script={"USER": refuse}):
            assert tty.wait() == 77


def test_keys_of_channels_and_the_nick_are_kept(tmp_path):
    path = str(tmp_path / "sock")
    with on_terminal_after(path, Past(f"said {i}." for i in range(3)), typed="/join #secret key-12\r") as tty:
        os.unlink(path)
        with ScriptedServer(HISTORY_CAPS, path=path, taken=["me"]) as again:
            again.wait_for("^JOIN #secret key-12$")
            again.wait_for("^JOIN #lobby$")
            tty.shows(r"\* the nick me is in use: you are me_$")
            again.taken.clear()
            again.send(":me!old@h QUIT :gone")
            again.wait_for("^NICK me$")
            tty.shows(r"\* you are me now$")
            tty.type("/quit\r")
            assert tty.wait() == 0


def test_a_server_that_closes_at_once_is_told_of_once(tmp_path):
    """And it is asked more and more rarely."""
    path = str(tmp_path / "sock")
    with on_terminal_after(path, Past(f"said {i}." for i in range(3))) as tty:
        os.unlink(path)
        times = []
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(DEADLINE)
            for _ in range(3):
                peer, _address = listener.accept()
                times.append(time.monotonic())
                peer.sendall(b":irc.test 001 me :Welcome\r\nERROR :full\r\n")
                peer.close()
        tty.type("/quit\r")
        assert tty.wait() == 0
        said = tty.raw.decode()
        assert said.count("the server closed the connection: full; trying again") == 1
        assert said.count("* connected again") == 2 and said.count("Welcome") == 1
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert gaps[0] < gaps[1]


def test_offline_one_can_leave(tmp_path):
    with on_terminal_after(str(tmp_path / "sock"), Past(f"said {i}." for i in range(3))) as tty:
        tty.shows(r"\(offline\)")
        tty.type("/quit\r")
        assert tty.wait() == 0


def run(server, *args):
    return subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", *args, *server.where], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=DEADLINE, check=False)


def test_history_prints_and_exits():
    past = Past(f"said {i}" for i in range(10))
    with ScriptedServer(HISTORY_CAPS, script={"CHATHISTORY": past.answer}) as server:
        done = run(server, "--history", "4", "--time=")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [f"<ana> said {i}" for i in range(6, 10)]


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_history_of_more_lines_than_the_server_gives_at_a_time(how):
    past = Past((f"said {i}" for i in range(300)), limit=40)
    with ScriptedServer(HISTORY_CAPS, script={"CHATHISTORY": past.answer}) as server:
        done = run(server, "--history", "250", "--time=", *how)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    if how:
        lines = [f"<ana> {o['text']}" for o in map(json.loads, lines) if o["command"] == "PRIVMSG"]
    assert lines == [f"<ana> said {i}" for i in range(50, 300)]


def test_history_of_a_server_without_one_is_exit_69():
    with ScriptedServer(ALL_CAPS) as server:
        assert run(server, "--history=4").returncode == 69


def test_history_that_is_not_shown_is_exit_77():
    def refuse(server, _tags, params):
        server.send(f"FAIL CHATHISTORY INVALID_TARGET {params[0]} {params[1]} :Messages could not be retrieved")

    with ScriptedServer(HISTORY_CAPS, script={"CHATHISTORY": refuse}) as server:
        done = run(server, "--history=4")
    assert done.returncode == 77
    assert b"Messages could not be retrieved" in done.stderr and done.stdout == b""


def test_history_of_a_closed_channel_is_exit_77():
    def refuse(server, _tags, params):
        server.numeric("473", params[0], ":Cannot join channel (+i)")

    with ScriptedServer(HISTORY_CAPS, script={"JOIN": refuse}) as server:
        assert run(server, "--history=4").returncode == 77


def test_json_is_one_object_per_message_and_inert():
    past = Past(["plain", 'with "quotes" \\ and é'])
    with ScriptedServer(HISTORY_CAPS, script={"CHATHISTORY": past.answer}) as server:
        done = run(server, "--history=9", "--json")
    objects = [json.loads(line) for line in done.stdout.decode().splitlines()]
    said = [o for o in objects if o["command"] == "PRIVMSG"]
    assert [o["text"] for o in said] == past.texts
    assert said[0]["time"] == "2026-01-31T12:00:00.000Z" and said[0]["nick"] == "ana"
    assert said[0]["source"] == "ana!u@h" and said[0]["target"] == "#lobby"
    assert said[0]["params"] == ["#lobby", "plain"] and said[0]["tags"]["msgid"] == "m0"


@pytest.mark.parametrize("how", [["--json"], ["--color=never"]])
def test_tail_prints_for_ever_and_inert(how):
    with ScriptedServer(ALL_CAPS) as server:
        client = subprocess.Popen([CLIENT, "-n", "me", "-c", "#lobby", "--tail", *how, *server.where],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        server.wait_for("^JOIN")
        for line in hostile_lines():
            server.send(line)
        server.send(":ana!u@h PRIVMSG #lobby :the end")
        output = b""
        for line in client.stdout:
            output += line
            if b"the end" in line:
                break
        client.terminate()
        client.wait(DEADLINE)
        client.stdout.close()
    assert_inert(output)


def test_windows_counts_completion_and_settings():
    with ScriptedServer(ALL_CAPS) as server, on_terminal("--color=never", *server.where) as tty:
        server.wait_for("^JOIN")
        tty.shows(r"^#lobby>")
        server.send(":bea!u@h PRIVMSG me :psst")
        tty.shows(r"^#lobby \+1 !1>")
        assert b"\a" in tty.raw
        tty.type("\x1b2")
        tty.shows(r"^bea>")
        tty.type("hello\r")
        server.wait_for("^PRIVMSG bea :hello")
        tty.type("/win 1\r")
        tty.shows(r"^#lobby>")
        tty.type("be\t")
        tty.shows(r"^#lobby> bea:")
        tty.type("hi\r")
        server.wait_for("^PRIVMSG #lobby :bea: hi")
        tty.type("/qu\tbea\r")
        tty.shows(r"^bea>")
        tty.type("/set joins off\r/win 1\r/ignore eve\r")
        tty.shows(r"^#lobby>")
        server.send(":cat!u@h JOIN #lobby")
        server.send(":eve!u@h PRIVMSG #lobby :spam")
        server.send(":bea!u@h PRIVMSG #lobby :the end")
        tty.shows("<bea> the end")
        assert b"cat" not in tty.raw and b"spam" not in tty.raw
        tty.type("\x04")
        assert tty.wait() == 0


def test_formatting_is_shown_and_ends_with_its_line():
    with ScriptedServer(ALL_CAPS) as server, on_terminal("--color=always", *server.where) as tty:
        server.wait_for("^JOIN")
        server.send(":ana!u@h PRIVMSG #lobby :\x02bold\x02 \x0304,01red \x1b[5mend")
        tty.shows(r"bold red .\[5mend")
        assert b"\x1b[0;1mbold\x1b[0m" in tty.raw and b"\x1b[0;91;40mred" in tty.raw
        assert re.search(rb"end\x1b\[0m\r?\n", tty.raw) and b"\x1b[5m" not in tty.raw


def test_lines_typed_are_kept_for_the_next_time(state):
    for typed, wanted in (("first line\r/raw PASS secret\r", None), ("\x1b[A\r", "first line")):
        with ScriptedServer(ALL_CAPS) as server, on_terminal(*server.where) as tty:
            server.wait_for("^JOIN")
            tty.shows(r"^#lobby>")
            tty.type(typed)
            server.wait_for("^PRIVMSG #lobby :" + (wanted or "first line"))
            tty.type("\x04")
            assert tty.wait() == 0
        kept = state / "chat-client" / "history-127.0.0.1"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert "secret" not in kept.read_text(encoding="utf-8")


def test_completions_know_every_option():
    text = subprocess.run([CLIENT, "--help"], capture_output=True, text=True, check=True).stdout
    options = re.findall(r"--([a-z-]+)", text)
    assert len(options) > 10
    folder = ROOT / "contrib" / "completions"
    for name in ("chat-client.bash", "_chat-client", "chat-client.fish"):
        known = (folder / name).read_text(encoding="utf-8")
        assert [o for o in options if not re.search(rf"(--|-l ){o}\b", known)] == [], name


def test_bash_completes():
    script = f"""source {ROOT}/contrib/completions/chat-client.bash
COMP_WORDS=(chat-client --bell = m) COMP_CWORD=3; _chat_client; echo "${{COMPREPLY[*]}}"
COMP_WORDS=(chat-client --hi) COMP_CWORD=1; _chat_client 2>/dev/null; echo "${{COMPREPLY[*]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mention", "--history="]

"""chat-client's words for what people do beside talking, and messages of several lines, both ways."""

import json
import re
import subprocess

import pytest
from scripted_server import ScriptedServer
from terminal import Terminal, last_rows
from test_chat_client import ALL_CAPS, CLIENT, DEADLINE

from harness import chan, fresh

CAPS = ALL_CAPS + " draft/message-redaction draft/multiline=max-bytes=1000,max-lines=10"


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def on_terminal(server, *args, **kwargs):
    return Terminal([CLIENT, "-n", "me", "-c", "#lobby", "--color=never", "--time=", *args, *server.where], **kwargs)


def come_in(server, tty):
    server.wait_for("^JOIN")
    tty.shows("^#lobby>")


def test_reactions_replies_redactions_in_words():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        server.send("@msgid=m1 :ana!u@h PRIVMSG #lobby :shall we eat?")
        server.send("@+draft/react=\U0001F44D;+draft/reply=m1 :bea!u@h TAGMSG #lobby")
        tty.shows(r'^\* bea reacts with \U0001F44D to ana: "shall we eat\?"$')
        server.send("@+draft/unreact=\U0001F44D;+draft/reply=m1 :bea!u@h TAGMSG #lobby")
        tty.shows(r'^\* bea takes \U0001F44D back from ana: "shall we eat\?"$')
        server.send("@+react=x\\ny;+reply=unknown :bea!u@h TAGMSG #lobby")
        tty.shows(r"^\* bea reacts with x y$")
        server.send("@msgid=m2;+draft/reply=m1 :bea!u@h PRIVMSG #lobby :yes")
        tty.shows(r'^<bea> \(to ana: "shall we eat\?"\) yes$')
        server.send("@msgid=m3;+reply=gone :bea!u@h PRIVMSG #lobby :no")
        tty.shows(r"^<bea> \(a reply\) no$")
        server.send(":ana!u@h REDACT #lobby m1 :changed my mind")
        tty.shows(r'^\* ana took back in #lobby: "shall we eat\?" \(changed my mind\)$')
        server.send(":op!u@h REDACT #lobby m2")
        tty.shows(r'^\* op took back in #lobby what bea said: "yes"$')
        server.send(":op!u@h REDACT #lobby m9 :gone")
        tty.shows(r"^\* op took back a message in #lobby \(gone\)$")


def test_to_react_to_reply_and_to_redact():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.type("/react +1\r/redact\r")
        tty.shows("nothing was said here that the server could find again")
        tty.shows("nothing was said here that the server could take back")
        server.send("@msgid=m1 :ana!u@h PRIVMSG #lobby :one")
        server.send("@msgid=m2 :bea!u@h PRIVMSG #lobby :two")
        server.send("@msgid=m3 :me!u@host.test PRIVMSG #lobby :three")
        tty.shows("^<me> three")
        for typed, sent in (("/react +1", "TAGMSG #lobby"), ("/reply ana so it is", "PRIVMSG #lobby :so it is"),
                            ("/reply not so", "PRIVMSG #lobby :not so"), ("/redact typo", "REDACT #lobby m3 :typo")):
            tty.type(typed + "\r")
            server.wait_for(f"^{sent}$")
        assert [tags for tags, _ in server.tagged] == [
            {"+draft/react": "+1", "+draft/reply": "m2"}, {"+draft/reply": "m1"}, {"+draft/reply": "m2"}]


def test_who_is_typing_stands_in_the_prompt_and_goes_away():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.type("mine")
        server.send("@+typing=active :ana!u@h TAGMSG #lobby")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby (ana types)> mine", "typing")
        server.send("@+typing=done :ana!u@h TAGMSG #lobby")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby> mine", "not typing")
        server.send("@+typing=active :ana!u@h TAGMSG #lobby")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby (ana types)> mine", "typing again")
        # who says nothing more is forgotten, without a word from anybody
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby> mine", "not typing any more")


MULTILINE = ["@msgid=m1;time=2026-01-31T12:00:00.000Z :ana!u@h BATCH +7 draft/multiline #lobby",
             "@batch=7 :ana!u@h PRIVMSG #lobby :def f():",
             "@batch=7 :ana!u@h PRIVMSG #lobby :",
             "@batch=7 :ana!u@h PRIVMSG #lobby :    return ",
             "@batch=7;draft/multiline-concat :ana!u@h PRIVMSG #lobby :1",
             ":irc.test BATCH -7"]


def test_multiline_is_shown_as_one_message():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        for line in MULTILINE[:3]:
            server.send(line)
        # what others say meanwhile is not mixed into it
        server.send(":bea!u@h PRIVMSG #lobby :meanwhile")
        for line in MULTILINE[3:]:
            server.send(line)
        server.send("@+draft/react=x;+draft/reply=m1 :bea!u@h TAGMSG #lobby")
        tty.shows("^\\* bea reacts with x to ana: \"def f\\(\\):...\"$")
        rows = last_rows(tty.screen.text())
        at = rows.index("<bea> meanwhile")
        assert rows[at + 1:at + 5] == ["* 2026-01-31", "<ana> def f():", "  |", "  |     return 1"]


def test_multiline_is_one_json_object():
    def talk(server, _tags, params):
        server.send(f":me!u@host.test JOIN {params[0]}")
        for line in MULTILINE:
            server.send(line)
        server.close()

    with ScriptedServer(CAPS, script={"JOIN": talk}) as server:
        done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", "--json", *server.where],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
    said = [o for o in map(json.loads, done.stdout.decode().splitlines()) if o["command"] == "PRIVMSG"]
    assert [o["text"] for o in said] == ["def f():\n\n    return 1"]
    assert said[0]["tags"]["msgid"] == "m1" and said[0]["nick"] == "ana"


def test_long_multiline_loses_nothing():
    def talk(server, _tags, params):
        server.send(f":me!u@host.test JOIN {params[0]}")
        server.send(":ana!u@h BATCH +7 draft/multiline #lobby")
        for i in range(1000):
            server.send(f"@batch=7 :ana!u@h PRIVMSG #lobby :{i:04} " + "x" * 150)
        server.send("BATCH -7")
        server.close()

    with ScriptedServer(CAPS, script={"JOIN": talk}) as server:
        done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", "--time=", *server.where],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
    rows = [row.removeprefix("<ana> ").removeprefix("  | ")[:4] for row in done.stdout.decode().splitlines()]
    assert rows == [f"{i:04}" for i in range(1000)]


def test_paste_of_one_line_is_typed():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.type("see ")
        tty.paste("/usr/bin\x1b[A/\tx\n")
        tty.shows(r"^#lobby> see /usr/bin\[A/ x$")
        assert server.said() == []
        tty.type(" ok\r")
        server.wait_for(r"^PRIVMSG #lobby :see /usr/bin\[A/ x ok$")


@pytest.mark.parametrize("answer", ["\r", "y\r"])
def test_paste_of_several_lines_is_asked_for_and_sent_as_multiline(answer):
    long = "word " * 120
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.type("see: ")
        tty.paste(f"one\n\n{long}\nlast\n")
        tty.shows(r"^\* pasted are 4 lines; the first: see: one$")
        tty.shows(r"^say 4 lines in #lobby\? \[Y/n\]")
        assert server.said() == []
        tty.type(answer)
        server.wait_for("^BATCH -m1")
    start = server.lines.index("BATCH +m1 draft/multiline #lobby")
    assert server.said()[:3] == ["see: one", "", long[:len(server.said()[2])]]
    assert "".join(server.said()[2:-1]) == long and server.said()[-1] == "last"
    assert all(line.startswith("PRIVMSG #lobby") for line in server.lines[start + 1:server.lines.index("BATCH -m1")])
    tags = [tags for tags, line in server.tagged if line.startswith("PRIVMSG")]
    assert all(t["batch"] == "m1" for t in tags)
    assert ["draft/multiline-concat" in t for t in tags] == [False] * 3 + [True] * (len(tags) - 4) + [False]


def test_paste_beyond_the_limits_is_several_messages():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.paste("\n".join(f"line {i}" for i in range(25)))
        tty.shows("^say 25 lines")
        tty.type("\r")
        server.wait_for("^BATCH -m3")
    assert server.said() == [f"line {i}" for i in range(25)]
    assert [line for line in server.lines if line.startswith("BATCH +")] == [
        f"BATCH +m{i} draft/multiline #lobby" for i in (1, 2, 3)]


@pytest.mark.parametrize("no", ["n\r", "\x03"])
def test_paste_that_was_a_mistake_is_not_said(no):
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.paste("secret one\nsecret two\n")
        tty.shows("^say 2 lines")
        tty.type(no)
        tty.shows(r"^\* not said$")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby>", "prompt")
        tty.type("fine\r")
        server.wait_for("^PRIVMSG #lobby :fine$")
    assert server.said() == ["fine"]


def test_paste_without_multiline_is_paced():
    """Never more than four lines before the server has answered for them."""
    silent = []

    def keep(server, _tags, params):
        silent.append((len(server.said()), params[-1]))

    wanted = [f"line {i}" for i in range(10)]
    with ScriptedServer(ALL_CAPS, script={"PING": keep}) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.paste("\n".join(wanted))
        tty.type("y\r")
        for i in range(2):
            server.wait_for(f"^PING :said-{i + 1}$")
            assert silent[i][0] == 4 * (i + 1)
            server.send(f":irc.test PONG irc.test :{silent[i][1]}")
        server.wait_for("line 9$")
        tty.shows("^<me> line 9$")
    assert server.said() == wanted


def test_a_terminal_is_not_left_marking_pastes():
    with ScriptedServer(CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        assert tty.screen.marks_pastes
        tty.type("\x04")
        assert tty.wait() == 0
        while tty.read(0.1):
            pass
        assert not tty.screen.marks_pastes


def test_typed_into_the_shell_before_is_no_paste():
    """The marks are asked for, so that what comes without them is what was typed."""
    with ScriptedServer(CAPS) as server, on_terminal(server, term="dumb") as tty:
        tty.shows("me .*joined #lobby")
        tty.type("one\ntwo\n")
        server.wait_for("^PRIVMSG #lobby :two$")
    assert server.said() == ["one", "two"] and b"2004" not in tty.raw


def test_reactions_and_replies_with_chatd(server):
    caps = "batch echo-message message-tags"
    bea = server.client("bea", caps=caps)
    channel = chan()
    bea.join(channel)
    where = ["-p", str(server.tcp[1]), server.tcp[0]]
    nick = fresh("words")
    with Terminal([CLIENT, "-n", nick, "-c", channel, "--color=never", "--time=", *where], columns=120) as tty:
        tty.shows(f"^{channel}>")
        said = bea.ask(f"PRIVMSG {channel} :shall we?").one("PRIVMSG")
        tty.shows("shall we")
        tty.type("/react +1\r")
        tags = bea.wait("TAGMSG", channel).tags
        assert tags["+draft/react"] == "+1" and tags["+draft/reply"] == said.tags["msgid"]
        tty.shows(f'\\* {nick} reacts with \\+1 to {bea.nick}: "shall we\\?"$')
        tty.type("/reply of course\r")
        assert bea.wait("PRIVMSG", channel).tags["+draft/reply"] == said.tags["msgid"]
        tty.shows(f'^<{nick}> \\(to {bea.nick}: "shall we\\?"\\) of course$')
        tty.type("/quit\r")
        assert tty.wait() == 0


def test_messages_of_several_lines_with_chatd(server):
    bea = server.client("bea", caps="batch echo-message message-tags draft/multiline")
    channel = chan()
    bea.join(channel)
    where = ["-p", str(server.tcp[1]), server.tcp[0]]
    long = "word " * 150
    with Terminal([CLIENT, "-n", fresh("pasted"), "-c", channel, "--color=never", "--time=", *where],
                  columns=200) as tty, \
            Terminal([CLIENT, "-n", fresh("shown"), "-c", channel, "--color=never", "--time=", *where],
                     columns=200) as other:
        tty.shows(f"^{channel}>")
        other.shows(f"^{channel}>")
        tty.paste(f"one\n\n{long}\nlast\n")
        tty.shows("^say 4 lines")
        tty.type("\r")
        assert bea.wait("BATCH").params[1:] == ["draft/multiline", channel]
        said = [bea.wait("PRIVMSG", channel) for _ in range(3)]
        assert [m.params[1] for m in said[:2]] == ["one", ""]
        for screen in (tty, other):
            screen.shows(r"^  \| last$")
            rows = last_rows(screen.screen.text())
            at = next(i for i, row in enumerate(rows) if re.search(r"> one$", row))
            assert rows[at + 1] == "  |" and rows[at + 2].startswith("  | word word")
        for screen in (tty, other):
            screen.type("/quit\r")
            assert screen.wait() == 0


def test_taking_back_at_a_server_that_keeps(start):
    daemon = start()
    caps = "batch draft/chathistory draft/message-redaction message-tags"
    ana, channel = daemon.client("ana", caps=caps), chan()
    ana.join(channel)
    host, port = daemon.tcp
    with Terminal([CLIENT, "-n", "me", "-c", channel, "--color=never", "--time=", f"{host}:{port}"]) as tty:
        ana.wait("JOIN", channel)
        tty.shows(f"^{channel}>")
        tty.type("what a mistake\r")
        said = ana.wait("PRIVMSG", channel)
        tty.shows("^<me> what a mistake$")
        tty.type("/redact wrong window\r")
        assert ana.wait("REDACT").params == [channel, said.tags["msgid"], "wrong window"]
        tty.shows("took back")
    assert not [m for m in ana.ask(f"CHATHISTORY LATEST {channel} * 10") if "mistake" in m.params[-1]]

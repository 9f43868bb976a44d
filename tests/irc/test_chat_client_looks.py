"""What chat-client looks and sounds like: colours, bells, times, days, what the Tab key offers, what /help says."""

import re
import subprocess

import pytest
from scripted_server import ScriptedServer
from terminal import Terminal, last_rows
from test_chat_client import ALL_CAPS, CLIENT, DEADLINE


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)


def on_terminal(server, *args, **kwargs):
    return Terminal([CLIENT, "-n", "me", "-c", "#lobby", *args, *server.where], **kwargs)


def come_in(server, tty):
    server.wait_for("^JOIN")
    tty.shows("^#lobby>")


@pytest.mark.parametrize("no_color, args, painted", [
    (None, [], True), ("", [], True), ("1", [], False), ("1", ["--color=always"], True), (None, ["--color=never"], False),
])
def test_colours_and_who_does_not_want_them(monkeypatch, no_color, args, painted):
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, *args) as tty:
        come_in(server, tty)
        server.send(":ana!u@h PRIVMSG #lobby :\x02bold")
        tty.shows("<ana> bold$")
        assert bool(re.search(rb"\x1b\[[0-9;]*m", tty.raw)) == painted


def test_colours_in_a_pipe_are_asked_for():
    def talk(server, _tags, params):
        server.send(f":me!u@host.test JOIN {params[0]}")
        server.send(":ana!u@h PRIVMSG #lobby :\x02bold")
        server.finish()

    for args, painted in (([], False), (["--color=always"], True)):
        with ScriptedServer(ALL_CAPS, script={"JOIN": talk}) as server:
            done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", *args, *server.where],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
        assert (b"\x1b[" in done.stdout) == painted


def test_nicks_have_colours_of_their_own():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server) as tty:
        come_in(server, tty)
        for nick in ("ana", "bea", "ana", "cat"):
            server.send(f":{nick}!u@h PRIVMSG #lobby :x")
        tty.shows("<cat> x$")
        colours = re.findall(rb"<\x1b\[0;(\d+)m(ana|bea|cat)\x1b\[0m>", tty.raw)
        assert len(colours) == 4 and colours[0] == colours[2]
        assert len({colour for colour, _ in colours}) > 1


@pytest.mark.parametrize("when, rung", [("off", 0), ("mention", 2), ("all", 3)])
def test_bell(when, rung):
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, "--bell", when) as tty:
        come_in(server, tty)
        server.send(":ana!u@h PRIVMSG #lobby :some menace")
        server.send(":ana!u@h PRIVMSG #lobby :hey ME!")
        server.send(":ana!u@h PRIVMSG me :psst")
        server.send(":me!u@host.test PRIVMSG #lobby :me again")
        tty.shows("<me> me again$")
        assert tty.raw.count(b"\a") == rung
        tty.type("/set bell off\r")
        tty.shows(r"\* joins on, bell off, ")
        server.send(":ana!u@h PRIVMSG me :more")
        tty.shows(r"\*ana\* more$")
        assert tty.raw.count(b"\a") == rung


def test_time_and_days(monkeypatch):
    monkeypatch.setenv("TZ", "XXX-5:30")
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, "--time=%d/%m %H.%M") as tty:
        come_in(server, tty)
        # the second is another day here, though not there
        server.send("@time=2026-01-31T18:29:00.000Z :ana!u@h PRIVMSG #lobby :late")
        server.send("@time=2026-01-31T18:31:00.000Z :ana!u@h PRIVMSG #lobby :early")
        tty.shows(r"^\[01/02 00\.01\] <ana> early$")
        rows = last_rows(tty.screen.text())
        at = rows.index("[31/01 23.59] <ana> late")
        assert rows[at + 1:at + 3] == ["* 2026-02-01", "[01/02 00.01] <ana> early"]
        tty.type("/set time\r")
        tty.shows("^\\* joins on, bell mention, color on, time *$")
        server.send(":ana!u@h PRIVMSG #lobby :timeless")
        tty.shows("^<ana> timeless$")


def test_tab_goes_on_to_the_next_that_fits():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, "-c", "#long-name") as tty:
        come_in(server, tty)
        for nick in ("anton", "ana", "bea"):
            server.send(f":{nick}!u@h PRIVMSG #lobby :x")
        tty.shows("<bea> x$")
        # whoever spoke last comes first; behind the last one is what was typed
        tty.type("an")
        for wanted in ("ana:", "anton:", "an", "ana:"):
            tty.type("\t")
            tty.until(lambda rows: last_rows(rows)[-1] == f"#lobby> {wanted}", wanted)
        tty.type("\x15hi a\t\t")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby> hi anton", "anton, in the middle")
        tty.type("\x15see #l\t\t\r")
        server.wait_for("^PRIVMSG #lobby :see #long-name $")
        tty.type("/na\tx\x15/wh\t\t")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby> /whois", "command")


def test_help_knows_every_command():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, rows=60, columns=120) as tty:
        come_in(server, tty)
        tty.type("/help\r")
        tty.shows("the arrows call back lines$")
        names = re.findall(r"\* (/\w+)", "\n".join(tty.screen.text()))
        assert len(names) > 20 and names == sorted(names)
        for name in names:
            before = tty.raw.count(b"* " + name.encode() + b" ") + tty.raw.count(b"* " + name.encode() + b":")
            tty.type(f"/help {name[1:]}\r")
            tty.until(lambda _: tty.raw.count(b"* " + name.encode()) > before, f"help for {name}")
        tty.type("/help nonsense\r")
        tty.shows("the arrows call back lines$")
        assert b"! " not in tty.raw


def test_who_is_away_is_said_once():
    def away(server, _tags, params):
        server.numeric("301", params[0], ":lunch")

    with ScriptedServer(script={"PRIVMSG": away}) as server, on_terminal(server) as tty:
        come_in(server, tty)
        tty.type("/msg bea one\r/msg bea two\r")
        server.wait_for("^PRIVMSG bea :two$")
        server.send(":bea!u@h PRIVMSG me :back")
        tty.shows(r"\*bea\* back$")
        assert tty.raw.count(b"bea is away: lunch") == 1
        tty.type("/msg bea three\r")
        tty.until(lambda _: tty.raw.count(b"bea is away: lunch") == 2, "away again")


def test_ignored_and_muted():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, "-c", "#noise", "--ignore", "spam*!*@*",
                                                         "--mute", "#noise") as tty:
        come_in(server, tty)
        server.send(":spammer!u@h PRIVMSG #lobby :buy")
        server.send(":ana!u@h PRIVMSG #noise :me, me, me")
        server.send(":ana!u@h PRIVMSG #lobby :calm")
        tty.shows("<ana> calm$")
        assert b"buy" not in tty.raw and b"me, me" not in tty.raw and b"\a" not in tty.raw
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby>", "no counts")
        tty.type("/ignore\r/unignore spam*!*@*\r/ignore\r")
        tty.shows(r"\* you ignore spam\*!\*@\*$")
        tty.shows(r"\* you hear of spam\*!\*@\* again$")
        tty.shows(r"\* you ignore nobody$")
        tty.type("/win\r")
        tty.shows(r"\* 2 #noise, muted$")
        tty.type("/win #noise\r/mute\r/win 1\r")
        tty.shows("not muted any more$")
        server.send(":spammer!u@h PRIVMSG #lobby :buy")
        server.send(":ana!u@h PRIVMSG #noise :me, me, me")
        tty.shows("<spammer> buy$")
        tty.shows(r"^#lobby \+1 !1>")

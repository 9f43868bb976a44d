"""The server is killed and started again: chat-client comes back by itself, and shows what was missed."""

import re
import signal
import subprocess

import pytest
from terminal import Terminal, last_rows
from test_chat_client import CLIENT

from harness import DEADLINE, FAST, free_port

QUICK = "[accounts]\niterations = 4096\n[history]\nvisibility = always\n"
CAPS = "batch draft/chathistory echo-message labeled-response message-tags server-time standard-replies draft/account-registration"
BEFORE, MISSED, AFTER = 5, 230, 3


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "client-state"))


def say(person, numbers):
    person.ask(*(f"PRIVMSG #keep :line {i:03}." for i in numbers))


@pytest.fixture
def two_lives(start, tmp_path):
    """two_lives(): a daemon with a port of its own; killed(): dead, and alive again behind another door."""
    (tmp_path / "state").mkdir()
    port = free_port()
    config = f"[server]\nstate = {tmp_path}/state\n{FAST}{QUICK}"
    door = f"[listen]\nendpoint = 127.0.0.1:{port}\n"

    class Lives:
        where = f"127.0.0.1:{port}"

        def __init__(self):
            self.daemon = start(config + door)

        def kill(self):
            self.daemon.send_signal(signal.SIGKILL)
            self.daemon.wait()
            self.daemon = start(config)

        def open(self):
            self.daemon.reload(config + door)
            self.daemon.descriptors_before += 2  # the door, and the descriptor that is kept back for it

    return Lives()


def test_comes_back_after_a_kill_and_shows_what_was_missed(two_lives):
    owner = two_lives.daemon.client("owner", caps=CAPS)
    assert owner.ask("REGISTER * * :correct horse").one("REGISTER").params[0] == "SUCCESS"
    owner.ask("JOIN #keep", "PRIVMSG ChanServ :REGISTER #keep")
    with Terminal([CLIENT, "-n", "reader", "-c", "keep", "--time=", "--color=never", two_lives.where]) as tty:
        tty.shows("^#keep>")
        say(owner, range(BEFORE))
        tty.shows(f"line {BEFORE - 1:03}")
        tty.type("half a line")
        two_lives.kill()
        tty.shows(r"^! .*; trying again in \d+ s$")
        # while it is away people come, talk and go
        person = two_lives.daemon.client("person", caps=CAPS)
        person.ask("JOIN #keep")
        for first in range(BEFORE, BEFORE + MISSED, 46):
            say(person, range(first, first + 46))
            passer = two_lives.daemon.client("passer")
            passer.ask("JOIN #keep", "PART #keep :bye")
        two_lives.open()
        tty.shows(f"^\\* {MISSED} lines were said in #keep meanwhile$")
        say(person, range(BEFORE + MISSED, BEFORE + MISSED + AFTER))
        tty.shows(f"line {BEFORE + MISSED + AFTER - 1:03}")
        shown = [int(n) for n in re.findall(r"line (\d+)\.", tty.raw.decode())]
        assert shown == list(range(BEFORE + MISSED + AFTER))
        tty.until(lambda rows: last_rows(rows)[-1] == "#keep> half a line", "the line that was being typed")
        tty.type("!\r")
        assert person.wait("PRIVMSG", "#keep", "half a line!")
        tty.type("\x04")
        assert tty.wait() == 0
    # and for a program
    done = subprocess.run([CLIENT, "-n", "printer", "-c", "keep", "--history", "100", "--time=", two_lives.where],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0 and done.stderr == b""
    said = [f"<{person.nick}> line {i:03}." for i in range(BEFORE + MISSED + AFTER)] + ["<reader> half a line!"]
    assert done.stdout.decode().splitlines() == said[-100:]

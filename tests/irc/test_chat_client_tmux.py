"""chat-client in tmux: the line being typed is intact, whatever arrives and whatever size the window takes."""

import re
import threading

import pytest
from scripted_server import ScriptedServer
from test_chat_client import ALL_CAPS, CLIENT
from tmux import Tmux

PER_SECOND = 20


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class Chatter(threading.Thread):
    """Says twenty messages a second, with wide and combining characters among them, until it is stopped."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.stopped = threading.Event()
        self.said = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()

    def run(self):
        while not self.stopped.wait(1 / PER_SECOND):
            self.server.send(f":ana!u@h PRIVMSG #lobby :\u65e5\u672c e\u0301 message {self.said:04} .")
            self.said += 1


def in_tmux(tmp_path, server, **size):
    return Tmux(tmp_path, [CLIENT, "-n", "me", "-c", "#lobby", "--time=", *server.where], **size)


def wrapped(text, columns):
    return [text[i:i + columns].rstrip() for i in range(0, len(text), columns)]


def shows_line(tmux, typed, columns):
    """The prompt and what was typed stand on the last rows, once, whole, with the cursor behind."""
    label = "#lobby> "
    wanted = wrapped(label + typed, columns)

    def check(rows):
        return rows[-len(wanted):] == wanted and sum(row.startswith("#lobby>") for row in rows) == 1

    tmux.until(check, f"typed line {wanted}")


@pytest.mark.parametrize("columns, rows", [(80, 24), (40, 10)])
def test_typed_line_while_messages_arrive(tmp_path, columns, rows):
    typed = "The quick brown fox jumps over the lazy dog, twice."
    with ScriptedServer(ALL_CAPS) as server, in_tmux(tmp_path, server, columns=columns, rows=rows) as tmux:
        server.wait_for("^JOIN")
        tmux.shows("^#lobby>")
        with Chatter(server) as chatter:
            for end in range(1, len(typed) + 1):
                tmux.type(typed[end - 1])
                if end % 10 == 0:
                    shows_line(tmux, typed[:end], columns)
            shows_line(tmux, typed, columns)
            while chatter.said < 3 * PER_SECOND:
                shows_line(tmux, typed, columns)
            # in the middle of it
            tmux.key("Home")
            tmux.type("> ")
            shows_line(tmux, "> " + typed, columns)
            tmux.key("End", "Enter")
        server.wait_for("^PRIVMSG #lobby :> " + re.escape(typed))
        # every message arrived once, in order, and none was broken by the line
        tmux.until(lambda _: f"message {chatter.said - 1:04} ." in "\n".join(tmux.rows(True)), "last message")
        shown = re.findall(r"^<ana> \u65e5\u672c e\u0301 message (\d+) \.$", "\n".join(tmux.rows(True)), re.MULTILINE)
        assert [int(n) for n in shown] == list(range(chatter.said))
        shows_line(tmux, "", columns)


def test_typed_line_after_a_resize_while_messages_arrive(tmp_path):
    typed = "A line that is longer than forty columns, so that it wraps when there are no more of them."
    with ScriptedServer(ALL_CAPS) as server, in_tmux(tmp_path, server) as tmux:
        server.wait_for("^JOIN")
        tmux.shows("^#lobby>")
        tmux.type(typed)
        shows_line(tmux, typed, 80)
        with Chatter(server):
            for columns, rows in ((40, 10), (80, 24), (23, 8), (100, 30), (40, 10)):
                tmux.resize(columns, rows)
                shows_line(tmux, typed, columns)
        # and when nothing arrives
        for columns, rows in ((80, 24), (40, 10)):
            tmux.resize(columns, rows)
            shows_line(tmux, typed, columns)
        tmux.key("Enter")
        server.wait_for("^PRIVMSG #lobby :" + re.escape(typed))
        shows_line(tmux, "", 40)


def test_wide_and_combining_characters_are_typed_in_place(tmp_path):
    with ScriptedServer(ALL_CAPS) as server, in_tmux(tmp_path, server, columns=40, rows=10) as tmux:
        server.wait_for("^JOIN")
        tmux.shows("^#lobby>")
        typed = "\u65e5\u672c\u8a9e" * 7
        tmux.type(typed)
        # 8 + 2 * 16 columns are a full row; the rest follows on the next
        tmux.until(lambda rows: rows[-2:] == ["#lobby> " + typed[:16], typed[16:]], "wide characters")
        server.send(":ana!u@h PRIVMSG #lobby :meanwhile")
        tmux.until(lambda rows: rows[-3:] == ["<ana> meanwhile", "#lobby> " + typed[:16], typed[16:]], "both")
        tmux.key("BSpace")
        tmux.until(lambda rows: rows[-1] == typed[16:20], "one less")
        tmux.key("Enter")
        server.wait_for("^PRIVMSG #lobby :" + typed[:20] + "$")


def test_a_window_of_one_row(tmp_path):
    with ScriptedServer(ALL_CAPS) as server, in_tmux(tmp_path, server, columns=20, rows=1) as tmux:
        server.wait_for("^JOIN")
        tmux.shows("^#lobby>")
        tmux.type("short")
        server.send(":ana!u@h PRIVMSG #lobby :meanwhile")
        tmux.until(lambda rows: rows == ["#lobby> short"], "typed line")
        tmux.key("Enter")
        server.wait_for("^PRIVMSG #lobby :short$")

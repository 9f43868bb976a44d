"""Whatever a stranger puts in any field, nothing but text reaches the terminal of chat-client, nor its objects."""

import json
import os
import re
import subprocess

import pytest
from scripted_server import ScriptedServer
from terminal import Terminal
from test_chat_client import ALL_CAPS, CLIENT, DEADLINE

CAPS = ALL_CAPS + " draft/chathistory draft/message-redaction draft/multiline=max-bytes=\x1b[6n"

# OSC 52 writes the clipboard, DSR and DA make a terminal type, the others draw or turn
PAYLOADS = ["\x1b]52;c;aGk=\x07", "\x1b]0;title\x1b\\", "\x1b[6n\x1b[>c\x1b[8m", "\x1bP$q\x1b\\", "\x1bc\x1b(0", "\udc9b6n",
            "\u009b6n\u009d52;c;aGk=\u009c", "\u202egnp.exe\u2066x", "a\u200bb\u200ec\ufeff\u2060d", "\x7f\x01\x08\x0b\x0c\x0e",
            "\u2028x\u2029y\U000e0041", "\x1b[31m\x02\x0304bold"]


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def fields(payload):
    """Lines with the payload in each field that somebody else chooses. None of them is one that ends a client."""
    word = payload.replace(" ", "").replace("\x07", "").replace(":", "")
    tag = payload.replace(";", "\\:").replace(" ", "\\s")
    who = f":{word}!{word}@{word}"
    yield f"{who} PRIVMSG #lobby :{payload}"
    yield f"{who} PRIVMSG me :{payload}"
    yield f"{who} PRIVMSG @#lobby :{payload}"
    yield f"{who} NOTICE #lobby :{payload}"
    yield f":{word} NOTICE * :{payload}"
    yield f"{who} PRIVMSG #lobby :\x01ACTION {payload}\x01"
    yield f"{who} PRIVMSG me :\x01{word} {payload}\x01"
    yield f"{who} JOIN #{word}"
    yield f"{who} JOIN #lobby {word} :{payload}"
    yield f"{who} PART #lobby :{payload}"
    yield f"{who} QUIT :{payload}"
    yield f"{who} KICK #lobby {word} :{payload}"
    yield f"{who} NICK {word}x"
    yield f"{who} TOPIC #lobby :{payload}"
    yield f"{who} MODE #lobby +bklov {word} {word} {word} {word} {word}"
    yield f"{who} MODE #{word} {word}"
    yield f"{who} INVITE me #{word}"
    yield f"{who} INVITE {word} #{word}"
    yield f"{who} AWAY :{payload}"
    yield f"{who} SETNAME :{payload}"
    yield f"{who} CHGHOST {word} {word}"
    yield f"{who} ACCOUNT {word}"
    yield f"{who} RENAME #lobby #{word} :{payload}"
    yield f"{who} WALLOPS :{payload}"
    yield f"{who} KILL {word} :{payload}"
    yield f"{who} REDACT #lobby {word} :{payload}"
    yield f"{who} {word} {payload}"
    yield f"@msgid=m-{tag};time={tag};account={tag};+{tag}={tag};label={tag} {who} PRIVMSG #lobby :{payload}"
    yield f"@+draft/react={tag};+draft/reply=m-{tag} {who} TAGMSG #lobby"
    yield f"@+draft/unreact={tag};+draft/reply={tag} {who} TAGMSG #{word}"
    yield f"@+draft/reply=m-{tag} {who} PRIVMSG #lobby :{payload}"
    yield f"@+typing=active {who} TAGMSG #lobby"
    yield f"@msgid={tag} {who} BATCH +{word} draft/multiline #{word}"
    yield f"@batch={tag} {who} PRIVMSG #{word} :{payload}"
    yield f"@batch={tag} {who} PRIVMSG #{word} :{payload}"
    yield f"{who} BATCH -{word}"
    yield f"{who} BATCH +{word} {word} {word} :{payload}"
    yield f"{who} BATCH +{word}2 chathistory #{word} :{payload}"
    for verb in ("LS", "LIST", "NEW", "DEL", "ACK", "NAK", word):
        yield f"{who} CAP me {verb} :{word}={word} draft/multiline={word} sts={word}"
    for kind in ("FAIL", "WARN", "NOTE"):
        yield f"{kind} {word} {word} {word} :{payload}"
        yield f"{who} {kind} CHATHISTORY {word} {word} :{payload}"
    yield f"PING :{payload}"
    yield f"PONG {word} :{payload}"
    yield f"AUTHENTICATE {word}"
    for number in range(2, 1000):
        # what refuses a connection for good is told with its end, in other tests
        if number not in (465,):
            yield f":{word} {number:03} me {word} {word} {word} {word} {word} {word} {word} :{payload}"
            yield f":{word} {number:03} me #lobby :{payload}"
    yield f":me!{word}@{word} JOIN #{word}"
    yield f":{word} 332 me #{word} :{payload}"
    yield f":me!{word}@{word} NICK {word}"
    yield f":{word}!{word}@{word} NICK me"


def flood(server):
    for payload in PAYLOADS:
        for line in fields(payload):
            server.send(line.encode("utf-8", "surrogateescape"))  # a byte that stands alone too
    server.send(":ana!u@h PRIVMSG #lobby :that is all")


UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")
# what chat-client and libedit themselves draw with
OWN = re.compile(r"\x1b\[\?2004[hl]|\x1b\[0(;[1-9][0-9]*)*m|\x1b\[[0-9]*[ABCDGKJP@]|\r|\x08")


def test_pipe_of_everything():
    def talk(server, _tags, params):
        server.send(f":me!u@host.test JOIN {params[0]}")
        flood(server)
        server.finish()

    with ScriptedServer(CAPS, script={"JOIN": talk}) as server:
        done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", *server.where], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=2 * DEADLINE, check=False)
    assert "that is all" in done.stdout.decode()
    for stream in (done.stdout, done.stderr):
        assert not UNFIT.search(stream.decode()), UNFIT.findall(stream.decode())[:5]


def test_terminal_without_cursor_control():
    with ScriptedServer(CAPS) as server, Terminal([CLIENT, "-n", "me", "-c", "#lobby", "--bell=off", *server.where],
                                                  term="dumb", columns=200) as tty:
        tty.shows("me .*joined #lobby")
        flood(server)
        tty.shows("that is all")
        assert not UNFIT.search(tty.raw.decode().replace("\r\n", "\n"))


def test_terminal_with_a_line_being_typed():
    with ScriptedServer(CAPS) as server, Terminal([CLIENT, "-n", "me", "-c", "#lobby", "--bell=off", *server.where],
                                                  columns=200) as tty:
        tty.shows("^#lobby>")
        tty.type("typed")
        flood(server)
        tty.shows("that is all")
        drawn = OWN.sub("", tty.raw.decode("utf-8"))
        assert not UNFIT.search(drawn), UNFIT.findall(drawn)[:5]
        # windows with such names, one after the other, what the Tab key knows, whom we ignore
        for number in range(1, 9):
            tty.type(f"\x15/win {number}\r\t\x1b\t")
        tty.type("\x15/win\r/ignore\r/names\r/win 1\r")
        server.wait_for("^NAMES")
        tty.type("the end\r")
        tty.shows("> the end$")
        # the editor may ring when a key does nothing
        drawn = OWN.sub("", tty.raw.decode("utf-8")).replace("\x07", "")
        assert not UNFIT.search(drawn), UNFIT.findall(drawn)[:5]
        assert b"\x1b[8m" not in tty.raw and b"\x1b[6n" not in tty.raw and b"\x1b]" not in tty.raw


@pytest.mark.parametrize("when", ["USER", "JOIN"])
@pytest.mark.parametrize("number", ["432", "464", "465", "904", "FAIL", "ERROR", "KILL"])
def test_the_last_words(when, number):
    """Why it ends is told beside the screen, and is as inert."""
    def refuse(server, _tags, _params):
        for payload in PAYLOADS[:3]:
            if number == "FAIL":
                server.send(f"FAIL * X :{payload}")
            elif number in ("ERROR", "KILL"):
                server.send(f"{number} :{payload}")
            else:
                server.numeric(number, f":{payload}")
        server.close()

    with ScriptedServer(CAPS, script={when: refuse}) as server:
        done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", *server.where], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode in (69, 77)
    assert not UNFIT.search(done.stderr.decode())


def test_objects():
    def talk(server, _tags, params):
        server.send(f":me!u@host.test JOIN {params[0]}")
        flood(server)
        server.finish()

    with ScriptedServer(CAPS, script={"JOIN": talk}) as server:
        done = subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", "-w", "--json", *server.where],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * DEADLINE, check=False,
                              env={**os.environ, "TERM": "xterm"})
    assert not UNFIT.search(done.stdout.decode())
    objects = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert objects[-1]["text"] == "that is all"
    # what was sent is in them, not lost
    texts = [o["text"] for o in objects if o["command"] == "TOPIC"]
    assert texts == [p.replace("\udc9b", "\ufffd") for p in PAYLOADS]


def test_no_program_is_ever_started():
    """No shell can be given what was received, for chat-client starts none."""
    done = subprocess.run(["nm", "-D", "--undefined-only", CLIENT], capture_output=True, text=True, check=True)
    names = {line.split()[-1].split("@")[0] for line in done.stdout.splitlines()}
    assert "write" in names
    assert not {n for n in names if re.fullmatch(r"system|popen|exec.*|v?fork|posix_spawnp?|wordexp|_?clone.*", n)}

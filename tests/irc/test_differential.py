"""The same script over each transport, and on each poller, gives the same conversation, word for word."""

import difflib
import os
import pathlib
import re

import pytest

import harness
from harness import ALL_CAPS, FAST, Client, free_port
from test_tls import made, wrapped
from test_websocket import Web

CAPS = ALL_CAPS + " draft/chathistory draft/event-playback draft/multiline draft/message-redaction draft/search draft/metadata-2 draft/read-marker"
#: The build with the other poller, where there is one.
OTHER = pathlib.Path(os.environ.get("CHATD_KQUEUE", harness.ROOT / "build-kqueue/src/chatd/chatd"))
CONFIG = FAST + "[cloak]\nenabled = no\n[oper root]\npassword = pw\n[channels]\ndefault_modes = nt\n"

#: Who says what.
SCRIPT = """
a JOIN #x,#y key
b JOIN #x
c JOIN #x
a MODE #x +ovk b c key
a @label=1;+draft/reply=x TOPIC #x :Zürich — 東京
b @label=2;+react=👍 PRIVMSG #x,a,nobody :hello
c @+typing=active TAGMSG #x
a @label=3 BATCH +m draft/multiline #x
a @batch=m PRIVMSG #x :first
a @batch=m;draft/multiline-concat PRIVMSG #x : and more
a @batch=m PRIVMSG #x :second
a BATCH -m
b NICK bee
c AWAY :for a while
c SETNAME :Another Name
a WHO #x %tcuhnfar,7
a WHOIS bee c
b WHOWAS b
a MODE #x +b *!*@192.0.2.*
a MODE #x b
a LIST
a NAMES #x
c @label=4 CHATHISTORY LATEST #x * 50
c SEARCH in=#x;text=hello
a METADATA * SET avatar :https://example.org/a.png
b METADATA a GET avatar
a MONITOR + c,bee,nobody
c PART #x :gone
c JOIN #x key
a KICK #x c :out
a INVITE c #x
c JOIN #x key
c OPER root pw
c MODE c
a WALLOPS :no
c WALLOPS :yes
c STATS u x
b PRIVMSG #x :\x01ACTION waves\x01
b PRIVMSG #x :{long}
b @label=5 FOO bar
b MODE #nowhere +l -5
b PRIVMSG
a HELP
a MOTD
a LUSERS
c KILL bee :enough
a MARKREAD #x timestamp=2024-01-01T00:00:00.000Z
a REDACT #x nothing
a QUIT :bye
c LIST
c QUIT
""".replace("{long}", "a long line of words, " * 18)

#: What differs from run to run, and what tells how somebody came.
VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b1[6-9]\d{8}\b|\b[2-9]\d{9}\b"), "SECONDS"),
    (re.compile(r"(?<= 003 ).*| (?<=Up )\d.*"), "SINCE"),
    (re.compile(r",SCRAM-SHA-256-PLUS"), ""),
    (re.compile(r"\+?\b\d+ (?:seconds|ms)\b|up [\d:]+ days.*"), "SPAN"),
)


class Teller:
    """Words that are made up by each daemon become what they are the nth of."""

    def __init__(self, server):
        self.names = {}
        self.port = str(server.tcp[1])

    def word(self, kind, word):
        return self.names.setdefault((kind, word), f"{kind}{len(self.names)}")

    def tell(self, raw):
        for pattern, name in VARIES:
            raw = pattern.sub(name, raw)
        raw = re.sub(r"(?<=msgid=)[^; ]+", lambda m: self.word("ID", m[0]), raw)
        raw = re.sub(r"(?<=batch=)[^; ]+", lambda m: self.word("BATCH", m[0]), raw)
        return re.sub(r"(?<=BATCH [+-])\S+", lambda m: self.word("BATCH", m[0]), raw)


#: Only those who are secure have these.
SECURE = re.compile(r" 671 | 276 |secure connection")


def conversation(server, connect):
    """What each hears, after each line of the script."""
    people = {name: connect(name) for name in "abc"}
    teller, told = Teller(server), []

    def note(name, lines):
        told.extend(f"{name} < {teller.tell(m.raw)}" for m in lines if not SECURE.search(m.raw))

    for name, client in people.items():
        note(name, client.register(CAPS))
    for step in SCRIPT.strip().split("\n"):
        told.append(f"> {step}")
        name, _, line = step.partition(" ")
        people[name].send(line)
        note(name, people.pop(name).rest() if line.startswith("QUIT") else people[name].sync())
        if "KILL bee" in step:
            note("b", people.pop("b").rest())
        for name, client in people.items():
            note(name, client.sync())
    return told


def plain(server, nick):
    return Client(server.tcp, nick)


def tls(server, nick):
    return Client(wrapped(server), nick)


def web(server, nick):
    return Web(server.web, nick).upgrade()


def secure_web(server, nick):
    server.tls, kept = server.secure_web, server.tls
    client = Web(wrapped(server), nick).upgrade()
    server.tls = kept
    return client


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return made(tmp_path_factory.mktemp("pair"))[:2]


def served(start, pair, connect):
    ports = [free_port() for _ in range(3)]
    doors = zip(ports, ("tls", "irc,websocket", "tls,websocket"))
    listen = "".join(f"endpoint = 127.0.0.1:{port}?accept={accept}\n" for port, accept in doors)
    server = start(f"{CONFIG}[listen]\n{listen}[tls]\ncertificate = {pair[0]}\nkey = {pair[1]}\n")
    server.tls, server.web, server.secure_web = (("127.0.0.1", port) for port in ports)

    def come(nick):
        client = connect(server, nick)
        server.clients.append(client)
        return client

    return conversation(server, come)


def differences(expected, told):
    return "\n".join(difflib.unified_diff(expected, told, lineterm="", n=1))


@pytest.fixture
def expected(start, pair):
    return served(start, pair, plain)


@pytest.mark.parametrize("connect", [plain, tls, web, secure_web], ids=lambda f: f.__name__)
def test_transports(start, pair, expected, connect):
    assert any(" 366 " in line for line in expected) and len(expected) > 300
    assert differences(expected, served(start, pair, connect)) == ""


@pytest.mark.skipif(not OTHER.exists(), reason="there is no build with the other poller")
def test_pollers(start, pair, expected, monkeypatch):
    monkeypatch.setattr(harness, "CHATD", str(OTHER))
    assert differences(expected, served(start, pair, plain)) == ""

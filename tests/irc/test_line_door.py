"""The line door: people who have nothing but nc or telnet, beside clients of IRC."""

import re
import signal
import socket
import time

import pytest

import harness
from harness import DEADLINE, FAST, fresh

DO, WILL, WONT, DONT, IAC = 253, 251, 252, 254, 255


class Person:
    """Somebody who types lines and reads what comes."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, DEADLINE)
        self.bytes = b""
        self.raw = b""  # all that ever came
        self.over = False

    def type(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def say(self, text):
        self.type(text + "\r\n")

    @property
    def shown(self):
        return self.bytes.decode(errors="replace")

    def reads(self, pattern):
        """Waits until that is shown, and takes everything up to it."""
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self.shown, re.S)):
            assert not self.over, f"the end came before {pattern!r}: {self.shown!r}"
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            piece = self.socket.recv(65536)
            self.over = not piece
            self.bytes += piece
            self.raw += piece
        self.bytes = self.shown[found.end() :].encode()
        return found

    def ends(self):
        self.socket.settimeout(DEADLINE)
        while piece := self.socket.recv(65536):
            self.bytes += piece
        return self.shown

    def close(self):
        self.socket.close()


@pytest.fixture
def server(start):
    port = harness.free_port()
    daemon = start(
        FAST
        + f"[listen]\nendpoint = 127.0.0.1:{port}?accept=irc,line\n[accounts]\niterations = 4096\n[line]\ngreeting = 100ms\n"
        + "[oper root]\npassword = secret\n"
    )
    daemon.line = ("127.0.0.1", port)
    return daemon


@pytest.fixture
def come(server):
    people = []

    def one(name=None):
        person = Person(server.line)
        people.append(person)
        if name:
            person.say("hello")
            person.reads("What is your name")
            person.say(name)
            person.reads(f"Hello, {name}")
            person.reads("You are in #lobby")
        return person

    yield one
    for person in people:
        person.close()


def test_a_conversation(server, come):
    ann = server.client(caps="extended-join")
    ann.join("#lobby")
    bob = come(fresh("bob"))
    joined = ann.wait("JOIN", "#lobby")
    name = joined.source.split("!")[0]
    bob.say("hello everybody")
    assert ann.wait("PRIVMSG").params == ["#lobby", "hello everybody"]
    ann.send("PRIVMSG #lobby :hello to you")
    bob.reads(rf"\[\d\d:\d\d\] {ann.nick}: hello to you\r\n")
    bob.say("/me waves")
    assert ann.wait("PRIVMSG").params[1] == "\x01ACTION waves\x01"
    ann.send("PRIVMSG #lobby :\x01ACTION waves back\x01")
    bob.reads(rf"{ann.nick} waves back")
    bob.say(f"/msg {ann.nick} psst")
    assert ann.wait("PRIVMSG").params == [ann.nick, "psst"]
    ann.send(f"PRIVMSG {name} :what?")
    bob.reads("what\\?")
    assert ann.ask(f"WHOIS {name}").one("311").params[1] == name
    bob.say("/quit see you")
    assert "see you" in ann.wait("QUIT").params[0]
    bob.ends()


def test_a_channel_without_its_sign_may_be_as_long_as_a_word(come):
    bob = come(fresh("bob"))
    for n in (126, 127, 128, 400):
        bob.say("/join " + "x" * n)
        bob.reads("x" * 60)
    bob.say("/bell on")
    bob.reads("The bell rings")


def test_each_command(server, come):
    ann = server.client()
    bob = come("bob")
    bob.say("/join other")
    bob.reads("You are in #other")
    ann.send("JOIN #other")
    bob.reads(f"{ann.nick}")
    bob.say("/topic about this")
    assert ann.wait("TOPIC").params == ["#other", "about this"]
    bob.say("/who")
    bob.reads(f"In #other: .*{ann.nick}")
    bob.say("/nick rob")
    assert ann.wait("NICK").params == ["rob"]
    bob.reads("You are called rob now")
    bob.say("/leave")
    assert ann.wait("PART", "#other")
    bob.reads("goes to #lobby now")
    bob.say("/list")
    bob.reads("#other")
    bob.say("/nonsense")
    bob.reads("nonsense")
    bob.say("//not a command")
    ann.send("JOIN #lobby")
    bob.reads(f"{ann.nick}")
    bob.say("//a line")
    assert ann.wait("PRIVMSG").params[1] == "/a line"
    for line in ("/help", "/bell off", "/joins off", "/away gone", "/away", "/motd"):
        bob.say(line)
    bob.say("/quit")
    assert "\x1b" not in bob.ends()


def test_the_bell(server, come):
    ann = server.client()
    ann.join("#lobby")
    bob = come("bob")
    ann.send("PRIVMSG #lobby :hey bob, look")
    bob.reads("\x07.*look|look.*\x07")
    ann.send("PRIVMSG #lobby :bobbing is no mention")
    assert "\x07" not in bob.reads("is no mention").string
    bob.say("/bell off")
    bob.reads("The bell is silent")
    ann.send("PRIVMSG #lobby :bob?")
    assert "\x07" not in bob.reads("bob\\?").string


def test_a_name_that_is_taken(server, come):
    ann = server.client(nick="taken")
    bob = come()
    bob.say("x y z")
    bob.reads("What is your name")
    bob.say("taken")
    bob.reads("taken")
    bob.say("not a name")
    bob.say("free")
    bob.reads("Hello, free")
    assert not ann.sync().of("ERROR")


def test_a_name_that_is_reserved(server, come):
    owner = server.client(nick="owner", caps="draft/account-registration")
    assert owner.ask("REGISTER * * :correcthorse").one("REGISTER").params[0] == "SUCCESS"
    owner.send("QUIT").rest()
    bob = come()
    bob.say("")
    bob.reads("What is your name")
    bob.say("owner")
    bob.reads("owner")
    bob.say("/login owner")
    bob.reads("(?i)password")
    bob.say("correcthorse")
    bob.reads("Hello, owner")


def test_a_password_is_hidden_from_a_terminal(server, come):
    owner = server.client(nick="hidden", caps="draft/account-registration")
    owner.ask("REGISTER * * :correcthorse")
    owner.send("QUIT").rest()
    bob = come()
    bob.type(bytes([IAC, DO, 3, IAC, WILL, 24]) + b"tess\r\0")
    bob.reads("Hello, tess")
    bob.type(b"/login hidden\r\0")
    bob.reads("(?i)password")
    assert bytes([IAC, WONT, 3, IAC, DONT, 24]) in bob.raw
    bob.type(b"wrong-guess\r\0")
    bob.reads("(?i)wrong")
    hidden, shown = bob.raw.index(bytes([IAC, WILL, 1])), bob.raw.index(bytes([IAC, WONT, 1]))
    assert hidden < shown
    bob.type(b"/login hidden\r\0correcthorse\r\0")
    bob.reads("(?i)logged in.*hidden|hidden.*logged in")
    assert "wrong-guess" not in server.log and "correcthorse" not in server.log


def test_who_says_nothing_is_told_how(server, come):
    bob = come()
    bob.reads("NOTICE .*\r\n")
    bob.say("bob")
    bob.reads("Hello, bob")


def test_a_slow_client_is_not_harmed(server):
    with harness.Client(server.line, "slow") as client:
        assert client.wait("NOTICE")
        client.register()
        assert client.ask("VERSION").one("351")


@pytest.mark.parametrize("first", ["NICK ann", "nick ann", "CAP LS 302", ":x NICK ann", "@a=b PING x", "PING x", "QUIT"])
def test_clients_are_told_from_people(server, first):
    with harness.Client(server.line, "x") as client:
        client.send(first, "NICK ann", "USER a 0 * :a", "CAP END")
        client.send("QUIT")
        assert "What is your name" not in client.rest().text


@pytest.mark.parametrize("first", ["GET / HTTP/1.1", "GET /", "POST /x HTTP/1.0", "OPTIONS * HTTP/1.1"])
def test_http_is_refused(server, come, first):
    bob = come()
    bob.say(first)
    assert "not a web server" in bob.ends()


def test_tls_is_refused(server, come):
    bob = come()
    bob.type(bytes.fromhex("16030100c8010000c40303") + bytes(50) + b"\n")
    assert "TLS" in bob.ends()


def test_only_what_is_fit_for_a_terminal(server, come):
    evil = "\x1b]52;c;AAAA\x07\x1b[31m\x9b31m\u202e\u200b\u2066\x02\x0304x"
    ann = server.client(nick="ann", realname=evil)
    ann.join("#lobby")
    bob = come("bob")
    for line in (
        f"PRIVMSG #lobby :{evil}",
        f"NOTICE #lobby :{evil}",
        f"PRIVMSG #lobby :\x01ACTION {evil}\x01",
        f"PRIVMSG #lobby :\x01{evil}\x01",
        f"TOPIC #lobby :{evil}",
        f"KICK #lobby bob :{evil}",
    ):
        ann.ask(line)
    bob.say("/whois ann")
    bob.say("/join #lobby")
    ann.send(f"QUIT :{evil}")
    bob.reads("(?s)ann.*#lobby")
    bob.say("/quit")
    shown = bob.ends()
    for c in shown:
        assert c in "\r\n\x07" or (c.isprintable() and not 0x80 <= ord(c) < 0xA0), f"{c!r} in {shown!r}"


def test_long_lines_arrive_whole(server, come):
    ann = server.client()
    ann.join("#lobby")
    bob = come("bob")
    words = " ".join(f"word{n}" for n in range(200))
    bob.say(words)
    got = ""
    while len(got) < len(words):
        got += (" " if got else "") + ann.wait("PRIVMSG").params[1]
    assert got == words


def test_a_restart_is_not_noticed(server, come):
    ann = server.client()
    ann.join("#lobby")
    bob = come("bob")
    late = come()
    late.say("hm")
    late.reads("What is your name")
    bob.type("half of ")
    ann.sync()
    for n in range(2):
        server.send_signal(signal.SIGUSR2)
        server.wait_for(lambda n=n: sum("CHATD_EVENT=handover " in e for e in server.entries) > n, "the successor")
    bob.say("a line")
    assert ann.wait("PRIVMSG").params == ["#lobby", "half of a line"]
    ann.send("PRIVMSG #lobby :still there")
    bob.reads("still there")
    late.say("late")
    late.reads("Hello, late")


def test_bans_and_kills_are_told(server, come):
    oper = server.client()
    oper.ask("OPER root secret")
    bob = come("bob")
    oper.send("KILL bob :enough")
    assert "enough" in bob.ends()
    oper.ask("XLINE 1h eve :no eves")
    eve = come()
    eve.say("hi")
    eve.reads("What is your name")
    eve.say("eve")
    assert "no eves" in eve.ends()


def test_in_spanish(start):
    port = harness.free_port()
    start(FAST + f"[listen]\nendpoint = 127.0.0.1:{port}?accept=line\n[server]\nlanguage = es\n")
    bob = Person(("127.0.0.1", port))
    bob.reads("¿")
    bob.say("beto")
    bob.reads("Hola, beto|beto")
    bob.close()


def test_a_door_for_lines_alone(start):
    """Whoever connects is greeted at once, and what looks like IRC is a name that is none."""
    port = harness.free_port()
    start(FAST + f"[listen]\nendpoint = 127.0.0.1:{port}?accept=line\n")
    bob = Person(("127.0.0.1", port))
    bob.reads("What is your name")
    bob.say("bob")
    bob.reads("Hello, bob")
    bob.close()


def test_nobody_is_asked_for_an_answer(start):
    """A client that says nothing is asked, and given up; a person is not, as long as the connection is there."""
    port = harness.free_port()
    daemon = start(FAST + f"[listen]\nendpoint = 127.0.0.1:{port}?accept=irc,line\n[limits]\nping_timeout = 1s\n")
    bob = Person(("127.0.0.1", port))
    bob.say("x")
    bob.reads("What is your name")
    bob.say("bob")
    bob.reads("Hello, bob")
    silent = daemon.client()
    assert "Ping timeout" in silent.rest().text
    assert daemon.client().ask("WHOIS bob").one("311")
    bob.say("still here")
    bob.say("/who")
    bob.reads("In #lobby")
    assert "PING" not in bob.raw.decode(errors="replace")
    bob.close()

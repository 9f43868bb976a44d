"""What somebody does who means harm: commands that end what they stand on, talk that must cost something, and noise."""

import random
import re
import select
import signal
import socket
import time

import pytest

import sasl
from harness import ALL_CAPS, FAST, chan, free_port, fresh

OPER = "[oper root]\npassword = pw\n"


def held(client, seconds=0.3):
    """That the answer to what it said last does not come."""
    client.socket.settimeout(seconds)
    with pytest.raises(AssertionError, match="nothing came"):
        client.wait("PONG", "irc.test.example", "last")


def test_a_channel_that_ends_in_the_middle_of_its_mode_command(start):
    """Empty, it is there while it is registered; the rest of the line finds it gone."""
    server = start(FAST + OPER)
    op = server.client("op")
    op.ask("OPER root pw")
    for rest in ("b", "+b x!*@*", "e", "+o nobody", "+l", "+X", "+r", "+v-v"):
        channel = chan()
        op.ask(f"JOIN {channel}", f"MODE {channel} +r", f"PART {channel}")
        modes, _, params = rest.partition(" ")
        op.ask(f"MODE {channel} -r{modes} {params}".rstrip(), f"MODE {channel} -r+b-r+bIe x y z")
        assert op.ask(f"MODE {channel}").commands == ["403"]


def test_a_reload_that_comes_after_the_end(start):
    """It opens no door again that has been closed for good."""
    server = start(FAST + OPER)
    op, other = server.client("op"), server.client("other")
    op.ask("OPER root pw")
    op.send("DIE :enough", "REHASH")
    assert op.rest().of("ERROR") and other.rest().of("ERROR")
    server.check_end()
    assert "the server is stopping" in server.log
    assert len(re.findall("listening on", server.log)) == 2


def test_a_list_of_channels_costs_more_than_one(start):
    server = start("[limits]\nflood_burst = 12\nflood_rate = 1\n")
    c = server.client("c")
    channels = ",".join(chan() for _ in range(60))
    c.send(f"JOIN {channels}", "PING last")
    assert len(c.until(lambda m: m.command == "366" and m.params[1] == channels.split(",")[-1]).of("JOIN")) == 60
    held(c)
    c.reset()


@pytest.mark.parametrize("line", ["PART", "NAMES", "WHOIS", "WHOWAS", "KICK #nowhere"])
def test_lists_of_other_things_cost_as_well(start, line):
    server = start("[limits]\nflood_burst = 10\nflood_rate = 1\ntargets = 100\n")
    c = server.client("c")
    c.send(f"{line} {','.join(f'x{i}' for i in range(80))}", "PING last")
    if line.startswith("KICK"):
        assert c.wait("403")
        c.wait("PONG")
    else:
        held(c)
    c.reset()


SPEECH = [
    "MODE {}",
    "MODE {} b",
    "MODE {} +b x!*@*",
    "MODE {} +o {me}",
    "TOPIC {}",
    "TOPIC {} :x",
    "NAMES {}",
    "LIST {}",
    "LIST {}*",
    "WHO {}",
    "WHO {} %tcn,1",
    "PART {}",
    "PART {} :x",
    "KICK {} {other}",
    "KICK {},{} {other},{other}",
    "INVITE {other} {}",
    "PRIVMSG {} :x",
    "PRIVMSG @{} :x",
    "NOTICE {} :x",
    "@+t=1 TAGMSG {}",
    "WHOIS {}",
    "WHOIS {other}",
    "WHO {other}",
    "USERHOST {}",
    "MONITOR + {}",
]


@pytest.mark.parametrize("line", SPEECH)
def test_a_secret_channel_is_as_one_that_is_not_there(server, line):
    """To a stranger, whatever is asked, in every form: but for the name it is the same answer."""
    me, other = server.client("me", ALL_CAPS), server.client("other")
    secret, none = chan("same"), chan("same")
    other.ask(f"JOIN {secret}", f"MODE {secret} +s", f"TOPIC {secret} :hush", f"MODE {secret} +b a!b@c")
    answers = []
    for name in (secret, none):
        said = me.ask("@label=l " * (line[0] != "@") + line.format(name, name, me=me, other=other))
        said = re.sub(r"(time|batch)=[^; ]*|BATCH \S+|(?<=317 )\S+ \S+ \d+", "", said.text)
        answers.append(said.replace(name, "#name"))
    assert answers[0] == answers[1]


def test_nobody_speaks_for_another(server):
    a, b, c = server.client("a"), server.client("b"), server.client("c")
    channel = server.channel(a, b, c)
    a.send(f":{b.nick}!user@127.0.0.1 PRIVMSG {channel} :1", f":irc.test.example NOTICE {c.nick} :2")
    a.send(f"@account=root;time=2000-01-01T00:00:00.000Z;msgid=x;+ok=1 :{b.nick} NOTICE {channel} :3")
    a.sync()
    heard = c.sync().of("PRIVMSG", "NOTICE")
    assert {m.source.split("!")[0] for m in heard} == {a.nick} and len(heard) == 3


TURNS = 3000


class Noise:
    """Lines of commands that exist, with parameters that may mean something to them, or not."""

    COMMANDS = (
        "NICK USER CAP JOIN PART MODE TOPIC KICK INVITE NAMES LIST WHO WHOIS WHOWAS PRIVMSG NOTICE TAGMSG AWAY SETNAME "
        "MONITOR OPER KILL REHASH WALLOPS STATS MOTD HELP USERHOST ISON PING QUIT"
    ).split() + ["JOIN", "MODE", "PRIVMSG"] * 8
    WORDS = (
        ["#a", "#b", "#é", "#a,#b,#c,#a", "0", "*", "", "+", "-", "C", "S", ":", ":x y", "*!*@*", "~a:x", "~m:~a:y"]
        + ["a?*b*", "x" * 300, "é" * 200, "\x01ACTION x\x01", "\x1b[31m", "root", "pw", "%tcuihsnfdlaor,123", "o"]
        + ["C>1,T<5,>0,!*b*", "-1", "99999999999999999999", "+beIklimst", "+o-v+b", "-r+r"]
    )

    def __init__(self, seed, people):
        self.random = random.Random(seed)
        self.nicks = [f"n{i}" for i in range(people)]

    def word(self):
        pick = self.random.random()
        if pick < 0.2:
            return self.random.choice(self.nicks)
        if pick < 0.3:
            return ",".join(self.random.choices(self.nicks, k=8))
        return self.random.choice(self.WORDS)

    def line(self):
        random = self.random
        command = random.choice(self.COMMANDS)
        if command in ("QUIT", "KILL", "REHASH") and random.random() < 0.8:
            command = "OPER root pw"
        elif command == "CAP":
            command = "CAP REQ :" + random.choice([ALL_CAPS, "-batch", "-labeled-response"])
        words = [command] + [self.word() for _ in range(random.randrange(5))]
        if command in ("JOIN", "MODE", "PRIVMSG", "TOPIC", "KICK"):
            words.insert(1, random.choice(["#a", "#b", "#é"]))
        line = " ".join(words).encode()
        if random.random() < 0.3:
            line = b"@label=%d;+t=%s " % (random.randrange(9), b"v" * random.randrange(2000)) + line
        if random.random() < 0.02:
            at = random.randrange(len(line))
            line = line[:at] + bytes([random.randrange(256)]) + line[at + 1 :]
        return line[:4600] + b"\r\n"


class Stranger:
    def __init__(self, server, noise):
        self.client = server.connect(noise.random.choice(noise.nicks), noise.random.choice([server.tcp, server.unix]))
        self.client.socket.setblocking(False)
        self.deaf = noise.random.random() < 0.2
        self.heard = b""
        self.ready = b"NICK %s\r\nUSER u 0 * :r\r\n" % self.client.nick.encode()
        if noise.random.random() < 0.7:
            self.ready = b"CAP REQ :%s\r\n%sCAP END\r\n" % (ALL_CAPS.encode(), self.ready)

    def fileno(self):
        return self.client.socket.fileno()

    def say(self, noise):
        if len(self.ready) < 4096:
            self.ready += b"".join(noise.line() for _ in range(noise.random.choice([1, 2, 10])))
        try:
            self.ready = self.ready[self.client.socket.send(self.ready) :]
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass

    def hear(self):
        """Every line is checked. False: the end."""
        try:
            data = self.client.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.heard += data
        *lines, self.heard = self.heard.split(b"\n")
        for line in lines:
            check_line(line)
        return bool(data)


def check_line(line):
    assert line.endswith(b"\r") and not re.search(b"[\r\0]", line[:-1]), line
    tags, body = re.fullmatch(r"(@[^ ]+ )?([^ ].*)", line[:-1].decode(), re.S).groups()
    assert len(tags or "") <= 8191 and len(body.encode()) <= 510, line
    assert re.match(r":[^ :]+ [A-Z0-9]+|ERROR :", body), line


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_noise(start, tmp_path, seed):
    """Some seconds of many who say anything, do not read, break off, while the configuration is read again and again."""
    config = OPER + FAST + "sendq = 32k\nchannels = 5\nlist = 6\n"
    server = start(config, args=["--state", str(tmp_path)])
    noise = Noise(seed, 10)
    server.descriptors_before += 1  # a second one of the store, for as long as it wants
    strangers = []
    for turn in range(TURNS):
        while len(strangers) < 20:
            strangers.append(Stranger(server, noise))
        wanted = [s for s in strangers if not s.deaf]
        for stranger in select.select(wanted, [], [], 0.01)[0]:
            if not stranger.hear():
                stranger.client.close()
                strangers.remove(stranger)
        for stranger in noise.random.sample(strangers, len(strangers) // 2):
            stranger.say(noise)
        if turn % 20 == 0:
            stranger.client.reset()
            strangers.remove(stranger)
        elif turn % 20 == 10:
            try:
                stranger.client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        elif turn % 50 == 5:
            server.send_signal(signal.SIGHUP)
    for stranger in strangers:
        stranger.client.close()
    begin = time.monotonic()
    quiet = server.connect(fresh("quiet"))
    quiet.register()
    assert quiet.ask("VERSION").of("351") and time.monotonic() - begin < 10


GUESSES = "[accounts]\niterations = {}\nattempts = 3\nattempts_per = 24h\n"
SASL = "sasl draft/account-registration"


def owner_of(server):
    owner = server.client("owner", caps=SASL)
    assert owner.ask("REGISTER * * :correct horse").one("REGISTER").params[0] == "SUCCESS"
    return owner


def test_guesses_that_are_begun_at_once(start):
    """Each was begun before any had failed; the fourth is told nothing, though it is right."""
    server = start(FAST + GUESSES.format(4096))
    owner = owner_of(server)
    tries = []
    for password in ("one", "two", "three", "correct horse"):
        client, s = server.connect("in"), sasl.Scram(owner.nick, password)
        client.ask("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
        client.send(f"AUTHENTICATE {sasl.encode(s.first().encode())}")
        tries.append((client, s.final(sasl.challenge(client))))
    said = [client.ask(f"AUTHENTICATE {sasl.encode(final.encode())}") for client, final in tries]
    assert [s.commands for s in said] == [["904"]] * 4
    assert "try again later" in said[3].text


def test_passwords_that_are_tried_at_once(start):
    """They wait for the thread together: what comes after the third wrong one is told nothing."""
    server = start(FAST + GUESSES.format(200000))
    owner = owner_of(server)
    clients = [server.connect("in") for _ in range(6)]
    for client in clients:
        client.ask("CAP REQ :sasl", "AUTHENTICATE PLAIN")
    for client, password in zip(clients, ["wrong"] * 5 + ["correct horse"]):
        owner.sync()  # those before it have been read
        client.send(f"AUTHENTICATE {sasl.encode(f'{chr(0)}{owner.nick}{chr(0)}{password}'.encode())}")
    assert all(client.wait("904") for client in clients)


def test_guesses_from_all_over_a_network_of_ipv6(start):
    """Who has one address of a /64 has all of them."""
    port = free_port()
    server = start(f"[listen]\nendpoint = 127.0.0.1:{port}?proxy\n" + FAST + GUESSES.format(4096))
    owner = owner_of(server)
    for n, password in enumerate(("one", "two", "three", "correct horse")):
        client = server.connect("in", ("127.0.0.1", port))
        client.raw(f"PROXY TCP6 2001:db8::{n:x} 2001:db8::1 40000 6667\r\n".encode()).ask("CAP REQ :sasl")
        name = owner.nick if n == 3 else f"nobody{n}"
        assert ("try again later" in sasl.plain(client, name, password).text) == (n == 3)


def test_work_for_clients_that_have_gone(start):
    """Whoever asks for a slow derivation and leaves keeps nobody waiting who comes after."""
    server = start(FAST + GUESSES.format(500000).replace("attempts = 3", "attempts = 0"))
    owner = owner_of(server)
    before = server.cpu()
    owner.ask("NS IDENTIFY once")
    once = server.cpu() - before
    before = server.cpu()
    for _ in range(40):
        client = server.connect("in")
        client.ask("CAP REQ :sasl", "AUTHENTICATE PLAIN")
        client.send(f"AUTHENTICATE {sasl.encode(f'{chr(0)}{owner.nick}{chr(0)}wrong'.encode())}")
        client.reset()
    owner.ask("NS IDENTIFY once")
    assert server.cpu() - before < 20 * once

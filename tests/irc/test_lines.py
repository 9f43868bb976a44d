"""What a line is: grammar, lengths, bytes that have no place in it."""

import pytest

from harness import ALL_CAPS, FAST, SERVER, chan, wait_until


@pytest.fixture
def pair(server):
    """Two in a channel, and its name."""
    a, b = server.client("a"), server.client("b")
    return a, b, server.channel(a, b)


@pytest.mark.parametrize(
    "line",
    [
        b"PING x\n",
        b"PING x\r\n",
        b"ping x\r\n",
        b"PiNg   x\r\n",
        b"  PING x\r\n",
        b":somebody PING x\r\n",
        b":somebody  PING  :x\r\n",
        b"@a=b;c PING x\r\n",
        b"@a=b :me PING x\r\n",
        b"@ PING x\r\n",
        b"PING x \r\n",
    ],
)
def test_forms_of_one_command(server, line):
    c = server.client()
    c.raw(line)
    assert c.wait("PONG").params == [SERVER, "x"]


def test_nothing_is_nothing(server):
    c = server.client()
    c.raw(b"\r\n\n   \r\n\t\r\n\r\n")
    assert not c.sync()


@pytest.mark.parametrize("line", ["@tags", ":source", "@a :b", "@a=b :c"])
def test_no_command_at_all(server, line):
    c = server.client()
    assert c.ask(line).commands == ["400"]


@pytest.mark.parametrize("word", ["P1NG", "12", "1234", "PRIV-MSG", "x" * 400])
def test_words_that_are_no_commands(server, word):
    c = server.client()
    assert c.ask(f"{word} x").one("421").params[1] == word.upper()
    assert server.connect().ask(f"{word} x").commands == ["451"]


def test_unknown_commands(server):
    c = server.client()
    assert c.ask("NONSENSE a b").one("421").params[1] == "NONSENSE"
    assert c.ask("001 x", "PRIVMSGX a :b").commands == ["421", "421"]


def test_fifteen_parameters_and_more(server):
    c = server.client()
    said = c.ask("USERHOST " + " ".join(f"n{i}" for i in range(30)))
    assert said.commands == ["302"]
    assert server.client().ask("TOPIC #x" + " y" * 20).commands == ["403"]


def body_of(pair, n):
    a, b, channel = pair
    head = f"PRIVMSG {channel} :"
    return head + "x" * (n - len(head))


def test_the_longest_body(pair):
    a, b, channel = pair
    assert not a.ask(body_of(pair, 510))
    text = b.sync().one("PRIVMSG").params[1]
    assert len(text) > 400 and set(text) == {"x"}
    assert len(b.transcript[-2].raw.encode()) <= 510


def test_a_body_too_long(pair):
    a, b, channel = pair
    assert a.ask(body_of(pair, 511)).commands == ["417"]
    assert a.ask(body_of(pair, 8000)).commands == ["417"]
    assert not b.sync()


def test_a_line_longer_than_any(pair):
    a, b, channel = pair
    for size in (8702, 8703, 8704, 20000, 100000):
        assert a.ask("PRIVMSG " + "x" * size).commands == ["417"], size
    assert not a.ask(f"PRIVMSG {channel} :still here")
    assert b.sync().one("PRIVMSG").params[1] == "still here"


def test_tags_at_their_limit(server):
    a, b = server.client("a", "message-tags"), server.client("b", "message-tags")
    longest = "+" + "t" * 99 + "=" + "v" * (4094 - 101)
    assert not a.ask(f"@{longest} PRIVMSG {b.nick} :x")
    assert len(b.sync().one("PRIVMSG").tags["+" + "t" * 99]) == 4094 - 101
    assert a.ask(f"@{longest}v PRIVMSG {b.nick} :x").commands == ["417"]
    assert not b.sync()
    full = "x" * (510 - len(f"PRIVMSG {b.nick} :"))
    assert not a.ask(f"@{longest} PRIVMSG {b.nick} :{full}")
    assert b.sync().one("PRIVMSG")


@pytest.mark.parametrize(
    "text", ["\u00e4" * 250, "x" + "\u00e4" * 249, "\u20ac" * 160, "x\u20ac" * 120, "\U0001f600" * 122]
)
def test_what_a_prefix_makes_too_long_is_cut_on_a_code_point(pair, text):
    a, b, channel = pair
    text = text.encode()[: 510 - len(f"PRIVMSG {channel} :")].decode(errors="ignore")
    assert not a.ask(f"PRIVMSG {channel} :{text}")
    got = b.sync().one("PRIVMSG").params[1]
    assert text.startswith(got) and len(got) > 100


@pytest.mark.parametrize(
    "bad",
    [b"\xff", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xf0\x9f\x98"],
)
def test_what_is_not_utf8_goes_nowhere(pair, bad):
    a, b, channel = pair
    for line in (
        b"PRIVMSG %b :a%bb",
        b"NOTICE %b :a%bb",
        b"TOPIC %b :%b",
        b"PART %b :%b",
        b"MODE %b +k %b",
        b"MODE %b +b %b!*@*",
    ):
        a.raw(line % (channel.encode(), bad) + b"\r\n")
    a.raw(b"SETNAME :%b\r\nAWAY :%b\r\nNICK %b\r\nJOIN #%b\r\n@+x=%b PRIVMSG y :z\r\n" % ((bad,) * 5))
    assert a.sync().commands == ["FAIL"] * 11
    assert not b.sync()


@pytest.mark.parametrize("smuggled", [b"\rPRIVMSG %b :second", b"\x00PRIVMSG %b :second", b"\r", b"\x00", b"a\rb\rc"])
def test_cr_and_nul_smuggle_nothing(pair, smuggled):
    a, b, channel = pair
    name = channel.encode()
    second = smuggled % name if b"%b" in smuggled else smuggled
    a.raw(b"PRIVMSG " + name + b" :first" + second + b"third\r\n")
    a.raw(b"TOPIC " + name + b" :first" + second + b"third\r\n")
    assert a.sync().commands == ["400", "400"]
    assert not b.sync()


def test_one_cr_before_the_end_is_the_end(pair):
    a, b, channel = pair
    a.raw(f"PRIVMSG {channel} :x\r\r\n".encode())
    assert a.sync().commands == ["400"]
    a.raw(f"PRIVMSG {channel} :y\r\n".encode())
    a.sync()
    assert b.sync().one("PRIVMSG").params[1] == "y"


def test_bytes_without_any_newline(start):
    """Megabytes of them: no memory for them, no time for them, and one answer."""
    server = start(FAST)
    other, c = server.client("other"), server.client("c")
    c.raw(b"x" * 100000)
    c.wait("417")
    memory, cpu = server.memory(), server.cpu()
    for _ in range(100):
        c.raw(b"x" * 100000)
        other.sync()
    server.check_memory(memory, 2 << 20)
    assert server.cpu() - cpu < 5
    assert not c.ask("")
    assert not other.sync()


def test_binary_on_a_text_port(server):
    c = server.connect()
    c.raw(bytes(range(256)) * 20 + b"\n")
    answer = c.read()
    assert answer.command in ("400", "417", "FAIL", "451")
    tls_hello = bytes.fromhex("16030100c8010000c40303") + bytes(200)
    d = server.connect()
    d.raw(tls_hello + b"\r\n")
    assert d.read().command in ("400", "417", "FAIL")
    d.sync()


@pytest.mark.parametrize(
    "request_line", ["GET / HTTP/1.1", "POST / HTTP/1.0", "POST /x y HTTP/1.1", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0"]
)
def test_http_is_refused_at_its_first_line(server, request_line):
    witness = server.client("witness")
    c = server.connect()
    body = f"NICK evil\r\nUSER e 0 * :e\r\nPRIVMSG {witness.nick} :from a browser\r\n"
    c.raw(f"{request_line}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    assert c.rest().commands == ["ERROR"]
    assert not witness.sync()


def test_every_command_with_odd_parameters(server):
    """Whatever the words are, there is an answer or none, and the daemon lives on."""
    c = server.client("c", ALL_CAPS)
    channel = chan()
    c.join(channel)
    commands = (
        "CAP PASS NICK USER PING PONG ERROR JOIN PART TOPIC NAMES LIST INVITE KICK MODE PRIVMSG NOTICE TAGMSG WHO "
        "WHOIS WHOWAS USERHOST ISON AWAY SETNAME MONITOR MOTD VERSION TIME INFO ADMIN LUSERS STATS HELP HELPOP LINKS "
        "OPER KILL REHASH WALLOPS DIE RESTART ISUPPORT"
    ).split()
    words = [
        "",
        " :",
        " *",
        " ,",
        " ,,,,",
        f" {channel}",
        f" {channel},{channel}",
        f" {channel} :",
        f" {channel} , ,",
        f" {c.nick}",
        f" {c.nick},{c.nick} {channel}",
        " :a b c",
        " 0",
        " -1",
        " 99999999999999999999",
        " +",
        " -",
        " + :",
        " %s%n",
        " \u202e\u2066",
        " \x02\x1b[2J",
        " #" + "x" * 400,
        " " + "y" * 450,
        " a" * 14 + " :z",
        " @+%&~#",
        f" @{channel} :x",
        f" {channel} +" + "bklovhaqeI" * 10,
        f" {channel} -lkbbb :",
        f" {channel} +k-k+k-k a b c d",
        " ::",
        " : : :",
        " " + ",".join(f"#{i}" for i in range(100)),
        " " + ",".join("*" * 200),
        " *" * 14,
        " !" + "*?" * 200,
    ]
    for command in commands:
        for word in words:
            line = f"{command}{word}"
            c.send(line, f"@label=x {line}")
        c.sync()
    assert c.ask("VERSION").of("351")


def test_half_a_line_at_the_end_is_no_line(server):
    a, b = server.client("a"), server.client("b")
    channel = server.channel(a, b)
    a.raw(f"PRIVMSG {channel} :whole\r\nPRIVMSG {channel} :half".encode())
    a.close()
    said = b.until(lambda m: m.command == "QUIT")
    assert [m.params[1] for m in said.of("PRIVMSG")] == ["whole"]


def test_quit_ends_it_whatever_follows(server):
    a, b = server.client("a"), server.client("b")
    channel = server.channel(a, b)
    a.raw(b"QUIT :bye\r\n" + f"PRIVMSG {channel} :after\r\nJOIN {channel}\r\n".encode() * 5000)
    assert a.rest().commands == ["ERROR"]
    assert b.sync().commands == ["QUIT"]
    wait_until(lambda: not b.ask(f"WHOIS {a.nick}").of("311"), "a to be gone")

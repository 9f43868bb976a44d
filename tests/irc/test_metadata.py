"""What people say about themselves and their channels: METADATA, as draft/metadata-2 and draft/metadata-3."""

import signal

import pytest


from harness import FAST, chan, fresh

PASSWORD = "correcthorse"
CAPS = "batch draft/metadata-3"
OLD = "batch draft/metadata-2"


@pytest.fixture
def server(start):
    return start(FAST + "[oper root]\npassword = pw\n")


def values(lines, command="761"):
    return [m.params[1:] for m in lines.of(command)]


def test_what_is_offered(server):
    with server.connect("x") as client:
        offered = " ".join(line.params[-1] for line in client.ask("CAP LS 302").of("CAP")).split()
        told = "before-connect,max-subs=50,max-keys=20,max-value-bytes=400"
        assert {f"draft/metadata-2={told}", f"draft/metadata-3={told}"} <= set(offered)


def test_both_forms(server):
    a, b, old = server.client(caps=CAPS), server.client(caps=CAPS), server.client(caps=OLD)
    channel = server.channel(a, b, old)
    for client in (b, old):
        client.ask("METADATA * SUB url")
    assert values(a.ask("METADATA * SET url :http://a.example")) == [[a.nick, "url", "*", "http://a.example"]]
    assert values(b.sync()) == [[a.nick, "url", "*", "http://a.example"]]
    told = old.sync().one("METADATA")
    assert told.params == [a.nick, "url", "*", "http://a.example"] and told.source.startswith(a.nick + "!")
    a.ask("METADATA * SET url")
    assert b.sync().one("766").params[1:3] == [a.nick, "url"]
    assert old.sync().one("METADATA").params == [a.nick, "url", "*", ""]
    a.ask(f"METADATA {channel} SET url :http://c.example")
    assert values(b.sync()) == [[channel, "url", "*", "http://c.example"]]
    assert old.sync().one("METADATA").params[0] == channel


def test_nobody_else_hears(server):
    a, silent, other, stranger = (server.client(caps=CAPS) for _ in range(4))
    server.channel(a, silent, other)
    other.ask("METADATA * SUB avatar")
    stranger.ask("METADATA * SUB url")
    a.ask("METADATA * SET url :x")
    for client in (silent, other, stranger):
        assert not client.sync()


def test_who_watches_hears(server):
    a, watcher = server.client(caps=CAPS), server.client(caps=CAPS)
    a.ask("METADATA * SET url :x")
    watcher.ask("METADATA * SUB url")
    said = watcher.ask(f"MONITOR + {a.nick}")
    assert values(said) == [[a.nick, "url", "*", "x"]]
    a.ask("METADATA * SET url :y")
    assert values(watcher.sync()) == [[a.nick, "url", "*", "y"]]


def test_those_who_come_into_a_channel(server):
    a, b = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = chan()
    for client in (a, b):
        client.ask("METADATA * SUB url", f"METADATA * SET url :of-{client.nick}")
    a.join(channel)
    a.ask(f"METADATA {channel} SET url :place")
    said = b.ask(f"JOIN {channel}")
    batch = said.of("BATCH")
    assert batch[0].params[1:] == ["metadata", channel]
    assert values(said) == [[channel, "url", "*", "place"], [a.nick, "url", "*", f"of-{a.nick}"]]
    assert values(a.sync()) == [[b.nick, "url", "*", f"of-{b.nick}"]]


def test_limits(start):
    server = start(FAST + "[limits]\nmetadata = 2\nmetadata_changes = 5\nsubscriptions = 2\n")
    a = server.client(caps=CAPS)
    a.ask("METADATA * SET a :1", "METADATA * SET b :1")
    assert a.ask("METADATA * SET c :1").one("FAIL").params[:3] == ["METADATA", "LIMIT_REACHED", a.nick]
    assert not a.ask("METADATA * SET a :2").of("FAIL")
    a.ask("METADATA * SET a :3")
    limited = a.ask("METADATA * SET a :4").one("FAIL").params
    assert limited[1:4] == ["RATE_LIMITED", a.nick, "a"] and 0 < int(limited[4]) <= 60
    said = a.ask("METADATA * SUB x y z w")
    assert said.one("770").params[1:] == ["x", "y"]
    assert said.one("FAIL").params[1:3] == ["TOO_MANY_SUBS", "z"]


@pytest.mark.parametrize(
    "line, code",
    [
        ("METADATA * SET Url :x", "KEY_INVALID"),
        ("METADATA * SET", "KEY_INVALID"),
        ("METADATA * SET " + "k" * 65 + " :x", "KEY_INVALID"),
        ("METADATA * SET url :" + "x" * 401, "INVALID_VALUE"),
        ("METADATA * SET url", "KEY_NOT_SET"),
        ("METADATA * EAT url", "SUBCOMMAND_INVALID"),
        ("METADATA nobody-here LIST", "INVALID_TARGET"),
        ("METADATA #nowhere LIST", "INVALID_TARGET"),
        ("METADATA #nowhere SUB x", "INVALID_TARGET"),
    ],
)
def test_what_is_refused(server, line, code):
    a = server.client(caps=CAPS)
    assert a.ask(line).one("FAIL").params[1] == code


def test_a_secret_channel_is_none(server):
    a, b = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = server.channel(a)
    a.ask(f"METADATA {channel} SET url :x", f"MODE {channel} +s")
    for what in ("LIST", "GET url", "SET url :y", "SYNC", "CLEAR"):
        fail = b.ask(f"METADATA {channel} {what}").one("FAIL")
        assert fail.params == ["METADATA", "INVALID_TARGET", channel, "Invalid metadata target"]


def test_labels(server):
    a = server.client(caps=CAPS + " labeled-response")
    said = a.ask("@label=7 METADATA * LIST")
    outer, inner = said.of("BATCH")[:2]
    assert outer.tags == {"label": "7"} and inner.params[1] == "metadata"
    assert inner.tags["batch"] == outer.params[0][1:]


def test_an_account_keeps_it(start, tmp_path):
    def begin():
        return start(FAST, args=["--state", str(tmp_path / "state")])

    server = begin()
    nick = fresh("ann")
    with server.connect(nick) as a:
        a.register(caps=CAPS, before=["METADATA * SET url :before"])
        a.ask(f"REGISTER * * :{PASSWORD}", "METADATA * SET color :#ff0000", "METADATA * SET gone :x")
        assert not a.ask("METADATA * SET gone").of("FAIL")
        a.ask("METADATA * SET url :after")
    server.send_signal(signal.SIGKILL)
    server.wait()
    server = begin()
    with server.connect(nick + "2") as b:
        b.register(caps=CAPS)
        assert b.ask(f"NICKSERV IDENTIFY {nick} :{PASSWORD}").of("900")
        assert values(b.ask("METADATA * LIST")) == [
            [b.nick, "color", "*", "#ff0000"],
            [b.nick, "url", "*", "after"],
        ]
        b.ask("NICKSERV LOGOUT")
        assert not values(b.ask("METADATA * LIST"))


def test_a_registered_channel_keeps_it(start, tmp_path):
    def begin():
        return start(FAST + "[oper root]\npassword = pw\n", args=["--state", str(tmp_path / "state")])

    server = begin()
    channel = chan()
    a = server.client(caps=CAPS)
    a.join(channel)
    a.ask("OPER root pw", f"METADATA {channel} SET url :before")
    a.ask(f"MODE {channel} +r")
    a.ask(f"METADATA {channel} SET color :red", f"METADATA {channel} SET gone :x", f"METADATA {channel} SET gone")
    server.send_signal(signal.SIGKILL)
    server.wait()
    server = begin()
    b = server.client(caps=CAPS)
    assert values(b.ask(f"METADATA {channel} LIST")) == [[channel, "url", "*", "before"], [channel, "color", "*", "red"]]


def test_over_a_restart(server):
    a, b = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = server.channel(a, b)
    a.ask("METADATA * SET url :x", f"METADATA {channel} SET url :c", "METADATA * SUB one two")
    late = server.connect(fresh("late"))
    late.send("CAP LS 302", f"CAP REQ :{CAPS}", "METADATA * SET url :said", f"NICK {late.nick}")
    late.wait("761")
    server.send_signal(signal.SIGUSR2)
    server.wait_for(lambda: any("CHATD_EVENT=handover " in e for e in server.entries), "the successor")
    assert values(b.ask(f"METADATA {a.nick} LIST", f"METADATA {channel} LIST")) == [
        [a.nick, "url", "*", "x"],
        [channel, "url", "*", "c"],
    ]
    assert [m.params[1] for m in a.ask("METADATA * SUBS").of("772")] == ["one", "two"]
    late.send("USER x 0 * :x", "CAP END")
    late.wait("422")
    assert values(late.ask("METADATA * LIST")) == [[late.nick, "url", "*", "said"]]


def test_it_can_be_turned_off(start):
    server = start(FAST + "[limits]\nmetadata = 0\n")
    a = server.client()
    assert a.ask("METADATA * LIST").one("421")
    with server.connect("x") as client:
        client.send("CAP LS 302")
        assert "metadata" not in client.wait("CAP").params[-1]



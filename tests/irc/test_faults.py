"""Kinds of fault that felled other servers: readers that do not read, no descriptor left, logs that nobody reads."""

import os
import re
import resource
import socket
import threading
import time

import pytest

from harness import ALL_CAPS, FAST, Client, chan, fresh, wait_until


def test_twenty_who_never_read(start):
    """1,500 messages pass: they are dropped, each with one QUIT and a reason; everybody else is served meanwhile."""
    server = start(FAST + "sendq = 64k\n")
    deaf = [server.client("deaf", address=server.unix) for _ in range(20)]
    talker, listener, aside = server.client("talker"), server.client("listener"), server.client("aside")
    channel = server.channel(talker, listener, *deaf)
    talker.sync(), listener.sync()
    memory = server.memory()
    slowest = 0
    for block in range(30):
        talker.send(*(f"PRIVMSG {channel} :{block * 50 + i} {'x' * 430}" for i in range(50)))
        begin = time.monotonic()
        aside.sync()
        slowest = max(slowest, time.monotonic() - begin)
        listener.sync(), talker.sync()
    heard = listener.transcript.of("PRIVMSG")
    assert [int(m.params[1].split()[0]) for m in heard] == list(range(1500))
    quits = listener.transcript.of("QUIT")
    assert sorted(m.source.split("!")[0] for m in quits) == sorted(c.nick for c in deaf)
    assert {m.params[0] for m in quits} == {"SendQ exceeded"}
    assert sorted(m.source for m in talker.transcript.of("QUIT")) == sorted(m.source for m in quits)
    assert slowest < 1
    server.check_memory(memory, 20 * (64 << 10) + (4 << 20))
    assert len(server.wait_log("SendQ exceeded", 20)) > 0
    names = listener.ask(f"NAMES {channel}").one("353").params[-1].split()
    assert sorted(names) == sorted(["@" + talker.nick, listener.nick])


def test_a_deaf_one_in_many_channels_quits_once(start):
    server = start(FAST + "sendq = 16k\n")
    deaf, witness, talker = server.client("deaf", address=server.unix), server.client("w"), server.client("t")
    channels = [server.channel(talker, witness, deaf) for _ in range(20)]
    for _ in range(12):
        talker.ask(*(f"PRIVMSG {c} :{'x' * 400}" for c in channels for _ in range(4)))
        witness.sync()
    assert len(witness.transcript.of("QUIT")) == 1


def test_no_descriptor_left(start):
    """Low CPU, little in the log, old clients served; and it recovers by itself."""
    server = start(FAST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    old = [server.client("old") for _ in range(5)]
    crowd = [server.connect() for _ in range(32)]
    server.wait_log("cannot accept connections")
    cpu = server.cpu()
    for c in old:
        c.sync()
    late = crowd[-1]
    late.send("PING x")
    for c in crowd[:-1]:
        c.close()
    assert late.wait("PONG")
    assert server.cpu() - cpu < 0.5
    assert len(re.findall("cannot accept", server.log)) == 1
    for c in old:
        c.sync()


def test_no_descriptor_left_for_a_second_and_longer(start):
    server = start(FAST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    old = server.client("old")
    for _ in range(45):
        server.connect()
    server.wait_log("cannot accept connections")
    wakeups, cpu = server.wakeups(), server.cpu()
    time.sleep(2.2)
    assert server.wakeups() - wakeups < 20 and server.cpu() - cpu < 0.3
    old.sync()
    assert len(re.findall("cannot accept", server.log)) == 1


#: What the pool of buffers keeps at most for the next burst.
BUFFERS_KEPT = 4 << 20
STAGES = {
    "connected": [],
    "half a line": [b"NIC"],
    "nick": [b"NICK %n\r\n"],
    "negotiating": [b"CAP LS 302\r\nNICK %n\r\nUSER u 0 * :r\r\nCAP REQ :server-time\r\n"],
    "registered": [b"NICK %n\r\nUSER u 0 * :r\r\n"],
    "joined": [b"NICK %n\r\nUSER u 0 * :r\r\nJOIN #stage\r\nMONITOR + a,b,c\r\nAWAY :x\r\n"],
    "in the middle of a list": [b"NICK %n\r\nUSER u 0 * :r\r\nJOIN #stage\r\n" + b"WHO *\r\nLIST\r\nNAMES\r\n" * 20],
    "a long line": [b"NICK %n\r\nUSER u 0 * :r\r\n" + b"x" * 9000],
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("stage", list(STAGES))
def test_hundreds_dropped_at_each_stage(start, stage, how):
    server = start(FAST)
    probe = server.client("probe", address=server.unix)
    counts = lambda: [m.params[1:] for m in probe.ask("LUSERS").of("251", "253", "254", "255")]

    def round_of(n):
        clients = [server.connect() for _ in range(n)]
        for c in clients:
            for part in STAGES[stage]:
                c.raw(part.replace(b"%n", fresh("stage").encode()))
        for c in clients:
            getattr(c, how)()
        wait_until(lambda: counts() == before, "LUSERS to be as before")

    before = counts()
    round_of(60)
    descriptors, memory = server.descriptors(), server.memory()
    for _ in range(3):
        round_of(60)
    wait_until(lambda: server.descriptors() <= descriptors, "the descriptors")
    server.check_memory(memory, BUFFERS_KEPT + (2 << 20))
    server.check_idle(probe, 0.1)


def test_peers_that_close_while_output_is_pending(start):
    server = start(FAST)
    other = server.client("other")
    talker = server.client("talker", address=server.unix)
    for end in (
        Client.close,
        Client.reset,
        lambda c: c.socket.shutdown(socket.SHUT_RD),
        lambda c: c.socket.shutdown(socket.SHUT_WR),
    ):
        for address in (server.tcp, server.unix):
            c = server.client("c", address=address)
            for _ in range(4):
                talker.ask(*(f"PRIVMSG {c.nick} :{'x' * 400}" for _ in range(250)))
            end(c)
            talker.ask(f"PRIVMSG {c.nick} :after")
            if end not in (Client.close, Client.reset):
                server.check_idle(talker, 0.2, 5)
                c.close()
            wait_until(lambda: talker.ask(f"WHOIS {c.nick}").of("401"), "the peer to be gone")
            other.sync()
    server.check_idle(other)


def test_a_closed_log(start):
    """The reader of stderr has gone: entries are lost, and nothing else."""
    reading, writing = os.pipe()
    server = start(FAST, stderr=writing)
    os.close(writing)
    os.close(reading)
    for _ in range(20):
        server.client().close()
    server.check_idle(server.client())


def test_a_full_log(start):
    """Nobody reads stderr: entries are lost, nobody waits."""
    reading, writing = os.pipe()
    server = start("[log]\nlevel = debug\n" + FAST, stderr=writing)
    os.close(writing)
    probe = server.client("probe")
    for _ in range(700):
        c = server.client("c", address=server.unix)
        c.send("QUIT :" + "x" * 200)
        c.rest()
    probe.sync()
    assert len(os.read(reading, 1 << 20)) >= 60000
    os.close(reading)


def test_started_without_standard_descriptors(start):
    """What is opened first must not become the log's, or clients would read it."""
    server = start(FAST, wrap=["/bin/sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"])
    c = server.client("c")
    for _ in range(10):
        server.client("d").close()
    said = c.sync()
    wait_until(lambda: server.descriptors() <= server.descriptors_before + 1, "the others to be gone")
    said += c.ask("VERSION")
    assert all(m.source == c.transcript[0].source for m in said)
    open_files = {n: os.readlink(f"/proc/{server.pid}/fd/{n}") for n in os.listdir(f"/proc/{server.pid}/fd")}
    assert [open_files[n] for n in "012"] == ["/dev/null"] * 3


ODD = "a\x1b[31mb\x07c\u0085d\u2028e\u202ef\u009bg\x7fh"


def test_bytes_of_strangers_are_shown_inert_in_the_log(start):
    server = start("[log]\nlevel = debug\n[oper root]\npassword = pw\n" + FAST)
    c = server.client("c", realname=ODD, username="u\x1b[1mx")
    c.ask(f"OPER {ODD} {ODD}", f"JOIN #{ODD}", f"PRIVMSG x :{ODD}", f"AWAY :{ODD}", "OPER root x CHATD_OPER=root")
    op = server.client("op")
    op.ask("OPER root pw", f'KILL {c.nick} :{ODD}" CHATD_NICK=root')
    c.rest()
    entry = server.wait_log("left: .*CHATD_REASON=")
    for bad in ("\x1b", "\x07", "\u0085", "\u2028", "\u202e", "\u009b", "\x7f"):
        assert bad not in server.log
    assert "\\033[31m" in entry and '\\042 CHATD_NICK=root' in entry
    killed = server.wait_log("^notice: KILL ")
    assert '\\042 CHATD_NICK=root"' in killed and f" CHATD_NICK={op.nick} " in killed


def test_what_people_say_is_not_in_the_log(start):
    server = start("[log]\nlevel = debug\n[server]\npassword = sesame\n[oper root]\npassword = deep-secret\n" + FAST)
    a, b = server.client("a", password="sesame"), server.client("b", password="sesame")
    channel = server.channel(a, b)
    a.ask(f"PRIVMSG {channel} :private-words", f"PRIVMSG {b.nick} :private-words", f"TOPIC {channel} :private-words")
    a.ask("OPER root deep-secret", "OPER root wrong-secret", f"MODE {channel} +k channel-key", "AWAY :private-words")
    b.send("QUIT :private-words")
    b.rest()
    assert "CHATD_REASON=Quit" in server.wait_log(f"{b.nick} left: ")
    b.close()
    server.wait_log(f"{b.nick} left")
    for word in ("private-words", "sesame", "deep-secret", "wrong-secret", "channel-key"):
        assert word not in server.log


def test_last_words_arrive_though_much_was_still_to_be_read(start):
    """Closing a socket with unread input sends an RST, and an RST eats what was sent before it."""
    server = start("[oper root]\npassword = pw\n" + FAST)
    op = server.client("op")
    op.ask("OPER root pw")
    for _ in range(10):
        c = server.client("c")
        writer = threading.Thread(target=lambda: send_all(c, b"PRIVMSG nobody :x\r\n" * 50000))
        writer.start()
        op.ask(f"KILL {c.nick} :enough")
        assert c.rest().commands[-1] == "ERROR"
        writer.join()


def send_all(client, data):
    try:
        client.raw(data)
    except OSError:
        pass


def test_many_at_once_who_say_only_part_of_a_line(start):
    server = start(FAST)
    for _ in range(200):
        server.connect().raw(b"NICK slow")
    quick = server.client("quick")
    assert quick.ask("LUSERS").one("253").params[1] == "200"
    server.check_idle(quick)


def test_killing_each_other_in_one_turn(start):
    server = start("[oper root]\npassword = pw\n" + FAST)
    for _ in range(20):
        a, b, witness = server.client("a"), server.client("b"), server.client("w")
        server.channel(witness, a, b)
        witness.sync()
        for c in (a, b):
            c.ask("OPER root pw")
        a.send(f"KILL {b.nick} :x")
        b.send(f"KILL {a.nick} :y")
        said = witness.until(lambda m: m.command == "QUIT") + witness.sync()
        quits = [m for m in said if m.command == "QUIT"]
        assert len({m.source for m in quits}) == len(quits) in (1, 2)
        for c in (a, b, witness):
            c.close()


def test_things_change_while_a_long_answer_waits_for_its_reader(start):
    """It is paused; members go, the channel ends, limits and names are reloaded; it still comes to its end once."""
    server = start(FAST + "sendq = 16k\n")
    crowd = [server.client("z" * 20) for _ in range(100)]
    name = server.channel(*crowd)
    server.channel(*crowd)
    reader = server.client("reader", ALL_CAPS, address=server.unix)
    reader.send(
        *(f"@label={kind}{i} {kind} {name}" for i in range(60) for kind in ("WHO", "NAMES")),
        "@label=l LIST",
        f"MODE {name} b",
    )
    other = server.client("other")
    other.sync()
    for c in crowd:
        c.send("QUIT")
        c.rest()
    server.head = "[server]\nname = renamed.example\n"
    server.reload(FAST + "sendq = 1M\n")
    other.sync()
    said = reader.sync()
    assert len(said.of("315")) == 60 and len(said.of("366")) == 60
    starts = [m.params[0][1:] for m in said.of("BATCH") if m.params[0].startswith("+")]
    ends = [m.params[0][1:] for m in said.of("BATCH") if m.params[0].startswith("-")]
    assert sorted(starts) == sorted(ends) and len(set(starts)) == len(starts)


def test_a_reader_is_killed_in_the_middle_of_a_long_answer(start):
    server = start("[oper root]\npassword = pw\n" + FAST + "sendq = 16k\n")
    for _ in range(60):
        server.client("z" * 20, realname="y" * 100)
    op = server.client("op")
    op.ask("OPER root pw")
    for kind in ("WHO *", "LIST", "STATS l", "NAMES"):
        reader = server.client("reader", ALL_CAPS, address=server.unix)
        reader.send("OPER root pw", *(f"@label=x {kind}" for _ in range(100)))
        op.ask(f"KILL {reader.nick} :x")
        reader.rest()
    op.sync()


def test_commands_pour_in_from_many_at_once(start):
    server = start(FAST)
    channel = chan()
    clients = [server.client("c") for _ in range(30)]
    lines = [
        f"JOIN {channel}",
        f"PRIVMSG {channel} :x",
        f"TOPIC {channel} :y",
        f"MODE {channel} +v {clients[0].nick}",
        f"PART {channel}",
        "AWAY :z",
        "AWAY",
    ]
    for c in clients:
        c.send(*lines * 10)
    for c in clients:
        c.sync()
    assert clients[0].ask(f"NAMES {channel}").commands == ["366"]


def test_the_memory_of_a_day_of_comings_and_goings(start):
    """Names of channels, nicks, masks, invitations: what ends is given back."""
    server = start(FAST)

    def round_of(n):
        for _ in range(n):
            a, b = server.client("a", ALL_CAPS), server.client("b")
            channel = server.channel(a, b)
            a.ask(
                f"MODE {channel} +bbeIlk x y z w 5 key",
                f"TOPIC {channel} :{'t' * 300}",
                f"INVITE {b.nick} {chan()}",
                f"MONITOR + {fresh('m')}",
            )
            for c in (a, b):
                c.close()
        probe = server.client("p")
        wait_until(lambda: probe.ask("LUSERS").one("255").params[1].startswith("I have 1 "), "all to be gone")
        probe.close()

    round_of(600)
    memory = server.memory()
    round_of(300)
    server.check_memory(memory, 512 << 10)


def test_a_program_that_only_connects(start):
    """Port scanners and health checks: hundreds a second, and not a word in the log above info."""
    server = start("[log]\nlevel = notice\n" + FAST)
    server.wait_log("listening on", 2)
    entries = len(server.entries)
    for _ in range(300):
        server.connect().close()
    server.client().sync()
    assert len(server.entries) == entries

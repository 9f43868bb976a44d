"""Flood control, clients per address, clients in all, and what waits for a slow reader."""

import resource
import socket
import threading
import time

import pytest

from harness import DEADLINE, FAST, SANITIZED, SANITIZER_KEEPS, Client, chan, fresh, wait_until

SLOW = "[limits]\nflood_burst = 10\nflood_rate = 50\n"


def numbers(said):
    return [m.params[-1] for m in said.of("PONG")]


def test_a_burst_is_answered_at_once_and_the_rest_later_in_order(start):
    server = start(SLOW)
    c, other = server.connect(fresh("c")), server.connect(fresh("o"))
    begin = time.monotonic()
    for client in (c, other):
        client.send(f"NICK {client.nick}", "USER u 0 * :r")
    c.raw(b"".join(b"PING %d\r\n" % i for i in range(100)))
    said = c.until(lambda m: m.params[-1] == "9")
    early = time.monotonic() - begin
    other.until(lambda m: m.command == "422")
    other.sync()
    aside = time.monotonic() - begin
    said += c.until(lambda m: m.params[-1] == "99")
    whole = time.monotonic() - begin
    assert numbers(said) == [str(i) for i in range(100)]
    assert early < 0.4 and aside < 0.4 and 0.5 < whole < 5, (early, aside, whole)


def test_whoever_floods_is_held_not_dropped(start):
    """Megabytes while he is held: they wait in the network, not in memory."""
    server = start("[limits]\nflood_burst = 10\nflood_rate = 20\n")
    flooder, other = server.client("f", address=server.unix), server.client("o")
    memory = server.memory()
    flooder.socket.setblocking(False)
    sent = 0
    try:
        while True:
            sent += flooder.socket.send(b"PRIVMSG nobody :x\r\n" * 1000)
    except BlockingIOError:
        pass
    other.sync()
    assert sent > 16 << 10
    server.check_memory(memory, 1 << 20)
    flooder.socket.settimeout(DEADLINE)
    assert flooder.wait("401") and flooder.wait("401")
    flooder.close()
    wait_until(lambda: other.ask(f"WHOIS {flooder.nick}").of("401"), "a flooder who is gone to be taken away")


@pytest.mark.parametrize("end", [Client.close, Client.reset])
def test_somebody_held_who_goes_away_is_not_kept(start, end):
    """What he left unsaid would take hours at that rate."""
    server = start("[limits]\nflood_burst = 10\nflood_rate = 2\n")
    c, other = server.client("c"), server.client("o")
    server.channel(other, c)
    c.raw(b"VERSION\r\n" * 50000)
    c.wait("351")
    end(c)
    other.wait("QUIT")


@pytest.mark.parametrize("line, answer", [("OPER a b", "491"), ("HISTSERV SEARCH #none word", "NOTICE")])
def test_dear_commands_cost_more(start, line, answer):
    """As many as these would pass if they cost as much as a PING."""
    server = start("[limits]\nflood_burst = 20\nflood_rate = 1\n")
    c = server.client("c")
    c.raw(f"{line}\r\n".encode() * 14 + b"PING last\r\n")
    assert c.wait(answer) and c.wait(answer)
    c.socket.settimeout(0.3)
    with pytest.raises(AssertionError):
        c.until(lambda m: m.command == "PONG")
    c.reset()


def test_half_close_of_somebody_held(start):
    server = start(SLOW)
    c = server.client("c")
    c.raw(b"".join(b"PING %d\r\n" % i for i in range(60)))
    c.socket.shutdown(socket.SHUT_WR)
    assert numbers(c.rest()) == [str(i) for i in range(60)]


def test_somebody_held_can_be_killed(start):
    server = start("[oper root]\npassword = pw\n[limits]\nflood_burst = 10\nflood_rate = 1\n")
    op, c = server.client("op"), server.client("c")
    c.raw(b"TIME\r\n" * 200)
    c.wait("391")
    op.send("OPER root pw", f"KILL {c.nick} :enough")
    assert c.rest().commands[-1] == "ERROR"


def test_no_limits_lifts_flood_control(start):
    server = start(
        "[limits]\nflood_burst = 1\nflood_rate = 1\nclients_per_address = 1\nlimit_local = yes\n", args=["--no-limits"]
    )
    c = server.client("c")
    server.client("d")
    begin = time.monotonic()
    c.raw(b"".join(b"PING %d\r\n" % i for i in range(2000)))
    assert numbers(c.until(lambda m: m.params[-1] == "1999")) == [str(i) for i in range(2000)]
    assert time.monotonic() - begin < 5


def test_a_new_rate_holds_from_the_reload_on(start):
    server = start("[limits]\nflood_burst = 10\nflood_rate = 1\n")
    server.reload(FAST)
    c = server.client("c")
    c.raw(b"".join(b"PING %d\r\n" % i for i in range(500)))
    assert len(numbers(c.until(lambda m: m.params[-1] == "499"))) == 500


def test_clients_per_address(start):
    server = start("[limits]\nclients_per_address = 2\nlimit_local = yes\n", probe=False)
    first, second = server.connect(), server.connect()
    first.sync(), second.sync()
    third = server.connect()
    assert "too many connections" in third.rest().one("ERROR").params[0]
    server.connect(source="127.0.0.2").sync()
    local = [server.connect(address=server.unix) for _ in range(3)]
    local[0].sync(), local[1].sync()
    assert local[2].rest().of("ERROR")
    server.wait_log("too many connections from 127.0.0.1")
    before = server.descriptors()
    first.send("QUIT")
    first.rest()
    wait_until(lambda: server.descriptors() < before, "the first to be released")
    server.connect().sync()
    assert server.connect().rest().of("ERROR")


def test_clients_per_network(start):
    server = start("[limits]\nclients_per_network = 2\nlimit_local = yes\n", probe=False)
    server.connect().sync(), server.connect(source="127.0.0.2").sync()
    assert "your network" in server.connect(source="127.0.0.3").rest().one("ERROR").params[0]
    server.connect(source="127.0.1.1").sync()


def test_connects_per_address(start):
    server = start("[limits]\nconnects_per_address = 3\nlimit_local = yes\n", probe=False)
    for _ in range(3):
        client = server.connect()
        client.send("QUIT")
        client.rest()
    assert "too fast" in server.connect().rest().one("ERROR").params[0]
    server.wait_log("connections come too fast from 127.0.0.1")
    server.connect(source="127.0.0.2").sync()


def test_loopback_is_not_counted_by_default(start):
    server = start("[limits]\nclients_per_address = 1\nflood_burst = 10000\n")
    for address in (server.tcp, server.unix):
        for _ in range(5):
            server.connect(address=address).sync()


def test_max_clients(start):
    server = start("[server]\nmax_clients = 3\n" + FAST, probe=False)
    inside = [server.connect() for _ in range(3)]
    for c in inside:
        c.sync()
    server.wait_log("3 clients: no more are let in until some leave")
    waiting = [server.connect() for _ in range(2)]
    for c in waiting:
        c.send("PING patience")
    for c in inside:
        c.sync()
    assert all(not c.transcript for c in waiting)
    server.check_idle(inside[0])
    inside[0].send("QUIT")
    inside[0].rest()
    assert waiting[0].wait("PONG")
    inside[1].close()
    assert waiting[1].wait("PONG")


def test_max_clients_raised_by_a_reload(start):
    server = start("[server]\nmax_clients = 2\n" + FAST, probe=False)
    inside = [server.connect() for _ in range(2)]
    for c in inside:
        c.sync()
    waiting = server.connect()
    waiting.send("PING x")
    server.reload("[server]\nmax_clients = 5\n" + FAST)
    assert waiting.wait("PONG")
    server.reload("[server]\nmax_clients = 1\n" + FAST)
    late = server.connect()
    late.send("PING y")
    for c in inside:
        c.sync()
    assert not late.transcript
    server.reload(FAST)
    assert late.wait("PONG")


def test_files_limit_the_clients_too(start):
    server = start(FAST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
    inside = [server.connect() for _ in range(36)]
    for c in inside:
        c.sync()
    server.wait_log("36 clients: no more are let in until some leave")
    late = server.connect()
    late.send("PING x")
    inside[5].close()
    assert late.wait("PONG")


def test_sendq(start):
    server = start(FAST + "sendq = 16k\n")
    stuck, talker = server.client("stuck", address=server.unix), server.client("talker")
    watcher = server.client("watcher")
    server.channel(stuck, watcher)
    count = 0
    while not watcher.sync().of("QUIT"):
        talker.ask(*(f"PRIVMSG {stuck.nick} :{'x' * 400}" for _ in range(50)))
        count += 50
        assert count < 5000
    assert watcher.transcript.one("QUIT").params == ["SendQ exceeded"]
    assert talker.ask(f"PRIVMSG {stuck.nick} :x").of("401")
    got = stuck.rest()
    assert len(got.of("PRIVMSG")) <= count


def test_whoever_asks_more_than_he_reads_waits_for_himself(start):
    """A thousand questions without reading: no more is answered than fits, and in the end all of it arrives."""
    server = start(FAST + "sendq = 16k\n")
    c, other = server.client("c", address=server.unix), server.client("o")
    memory = server.memory()
    asking = threading.Thread(target=c.raw, args=(b"VERSION\r\n" * 1000 + b"PING end\r\n",))
    asking.start()
    for _ in range(50):
        other.sync()
    server.check_memory(memory, 1 << 20)
    assert len(c.until(lambda m: m.command == "PONG").of("351")) == 1000
    asking.join()


def test_what_one_is_told_while_asking_counts_as_before(start):
    """A clogged client that does not read is dropped for what others say, as anybody."""
    server = start(FAST + "sendq = 16k\n")
    c, talker = server.client("c", address=server.unix), server.client("t")
    server.channel(talker, c)
    threading.Thread(target=c.raw, args=(b"VERSION\r\n" * 1000,), daemon=True).start()
    while not talker.transcript.of("QUIT"):
        talker.ask(*(f"PRIVMSG {c.nick} :{'x' * 400}" for _ in range(20)))
    assert talker.transcript.one("QUIT").params == ["SendQ exceeded"]


def test_a_channel_ends_nobodys_limits(start):
    """What a client may do is counted for itself: others with the same address are not held with it."""
    server = start("[limits]\nflood_burst = 10\nflood_rate = 1\n")
    one, two = server.client("one"), server.client("two")
    one.raw(b"VERSION\r\n" * 50)
    two.send(f"JOIN {chan()}")
    assert two.wait("366")


SLOWEST = "[limits]\nflood_burst = 12\nflood_rate = 1\n"
PINGS = b"".join(b"PING %d\r\n" % i for i in range(60))


def is_free(client):
    """All is answered in less time than a held one would take."""
    client.raw(PINGS)
    return bool(client.until(lambda m: m.params[-1] == "59"))


def is_held(client, other):
    client.raw(PINGS)
    client.until(lambda m: m.command == "PONG" and m.params[-1] == "0")
    other.sync()
    client.socket.settimeout(0.01)
    try:
        client.until(lambda m: m.params[-1] == "59")
    except AssertionError:
        return True
    return False


def test_this_machine_can_be_free_of_flood_control(start):
    server = start(SLOWEST + "flood_local = no\n[webirc kiwi]\nfrom = localhost\npassword = sesame\n")
    other = server.client("other")
    assert is_free(server.client("near")) and is_free(server.client("unix", address=server.unix))
    far = server.connect(fresh("far"))
    far.send("WEBIRC sesame kiwi 203.0.113.7 203.0.113.7")
    far.register()
    assert is_held(far, other)
    server.reload(SLOWEST)
    assert is_held(server.client("again"), other)


def test_bots_and_operators_can_be_free_of_flood_control(start):
    oper = "[oper root]\npassword = pw\n[class some]\nprivileges = kill\n[oper some]\npassword = pw\nclass = some\n"
    server = start(SLOWEST + "flood_exempt = other relay\n" + oper)
    bot, person, other = server.client("bot"), server.client("person"), server.client("other")
    for client, account in ((bot, "Relay"), (person, "person")):
        client.send(f"REGISTER {account} * correct-horse")
        assert client.wait("REGISTER").params[0] == "SUCCESS"
    assert is_free(bot) and is_held(person, other)
    root, some = server.client("root"), server.client("some")
    root.ask("OPER root pw"), some.ask("OPER some pw")
    assert is_free(root) and is_held(some, other)


def test_connects_per_network(start):
    server = start("[limits]\nconnects_per_network = 3\nlimit_local = yes\n", probe=False)
    for n in range(3):
        server.connect(source=f"127.0.0.{n + 2}").sync()
    assert "too fast" in server.connect(source="127.0.0.9").rest().one("ERROR").params[0]
    server.connect(source="127.0.1.9").sync()


def test_the_size_of_a_network(start):
    server = start("[limits]\nclients_per_network = 1\nnetwork_bits4 = 30\nlimit_local = yes\n", probe=False)
    server.connect(source="127.0.0.4").sync()
    assert "your network" in server.connect(source="127.0.0.7").rest().one("ERROR").params[0]
    server.connect(source="127.0.0.8").sync()


def test_targets(start):
    server = start(FAST + "targets = 2\n")
    a, b, c = server.client("a"), server.client("b"), server.client("c")
    assert not a.ask(f"PRIVMSG {b},{c} :both").of("407")
    assert a.ask(f"PRIVMSG {b},{c},{a} :all").of("407")
    assert [m.params[1] for m in c.sync().of("PRIVMSG")] == ["both", "all"] and not a.sync().of("PRIVMSG")
    assert "PRIVMSG:2" in str([m.params for m in a.ask("VERSION").of("005")])


def test_recvq(start):
    """A line that never ends fills no more than that, and what is sent ahead waits outside."""
    server = start("[limits]\nrecvq = 32k\nflood_burst = 1\nflood_rate = 1\n", probe=False)
    clients = [server.connect(fresh("r")) for _ in range(20)]
    memory = server.memory()
    for client in clients:
        client.socket.setblocking(False)
        try:
            while True:
                client.socket.send(b"PING x\r\n" * 4096)
        except BlockingIOError:
            pass
    server.connect(fresh("o")).sync()
    assert server.memory() - memory < 20 * (64 << 10) + (1 << 20) + (SANITIZER_KEEPS if SANITIZED else 0)

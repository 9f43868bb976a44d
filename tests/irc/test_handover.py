"""A restart that drops nobody, across exec: SIGUSR2 and RESTART. See test_handover_store.py for the service manager's part."""

import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import sys
import threading
import time

import pytest

import harness
from harness import ALL_CAPS, DEADLINE, FAST, HAS_NOTIFY, Client, Daemon, chan, fresh, parse, wait_until

BUILD = pathlib.Path(os.environ.get("CHATD_BUILD", harness.CHATD + "/../../..")).resolve()
SLOW_SYNC = BUILD / "tests/shims/slow_sync.so"


def restarts(server):
    return sum("CHATD_EVENT=handover " in e for e in server.entries)


def await_restart(server, count):
    server.wait_for(lambda: restarts(server) >= count, "the successor")
    if HAS_NOTIFY:
        server.wait_for(lambda: sum("READY=1" in n for n in server.notices) >= count + 1, "READY=1")


def restart(server, times=1):
    for _ in range(times):
        before = restarts(server)
        server.send_signal(signal.SIGUSR2)
        await_restart(server, before + 1)


@pytest.fixture
def server(start):
    return start(FAST + "[oper root]\npassword = pw\n")


def test_nobody_notices(server):
    clients = [server.client(), server.client(address=server.unix), server.client(caps=ALL_CAPS)]
    channel = server.channel(*clients)
    pid, descriptors = server.pid, server.descriptors()
    for _ in range(3):
        restart(server)
        for client in clients:
            assert not client.sync(), "nothing is said of it"
    clients[0].send(f"PRIVMSG {channel} :still here")
    clients[0].sync()
    for client in clients[1:]:
        assert client.sync().one("PRIVMSG").params == [channel, "still here"]
    assert server.descriptors() == descriptors
    assert pathlib.Path(f"/proc/{pid}/exe").exists() and server.process.poll() is None
    assert not [e for e in server.entries if "handover-lost" in e or "handover-failed" in e]


def test_the_variable_is_not_for_children(server):
    server.client()
    restart(server)
    environ = pathlib.Path(f"/proc/{server.pid}/environ").read_bytes()
    assert b"HANDOVER_FDS=" in environ, "as it was started"
    restart(server, 2)
    for fd in os.listdir(f"/proc/{server.pid}/fdinfo"):
        flags = pathlib.Path(f"/proc/{server.pid}/fdinfo/{fd}").read_text().split("flags:")[1].split()[0]
        assert int(fd) <= 2 or int(flags, 8) & os.O_CLOEXEC, f"descriptor {fd}"


def test_half_a_line(server):
    a, b = server.client(), server.client()
    channel = server.channel(a, b)
    text = f"PRIVMSG {channel} :in three parts, café\r\n".encode()
    cut = text.index(b"\xc3") + 1  # inside a character
    a.raw(text[:9])
    b.sync()
    restart(server)
    a.raw(text[9:cut])
    b.sync()
    restart(server)
    a.raw(text[cut:])
    a.sync()
    assert b.sync().one("PRIVMSG").params == [channel, "in three parts, café"]


def test_the_rest_of_a_line_that_is_too_long(server):
    a = server.client()
    a.raw(b"PRIVMSG x :" + b"y" * 20000)
    wait_until(lambda: b"417" in a.socket.recv(1000, socket.MSG_PEEK), "the refusal")
    restart(server)
    a.raw(b"QUIT :not a command\r\n")
    assert a.sync().commands == ["417"]


def test_commands_that_came_meanwhile(server):
    """What is sent while there is nobody to read it is read by the successor, in order."""
    a = server.client()
    server.send_signal(signal.SIGUSR2)
    for i in range(2000):
        a.send(f"PING n{i}")
    server.send_signal(signal.SIGUSR2)
    got = [a.wait("PONG").params[-1] for i in range(2000)]
    assert got == [f"n{i}" for i in range(2000)]
    await_restart(server, 1)


def test_unread_output(server):
    """Somebody who reads nothing: every byte comes once and in order, however much was in whose hands."""
    a, b = server.client(), server.client(address=server.unix)
    channel = server.channel(a, b)
    for i in range(2500):
        a.send(f"PRIVMSG {channel} :{i} " + "x" * 300)
        if i % 500 == 499:
            a.sync()
            restart(server)
    a.sync()
    got = [m.params[1].split()[0] for m in b.sync().of("PRIVMSG")]
    assert got == [str(i) for i in range(2500)]


def test_flood_control_goes_on(start):
    server = start("[limits]\nflood_burst = 5\nflood_rate = 5\n")
    a = server.connect(fresh("slow"))
    a.register()
    a.send(*[f"PING n{i}" for i in range(12)])
    for i in range(12):
        assert a.wait("PONG").params[-1] == f"n{i}"
        if i == 6:
            restart(server)


def test_registration_goes_on(start):
    server = start(FAST + "[server]\npassword = secret\n")
    plain, caps = server.connect("plain"), server.connect("withcaps")
    plain.send("PASS secret", "NICK plain")
    caps.send("CAP LS 302", "CAP REQ :multi-prefix batch", "PASS secret", "NICK withcaps", "USER u 0 * :W")
    plain.sync(), caps.sync()
    restart(server)
    assert plain.ask("USER u 0 * :P").of("001")
    assert "multi-prefix" in caps.ask("CAP LIST").one("CAP").params[-1]
    assert caps.ask("CAP END").of("001")
    silent = server.connect("silent")
    restart(server)
    assert silent.register(password="secret").of("001")


def test_registration_still_times_out(start):
    server = start(FAST.replace("[limits]", "[limits]\nregistration_timeout = 2"))
    silent = server.connect()
    begun = time.monotonic()
    for _ in range(3):
        restart(server)
    assert "timed out" in silent.rest().one("ERROR").params[0]
    assert time.monotonic() - begun < 8


def test_monitor(server):
    watcher, away = server.client(caps="extended-monitor away-notify"), server.client()
    absent = fresh("absent")
    watcher.ask(f"MONITOR + {away},{absent}")
    restart(server)
    listed = watcher.ask("MONITOR L").one("732").params[1]
    assert sorted(listed.split(",")) == sorted([away.nick, absent])
    comes = server.client(nick=absent)
    away.ask("AWAY :out")
    away.send("QUIT").rest()
    comes.sync()
    said = watcher.sync()
    assert said.one("730").params[1].startswith(absent + "!")
    assert said.one("AWAY").params == ["out"]
    assert said.one("731").params[1].startswith(away.nick)


#: What belongs to the moment: times, idle seconds, the run of message ids.
MOMENTS = [(r"@[^ ]* ", ""), (r"( 317 \S+ \S+) \d+ (\d+)", r"\1 IDLE \2"), (r"sync-\d+", "sync")]


def describe(client, *commands):
    text = client.ask(*commands).text
    for pattern, shown in MOMENTS:
        text = re.sub(pattern, shown, text)
    return text


def test_all_that_people_can_ask_for_is_as_it_was(server):
    op, a, b = server.client(), server.client(), server.client(address=server.unix)
    gone = server.client()
    gone.send("QUIT :for WHOWAS").rest()
    name, other = chan(), chan()
    server.channel(op, a, b, name=name)
    op.ask("OPER root pw", f"TOPIC {name} :what it is about", f"MODE {name} +imklC secret 17")
    op.ask(f"MODE {name} +b x!*@*", f"MODE {name} +b y!*@*", f"MODE {name} +e z!*@*", f"MODE {name} +I *!*@here")
    op.ask(f"MODE {name} +vh {a} {b}", f"MODE {name} +v {b}")
    a.ask(f"JOIN {other}", f"MODE {other} +s", "AWAY :not here", f"MODE {a} +iw", "SETNAME :Another Name")
    op.ask(f"INVITE {a} {name}", f"INVITE {gone} {name}")
    stranger = server.client()
    op.ask(f"INVITE {stranger} {name}")
    everybody = [op, a, b, stranger]
    for client in everybody:
        client.sync()
    questions = [
        f"WHOIS {a} {a}",
        f"WHOIS {b}",
        f"WHOIS {op} {op}",
        f"WHOWAS {gone}",
        f"MODE {name}",
        f"MODE {name} b",
        f"MODE {name} e",
        f"MODE {name} I",
        f"TOPIC {name}",
        f"NAMES {name}",
        f"NAMES {other}",
        f"WHO {name}",
        "LIST",
        "LUSERS",
        f"MODE {op}",
        f"USERHOST {a} {b} {op}",
        f"ISON {a} {gone} {b}",
        "VERSION",
    ]
    before = [describe(c, *questions) for c in everybody]
    restart(server, 2)
    for client, was in zip(everybody, before):
        assert describe(client, *questions) == was
    # Invitations and rights hold as well.
    assert stranger.ask(f"JOIN {name} secret").of("JOIN")
    assert a.ask(f"MODE {name} -m").of("482") and not b.ask(f"KICK {name} {stranger} :out").of("482")
    assert op.ask("REHASH").of("382")


def test_labels_and_echo(server):
    a, b = server.client(caps=ALL_CAPS), server.client(caps=ALL_CAPS)
    channel = server.channel(a, b)
    a.raw(f"@label=one PRIVMSG {channel} :hi\r\n@label=two WHOIS {b}\r\n@label=three PING x\r\n@lab".encode())
    restart(server)
    a.raw(f"el=four AWAY :x\r\n".encode())
    said = a.sync()
    assert [m.tags["label"] for m in said if "label" in m.tags] == ["one", "two", "three", "four"]
    assert len(b.sync().of("PRIVMSG")) == 1


def test_a_long_answer_is_finished(server):
    """The answer is longer than the kernel and the client take at once; it comes whole, or ends as answers end."""
    a = server.client(caps="batch labeled-response", address=server.unix)
    for k in range(30):
        names = [f"#l{k}-{i}-{'x' * 40}" for i in range(100)]
        server.client().ask(*[f"JOIN {n}" for n in names], *[f"TOPIC {n} :{'t' * 250}" for n in names])
    a.send("@label=long LIST", "PING behind")
    wait_until(lambda: a.socket.recv(1, socket.MSG_PEEK), "the first bytes")
    restart(server)
    said = a.until(lambda m: m.command == "PONG")
    assert said.of("323") and [m.tags.get("label") for m in said if m.params[:1] and m.params[0].startswith("+")] == ["long"]
    batch = said.of("BATCH")
    assert [m.params[0][0] for m in batch] == ["+", "-"]
    assert all(m.tags.get("batch") == batch[0].params[0][1:] for m in said.of("321", "322", "323", "NOTICE"))
    assert len(said.of("322")) == 3000 or len(said.of("NOTICE")) == 1
    names = [m.params[1] for m in said.of("322")]
    assert len(names) == len(set(names)) and len(names) > 100


def test_the_number_of_clients_from_an_address(start):
    server = start("[limits]\nclients_per_address = 3\nlimit_local = yes\nflood_burst = 1000\nflood_rate = 1000\n")
    clients = [server.client() for _ in range(3)]
    restart(server)
    assert "too many" in server.connect().rest().one("ERROR").params[0]
    clients.pop().send("QUIT").rest()
    wait_until(lambda: server.descriptors() <= server.descriptors_before + 2, "its descriptor to be released")
    server.client()


def test_sockets_that_chatd_opened_refuse_nobody(server):
    """Connections come all the time, on both; each is served."""
    stop, failures, served = threading.Event(), [], []

    def knock(address):
        while not stop.is_set():
            try:
                with Client(address, "knock") as client:
                    client.sync()
                served.append(address)
            except (OSError, AssertionError) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=knock, args=(a,)) for a in (server.tcp, server.unix)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        before = len(served)
        restart(server)
        wait_until(lambda: len(served) > before + 4, "connections after the restart")
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and {str(a) for a in served} == {str(server.tcp), server.unix}


def test_endpoints_that_are_not_configured_any_more(server, tmp_path):
    a = server.client(address=server.unix)
    more = str(tmp_path / "more")
    server.endpoints = f"[listen]\nendpoint = 127.0.0.1:{server.tcp[1]}\nendpoint = {more}\n"
    server.configure(FAST)
    restart(server)
    assert not a.sync()
    server.client(address=more), server.client()
    with pytest.raises(OSError):
        Client(server.unix)


def test_the_socket_file_goes_at_the_end(server):
    restart(server)
    assert os.path.exists(server.unix)
    server.finish()
    assert not os.path.exists(server.unix)


def test_casemapping_stays(start):
    server = start(FAST)
    a = server.client(nick="left[")
    was = re.search(r"CASEMAPPING=(\S+)", a.transcript.text)[1]
    other = "ascii" if was == "rfc1459" else "rfc1459"
    server.configure(FAST + f"[server]\ncasemapping = {other}\n")
    restart(server)
    server.wait_log("config-later")
    assert f"CASEMAPPING={was}" in server.client().transcript.text
    assert a.ask("NICK left{").commands == ["NICK"]


def test_a_wrong_configuration_stops_the_restart(server):
    a = server.client()
    server.configure(FAST + "[limits]\nnicklen = 0\n")
    server.send_signal(signal.SIGUSR2)
    server.wait_log("no restart: the configuration is wrong")
    assert not a.sync() and not restarts(server)
    server.configure(FAST)
    restart(server)
    assert not a.sync()


def test_a_program_that_is_not_there_any_more(start, tmp_path):
    program = tmp_path / "chatd"
    shutil.copy(harness.CHATD, program)
    server = start(FAST, wrap=["/bin/sh", "-c", f'shift; exec {program} "$@"', "sh"])
    a, b = server.client(), server.client()
    channel = server.channel(a, b)
    program.unlink()
    for _ in range(2):
        restart(server)
        assert "the same program goes on" in server.log
        a.send(f"PRIVMSG {channel} :hi").sync()
        assert len(b.sync().of("PRIVMSG")) == 1
    shutil.copy(harness.CHATD, program)
    restart(server)
    assert not a.sync() and not b.sync()


def test_another_program_takes_over(start, tmp_path):
    """What stands at the path now is what is run, as after an upgrade."""
    program = tmp_path / "chatd"
    shutil.copy(harness.CHATD, program)
    server = start(FAST, wrap=["/bin/sh", "-c", f'shift; exec {program} "$@"', "sh"])
    a = server.client()
    fresh_copy = tmp_path / "chatd.new"
    shutil.copy(harness.CHATD, fresh_copy)
    inode = fresh_copy.stat().st_ino
    fresh_copy.rename(program)
    restart(server)
    assert pathlib.Path(f"/proc/{server.pid}/exe").stat().st_ino == inode
    assert not a.sync()


def test_many_signals_at_once(server):
    a = server.client()
    for _ in range(20):
        server.send_signal(signal.SIGUSR2)
        a.send("PING x")
    await_restart(server, 1)
    assert a.ask("VERSION").of("351")
    server.finish()


class Unmanaged(Daemon):
    def is_ready(self):
        return "listening on" in "\n".join(self.entries)


def test_without_a_manager_the_other_signal_does_the_same():
    """SIGUSR1 is for the service manager; where there is none it does what SIGUSR2 does."""
    server = Unmanaged(FAST, wrap=["/usr/bin/env", "-u", "NOTIFY_SOCKET"])
    a = server.client()
    server.send_signal(signal.SIGUSR1)
    server.wait_for(lambda: restarts(server) == 1, "the successor")
    assert not a.sync()
    server.finish()


def test_what_the_disk_has_not_confirmed(start, tmp_path):
    """Echoes that wait for the disk when the restart comes leave once, when it has them."""
    slow = tmp_path / "slow"
    server = start(
        FAST,
        args=["--state", str(tmp_path / "state")],
        env={"LD_PRELOAD": str(SLOW_SYNC), "SLOW_SYNC": str(slow)} if not harness.SANITIZED else {},
    )
    a, b = server.client(caps="echo-message labeled-response batch message-tags"), server.client()
    channel = server.channel(a, b)
    slow.write_text("300")
    labels = []
    for i in range(6):
        a.send(f"@label=m{i} PRIVMSG {channel} :{i}")
        labels.append(f"m{i}")
        if i % 3 == 2:
            restart(server)
    slow.unlink()
    said = a.sync()
    assert [m.tags.get("label") for m in said.of("PRIVMSG")] == labels and not said.of("FAIL")
    assert [m.params[1] for m in b.sync().of("PRIVMSG")] == list("012345")


class Talker:
    """One of many: says numbered lines in a channel, and checks the numbers of the others."""

    def __init__(self, address, nick, channel):
        self.client = Client(address, nick)
        self.client.register()
        self.client.join(channel)
        self.channel, self.nick = channel, nick
        self.socket = self.client.socket
        self.socket.setblocking(False)
        self.said, self.heard, self.lines, self.rest = 0, {}, 0, b""

    def read(self):
        data = self.socket.recv(1 << 16)
        assert data, f"{self.nick} was disconnected"
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.hear(parse(line.removesuffix(b"\r")))

    def hear(self, message):
        if message.command in ("JOIN", "353", "366", "PONG"):
            return
        assert message.command == "PRIVMSG" and message.params[0] == self.channel, message.raw
        who, number = message.source.split("!")[0], int(message.params[1])
        assert number == self.heard.get(who, 0), f"{self.nick}: {who} said {number} after {self.heard.get(who, 0)}"
        self.heard[who] = number + 1
        self.lines += 1

    def say(self):
        self.socket.send(f"PRIVMSG {self.channel} :{self.said}\r\n".encode())
        self.said += 1


def serve(selector, talkers, done):
    end = time.monotonic() + DEADLINE * 3
    while not done():
        assert time.monotonic() < end, "they do not get through"
        for key, _ in selector.select(0.05):
            key.data.read()


@pytest.mark.slow
def test_no_message_of_two_hundred_people_is_lost(server):
    """They talk all the time, in ten channels, on TCP and on the Unix socket, while five restarts come."""
    channels = [chan() for _ in range(10)]
    talkers = [
        Talker(server.unix if i % 4 == 0 else server.tcp, fresh("t"), channels[i % 10]) for i in range(200)
    ]
    selector = selectors.DefaultSelector()
    for talker in talkers:
        selector.register(talker.socket, selectors.EVENT_READ, talker)
    for turn in range(150):
        for talker in talkers:
            talker.say()
        if turn % 30 == 15:
            server.send_signal(signal.SIGUSR2)
        for key, _ in selector.select(0):
            key.data.read()
        if turn % 30 == 29:
            serve(selector, talkers, lambda: restarts(server) > turn // 30)
    serve(selector, talkers, lambda: all(t.lines == 19 * 150 for t in talkers))
    assert restarts(server) == 5
    for talker in talkers:
        talker.client.close()


#: Starts the program with descriptors that it might have been handed over.
INHERIT = """
import os, sys
numbers, *argv = sys.argv[1:]
os.environ["HANDOVER_FDS"] = f"{os.getpid()},{numbers}"
os.execv(argv[0], argv)
"""


def memfd(data):
    fd = os.memfd_create("state")
    os.write(fd, data)
    return fd


@pytest.mark.parametrize(
    "data", [b"", b"x", os.urandom(5000), b"chatdho\n" + os.urandom(100), bytes(10_000)], ids=lambda d: str(len(d))
)
def test_a_state_that_is_none_is_a_clean_start(start, data):
    state = memfd(data)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    orphan, peer = socket.socketpair()
    socket.send_fds(ours, [b"x" * 16], [orphan.fileno()])
    orphan.close()
    fds = [state, theirs.fileno(), ours.fileno()]
    server = start(
        FAST, wrap=[sys.executable, "-c", INHERIT, ",".join(map(str, fds))], pass_fds=fds
    )
    os.close(state), ours.close(), theirs.close()
    server.wait_log("handover-failed")
    peer.settimeout(DEADLINE)
    assert peer.recv(1) == b"", "what it brought is closed"
    peer.close()
    a = server.client()
    restart(server)
    assert not a.sync()


@pytest.mark.parametrize("value", ["", "1,3", "abc", "99999999999999999999,4", "{pid},1,2", "{pid},x,,999", "{pid}"])
def test_a_variable_of_somebody_else(start, value):
    script = f'HANDOVER_FDS=$(echo "{value}" | sed "s/{{pid}}/$$/") exec "$@"'
    server = start(FAST, wrap=["/bin/sh", "-c", script, "sh"])
    assert server.client().ask("VERSION").of("351")
    assert "handover" not in server.log

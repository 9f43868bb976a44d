"""The service manager: sockets that it hands over, and what it is told."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

from harness import CHATD, DEADLINE, FAST, HAS_NOTIFY, Client, environment, free_port, wait_until

#: As a service manager does it: sockets from descriptor 3 on, and the variables with the number of the process.
HAND_OVER = """
import os, sys
count, pid, names, *argv = sys.argv[1:]
sources = [int(s) for s in count.split(",") if s]
copies = [os.dup2(s, 200 + i, inheritable=False) for i, s in enumerate(sources)]
for i, fd in enumerate(copies):
    os.dup2(fd, 3 + i)
os.environ["LISTEN_FDS"] = str(len(sources))
os.environ["LISTEN_PID"] = pid if pid != "own" else str(os.getpid())
if names != "-":
    os.environ["LISTEN_FDNAMES"] = names
os.execv(argv[0], argv)
"""


def handed(start, sockets, pid="own", names="-", config=FAST, **options):
    numbers = ",".join(str(s.fileno()) for s in sockets)
    wrap = [sys.executable, "-c", HAND_OVER, numbers, pid, names]
    return start(config, wrap=wrap, pass_fds=[s.fileno() for s in sockets], listen=False, **options)


@pytest.fixture
def tcp():
    with socket.create_server(("127.0.0.1", 0)) as s:
        yield s


@pytest.fixture
def unix(tmp_path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "handed"))
        s.listen()
        yield s


def test_sockets_handed_over_are_served(start, tcp, unix):
    server = handed(start, [tcp, unix], names="irc:local")
    a = server.client(address=tcp.getsockname())
    b = server.client(address=unix.getsockname())
    channel = server.channel(a, b)
    a.ask(f"PRIVMSG {channel} :hi")
    assert b.sync().one("PRIVMSG")
    server.wait_log("listening on 127.0.0.1:")
    assert "127.0.0.1:6667" not in server.log
    server.finish()
    assert os.path.exists(unix.getsockname()), "the file is the manager's"


def test_connections_that_waited_before_the_start_are_served(start, tcp):
    early = socket.create_connection(tcp.getsockname())
    early.sendall(b"PING early\r\n")
    handed(start, [tcp])
    early.settimeout(DEADLINE)
    assert b"PONG" in early.recv(1000)
    early.close()


def test_the_manager_may_hand_over_and_the_file_name_more(start, tcp, tmp_path):
    more = str(tmp_path / "more")
    server = handed(start, [tcp], config=FAST + f"[listen]\nendpoint = {more}\n")
    server.client(address=more)
    server.client(address=tcp.getsockname())


def test_sockets_of_another_process_are_left_alone(start, tcp):
    server = handed(start, [tcp], pid="1", args=["--listen", f"127.0.0.1:{free_port()}"])
    server.wait_log("listening on")
    assert str(tcp.getsockname()[1]) not in server.log


@pytest.mark.parametrize("kind", ["datagram", "connected", "not listening", "a file"])
def test_what_is_no_listening_stream_is_refused_with_a_reason(start, tcp, tmp_path, kind):
    pair = socket.socketpair()
    wrong = {
        "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "connected": lambda: pair[0],
        "not listening": lambda: socket.socket(socket.AF_INET),
        "a file": lambda: open(tmp_path / "file", "w"),
    }[kind]()
    server = handed(start, [wrong, tcp], names="odd:good")
    entry = server.wait_log('socket "odd" from the service manager is not used')
    assert entry.startswith("warning:") and entry.rpartition(": ")[2]
    server.client(address=tcp.getsockname())
    wrong.close()
    for s in pair:
        s.close()


def test_an_endpoint_that_is_handed_over_too_is_opened_once(start, tcp):
    host, port = tcp.getsockname()
    server = handed(start, [tcp], config=FAST + f"[listen]\nendpoint = {host}:{port}\n")
    server.client(address=tcp.getsockname())
    server.configure(FAST + f"[listen]\nendpoint = *:{port}\n")
    server.send_signal(signal.SIGHUP)
    assert "socket unit" in server.wait_log(f"\\*:{port}: ")
    server.client(address=tcp.getsockname())


@pytest.mark.parametrize("names", ["one", "one:two:three"])
def test_more_or_fewer_names_than_sockets(start, tcp, unix, names):
    server = handed(start, [tcp, unix], names=names, args=["--listen", f"127.0.0.1:{free_port()}"])
    server.wait_log("sockets from the service manager are not used")
    assert str(tcp.getsockname()[1]) not in server.log


@pytest.mark.parametrize("names", [":", "a" * 200 + ":\x1b[31m"])
def test_odd_names(start, tcp, unix, names):
    server = handed(start, [tcp, unix], names=names)
    assert server.client(address=tcp.getsockname()).ask("VERSION").of("351")
    assert "\x1b" not in server.log


@pytest.mark.parametrize("count", ["-1", "abc", "999999999"])
def test_bad_numbers(start, count):
    server = start(FAST, wrap=["/bin/sh", "-c", f'LISTEN_PID=$$ LISTEN_FDS={count} exec "$@"', "sh"])
    server.wait_log("sockets from the service manager are not used")
    assert server.client().ask("VERSION").of("351")


def test_descriptors_are_closed_for_programs_started_later(start, tcp):
    """RESTART is the one program that chatd starts: the variables were for the first one alone."""
    server = handed(start, [tcp], config="[oper root]\npassword = pw\n" + FAST)
    flags = pathlib.Path(f"/proc/{server.pid}/fdinfo/3").read_text().split("flags:")[1].split()[0]
    assert int(flags, 8) & os.O_CLOEXEC
    op = server.client(address=tcp.getsockname())
    op.ask("OPER root pw")
    before = server.descriptors()
    op.send("RESTART")
    server.wait_for(lambda: sum("READY=1" in n for n in server.notices) == 2, "the second READY=1")
    op.sync()
    assert server.descriptors() == before
    again = server.client(address=tcp.getsockname())
    assert again.ask("VERSION").of("351")


def test_ready_comes_when_clients_can_come(start):
    server = start(FAST)
    server.client()
    assert re.fullmatch(r"READY=1\nSTATUS=0 users, 0 channels, \d+ MB", server.notices[0])


def test_a_reload_is_told_from_beginning_to_end(start):
    server = start(FAST)
    server.reload(FAST)
    fields = [n.split("\n") for n in server.notices]
    reloading = next(f for f in fields if "RELOADING=1" in f)
    assert any(part.startswith("MONOTONIC_USEC=") and int(part.split("=")[1]) > 0 for part in reloading)
    assert fields.index(reloading) == 1 and "READY=1" in fields[2]


def test_a_bad_reload_is_told_to_its_end_too(start):
    server = start(FAST)
    server.configure("[limits]\nnicklen = 0\n")
    for count in range(1, 4):
        server.send_signal(signal.SIGHUP)
        server.wait_notice("RELOADING=1", count)
        server.wait_for(lambda: sum("READY=1" in n for n in server.notices) == count + 1, "READY=1")
    assert "STATUS=" in server.notices[-1] and "nicklen" in server.notices[-1]


def test_many_reloads_at_once(start):
    server = start(FAST)
    for _ in range(50):
        server.send_signal(signal.SIGHUP)
    count = lambda field: sum(field in n for n in server.notices)
    server.wait_for(lambda: count("READY=1") >= 2, "READY=1")
    server.client().sync()
    server.wait_for(lambda: count("READY=1") - 1 == count("RELOADING=1"), "a READY=1 for each RELOADING=1")


@pytest.mark.skipif(not HAS_NOTIFY, reason="chatd was built without libsystemd")
def test_the_loop_feeds_the_watchdog(start):
    server = start(FAST, env={"WATCHDOG_USEC": "100000"})
    server.wait_notice("WATCHDOG=1", 5)
    server.send_signal(signal.SIGSTOP)
    wait_until(lambda: "\nState:\tT" in pathlib.Path(f"/proc/{server.pid}/status").read_text(), "it to be stopped")
    count = sum("WATCHDOG=1" in n for n in server.notices)
    server.send_signal(signal.SIGCONT)
    server.wait_notice("WATCHDOG=1", count + 2)


@pytest.mark.skipif(not HAS_NOTIFY, reason="chatd was built without libsystemd")
def test_the_watchdog_waits_for_a_successor(start):
    """A large store may take longer to be read than the loop may hang."""
    server = start(FAST, env={"WATCHDOG_USEC": "900000"})
    before = len(server.notices)
    server.send_signal(signal.SIGUSR2)
    server.wait_notice("READY=1", 2)
    server.wait_for(lambda: sum("WATCHDOG_USEC=900000" in n for n in server.notices) == 2, "its own time again")
    told = [n for n in server.notices[before:] if "WATCHDOG_USEC=" in n]
    assert ["WATCHDOG_USEC=600000000" in n for n in told] == [True, False]


@pytest.mark.skipif(not HAS_NOTIFY, reason="chatd was built without libsystemd")
def test_a_watchdog_for_another_process_is_not_fed(start):
    server = start(FAST, env={"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
    server.client().sync()
    server.finish()
    assert not any("WATCHDOG=1" in n for n in server.notices)


def test_stopping_is_told(start):
    server = start(FAST)
    server.finish()
    assert any("STOPPING=1" in n for n in server.notices)


@pytest.mark.skipif(not HAS_NOTIFY, reason="chatd was built without libsystemd")
def test_a_manager_that_does_not_listen(tmp_path):
    """NOTIFY_SOCKET that nobody reads, or that is not there, holds nothing up."""
    where = str(tmp_path / "sock")
    for notify in (str(tmp_path / "gone"), "relative", "@abstract-and-absent"):
        process = subprocess.Popen(
            [CHATD, "-c", "/dev/null", "--listen", where],
            env=environment({"NOTIFY_SOCKET": notify}),
            stderr=subprocess.PIPE,
        )
        try:
            line = process.stderr.readline() + process.stderr.readline()
            assert b"listening on" in line
            with Client(where, "x") as client:
                client.register()
            process.terminate()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

"""A restart through the service manager: what it keeps of one process it gives to the next, in whatever state."""

import array
import os
import random
import signal
import socket
import struct
import sys

import pytest

import harness
from harness import DEADLINE, FAST, HAS_NOTIFY, SANITIZED, Client, Daemon, wait_until

pytestmark = pytest.mark.skipif(not HAS_NOTIFY, reason="chatd was built without libsystemd")

#: As a service manager does it, from descriptor 3 on. The process has no other copies of them.
HAND_OVER = """
import os, sys
numbers, names, *argv = sys.argv[1:]
copies = [os.dup2(int(n), 40 + i, inheritable=False) for i, n in enumerate(numbers.split(","))]
os.closerange(3, 40)
for i, fd in enumerate(copies):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_FDS=str(len(copies)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
os.execv(argv[0], argv)
"""

NAME = "chatd-handoff"
HEAD = struct.Struct("<8sHHQqIQQ")


class Managed(Daemon):
    """Started by a service manager that keeps descriptors, as many as `store_max`."""

    def __init__(self, *args, store_max=16, after=None, given=(), most=None, **options):
        self.store, self.store_max, self.after = [], store_max, after
        if given:
            numbers = ",".join(str(fd) for _, fd in given)
            names = ":".join(name for name, _ in given)
            limit = ["/bin/sh", "-c", f'ulimit -n {most}; exec "$@"', "sh"] if most else []
            options["wrap"] = [*limit, sys.executable, "-c", HAND_OVER, numbers, names]
            options["pass_fds"] = [fd for _, fd in given]
        super().__init__(*args, **options)

    def configure(self, config):
        """A successor has the endpoints of the one before."""
        if self.after:
            self.tcp, self.unix, self.endpoints = self.after.tcp, self.after.unix, self.after.endpoints
        super().configure(config)

    def hear(self):
        while True:
            data, fds, _, _ = socket.recv_fds(self.notify, 4096, 64)
            if not data:
                return
            with self.changed:
                self.take(data.decode().split("\n"), fds)
                self.notices.append(data.decode())
                self.changed.notify_all()

    def take(self, fields, fds):
        name = next((f.removeprefix("FDNAME=") for f in fields if f.startswith("FDNAME=")), "stored")
        if "FDSTORE=1" in fields:
            while fds and len(self.store) < self.store_max:
                self.store.append((name, fds.pop(0)))
        if "FDSTOREREMOVE=1" in fields:
            for entry in [e for e in self.store if e[0] == name]:
                self.store.remove(entry)
                os.close(entry[1])
        for fd in fds:
            os.close(fd)

    def leave(self):
        """What systemctl restart does with it; what it left."""
        self.send_signal(signal.SIGUSR1)
        self.check_end()
        return self.store

    def release(self):
        super().release()
        for _, fd in self.store:
            os.close(fd)
        self.store = []


@pytest.fixture
def managed():
    daemons = []

    def one(config=FAST, **options):
        daemon = Managed(config, **options)
        daemons.append(daemon)
        return daemon

    yield one
    for daemon in daemons:
        try:
            if daemon.process.poll() is None:
                daemon.finish()
        finally:
            daemon.release()


def people(server):
    """A few, in a channel, and one who is about to come in."""
    a, b, late = server.client(), server.client(address=server.unix), server.connect("late")
    channel = server.channel(a, b)
    late.send("NICK late")
    late.sync()
    a.raw(f"PRIVMSG {channel} :ha".encode())
    b.sync()
    return a, b, late, channel


def check_people(a, b, late, channel):
    a.raw(b"lf\r\n")
    a.sync()
    assert b.sync().one("PRIVMSG").params == [channel, "half"]
    assert late.ask("USER late 0 * :L").of("001")


def check_dropped(*clients):
    for client in clients:
        assert not client.rest(), "they are closed without a word, for nobody knows whose turn it was"


def check_clean(server):
    """Nobody is here, and everything works."""
    with server.client() as client:
        assert "There are 1 users" in client.ask("LUSERS").one("251").params[-1]


def test_the_manager_keeps_everybody(managed):
    first = managed()
    crowd = people(first)
    store = first.leave()
    assert [name for name, _ in store] == [NAME] * 3
    assert any("STOPPING=1" in n for n in first.notices)
    second = managed(after=first, given=store)
    second.wait_notice(f"FDNAME={NAME}")
    assert "FDSTOREREMOVE=1" in second.wait_notice(f"FDNAME={NAME}")
    check_people(*crowd)
    third = managed(after=second, given=second.leave())
    assert crowd[0].ask("VERSION").of("351")
    third.wait_log("3 clients are here again")
    second.clients = first.clients = []
    third.clients = list(crowd[:3])
    third.finish()
    for client in crowd[:3]:
        assert client.socket.fileno() < 0


def test_what_is_sent_meanwhile_waits(managed):
    first = managed()
    a, b, _, channel = people(first)
    store = first.leave()
    a.raw(b"lf\r\n")
    for i in range(100):
        a.send(f"PRIVMSG {channel} :{i}")
    early = Client(first.tcp, "early")
    early.send("NICK early", "USER e 0 * :E")
    managed(after=first, given=store)
    a.sync()
    assert [m.params[1] for m in b.sync().of("PRIVMSG")] == ["half", *map(str, range(100))]
    early.wait("001")
    early.close()


def test_a_stop_says_goodbye(managed):
    first = managed()
    a, b, late, _ = people(first)
    first.send_signal(signal.SIGTERM)
    for client in (a, b, late):
        assert "going down" in client.rest().one("ERROR").params[0]
    first.check_end()
    assert not first.store


@pytest.mark.parametrize("store_max", [0])
def test_a_manager_that_keeps_nothing(managed, store_max):
    """It does not say so: chatd finds out, and says goodbye."""
    first = managed(store_max=store_max)
    a, b, late, _ = people(first)
    first.send_signal(signal.SIGUSR1)
    for client in (a, b, late):
        assert "restarting, reconnect" in client.rest().one("ERROR").params[0]
    first.check_end()
    assert "FileDescriptorStoreMax" in first.wait_log("handover-failed")


@pytest.mark.parametrize("seed", range(4))
def test_entries_in_any_order(managed, seed):
    first = managed()
    crowd = people(first)
    store = first.leave()
    random.Random(seed).shuffle(store)
    managed(after=first, given=store)
    check_people(*crowd)


def test_among_other_entries(managed):
    """Sockets to listen on come along, and things of no use."""
    first = managed()
    crowd = people(first)
    pair, listening = socket.socketpair(), socket.create_server(("127.0.0.1", 0))
    store = first.leave()
    given = [("irc", listening.fileno()), *store, ("odd", pair[0].fileno())]
    second = managed(after=first, given=given)
    second.wait_log('socket "odd" from the service manager is not used')
    check_people(*crowd)
    second.client(address=listening.getsockname())
    for s in (*pair, listening):
        s.close()


def forget(store):
    for _, fd in store:
        os.close(fd)
    store.clear()


def file_of(store):
    """The number of the entry with the state; others are sockets."""
    return next(i for i, (_, fd) in enumerate(store) if not stat_is_socket(fd))


def stat_is_socket(fd):
    return os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")


def test_without_the_state(managed):
    first = managed()
    a, b, late, _ = people(first)
    store = first.leave()
    os.close(store.pop(file_of(store))[1])
    second = managed(after=first, given=store)
    forget(store)
    assert "the state is missing" in second.wait_log("handover-failed")
    check_dropped(a, b, late)
    check_clean(second)


def test_without_the_connections(managed):
    """Who they were is known; they are gone, as if they had left."""
    first = managed()
    a, b, late, channel = people(first)
    store = first.leave()
    state = store.pop(file_of(store))
    forget(store)
    store.append(state)
    second = managed(after=first, given=store)
    assert "5 connections" in second.wait_log("handover-lost")
    check_dropped(a, b, late)
    check_clean(second)
    with second.client() as client:
        assert not client.ask("LIST").of("322")
        assert client.ask(f"WHOWAS {a}").of("314")


def rewrite(fd, change):
    size = os.fstat(fd).st_size
    data = bytearray(os.pread(fd, size, 0))
    data = change(data)
    os.ftruncate(fd, 0)
    os.pwrite(fd, bytes(data), 0)


def flip(at):
    def change(data):
        data[at] ^= 0x40
        return data

    return change


DAMAGE = {
    "in the head": flip(9),
    "in the check of the head": flip(45),
    "in the middle": lambda data: flip(len(data) // 2)(data),
    "at the end": flip(-1),
    "cut": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "longer": lambda data: data + b"x",
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_state(managed, change):
    first = managed()
    a, b, late, _ = people(first)
    store = first.leave()
    rewrite(store[file_of(store)][1], change)
    second = managed(after=first, given=store)
    forget(store)
    second.wait_log("handover-failed")
    check_dropped(a, b, late)
    check_clean(second)
    assert not second.store, "nothing comes back with the next start"


def siphash(data):
    """SipHash-1-3 under the key of the head, as src/chatd/handoff_format.c has it."""
    mask = (1 << 64) - 1
    k0, k1 = 0x6368617464, 0x68616E646F6666
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotate(x, n):
        return ((x << n) | (x >> (64 - n))) & mask

    def mix():
        v[0] = (v[0] + v[1]) & mask
        v[1] = rotate(v[1], 13) ^ v[0]
        v[0] = rotate(v[0], 32)
        v[2] = (v[2] + v[3]) & mask
        v[3] = rotate(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) & mask
        v[3] = rotate(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) & mask
        v[1] = rotate(v[1], 17) ^ v[2]
        v[2] = rotate(v[2], 32)

    whole = len(data) // 8 * 8
    words = [w for (w,) in struct.iter_unpack("<Q", data[:whole])]
    words.append(int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56)
    for word in words:
        v[3] ^= word
        mix()
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(3):
        mix()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def with_version(version, needs):
    def change(data):
        magic, _, _, number, time, size, check, own = HEAD.unpack_from(data)
        assert own == siphash(bytes(data[:40])), "the head is not as the test believes"
        head = HEAD.pack(magic, version, needs, number, time, size, check, 0)[:40]
        data[:48] = head + struct.pack("<Q", siphash(head))
        return data

    return change


def test_a_state_of_a_later_version(managed):
    first = managed()
    a, b, late, _ = people(first)
    store = first.leave()
    rewrite(store[file_of(store)][1], with_version(200, 100))
    second = managed(after=first, given=store)
    forget(store)
    assert "the state has version 200" in second.wait_log("handover-failed")
    check_dropped(a, b, late)
    check_clean(second)


def test_a_later_version_that_this_one_can_read(managed):
    first = managed()
    crowd = people(first)
    store = first.leave()
    rewrite(store[file_of(store)][1], with_version(200, 1))
    managed(after=first, given=store)
    check_people(*crowd)


def receive(pair):
    messages = []
    while True:
        fds = array.array("i")
        try:
            data, ancillary, _, _ = pair.recvmsg(64, socket.CMSG_SPACE(256 * 4))
        except BlockingIOError:
            return messages
        for _, _, content in ancillary:
            fds.frombytes(content)
        messages.append((data, list(fds)))


def test_connections_that_changed_places(managed):
    """The descriptors of two clients under each other's numbers: neither hears what is meant for the other."""
    first = managed()
    a, b, late = (first.client() for _ in range(3))
    for _ in range(10):
        a.send(f"PRIVMSG {a} :a secret of a")
    b.sync()
    store = first.leave()
    sockets = [socket.socket(fileno=fd) for i, (_, fd) in enumerate(store) if i != file_of(store)]
    messages = sum((receive(s) for s in sockets), [])
    assert len(messages) == 1 and len(messages[0][1]) == 5
    data, fds = messages[0]
    fds[2], fds[3], fds[4] = fds[3], fds[4], fds[2]
    socket.send_fds(sockets[1], [data], fds)
    for s in sockets:
        s.detach()
    for fd in fds:
        os.close(fd)
    second = managed(after=first, given=store)
    forget(store)
    assert "3 connections" in second.wait_log("handover-lost")
    for client in (a, b, late):
        assert not [m for m in client.rest() if "secret" in m.raw and client is not a]
    check_clean(second)


def test_clients_that_left_meanwhile(managed):
    first = managed()
    a, b, late, channel = people(first)
    store = first.leave()
    a.close()
    late.reset()
    managed(after=first, given=store)
    quits = b.sync().of("QUIT")
    if not quits:
        quits = [b.wait("QUIT")]
    assert quits[0].source.startswith(a.nick)


def test_a_state_that_was_given_twice(managed):
    """The manager still has it when the process that took it up dies: its connections are not there any more."""
    first = managed()
    a, b, late, _ = people(first)
    store = first.leave()
    second = managed(after=first, given=store)
    b.sync()
    second.process.kill()
    second.process.wait()
    third = managed(after=first, given=store)
    forget(store)
    third.wait_log("handover-lost")
    check_dropped(a, b, late)
    check_clean(third)


def test_fewer_descriptors_than_connections(managed):
    first = managed()
    clients = [first.client() for _ in range(100)]
    store = first.leave()
    second = managed(after=first, given=store, most=128)
    forget(store)
    second.wait_log("handover-lost")
    alive = 0
    for client in clients:
        client.send("PING still")
        try:
            alive += client.read() is not None
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert 0 < alive < 100
    for client in clients:
        client.close()
    wait_until(lambda: second.descriptors() < 30, "descriptors to be released")

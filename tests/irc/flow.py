"""Thousands of clients in channels where numbered messages flow: whoever misses one, or gets one twice or too early, is seen."""

import contextlib
import multiprocessing
import resource
import select
import socket
import time

WAVE = 500
SECONDS = 120
PIECE = 1 << 16


class Broken(AssertionError):
    pass


class Member:
    __slots__ = ("socket", "channel", "tail", "next", "inside")

    def __init__(self, sock, channel):
        self.socket = sock
        self.channel = channel
        self.tail = b""
        self.next = 0
        self.inside = False


class Flow:
    """connect: gives a connected, blocking socket. In each channel one member talks, and the others count."""

    def __init__(self, connect, clients, channels):
        self.connect = connect
        self.poll = select.epoll()
        self.by_fd = {}
        self.talkers = []
        self.said = [0] * channels
        self.clients = clients

    def __enter__(self):
        raise_descriptors(self.clients + 256)
        while len(self.by_fd) < self.clients:
            wave = [self.add(len(self.by_fd)) for _ in range(min(WAVE, self.clients - len(self.by_fd)))]
            self.serve(lambda: all(m.inside for m in wave), "to come in")
        return self

    def __exit__(self, *_):
        for member in self.by_fd.values():
            member.socket.close()
        self.poll.close()

    def add(self, number):
        sock = self.connect()
        member = Member(sock, number % len(self.said))
        sock.sendall(f"NICK n{number}\r\nUSER n 0 * :n\r\nJOIN #flow{member.channel}\r\n".encode())
        sock.setblocking(False)
        self.by_fd[sock.fileno()] = member
        self.poll.register(sock, select.EPOLLIN)
        if number < len(self.said):
            self.talkers.append(member)
        return member

    def read(self, member):
        try:
            data = member.socket.recv(PIECE)
        except BlockingIOError:
            return
        if not data:
            raise Broken(f"a client in #flow{member.channel} was disconnected")
        lines = (member.tail + data).split(b"\n")
        member.tail = lines.pop()
        for line in lines:
            if b" PRIVMSG #" in line:
                self.count(member, line)
            elif b" 366 " in line:
                member.inside = True
            elif line.startswith(b"ERROR") or (b" QUIT " in line):
                raise Broken(line.decode())

    def count(self, member, line):
        number = int(line[line.rindex(b":") + 1 :])
        if number != member.next or b" #flow%d " % member.channel not in line:
            raise Broken(f"{line.decode()} came instead of {member.next} in #flow{member.channel}")
        member.next += 1

    def turn(self, wait):
        for fd, _ in self.poll.poll(wait):
            self.read(self.by_fd[fd])

    def serve(self, done, what):
        end = time.monotonic() + SECONDS
        while not done():
            if time.monotonic() > end:
                raise Broken(f"after {SECONDS} s they are still {what}")
            self.turn(0.05)

    def talk(self):
        """Another message in each channel."""
        for member in self.talkers:
            member.socket.send(b"PRIVMSG #flow%d :%d\r\n" % (member.channel, self.said[member.channel]))
            self.said[member.channel] += 1

    def run(self, rate, done):
        """Messages flow, so many a second in each channel, until done."""
        due = time.monotonic()
        end = due + SECONDS
        while not done():
            now = time.monotonic()
            if now > end:
                raise Broken(f"it did not happen in {SECONDS} s")
            if now >= due:
                self.talk()
                due = max(due + 1 / rate, now - 1)
            self.turn(max(0, min(due - time.monotonic(), 0.05)))

    def check(self):
        """All that was said has come to everybody. How many deliveries that were."""
        talkers = set(map(id, self.talkers))
        listeners = [m for m in self.by_fd.values() if id(m) not in talkers]
        self.serve(lambda: all(m.next == self.said[m.channel] for m in listeners), "missing messages")
        return sum(m.next for m in listeners)


def raise_descriptors(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def ping(sock, pipe):
    """The longest time from a PING to its PONG, each time that it is asked for. It ends with the connection."""
    longest = 0.0
    sock.sendall(b"NICK probe\r\nUSER probe 0 * :probe\r\n")
    while True:
        begun = time.monotonic()
        sock.sendall(b"PING x\r\n")
        got = b""
        while b" PONG " not in got:
            piece = sock.recv(PIECE)
            if not piece:
                raise Broken(f"the probe was disconnected: {got!r}")
            got += piece
        longest = max(longest, time.monotonic() - begun)
        if pipe.poll():
            if not pipe.recv():
                return
            pipe.send(longest)
            longest = 0.0
        time.sleep(0.001)


class Probe:
    """A client in a process of its own, which asks all the time."""

    def __init__(self, sock):
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=ping, args=(sock, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def longest(self):
        """Seconds, since it was asked last."""
        self.pipe.send(True)
        return self.pipe.recv()

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.pipe.send(False)
        self.process.join(10)
        self.process.kill()


def tcp(address):
    sock = socket.create_connection(address)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock

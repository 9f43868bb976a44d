"""Many clients at once in one thread, for load: what they get is counted, not kept."""

import errno
import resource
import selectors
import socket
import time


class Member:
    """One of the crowd. `seen` counts the lines that hold each of the crowd's patterns."""

    __slots__ = ("nick", "socket", "out", "tail", "seen", "closed")

    def __init__(self, nick, sock, patterns):
        self.nick = nick
        self.socket = sock
        self.out = b""
        self.tail = b""
        self.seen = dict.fromkeys(patterns, 0)
        self.closed = False


class Crowd:
    PATTERNS = (b" 422 ", b" 366 ", b" PRIVMSG #", b" PONG ", b" QUIT ")
    WAVE = 500

    def __init__(self, address):
        self.address = address
        self.members = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()
        self.selector.close()

    def add(self, count, deadline=60):
        """So many more come in, a wave at a time; returns when all are registered."""
        while count > 0:
            wave = [self.connect() for _ in range(min(count, self.WAVE))]
            count -= len(wave)
            self.run(lambda m: m.seen[b" 422 "] > 0, wave, deadline)

    def connect(self):
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        error = sock.connect_ex(self.address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")
        member = Member(f"m{len(self.members)}", sock, self.PATTERNS)
        self.members.append(member)
        self.selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, member)
        self.say(member, f"NICK {member.nick}", "USER m 0 * :member")
        return member

    def say(self, member, *lines):
        if not member.out:
            self.selector.modify(member.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, member)
        member.out += "".join(line + "\r\n" for line in lines).encode()

    def run(self, done, members=None, deadline=60):
        """Serves all until `done` is true of each of the members."""
        end = time.monotonic() + deadline
        missing = [m for m in (members or self.members) if not done(m)]
        while missing:
            if time.monotonic() > end:
                raise AssertionError(
                    f"{len(missing)} did not get there in {deadline} s, as {missing[0].nick}: {missing[0].seen}"
                )
            for key, events in self.selector.select(1):
                self.serve(key.data, events)
            while missing and done(missing[-1]):
                missing.pop()
            if not missing:
                missing = [m for m in (members or self.members) if not done(m)]

    def serve(self, member, events):
        if events & selectors.EVENT_WRITE:
            self.write(member)
        if events & selectors.EVENT_READ and not member.closed:
            self.read(member)

    def write(self, member):
        if member.out:
            try:
                member.out = member.out[member.socket.send(member.out) :]
            except BlockingIOError:
                return
            except OSError:
                self.drop(member)
                return
        if not member.out:
            self.selector.modify(member.socket, selectors.EVENT_READ, member)

    def read(self, member):
        try:
            data = member.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(member)
            return
        whole, _, member.tail = (member.tail + data).rpartition(b"\n")
        for pattern in self.PATTERNS:
            member.seen[pattern] += whole.count(pattern)

    def drop(self, member):
        if not member.closed:
            member.closed = True
            self.selector.unregister(member.socket)
            member.socket.close()

    def leave(self):
        for member in self.members:
            self.drop(member)
        self.members.clear()

    def total(self, pattern):
        return sum(m.seen[pattern] for m in self.members)


def raise_descriptors():
    """Gives the number that this process may have open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def join_and_talk(crowd, channels, messages, deadline=60):
    """
    Everybody joins one of the channels and says so many things there. Returns how many deliveries that was, when each
    has had all of his.
    """
    groups = [crowd.members[i::channels] for i in range(channels)]
    for number, group in enumerate(groups):
        for member in group:
            member.seen[b" PRIVMSG #"] = member.seen[b" 366 "] = 0
            crowd.say(member, f"JOIN #crowd{number}")
    crowd.run(lambda m: m.seen[b" 366 "] == 1, deadline=deadline)
    wanted = {}
    for number, group in enumerate(groups):
        for member in group:
            wanted[member.nick] = messages * (len(group) - 1)
            crowd.say(member, *(f"PRIVMSG #crowd{number} :message {i} of {member.nick}" for i in range(messages)))
    crowd.run(lambda m: m.seen[b" PRIVMSG #"] >= wanted[m.nick], deadline=deadline)
    for member in crowd.members:
        crowd.say(member, "PING end")
    crowd.run(lambda m: m.seen[b" PONG "] > 0, deadline=deadline)
    for member in crowd.members:
        got = member.seen[b" PRIVMSG #"]
        assert got == wanted[member.nick], f"{member.nick} got {got} messages, not {wanted[member.nick]}"
        member.seen[b" PONG "] = 0
    return crowd.total(b" PRIVMSG #")

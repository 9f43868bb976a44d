"""People who change accounts and channels as fast as the answers come, until the daemon is killed; and what they were promised."""

import pathlib
import random
import signal
import sqlite3
import threading

import sasl
from harness import FAST

CONFIG = FAST + "[limits]\nchannels = 1000\n[accounts]\niterations = 4096\nchannels = 1000\nattempts = 0\n"
CAPS = "sasl draft/account-registration draft/metadata-2 labeled-response batch"
PASSWORD = "correct horse"
RANKS = ("VOP", "HOP", "AOP", "SOP")
CHANNELS = 10


class Ended(Exception):
    """The connection, before there was an answer."""


class Person:
    """
    One who owns an account. `promised` holds what an answer has said is so: ("channel", name) whether it is registered,
    ("rank", channel) the friend's rank there, ("note",) the text kept with the account, ("account", name) that there is one.
    `asked` is the change that has had no answer, as (key, what it would be then), and may be so or not.
    """

    def __init__(self, name, seed):
        self.name, self.friend = name, name + "f"
        self.random = random.Random(seed)
        self.promised, self.asked = {}, None
        self.changes = self.serial = 0

    @staticmethod
    def device(daemon, account):
        """A client that is logged in to the account, which is made where there is none."""
        client = daemon.client(account + "d", caps=CAPS)
        said = client.ask(f"REGISTER {account} * :{PASSWORD}")
        assert said.of("900") or sasl.plain(client, account, PASSWORD).of("903"), said.tail
        return client

    def ask(self, *lines, client=None):
        try:
            return (client or self.client).ask(*lines)
        except (AssertionError, OSError):
            raise Ended from None

    def cs(self, text):
        return [m.params[1] for m in self.ask(f"CS {text}").of("NOTICE")]

    def change(self, key, value, done):
        """done() asks for it, and is true when the answer says that it is so."""
        self.asked = (key, value)
        assert done(), f"{self.name}: no answer to {self.asked}"
        self.promised[key] = value
        self.asked = None
        self.changes += 1

    def channels(self):
        return [key[1] for key, value in self.promised.items() if key[0] == "channel" and value]

    def next(self):
        mine = self.channels()
        what = self.random.choice(["register", "rank", "rank", "rank", "note", "note", "drop", "account"])
        if what == "account":
            self.make_account()
        elif what == "note":
            self.serial += 1
            note = f"number {self.serial}"
            self.change(("note",), note, lambda: self.ask(f"METADATA * SET url :{note}").of("761"))
        elif what == "register" and len(mine) < CHANNELS or not mine:
            self.register()
        elif what == "drop" and len(mine) > CHANNELS // 2:
            self.drop(self.random.choice(mine))
        else:
            self.rank(self.random.choice(mine))

    def register(self):
        self.serial += 1
        name = f"#{self.name}-{self.serial}"
        self.ask(f"JOIN {name}")
        self.change(("channel", name), True, lambda: "is registered to" in self.cs(f"REGISTER {name}")[0])

    def drop(self, name):
        command = self.cs(f"DROP {name}")[0].split(": ")[1]
        self.change(("channel", name), False, lambda: "no more" in self.cs(command)[0])
        self.promised[("rank", name)] = None
        self.ask(f"PART {name}")

    def rank(self, name):
        if self.promised.get(("rank", name)) and self.random.random() < 0.3:
            self.change(("rank", name), None, lambda: "no rank" in self.cs(f"ACCESS {name} DEL {self.friend}")[0])
        else:
            rank = self.random.choice(RANKS)
            self.change(("rank", name), rank, lambda: " is " in self.cs(f"ACCESS {name} ADD {self.friend} {rank}")[0])

    def make_account(self):
        self.serial += 1
        name = f"{self.name}a{self.serial}"
        try:
            client = self.daemon.client(nick=name, caps=CAPS)
        except (AssertionError, OSError):
            raise Ended from None
        self.change(("account", name), True, lambda: self.ask(f"REGISTER * * :{PASSWORD}", client=client).of("900"))
        client.close()

    def run(self):
        try:
            while True:
                self.next()
        except Ended:
            pass

    # What is so, after a restart.

    def rank_there(self, name):
        """The friend's rank in the channel, as the word that gives it; None without one."""
        for line in self.cs(f"ACCESS {name} LIST"):
            if line.startswith(f"{self.friend}: "):
                return {"voice": "VOP", "half": "HOP", "operator": "AOP", "admin": "SOP"}[line.split(": ")[1].split()[-1].split("-")[0]]
        return None

    def is_so(self, key):
        kind, name = key[0], key[-1]
        if kind == "note":
            said = self.ask("METADATA * GET url").of("761")
            return said[0].params[-1] if said else None
        if kind == "rank":
            return self.rank_there(name)
        if kind == "channel":
            return f"Founder: {self.name}" in self.cs(f"INFO {name}")
        client = self.daemon.connect(self.name + "x")
        client.ask("CAP LS 302", f"CAP REQ :{CAPS}", f"NICK {client.nick}", "USER u 0 * :r")
        there = bool(sasl.plain(client, name, PASSWORD).of("903"))
        client.close()
        return there

    def settle(self, daemon):
        """Comes to this one. What had no answer is so, or as it was: nothing between."""
        self.daemon = daemon
        self.device(daemon, self.friend).close()
        self.client = self.device(daemon, self.name)
        if not self.asked:
            return
        key, value = self.asked
        now, before = self.is_so(key), self.promised.get(key) or (False if isinstance(value, bool) else None)
        assert now in (value, before), f"{self.name}: {key} is {now}, not {value} and not {before}"
        self.promised[key], self.asked = now, None
        if key[0] == "channel" and not now:
            self.promised[("rank", key[1])] = None

    def check(self):
        for key, value in self.promised.items():
            if key[0] == "rank" and not self.promised[("channel", key[1])]:
                continue
            now = self.is_so(key)
            assert now == value, f"{self.name}: {key} is {now}, but {value} was promised"


def make_people(count, seed):
    return [Person(f"k{n}", seed * 1000 + n) for n in range(count)]


def settle(daemon, people):
    for person in people:
        person.settle(daemon)


def check(people):
    for person in people:
        person.check()


def run_until_killed(daemon, people, changes):
    """All of them at once, until there are so many more changes; then the daemon is killed, wherever it is."""
    before = sum(p.changes for p in people)
    threads = [threading.Thread(target=person.run) for person in people]
    for thread in threads:
        thread.start()
    while sum(p.changes for p in people) < before + changes:
        threads[0].join(0.001)
        assert any(t.is_alive() for t in threads)
    daemon.process.kill()
    for thread in threads:
        thread.join()
    daemon.check_end(-signal.SIGKILL)
    daemon.release()


def check_store(state):
    """SQLite's own opinion of each database."""
    for path in pathlib.Path(state).glob("*.db"):
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)], path

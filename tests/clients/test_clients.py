"""chat-client, irssi, weechat-headless, ii, irc-framework and a page in Chromium each join, talk, see what others say, change their nick and part."""

import fcntl
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
import urllib.parse

import pytest

from terminal import Terminal

from harness import DEADLINE, ROOT, chan, fresh, wait_until

HERE = pathlib.Path(__file__).resolve().parent
CLIENT = os.environ.get("CHAT_CLIENT", str(ROOT / "build/src/chat-client/chat-client"))
BUILD = pathlib.Path(os.environ.get("CHATD_CLIENTS_DIR", ROOT / "build/clients"))


def converse(peer, nick, program):
    """
    The same for all of them, from the peer's side. The program is somebody with join(), say(), sees(), rename(), part()
    and quit().
    """
    program.join(peer.channel)
    assert peer.wait("JOIN", peer.channel).source.startswith(nick + "!")
    program.say(peer.channel, "hello from the program")
    assert peer.wait("PRIVMSG", peer.channel).params[1] == "hello from the program"
    peer.ask(f"PRIVMSG {peer.channel} :an answer from the peer")
    program.sees(peer.channel, "an answer from the peer")
    new = fresh("newnick")
    program.rename(new)
    assert peer.wait("NICK").params == [new]
    program.part(peer.channel)
    assert peer.wait("PART", peer.channel).source.startswith(new + "!")
    program.quit()


def end(process):
    """One that we started is not there any more when a test is over."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Irssi:
    """In a terminal of its own; what it shows is read from there."""

    def __init__(self, path, server, nick, home, more=""):
        self.screen = b""
        (home / "config").write_text(
            'settings = { "irc/core" = { cmd_queue_speed = "1msec"; cmds_max_at_once = "50"; }; };\n' + more
        )
        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        argv = [path, f"--home={home}", "-c", server.tcp[0], "-p", str(server.tcp[1]), "-n", nick]
        self.process = subprocess.Popen(
            argv,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "HOME": str(home), "LC_ALL": "C.UTF-8"},
        )
        os.close(inner)

    def read_until(self, text):
        limit = time.monotonic() + DEADLINE
        while text.encode() not in self.screen:
            ready, _, _ = select.select([self.terminal], [], [], max(0, limit - time.monotonic()))
            assert ready, f"irssi did not show {text!r}; the end of its screen:\n{self.screen[-2000:]!r}"
            self.screen += os.read(self.terminal, 65536)

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\r")

    def join(self, channel):
        self.read_until("There are")
        self.type(f"/join {channel}")

    def say(self, channel, text):
        self.read_until(f"[{channel}")
        self.type(text)

    def sees(self, _, text):
        self.read_until(text)

    def rename(self, nick):
        self.type(f"/nick {nick}")

    def part(self, channel):
        self.type(f"/part {channel}")

    def quit(self):
        self.type("/quit")
        while select.select([self.terminal], [], [], DEADLINE)[0]:
            try:
                if not os.read(self.terminal, 65536):
                    break
            except OSError:
                break
        assert self.process.wait(DEADLINE) == 0

    def close(self):
        end(self.process)
        os.close(self.terminal)


class ChatClient:
    """The one that comes with chatd, on a terminal."""

    def __init__(self, path, server, nick, home):
        env = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home)}
        self.terminal = Terminal([str(path), "-n", nick, "-p", str(server.tcp[1]), server.tcp[0]], columns=200, env=env)
        self.terminal.shows("Welcome")

    def type(self, line):
        self.terminal.type(line + "\r")

    def join(self, channel):
        self.type(f"/join {channel}")
        self.terminal.shows(f"joined {re.escape(channel)}$")

    def say(self, channel, text):
        self.type(f"/win {channel}")
        self.type(text)

    def sees(self, _, text):
        self.terminal.shows(re.escape(text))

    def rename(self, nick):
        self.type(f"/nick {nick}")

    def part(self, channel):
        self.type(f"/part {channel}")

    def quit(self):
        self.type("/quit")
        assert self.terminal.wait() == 0

    def close(self):
        self.terminal.__exit__()


def test_chat_client(server, peer, tmp_path):
    nick = fresh("chatc")
    client = ChatClient(CLIENT, server, nick, tmp_path)
    try:
        converse(peer, nick, client)
    finally:
        client.close()


def test_irssi(server, peer, program, tmp_path):
    nick = fresh("irssi")
    irssi = Irssi(program("irssi"), server, nick, tmp_path)
    try:
        converse(peer, nick, irssi)
    finally:
        irssi.close()


def test_irssi_does_not_notice_a_restart(server, peer, program, tmp_path):
    irssi = Irssi(program("irssi"), server, fresh("irssi"), tmp_path)
    try:
        irssi.join(peer.channel)
        peer.wait("JOIN", peer.channel)
        for number in range(1, 3):
            before = server.log.count("clients are here again")
            server.send_signal(signal.SIGUSR2)
            server.wait_log("clients are here again", before + 1)
            peer.ask(f"PRIVMSG {peer.channel} :after restart {number}")
            irssi.sees(peer.channel, f"after restart {number}")
            irssi.say(peer.channel, f"still here {number}")
            assert peer.wait("PRIVMSG", peer.channel).params[1] == f"still here {number}"
        for word in (b"Disconnect", b"Connection lost", b"Reconnect"):
            assert word not in irssi.screen
        irssi.quit()
    finally:
        irssi.close()


class Weechat:
    """Commands go in through its pipe; what it shows in a buffer is in the log of that."""

    def __init__(self, path, server, nick, home, more=()):
        self.home = home
        self.pipe = home / "pipe"
        commands = [
            f"/set fifo.file.path {self.pipe}",
            "/set logger.file.flush_delay 0",
            f"/server add test {server.tcp[0]}/{server.tcp[1]} -notls -nicks={nick}"
            " -anti_flood_prio_high=0 -anti_flood_prio_low=0",
            *more,
            "/connect test",
        ]
        argv = [path, "--dir", str(home)]
        for command in commands:
            argv += ["-r", command]
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        )

    def tell(self, buffer, command):
        wait_until(self.pipe.exists, "weechat's pipe")
        with open(self.pipe, "w") as pipe:
            pipe.write(f"{buffer} *{command}\n")

    def log_of(self, channel):
        path = self.home / "logs" / f"irc.test.{channel}.weechatlog"
        return path.read_text() if path.exists() else ""

    def join(self, channel):
        wait_until(lambda: "Welcome to the" in self.server_log(), "weechat to be welcome")
        self.tell("irc.server.test", f"/join {channel}")

    def server_log(self):
        path = self.home / "logs/irc.server.test.weechatlog"
        return path.read_text() if path.exists() else ""

    def say(self, channel, text):
        wait_until(lambda: self.log_of(channel), "weechat to have the channel")
        self.tell(f"irc.test.{channel}", text)

    def sees(self, channel, text):
        wait_until(lambda: text in self.log_of(channel), f"weechat to show {text!r}")

    def rename(self, nick):
        self.tell("irc.server.test", f"/nick {nick}")

    def part(self, channel):
        self.tell(f"irc.test.{channel}", "/part")

    def quit(self):
        self.tell("core.weechat", "/quit")
        assert self.process.wait(DEADLINE) == 0

    def close(self):
        end(self.process)


def test_weechat(server, peer, program, tmp_path):
    nick = fresh("wee")
    weechat = Weechat(program("weechat-headless"), server, nick, tmp_path)
    try:
        converse(peer, nick, weechat)
    finally:
        weechat.close()


class Ii:
    """A folder for the server and one for each channel, with a pipe `in` and a file `out`."""

    def __init__(self, path, server, nick, home):
        self.folder = home / server.tcp[0]
        argv = [path, "-i", str(home), "-s", server.tcp[0], "-p", str(server.tcp[1]), "-n", nick, "-f", "ii"]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def tell(self, folder, line):
        pipe = folder / "in"
        wait_until(pipe.exists, f"ii to make {pipe.name} in {folder.name}")
        with open(pipe, "w") as out:
            out.write(line + "\n")

    def shown(self, folder):
        path = folder / "out"
        return path.read_text() if path.exists() else ""

    def join(self, channel):
        wait_until(lambda: "Welcome to the" in self.shown(self.folder), "ii to be welcome")
        self.tell(self.folder, f"/j {channel}")

    def say(self, channel, text):
        self.tell(self.folder / channel, text)

    def sees(self, channel, text):
        wait_until(lambda: text in self.shown(self.folder / channel), f"ii to show {text!r}")

    def rename(self, nick):
        self.tell(self.folder, f"/n {nick}")

    def part(self, channel):
        self.tell(self.folder / channel, "/l")

    def quit(self):
        self.tell(self.folder, "/q")
        assert self.process.wait(DEADLINE) in (0, 1)

    def close(self):
        end(self.process)


def test_ii(server, peer, program, tmp_path):
    nick = fresh("ii")
    ii = Ii(program("ii"), server, nick, tmp_path)
    try:
        converse(peer, nick, ii)
    finally:
        ii.close()


class Framework:
    def __init__(self, path, address, nick, folder, *protocol):
        self.events = []
        argv = [path, str(HERE / "irc-framework.js"), address[0], str(address[1]), nick, *protocol]
        self.process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def until(self, event, **fields):
        wanted = {"event": event, **fields}
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if wanted.items() <= self.events[-1].items():
                return
        raise AssertionError(f"irc-framework ended without {wanted}, after {self.events}")

    def call(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def join(self, channel):
        self.until("registered")
        self.call("join", channel)

    def say(self, channel, text):
        self.until("userlist", channel=channel)
        self.call("say", channel, text)

    def sees(self, channel, text):
        self.until("message", target=channel, text=text)

    def rename(self, nick):
        self.call("changeNick", nick)
        self.until("nick", now=nick)

    def part(self, channel):
        self.call("part", channel)

    def quit(self):
        self.call("quit", "bye")
        self.until("close")

    def close(self):
        self.process.stdin.close()
        end(self.process)
        self.process.stdout.close()


@pytest.fixture
def packages(program):
    """A folder with what package-lock.json names, installed once for each state of that file."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = BUILD / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "complete").exists():
        npm = program("npm")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            reason = f"npm ci failed: {done.stderr[-1000:]}"
            pytest.skip(reason) if os.environ.get("CHATD_TESTS_OPTIONAL") else pytest.fail(reason)
        (folder / "complete").touch()
    return folder


def test_irc_framework(server, peer, program, packages):
    nick = fresh("frame")
    framework = Framework(program("node"), server.tcp, nick, packages)
    try:
        converse(peer, nick, framework)
    finally:
        framework.close()


def test_irc_framework_over_websocket(server, peer, program, packages):
    nick = fresh("frame")
    framework = Framework(program("node"), server.web, nick, packages, "text.ircv3.net")
    try:
        converse(peer, nick, framework)
    finally:
        framework.close()


@pytest.mark.parametrize("protocol", ["text.ircv3.net", "binary.ircv3.net"])
def test_a_page_in_chromium(server, peer, program, tmp_path, protocol):
    nick = fresh("page")
    words = [str(server.web[1]), nick, peer.channel, protocol]
    page = f"file://{HERE}/browser.html?" + "&".join(urllib.parse.quote(word) for word in words)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}"]
    chromium = subprocess.Popen(
        [program("chromium"), *flags, "--remote-debugging-port=0", page],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    try:
        assert peer.wait("JOIN", peer.channel).source.startswith(nick + "!")
        peer.send(f"PRIVMSG {peer.channel} :¿qué tal? ✓ {'x' * 300}")
        assert peer.wait("PRIVMSG", peer.channel).params[1] == f"{protocol} heard ¿qué tal? ✓ {'x' * 300}"
        peer.send(f"PRIVMSG {peer.channel} :go")
        assert peer.wait("QUIT").source.startswith(nick + "!")
    finally:
        os.killpg(chromium.pid, signal.SIGKILL)
        chromium.wait()


class Netcat:
    """Somebody who has nothing but nc, at the line door."""

    def __init__(self, path, address, nick):
        self.shown = ""
        self.process = subprocess.Popen(
            [path, address[0], str(address[1])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.type("hello?")
        self.sees(None, "What is your name")
        self.type(nick)
        self.sees(None, f"Hello, {nick}")

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def join(self, channel):
        self.type(f"/join {channel}")
        self.sees(None, f"You are in {channel}")

    def say(self, _, text):
        self.type(text)

    def sees(self, _, text):
        limit = time.monotonic() + DEADLINE
        while text not in self.shown:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, limit - time.monotonic()))
            assert ready, f"nc did not show {text!r}; it showed:\n{self.shown[-2000:]}"
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, f"nc ended before it showed {text!r}:\n{self.shown[-2000:]}"
            self.shown += piece.decode()

    def rename(self, nick):
        self.type(f"/nick {nick}")

    def part(self, channel):
        self.type(f"/leave {channel}")

    def quit(self):
        self.type("/quit")
        self.sees(None, "The connection ends")
        self.process.stdin.close()
        self.process.wait(DEADLINE)

    def close(self):
        end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


def test_netcat(server, peer, program):
    nick = fresh("nc")
    netcat = Netcat(program("nc"), server.line, nick)
    try:
        converse(peer, nick, netcat)
    finally:
        netcat.close()


def test_four_ways_to_talk(server, program, tmp_path):
    """nc, irssi, chat-client and weechat hold a conversation in one channel."""
    channel = chan("four")
    folders = {name: tmp_path / name for name in ("irssi", "client", "weechat")}
    for folder in folders.values():
        folder.mkdir()
    people = []
    try:
        people.append(Netcat(program("nc"), server.line, fresh("nc")))
        people.append(Irssi(program("irssi"), server, fresh("irssi"), folders["irssi"]))
        people.append(ChatClient(CLIENT, server, fresh("chatc"), folders["client"]))
        people.append(Weechat(program("weechat-headless"), server, fresh("wee"), folders["weechat"]))
        for person in people:
            person.join(channel)
        with server.client() as peer:
            peer.join(channel)
            wait_until(lambda: len(peer.ask(f"WHO {channel}").of("352")) > len(people), "all of them to be in")
        for number, person in enumerate(people):
            person.say(channel, f"word {number} of the conversation")
            for other in people:
                if other is not person:
                    other.sees(channel, f"word {number} of the conversation")
        for person in people:
            person.quit()
    finally:
        for person in people:
            person.close()

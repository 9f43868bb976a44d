"""Outgoing webhooks: what happens, posted as JSON to addresses of the configuration."""

import base64
import json
import signal
import socket

import pytest

from harness import FAST, free_port, wait_until
from receiver import Receiver
from test_control import chatctl
from test_handover import restart
from test_metrics import scrape

SECRET = "a secret of some bytes"


class House:
    """A daemon with one outgoing webhook, "out", and who receives it."""

    def __init__(self, start, folder):
        self.start, self.folder = start, folder
        self.receivers = []

    def receiver(self, tls=True):
        made = Receiver(self.folder, tls)
        self.receivers.append(made)
        return made

    def config(self, url, *hook, outgoing=("allow = 127.0.0.0/8", "retry = 20ms")):
        self.control = self.folder / "control"
        section = "\n".join(["[outgoing]", "keep = 0", *outgoing, "[hook out]", f"url = {url}", *hook])
        return f"{FAST}[control]\nsocket = {self.control}\n{section}\n"

    def up(self, receiver, *hook, outgoing=("allow = 127.0.0.0/8", "retry = 20ms"), url=None, **options):
        trust = (f"authorities = {receiver.authority}",) if hasattr(receiver, "authority") else ("plain = yes",)
        text = self.config(url or receiver.url + "/in", *hook, outgoing=(*outgoing, *trust))
        self.daemon = self.start(text, **options)
        self.daemon.control = self.control
        return self.daemon

    def list(self):
        done = chatctl(self.daemon, "--json", "outgoing", "list")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[0])

    def ctl(self, *words):
        done = chatctl(self.daemon, "outgoing", *words)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def house(receivers, start, tmp_path):
    made = House(start, tmp_path)
    yield made
    receivers += made.receivers
    for receiver in made.receivers:
        receiver.open.set()


def test_a_message_is_posted_and_signed(house):
    to = house.receiver()
    daemon = house.up(to, f"secret = {SECRET}", "channels = #ops*")
    with daemon.client() as ann:
        ann.join("#ops-1")
        ann.join("#other")
        ann.ask("PRIVMSG #other :not this")
        ann.ask("PRIVMSG #ops-1 :\x01VERSION\x01", "PRIVMSG @#ops-1 :for operators alone")
        ann.ask("PRIVMSG #ops-1 :hello \x02you\x02", "NOTICE #ops-1 :no message")
        post = to.wait()
        assert post.path == "/in" and post.headers["Content-Type"] == "application/json"
        assert post.headers["User-Agent"].startswith("chatd/")
        assert post.headers["webhook-signature"] == post.signed_with(SECRET.encode())
        assert post.json["webhook"] == "out" and post.json["dropped"] == 0 and post.json["server"]
        (event,) = post.json["events"]
        assert event["event"] == "message" and event["channel"] == "#ops-1" and event["text"] == "hello \x02you\x02"
        assert event["nick"] == ann.nick and event["source"].startswith(f"{ann.nick}!")
        assert event["msgid"] and event["time"].endswith("Z") and "account" not in event
        ann.ask("PRIVMSG #ops-1 :\x01ACTION waves\x01")
        (event,) = to.wait(2).json["events"]
        assert event["action"] is True and event["text"] == "waves"
        assert to.posts[0].headers["webhook-id"] != to.posts[1].headers["webhook-id"]
    wait_until(lambda: house.list()["sent"] == 2, "both taken")
    assert house.list() == {"webhook": "out", "waiting": 0, "sent": 2, "dropped": 0, "refused": 0, "failures": 0,
                            "trouble": ""}


def test_a_secret_in_base64(house):
    to = house.receiver()
    key = bytes(range(32))
    daemon = house.up(to, f"secret = whsec_{base64.b64encode(key).decode()}", "channels = *")
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :x")
        post = to.wait()
        assert post.headers["webhook-signature"] == post.signed_with(key)


def test_what_is_wanted(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *", "from = ann*!*@* loud!*@*", "words = fire smoke*alarm", "events = message, notice")
    with daemon.client("ann") as ann, daemon.client("bob") as bob:
        ann.join("#a")
        bob.join("#a")
        bob.ask("PRIVMSG #a :fire, says bob")
        ann.ask("PRIVMSG #a :nothing", "NOTICE #a :Smoke in the alarm room", "PRIVMSG #a :FIREFLY")
        to.wait_event(lambda e: e["text"] == "FIREFLY")
        assert [(e["event"], e["text"]) for e in to.events()] == [
            ("notice", "Smoke in the alarm room"), ("message", "FIREFLY")]


def test_what_happens_in_channels(house):
    to = house.receiver()
    daemon = house.up(to, "channels = #a #b", "events = join part quit kick nick topic mode")
    with daemon.client("ann") as ann, daemon.client("bob") as bob:
        nick = bob.nick
        ann.join("#a")
        for channel in ("#a", "#b", "#c"):
            bob.join(channel)
        ann.ask("TOPIC #a :the topic", f"MODE #a +ok {bob.nick} password")
        bob.ask("NICK bobby", "PART #b :away")
        ann.ask("KICK #a bobby :out")
        bob.ask("JOIN #a password")
        bob.send("QUIT :bye")
        to.wait_event(lambda e: e["event"] == "quit")
        events = to.events()
    of = lambda kind: [e for e in events if e["event"] == kind]
    assert [(e["channel"], e["nick"]) for e in of("join")] == [
        ("#a", ann.nick), ("#a", nick), ("#b", nick), ("#a", "bobby")]
    assert [e["text"] for e in of("topic")] == ["the topic"]
    (mode,) = [e for e in of("mode") if e["nick"] == ann.nick and "o" in e["modes"]]
    assert mode["modes"] == "+ok" and mode["params"] == [nick, "*"]
    (renamed,) = of("nick")
    assert renamed["nick"] == nick and renamed["to"] == "bobby" and sorted(renamed["channels"]) == ["#a", "#b"]
    assert [(e["channel"], e["text"]) for e in of("part")] == [("#b", "away")]
    (kicked,) = of("kick")
    assert (kicked["nick"], kicked["target"], kicked["text"]) == (ann.nick, "bobby", "out")
    (gone,) = of("quit")
    assert gone["channels"] == ["#a"] and gone["nick"] == "bobby" and gone["text"] == "Quit: bye"


def test_what_happens_to_the_server(house, tmp_path):
    to = house.receiver()
    daemon = house.up(to, "events = bans, registrations")
    assert chatctl(daemon, "ban", "add", "192.0.2.7", "no", "more").returncode == 0
    event = to.wait_event(lambda e: e["event"] == "bans")
    assert "192.0.2.7" in event["text"] and set(event) == {"event", "time", "text"}
    with daemon.client() as ann:
        ann.ask("REGISTER * * :a long password")
        assert ann.nick in to.wait_event(lambda e: e["event"] == "registrations")["text"]


def test_many_go_together(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *")
    to.open.clear()
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :first")
        to.wait()
        ann.ask(*(f"PRIVMSG #a :line {i}" for i in range(150)))
        to.open.set()
        to.wait_event(lambda e: e["text"] == "line 149")
    assert [len(p.json["events"]) for p in to.posts] == [1, 100, 50]
    assert [e["text"] for e in to.events()] == ["first"] + [f"line {i}" for i in range(150)]


def test_what_fails_is_tried_again(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *", f"secret = {SECRET}")
    to.answers = [(500, {}), (503, {}), (302, {"Location": to.url + "/elsewhere"}), (429, {"Retry-After": "0"})]
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :once")
        to.wait(5)
        wait_until(lambda: house.list()["sent"] == 1, "it taken")
    assert len(to.posts) == 5 and {p.path for p in to.posts} == {"/in"}
    assert len({p.headers["webhook-id"] for p in to.posts}) == 1 and len({p.body for p in to.posts}) == 1
    assert all(p.headers["webhook-signature"] == p.signed_with(SECRET.encode()) for p in to.posts)


def test_retry_after_is_heeded(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *")
    to.answers = [(429, {"Retry-After": "3600"})]
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :wait")
        wait_until(lambda: house.list()["failures"] == 1, "a failure")
        assert "429" in house.list()["trouble"] and house.list()["waiting"] == 1
        house.ctl("resume", "out")
        wait_until(lambda: house.list()["sent"] == 1, "it taken")


def test_one_that_keeps_failing_is_paused(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *", "queue = 3", outgoing=("allow = 127.0.0.1", "retry = 10ms", "attempts = 3"))
    to.answers = [(500, {})] * 3
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :one")
        daemon.wait_log("webhook out is paused: the answer was 500")
        assert len(to.posts) == 3 and house.list()["paused_until"]
        ann.ask(*(f"PRIVMSG #a :{i}" for i in range(5)))
        shown = house.list()
        assert shown["waiting"] == 3 and shown["dropped"] == 3 and len(to.posts) == 3
        house.ctl("resume", "out")
        daemon.wait_log("webhook out is taken again")
        wait_until(lambda: house.list()["sent"] == 3, "all taken")
    assert [e["text"] for e in to.posts[3].json["events"]] == ["one"]
    assert to.posts[4].json["dropped"] == 3 and [e["text"] for e in to.posts[4].json["events"]] == ["3", "4"]
    assert "paused_until" not in house.list()


def test_410_pauses_at_once_and_400_drops(house):
    to = house.receiver()
    daemon = house.up(to, "channels = *")
    to.answers = [(400, {}), (204, {}), (410, {})]
    with daemon.client() as ann:
        ann.join("#a")
        for text in ("not understood", "understood", "gone"):
            ann.ask(f"PRIVMSG #a :{text}")
            to.wait_event(lambda e: e["text"] == text)
        daemon.wait_log("webhook out is paused: the answer was 410")
    shown = house.list()
    assert (shown["refused"], shown["sent"], shown["waiting"]) == (1, 1, 1)


@pytest.mark.parametrize("outgoing", [(), ("allow = 10.0.0.0/8",)])
def test_private_addresses_are_refused(house, outgoing):
    to = house.receiver()
    daemon = house.up(to, "channels = *", outgoing=(*outgoing, "attempts = 1"), url=f"https://localhost:{to.port}/")
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :x")
        daemon.wait_log("webhook out is paused: its address is none that may be used")
    assert not to.posts


def test_a_certificate_of_nobody_is_refused(house, tmp_path):
    to, other = house.receiver(), house.receiver()
    daemon = house.up(other, "channels = *", outgoing=("allow = 127.0.0.1", "attempts = 1"), url=to.url)
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :x")
        daemon.wait_log("webhook out is paused: .*(certificate|peer)")
    assert not to.posts


def test_plain_http_where_it_is_allowed(house):
    to = house.receiver(tls=False)
    daemon = house.up(to, "channels = *")
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :x")
        assert to.wait().headers["webhook-signature"] is None


def test_a_silent_receiver_holds_nobody_up(house):
    to = house.receiver()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        second = f"[hook silent]\nurl = https://127.0.0.1:{silent.getsockname()[1]}/\nchannels = *"
        daemon = house.up(to, "channels = *", second, outgoing=("allow = 127.0.0.0/8", "timeout = 100s"))
        with daemon.client() as ann:
            ann.join("#a")
            for i in range(3):
                ann.ask(f"PRIVMSG #a :{i}")
                to.wait_event(lambda e: e["text"] == str(i))
            ann.ask("REGISTER * * :a long password")


def test_what_waits_outlives_the_process(house, tmp_path):
    to = house.receiver()
    to.open.clear()
    daemon = house.up(to, "channels = *", args=["--state", str(tmp_path / "state")])
    with daemon.client() as ann:
        ann.join("#a")
        ann.ask("PRIVMSG #a :one")
        to.wait()
        ann.ask("PRIVMSG #a :two")
        restart(daemon)
        to.open.set()
        ann.ask("PRIVMSG #a :three")
        to.wait_event(lambda e: e["text"] == "three")
    texts = [e["text"] for e in to.events()]
    assert texts == ["one", "one", "two", "three"]
    assert not (tmp_path / "state" / "outgoing").exists()


def test_ping_and_reload(house):
    to, other = house.receiver(), house.receiver()
    daemon = house.up(to, "channels = *")
    house.ctl("ping", "out")
    assert [set(e) for e in to.wait().json["events"]] == [{"event", "time"}]
    assert chatctl(daemon, "outgoing", "ping", "none").returncode != 0
    trust = ("allow = 127.0.0.1", f"authorities = {other.authority}")
    daemon.reload(house.config(other.url, "channels = *", outgoing=trust))
    house.ctl("ping", "out")
    assert other.wait().json["events"][0]["event"] == "ping"
    daemon.reload(FAST + f"[control]\nsocket = {house.control}\n")
    assert chatctl(daemon, "outgoing", "ping", "out").returncode != 0


def test_metrics_count(house):
    to = house.receiver()
    port = free_port()
    daemon = house.up(to, "channels = *", f"[metrics]\nlisten = 127.0.0.1:{port}")
    house.ctl("ping", "out")
    wait_until(lambda: house.list()["sent"] == 1, "it taken")
    assert scrape(("127.0.0.1", port))['chatd_outgoing_webhook_events_total{result="sent"}'] == 1
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()

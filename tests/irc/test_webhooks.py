"""Incoming webhooks: POST /hook/NAME/TOKEN says something in a channel."""

import hashlib
import hmac
import http.client
import json
import signal
import socket

import pytest

from harness import DEADLINE, FAST, fresh, free_port
from test_accounts import make
from test_chanserv import cs, registered
from test_control import Control, chatctl
from test_handover import restart

COMMITS = [{"id": "abcdef0123456789", "message": "Mend it\n\nlong story", "author": {"name": "Ann"}}]
PUSH = {
    "repository": {"full_name": "ann/tool"},
    "pusher": {"name": "ann"},
    "ref": "refs/heads/main",
    "compare": "https://git.example/c",
    "commits": COMMITS,
}
ALERT = {"status": "firing", "labels": {"alertname": "DiskFull"}, "annotations": {"summary": "sda is full"}}


class House:
    def __init__(self, start, path, limits=FAST):
        self.port = free_port()
        self.config = f"[listen]\nendpoint = 127.0.0.1:{self.port}?accept=irc,websocket\n{limits}"
        self.state = path / "state"
        self.control = path / "control"
        self.start = start
        self.up()

    def up(self):
        more = f"[control]\nsocket = {self.control}\n"
        self.daemon = self.start(self.config + more, args=["--state", str(self.state)])
        self.daemon.control = self.control

    def hook(self, channel, *how):
        name = fresh("hook")
        done = chatctl(self.daemon, "--json", "webhook", "add", channel, name, *how)
        assert done.returncode == 0, done.stderr
        shown = json.loads(done.stdout.splitlines()[0])
        assert shown["channel"] == channel and shown["webhook"] == name
        return shown

    def post(self, path, body=b"", kind="text/plain", **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        if isinstance(body, dict):
            body, kind = json.dumps(body), "application/json"
        link.request("POST", path, body, {"Content-Type": kind, **fields})
        answer = link.getresponse()
        answer.text = answer.read()
        link.close()
        assert bool(answer.text) == (answer.status != 204)
        return answer


@pytest.fixture
def house(start, tmp_path):
    return House(start, tmp_path)


@pytest.fixture
def room(house):
    reader = house.daemon.client(caps="message-tags")
    return house, reader, house.daemon.channel(reader)


def said(reader):
    return [line.params[1] for line in reader.sync().of("PRIVMSG")]


def test_plain_text(room):
    house, reader, channel = room
    hook = house.hook(channel)
    assert house.post(hook["path"], "one\n\x02two\x03\r\n\n\tthree \xff".encode("latin-1")).status == 204
    lines = reader.sync().of("PRIVMSG")
    assert [line.params for line in lines] == [[channel, "one"], [channel, "two"], [channel, " three"]]
    assert lines[0].source.startswith(f"{hook['webhook']}/hook!hook@")
    assert house.post(hook["path"], "\n".join("x" * 2000 for _ in range(30))).status == 204
    lines = said(reader)
    assert len(lines) == 8 and lines[0] == "x" * 380 and lines[-1] == "(and more)"


def test_nobody_is_needed_but_the_channel(room):
    house, reader, channel = room
    hook = house.hook(channel)
    reader.ask(f"PART {channel}")
    assert house.post(hook["path"], "anybody?").status == 404
    assert chatctl(house.daemon, "webhook", "add", "#nowhere", "x").returncode != 0


def test_json(room):
    house, reader, channel = room
    path = house.hook(channel)["path"]
    for body in ({"text": "a"}, {"content": "b\nc"}, {"message": "d"}):
        assert house.post(path, body).status == 204
    assert house.post(path, "text=e+%26%0Af", "application/x-www-form-urlencoded; charset=utf-8").status == 204
    assert house.post(path, "payload=%7B%22text%22:%22g%22%7D", "application/x-www-form-urlencoded").status == 204
    assert said(reader) == list("abcd") + ["e &", "f", "g"]
    for body, kind in (("{", "application/json"), ('{"x":1}', "application/json"), ("", "text/plain"),
                       ("[" * 60000, "application/json"), ("text=%zz", "application/x-www-form-urlencoded")):
        assert house.post(path, body, kind).status == 400
    assert house.post(path, "<a/>", "text/xml").status == 415
    assert not said(reader)


def test_github(room):
    house, reader, channel = room
    hook = house.hook(channel, "signed")
    body = json.dumps(PUSH)
    mac = hmac.new(hook["secret"].encode(), body.encode(), hashlib.sha256).hexdigest()

    def push(**fields):
        return house.post(hook["path"], body, "application/json", X_GitHub_Event="push", **fields).status

    assert push(X_Hub_Signature_256="sha256=" + mac) == 204
    assert said(reader) == ["[ann/tool] ann pushed to refs/heads/main: https://git.example/c", "abcdef0 Ann: Mend it"]
    assert push() == 401
    assert push(X_Hub_Signature_256="sha256=" + mac[:-1] + ("0" if mac[-1] != "0" else "1")) == 401
    assert push(X_Hub_Signature_256="sha1=abc") == 401
    assert not said(reader)


@pytest.mark.parametrize(
    "event, more, line",
    [
        ("issues", {"action": "opened", "issue": {"number": 7, "title": "It\x02 fails", "html_url": "U"}},
         "[ann/tool] bob opened issue 7: It fails U"),
        ("pull_request", {"action": "closed", "pull_request": {"number": 8, "title": "T", "html_url": "U"}},
         "[ann/tool] bob closed pull request 8: T U"),
        ("ping", {"zen": "Be short."}, "[ann/tool] The webhook works: Be short."),
        ("star", {}, None),
    ],
)
def test_events_of_github(room, event, more, line):
    house, reader, channel = room
    body = {"repository": {"full_name": "ann/tool"}, "sender": {"login": "bob"}, **more}
    assert house.post(house.hook(channel)["path"], body, X_GitHub_Event=event).status == 204
    assert said(reader) == ([line] if line else [])


def test_alertmanager(room):
    house, reader, channel = room
    body = {"status": "firing", "alerts": [ALERT, {**ALERT, "status": "resolved", "generatorURL": "http://p/"}]}
    assert house.post(house.hook(channel)["path"], body).status == 204
    assert said(reader) == ["[firing] DiskFull: sda is full", "[resolved] DiskFull: sda is full http://p/"]


def test_a_format_of_its_own(room):
    house, reader, channel = room
    hook = house.hook(channel)
    name = hook["webhook"]
    text = "{who.name:3} did {n} of {list.1} {gone} {'; DROP} {$.x} {open"
    assert chatctl(house.daemon, "webhook", "format", name, text).returncode == 0
    body = {"who": {"name": "annabel"}, "n": 4, "list": ["a", "b\nc"]}
    assert house.post(hook["path"], body).status == 204
    assert said(reader) == ["ann did 4 of b    {open"]
    assert chatctl(house.daemon, "webhook", "format", name).returncode == 0
    assert house.post(hook["path"], {"text": "usual"}).status == 204
    assert said(reader) == ["usual"]


def test_who_has_no_token(room):
    house, reader, channel = room
    path = house.hook(channel)["path"]
    other = house.hook(channel)["path"]
    wrong = path[:-1] + ("0" if path[-1] != "0" else "1")
    crossed = path.rsplit("/", 1)[0] + "/" + other.rsplit("/", 1)[1]
    answers = [house.post(p, "x") for p in (wrong, crossed, "/hook/nobody/" + "0" * 64, "/hook/", path + "0")]
    assert {(a.status, a.text) for a in answers} == {(404, b"There is no such webhook.\n")}
    assert house.post(wrong, "x" * 60000).status == 404
    assert house.post(path, "x" * 70000).status == 413
    assert not said(reader)


def test_malformed_requests(room):
    house, reader, channel = room
    path = house.hook(channel)["path"]
    for fields in ("", "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: -1\r\n",
                   "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"):
        with socket.create_connection(("127.0.0.1", house.port), DEADLINE) as s:
            s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode())
            assert s.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert not said(reader)


def test_byte_by_byte_and_asking_first(room):
    house, reader, channel = room
    path = house.hook(channel)["path"]
    with socket.create_connection(("127.0.0.1", house.port), DEADLINE) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n".encode():
            s.sendall(bytes([byte]))
        assert s.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for byte in b"slow":
            s.sendall(bytes([byte]))
        assert s.recv(4096).startswith(b"HTTP/1.1 204 ")
    assert said(reader) == ["slow"]


def test_a_body_that_does_not_come(start, tmp_path):
    house = House(start, tmp_path, FAST + "[limits]\nhandshake_timeout = 1s\n")
    reader = house.daemon.client()
    path = house.hook(house.daemon.channel(reader))["path"]
    with socket.create_connection(("127.0.0.1", house.port), DEADLINE) as s:
        s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nno".encode())
        assert s.recv(4096) == b""
    assert not said(reader)


def test_too_often(room):
    house, reader, channel = room
    path = house.hook(channel)["path"]
    other = house.hook(channel)["path"]
    answers = [house.post(path, "x") for _ in range(60)]
    assert {a.status for a in answers} == {204, 429}
    late = next(a for a in answers if a.status == 429)
    assert late.headers["Retry-After"] == "2"
    assert len(said(reader)) >= 30
    assert house.post(other, "y").status == 204


def test_taken_back(room):
    house, _, channel = room
    hook = house.hook(channel)
    with Control(house.control) as control:
        listed = [line for line in control.ask("webhook list")[0] if line.get("webhook") == hook["webhook"]]
    assert listed and "path" not in listed[0] and "secret" not in listed[0]
    assert chatctl(house.daemon, "webhook", "del", hook["webhook"]).returncode == 0
    assert chatctl(house.daemon, "webhook", "del", hook["webhook"]).returncode != 0
    assert house.post(hook["path"], "x").status == 404
    done = chatctl(house.daemon, "--json", "webhook", "add", channel, hook["webhook"])
    assert json.loads(done.stdout.splitlines()[0])["path"] != hook["path"], "a new one has another address"


def test_how_many(room):
    house, _, channel = room
    for _ in range(8):
        house.hook(channel)
    assert chatctl(house.daemon, "webhook", "add", channel, "more").returncode != 0
    for name in ("a/b", "a.b", "x" * 25, "ä"):
        assert chatctl(house.daemon, "webhook", "add", channel, name).returncode != 0


def test_restart_and_crash(room):
    house, reader, channel = room
    hook = house.hook(channel)
    restart(house.daemon)
    assert house.post(hook["path"], "still").status == 204
    assert said(reader) == ["still"]
    log = house.daemon.log
    assert hook["path"].rsplit("/", 1)[1] not in log and hook["secret"] not in log
    house.daemon.process.kill()
    house.daemon.check_end(-signal.SIGKILL)
    house.up()
    reader = house.daemon.client()
    reader.join(channel)
    assert house.post(hook["path"], "again").status == 204
    assert said(reader) == ["again"]
    assert (house.state / "hooks").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def founder(house):
    ann = make(house.daemon)
    return house, ann, registered(house.daemon, ann)


def test_founders_make_their_own(founder):
    house, ann, channel = founder
    name = fresh("hook")
    path, secret, warning = cs(ann, f"HOOK {channel} ADD {name}")
    assert path.startswith(f"Path: /hook/{name}/") and secret.startswith("Secret for signatures: ") and channel in warning
    path = path.split()[1]
    assert house.post(path, "hello").status == 204
    (line,) = ann.sync().of("PRIVMSG")
    assert line.params == [channel, "hello"] and line.source.startswith(f"{name}/hook!")
    assert cs(ann, f"HOOK {channel} SHOW {name}")[0].split()[1] == path
    assert cs(ann, f"HOOK {channel} ADD {name}") == ["That was not done: there is one of that name."]
    assert cs(ann, f"HOOK {channel} FORMAT {name} {{who}} did {{what}}") == ["It is done."]
    assert house.post(path, {"who": "ann", "what": "it"}).status == 204
    assert said(ann) == ["ann did it"]
    assert cs(ann, f"HOOK {channel} LIST")[0] == name
    assert cs(ann, f"HOOK {channel} DEL {name}") == ["It is done."]
    assert cs(ann, f"HOOK {channel} DEL {name}") == ["That was not done: there is no such webhook."]
    assert house.post(path, "x").status == 404
    path = cs(ann, f"HOOK {channel} ADD {name} signed")[0].split()[1]
    assert house.post(path, "x").status == 401
    assert cs(ann, f"HOOK {channel}")[0] == f"{name}, signed"
    assert cs(ann, f"HOOK {channel} ADD")[0].startswith("Usage: HOOK ")


def test_others_make_none(founder):
    house, ann, channel = founder
    bob = make(house.daemon)
    bob.join(channel)
    mine = house.daemon.channel(bob)
    assert cs(bob, f"HOOK {channel} LIST") == ["Your account may not do that in this channel."]
    assert cs(bob, f"HOOK {mine} LIST") == ["Your account may not do that in this channel."]
    cs(bob, f"REGISTER {mine}")
    admins = house.hook(channel)["webhook"]
    assert cs(ann, f"HOOK {channel} LIST")[0] == admins
    for what in ("SHOW", "DEL", "FORMAT"):
        assert cs(bob, f"HOOK {mine} {what} {admins}") == ["That was not done: there is no such webhook."]


def test_bans_and_filters_hold(founder):
    house, ann, channel = founder
    name = fresh("hook")
    path = cs(ann, f"HOOK {channel} ADD {name}")[0].split()[1]
    admins = house.hook(channel)["path"]
    house.daemon.reload(house.config + f"[control]\nsocket = {house.control}\n[filter spam]\npattern = spam\n")
    assert house.post(path, "fine\nspam").status == 403 and house.post(path, "fine").status == 204
    assert house.post(admins, "spam").status == 204
    assert said(ann) == ["fine", "spam"]
    ann.ask(f"MODE {channel} +b {name}/*!*@*")
    assert house.post(path, "still?").status == 403 and house.post(admins, "yes").status == 204
    assert said(ann) == ["yes"]
    ann.ask(f"MODE {channel} -b {name}/*!*@*")
    assert house.post(path, "back").status == 204
    assert said(ann) == ["back"]


def test_founders_hooks_are_kept(founder):
    house, ann, channel = founder
    path = cs(ann, f"HOOK {channel} ADD {fresh('hook')}")[0].split()[1]
    house.daemon.reload(house.config + f"[control]\nsocket = {house.control}\n[filter spam]\npattern = spam\n")
    restart(house.daemon)
    assert house.post(path, "spam").status == 403 and house.post(path, "x").status == 204
    assert said(ann) == ["x"]


def test_a_disk_that_takes_nothing(founder):
    """The file cannot be written: all stays as it was, and whoever asked hears so."""
    house, ann, channel = founder
    hook = house.hook(channel)
    (house.state / "hooks.new").mkdir()
    assert chatctl(house.daemon, "webhook", "del", hook["webhook"]).returncode != 0
    assert chatctl(house.daemon, "webhook", "add", channel, "more").returncode != 0
    assert cs(ann, f"HOOK {channel} ADD more")[0].startswith("That was not done: ")
    assert cs(ann, f"HOOK {channel} LIST")[:-1] == [hook["webhook"]]
    assert house.post(hook["path"], "x").status == 204
    (house.state / "hooks.new").rmdir()
    assert chatctl(house.daemon, "webhook", "del", hook["webhook"]).returncode == 0


def test_many_at_once(room):
    """Each is written in its turn, and each hears of its own."""
    house, _, channel = room
    names = [fresh("h") for _ in range(12)]
    controls = [Control(house.control) for _ in names]
    for control, name in zip(controls, names):
        control.send(f"webhook add {channel} {name}\n")
    ends = [control.answer()[1] for control in controls]
    assert sum(end["ok"] for end in ends) == 8
    for control in controls:
        control.close()


def test_a_copy_has_them(room, start, tmp_path):
    house, reader, channel = room
    hook = house.hook(channel)
    house.daemon.descriptors_before += 1  # of the database: SQLite keeps it for the next one who opens the file
    assert chatctl(house.daemon, "backup", tmp_path / "copy").returncode == 0
    assert (tmp_path / "copy" / "hooks").read_bytes() == (house.state / "hooks").read_bytes()
    house.state = tmp_path / "copy"
    house.port = free_port()
    house.config = f"[listen]\nendpoint = 127.0.0.1:{house.port}?accept=irc,websocket\n{FAST}"
    house.control = tmp_path / "control2"
    house.up()
    reader = house.daemon.client()
    reader.join(channel)
    assert house.post(hook["path"], "from the copy").status == 204
    assert said(reader) == ["from the copy"]

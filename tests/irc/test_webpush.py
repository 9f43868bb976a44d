"""WEBPUSH: devices of people who are away are told what is said to them, encrypted for the device alone."""

import base64
import json
import os
import signal

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from harness import FAST, free_port, parse, wait_until
from receiver import Receiver
from test_accounts import QUICK, make
from test_control import chatctl
from test_handover import restart
from test_metrics import scrape

CAPS = "draft/webpush standard-replies sasl message-tags echo-message draft/account-registration"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def hkdf(salt, secret, info, size):
    return HKDF(hashes.SHA256(), size, salt, info).derive(secret)


class Device:
    """What a browser or a phone has: a key pair and a secret, and an address at its push service."""

    def __init__(self, url, name="device"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.endpoint = f"{url}/push/{name}"
        self.keys = f"p256dh={b64(point(self.key.public_key()))};auth={b64(self.auth)}"

    def read(self, post):
        """RFC 8291, from the other side."""
        assert post.headers["Content-Encoding"] == "aes128gcm"
        salt, size, theirs = post.body[:16], int.from_bytes(post.body[16:20], "big"), post.body[21:86]
        assert post.body[20] == 65 and size >= len(post.body) - 86
        secret = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        ikm = hkdf(self.auth, secret, b"WebPush: info\0" + point(self.key.public_key()) + theirs, 32)
        key = hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, ikm, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, post.body[86:], None).rstrip(b"\0")
        assert plain[-1] == 2
        return parse(plain[:-1])


def check_token(post, origin, public):
    """RFC 8292: who sends it, and for which service."""
    scheme, _, rest = post.headers["Authorization"].partition(" ")
    fields = dict(field.strip().split("=", 1) for field in rest.split(","))
    assert scheme == "vapid" and fields["k"] == public
    head, claims, signature = fields["t"].split(".")
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(public))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(unb64(claims))
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"} and claims["aud"] == origin
    return claims


class House:
    def __init__(self, start, folder):
        self.receiver = Receiver(folder)
        self.start, self.folder = start, folder

    def config(self, *webpush, allow="allow = 127.0.0.0/8"):
        out = f"[outgoing]\nkeep = 0\nauthorities = {self.receiver.authority}\n{allow}\n"
        return FAST + QUICK + out + "[webpush]\nenabled = yes\n" + "\n".join(webpush) + "\n"

    def up(self, *webpush, **more):
        self.daemon = self.start(self.config(*webpush, **more), args=["--state", str(self.folder / "state")])
        return self.daemon

    def subscriber(self, stem="ann"):
        client = make(self.daemon, stem, CAPS)
        client.device = Device(self.receiver.url, client.nick)
        said = client.ask(f"WEBPUSH REGISTER {client.device.endpoint} {client.device.keys}")
        assert said.one("WEBPUSH").params == ["REGISTER", client.device.endpoint]
        return client

    def count(self, n):
        wait_until(lambda: len(self.receiver.posts) >= n, f"{n} requests")
        return self.receiver.posts[n - 1]


@pytest.fixture
def house(receivers, start, tmp_path):
    made = House(start, tmp_path)
    receivers.append(made.receiver)
    yield made
    made.receiver.open.set()


def fails(said):
    return [m.params[:2] for m in said.of("FAIL")]


def test_it_is_off_by_default(start):
    client = start(FAST).client(caps="message-tags")
    assert not any("webpush" in m.params[-1] for m in client.ask("CAP LS 302").of("CAP"))
    assert client.ask("WEBPUSH VAPIDPUBKEY").of("421")
    assert not any("VAPID" in p for m in client.ask("VERSION").of("005") for p in m.params)


def test_key_of_the_server(house):
    daemon = house.up()
    client = daemon.client(caps="soju.im/webpush")
    key = client.ask("WEBPUSH VAPIDPUBKEY").one("WEBPUSH").params[1]
    assert len(unb64(key)) == 65
    assert f"VAPID={key}" in [p for m in client.ask("VERSION").of("005") for p in m.params]
    client.close()
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    assert (house.folder / "state" / "vapid.key").stat().st_mode & 0o777 == 0o600
    with house.up().client(caps="draft/webpush") as client:
        assert client.ask("WEBPUSH VAPIDPUBKEY").one("WEBPUSH").params[1] == key


def test_what_is_said_to_one_who_is_away(house):
    daemon = house.up("contact = mailto:admin@example.org", "ttl = 1h")
    ann, bob = house.subscriber(), daemon.client("bob")
    public = ann.ask("WEBPUSH VAPIDPUBKEY").one("WEBPUSH").params[1]
    bob.ask(f"PRIVMSG {ann.nick} :while here")
    ann.ask("AWAY :out")
    bob.ask(f"NOTICE {ann.nick} :a notice", f"PRIVMSG {ann.nick} :hello")
    post = house.count(1)
    line = ann.device.read(post)
    assert line.command == "PRIVMSG" and line.params == [ann.nick, "hello"]
    assert line.source.startswith(f"{bob.nick}!") and line.tags["msgid"] and line.tags["time"]
    assert post.path == f"/push/{ann.nick}" and post.headers["TTL"] == "3600"
    claims = check_token(post, house.receiver.url, public)
    assert claims["sub"] == "mailto:admin@example.org" and claims["exp"]
    ann.ask("AWAY")
    bob.ask(f"PRIVMSG {ann.nick} :back again")
    ann.ask("AWAY :out")
    bob.ask(f"PRIVMSG {ann.nick} :last")
    assert ann.device.read(house.count(2)).params[1] == "last"


def test_mentions_and_invitations(house):
    daemon = house.up()
    ann, bob = house.subscriber(), daemon.client("bob")
    channel = daemon.channel(bob, ann)
    elsewhere = daemon.channel(bob)
    ann.ask("AWAY :out")
    said = [f"PRIVMSG {channel} :nothing", f"PRIVMSG {channel} :{ann.nick}s and x{ann.nick}", f"PRIVMSG {elsewhere} :{ann.nick}",
            f"PRIVMSG @{channel} :{ann.nick}, operators alone", f"PRIVMSG {channel} :({ann.nick.upper()}): look, {ann.nick}!"]
    bob.ask(*said)
    line = ann.device.read(house.count(1))
    assert line.params == [channel, f"({ann.nick.upper()}): look, {ann.nick}!"]
    bob.ask(f"INVITE {ann.nick} {elsewhere}")
    line = ann.device.read(house.count(2))
    assert line.command == "INVITE" and line.params == [ann.nick, elsewhere]
    assert len(house.receiver.posts) == 2


def test_nobody_at_home_and_a_restart(house):
    daemon = house.up()
    daemon.reload(house.config() + "[accounts]\nalways_on = yes\n")
    ann, bob = house.subscriber(), daemon.client("bob")
    ann.ask(f"PRIVMSG NickServ :SET ALWAYSON ON")
    device = ann.device
    ann.send("QUIT")
    ann.rest()
    restart(daemon)
    bob.ask(f"PRIVMSG {ann.nick} :are you there?")
    assert device.read(house.count(1)).params == [ann.nick, "are you there?"]
    bob.close()
    daemon.process.kill()
    daemon.check_end(-signal.SIGKILL)
    daemon = house.up()
    with daemon.client("bob") as bob:
        bob.ask(f"PRIVMSG {ann.nick} :still?")
        assert device.read(house.count(2)).params == [ann.nick, "still?"]


def test_unregister_and_another_key_for_the_same_address(house):
    daemon = house.up()
    ann, bob = house.subscriber(), daemon.client("bob")
    other = Device(house.receiver.url, ann.nick)
    assert ann.ask(f"WEBPUSH register {other.endpoint} {other.keys}").of("WEBPUSH")
    ann.ask("AWAY :out")
    bob.ask(f"PRIVMSG {ann.nick} :one")
    assert other.read(house.count(1)).params[1] == "one"
    assert ann.ask(f"WEBPUSH UNREGISTER {other.endpoint}").one("WEBPUSH").params == ["UNREGISTER", other.endpoint]
    assert ann.ask(f"WEBPUSH UNREGISTER {other.endpoint}").of("WEBPUSH")
    bob.ask(f"PRIVMSG {ann.nick} :two")
    assert ann.ask(f"WEBPUSH REGISTER {other.endpoint} {other.keys}").of("WEBPUSH")
    bob.ask(f"PRIVMSG {ann.nick} :three")
    assert other.read(house.count(2)).params[1] == "three"


@pytest.mark.parametrize("status", [404, 410])
def test_one_that_the_service_has_forgotten(house, status):
    port = free_port()
    daemon = house.up("[metrics]", f"listen = 127.0.0.1:{port}")
    ann, bob = house.subscriber(), daemon.client("bob")
    ann.ask("AWAY :out")
    house.receiver.answers.append((status, {}))
    bob.ask(f"PRIVMSG {ann.nick} :one")
    gone = lambda: scrape(("127.0.0.1", port))["chatd_push_subscriptions_gone_total"]
    wait_until(lambda: gone() == 1, "it forgotten")
    bob.ask(f"PRIVMSG {ann.nick} :two")
    assert ann.ask(f"WEBPUSH REGISTER {ann.device.endpoint} {ann.device.keys}").of("WEBPUSH")
    bob.ask(f"PRIVMSG {ann.nick} :three")
    assert ann.device.read(house.count(2)).params[1] == "three"


def test_a_service_that_is_busy_is_asked_again(house):
    daemon = house.up()
    ann, bob = house.subscriber(), daemon.client("bob")
    ann.ask("AWAY :out")
    house.receiver.answers.append((503, {}))
    bob.ask(f"PRIVMSG {ann.nick} :one")
    wait_until(lambda: len(house.receiver.posts) >= 2, "a second attempt")
    assert house.receiver.posts[0].body == house.receiver.posts[1].body
    assert ann.device.read(house.count(2)).params[1] == "one"


def test_how_many(house):
    port = free_port()
    daemon = house.up("devices = 2", "per_minute = 3", "[metrics]", f"listen = 127.0.0.1:{port}")
    ann, bob = house.subscriber(), daemon.client("bob")
    second, third = Device(house.receiver.url, "2"), Device(house.receiver.url, "3")
    assert ann.ask(f"WEBPUSH REGISTER {second.endpoint} {second.keys}").of("WEBPUSH")
    assert fails(ann.ask(f"WEBPUSH REGISTER {third.endpoint} {third.keys}")) == [["WEBPUSH", "MAX_REGISTRATIONS"]]
    assert ann.ask(f"WEBPUSH REGISTER {second.endpoint} {second.keys}").of("WEBPUSH"), "it takes its own place"
    ann.ask("AWAY :out")
    bob.ask(*(f"PRIVMSG {ann.nick} :{i}" for i in range(6)))
    house.count(6)
    assert sorted(p.path for p in house.receiver.posts) == sorted([f"/push/{ann.nick}", "/push/2"] * 3)
    counted = scrape(("127.0.0.1", port))
    assert counted['chatd_push_messages_total{result="dropped"}'] == 3


@pytest.mark.parametrize("words", [
    "", "REGISTER", "REGISTER https://a.example/x", "REGISTER https://a.example/x p256dh=x;auth=y",
    "REGISTER http://a.example/x {keys}", "REGISTER file:///etc/passwd {keys}", "REGISTER https://a.example/\"x {keys}",
    "SUBSCRIBE", "UNREGISTER",
])
def test_what_is_refused(house, words):
    daemon = house.up()
    ann = make(daemon, caps=CAPS)
    words = words.format(keys=Device("https://a.example").keys)
    said = ann.ask(f"WEBPUSH {words}")
    assert not said.of("WEBPUSH")
    assert said.of("461") if not words else [m.params[:2] for m in said.of("FAIL")] == [["WEBPUSH", "INVALID_PARAMS"]]
    guest = daemon.client(caps=CAPS)
    assert fails(guest.ask("WEBPUSH REGISTER x y")) == [["WEBPUSH", "ACCOUNT_REQUIRED"]]


def test_private_addresses_get_nothing(house):
    port = free_port()
    daemon = house.up("[metrics]", f"listen = 127.0.0.1:{port}", allow="")
    ann, bob = house.subscriber(), daemon.client("bob")
    ann.ask("AWAY :out")
    bob.ask(f"PRIVMSG {ann.nick} :one")
    failed = lambda: scrape(("127.0.0.1", port))['chatd_push_messages_total{result="failed"}']
    wait_until(lambda: failed() == 1, "it given up")
    assert not house.receiver.posts


def test_no_secret_of_a_device_is_shown(house):
    daemon = house.up()
    ann = house.subscriber()
    daemon.control = "none"
    shown = chatctl(daemon, "--state", str(house.folder / "state"), "journal", "dump").stdout
    assert "push" in shown and ann.device.endpoint not in shown and b64(ann.device.auth) not in shown
    assert ann.device.endpoint not in daemon.log

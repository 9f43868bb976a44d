"""A second factor: what turns it on and off, and every way to log in with it and without."""

import base64
import hashlib
import hmac
import re
import signal
import struct
import time

import pytest

import sasl
from harness import FAST

CAPS = "sasl draft/account-registration"
PASSWORD = "correcthorse"


def totp(secret, step):
    """RFC 6238"""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">q", step), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def notices(said):
    return [m.params[-1] for m in said.of("NOTICE")]


class Owner:
    """An account with a second factor. A code is good once, and so three can be used at one time, the first to turn it on."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = daemon.client("own", caps=CAPS)
        self.nick = self.client.nick
        self.client.ask(f"REGISTER * * {PASSWORD}")
        said = notices(self.client.ask("NS TOTP ENABLE"))
        self.secret = said[0].split()[-1]
        self.uri = said[1]
        self.last = 0
        self.told = notices(self.client.ask(f"NS TOTP CONFIRM {self.code()}"))
        self.recovery = re.findall(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", " ".join(self.told))

    def code(self):
        """One that was not used yet."""
        self.last = max(int(time.time()) // 30 - 1, self.last + 1)
        return totp(self.secret, self.last)

    def plain(self, password):
        return sasl.plain(self.daemon.client("in", caps=CAPS), self.nick, password)


@pytest.fixture
def daemon(start):
    return start(FAST + "[accounts]\niterations = 4096\nattempts = 1000\n[server]\nnetwork = Test-Net\n")


@pytest.fixture
def owner(daemon):
    return Owner(daemon)


def test_enable(owner):
    assert owner.uri.startswith(f"otpauth://totp/Test-Net:{owner.nick}?secret={owner.secret}&issuer=Test-Net")
    assert "password code" in owner.told[0] and len(set(owner.recovery)) == 8
    assert "already" in notices(owner.client.ask("NS TOTP ENABLE"))[0]
    assert "Second factor: yes" in notices(owner.client.ask("NS INFO"))


def test_plain(owner):
    said = owner.plain(PASSWORD)
    assert said.commands == ["904"] and "second factor" in said[0].params[-1]
    assert owner.plain(f"{PASSWORD} {owner.code()}").commands == ["900", "903"]
    for wrong in ("000000", "12345", "x", ""):
        said = owner.plain(f"{PASSWORD} {wrong}")
        assert said.commands == ["904"] and "second" not in said[0].params[-1]
    said = owner.plain("wrong")
    assert said.commands == ["904"] and "second" not in said[0].params[-1], "nobody learns of it who knows no password"
    assert owner.plain(f"wrong {owner.code()}").commands == ["904"]
    assert owner.plain(owner.code()).commands == ["904"]


def test_a_code_is_good_once(owner):
    code = owner.code()
    assert owner.plain(f"{PASSWORD} {code}").commands == ["900", "903"]
    assert owner.plain(f"{PASSWORD} {code}").commands == ["904"]


def test_not_after_a_restart_either(owner):
    code = owner.code()
    assert owner.plain(f"{PASSWORD} {code}").commands == ["900", "903"]
    owner.daemon.send_signal(signal.SIGUSR2)
    owner.daemon.wait_log("CHATD_EVENT=handover ")
    assert owner.plain(f"{PASSWORD} {code}").commands == ["904"]
    assert owner.plain(f"{PASSWORD} {owner.code()}").commands == ["900", "903"]


def test_scram_has_no_room_for_it(owner):
    client = owner.daemon.client("in", caps=CAPS)
    said = sasl.scram(client, owner.nick, PASSWORD)
    assert said.commands == ["904"] and "second factor" in said[0].params[-1]
    said = sasl.scram(client, owner.nick, "wrong")
    assert said.commands == ["904"] and "second factor" not in said[0].params[-1]


def test_recovery(owner):
    for code in (owner.recovery[0], owner.recovery[1].lower()):
        assert owner.plain(f"{PASSWORD} {code}").commands == ["900", "903"]
        assert owner.plain(f"{PASSWORD} {code}").commands == ["904"]
    assert owner.plain(f"{PASSWORD} AAAAA-AAAAA").commands == ["904"]
    told = notices(owner.client.ask(f"NS TOTP RECOVERY {owner.recovery[2]}"))
    fresh = re.findall(r"\b[A-Z2-7]{5}-[A-Z2-7]{5}\b", " ".join(told))
    assert len(fresh) == 8 and not set(fresh) & set(owner.recovery)
    assert owner.plain(f"{PASSWORD} {owner.recovery[3]}").commands == ["904"]
    assert owner.plain(f"{PASSWORD} {fresh[0]}").commands == ["900", "903"]


def test_identify(owner):
    other = owner.daemon.client("other", caps=CAPS)
    ask = lambda text: notices(other.ask("NS LOGOUT", f"NS IDENTIFY {text}"))[-1]
    assert "second factor" in ask(f"{owner.nick} {PASSWORD}")
    assert ask(f"{owner.nick} {PASSWORD} 000000") == "Invalid account credentials."
    assert ask(f"{owner.nick} {PASSWORD} {owner.code()}") == "You are logged in."
    assert "Too many words" in ask(f"{owner.nick} {PASSWORD} horse")
    owner.client.ask("NS LOGOUT")
    assert "second factor" in notices(owner.client.ask(f"NS IDENTIFY {PASSWORD}"))[-1]
    assert notices(owner.client.ask(f"NS IDENTIFY {PASSWORD} {owner.code()}"))[-1] == "You are logged in."


def test_disable(owner):
    for wrong in ("000000", "x", "AAAAA-AAAAA"):
        assert "not, or no more" in notices(owner.client.ask(f"NS TOTP DISABLE {wrong}"))[0]
    assert owner.plain(PASSWORD).of("904")
    assert "enough again" in notices(owner.client.ask(f"NS TOTP DISABLE {owner.code()}"))[0]
    assert owner.plain(PASSWORD).of("903")
    assert owner.plain(f"{PASSWORD} {owner.recovery[0]}").of("904")
    assert "no second factor" in notices(owner.client.ask("NS TOTP DISABLE 000000"))[0]


def test_confirm_is_needed(daemon):
    client = daemon.client("own", caps=CAPS)
    client.ask(f"REGISTER * * {PASSWORD}")
    assert "First" in notices(client.ask("NS TOTP CONFIRM 000000"))[0]
    client.ask("NS TOTP ENABLE")
    assert "not, or no more" in notices(client.ask("NS TOTP CONFIRM x"))[0]
    assert sasl.plain(daemon.client("in", caps=CAPS), client.nick, PASSWORD).of("903")
    assert "Usage" in notices(client.ask("NS TOTP CONFIRM"))[0]
    assert "logged in" in notices(daemon.client("x").ask("NS TOTP ENABLE"))[0]


def test_guesses_are_bounded(start):
    owner = Owner(start(FAST + "[accounts]\niterations = 4096\nattempts = 4\n"))
    for _ in range(4):
        assert owner.plain(f"{PASSWORD} 000000").of("904")
    said = owner.plain(f"{PASSWORD} {owner.code()}")
    assert "Too many" in said.one("904").params[-1]


def test_passwords_with_blanks(daemon):
    """Nothing is cut off a password where no code is wanted, or where the last word is none."""
    client = daemon.client("own", caps=CAPS)
    client.ask("REGISTER * * :correct horse 123456")
    assert sasl.plain(daemon.client("in", caps=CAPS), client.nick, "correct horse 123456").of("903")
    secret = notices(client.ask("NS TOTP ENABLE"))[0].split()[-1]
    step = int(time.time()) // 30
    client.ask(f"NS TOTP CONFIRM {totp(secret, step - 1)}")
    said = sasl.plain(daemon.client("in", caps=CAPS), client.nick, f"correct horse 123456 {totp(secret, step + 1)}")
    assert said.of("903")


def test_nothing_of_it_is_logged_or_shown(owner):
    owner.plain(f"{PASSWORD} {owner.code()}")
    said = owner.client.ask("NS INFO").text
    for text in (owner.daemon.log, said):
        assert owner.secret not in text and owner.recovery[0] not in text

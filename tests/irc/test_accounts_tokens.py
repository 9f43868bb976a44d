"""Logging in with tokens that somebody else has signed: what is taken, and all that is not."""

import base64
import http.server
import json
import re
import signal
import sys
import threading
import time
import urllib.parse

import pytest

import sasl
import tokens
from harness import FAST, ROOT, Client, Daemon, fresh, run_chatd
from mailbox import Sendmail
from test_accounts_helper import Helper, ask, keeps

CAPS = "sasl draft/account-registration"
INTROSPECT = ROOT / "contrib/helpers/auth-introspect"
ALL = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"]
BASE = f"{FAST}[accounts]\niterations = 4096\nattempts = 0\nautocreate = yes\n"


@pytest.fixture
def house(start, tmp_path):
    """house(algorithms, more of [jwt], more of all): a daemon that knows keys for these."""

    def one(*algorithms, jwt="", more=""):
        return start(BASE + tokens.configure(tmp_path, *algorithms, jwt=jwt) + more)

    return one


def logged_in(said):
    return said.one("900").params[2] if said.of("903") else None


def attempt(daemon, text, mechanism=tokens.oauth, **options):
    return mechanism(daemon.client("t", caps=CAPS), text, **options)


def mechanisms(client):
    """As CAP LS has them."""
    words = " ".join(m.params[-1] for m in client.ask("CAP LS 302").of("CAP")).split()
    return next(word for word in words if word.startswith("sasl=")).removeprefix("sasl=").split(",")


def failures_of(daemon, nick):
    """What the log has of logins that failed since that client came."""
    came = next((n for n, e in enumerate(daemon.entries) if f"CHATD_EVENT=client-in CHATD_NICK={nick} " in e), None)
    return [] if came is None else [e for e in daemon.entries[came:] if "CHATD_EVENT=login-failed" in e]


def refused(daemon, text, why, mechanism=tokens.oauth, **options):
    client = daemon.client("t", caps=CAPS)
    said = mechanism(client, text, **options)
    assert said.commands[-1] == "904" and not said.of("900"), said.text
    daemon.wait_for(lambda: failures_of(daemon, client.nick), "the failure in the log")
    assert why in failures_of(daemon, client.nick)[0]
    assert len(text) < 20 or text not in daemon.log


@pytest.mark.parametrize("algorithm", ALL)
def test_each_algorithm(house, algorithm):
    daemon = house(algorithm)
    said = attempt(daemon, tokens.token(algorithm))
    assert said.commands == ["900", "903"] and logged_in(said) == "ann"
    good = tokens.token(algorithm)
    other = tokens.token(algorithm, account="bob")
    forged = ".".join([*other.split(".")[:2], good.split(".")[2]])
    refused(daemon, forged, "not signed with the key")
    for cut in (good[:-8], good + "AAAA"):
        refused(daemon, cut, "the token")


def test_both_mechanisms_and_when_they_are_offered(house, start):
    daemon = house("ES256")
    client = daemon.connect("early")
    assert mechanisms(client) == ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER", "IRCV3BEARER"]
    client.ask("CAP REQ :sasl", f"NICK {fresh('e')}", "USER u 0 * :r")
    assert tokens.ircv3(client, tokens.token()).commands == ["900", "903"]
    assert client.ask("CAP END").of("001")
    for kind in ("jwt", "oauth2"):
        assert logged_in(attempt(daemon, tokens.token(), tokens.ircv3, kind=kind)) == "ann"
    assert attempt(daemon, tokens.token(), tokens.ircv3, kind="JWT").commands == ["904"]
    plain = start(FAST)
    client = plain.client("p", caps=CAPS)
    assert client.ask("AUTHENTICATE OAUTHBEARER").one("908").params[1] == "PLAIN,SCRAM-SHA-256"


def test_not_where_others_can_listen(start, tmp_path):
    """Behind a proxy, for one who has come to it without TLS from elsewhere."""
    path = str(tmp_path / "proxy")
    daemon = start(f"[listen]\nendpoint = {path}?proxy\n{BASE}{tokens.configure(tmp_path)}")
    client = Client(path, fresh("far"))
    try:
        client.raw(b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 6667\r\n")
        assert mechanisms(client) == ["PLAIN", "SCRAM-SHA-256"]
        assert client.ask("AUTHENTICATE OAUTHBEARER").commands == ["908", "904"]
    finally:
        client.close()
    assert daemon


def test_keys_as_a_provider_shows_them(start, tmp_path):
    """One file for all, each key under its name."""
    names = [name for name in ALL if not name.startswith("HS")]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [tokens.jwk(tokens.key_for(a), a) for a in names]}))
    text = tokens.configure(tmp_path, *names)
    daemon = start(BASE + re.sub(r"public_key = .*", f"public_key = {tmp_path}/jwks.json", text))
    for name in names:
        assert logged_in(attempt(daemon, tokens.token(name, header={"kid": name}))) == "ann"


def test_what_oauth_hears(house):
    daemon = house("ES256")
    said = attempt(daemon, tokens.token(aud="another"))
    assert said.commands == ["904"] and said.reason == {"status": "invalid_token", "schemes": "bearer"}
    client = daemon.client("c", caps=CAPS)
    assert tokens.oauth(client, tokens.token(exp=1)).of("904")
    assert logged_in(tokens.oauth(client, tokens.token())) == "ann"


WRONG = {
    "expired": ({"exp": int(time.time()) - 61}, "has expired"),
    "without an end": ({"exp": None}, "has expired"),
    "an end that is a text": ({"exp": "9999999999"}, "has expired"),
    "not yet": ({"nbf": int(time.time()) + 1000}, "not valid yet"),
    "another audience": ({"aud": "chat.example.org.evil"}, "for somebody else"),
    "among other audiences": ({"aud": ["a", "b"]}, "for somebody else"),
    "no audience": ({"aud": None}, "for somebody else"),
    "another issuer": ({"iss": tokens.ISSUER + "/"}, "from another issuer"),
    "no issuer": ({"iss": None}, "from another issuer"),
    "nobody": ({"sub": None}, "names no account"),
    "a number": ({"sub": 7}, "names no account"),
    "a NUL": ({"sub": "ann\0x"}, "names no account"),
    "a service": ({"sub": "NickServ"}, "no account of the name"),
    "no nick": ({"sub": "ann smith"}, "no account of the name"),
    "a long name": ({"sub": "a" * 100}, "no account of the name"),
    "a longer name": ({"sub": "a" * 1000}, "names no account"),
}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    daemon = Daemon(BASE + tokens.configure(tmp_path_factory.mktemp("keys"), "ES256", "RS256", "HS256"))
    yield daemon
    daemon.finish()
    daemon.release()


@pytest.mark.parametrize("what", WRONG)
def test_what_a_token_may_not_say(keyed, what):
    changes, why = WRONG[what]
    refused(keyed, tokens.token(**changes), why)


def confused():
    """The public key as a secret: the oldest trick."""
    return tokens.sign("HS256", tokens.public(tokens.key_for("RS256")), tokens.claims())


def twice():
    text = json.dumps(tokens.claims("bob"))
    return tokens.sign("ES256", tokens.key_for("ES256"), text[:-1] + ', "sub": "ann"}')


def disguised():
    text = json.dumps(tokens.claims("bob"))
    return tokens.sign("ES256", tokens.key_for("ES256"), text[:-1] + ', "\\u0073ub": "ann"}')


def with_header(text, algorithm="ES256"):
    return tokens.sign(algorithm, tokens.key_for(algorithm), tokens.claims(), text)


HOSTILE = {
    "none": lambda: tokens.sign("none", None, tokens.claims()),
    "None": lambda: with_header('{"alg":"None"}').rsplit(".", 1)[0] + ".",
    "none with a signature": lambda: with_header('{"alg":"none"}'),
    "a public key as a secret": confused,
    "another algorithm of the same key": lambda: tokens.token("PS256"),
    "a key of another algorithm": lambda: tokens.token("RS256", header={"kid": "ES256"}),
    "a key that is not there": lambda: tokens.token(header={"kid": "../../etc/passwd"}),
    "a key that it brings itself": lambda: tokens.sign(
        "EdDSA", tokens.key_for("EdDSA"), tokens.claims(), {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}
    ),
    "a long name of a key": lambda: tokens.token(header={"kid": "k" * 500}),
    "something critical": lambda: tokens.token(header={"crit": ["exp"], "exp": 1}),
    "two algorithms": lambda: with_header('{"alg":"none","alg":"ES256"}'),
    "a claim that is there twice": twice,
    "the same in disguise": disguised,
    "a list": lambda: tokens.sign("ES256", tokens.key_for("ES256"), "[]"),
    "nothing in it": lambda: "..",
    "no header": lambda: "." + tokens.token().split(".", 1)[1],
    "five parts": lambda: tokens.token() + ".x.y",
    "padding": lambda: tokens.token() + "==",
    "letters of the usual base64": lambda: tokens.token() + "+/",
    "deep": lambda: tokens.sign("ES256", tokens.key_for("ES256"), '{"a":' + "[" * 2000 + "]" * 2000 + "}"),
    "many members": lambda: tokens.token(**{f"x{n}": n for n in range(300)}),
    "nothing that anybody signed": lambda: "opaque",
    "zeros": lambda: tokens.token().rsplit(".", 1)[0] + "." + tokens.url64(bytes(64)),
}


@pytest.mark.parametrize("how", HOSTILE)
@pytest.mark.parametrize("mechanism", [tokens.oauth, tokens.ircv3])
def test_hostile(keyed, how, mechanism):
    refused(keyed, HOSTILE[how](), "the token", mechanism=mechanism)


def test_long_ones(keyed):
    """In as many parts as it takes, up to a limit."""
    said = attempt(keyed, tokens.token(groups=["a group of people"] * 280))
    assert logged_in(said) == "ann"
    exact = tokens.token()
    for length in range(390, 400):
        assert len(tokens.token(x="y" * length)) > len(exact)
        assert logged_in(attempt(keyed, tokens.token(x="y" * length), tokens.ircv3)) == "ann"
    client = keyed.client("huge", caps=CAPS)
    client.send("AUTHENTICATE OAUTHBEARER", *["AUTHENTICATE " + "A" * 400] * 60, "AUTHENTICATE +")
    said = client.sync()
    assert said.of("904") and not said.of("900")
    assert client.ask("AUTHENTICATE OAUTHBEARER").of("AUTHENTICATE")
    assert client.ask("AUTHENTICATE " + "A" * 401).of("905")
    assert attempt(keyed, "x" * 9000).of("904")


def test_bad_messages(keyed):
    client = keyed.client("bad", caps=CAPS)
    good = tokens.token()
    for message in (
        b"",
        b"\1",
        b"n,,\1\1",
        f"n,,\1auth=Basic {good}\1\1".encode(),
        f"n,,\1auth=Bearer {good}\1".encode(),
        f"p=tls-exporter,,\1auth=Bearer {good}\1\1".encode(),
        f"n,,\1auth=Bearer {good}\1auth=Bearer {good}\1\1".encode(),
    ):
        assert tokens.say(client, "OAUTHBEARER", message).commands == ["AUTHENTICATE", "904"][1:]
    client.ask("AUTHENTICATE OAUTHBEARER")
    assert client.ask("AUTHENTICATE !!!").of("904")
    client.ask("AUTHENTICATE IRCV3BEARER")
    assert client.ask("AUTHENTICATE *").of("906")


def test_whoever_is_asked_for_must_be_it(keyed):
    for mechanism in (tokens.oauth, tokens.ircv3):
        assert logged_in(attempt(keyed, tokens.token(), mechanism, account="ANN")) == "ann"
        refused(keyed, tokens.token(), "not of the account that was asked for", mechanism=mechanism, account="bob")
    said = attempt(keyed, tokens.token(), tokens.ircv3, account="ann@phone")
    assert logged_in(said) == "ann"


def test_no_account_is_made_unasked(start, tmp_path):
    daemon = start(f"{FAST}[accounts]\niterations = 4096\n{tokens.configure(tmp_path)}")
    refused(daemon, tokens.token(), "no account of the name")
    owner = daemon.client("own", caps=CAPS)
    assert owner.ask("REGISTER * * :another password").of("REGISTER")
    assert logged_in(attempt(daemon, tokens.token(account=owner.nick))) == owner.nick
    owner.ask(f"NICK {fresh('other')}", "NS GROUP")
    refused(daemon, tokens.token(account=owner.nick + "x"), "no account of the name")


def test_a_claim_that_is_configured(house):
    daemon = house("ES256", jwt="account = preferred_username\nleeway = 0\n")
    assert logged_in(attempt(daemon, tokens.token(account="12345", preferred_username="carol"))) == "carol"
    refused(daemon, tokens.token(), "names no account")
    refused(daemon, tokens.token(preferred_username="carol", exp=int(time.time()) - 1), "has expired")


def test_the_gate(start, tmp_path):
    boss = "[oper boss]\npassword = sesame\nclass = all\n[class all]\nprivileges = all\n"
    daemon = start(BASE + tokens.configure(tmp_path) + boss)
    assert logged_in(attempt(daemon, tokens.token())) == "ann"
    oper = daemon.client("boss", caps=CAPS)
    assert oper.ask("OPER boss sesame").of("381")
    assert oper.ask("NS SUSPEND ann").of("NOTICE")
    for mechanism in (tokens.oauth, tokens.ircv3):
        said = attempt(daemon, tokens.token(), mechanism)
        assert said.commands == ["904"] and "suspended" in said[0].params[-1]
    assert said.text and oper.ask("NS UNSUSPEND ann").of("NOTICE")
    assert logged_in(attempt(daemon, tokens.token())) == "ann"


def test_an_account_that_is_not_proved_yet(start, tmp_path):
    letters = Sendmail(tmp_path)
    mail = f"email_verify = yes\n[mail]\nfrom = chat@irc.example.org\ncommand = {letters.command}\n"
    daemon = start(BASE + mail + tokens.configure(tmp_path))
    client = daemon.client("new", caps=CAPS)
    assert client.ask("REGISTER * ann@example.org :a password of it").one("REGISTER").params[0] == "VERIFICATION_REQUIRED"
    said = attempt(daemon, tokens.token(account=client.nick), tokens.ircv3)
    assert said.commands == ["904"] and "not been verified" in said[0].params[-1]
    assert client.ask(f"VERIFY {client.nick} {letters.code()}").one("VERIFY").params[0] == "SUCCESS"
    assert logged_in(attempt(daemon, tokens.token(account=client.nick))) == client.nick


def test_the_throttle(start, tmp_path):
    config = BASE.replace("attempts = 0", "attempts = 3") + tokens.configure(tmp_path)
    daemon = start(config)
    for _ in range(3):
        assert attempt(daemon, tokens.token(exp=1)).of("904")
    said = attempt(daemon, tokens.token())
    assert said.commands == ["904"] and "Too many attempts" in said[0].params[-1]


def test_a_reload_takes_other_keys(start, tmp_path):
    config = BASE + tokens.configure(tmp_path, "ES256")
    daemon = start(config)
    old, new = daemon.client("old", caps="sasl"), daemon.client("new", caps="cap-notify")
    plain = daemon.client("plain")
    assert logged_in(attempt(daemon, tokens.token())) == "ann"
    daemon.reload(BASE + tokens.configure(tmp_path, "EdDSA"))
    refused(daemon, tokens.token(), "names no key")
    assert logged_in(attempt(daemon, tokens.token("EdDSA"))) == "ann"
    (tmp_path / "EdDSA.public_key").write_text("nothing\n")
    daemon.send_signal(signal.SIGHUP)
    entry = daemon.wait_log("CHATD_EVENT=config-wrong")
    line = 1 + (daemon.folder / "chatd.conf").read_text().splitlines().index(f"public_key = {tmp_path}/EdDSA.public_key")
    assert f"chatd.conf:{line}: [jwt_key EdDSA] public_key: " in entry and "no such public key" in entry
    daemon.wait_log("CHATD_EVENT=reload-refused")
    assert logged_in(attempt(daemon, tokens.token("EdDSA"))) == "ann"
    daemon.reload(BASE)
    for client in (old, new):
        assert client.sync().one("CAP").params == [client.nick, "NEW", "sasl=PLAIN,SCRAM-SHA-256"]
    daemon.reload(config)
    assert old.sync().one("CAP").params[2] == "sasl=PLAIN,SCRAM-SHA-256,OAUTHBEARER,IRCV3BEARER"
    assert not plain.sync().of("CAP")
    daemon.reload(BASE)
    assert daemon.client("c", caps=CAPS).ask("AUTHENTICATE OAUTHBEARER").of("908")


def check(folder, text):
    path = folder / "checked.conf"
    path.write_text(text)
    done = run_chatd("-c", str(path), "--check-config")
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "change, why",
    [
        (("algorithm = ES256", "algorithm = none"), "is not RS256"),
        (("algorithm = ES256", "algorithm = RS256"), "not one of RSA"),
        (("algorithm = ES256", "algorithm = ES384"), "not one of the curve"),
        (("algorithm = ES256", "algorithm = EdDSA"), "not one of Ed25519"),
        (("algorithm = ES256", "algorithm = HS256"), "wants a secret_file"),
        (("algorithm = ES256\n", ""), "names no algorithm"),
        (("public_key", "secret_file"), "wants a public_key"),
        (("audience", "account"), "want an issuer and an audience"),
        (("issuer", "account"), "want an issuer and an audience"),
        (("[jwt_key ES256]", "[jwt_key]"), "wants a name"),
    ],
)
def test_what_is_configured_wrong(tmp_path, change, why):
    config = tokens.configure(tmp_path)
    code, told = check(tmp_path, config.replace(*change))
    assert code == 78 and why in told


def test_a_short_secret(tmp_path):
    (tmp_path / "short").write_text("too short\n")
    config = tokens.configure(tmp_path, "HS256").replace(str(tmp_path / "HS256.secret_file"), str(tmp_path / "short"))
    code, told = check(tmp_path, config)
    assert code == 78 and "shorter than the hash" in told and "too short" not in told


# What no key here has signed

INTROSPECTS = """
def answer(q):
    known = {"opaque-1": "ann", "opaque-2": "", "header.claims.signature": "carol"}
    who = known.get(q.get("oauth2", {}).get("token"))
    return {"success": who is not None, "account": who or ""}
"""


def test_a_helper_knows(start, tmp_path):
    helper = Helper(tmp_path, INTROSPECTS)
    daemon = start(f"{BASE}{helper.config}tokens = yes\n")
    keeps(daemon, 2)
    assert "OAUTHBEARER" in mechanisms(daemon.connect("ls"))
    assert logged_in(attempt(daemon, "opaque-1")) == "ann"
    assert helper.asked == [{"oauth2": {"token": "opaque-1"}, "ip": "127.0.0.1"}]
    assert logged_in(attempt(daemon, "opaque-1", tokens.ircv3, kind="opaque", account="ann")) == "ann"
    assert helper.asked[-1]["account"] == "ann" and "passphrase" not in helper.asked[-1]
    assert logged_in(attempt(daemon, "header.claims.signature", tokens.ircv3)) == "carol"
    assert attempt(daemon, "opaque-1", account="bob").of("904")
    assert attempt(daemon, "opaque-2", account="bob").of("904"), "who it is, the helper must say"
    assert attempt(daemon, "opaque-3").of("904")
    assert attempt(daemon, "x" * 5000).of("904")
    assert "opaque-" not in daemon.log


class Introspection(http.server.BaseHTTPRequestHandler):
    """An OAuth 2.0 server that knows some tokens: RFC 7662."""

    known = {
        "good": {"active": True, "username": "ann", "sub": "carol", "aud": ["chat"]},
        "elsewhere": {"active": True, "username": "ann", "aud": "shop"},
        "ended": {"active": False, "username": "ann", "aud": "chat"},
        "odd": {"active": "true", "username": "ann", "aud": "chat"},
        "nobody": {"active": True, "aud": "chat"},
        "list": ["active"],
    }

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        login = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        token = form["token"][0]
        said = json.dumps(self.known.get(token, {"active": False})) if token != "broken" else "<html>"
        self.send_response(200 if login == "chatd:a%20secret%3A" else 401)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def provider():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Introspection) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/introspect"
        server.shutdown()
        thread.join()


def test_introspection(start, tmp_path, provider):
    (tmp_path / "secret").write_text("a secret:\n")
    (tmp_path / "wrong").write_text("another\n")
    argv = [INTROSPECT, "--url", provider, "--client", "chatd", "--audience", "chat"]
    asked = [{"oauth2": {"token": t}} for t in (*Introspection.known, "unknown", "broken", "")] + [{"passphrase": "x"}]
    right = [*argv, "--secret-file", tmp_path / "secret"]
    assert ask(right, *asked) == [True] + [False] * (len(asked) - 1)
    assert ask([*right, "--claim", "sub"], asked[0]) == [True]
    assert ask([*argv, "--secret-file", tmp_path / "wrong"], asked[0]) == [False]
    script = tmp_path / "ask"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} {' '.join(str(word) for word in right)}\n")
    script.chmod(0o755)
    daemon = start(f"{BASE}[helper]\ncommand = {script}\ntokens = yes\n")
    keeps(daemon, 2)
    assert logged_in(attempt(daemon, "good")) == "ann"
    assert attempt(daemon, "ended", tokens.ircv3, kind="opaque").of("904")


def test_keys_come_before_a_helper(start, tmp_path):
    helper = Helper(tmp_path, INTROSPECTS)
    daemon = start(f"{BASE}{tokens.configure(tmp_path)}{helper.config}tokens = yes\n")
    keeps(daemon, 2)
    assert logged_in(attempt(daemon, tokens.token())) == "ann"
    assert attempt(daemon, "header.claims.signature").of("904")
    assert not helper.asked
    assert logged_in(attempt(daemon, "header.claims.signature", tokens.ircv3, kind="opaque")) == "carol"


def test_passwords_and_tokens_beside_one_another(keyed):
    client = keyed.client("both", caps=CAPS)
    client.ask("REGISTER * * :a password of it")
    assert sasl.plain(client, client.nick, "a password of it").of("903")
    assert logged_in(tokens.oauth(client, tokens.token(account="ann"))) == "ann"

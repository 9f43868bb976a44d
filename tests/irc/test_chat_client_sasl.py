"""chat-client logs in: what chatd takes, what it refuses, and what never leaves the client."""

import base64
import os
import pathlib
import subprocess

import pytest
import tokens
from harness import FAST
from scripted_server import ScriptedServer
from terminal import Terminal
from test_chat_client import CLIENT, DEADLINE
from test_chat_client_trust import pair  # noqa: F401, a fixture
from test_tls import secure  # noqa: F401, a fixture

PASSWORD = "opensesame-12"


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def talk(where, *options, account="saslacc", **kwargs):
    return subprocess.run([CLIENT, "-n", "saslme", "-c", "#sasl", "-a", account, *options, *where], input=b"hi\n",
                          capture_output=True, timeout=DEADLINE, check=False, **kwargs)


def from_file(tmp_path, password):
    secret = tmp_path / "secret"
    secret.write_text(password + "\nnot this line\n")
    return ["--password-file", str(secret)]


class Login:
    """The server's side of a login: keeps what it hears, and ends it as it is told to."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.heard = []

    def take(self, server, _tags, params):
        if not self.heard:
            self.heard.append(params[0])
            server.send("AUTHENTICATE +")
            return
        self.heard.append(params[0])
        if len(params[0]) == 400:
            return
        for answer in self.answers:
            server.send(answer)

    def message(self):
        return base64.b64decode("".join(part for part in self.heard[1:] if part != "+")).split(b"\0")


GOOD = ":irc.test 903 saslme :SASL authentication successful"
BAD = ":irc.test 904 saslme :The account is \x1b[31msuspended"


def test_scram_with_chatd(server, tmp_path):
    owner = server.client("saslacc")
    account = owner.nick
    assert owner.ask("REGISTER * * :" + PASSWORD).one("REGISTER").params[0] == "SUCCESS"
    owner.send("QUIT")
    where = ["-p", str(server.tcp[1]), server.tcp[0]]
    done = talk(where, *from_file(tmp_path, PASSWORD), account=account)
    assert done.returncode == 0, done.stderr
    done = talk(where, *from_file(tmp_path, "opensesame-13"), account=account)
    assert done.returncode == 67
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"chat-client: the server does not take this account and password: ")


def test_plain_on_this_machine(tmp_path):
    login = Login(GOOD)
    with ScriptedServer("sasl=PLAIN,X", script={"AUTHENTICATE": login.take}) as server:
        done = talk(server.where, *from_file(tmp_path, PASSWORD))
    assert done.returncode == 0, done.stderr
    assert login.heard[0] == "PLAIN" and login.message() == [b"", b"saslacc", PASSWORD.encode()]
    assert server.said() == ["hi"]


def test_bound_to_tls_with_chatd(secure, tmp_path):  # noqa: F811
    server = secure()
    owner = server.client("plusacc")
    account = owner.nick
    assert owner.ask("REGISTER * * :" + PASSWORD).one("REGISTER").params[0] == "SUCCESS"
    owner.send("QUIT")
    where = ["ircs://%s:%d" % server.tls]
    done = talk(where, *from_file(tmp_path, PASSWORD), account=account)
    assert done.returncode == 0, done.stderr
    done = talk(where, *from_file(tmp_path, "opensesame-13"), account=account)
    assert done.returncode == 67


@pytest.mark.parametrize("offered, mechanism, header", [
    ("PLAIN,SCRAM-SHA-256,SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", b"p=tls-exporter,,n=saslacc,r="),
    # it says that it could, so that nobody in between can hide that the server can as well
    ("PLAIN,SCRAM-SHA-256", "SCRAM-SHA-256", b"y,,n=saslacc,r="),
])
def test_bound_to_tls(pair, tmp_path, offered, mechanism, header):  # noqa: F811
    login = Login(BAD)
    with ScriptedServer("sasl=" + offered, script={"AUTHENTICATE": login.take}, tls=pair("tls")[0]) as server:
        done = talk(server.where, "--tls", *from_file(tmp_path, PASSWORD))
    assert done.returncode == 67, done.stderr
    assert login.heard[0] == mechanism
    assert base64.b64decode(login.heard[1]).startswith(header)


def test_certificate_and_no_password(tmp_path):
    login = Login(GOOD)
    with ScriptedServer("sasl=PLAIN,EXTERNAL", script={"AUTHENTICATE": login.take}) as server:
        done = talk(server.where, "--cert", str(tmp_path / "unused-without-tls"))
    assert done.returncode == 0, done.stderr
    assert login.heard == ["EXTERNAL", "+"]
    with ScriptedServer("sasl=PLAIN") as server:
        done = talk(server.where, "--cert", str(tmp_path / "unused-without-tls"))
    assert done.returncode == 67 and b"takes no certificate" in done.stderr


def test_password_from_systemd(tmp_path):
    (tmp_path / "chat-client.password").write_text(PASSWORD)
    login = Login(GOOD)
    with ScriptedServer("sasl=PLAIN", script={"AUTHENTICATE": login.take}) as server:
        done = talk(server.where, env={**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert login.message()[2] == PASSWORD.encode()


def test_password_is_asked_for_and_not_shown():
    login = Login(GOOD)
    with ScriptedServer("sasl=PLAIN", script={"AUTHENTICATE": login.take}) as server, \
            Terminal([CLIENT, "-n", "saslme", "-c", "#sasl", "-a", "saslacc", *server.where]) as tty:
        tty.shows("^Password:")
        assert server.lines == []
        tty.type(PASSWORD + "\r")
        tty.shows("^#sasl>")
        assert login.message()[2] == PASSWORD.encode()
        assert PASSWORD.encode() not in tty.raw
        assert PASSWORD.encode() not in pathlib.Path(f"/proc/{tty.program.pid}/cmdline").read_bytes()
        tty.type("\x04")
        assert tty.wait() == 0


def test_no_password_to_be_had(tmp_path):
    with ScriptedServer("sasl=PLAIN") as server:
        done = talk(server.where, *from_file(tmp_path, ""))
        assert done.returncode == 78
        # nor a terminal to ask at
        done = talk(server.where, start_new_session=True)
        assert done.returncode == 78
    assert server.lines == []


def test_long_message_is_split(tmp_path):
    login = Login(GOOD)
    account = "a" * 60
    with ScriptedServer("sasl=PLAIN", script={"AUTHENTICATE": login.take}) as server:
        # 1 + 60 + 1 + 238 bytes are 400 of base64: a whole part, with an empty one behind it
        done = talk(server.where, *from_file(tmp_path, "p" * 238), account=account)
    assert done.returncode == 0, done.stderr
    assert login.heard[2] == "+" and login.message() == [b"", account.encode(), b"p" * 238]


def test_refused_is_said_once_and_inert(tmp_path):
    login = Login(BAD)
    with ScriptedServer("sasl=PLAIN", script={"AUTHENTICATE": login.take}) as server:
        done = talk(server.where, *from_file(tmp_path, PASSWORD))
    assert done.returncode == 67
    assert done.stderr.decode() == ("chat-client: the server does not take this account and password: "
                                    "The account is \ufffd[31msuspended\n")
    assert server.said() == [] and PASSWORD not in done.stderr.decode()


def test_a_server_that_skips_its_proof(tmp_path):
    login = Login(GOOD)
    with ScriptedServer("sasl=SCRAM-SHA-256,PLAIN", script={"AUTHENTICATE": login.take}) as server:
        done = talk(server.where, *from_file(tmp_path, PASSWORD))
    assert done.returncode == 67 and b"does not prove" in done.stderr
    assert login.heard[0] == "SCRAM-SHA-256"


def test_a_server_that_does_not_say_what_it_knows(tmp_path):
    """SCRAM is tried, and where it is not known, PLAIN."""
    heard = []

    def take(server, _tags, params):
        heard.append(params[0])
        if params[0] == "SCRAM-SHA-256":
            server.send(":irc.test 908 saslme PLAIN,EXTERNAL :are available")
            server.send(BAD)
        else:
            server.send("AUTHENTICATE +" if params[0] == "PLAIN" else GOOD)

    with ScriptedServer("sasl", script={"AUTHENTICATE": take}) as server:
        done = talk(server.where, *from_file(tmp_path, PASSWORD))
    assert done.returncode == 0, done.stderr
    assert heard[:2] == ["SCRAM-SHA-256", "PLAIN"]


@pytest.mark.parametrize("caps, script", [
    ("batch", {}),
    ("sasl=KERBEROS", {}),
    # no capabilities at all: it lets everybody in
    ("", {"CAP": lambda *_: None}),
])
def test_a_server_without_accounts(tmp_path, caps, script):
    with ScriptedServer(caps, script=script) as server:
        done = talk(server.where, *from_file(tmp_path, PASSWORD))
    assert done.returncode == 67, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert server.said() == []


def with_token(where, folder, token, *options, **more):
    (folder / "token").write_text(token + "\n")
    return subprocess.run([CLIENT, "-n", "tokenme", "-c", "#sasl", "--token-file", str(folder / "token"), *options, *where],
                          input=b"hi\n", capture_output=True, timeout=DEADLINE, check=False, **more)


def test_token_with_chatd(start, tmp_path):
    daemon = start(f"{FAST}[accounts]\nautocreate = yes\n{tokens.configure(tmp_path)}")
    where = ["-p", str(daemon.tcp[1]), daemon.tcp[0]]
    other = daemon.client("listens", caps="account-tag")
    other.join("#sasl")
    for options in ([], ["-a", "ann"]):
        done = with_token(where, tmp_path, tokens.token(groups=["people"] * 99), *options)
        assert done.returncode == 0, done.stderr
        said = other.wait("PRIVMSG")
        assert said.params[1] == "hi" and said.tags["account"] == "ann"
    for token, options in ((tokens.token(exp=1), []), (tokens.token(), ["-a", "bob"])):
        done = with_token(where, tmp_path, token, *options)
        assert done.returncode == 67
        assert done.stderr.startswith(b"chat-client: the server does not take this token: ")
        assert token.encode() not in done.stderr


def test_token_where_there_is_only_the_other_mechanism(tmp_path):
    login = Login(GOOD)
    for token, kind in (("a.b.c", b"jwt"), ("opaque", b"oauth2")):
        login.heard = []
        with ScriptedServer("sasl=PLAIN,IRCV3BEARER", script={"AUTHENTICATE": login.take}) as server:
            done = with_token(server.where, tmp_path, token)
        assert done.returncode == 0, done.stderr
        assert login.heard[0] == "IRCV3BEARER" and login.message() == [b"", kind, token.encode()]


def test_token_as_the_rfc_has_it(tmp_path):
    """What is told, and that who hears why not says one thing more."""
    login = Login("AUTHENTICATE " + base64.b64encode(b'{"status":"invalid_token"}').decode())
    last = []

    def take(server, tags, params):
        if login.heard and not login.heard[-1].startswith(("OAUTH", "PLAIN")):
            last.append(params[0])
            server.send(BAD)
        else:
            login.take(server, tags, params)

    with ScriptedServer("sasl=OAUTHBEARER", script={"AUTHENTICATE": take}) as server:
        done = with_token(server.where, tmp_path, "opaque", "-a", "a=b")
    assert done.returncode == 67 and b"does not take this token" in done.stderr
    message = base64.b64decode(login.heard[1])
    assert message.startswith(b"n,a=a=3Db,\1host=") and message.endswith(b"\1auth=Bearer opaque\1\1")
    assert last == ["AQ=="]


def test_token_from_systemd_and_none(tmp_path):
    (tmp_path / "chat-client.token").write_text("opaque")
    login = Login(GOOD)
    with ScriptedServer("sasl=OAUTHBEARER", script={"AUTHENTICATE": login.take}) as server:
        done = subprocess.run([CLIENT, "-n", "tokenme", "-c", "#sasl", *server.where], input=b"hi\n", capture_output=True,
                              timeout=DEADLINE, check=False, env={**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)})
        assert done.returncode == 0, done.stderr
    assert login.heard[0] == "OAUTHBEARER"
    with ScriptedServer("sasl=PLAIN") as server:
        done = with_token(server.where, tmp_path, "opaque")
        assert done.returncode == 67 and b"takes no token" in done.stderr
        done = with_token(server.where, tmp_path, "")
        assert done.returncode == 78 and b"no token can be read" in done.stderr

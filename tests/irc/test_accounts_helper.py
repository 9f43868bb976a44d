"""A program that knows who people are: what it is asked, what its answers lead to, and every way in which it can break."""

import json
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import sasl
from harness import FAST, ROOT, fresh
from test_accounts_tls import CAPS, arrive, certificate, external, secure  # noqa: F401

PASSWORD = "correct horse"
DESCRIPTORS = 3  # of one process
USUAL = """
def answer(q):
    return {"success": q.get("passphrase") == "correct horse", "account": q["account"], "error": ""}
"""
FRAME = """#!{python}
import json, os, signal, sys, time
folder = {folder!r}
open(folder + "/start", "a").write("x")
{body}
for line in sys.stdin:
    open(folder + "/asked", "a").write(line)
    said = answer(json.loads(line))
    sys.stdout.write(said if isinstance(said, str) else json.dumps(said) + "\\n")
    sys.stdout.flush()
"""


class Helper:
    def __init__(self, folder, body=USUAL):
        self.folder = pathlib.Path(folder)
        self.script = self.folder / fresh("helper")
        self.script.write_text(FRAME.format(python=sys.executable, folder=str(self.folder), body=body))
        self.script.chmod(0o755)
        self.config = f"[helper]\ncommand = {self.script}\n"

    @property
    def asked(self):
        path = self.folder / "asked"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def starts(self):
        return len((self.folder / "start").read_text())


def keeps(daemon, processes):
    """So many stay until the daemon ends."""
    daemon.descriptors_before += DESCRIPTORS * processes


@pytest.fixture
def helped(start, tmp_path):
    """helped(body, config, accounts): a daemon with a helper of that body."""

    def one(body=USUAL, config="", accounts="autocreate = yes\n"):
        helper = Helper(tmp_path, body)
        daemon = start(f"{FAST}[accounts]\niterations = 4096\nattempts = 1000\n{accounts}{helper.config}{config}")
        daemon.helper = helper
        keeps(daemon, 0 if body in BROKEN.values() else 3)
        return daemon

    return one


def plain(daemon, account, password=PASSWORD):
    client = daemon.client("in", caps=CAPS)
    return sasl.plain(client, account, password)


def test_it_is_asked(helped):
    daemon = helped()
    said = plain(daemon, "ann")
    assert said.commands == ["900", "903"] and said.one("900").params[2] == "ann"
    assert daemon.helper.asked == [
        {"account": "ann", "accountName": "ann", "passphrase": PASSWORD, "ip": "127.0.0.1"}
    ]
    assert plain(daemon, "ann", "wrong").one("904").params[-1] == "SASL authentication failed"
    assert plain(daemon, "ann").commands == ["900", "903"]
    assert daemon.helper.starts == 1, "one is enough, and it stays"
    assert PASSWORD not in daemon.log
    client = daemon.client("c", caps=CAPS)
    assert client.ask("NS IDENTIFY bob wrong").one("NOTICE").params[-1] == "Invalid account credentials."


def test_before_registration(helped):
    client = helped().connect("early")
    client.ask("CAP LS 302", "CAP REQ :sasl", "NICK early", "USER u 0 * :r")
    assert sasl.plain(client, "ann", PASSWORD).commands == ["900", "903"]
    assert client.ask("CAP END").of("001")


def test_who_has_a_password_here_is_not_asked_about(helped):
    daemon = helped()
    client = daemon.client("own", caps=CAPS)
    client.ask("REGISTER * * :another one")
    assert plain(daemon, client.nick, PASSWORD).of("904")
    assert plain(daemon, client.nick, "another one").of("903")
    assert not daemon.helper.asked


def test_no_account_is_made_unasked(helped):
    daemon = helped(accounts="")
    assert plain(daemon, "ann").of("904")
    assert daemon.helper.asked


def test_it_names_another_account(helped):
    daemon = helped('def answer(q):\n    return {"success": True, "accountName": q["account"].split("@")[0].lower()}\n')
    assert plain(daemon, "Ann@example.org").one("900").params[2] == "ann"


@pytest.mark.parametrize("name", ["a b", "NickServ", "", "x" * 100, "ann\\n", "grouped"])
def test_it_names_nobody(helped, name):
    daemon = helped(f'def answer(q):\n    return {{"success": True, "account": "{name}"}}\n')
    own = daemon.client("own", caps=CAPS)
    own.ask("REGISTER * * :another one", "NICK grouped", "NS GROUP", "NICK other")
    said = plain(daemon, "1x")
    assert said.of("904")


def test_special_bytes(helped):
    daemon = helped('def answer(q):\n    return {"success": q["passphrase"] == chr(34) + chr(92) + chr(1) + chr(228) + chr(127815)}\n')
    assert plain(daemon, "ann", '"\\\x01\u00e4\U0001f347').of("903")
    assert plain(daemon, "ann", "\x01").of("904")


def test_a_second_factor_counts_here(helped):
    from test_accounts_totp import notices, totp
    import time

    daemon = helped()
    client = daemon.client("c", caps=CAPS)
    sasl.plain(client, "ann", PASSWORD)
    secret = notices(client.ask("NS TOTP ENABLE"))[0].split()[-1]
    step = int(time.time()) // 30
    client.ask(f"NS TOTP CONFIRM {totp(secret, step - 1)}")
    assert "second factor" in plain(daemon, "ann").one("904").params[-1]
    assert plain(daemon, "ann", f"{PASSWORD} {totp(secret, step + 1)}").of("903")
    assert daemon.helper.asked[-1]["passphrase"] == PASSWORD


BROKEN = {
    "ends at once": "sys.exit(0)\n",
    "fails": "sys.exit(3)\n",
    "is killed": "def answer(q):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "says no JSON": "def answer(q):\n    return 'yes\\n'\n",
    "says no object": "def answer(q):\n    return '[true]\\n'\n",
    "says a word": "def answer(q):\n    return '{\"success\":\"true\"}\\n'\n",
    "says it twice": "def answer(q):\n    return '{\"success\":false,\"success\":true}\\n'\n",
    "says nothing of it": "def answer(q):\n    return {}\n",
    "says too much": "def answer(q):\n    return '{\"success\":true}\\n{\"success\":true}\\n'\n",
    "says endlessly": "def answer(q):\n    return 'x' * 100000\n",
    "shuts its mouth": "def answer(q):\n    os.close(1)\n    time.sleep(1000)\n",
    "sleeps": "def answer(q):\n    time.sleep(1000)\n",
}


@pytest.mark.parametrize("how", BROKEN)
def test_it_fails_closed(helped, how):
    daemon = helped(BROKEN[how], "timeout = 1s\n")
    said = plain(daemon, "ann")
    assert said.commands == ["904"] and "at the moment" in said[0].params[-1]
    daemon.wait_log("CHATD_EVENT=helper-broken")
    assert PASSWORD not in daemon.log


def test_no_such_program(start):
    daemon = start(FAST + "[helper]\ncommand = /nowhere/helper\ntimeout = 1s\n")
    assert "at the moment" in plain(daemon, "ann").one("904").params[-1]
    daemon.wait_log("CHATD_EVENT=helper-broken")


def test_it_is_started_again(helped):
    body = USUAL + "if not os.path.exists(folder + '/second'):\n    open(folder + '/second', 'w')\n    sys.exit(1)\n"
    daemon = helped(body)
    assert plain(daemon, "ann").of("903", "904")
    assert plain(daemon, "ann").of("903")
    assert daemon.helper.starts == 2


def test_one_that_answers_once(helped):
    body = 'def answer(q):\n    print(json.dumps({"success": q["passphrase"] == "correct horse"}), flush=True)\n    sys.exit(0)\n'
    daemon = helped(body)
    for _ in range(20):
        assert plain(daemon, "ann").of("903")
    assert plain(daemon, "ann", "wrong").of("904")
    assert "helper-broken" not in daemon.log


def test_many_at_once(helped):
    """More than there are processes: all are answered, each with its own."""
    daemon = helped(config="processes = 3\n")
    clients = [daemon.client("m", caps=CAPS) for _ in range(30)]
    for n, client in enumerate(clients):
        client.send("AUTHENTICATE PLAIN")
        password = PASSWORD if n % 2 else "wrong"
        client.send(f"AUTHENTICATE {sasl.encode(chr(0).join(['', f'p{n}', password]).encode())}")
    for n, client in enumerate(clients):
        said = client.sync()
        assert said.of("903" if n % 2 else "904")
        if n % 2:
            assert said.one("900").params[2] == f"p{n}"
    assert daemon.helper.starts <= 3


def test_the_queue_is_bounded_and_nobody_else_waits(helped):
    daemon = helped(BROKEN["sleeps"], "queue = 2\nprocesses = 1\ntimeout = 60s\n")
    asking = [daemon.client("a", caps=CAPS) for _ in range(3)]
    message = sasl.encode(f"\0ann\0{PASSWORD}".encode())
    other = daemon.client("other", caps=CAPS)
    for client in asking:
        client.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {message}")
        other.sync()
    other.ask("PING still")
    refused = [daemon.client("r", caps=CAPS) for _ in range(2)]
    said = [sasl.plain(client, "ann", PASSWORD) for client in refused[1:]]
    assert any("at the moment" in s.text for s in said)
    asking[0].close()
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait() == 0


def test_over_a_restart(helped):
    daemon = helped()
    assert plain(daemon, "ann").of("903")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_log("CHATD_EVENT=handover ")
    assert plain(daemon, "ann").of("903")
    assert daemon.helper.starts == 2


def test_a_reload_takes_another(helped, tmp_path):
    daemon = helped()
    assert plain(daemon, "ann").of("903")
    text = (daemon.folder / "chatd.conf").read_text()
    other = Helper(tmp_path, 'def answer(q):\n    return {"success": False}\n')
    daemon.reload(re.sub(r"command = .*", f"command = {other.script}", text))
    assert plain(daemon, "ann").of("904")


def test_certificates(secure, tmp_path):  # noqa: F811
    body = 'def answer(q):\n    return {"success": "certfp" in q, "account": q.get("account", "ann")}\n'
    helper = Helper(tmp_path, body)
    server = secure("autocreate = yes\n" + helper.config + "certificates = yes\n")
    pair = certificate(tmp_path, "mine")
    keeps(server, 2)
    client, _ = arrive(server, pair)
    assert external(client).one("900").params[2] == "ann"
    assert helper.asked[0] == {"certfp": pair.print, "ip": "127.0.0.1"}
    client, _ = arrive(server, pair)
    assert external(client, "bob").one("900").params[2] == "bob"


# What is in contrib

PAM = ROOT / "contrib/helpers/auth-pam"
LDAP = ROOT / "contrib/helpers/auth-ldap"


def ask(argv, *questions, **more):
    given = "".join(json.dumps(q) + "\n" for q in questions)
    done = subprocess.run([sys.executable, *argv], input=given, capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["success"] for line in done.stdout.splitlines()]


def test_pam(start, tmp_path):
    permit = "auth required pam_permit.so\naccount required pam_permit.so\n"
    (tmp_path / "yes").write_text(permit)
    (tmp_path / "no").write_text(permit.replace("auth required pam_permit", "auth required pam_deny"))
    (tmp_path / "expired").write_text(permit.replace("account required pam_permit", "account required pam_deny"))
    question = {"account": "ann", "passphrase": "x", "ip": "192.0.2.1"}
    for service, wanted in (("yes", True), ("no", False), ("expired", False), ("absent", False)):
        assert ask([PAM, "--folder", tmp_path, "--service", service], question, question) == [wanted] * 2
    assert ask([PAM, "--folder", tmp_path, "--service", "yes"], {**question, "passphrase": ""}) == [False]
    daemon = start(
        f"{FAST}[accounts]\nautocreate = yes\n[helper]\ncommand = {PAM} --folder {tmp_path} --service yes\n"
    )
    keeps(daemon, 2)
    assert plain(daemon, "ann").of("903")


def test_ldap(tmp_path):
    """With a library that only notes what it is asked."""
    (tmp_path / "ldap3/utils").mkdir(parents=True)
    (tmp_path / "ldap3/__init__.py").write_text(
        "def Server(*a, **k): return None\n"
        "class Connection:\n"
        "    def __init__(self, server, user, password, **more): self.good = (user, password) == ('uid=a\\\\,b,dc=x', 'pw')\n"
        "    def bind(self): return self.good\n"
        "    def unbind(self): pass\n"
    )
    (tmp_path / "ldap3/utils/__init__.py").write_text("")
    (tmp_path / "ldap3/utils/dn.py").write_text("def escape_rdn(text): return text.replace(',', '\\\\,')\n")
    asked = [{"account": "a,b", "passphrase": p} for p in ("pw", "no", "")] + [{"account": "", "passphrase": "pw"}]
    argv = [LDAP, "--server", "ldaps://x", "--dn", "uid={},dc=x"]
    assert ask(argv, *asked, env={"PYTHONPATH": str(tmp_path)}) == [True, False, False, False]

"""chat-client and TLS: whom it trusts, what it remembers, and what it refuses."""

import os
import re
import socket
import ssl
import subprocess

import pytest
from scripted_server import ScriptedServer
from test_chat_client import CLIENT, DEADLINE

from harness import CHATD, environment


@pytest.fixture
def pair(tmp_path):
    """pair(name): a new certificate that signs itself, its key, and its pin."""

    def one(name):
        config, crt, key = (tmp_path / f"{name}.{ext}" for ext in ("conf", "crt", "key"))
        config.write_text(f"[server]\nname = tls.example\n[tls]\ncertificate = {crt}\nkey = {key}\n")
        done = subprocess.run([CHATD, "-c", config, "--make-cert"], capture_output=True, text=True, env=environment())
        assert done.returncode == 0, done.stderr
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        return context, crt, re.search(r"sha256/[A-Za-z0-9+/=]+", done.stdout)[0]

    return one


@pytest.fixture
def say(tmp_path):
    """say(server, options...): the client that says "hi" there, and ended."""

    def one(server, *options):
        env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
        return subprocess.run([CLIENT, "-n", "me", "-c", "#lobby", *options, *server.where], input=b"hi\n",
                              capture_output=True, timeout=DEADLINE, check=False, env=env)

    return one


def test_first_use_is_kept_and_a_change_refused(pair, say):
    first, second = pair("first"), pair("second")
    with ScriptedServer(tls=first[0]) as server:
        done = say(server, "--tls")
        port = server.where[1]
    assert done.returncode == 0, done.stderr
    assert server.said() == ["hi"]
    assert first[2] in done.stderr.decode()
    with ScriptedServer(tls=first[0], port=int(port)) as server:
        done = say(server, "--tls")
    assert (done.returncode, done.stderr) == (0, b"")
    with ScriptedServer(tls=second[0], port=int(port)) as server:
        done = say(server, "--tls")
    assert done.returncode == 77
    assert b"ANOTHER KEY" in done.stderr
    assert server.said() == [] and not server.lines


def test_pin(pair, say):
    context, _, pin = pair("one")
    with ScriptedServer(tls=context) as server:
        done = say(server, "--pin", pin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert server.said() == ["hi"]
    with ScriptedServer(tls=context) as server:
        done = say(server, "--pin", "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert done.returncode == 77
    assert not server.lines


def test_a_name_that_is_not_the_certificates(pair, say):
    context, crt, _ = pair("one")
    with ScriptedServer(tls=context) as server:
        done = say(server, "--tls", "--ca", str(crt))
    assert done.returncode == 77, done.stderr
    assert not server.lines


def test_no_tls_there(say):
    with ScriptedServer() as server:
        server.take = lambda raw: server.close()
        done = say(server, "--tls")
    assert done.returncode == 69
    assert b"no TLS" in done.stderr


def test_sts_moves_to_tls_and_is_kept(pair, say):
    context, _, _ = pair("one")
    with ScriptedServer("sts=duration=1000", tls=context) as secure:
        port = secure.where[1]
        with ScriptedServer(f"sts=port={port},duration=1000 batch") as plain:
            done = say(plain)
    assert done.returncode == 0, done.stderr
    assert secure.said() == ["hi"]
    assert plain.said() == [] and not any(line.startswith("JOIN") for line in plain.lines)
    # nobody listens at the plain port, and nobody is asked there
    with ScriptedServer("sts=duration=0", tls=context, port=int(port)) as secure:
        done = say(plain)
    assert done.returncode == 0, done.stderr
    assert secure.said() == ["hi"]
    done = say(plain)
    assert done.returncode == 69
    assert plain.where[1] in done.stderr.decode()


def test_a_certificate_that_is_no_file(say):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        class Nobody:
            where = ["-p", str(listener.getsockname()[1]), "127.0.0.1"]

        done = say(Nobody, "--tls", "--cert", "/nonexistent.pem")
    assert done.returncode == 78
    assert b"/nonexistent.pem" in done.stderr

"""chat-client speaks the language of its user, and English where it does not know it."""

import os
import pathlib
import subprocess

import pytest
from scripted_server import ScriptedServer
from terminal import Terminal
from test_chat_client import ALL_CAPS, CLIENT, DEADLINE, ROOT

WORDS = pathlib.Path(os.environ.get("CHATD_BUILD", str(ROOT / "build"))) / "po"

pytestmark = pytest.mark.skipif(not (WORDS / "es" / "LC_MESSAGES" / "chat-client.mo").exists(),
                                reason="built without gettext")


@pytest.fixture(autouse=True)
def language(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TEXTDOMAINDIR", str(WORDS))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("env, spanish", [
    ({"LC_ALL": "es_ES.UTF-8"}, True),
    ({"LANG": "es_AR.UTF-8"}, True),
    ({"LC_MESSAGES": "es"}, True),
    ({"LC_ALL": "C.UTF-8", "LANGUAGE": "es"}, True),
    ({"LC_ALL": "C.UTF-8", "LANGUAGE": "xx:es"}, True),
    ({"LC_ALL": "C", "LANG": "es_ES.UTF-8"}, False),
    ({"LANG": "C.UTF-8"}, False),
    ({"LANG": "tlh_XX.UTF-8"}, False),
    ({}, False),
])
def test_language_of_the_environment(env, spanish):
    done = subprocess.run([CLIENT], capture_output=True, text=True, timeout=DEADLINE, check=False,
                          env={**os.environ, **env})
    assert done.returncode == 64
    wanted = "chat-client: \u00bfqu\u00e9 servidor?\nPrueba" if spanish else "chat-client: which server?\nTry"
    assert done.stderr.startswith(wanted)


def test_events_and_answers_in_spanish(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "es")
    with ScriptedServer(ALL_CAPS) as server, Terminal([CLIENT, "-n", "me", "-c", "#lobby", *server.where]) as tty:
        tty.shows(r"\* me \(u@host.test\) entr\u00f3 en #lobby$")
        server.send(":ana!u@h KICK #lobby bea :ya")
        tty.shows(r"\* ana ech\u00f3 a bea de #lobby: ya$")
        tty.type("/help join\r")
        tty.shows(r"\* /join #canal \[clave\]: entra en un canal")
        tty.paste("uno\ndos\n")
        tty.shows(r"^\u00bfdecir 2 l\u00edneas en #lobby\? \[S/n\]")
        tty.type("s\r")
        server.wait_for("^PRIVMSG #lobby :dos")
        server.send("ERROR :fuera")
        server.close()
        tty.shows("! el servidor cerr\u00f3 la conexi\u00f3n: fuera; otro intento en \\d+ s$")
        tty.type("\x04")
        assert tty.wait() == 0

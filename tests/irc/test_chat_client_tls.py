"""chat-client over TLS, at a server whose certificate signs itself: let in by its pin alone."""

import os
import re
import subprocess

from harness import DEADLINE
from test_chat_client import CLIENT
from test_tls import secure  # noqa: F401, a fixture


def talk(server, *args):
    url = "ircs://%s:%d/tls" % server.tls
    env = {name: value for name, value in os.environ.items() if name not in ("SSL_CERT_FILE", "HOME")}
    env["XDG_STATE_HOME"] = "nowhere"  # no absolute path: nothing is kept, and so nothing trusted on first use
    return subprocess.run([CLIENT, "-n", "piper", *args, url], input="hola\n", capture_output=True, text=True,
                          timeout=DEADLINE, check=False, env=env)


def test_a_server_is_known_by_its_pin(secure):  # noqa: F811
    server = secure()
    bea = server.client("bea")
    bea.ask("JOIN #tls")
    unknown = talk(server)
    assert unknown.returncode == 77
    pin = re.search(r"--pin=(sha256/[A-Za-z0-9+/]{43}=)", unknown.stderr)[1]
    done = talk(server, "--pin", pin)
    assert done.returncode == 0, done.stderr
    assert bea.wait("PRIVMSG").params == ["#tls", "hola"]
    other = talk(server, "--pin", "sha256/" + "A" * 43 + "=")
    assert other.returncode == 77 and "another key" in other.stderr


def test_plain_server_at_the_other_end_is_exit_69(secure):  # noqa: F811
    server = secure(doors="irc")
    assert talk(server).returncode == 69

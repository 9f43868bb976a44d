"""Programs that people use, against the real daemon. One that is missing is a failure, unless they are optional."""

import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "irc"))

import harness  # noqa: E402


@pytest.fixture(scope="session")
def server():
    port, line = harness.free_port(), harness.free_port()
    endpoints = f"[listen]\nendpoint = ws://127.0.0.1:{port}\nendpoint = 127.0.0.1:{line}?accept=irc,line\n"
    daemon = harness.Daemon(endpoints + harness.FAST)
    daemon.web = ("127.0.0.1", port)
    daemon.line = ("127.0.0.1", line)
    yield daemon
    daemon.finish()


@pytest.fixture
def peer(server):
    """Somebody in a channel of his own, for the program to talk to."""
    client = server.client("peer")
    client.channel = harness.chan("talk")
    client.join(client.channel)
    yield client
    client.close()


@pytest.fixture
def program():
    """program(name) gives the path of what is installed as that."""

    def find(name):
        path = shutil.which(name)
        if not path:
            missing = f"{name} is not installed"
            if os.environ.get("CHATD_TESTS_OPTIONAL"):
                pytest.skip(missing)
            pytest.fail(missing)
        return path

    return find

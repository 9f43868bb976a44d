"""chat-client's configuration, from outside: which file it reads, whom it talks to, and what it says of errors."""

import os
import re
import subprocess

import pytest
from scripted_server import ScriptedServer
from test_chat_client import CLIENT, DEADLINE, ROOT


@pytest.fixture(name="config", autouse=True)
def config_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "chat-client").mkdir(parents=True)
    return tmp_path / "config" / "chat-client" / "config"


def run(*args, **kwargs):
    return subprocess.run([CLIENT, *args], input=b"hi\n", capture_output=True, timeout=DEADLINE, check=False, **kwargs)


@pytest.mark.parametrize("args", [["--server", "work"], ["-S", "work"], ["work"]])
def test_part_of_the_configuration(config, args):
    with ScriptedServer("echo-message") as server:
        config.write_text(f"nick = other\ntime =\n\n[work]\nhost = 127.0.0.1:{server.where[1]}\n"
                          "nick = worker\nchannel = build\n")
        done = run(*args)
    assert done.returncode == 0, done.stderr
    assert server.nick == "worker" and server.said() == ["hi"]
    assert done.stdout == b"<worker> hi\n"
    assert "JOIN #build" in server.lines


def test_home_is_looked_in(config, tmp_path):
    home = tmp_path / "home"
    (home / ".config" / "chat-client").mkdir(parents=True)
    with ScriptedServer() as server:
        (home / ".config" / "chat-client" / "config").write_text("nick = homely\nserver = here\n[here]\nhost = "
                                                                 f"127.0.0.1:{server.where[1]}\nchannel = a\n")
        env = {name: value for name, value in os.environ.items() if name != "XDG_CONFIG_HOME"}
        done = run(env={**env, "HOME": str(home)})
    assert done.returncode == 0, done.stderr
    assert server.nick == "homely"


def test_errors_name_file_and_line(config):
    config.write_text("nick = ana\n[work]\nbell = loud\n")
    done = run("-c", "#x", "localhost")
    assert done.returncode == 78 and done.stdout == b""
    assert done.stderr.decode() == f"chat-client: {config}:3: bell = loud: a bell rings off, mention or all\n"


def test_every_option_is_a_key(config, tmp_path):
    """As the manual says: an unknown key is an error, and the name of no option is one."""
    text = subprocess.run([CLIENT, "--help"], capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"--([a-z-]+)", text)) - {"help", "version", "config"}
    values = {"server": "x", "pin": "sha256/x", "history": "1", "bell": "all", "color": "auto", "nick": "a"}
    assert len(names) > 20
    for name in names:
        config.write_text(f"{name} = {values.get(name, 'yes')}\n[x]\n")
        done = run("-c", "#x", str(tmp_path / "no-such-socket"))
        # without a password there is no connection, with all others there is nobody to connect to
        assert done.returncode in (69, 78) and b"config:" not in done.stderr, (name, done.stderr)
    manual = (ROOT / "man" / "chat-client.1").read_text(encoding="utf-8")
    assert [n for n in names if not re.search(rf"Fl Fl {n}\b", manual)] == []


def test_no_configuration_is_none_at_all(config):
    assert not config.exists()
    with ScriptedServer() as server:
        assert run("-n", "me", "-c", "#x", *server.where).returncode == 0

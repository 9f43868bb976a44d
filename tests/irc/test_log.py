"""What is logged on stderr at which event, with which fields; the journal has the same entries."""

import pathlib
import re
import signal
import socket
import sys

import pytest

from harness import FAST, ROOT, Client

sys.path.insert(0, str(ROOT / "tests/structure"))

import check_events  # noqa: E402

EVENTS = {e.name: e for e in check_events.events_of_table((ROOT / "src/base/log_events.c").read_text())}
WORDS = {"error": 3, "warning": 4, "notice": 5, "info": 6, "debug": 7}
OPER = "[oper root]\npassword = pw\n"
#: As a service manager starts a program: the variable names the process itself.
MANAGED = ["/bin/sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh"]


class Entry:
    def __init__(self, line):
        self.level, _, rest = line.partition(": ") if line[0] != "<" else (line[1], "", line[3:])
        self.text, _, rest = rest.partition(" CHATD_EVENT=")
        found = re.findall(r'(\w+)=("[^"]*"|\S*)', "CHATD_EVENT=" + rest)
        self.fields = {name: value.strip('"') for name, value in found}
        self.event = self.fields["CHATD_EVENT"]


def wait_event(server, name, count=1):
    """The entry, which has the level of its event and fields that its event can have, and no others."""
    entry = Entry(server.wait_log(rf" CHATD_EVENT={name}( |$)", count))
    about = EVENTS[name]
    assert entry.level in (about.level, str(WORDS[about.level]))
    assert set(entry.fields) <= {"CHATD_EVENT", "CHATD_SUPPRESSED", *about.fields}
    return entry


def fields_of(server, name, count=1):
    fields = wait_event(server, name, count).fields
    del fields["CHATD_EVENT"]
    return fields


def test_from_start_to_stop(start):
    server = start(FAST)
    assert fields_of(server, "start").keys() == {"CHATD_VERSION", "CHATD_SERVER"}
    assert fields_of(server, "listening")["CHATD_LISTENER"] == f"127.0.0.1:{server.tcp[1]}"
    assert fields_of(server, "listening", 2)["CHATD_LISTENER"].endswith(server.unix)
    server.client()
    server.send_signal(signal.SIGTERM)
    server.check_end()
    assert fields_of(server, "stopping") == {"CHATD_REASON": "SIGTERM", "CHATD_CLIENTS": "1"}


def test_every_entry_is_one_of_an_event(start):
    """At the usual level nothing is said that has no name."""
    server = start(FAST + OPER)
    c = server.client()
    c.ask("OPER root pw", "JOIN #x", "REHASH")
    c.send("QUIT")
    c.rest()
    server.finish()
    for line in server.entries:
        assert Entry(line).event in EVENTS, line


def test_a_client_comes_and_goes(start):
    server = start(FAST)
    c = server.client("walter")
    assert fields_of(server, "client-in") == {"CHATD_NICK": c.nick, "CHATD_PEER": "127.0.0.1"}
    c.send("QUIT :private words")
    c.rest()
    assert fields_of(server, "client-out") == {
        "CHATD_NICK": c.nick, "CHATD_PEER": "127.0.0.1", "CHATD_REASON": "Quit",
    }
    d = server.client(address=server.unix)
    d.close()
    expected = {"CHATD_NICK": d.nick, "CHATD_PEER": "localhost", "CHATD_REASON": "Connection closed"}
    assert fields_of(server, "client-out", 2) == expected
    assert "private" not in server.log


def test_who_does_not_register_in_time(start):
    server = start(FAST + "registration_timeout = 1s\n")
    server.connect()
    assert fields_of(server, "registration-timeout") == {"CHATD_PEER": "127.0.0.1"}


def test_who_does_not_read(start):
    server = start(FAST + "sendq = 16k\n")
    deaf, talker = server.client("deaf", address=server.unix), server.client("t")
    channel = server.channel(talker, deaf)
    for _ in range(40):
        talker.ask(*(f"PRIVMSG {channel} :{'x' * 400}" for _ in range(20)))
        if "sendq-exceeded" in server.log:
            break
    assert fields_of(server, "sendq-exceeded") == {
        "CHATD_NICK": deaf.nick, "CHATD_PEER": "localhost", "CHATD_REASON": "SendQ exceeded",
    }
    assert f"CHATD_EVENT=client-out CHATD_NICK={deaf.nick}" not in server.log


def test_operators(start):
    server = start(FAST + OPER)
    op, victim = server.client("op"), server.client("v")
    op.ask("OPER root wrong", "OPER nobody pw", "OPER root pw")
    who = {"CHATD_NICK": op.nick, "CHATD_USER": "user", "CHATD_PEER": "127.0.0.1"}
    assert fields_of(server, "oper-refused") == {**who, "CHATD_OPER": "root"}
    assert fields_of(server, "oper-refused", 2) == who
    assert fields_of(server, "oper-granted") == {**who, "CHATD_OPER": "root"}
    del who["CHATD_USER"]
    who["CHATD_OPER"] = "root"
    op.ask(f"KILL {victim.nick} :being a nuisance")
    assert fields_of(server, "kill") == {
        **who, "CHATD_COMMAND": "KILL", "CHATD_TARGET": victim.nick, "CHATD_REASON": "being a nuisance",
    }
    op.ask("WALLOPS :not for the log")
    assert fields_of(server, "oper-action") == {**who, "CHATD_COMMAND": "WALLOPS"}
    assert "not for the log" not in server.log
    op.ask("REHASH")
    assert fields_of(server, "rehash") == {**who, "CHATD_COMMAND": "REHASH"}
    wait_event(server, "reloaded")
    op.send("DIE :enough")
    op.rest()
    assert fields_of(server, "stop-asked") == {**who, "CHATD_COMMAND": "DIE", "CHATD_REASON": "enough"}
    assert "enough" in fields_of(server, "stopping")["CHATD_REASON"]


def test_a_wrong_server_password(start):
    server = start("[server]\npassword = sesame\n" + FAST)
    c = server.connect("c")
    c.send("PASS wrong", "NICK c", "USER u 0 * :r")
    c.rest()
    assert fields_of(server, "password-wrong") == {"CHATD_PEER": "127.0.0.1"}


def test_too_many_from_an_address(start):
    server = start("[limits]\nclients_per_address = 2\nlimit_local = yes\n", probe=False)
    keep = [server.client(), server.client()]
    server.connect().rest()
    assert fields_of(server, "address-full") == {"CHATD_PEER": "127.0.0.1"}
    assert keep


def test_a_full_house(start):
    server = start(FAST + "[server]\nmax_clients = 2\n", probe=False)
    keep = [server.client(), server.client()]
    assert fields_of(server, "house-full") == {"CHATD_CLIENTS": "2"}
    assert keep


def test_errors_of_the_configuration(start):
    server = start(FAST)
    server.reload("[limits]\nnicklen = 0\n[nonsense]\n")
    first, second = fields_of(server, "config-wrong"), fields_of(server, "config-wrong", 2)
    line = server.path.read_text().splitlines().index("nicklen = 0") + 1
    assert first["CHATD_FILE"] == str(server.path) and first["CHATD_LINE"] == str(line)
    assert first["CHATD_KEY"] == "nicklen" and "out of range" in first["CHATD_REASON"]
    assert second["CHATD_LINE"] == str(line + 1) and "CHATD_KEY" not in second
    assert wait_event(server, "reload-refused").fields["CHATD_REASON"]
    server.reload(FAST)
    wait_event(server, "reloaded")


def test_more_than_enough_of_one_kind_is_counted(start):
    """One that hammers at the door does not fill the log, and hides no other."""
    server = start("[server]\npassword = sesame\n" + FAST, probe=False)
    most = EVENTS["password-wrong"].burst
    for _ in range(most + 10):
        c = server.connect("c")
        c.send("PASS wrong", "NICK c", "USER u 0 * :r")
        c.rest()
    c = server.connect("d")
    c.send("PASS sesame", "NICK d", "USER u 0 * :r")
    wait_event(server, "client-in")
    assert server.log.count("CHATD_EVENT=password-wrong") == most


def test_numbers_for_a_service_manager(start):
    """It started the program itself, and reads its stderr, which is no journal's: levels are prefixes of numbers."""
    server = start(FAST, wrap=MANAGED)
    assert re.match(r"<5>chatd \S+ as ", server.wait_log("CHATD_EVENT=start"))
    server.client()
    assert server.wait_log("CHATD_EVENT=client-in").startswith("<6>")


@pytest.mark.parametrize("pid", ["1", "x", ""])
def test_words_for_people(start, pid):
    server = start(FAST, env={"SYSTEMD_EXEC_PID": pid})
    assert server.wait_log("CHATD_EVENT=start").startswith("notice: ")


def test_a_journal_that_is_not_there(start):
    if pathlib.Path("/run/systemd/journal/socket").exists():
        pytest.skip("this system has a journal")
    server = start(FAST + "[log]\ntarget = journal\n")
    assert "No such file" in fields_of(server, "log-elsewhere")["CHATD_REASON"]
    wait_event(server, "listening")

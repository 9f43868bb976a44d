"""A restart under systemd drops nobody; a stop says goodbye. Each check finds a fresh, running server."""

import itertools
import os
import re
import selectors
import socket
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "irc"))

from check_service import SOCKETS, configure, drop_in, listening, made_operator, restarted
from flow import Flow, Probe
from irc import Client
from machine import await_text, until

UNIT = "chatd.service"
FLOOD = "[limits]\nflood_burst = 10000\nflood_rate = 10000\n"
KEPT = "NFileDescriptorStore"


def people(m):
    """One at each socket, in a channel; the first has begun a line. And one who is about to come in."""
    clients = [Client(m, family, address).register().join("#handover") for family, address in SOCKETS.values()]
    for client in clients:
        client.sync()
    late = Client(m)
    late.send("NICK late")
    late.sync()
    clients[0].socket.sendall(b"PRIVMSG #handover :ha")
    clients[1].sync()
    return clients, late


def check_people(clients, late):
    """Nothing came in between, and nothing is lost."""
    clients[0].socket.sendall(b"lf\r\n")
    clients[0].sync()
    for client in clients[1:]:
        assert client.line().endswith(" PRIVMSG #handover :half")
        client.sync()
    late.send("USER late 0 * :Late")
    late.expect(" 001 late ")


def took_over(m, place):
    """The entries of those that took over since then."""
    return [entry for entry in m.journal(UNIT, place) if entry.get("CHATD_EVENT") == "handover"]


def restart_drops_nobody(m):
    clients, late = people(m)
    inodes, pid, place = listening(m), m.main_pid(), m.place()
    started = time.monotonic()
    m.run("systemctl", "restart", UNIT)
    took = time.monotonic() - started
    assert m.main_pid() not in (0, pid) and listening(m) == inodes
    check_people(clients, late)
    entries = took_over(m, place)
    assert [entry["CHATD_CLIENTS"] for entry in entries] == ["4"]
    assert m.show(UNIT, KEPT) == "0", "the manager still has something"
    assert m.show(UNIT, "Result") == "success" and m.show(UNIT, "NRestarts") == "0"
    return f"{took:.2f} s; {entries[0]['MESSAGE']}"


def irssi_does_not_notice(m):
    """Half of a line is typed before the restart, and what comes is shown after it."""
    client = Client(m).register().join("#irssi")
    process, screen = m.terminal("irssi", "--connect=127.0.0.1", "--nick=ina")
    try:
        await_text(screen, "Your host is")
        os.write(screen, b"/join #irssi\r")
        client.expect(r"^:ina!\S+ JOIN ")
        shown = await_text(screen, "#irssi")
        os.write(screen, b"ha")
        m.run("systemctl", "restart", UNIT)
        client.send("PRIVMSG #irssi :after the restart")
        shown += await_text(screen, "after the restart")
        os.write(screen, b"lf\r")
        assert client.line().endswith(" PRIVMSG #irssi :half")
        assert not re.search("(?i)disconnect|connection lost|reconnect", shown), shown
        os.write(screen, b"/quit\r")
        client.expect(r"^:ina!\S+ QUIT ")
    finally:
        m.end(process)
        os.close(screen)


def each_way_to_restart_drops_nobody(m):
    clients, late = people(m)
    for words in (("try-restart",), ("reload-or-restart",), ("restart", "--no-block")):
        pid = m.main_pid()
        m.run("systemctl", *words, UNIT)
        if words[0] != "reload-or-restart":
            restarted(m, pid)
        for client in clients[1:]:
            client.sync()
    m.run("systemctl", "restart", "chatd.socket")
    for client in clients[1:]:
        client.sync()
    check_people(clients, late)


def restart_by_an_operator_or_a_signal_drops_nobody(m):
    """A fresh program in the same process, which systemd takes for a reload."""
    configure(m, "[oper root]\npassword = secret\n")
    m.run("systemctl", "reload", UNIT)
    clients, late = people(m)
    pid, place = m.main_pid(), m.place()
    assert made_operator(clients[1])
    clients[1].send("RESTART")
    until(lambda: len(took_over(m, place)) == 1, "it has taken over")
    m.signal("USR2", pid)
    until(lambda: len(took_over(m, place)) == 2, "it has taken over again")
    assert m.main_pid() == pid
    until(lambda: m.show(UNIT, "SubState") == "running", "it is ready")
    clients[1].sync()
    check_people(clients, late)


def sockets_of_its_own_stay_open(m):
    """Those that the configuration names, and no socket unit."""
    configure(m, "[listen]\nendpoint = 127.0.0.1:7000\n")
    m.run("systemctl", "restart", UNIT)
    inodes = listening(m, 7000)
    assert len(inodes) == 1
    client = Client(m, socket.AF_INET, ("127.0.0.1", 7000)).register()
    m.run("systemctl", "restart", UNIT)
    assert listening(m, 7000) == inodes
    client.sync()
    Client(m, socket.AF_INET, ("127.0.0.1", 7000)).register().close()


def stop_leaves_nothing_behind(m):
    clients, late = people(m)
    m.run("systemctl", "restart", UNIT)
    place = m.place()
    m.run("systemctl", "stop", "chatd.socket", UNIT)
    for client in [*clients, late]:
        last = client.rest_until_end()[-1]
        assert last.startswith("ERROR ") and "going down" in last, last
    assert m.show(UNIT, KEPT) == "0" and m.show(UNIT, "Result") == "success"
    m.run("systemctl", "start", "chatd.socket", UNIT)
    assert not took_over(m, place)
    Client(m).register().close()


def without_a_store_everybody_hears_of_it(m):
    drop_in(m, UNIT, "[Service]\nFileDescriptorStoreMax=0\n")
    m.run("systemctl", "restart", UNIT)
    clients, late = people(m)
    place = m.place()
    m.run("systemctl", "restart", UNIT)
    for client in [*clients, late]:
        last = client.rest_until_end()[-1]
        assert last.startswith("ERROR ") and "restarting, reconnect" in last, last
    failed = [entry for entry in m.journal(UNIT, place) if entry.get("CHATD_EVENT") == "handover-failed"]
    assert len(failed) == 1 and "FileDescriptorStoreMax" in failed[0]["CHATD_REASON"]
    Client(m).register().close()


def death_after_a_restart_is_a_clean_start(m):
    """What was taken up once does not come back."""
    clients, late = people(m)
    m.run("systemctl", "restart", UNIT)
    clients[1].sync()
    pid, place = m.main_pid(), m.place()
    m.signal("KILL", pid)
    for client in [*clients, late]:
        client.rest_until_end()
    restarted(m, pid)
    assert not [entry for entry in m.journal(UNIT, place) if entry.get("CHATD_EVENT", "").startswith("handover")]
    client = Client(m).register()
    client.send("LUSERS")
    client.expect("There are 1 users")
    client.close()


def a_configuration_that_is_wrong_at_a_restart(m):
    """It was given up before anything was handed over, and an administrator who looks at it again loses nobody."""
    clients, late = people(m)
    configure(m, "[server]\nno_such_key = 1\n")
    pid = m.main_pid()
    m.signal("USR2", pid)
    clients[1].sync()
    assert m.main_pid() == pid
    m.run("rm", "/etc/chatd/chatd.conf.d/test.conf")
    m.run("systemctl", "restart", UNIT)
    check_people(clients, late)


def a_restart_with_a_wrong_configuration(m, text="[server]\nno_such_key = 1\n", code=75):
    """The manager tries again, and when the configuration is mended everybody is taken up."""
    clients, late = people(m)
    configure(m, text)
    place = m.place()
    assert m.run("systemctl", "restart", UNIT, check=False).returncode != 0
    until(lambda: [e for e in m.journal(UNIT, place) if e.get("CHATD_EVENT") == "handover-waits"], "the wait to be told")
    assert int(m.show(UNIT, KEPT)) > 0
    for client in clients[1:]:
        client.socket.sendall(b"PING :still here\r\n")
    m.run("rm", "/etc/chatd/chatd.conf.d/test.conf")
    until(lambda: m.show(UNIT, "ActiveState") == "active", "the server to be up again")
    for client in clients[1:]:
        client.expect("still here")
    check_people(clients, late)
    assert took_over(m, place)[-1]["CHATD_CLIENTS"] == "4"


def a_restart_that_cannot_listen(m):
    """All was taken up already when the start failed."""
    a_restart_with_a_wrong_configuration(m, "[listen]\nendpoint = 192.0.2.1:6667\n")


class Talker:
    def __init__(self, m, number, channel):
        family, address = list(SOCKETS.values())[number % 3]
        self.client = Client(m, family, address).register().join(channel)
        self.channel = channel
        self.said, self.heard, self.lines, self.rest = itertools.count(), {}, 0, b""
        self.socket = self.client.socket

    def begin(self):
        self.rest = self.client.rest
        self.socket.setblocking(False)

    def read(self):
        data = self.socket.recv(1 << 16)
        assert data, "disconnected"
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            words = line.decode().split()
            if words[1] != "PRIVMSG":
                assert words[1] in ("JOIN", "353", "366", "PONG"), line
                continue
            number = int(words[3][1:])
            assert number == self.heard.get(words[0], 0), f"{line} after {self.heard.get(words[0], 0)}"
            self.heard[words[0]] = number + 1
            self.lines += 1


def no_message_is_lost_while_people_talk(m):
    configure(m, FLOOD)
    m.run("systemctl", "reload", UNIT)
    talkers = [Talker(m, i, f"#talk{i % 6}") for i in range(60)]
    for talker in talkers:
        talker.begin()
    selector = selectors.DefaultSelector()
    for talker in talkers:
        selector.register(talker.socket, selectors.EVENT_READ, talker)
    turns = 0
    for _ in range(3):
        restart = m.start("systemctl", "restart", UNIT)
        while restart.poll() is None or turns % 10:
            for talker in talkers:
                talker.socket.send(f"PRIVMSG {talker.channel} :{next(talker.said)}\r\n".encode())
            turns += 1
            for key, _ in selector.select(0.01):
                key.data.read()
        assert restart.returncode == 0, restart.stdout.read()
    deadline = time.monotonic() + 30
    while any(talker.lines < turns * 9 for talker in talkers):
        assert time.monotonic() < deadline, sorted(turns * 9 - talker.lines for talker in talkers)[-5:]
        for key, _ in selector.select(0.1):
            key.data.read()
    selector.close()
    for talker in talkers:
        talker.client.close()
    return f"{turns * len(talkers)} messages of {len(talkers)} people"


def ten_thousand_clients_do_not_notice(m):
    configure(m, FLOOD)
    m.run("systemctl", "stop", "chatd.socket")  # whoever is left of other checks would come along
    m.run("systemctl", "start", "chatd.socket", UNIT)
    place, pauses = m.place(), []
    connect = lambda: m.socket(*SOCKETS["127.0.0.1"])
    probe = Probe(connect())
    with Flow(connect, 10000, 100) as flow:
        for _ in range(3):
            probe.longest()
            process = m.start("systemctl", "restart", UNIT)
            flow.run(5, lambda: process.poll() is not None)
            assert process.returncode == 0, process.stdout.read()
            settled = flow.said[0] + 10
            flow.run(5, lambda: flow.said[0] >= settled)
            pauses.append(f"{probe.longest() * 1000:.0f}")
        deliveries = flow.check()
    probe.close()
    counts = [entry["CHATD_CLIENTS"] for entry in took_over(m, place)]
    assert counts == ["10001"] * 3, counts
    return f"pauses of {', '.join(pauses)} ms at a client; {deliveries} deliveries"


CHECKS = [
    restart_drops_nobody,
    irssi_does_not_notice,
    each_way_to_restart_drops_nobody,
    restart_by_an_operator_or_a_signal_drops_nobody,
    sockets_of_its_own_stay_open,
    stop_leaves_nothing_behind,
    without_a_store_everybody_hears_of_it,
    death_after_a_restart_is_a_clean_start,
    a_configuration_that_is_wrong_at_a_restart,
    a_restart_with_a_wrong_configuration,
    a_restart_that_cannot_listen,
    no_message_is_lost_while_people_talk,
    ten_thousand_clients_do_not_notice,
]

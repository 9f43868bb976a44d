"""The server as systemd runs it. Each check finds a fresh, running server, and may leave it in any state."""

import base64
import contextlib
import functools
import os
import re
import socket
import subprocess
import time

import lan
from irc import Client, tls_context
from machine import await_text, until

UNITS = "/run/systemd/system"
CONF_D = "/etc/chatd/chatd.conf.d"
SOCKETS = {
    "127.0.0.1": (socket.AF_INET, ("127.0.0.1", 6667)),
    "::1": (socket.AF_INET6, ("::1", 6667)),
    "the Unix socket": (socket.AF_UNIX, "/run/chatd/chatd.sock"),
}
EXPOSURE_MAX = 1.5
STATUS_SECONDS = 15


def fresh(m):
    """The server as it was installed, running, with nobody in it."""
    m.run("sh", "-c", f"rm -rf {CONF_D}/* {UNITS}/chatd* /etc/systemd/system/chatd*.d /etc/credstore/* /run/chatd-test-*")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "reset-failed", "chatd.service", "chatd.socket", check=False)
    m.run("systemctl", "restart", "chatd.socket")
    m.run("systemctl", "start", "chatd.service")


def on_fresh(check):
    @functools.wraps(check)
    def run(m):
        fresh(m)
        return check(m)

    return run


def configure(m, text, name="test"):
    m.write(f"{CONF_D}/{name}.conf", text)


def drop_in(m, unit, text):
    m.write(f"{UNITS}/{unit}.d/test.conf", text)
    m.run("systemctl", "daemon-reload")


def listening(m, port=6667):
    """Local address -> inode of each listening TCP socket of that port."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in m.read(f"/proc/net/{table}").splitlines()[1:]:
            words = line.split()
            address, _, number = words[1].partition(":")
            if words[3] == "0A" and int(number, 16) == port:
                found[address] = words[9]
    return found


def open_files_max(m, pid):
    """The hard limit. A container cannot go over that of the machine that it is on."""
    return int(re.search(r"^Max open files +\d+ +(\d+) ", m.read(f"/proc/{pid}/limits"), re.M)[1])


def is_over(client, seconds=20):
    client.rest_until_end(seconds)
    return True


def units_pass_verification(m):
    files = m.output("sh", "-c", "ls -d /usr/lib/systemd/system/chatd* /lib/systemd/system/chatd* | xargs realpath | sort -u")
    names = [name.replace("@.", "@test.") for name in files.split()]
    assert len(names) == 6, names
    m.run("sh", "-c", ": >/etc/chatd/test.conf")
    done = m.run("systemd-analyze", "verify", "--man=no", *names, check=False)
    m.run("rm", "/etc/chatd/test.conf")
    assert done.returncode == 0 and not done.stdout.strip(), done.stdout


def exposure_is_low(m):
    figures = []
    for unit in ("chatd.service", "chatd@test.service"):
        text = m.output("systemd-analyze", "security", "--no-pager", unit, check=False)
        figures.append(float(re.search(r"exposure level for \S+: ([\d.]+)", text)[1]))
    assert max(figures) <= EXPOSURE_MAX, figures
    return f"exposure {max(figures)}"


def process_is_confined(m):
    pid = m.main_pid()
    status = dict(line.split(":\t", 1) for line in m.read(f"/proc/{pid}/status").splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, f"{name} {status[name]}"
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert status["Uid"].split()[0] == m.output("id", "-u", "chatd"), status["Uid"]
    descriptors = min(65536, open_files_max(m, 1))
    assert open_files_max(m, pid) == descriptors and m.show("chatd.service", "LimitNOFILE") == "65536"
    core = next(line for line in m.read(f"/proc/{pid}/limits").splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core
    assert m.output("stat", "-c", "%U %a", "/var/lib/chatd") == "chatd 700"
    complaints = [entry["MESSAGE"] for entry in m.journal("chatd.service") if entry["_PID"] == str(pid) and entry["PRIORITY"] < "5"]
    assert not complaints, complaints


def first_connection_starts_it(m):
    for name, (family, address) in SOCKETS.items():
        m.run("systemctl", "stop", "chatd.service")
        assert m.show("chatd.service", "ActiveState") == "inactive"
        client = Client(m, family, address).register()
        assert m.show("chatd.service", "ActiveState") == "active", name
        client.close()


def people_talk_with_chat_client(m):
    listener = m.start("chat-client", "-w", "-n", "listener", "-c", "lobby", "localhost")
    heard = await_text(listener.stdout.fileno(), "#lobby")
    m.run("chat-client", "-n", "talker", "-c", "lobby", "localhost", data="hello from a pipe\n")
    heard += await_text(listener.stdout.fileno(), "hello from a pipe")
    process, terminal = m.terminal("chat-client", "localhost")
    await_text(terminal, "Welcome")
    os.write(terminal, b"/join #lobby\r")
    await_text(terminal, "joined #lobby")
    os.write(terminal, b"hello from a terminal\r")
    heard += await_text(listener.stdout.fileno(), "hello from a terminal")
    os.write(terminal, b"/quit\r")
    assert process.wait(20) == 0
    os.close(terminal)
    m.end(listener)


def journal_has_entries_with_fields(m):
    configure(m, "[oper root]\npassword = secret\n")
    m.run("systemctl", "restart", "chatd.service")
    before = m.place()
    victim = Client(m).register()
    client = Client(m).register().join("#journal")
    assert made_operator(client)
    client.send("PRIVMSG #journal :nobody-may-read-this", f"KILL {victim.nick} :\x1b[31mred", "QUIT :gone")
    client.rest_until_end()
    entries = m.journal("chatd.service", before)
    mine = [entry for entry in entries if entry.get("CHATD_NICK") == client.nick]
    assert len(mine) >= 3, entries
    assert all(entry["PRIORITY"] in "56" and entry["_TRANSPORT"] == "journal" for entry in mine), mine
    assert any(entry.get("CHATD_PEER") == "127.0.0.1" for entry in mine), mine
    assert any(entry.get("CHATD_REASON", "").endswith("\\033[31mred") for entry in mine), mine
    text = repr(m.journal("chatd.service", before))
    assert "nobody-may-read-this" not in text and "\\x1b" not in text, text
    assert any(entry["MESSAGE"].startswith("chatd ") for entry in m.journal("chatd.service"))


def catalog_explains_entries(m):
    """journalctl -x: what an entry means, and what to do."""
    start = next(entry for entry in m.journal("chatd.service") if entry["MESSAGE"].startswith("chatd "))
    text = m.output("journalctl", "--boot", "--catalog", "--no-pager", f"MESSAGE_ID={start['MESSAGE_ID']}")
    assert "\u2591\u2591 Subject: " in text, text


def status_tells_users_and_channels(m):
    shape = r"^%d users?, %d channels?, \d+ MB$"
    assert re.search(shape % (0, 0), m.show("chatd.service", "StatusText"))
    clients = [Client(m).register().join("#status") for _ in range(2)]
    clients[1].join("#status2")
    until(lambda: re.search(shape % (2, 2), m.show("chatd.service", "StatusText")), "2 users, 2 channels", STATUS_SECONDS)
    for client in clients:
        client.close()
    until(lambda: re.search(shape % (0, 0), m.show("chatd.service", "StatusText")), "0 users, 0 channels", STATUS_SECONDS)


def idle_server_sleeps(m):
    """The watchdog's timer, at most one in 10 s, is the only deadline when nothing has changed for that long."""
    client = Client(m).register().join("#idle").sync()
    until(lambda: "1 user, 1 channel" in m.show("chatd.service", "StatusText"), "1 user, 1 channel", STATUS_SECONDS)

    def wake_ups():
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", m.read(f"/proc/{m.main_pid()}/status"), re.M)[1])

    before = wake_ups()
    time.sleep(8)
    count = wake_ups() - before
    client.sync().close()
    assert count <= 1, f"{count} wake-ups in 8 s"


def good_reload_is_taken_over(m):
    client = Client(m).register()
    pid = m.main_pid()
    configure(m, "[server]\nname = fresh.example.org\n")
    m.run("systemctl", "reload", "chatd.service")
    until(lambda: Client(m).register() and named(m, "fresh.example.org"), "the new name")
    client.sync()
    assert m.main_pid() == pid


def named(m, name):
    client = Client(m)
    client.send("NICK asker", "USER asker 0 * :A test")
    found = client.expect(r"^:(\S+) 001 ")[1]
    client.send("QUIT")
    client.rest_until_end()
    return found == name


def bad_reload_changes_nothing(m):
    client = Client(m).register()
    pid, before = m.main_pid(), m.place()
    configure(m, "[server]\nnmae = fresh.example.org\n")
    assert m.run("systemctl", "reload", "chatd.service", check=False).returncode != 0
    text = " ".join(entry["MESSAGE"] for entry in m.journal("chatd.service", before))
    assert f"{CONF_D}/test.conf:2:" in text and "nmae" in text, text
    client.sync()
    assert m.main_pid() == pid and m.show("chatd.service", "SubState") == "running"


def bad_configuration_and_the_bare_signal(m):
    """SIGHUP without systemctl: refused, said so, and still READY."""
    client = Client(m).register()
    configure(m, "[server]\nnmae = fresh.example.org\n")
    m.signal("HUP", m.main_pid())
    until(lambda: "the old configuration holds" in m.show("chatd.service", "StatusText"), "it says that the old one holds")
    until(lambda: m.show("chatd.service", "SubState") == "running", "it is ready")
    client.sync()
    m.run("rm", f"{CONF_D}/test.conf")
    m.run("systemctl", "reload", "chatd.service")
    until(lambda: re.search(r" MB$", m.show("chatd.service", "StatusText")), "it no longer says so")


def wrong_configuration_is_no_loop(m):
    m.run("systemctl", "stop", "chatd.service")  # nobody waits for it
    configure(m, "[server]\nnmae = fresh.example.org\n")
    assert m.run("systemctl", "start", "chatd.service", check=False).returncode != 0
    assert m.show("chatd.service", "ExecMainStatus") == "78"
    assert m.show("chatd.service", "NRestarts") == "0"
    m.run("rm", f"{CONF_D}/test.conf")
    m.run("systemctl", "start", "chatd.service")
    Client(m).register().close()


def restarted(m, pid):
    until(lambda: m.main_pid() not in (0, pid) and m.show("chatd.service", "ActiveState") == "active", "another process")


def hung_loop_is_killed(m):
    drop_in(m, "chatd.service", "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=2s\n")
    m.run("systemctl", "restart", "chatd.service")
    client = Client(m).register()
    time.sleep(4)
    client.sync()
    pid, inodes, before = m.main_pid(), listening(m), m.place()
    m.signal("STOP", pid)
    restarted(m, pid)
    text = " ".join(entry["MESSAGE"] for entry in m.journal("chatd.service", before))
    assert "Watchdog timeout" in text, text
    assert listening(m) == inodes
    Client(m).register().close()


def killed_server_comes_back(m):
    """What was echoed before was durable."""
    client = Client(m).register(caps="echo-message").join("#kept")
    pid, inodes = m.main_pid(), listening(m)
    assert len(inodes) == 2, inodes
    text = f"said to process {pid} of {m.read('/proc/sys/kernel/random/boot_id')}".strip()
    client.send(f"PRIVMSG #kept :{text}")
    client.expect(rf"PRIVMSG #kept :{text}$")
    m.signal("KILL", pid)
    assert is_over(client)
    Client(m).register().close()
    restarted(m, pid)
    assert listening(m) == inodes
    assert m.output("chatctl", "journal", "dump").count(text) == 1
    m.run("chatctl", "journal", "verify")


def stop_says_goodbye_to_all(m):
    configure(m, "[limits]\nflood_burst = 1000\n")
    m.run("systemctl", "reload", "chatd.service")
    clients = [Client(m, *list(SOCKETS.values())[i % 3]).register().join("#bye") for i in range(60)]
    silent = Client(m)
    started = time.monotonic()
    m.run("systemctl", "stop", "chatd.socket")
    took = time.monotonic() - started
    for client in [*clients, silent]:
        last = client.rest_until_end()[-1]
        assert last.startswith("ERROR ") and "going down" in last, last
    assert took < 5, f"{took:.1f} s"
    assert m.show("chatd.service", "ActiveState") == "inactive" and m.show("chatd.service", "Result") == "success"
    assert not listening(m) and m.run("test", "-e", "/run/chatd/chatd.sock", check=False).returncode
    return f"{took:.2f} s"


def stop_does_not_wait_for_who_never_reads(m):
    """A peer with a full window gets its time, and no more than that."""
    client = Client(m)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.register().join("#full")
    client.send(*["MOTD", "HELP", "INFO"] * 12)
    started = time.monotonic()
    m.run("systemctl", "stop", "chatd.socket")
    took = time.monotonic() - started
    assert took < 8 and m.show("chatd.service", "Result") == "success", f"{took:.1f} s"
    return f"{took:.2f} s"


class Pair:
    """Two people in a channel, over different sockets; what one says reaches the other, in order, once."""

    def __init__(self, m, channel="#pair"):
        places = list(SOCKETS.values())
        self.ana, self.ben = (Client(m, *places[i]).register().join(channel) for i in (0, 2))
        self.channel = channel
        self.said = 0

    def talk(self):
        for speaker, hearer in ((self.ana, self.ben), (self.ben, self.ana)):
            self.said += 1
            speaker.send(f"PRIVMSG {self.channel} :number {self.said}")
            heard = hearer.expect(rf"^:{speaker.nick}!\S+ PRIVMSG {self.channel} :number (\d+)$")[1]
            assert heard == str(self.said), f"{heard} instead of {self.said}"

    def close(self):
        self.ana.close()
        self.ben.close()


def made_operator(client):
    client.send("OPER root secret")
    return client.expect(r" (381|464|491) ")[1] == "381"


def credentials_reach_the_configuration(m):
    m.write("/etc/credstore/chatd.password", "open-sesame\n")
    configure(m, "[server]\npassword_file = /run/credentials/chatd.service/chatd.password\n")
    m.run("systemctl", "restart", "chatd.service")
    refused = Client(m)
    refused.send(f"NICK {refused.nick}", f"USER {refused.nick} 0 * :A test")
    refused.expect(r" 464 ")
    Client(m).register("open-sesame").close()


def lan_is_one_file_away(m):
    m.run("mkdir", "-p", "/etc/systemd/system/chatd.socket.d")
    m.run("cp", "/usr/share/doc/chatd/examples/lan.conf", "/etc/systemd/system/chatd.socket.d/")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "restart", "chatd.socket")
    assert list(listening(m)) == ["0" * 32], listening(m)
    for family, address in SOCKETS.values():
        Client(m, family, address).register().close()


def low_port_needs_no_capability(m):
    drop_in(m, "chatd.socket", "[Socket]\nListenStream=127.0.0.1:194\n")
    m.run("systemctl", "restart", "chatd.socket")
    Client(m, socket.AF_INET, ("127.0.0.1", 194)).register().close()
    process_is_confined(m)


def machine_without_ipv6(m):
    with contextlib.ExitStack() as stack:
        m.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        stack.callback(m.run, "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        m.run("systemctl", "restart", "chatd.socket")
        Client(m).register().close()


def same_endpoint_in_the_configuration(m):
    """What the socket unit has already is no error; what overlaps is one, with a hint."""
    configure(m, "[listen]\nendpoint = 127.0.0.1:6667\nendpoint = 127.0.0.1:7000\n")
    m.run("systemctl", "restart", "chatd.service")
    for port in (6667, 7000):
        Client(m, socket.AF_INET, ("127.0.0.1", port)).register().close()
    before = m.place()
    configure(m, "[listen]\nendpoint = *:6667\n")
    m.signal("HUP", m.main_pid())
    until(lambda: "socket unit" in m.show("chatd.service", "StatusText"), "the hint")
    assert any("socket unit" in entry["MESSAGE"] for entry in m.journal("chatd.service", before))
    Client(m).register().close()


@contextlib.contextmanager
def tls_door(m):
    """The socket unit of TLS as the manual says to enable it: the manager adds none to a server that runs."""
    m.run("systemctl", "enable", "chatd-tls.socket")
    m.run("systemctl", "stop", "chatd.service")
    m.run("systemctl", "start", "chatd-tls.socket", "chatd.service")
    try:
        yield
    finally:
        m.run("systemctl", "disable", "--now", "chatd-tls.socket")
        m.run("systemctl", "stop", "chatd.service")


def secure(m):
    return Client(m, socket.AF_INET, ("127.0.0.1", 6697), tls=tls_context())


def certificates_told(m, since=None):
    return [entry for entry in m.journal("chatd.service", since) if entry.get("CHATD_PIN")]


def pin_of(client):
    """Asks OpenSSL: the hash of the public key."""
    spki = "openssl x509 -inform der -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary"
    done = subprocess.run(["sh", "-c", spki], input=client.socket.getpeercert(True), stdout=subprocess.PIPE, check=True)
    return "sha256/" + base64.b64encode(done.stdout).decode()


def new_pair(m, name, folder="/run/chatd-test-pair"):
    """Made in there; the two files, which the server may read."""
    m.run("mkdir", "-p", folder)
    m.run("rm", "-f", f"{folder}/crt", f"{folder}/key")
    m.write(f"{folder}/conf", f"[server]\nname = {name}\n[tls]\ncertificate = {folder}/crt\nkey = {folder}/key\n")
    m.run("chatd", "-c", f"{folder}/conf", "--make-cert")
    m.run("chown", "chatd:", f"{folder}/key")
    return f"{folder}/crt", f"{folder}/key"


def tls_socket_enabled_gives_tls(m):
    """With a certificate that it made itself, and whose pin it tells."""
    place = m.place()
    with tls_door(m):
        client, plain = secure(m).register().join("#tls"), Client(m).register().join("#tls")
        told = certificates_told(m, place)[-1]
        assert told["CHATD_PIN"] == pin_of(client) and told["CHATD_FILE"] == "/var/lib/chatd/tls.crt", told
        assert m.output("stat", "-c", "%U %a", "/var/lib/chatd/tls.key") == "chatd 600"
        plain.send("PRIVMSG #tls :to all")
        client.expect("PRIVMSG #tls :to all")
        plain.send(f"WHOIS {client.nick}")
        plain.expect(" 671 ")
        m.run("systemctl", "restart", "chatd.service")
        assert pin_of(secure(m).register()) == told["CHATD_PIN"]
    Client(m).register().close()


def tls_reload_takes_a_new_certificate(m):
    with tls_door(m):
        client = secure(m).register()
        certificate, key = new_pair(m, "fresh.example.org")
        configure(m, f"[tls]\ncertificate = {certificate}\nkey = {key}\n")
        place = m.place()
        m.run("systemctl", "reload", "chatd.service")
        until(lambda: certificates_told(m, place), "the new certificate to be told")
        told = certificates_told(m, place)[-1]["CHATD_PIN"]
        assert pin_of(secure(m).register()) == told != pin_of(client)
        client.sync()


def tls_credentials_are_taken(m):
    certificate, key = new_pair(m, "credential.example.org")
    m.run("mkdir", "-p", "/etc/credstore")
    m.run("cp", certificate, "/etc/credstore/chatd.tls-certificate")
    m.run("install", "-m", "600", "-o", "root", key, "/etc/credstore/chatd.tls-key")
    place = m.place()
    with tls_door(m):
        client = secure(m).register()
        told = certificates_told(m, place)[-1]
        assert told["CHATD_PIN"] == pin_of(client) and told["CHATD_FILE"].endswith("/chatd.tls-certificate"), told


def tls_door_speaks_no_plain_text(m):
    with tls_door(m):
        client = Client(m, socket.AF_INET, ("127.0.0.1", 6697))
        with contextlib.suppress(OSError):
            client.send("NICK plain", "USER plain 0 * :A test")
        lines = client.rest_until_end()
        assert not any(" 001 " in line for line in lines), lines
    Client(m).register().close()


def control_socket_is_for_root_and_the_group(m):
    nobody = ["setpriv", "--reuid=65534", "--regid=65534"]
    m.run("chatctl", "status")
    m.run(*nobody, f"--groups={m.output('id', '-g', 'chatd')}", "chatctl", "status")
    assert m.run(*nobody, "--clear-groups", "chatctl", "status", check=False).returncode != 0
    configure(m, "[server]\nnmae = wrong.example.org\n")
    done = m.run("chatctl", "reload", check=False)
    assert done.returncode == 78 and "nmae" in done.stdout, done.stdout


def further_instance_runs_beside(m):
    m.write("/etc/chatd/team.conf", "[server]\nname = team.example.org\n[listen]\nendpoint = 127.0.0.1:7001\n")
    try:
        m.run("systemctl", "start", "chatd@team.socket")
        path = (socket.AF_UNIX, "/run/chatd@team/chatd.sock")
        for place in (path, (socket.AF_INET, ("127.0.0.1", 7001))):
            client = Client(m, *place)
            client.send(f"NICK {client.nick}", f"USER {client.nick} 0 * :A test")
            client.expect(r"^:team\.example\.org 001 ")
            client.close()
        assert m.output("stat", "-c", "%U %a", "/var/lib/chatd@team") == "chatd 700"
        assert m.main_pid("chatd@team.service") != m.main_pid()
    finally:
        m.run("systemctl", "stop", "chatd@team.socket", "chatd@team.service", check=False)
        m.run("rm", "-rf", "/etc/chatd/team.conf", "/var/lib/chatd@team", "/run/chatd@team")
    Client(m).register().close()


def local_network_is_told(m):
    """Another host on the same link asks by multicast DNS for chat servers, and hears of this one."""
    m.write("/run/systemd/resolved.conf.d/test.conf", "[Resolve]\nMulticastDNS=yes\n")
    m.run("mkdir", "-p", "/run/systemd/dnssd")
    m.run("cp", "/usr/share/doc/chatd/examples/chatd.dnssd", "/run/systemd/dnssd/")
    try:
        with lan.link(m) as asker:
            m.run("systemctl", "restart", "systemd-resolved.service")
            m.run("resolvectl", "mdns", "here", "yes")
            until(lambda: b"Chat on " in lan.services_of(asker, "_irc._tcp"), "an answer that names the server")
    finally:
        m.run("rm", "-r", "/run/systemd/dnssd", "/run/systemd/resolved.conf.d")
        m.run("systemctl", "restart", "systemd-resolved.service")


CHECKS = [
    units_pass_verification,
    exposure_is_low,
    process_is_confined,
    first_connection_starts_it,
    people_talk_with_chat_client,
    journal_has_entries_with_fields,
    catalog_explains_entries,
    status_tells_users_and_channels,
    idle_server_sleeps,
    good_reload_is_taken_over,
    bad_reload_changes_nothing,
    bad_configuration_and_the_bare_signal,
    wrong_configuration_is_no_loop,
    hung_loop_is_killed,
    killed_server_comes_back,
    stop_says_goodbye_to_all,
    stop_does_not_wait_for_who_never_reads,
    credentials_reach_the_configuration,
    lan_is_one_file_away,
    low_port_needs_no_capability,
    machine_without_ipv6,
    same_endpoint_in_the_configuration,
    tls_socket_enabled_gives_tls,
    tls_reload_takes_a_new_certificate,
    tls_credentials_are_taken,
    tls_door_speaks_no_plain_text,
    control_socket_is_for_root_and_the_group,
    further_instance_runs_beside,
    local_network_is_told,
]

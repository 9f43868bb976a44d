"""Runs in the machine that tls.py boots: TLS by its kernel, as clients of chatd see it."""

import contextlib
import re
import socket
import ssl
import subprocess
import time
import traceback
from pathlib import Path

from irc import Client, tls_context

UNIT = "chatd.service"
PLAIN, SECURE = ("127.0.0.1", 6667), ("127.0.0.1", 6697)
QUICK = "[limits]\nflood_burst = 10000\nflood_rate = 10000\nsendq = 4M\nrecvq = 64k\n"
IDLE = 1000
# All that the kernel knows; and one that it does not.
KERNEL = [("TLSv1_3", None), *(("TLSv1_2", f"ECDHE-ECDSA-{c}") for c in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"))]
OTHER = ("TLSv1_2", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")


class Here:
    """As tests/system/machine.py has it for a machine seen from outside."""

    def socket(self, family, address):
        made = socket.socket(family)
        made.settimeout(60)
        made.connect(address)
        return made


HERE = Here()


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout.strip()


def main_pid():
    return int(run("systemctl", "show", "--property=MainPID", "--value", UNIT))


def configure(text=QUICK):
    Path("/etc/chatd/chatd.conf.d").mkdir(exist_ok=True)
    Path("/etc/chatd/chatd.conf.d/test.conf").write_text(text)


def fresh(text=QUICK):
    """A server with nobody in it."""
    configure(text)
    run("systemctl", "stop", UNIT)
    run("systemctl", "start", UNIT)


def by_the_kernel():
    """How many connections the kernel encrypts and decrypts now."""
    found = dict(line.split() for line in Path("/proc/net/tls_stat").read_text().splitlines())
    return int(found["TlsCurrTxSw"]), int(found["TlsCurrRxSw"])


def secure(version="TLSv1_3", ciphers=None):
    return Client(HERE, socket.AF_INET, SECURE, tls_context(version, ciphers))


def until(true, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


def the_unit_loads_the_module():
    """Nothing else did."""
    assert Path("/sys/module/tls").exists()
    run("systemctl", "is-active", UNIT)


def the_kernel_has_the_keys():
    people = []
    for version, ciphers in KERNEL:
        people.append(secure(version, ciphers).register().join("#all"))
        assert by_the_kernel() == (len(people), len(people)), f"{version} {people[-1].socket.cipher()}: {by_the_kernel()}"
    return ", ".join(f"{version} {ciphers or ''}".strip() for version, ciphers in KERNEL)


def what_the_kernel_does_not_know_is_refused():
    try:
        client = secure(*OTHER)
    except ssl.SSLError as error:
        assert "HANDSHAKE_FAILURE" in str(error).upper(), error
    else:
        raise AssertionError(f"taken: {client.socket.cipher()}")


def people_talk():
    people = [secure(), secure("TLSv1_2"), Client(HERE)]
    for client in people:
        client.register().join("#talk")
    for speaker in people:
        for number in range(500):
            speaker.send(f"PRIVMSG #talk :{number} {'x' * 300}")
        for hearer in people:
            for number in range(500 if hearer is not speaker else 0):
                assert hearer.expect(r"PRIVMSG #talk :(\d+) x{300}$")[1] == str(number)
    for client in people:
        client.sync().close()


def by_hand(version):
    """A TLS client without a socket: (its object, what came, what is to go)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return tls_context(version).wrap_bio(incoming, outgoing), incoming, outgoing


def shaken(raw, tls, incoming, outgoing):
    """Goes on until the client is done; what it has yet to send is in outgoing."""
    while True:
        try:
            return tls.do_handshake()
        except ssl.SSLWantReadError:
            raw.sendall(outgoing.read())
            incoming.write(raw.recv(65536))


def words_that_come_with_the_handshake_are_read():
    """In one segment, whole or in pieces, before the server had a chance to give the keys away."""
    for cut in (None, 1, 20, -1):
        for version in ("TLSv1_3", "TLSv1_2"):
            until(lambda: by_the_kernel() == (0, 0), "nobody to be left")
            raw = HERE.socket(socket.AF_INET, SECURE)
            tls, incoming, outgoing = by_hand(version)
            shaken(raw, tls, incoming, outgoing)
            last = outgoing.read()
            tls.write(f"NICK early{version[-1]}\r\nUSER early 0 * :A test\r\n".encode())
            tls.write(b"JOIN #early\r\n")
            rest = outgoing.read()
            raw.sendall(last + rest[:cut])
            if cut:
                until(lambda: by_the_kernel() == (1, 1), "the kernel to have the keys")
                raw.sendall(rest[cut:])
            got = b""
            while b" 366 " not in got:
                incoming.write(data := raw.recv(65536))
                assert data, got
                with contextlib.suppress(ssl.SSLWantReadError):
                    while True:
                        got += tls.read(65536)
            raw.close()


def resumed_sessions_are_the_kernels_too():
    for version in ("TLSv1_3", "TLSv1_2"):
        until(lambda: by_the_kernel() == (0, 0), "nobody to be left")
        context = tls_context(version)
        first = Client(HERE, socket.AF_INET, SECURE, context).register()
        with contextlib.closing(context.wrap_socket(HERE.socket(socket.AF_INET, SECURE), session=first.socket.session)) as again:
            assert again.session_reused, version
            again.sendall(b"PING x\r\nNICK again\r\nUSER a 0 * :A test\r\n")
            got = b""
            while b" 001 " not in got:
                got += again.recv(65536)
            assert by_the_kernel() == (2, 2), version
        first.close()


def the_server_says_goodbye():
    for version in ("TLSv1_3", "TLSv1_2"):
        client = secure(version).register()
        client.send("QUIT :bye")
        assert "ERROR" in client.rest_until_end()[-1]  # an end without close_notify raises


def a_goodbye_of_the_client_is_understood():
    watcher = Client(HERE).register().join("#bye")
    for version in ("TLSv1_3", "TLSv1_2"):
        client = secure(version).register().join("#bye")
        with contextlib.suppress(OSError):
            client.socket.unwrap()
        reason = watcher.expect(rf"^:{client.nick}!\S+ QUIT :(.*)")[1]
        client.socket.close()
    return reason


def new_keys_end_it():
    """KeyUpdate, for which this kernel has no answer: the client hears so, and nobody else is harmed."""
    watcher = secure().register().join("#keys")
    argv = ["openssl", "s_client", "-connect", "%s:%d" % SECURE, "-tls1_3", "-crlf"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as s_client:
        s_client.stdin.write(b"NICK keyer\nUSER keyer 0 * :A test\nJOIN #keys\n")
        s_client.stdin.flush()
        watcher.expect("^:keyer!.* JOIN ")
        s_client.stdin.write(b"K\n")
        s_client.stdin.flush()
        watcher.expect("^:keyer!.* QUIT ")
        said = s_client.stdout.read()
    assert b"unexpected message" in said, said[-400:]
    watcher.sync().close()


class Talker:
    def __init__(self, number):
        version, ciphers = KERNEL[number % len(KERNEL)]
        self.client = secure(version, ciphers).register().join("#talk")
        self.heard, self.rest = {}, b""

    def begin(self):
        self.client.sync()
        self.client.socket.setblocking(False)

    def say(self, number):
        self.client.socket.sendall(f"PRIVMSG #talk :{number}\r\n".encode())

    def read(self):
        """In order, and each once."""
        try:
            while True:
                data = self.client.socket.recv(65536)
                assert data, "disconnected"
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    words = line.decode().split()
                    assert words[1] == "PRIVMSG", line
                    assert int(words[3][1:]) == self.heard.get(words[0], 0), line
                    self.heard[words[0]] = self.heard.get(words[0], 0) + 1
        except ssl.SSLWantReadError:
            return


def restart_while_they_talk(command):
    fresh()
    talkers = [Talker(i) for i in range(16)]
    for talker in talkers:
        talker.begin()
    turns = 0
    for _ in range(3):
        before = takeovers()
        process = subprocess.Popen(command())
        end = None
        while end is None or turns < end:
            for talker in talkers:
                talker.say(turns)
            for talker in talkers:
                talker.read()
            turns += 1
            if end is None and process.poll() is not None and takeovers() > before:
                end = turns + 5
        assert process.returncode == 0
    deadline = time.monotonic() + 60
    while any(sum(talker.heard.values()) < turns * (len(talkers) - 1) for talker in talkers):
        assert time.monotonic() < deadline, [sum(talker.heard.values()) for talker in talkers]
        for talker in talkers:
            talker.read()
    assert by_the_kernel() == (len(talkers), len(talkers))
    for talker in talkers:
        talker.client.close()
    return f"{turns * len(talkers)} messages of {len(talkers)} people over 3 restarts"


def takeovers():
    """How often the server has taken over, as its journal tells."""
    run("journalctl", "--sync")
    return len(run("journalctl", "--boot", "--quiet", "--no-pager", "--output=cat", "CHATD_EVENT=handover").splitlines())


def a_restart_by_signal_drops_nobody():
    return restart_while_they_talk(lambda: ["kill", "-USR2", str(main_pid())])


def a_restart_by_systemd_drops_nobody():
    return restart_while_they_talk(lambda: ["systemctl", "restart", UNIT])


def memory():
    return int(re.search(r"^VmRSS:\s+(\d+)", Path(f"/proc/{main_pid()}/status").read_text(), re.M)[1])


def idle_cost(make):
    """Bytes of the process for each of many that do nothing."""
    warm = [make().register() for _ in range(20)]
    before = memory()
    clients = [make().register() for _ in range(IDLE)]
    for client in clients[-20:]:
        client.sync()
    cost = (memory() - before) * 1024 // IDLE
    for client in (*warm, *clients):
        client.close()
    return cost


def idle_clients_cost_little():
    context = tls_context()
    make = lambda: Client(HERE, socket.AF_INET, SECURE, context)
    fresh()
    plain = idle_cost(lambda: Client(HERE))
    fresh()
    kernel = idle_cost(make)
    fresh(QUICK + "[tls]\nkernel = no\n")
    process = idle_cost(make)
    note = f"bytes for each of {IDLE}: plain {plain}, kernel {kernel}, process {process}"
    assert kernel < plain + 2048 and process > 4 * kernel, note
    return note


def the_profile_confines_it():
    """AppArmor's, through all that was done here; and it forbade none of that, nor a reload."""
    run("systemctl", "reload", UNIT)
    Client(HERE).register().close()
    assert Path(f"/proc/{main_pid()}/attr/current").read_text().strip() == "chatd (enforce)"
    forbidden = run("sh", "-c", """journalctl --boot --quiet --no-pager --output=cat | grep 'apparmor="DENIED"' || :""")
    assert not forbidden, forbidden


CHECKS = [
    the_unit_loads_the_module,
    the_kernel_has_the_keys,
    what_the_kernel_does_not_know_is_refused,
    people_talk,
    words_that_come_with_the_handshake_are_read,
    resumed_sessions_are_the_kernels_too,
    the_server_says_goodbye,
    a_goodbye_of_the_client_is_understood,
    new_keys_end_it,
    a_restart_by_signal_drops_nobody,
    a_restart_by_systemd_drops_nobody,
    idle_clients_cost_little,
    the_profile_confines_it,
]


def main():
    passed = 0
    for check in CHECKS:
        name, started = check.__name__.replace("_", " "), time.monotonic()
        try:
            fresh()
            note = check()
            passed += 1
            print(f"ok     {name}{f': {note}' if note else ''} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception:
            print(f"FAILED {name}\n{traceback.format_exc()[-1500:]}", flush=True)
            print(subprocess.run(["journalctl", "-n8", "--no-pager", "-u", UNIT], capture_output=True, text=True).stdout, flush=True)
    print(f"{passed} passed, {len(CHECKS) - passed} failed", flush=True)


if __name__ == "__main__":
    main()

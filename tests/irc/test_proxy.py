"""Proxies that say for whom they speak: the PROXY protocol."""

import itertools
import socket
import struct

import pytest

from harness import DEADLINE, FAST, SANITIZER_KEEPS, SANITIZED, free_port, fresh, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
hosts = (f"198.51.100.{n}" for n in itertools.count(1))


def line(host, family="TCP4", to="192.0.2.1"):
    return f"PROXY {family} {host} {to} 40000 6667\r\n".encode()


def binary(host, tlvs=b"", command=0x21):
    if ":" in host:
        addresses = socket.inet_pton(socket.AF_INET6, host) + bytes(16) + struct.pack("!HH", 40000, 6667)
        family = 0x21
    else:
        addresses = socket.inet_aton(host) + bytes(4) + struct.pack("!HH", 40000, 6667)
        family = 0x11
    return SIGNATURE + struct.pack("!BBH", command, family, len(addresses + tlvs)) + addresses + tlvs


def configuration(port, more="", limits=FAST):
    return f"[listen]\nendpoint = 127.0.0.1:{port}?proxy\n{limits}{more}[cloak]\nenabled = no\n"


@pytest.fixture
def house(start):
    """A daemon with a door for proxies, at `house.door`."""
    port = free_port()
    daemon = start(configuration(port))
    daemon.door = ("127.0.0.1", port)
    return daemon


def enter(daemon, header, nick=None):
    client = daemon.connect(nick or fresh("nick"), daemon.door)
    client.raw(header)
    client.register()
    return client


def host_of(client):
    return client.ask(f"WHOIS {client.nick}").one("311").params[3]


@pytest.mark.parametrize("make", [line, binary], ids=["line", "binary"])
def test_the_address_is_what_the_proxy_says(house, make):
    host = next(hosts)
    assert host_of(enter(house, make(host))) == host


def test_ipv6(house):
    assert host_of(enter(house, binary("2001:db8::9"))) == "2001:db8::9"
    assert host_of(enter(house, line("2001:db8::8", "TCP6", "2001:db8::1"))) == "2001:db8::8"


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", binary("192.0.2.1", command=0x20), SIGNATURE + b"\x21\0\0\0"])
def test_a_proxy_speaks_for_itself(house, header):
    assert host_of(enter(house, header)) == "127.0.0.1"


def test_in_pieces(house):
    """Byte by byte, with the login in the last piece."""
    host = next(hosts)
    client = house.connect(fresh("nick"), house.door)
    for byte in binary(host, b"\x01\0\x03irc"):
        client.raw(bytes([byte]))
    client.register()
    assert host_of(client) == host


def test_all_in_one_segment(house):
    host = next(hosts)
    nick = fresh("nick")
    client = house.connect(nick, house.door)
    client.raw(line(host) + f"NICK {nick}\r\nUSER u 0 * :r\r\nPING x\r\n".encode())
    assert client.until(lambda m: m.command == "PONG").of("001")
    assert host_of(client) == host


@pytest.mark.parametrize(
    "header",
    [
        b"NICK joe\r\nUSER a 0 * :b\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
        SIGNATURE + b"\x21\x11\0\x05hello",
        SIGNATURE + b"\x21\x11\xff\xff",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"P" * 300,
    ],
)
def test_what_is_no_header_is_closed(house, header):
    client = house.connect("bad", house.door)
    client.raw(header)
    assert client.rest() == []
    house.wait_log("entrance-failed.*proxy")


def test_who_is_not_trusted_is_not_heard(start):
    port = free_port()
    daemon = start(configuration(port, "[proxy]\ntrusted = 192.0.2.0/24\n"))
    client = daemon.connect("bad", ("127.0.0.1", port))
    client.raw(line(next(hosts)))
    assert client.rest() == []
    daemon.wait_log("entrance-failed.*no proxy that is trusted")


def test_nobody_is_trusted(start):
    port = free_port()
    daemon = start(configuration(port, "[proxy]\ntrusted =\n"))
    client = daemon.connect("bad", ("127.0.0.1", port))
    client.raw(line(next(hosts)))
    assert client.rest() == []


def test_a_unix_socket_is_trusted(start, tmp_path):
    path = str(tmp_path / "proxy")
    daemon = start(f"[listen]\nendpoint = {path}?proxy\n{FAST}[proxy]\ntrusted =\n[cloak]\nenabled = no\n")
    daemon.door = path
    host = next(hosts)
    assert host_of(enter(daemon, line(host))) == host


def test_a_header_elsewhere_is_a_line_like_any(server):
    client = server.connect("bad")
    client.raw(line(next(hosts)))
    assert client.sync().of("421", "451")


def test_three_silent_ones_hold_up_nobody(house):
    for _ in range(3):
        house.connect("silent", house.door)
    client = enter(house, line(next(hosts)))
    client.sync()


def test_the_silent_have_a_deadline(start):
    """Trickling does not put it off."""
    port = free_port()
    daemon = start(configuration(port, limits=FAST + "handshake_timeout = 1s\n"))
    silent = daemon.connect("silent", ("127.0.0.1", port))
    slow = daemon.connect("slow", ("127.0.0.1", port)).raw(b"PROXY")
    assert silent.rest() == []
    assert slow.rest() == []
    daemon.wait_log("entrance-failed.*too long", 2)


LIMITED = "[limits]\nclients_per_address = 2\nlimit_local = yes\nflood_burst = 10000\nflood_rate = 10000\n"


def test_the_real_address_is_what_counts(start):
    """Many behind one proxy are let in; too many from one address are not, and hear of it."""
    port = free_port()
    daemon = start(configuration(port, limits=LIMITED))
    daemon.door = ("127.0.0.1", port)
    for n in range(8):
        enter(daemon, line(next(hosts)))
    host = next(hosts)
    first, _ = enter(daemon, line(host)), enter(daemon, binary(host))
    third = daemon.connect("third", daemon.door).raw(line(host))
    assert "too many connections" in third.rest().one("ERROR").params[0]
    first.send("QUIT")
    first.rest()
    enter(daemon, line(host))


@pytest.mark.slow
@pytest.mark.parametrize("count", [10000])
def test_dropped_at_every_stage(house, count):
    """Connections that end wherever a header can be cut leave nothing behind."""
    header = binary(next(hosts), b"\x01\0\x03irc")
    rounds = []
    for turn in range(2):
        for n in range(count):
            with socket.create_connection(house.door, DEADLINE) as s:
                s.sendall(header[: n % (len(header) + 1)])
                if n % 3 == 0:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        enter(house, line(next(hosts))).close()
        wait_until(lambda: house.descriptors() <= house.descriptors_before, "descriptors to be as before")
        rounds.append(house.memory())
    assert rounds[1] - rounds[0] < (1 << 20) + (SANITIZER_KEEPS if SANITIZED else 0)

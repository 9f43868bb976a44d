"""IRC in WebSocket messages: https://ircv3.net/specs/extensions/websocket, with a client of our own on raw sockets."""

import base64
import hashlib
import itertools
import socket
import struct

import pytest

from harness import DEADLINE, FAST, SANITIZER_KEEPS, SANITIZED, Client, free_port, fresh, parse, wait_until
from test_handover import restart
from test_tls import secure, wrapped  # noqa: F401

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = base64.b64encode(b"0123456789abcdef").decode()
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
hosts = (f"203.0.113.{n}" for n in itertools.count(1))


def frame(payload, first=0x80 | TEXT):
    mask = b"\x11\x22\x33\x44"
    n = len(payload)
    size = bytes([0x80 | n]) if n < 126 else struct.pack("!BH", 0xFE, n) if n < 65536 else struct.pack("!BQ", 0xFF, n)
    return bytes([first]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def request(path="/", protocols="text.ircv3.net", drop=(), **fields):
    head = {
        "Host": "chat.example",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    if protocols:
        head["Sec-WebSocket-Protocol"] = protocols
    head.update({name.replace("_", "-"): value for name, value in fields.items()})
    lines = [f"{name}: {value}" for name, value in head.items() if name not in drop]
    return ("\r\n".join([f"GET {path} HTTP/1.1", *lines]) + "\r\n\r\n").encode()


class Web(Client):
    """A client whose lines are messages."""

    first = 0x80 | TEXT
    code = None

    def take(self, n):
        while len(self.pending) < n:
            data = self.socket.recv(1 << 16)
            if not data:
                return None
            self.pending += data
        taken, self.pending = self.pending[:n], self.pending[n:]
        return taken

    def ask_http(self, data):
        """The head of the answer."""
        self.raw(data)
        while b"\r\n\r\n" not in self.pending:
            data = self.socket.recv(1 << 16)
            assert data, self.pending
            self.pending += data
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        status, *fields = head.decode().split("\r\n")
        return int(status.split(" ")[1]), dict(field.split(": ", 1) for field in fields)

    def upgrade(self, **options):
        status, fields = self.ask_http(request(**options))
        assert status == 101, status
        assert fields["Sec-WebSocket-Accept"] == ACCEPT
        self.protocol = fields.get("Sec-WebSocket-Protocol")
        if self.protocol == "binary.ircv3.net":
            self.first = 0x80 | BINARY
        return self

    def send(self, *lines):
        return self.raw(b"".join(frame(line.encode(), self.first) for line in lines))

    def read_frame(self):
        head = self.take(2)
        if not head:
            return None, None
        n = head[1]
        if n == 126:
            (n,) = struct.unpack("!H", self.take(2))
        return head[0], self.take(n)

    def read(self):
        first, payload = self.read_frame()
        if first is None or first == 0x80 | CLOSE:
            self.code = struct.unpack("!H", payload[:2])[0] if payload else None
            return None
        assert first == self.first, first
        assert b"\r" not in payload and b"\n" not in payload
        message = parse(payload)
        self.transcript.append(message)
        return message


def configuration(port, more="", query="?accept=irc,websocket", limits=FAST):
    return f"[listen]\nendpoint = 127.0.0.1:{port}{query}\n{limits}{more}[cloak]\nenabled = no\n"


@pytest.fixture
def house(start):
    port = free_port()
    daemon = start(configuration(port))
    daemon.web = ("127.0.0.1", port)
    return daemon


def web(daemon, nick=None, **options):
    client = Web(daemon.web, nick or fresh("web"))
    daemon.clients.append(client)
    return client.upgrade(**options)


def known(daemon, **options):
    client = web(daemon, **options)
    client.register()
    return client


def host_of(client):
    return client.ask(f"WHOIS {client.nick}").one("311").params[3]


@pytest.mark.parametrize("protocol", ["text.ircv3.net", "binary.ircv3.net"])
def test_a_conversation(house, protocol):
    channel = fresh("#w")
    one, other = known(house, protocols=protocol), house.client("plain")
    assert one.protocol == protocol
    one.join(channel)
    other.join(channel)
    one.sync()
    one.send(f"PRIVMSG {channel} :¡hola! ✓")
    assert other.wait("PRIVMSG", channel).params[1] == "¡hola! ✓"
    other.send(f"PRIVMSG {channel} :{'x' * 400}")
    assert len(one.wait("PRIVMSG", channel).params[1]) == 400


@pytest.mark.parametrize(
    "offered, taken",
    [
        ("binary.ircv3.net, text.ircv3.net", "binary.ircv3.net"),
        ("text.ircv3.net,binary.ircv3.net", "text.ircv3.net"),
        ("chat, text.ircv3.net", "text.ircv3.net"),
        ("chat", None),
        (None, None),
    ],
)
def test_subprotocols(house, offered, taken):
    client = known(house, protocols=offered)
    assert client.protocol == taken


def test_plain_irc_at_the_same_door(house):
    house.client("plain", address=house.web).sync()


@pytest.mark.parametrize(
    "data, status",
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        (request(Sec_WebSocket_Version="8"), 426),
        (request("/other"), 404),
        (request(drop=["Host"]), 400),
        (request(drop=["Connection"]), 400),
        (request(drop=["Sec-WebSocket-Key"]), 400),
        (request(Sec_WebSocket_Key="short"), 400),
        (request(Content_Length="5"), 400),
        (request().replace(b"HTTP/1.1", b"HTTP/1.0"), 426),
        (request().replace(b"Host: ", b"Ho st: "), 400),
    ],
)
def test_other_requests(house, data, status):
    client = Web(house.web, "http")
    got, fields = client.ask_http(data)
    assert got == status
    if status == 426:
        assert fields["Sec-WebSocket-Version"] == "13"
    client.close()


def test_a_head_without_end(house):
    with socket.create_connection(house.web, DEADLINE) as s:
        try:
            s.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20000)
            assert s.recv(100) == b""
        except ConnectionError:
            pass
    house.wait_log("entrance-failed.*too long")


def test_a_goodbye_behind_the_request(house):
    """Nothing follows that would wake anybody."""
    client = Web(house.web, fresh("web"))
    house.clients.append(client)
    client.ask_http(request() + frame(b"\x03\xe8", 0x88))
    assert client.read().command == "ERROR"
    assert client.read() is None and client.code == 1000


def test_a_line_and_a_goodbye_in_one_segment(house):
    client = known(house)
    other = house.client("plain")
    channel = house.channel(other)
    client.join(channel)
    client.raw(frame(f"PRIVMSG {channel} :last words".encode()) + frame(b"\x03\xe9", 0x88))
    assert other.wait("PRIVMSG", channel).params[1] == "last words"
    while client.read():
        pass
    assert client.code == 1001


def test_a_post_is_refused(house):
    client = house.connect("post", house.web)
    client.raw(b"POST / HTTP/1.1\r\nHost: a\r\n\r\nNICK joe\r\nUSER a 0 * :b\r\n")
    answer = b""
    while piece := client.socket.recv(65536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 4")
    assert house.client().ask("ISON joe").one("303").params[-1] == ""


def test_byte_by_byte(house):
    client = Web(house.web, fresh("web"))
    house.clients.append(client)
    data = request()
    for byte in data[:-1]:
        client.raw(bytes([byte]))
    status, _ = client.ask_http(data[-1:])
    assert status == 101
    for byte in frame(f"NICK {client.nick}".encode()) + frame(b"USER u 0 * :r"):
        client.raw(bytes([byte]))
    assert client.wait("001")


def test_frames_behind_the_request(house):
    nick = fresh("web")
    client = Web(house.web, nick)
    house.clients.append(client)
    client.ask_http(request() + frame(f"NICK {nick}".encode()) + frame(b"USER u 0 * :r"))
    assert client.wait("001").params[0] == nick


@pytest.mark.parametrize(
    "data, code",
    [
        (frame(b"x", 0xC1), 1002),
        (b"\x81\x01x", 1002),
        (frame(b"x", 0x83), 1002),
        (frame(b"x" * 9000), 1009),
        (frame(b"x" * 70000), 1009),
        (frame(b"\xff"), 1007),
        (frame(b"", 0x01) + frame(b"", 0x00) * 300, 1008),
        (frame(b"\x03\xe8bye", 0x88), 1000),
    ],
)
def test_close_codes(house, data, code):
    client = known(house)
    client.raw(data)
    while client.read():
        pass
    assert client.code == code
    house.client("after").sync()


def test_text_where_binary_was_agreed_on(house):
    client = known(house, protocols="binary.ircv3.net")
    client.raw(frame(b"PING x", 0x81))
    while client.read():
        pass
    assert client.code == 1003


def test_bytes_that_are_no_text(house):
    """The line is refused, and the client stays."""
    client = known(house)
    client.raw(frame(b"PRIVMSG nobody :caf\xe9", 0x82))
    assert client.sync().one("FAIL").params[1] == "INVALID_UTF8"


def test_pings_are_answered(house):
    client = known(house)
    client.raw(frame(b"PRIV", TEXT) + frame(b"hello", 0x80 | PING) + frame(b"", 0x80))
    assert client.read_frame() == (0x80 | PONG, b"hello")


def test_a_second_line_is_not_smuggled_in(house):
    client = known(house)
    said = client.ask("PRIVMSG nobody-there :hi\nJOIN #smuggled")
    said.no("JOIN")
    assert said.of("400")


@pytest.mark.parametrize(
    "said, answer",
    [
        (b"NICK ann\r\n", b"ERROR :Closing link: only WebSocket"),
        (b"CAP LS 302\r\nNICK ann\r\nUSER a 0 * :a\r\n", b"ERROR :Closing link: only WebSocket"),
        (b"nick ann\n", b"ERROR :Closing link: only WebSocket"),
        (b"\x16\x03\x01\x02\x00", b"ERROR :Closing link: only WebSocket"),
        (b"GET  / HTTP/1.1\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/3.0\r\nHost: a\r\n", b"HTTP/1.1 400 "),
    ],
)
def test_whoever_speaks_no_http_hears_so_at_once(start, said, answer):
    """Long before the handshake's time is up."""
    port = free_port()
    daemon = start(f"[limits]\nhandshake_timeout = 1h\n[listen]\nendpoint = ws://127.0.0.1:{port}\n")
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(said)
        heard = b""
        while data := s.recv(4096):
            heard += data
    assert heard.startswith(answer), heard
    daemon.wait_log("entrance-failed.*no request of HTTP|no request of HTTP")


def test_origins(start):
    port = free_port()
    daemon = start(configuration(port, "[websocket]\norigin = https://chat.example\norigin = https://other.example\n"))
    daemon.web = ("127.0.0.1", port)
    assert known(daemon, Origin="https://other.example")
    assert known(daemon)
    status, _ = Web(daemon.web, "bad").ask_http(request(Origin="https://evil.example"))
    assert status == 403
    daemon.wait_log("entrance-failed.*origin")


def test_addresses_of_a_proxy(house):
    host = next(hosts)
    assert host_of(known(house, X_Forwarded_For=host)) == host
    assert host_of(known(house, X_Forwarded_For=f"1.2.3.4, {host}")) == host
    assert host_of(known(house, X_Forwarded_For=f"{host}, 127.0.0.1")) == host
    assert host_of(known(house, X_Forwarded_For="2001:db8::5")) == "2001:db8::5"
    assert host_of(known(house, Forwarded="for=1.2.3.4")) == "127.0.0.1"
    assert host_of(known(house, X_Forwarded_For="nonsense")) == "127.0.0.1"


def test_addresses_in_forwarded(start):
    port = free_port()
    daemon = start(configuration(port, "[proxy]\nforwarded = yes\n"))
    daemon.web = ("127.0.0.1", port)
    assert host_of(known(daemon, Forwarded='for=1.2.3.4, for="[2001:db8::7]:80";proto=https')) == "2001:db8::7"
    assert host_of(known(daemon, Forwarded="by=192.0.2.1;for=198.51.100.9:1234")) == "198.51.100.9"
    assert host_of(known(daemon, X_Forwarded_For="1.2.3.4")) == "127.0.0.1"


def is_secure(daemon, **fields):
    client = known(daemon, **fields)
    return bool(client.ask(f"WHOIS {client.nick}").of("671"))


def test_only_the_proxy_says_that_it_is_secure(start):
    """What a client wrote in front of the proxy's own element, or inside of one, is not believed."""
    port = free_port()
    daemon = start(configuration(port, "[proxy]\nforwarded = yes\n"))
    daemon.web = ("127.0.0.1", port)
    assert is_secure(daemon, Forwarded="for=1.2.3.4, for=198.51.100.9;proto=https")
    assert is_secure(daemon, Forwarded='for="[2001:db8::7]:80"; Proto="HTTPS"')
    for forged in (
        "for=1.2.3.4;proto=https, for=198.51.100.9",
        "for=1.2.3.4;proto=https, for=198.51.100.9;proto=http",
        'for=198.51.100.9;host="a;proto=https"',
        "for=198.51.100.9;xproto=https",
        'for="1.2.3.4;proto=https, for=198.51.100.9',
    ):
        assert not is_secure(daemon, Forwarded=forged), forged
    assert not is_secure(daemon, Forwarded="for=198.51.100.9", X_Forwarded_Proto="https")


def test_the_older_field_that_says_that_it_is_secure(house):
    host = next(hosts)
    assert is_secure(house, X_Forwarded_For=host, X_Forwarded_Proto="https")
    assert not is_secure(house, X_Forwarded_For=host, X_Forwarded_Proto="https, http")
    assert not is_secure(house, X_Forwarded_For=host, Forwarded="for=1.2.3.4;proto=https")
    twice = Web(house.web, fresh("web"))
    house.clients.append(twice)
    twice.ask_http(request(X_Forwarded_For=host, X_Forwarded_Proto="https\r\nX-Forwarded-Proto: http"))
    twice.register()
    assert not twice.ask(f"WHOIS {twice.nick}").of("671")


def test_addresses_that_strangers_say(start):
    port = free_port()
    daemon = start(configuration(port, "[proxy]\ntrusted =\n"))
    daemon.web = ("127.0.0.1", port)
    assert host_of(known(daemon, X_Forwarded_For="1.2.3.4")) == "127.0.0.1"


def test_the_real_address_is_what_counts(start):
    port = free_port()
    limits = "[limits]\nclients_per_address = 1\nlimit_local = yes\nflood_burst = 10000\nflood_rate = 10000\n"
    daemon = start(configuration(port, limits=limits))
    daemon.web = ("127.0.0.1", port)
    for _ in range(4):
        known(daemon, X_Forwarded_For=next(hosts))
    host = next(hosts)
    known(daemon, X_Forwarded_For=host)
    second = Web(daemon.web, "second")
    second.raw(request(X_Forwarded_For=host))
    assert second.socket.recv(100) == b""


def test_a_restart_in_the_middle_of_a_message(house):
    """A restart drops nobody, half a frame and half a message included."""
    client, other = known(house), house.client("plain")
    channel = house.channel(other)
    client.join(channel)
    client.sync()
    data = frame(f"PRIVMSG {channel} :one, ".encode(), TEXT) + frame("two ñ".encode(), 0x80)
    client.raw(data[:-3])
    restart(house)
    client.raw(data[-3:])
    assert other.wait("PRIVMSG", channel).params[1] == "one, two ñ"
    assert client.sync() is not None


def test_a_reload_changes_what_a_door_takes(start):
    """The socket stays, and so does everybody who came through it."""
    port = free_port()
    daemon = start(configuration(port, query=""))
    daemon.web = ("127.0.0.1", port)
    early = daemon.client("early", address=daemon.web)
    daemon.reload(configuration(port))
    known(daemon).sync()
    early.sync()
    daemon.reload(configuration(port, query=""))
    client = daemon.connect("http", daemon.web)
    client.raw(request())
    assert "not a web server" in client.rest().one("ERROR").raw
    early.sync()


@pytest.mark.slow
@pytest.mark.parametrize("count", [10000])
def test_dropped_at_every_stage(house, count):
    data = request() + frame(b"NICK a") + frame(b"USER u 0 * :r")
    rounds = []
    for turn in range(2):
        for n in range(count):
            with socket.create_connection(house.web, DEADLINE) as s:
                s.sendall(data[: n % (len(data) + 1)])
                if n % 3 == 0:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        known(house).close()
        wait_until(lambda: house.descriptors() <= house.descriptors_before, "descriptors to be as before")
        rounds.append(house.memory())
    assert rounds[1] - rounds[0] < (1 << 20) + (SANITIZER_KEEPS if SANITIZED else 0)


def over_tls(daemon, stem="web"):
    client = Web(wrapped(daemon), fresh(stem))
    daemon.clients.append(client)
    return client


def test_over_tls(secure):
    """With plain IRC in the same TLS."""
    daemon = secure("[cloak]\nenabled = no\n", doors="tls,websocket")
    one, other = over_tls(daemon).upgrade(), Client(wrapped(daemon), fresh("plain"))
    daemon.clients.append(other)
    one.register()
    other.register()
    channel = daemon.channel(one, other)
    one.send(f"PRIVMSG {channel} :{'ñ' * 200}")
    assert other.wait("PRIVMSG", channel).params[1] == "ñ" * 200
    assert one.ask(f"WHOIS {one.nick}").of("671")
    one.send("QUIT :bye")
    assert one.rest().of("ERROR")
    status, _ = over_tls(daemon).ask_http(request("/other"))
    assert status == 404


def test_everything_in_one_record(secure):
    """Nothing more comes from the socket: what TLS has read ahead must be heard all the same."""
    daemon = secure(doors="tls,websocket")
    client = over_tls(daemon)
    login = frame(f"NICK {client.nick}".encode()) + frame(b"USER u 0 * :r")
    many = b"".join(frame(f"PING {n} {'x' * 60}".encode()) for n in range(120))
    client.ask_http(request() + login + many)
    client.until(lambda m: m.command == "PONG" and "119" in m.params)


def test_nothing_in_the_clear_where_tls_is_wanted(secure):
    daemon = secure(doors="tls,websocket")
    with socket.create_connection(daemon.tls, DEADLINE) as s:
        s.sendall(request())
        try:
            assert s.recv(100) == b""
        except ConnectionResetError:
            pass
    daemon.wait_log("entrance-failed.*no TLS")


def test_all_doors_in_one(secure):
    daemon = secure(doors="irc,tls,websocket")
    daemon.web = daemon.tls
    known(daemon).sync()
    daemon.client("plain", address=daemon.tls).sync()
    over_tls(daemon).upgrade().register()

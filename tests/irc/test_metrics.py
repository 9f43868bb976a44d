"""GET /metrics: the form of the exposition, that its numbers are right, and what the responder refuses."""

import re
import socket
import stat

import pytest

from harness import DEADLINE, FAST, free_port, wait_until

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NAME = r"[a-z][a-z0-9_]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{({NAME}="[^"\\\n]*"(?:,{NAME}="[^"\\\n]*")*)\}})? (-?[0-9][0-9.e+-]*|\+Inf)')
SUFFIXES = {
    "counter": {"_total"},
    "gauge": {""},
    "info": {"_info"},
    "histogram": {"_bucket", "_count", "_sum"},
}


def connect(address):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    s.settimeout(DEADLINE)
    s.connect(address)
    return s


def read_all(s):
    data = b""
    try:
        while more := s.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    s.close()
    return data


def ask(address, request):
    """Status, fields and body of the answer, which ends with the connection."""
    s = connect(address)
    s.sendall(request if isinstance(request, bytes) else request.encode())
    data = read_all(s)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in rest)
    assert int(fields["Content-Length"]) == len(body) and fields["Connection"] == "close"
    assert re.fullmatch(r"HTTP/1\.1 \d{3} [A-Za-z ]+", first)
    return int(first.split()[1]), fields, body.decode()


class Exposition(dict):
    """Sample (name with labels as text) to value; checks the grammar of the whole on the way."""

    def __init__(self, text):
        super().__init__()
        self.types, self.units, self.helps = {}, {}, {}
        lines = text.split("\n")
        assert lines[-2:] == ["# EOF", ""], lines[-3:]
        family = None
        for line in lines[:-2]:
            family = self.take(line, family)
        self.check_histograms()

    def take(self, line, family):
        meta = re.fullmatch(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)", line)
        if meta is None:
            self.take_sample(line, family)
            return family
        kind, name, rest = meta.groups()
        if kind == "TYPE":
            assert name not in self.types, f"{name} is interleaved"
            self.types[name] = rest
        else:
            assert name == family, line
            (self.units if kind == "UNIT" else self.helps)[name] = rest
        if kind == "UNIT":
            assert name.endswith("_" + rest)
        return name

    def take_sample(self, line, family):
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        name, labels, value = sample.groups()
        assert name.startswith(family) and name[len(family) :] in SUFFIXES[self.types[family]], line
        key = name if labels is None else f"{name}{{{labels}}}"
        assert key not in self, key
        self[key] = float(value)

    def check_histograms(self):
        for name in (n for n, t in self.types.items() if t == "histogram"):
            bounds = [(k.split('"')[1], v) for k, v in self.items() if k.startswith(f"{name}_bucket")]
            assert [float(b) for b, _ in bounds] == sorted(float(b) for b, _ in bounds) and bounds[-1][0] == "+Inf"
            assert [v for _, v in bounds] == sorted(v for _, v in bounds)
            assert bounds[-1][1] == self[f"{name}_count"]

    def labelled(self, name, label):
        return {k.split('"')[1]: v for k, v in self.items() if k.startswith(f"{name}{{{label}=")}


def scrape(address):
    status, fields, body = ask(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status == 200 and fields["Content-Type"] == TYPE
    return Exposition(body)


@pytest.fixture
def measured(start):
    def one(config=FAST, **options):
        port = free_port()
        daemon = start(config + f"[metrics]\nlisten = 127.0.0.1:{port}\n", **options)
        daemon.metrics = ("127.0.0.1", port)
        daemon.config = config
        return daemon

    return one


def test_form(measured):
    exposition = scrape(measured().metrics)
    assert set(exposition.types) == set(exposition.helps)
    assert {"counter", "gauge", "info", "histogram"} == set(exposition.types.values())
    assert all(name.startswith("chatd_") for name in exposition.types)


def test_people(measured):
    daemon = measured()
    a, b = daemon.client(), daemon.client()
    daemon.channel(a, b)
    daemon.channel(a)
    daemon.connect()
    wait_until(lambda: scrape(daemon.metrics)["chatd_sessions_unregistered"] == 1, "the third client to be seen")
    got = scrape(daemon.metrics)
    assert got["chatd_users"] == got["chatd_users_max"] == 2 and got["chatd_sessions"] == 3
    assert got["chatd_channels"] == 2 and got["chatd_memberships"] == 3 and got["chatd_operators"] == 0


def test_connections(measured):
    daemon = measured(FAST.replace("clients_per_address = 0", "clients_per_address = 3\nlimit_local = yes"))
    first = scrape(daemon.metrics)
    a, b = daemon.client(), daemon.client()
    a.send("QUIT :Ping timeout: 1 second").rest()
    b.close()
    wait_until(lambda: scrape(daemon.metrics)["chatd_sessions"] == 0, "both to be gone")
    clients = [daemon.client() for _ in range(3)]
    daemon.connect().rest()
    clients[0].reset()
    wait_until(lambda: scrape(daemon.metrics)["chatd_sessions"] == 2, "one to be gone")
    got = scrape(daemon.metrics)
    ends, before = (e.labelled("chatd_connections_closed_total", "reason") for e in (got, first))
    assert got["chatd_connections_accepted_total"] - first["chatd_connections_accepted_total"] == 5
    assert got['chatd_connections_refused_total{reason="address_full"}'] == 1
    assert {k: v - before[k] for k, v in ends.items() if v != before[k]} == {"quit": 1, "closed": 1, "error": 1}


def test_traffic(measured):
    daemon = measured()
    client = daemon.client()
    before = scrape(daemon.metrics)
    line = f"PING {'x' * 100}\r\n".encode()
    for _ in range(100):
        client.raw(line)
        client.wait("PONG")
    got = scrape(daemon.metrics)
    grown = lambda key: got[key] - before[key]
    assert grown("chatd_received_bytes_total") == 100 * len(line)
    assert grown("chatd_sent_bytes_total") == sum(len(m.raw.encode()) + 2 for m in client.transcript[-100:])
    assert grown("chatd_lines_total") == grown('chatd_commands_total{command="PING"}') == 100
    assert grown("chatd_delivery_seconds_count") == 100 and got["chatd_delivery_seconds_sum"] > 0
    assert 100 <= grown("chatd_turn_seconds_count") == grown("chatd_loop_turns_total") <= 110
    assert got["chatd_sendq_bytes"] == 0


def test_what_waits_for_a_slow_reader(measured):
    daemon = measured()
    slow, fast = daemon.client(address=daemon.unix), daemon.client()
    slow.raw(b"MOTD\r\n" * 20000)
    got = lambda: scrape(daemon.metrics)
    wait_until(lambda: got()["chatd_sendq_bytes"] > 0, "output to pile up")
    assert got()['chatd_buffers_bytes{state="used"}'] >= got()["chatd_sendq_bytes"]
    fast.sync()
    for _ in range(20000):
        slow.wait("422")
    wait_until(lambda: got()["chatd_sendq_bytes"] == 0, "nothing to wait any more")
    slow.raw(b"MOTD\r\n" * 20000)
    wait_until(lambda: got()["chatd_sendq_bytes"] > 0, "output to pile up")
    slow.reset()
    wait_until(lambda: got()["chatd_sendq_bytes"] == 0, "what was given up not to count")


def test_records_and_commits(measured, tmp_path):
    daemon = measured(args=["--state", str(tmp_path / "state")])
    client = daemon.client(caps="echo-message")
    channel = daemon.channel(client)
    before = scrape(daemon.metrics)
    for _ in range(10):
        client.ask(f"PRIVMSG {channel} :hello")
        client.sync()
    got = scrape(daemon.metrics)
    assert got['chatd_records_total{type="message"}'] - before['chatd_records_total{type="message"}'] == 10
    commits = got["chatd_journal_commit_seconds_count"] - before["chatd_journal_commit_seconds_count"]
    # One more may have been under way: that somebody joined is kept too, and nobody waits for it.
    assert 1 <= commits <= 11 and got["chatd_journal_commit_seconds_sum"] > 0


HOST = "Host: x\r\n\r\n"


@pytest.mark.parametrize(
    "request_text, status",
    [
        ("GET / HTTP/1.1\r\n" + HOST, 404),
        ("GET /metrics/ HTTP/1.1\r\n" + HOST, 404),
        ("POST /metrics HTTP/1.1\r\n" + HOST, 405),
        ("HEAD /metrics HTTP/1.0\r\n\r\n", 405),
        ("GET /metrics HTTP/1.1\r\n\r\n", 400),
        ("GET /metrics HTTP/3\r\n" + HOST, 400),
        ("NICK a\r\nUSER a 0 * :a\r\n", 400),
        ("GET /metrics HTTP/1.1\n" + HOST, 400),
        ("GET /metrics HTTP/1.1\r\nContent-Length: 3\r\n" + HOST + "abc", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
        (b"\0\n", 400),
        ("GET /metrics HTTP/1.1\r\n" + "a: b\r\n" * 800 + HOST, 400),
        ("GET /metrics HTTP/1.1\r\nX: " + "x" * 5000 + "\r\n" + HOST, 400),
        ("x" * 20000, 400),
    ],
)
def test_what_is_refused(measured, request_text, status):
    daemon = measured()
    got, fields, body = ask(daemon.metrics, request_text)
    assert got == status and "chatd_users" not in body
    assert fields.get("Allow") == ("GET" if status == 405 else None)
    assert scrape(daemon.metrics)["chatd_users"] == 0


def test_a_second_request_is_not_heard(measured):
    daemon = measured()
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    s = connect(daemon.metrics)
    s.sendall(request * 3)
    assert read_all(s).count(b"# EOF") == 1


def test_a_request_in_pieces(measured):
    daemon = measured()
    s = connect(daemon.metrics)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n":
        s.sendall(bytes([byte]))
    assert read_all(s).endswith(b"# EOF\n")


def test_silent_ones_are_few(measured):
    daemon = measured()
    client = daemon.client()
    silent = [connect(daemon.metrics) for _ in range(8)]
    one_more = connect(daemon.metrics)
    assert read_all(one_more) == b""
    daemon.check_idle(client)
    for s in silent:
        s.close()
    wait_until(lambda: ask_quietly(daemon.metrics), "a place to be free")


def ask_quietly(address):
    s = connect(address)
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return read_all(s).endswith(b"# EOF\n")


@pytest.mark.slow
def test_silent_ones_are_closed(measured):
    daemon = measured()
    s = connect(daemon.metrics)
    s.sendall(b"GET /metrics HTTP/1.1\r\n")
    assert read_all(s) == b""


def test_off_unless_configured(start):
    daemon = start(FAST)
    assert "for metrics" not in daemon.log and "for control" not in daemon.log


def test_reload_turns_it_on_and_off(start, tmp_path):
    daemon = start(FAST)
    client = daemon.client()
    path = str(tmp_path / "metrics")
    daemon.reload(FAST + f"[metrics]\nlisten = {path}\n")
    assert stat.S_ISSOCK((tmp_path / "metrics").stat().st_mode)
    before = scrape(path)
    client.sync()
    assert scrape(path)["chatd_delivery_seconds_count"] - before["chatd_delivery_seconds_count"] == 1
    daemon.reload(FAST)
    assert not (tmp_path / "metrics").exists()
    client.sync()
    daemon.reload(FAST + f"[metrics]\nlisten = {path}\n")
    assert scrape(path)["chatd_lines_total"] > 0
    daemon.reload(FAST)


@pytest.mark.parametrize("value", ["irc://127.0.0.1:1", "127.0.0.1:1?proxy", "nowhere", "127.0.0.1:0"])
def test_what_is_no_address(start, value):
    daemon = start(FAST)
    daemon.configure(FAST + f"[metrics]\nlisten = {value}\n")
    daemon.send_signal(1)
    daemon.wait_log(r"\[metrics\] listen: ")
    daemon.client().sync()

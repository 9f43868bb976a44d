"""MARKREAD: up to where somebody has read, over all devices."""

import signal

import sasl
from harness import FAST, chan

CAPS = "draft/read-marker"
QUICK = FAST + "[accounts]\niterations = 4096\n"
PASSWORD = "correcthorse"
EARLY, LATE = "2020-01-01T00:00:00.000Z", "2021-06-01T12:30:45.678Z"


def marker(client, target):
    return client.ask(f"MARKREAD {target}").one("MARKREAD").params[1]


def make(daemon, nick):
    client = daemon.client(nick=nick, caps=CAPS + " draft/account-registration")
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    return client


def log_in(daemon, nick):
    client = daemon.connect(nick)
    client.ask("CAP LS 302", f"CAP REQ :sasl {CAPS}", f"NICK {nick}", "USER u 0 * :r")
    sasl.plain(client, nick, PASSWORD)
    return client, client.ask("CAP END")


def test_it_only_goes_forward(start):
    client = start(QUICK).client(caps=CAPS)
    channel = chan("Read")
    assert marker(client, channel) == "*"
    assert client.ask(f"MARKREAD {channel} timestamp={LATE}").one("MARKREAD").params == [channel, f"timestamp={LATE}"]
    assert client.ask(f"MARKREAD {channel} timestamp={EARLY}").one("MARKREAD").params[1] == f"timestamp={LATE}"
    assert marker(client, channel.upper().replace("#", "#")) == f"timestamp={LATE}"
    told = client.ask(f"MARKREAD {channel} timestamp=2999-01-01T00:00:00.000Z").one("MARKREAD").params[1]
    assert told.startswith("timestamp=20") and not told.startswith("timestamp=2999")


def test_all_devices_hear_and_nobody_else(start):
    daemon = start(QUICK)
    first, other = make(daemon, "ann"), daemon.client(caps=CAPS)
    channel = daemon.channel(first, other)
    second, burst = log_in(daemon, "ann")
    assert burst.one("MARKREAD").params == [channel, "*"]
    first.ask(f"MARKREAD {channel} timestamp={LATE}")
    assert second.sync().one("MARKREAD").params == [channel, f"timestamp={LATE}"]
    assert not other.sync().of("MARKREAD")


def test_an_account_keeps_it(start, tmp_path):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(QUICK, args=state)
    client = make(daemon, "ann")
    channel = chan()
    client.ask(f"MARKREAD {channel} timestamp={EARLY}", f"MARKREAD bob timestamp={EARLY}")
    client.ask(f"MARKREAD {channel} timestamp={LATE}")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_for(lambda: any("CHATD_EVENT=handover " in e for e in daemon.entries), "the successor")
    assert marker(client, channel) == f"timestamp={LATE}"
    daemon.hang_up()
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon = start(QUICK, args=state)
    client, _ = log_in(daemon, "ann")
    assert marker(client, channel) == f"timestamp={LATE}" and marker(client, "BOB") == f"timestamp={EARLY}"
    said = client.ask(f"JOIN {channel}")
    assert said.one("MARKREAD").params[1] == f"timestamp={LATE}"
    assert said.commands.index("MARKREAD") < said.commands.index("366")


def test_many_are_bounded(start):
    client = start(QUICK).client(caps=CAPS)
    for n in range(300):
        client.ask(f"MARKREAD #c{n} timestamp=2020-01-01T00:{n // 60:02}:{n % 60:02}.000Z")
    assert marker(client, "#c0") == "*" and marker(client, "#c299") != "*" and marker(client, "#c44") != "*"

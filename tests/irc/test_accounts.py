"""Accounts: making one, logging in to it in every way, and that it is there after whatever happens to the server."""

import datetime
import signal

import pytest

import sasl
from harness import FAST, fresh

CAPS = "sasl draft/account-registration account-notify account-tag extended-join labeled-response batch server-time"
PASSWORD = "correct horse"
QUICK = "[accounts]\niterations = 4096\n"


@pytest.fixture
def accounts(start):
    return start(FAST + QUICK)


def make(daemon, stem="acc", caps=CAPS, password=PASSWORD):
    """A client that has made an account of its nick."""
    client = daemon.client(stem, caps=caps)
    said = client.ask(f"REGISTER * * :{password}")
    assert said.one("REGISTER").params == ["SUCCESS", client.nick, "Account successfully registered"]
    assert said.one("900").params[2] == client.nick
    return client


def account_of(client, nick):
    said = client.ask(f"WHOIS {nick}").of("330")
    return said[0].params[2] if said else None


def test_register(accounts):
    watcher = accounts.client("watcher", caps=CAPS)
    client = accounts.client("acc", caps=CAPS)
    accounts.channel(watcher, client)
    said = client.ask(f"REGISTER * ann@example.org :{PASSWORD}")
    assert said.one("REGISTER").params[:2] == ["SUCCESS", client.nick]
    assert said.one("900").params[1:3] == [f"{client.nick}!user@127.0.0.1", client.nick]
    assert watcher.sync().one("ACCOUNT").params == [client.nick]
    assert account_of(watcher, client.nick) == client.nick
    watcher.send(f"WHO {client.nick} %na")
    assert watcher.wait("354").params[1:] == [client.nick, client.nick]
    client.send(f"PRIVMSG {watcher.nick} :hello")
    assert watcher.wait("PRIVMSG").tags["account"] == client.nick


@pytest.mark.parametrize(
    "line, code",
    [
        ("REGISTER taken * :{p}", "ACCOUNT_EXISTS"),
        ("REGISTER TAKEN * :{p}", "ACCOUNT_EXISTS"),
        ("REGISTER 1two * :{p}", "BAD_ACCOUNT_NAME"),
        ("REGISTER NickServ * :{p}", "BAD_ACCOUNT_NAME"),
        ("REGISTER #chan * :{p}", "BAD_ACCOUNT_NAME"),
        ("REGISTER somebody * :{p}", "BAD_ACCOUNT_NAME"),
        ("REGISTER * nomail :{p}", "INVALID_EMAIL"),
        ("REGISTER * -x@example.org :{p}", "INVALID_EMAIL"),
        ("REGISTER * * :short", "WEAK_PASSWORD"),
        ("REGISTER longenough * :LongEnough", "WEAK_PASSWORD"),
        (f"REGISTER * * :{'x' * 301}", "UNACCEPTABLE_PASSWORD"),
        ("VERIFY taken 1234", "INVALID_CODE"),
        ("VERIFY nobody 1234", "INVALID_CODE"),
    ],
)
def test_register_refused(accounts, line, code):
    taken = accounts.client(nick="taken", caps=CAPS)
    taken.ask(f"REGISTER * * :{PASSWORD}")
    accounts.client(nick="somebody")
    client = accounts.client("new", caps=CAPS)
    said = client.ask(line.format(p=PASSWORD))
    assert said.one("FAIL").params[1] == code
    assert not said.of("900")
    assert account_of(client, client.nick) is None


def test_register_twice(accounts):
    client = make(accounts)
    said = client.ask(f"REGISTER other * :{PASSWORD}", f"VERIFY {client.nick} 12")
    assert [m.params[:2] for m in said.of("FAIL")] == [
        ["REGISTER", "ALREADY_AUTHENTICATED"],
        ["VERIFY", "ALREADY_AUTHENTICATED"],
    ]


def test_register_labelled(accounts):
    client = accounts.client("acc", caps=CAPS)
    said = client.ask(f"@label=x REGISTER * * :{PASSWORD}")
    opened = said.of("BATCH")[0]
    assert opened.tags["label"] == "x" and opened.params[1] == "labeled-response"
    assert said.one("REGISTER").tags["batch"] == opened.params[0][1:] == said.one("900").tags["batch"]


def test_register_before_connect(accounts):
    client = accounts.connect("early")
    said = client.ask("CAP LS 302", f"CAP REQ :{CAPS}", f"REGISTER * * :{PASSWORD}")
    assert "draft/account-registration=before-connect,custom-account-name" in said.text
    assert said.one("FAIL").params[:3] == ["REGISTER", "NEED_NICK", "*"]
    said = client.ask("NICK early", "USER u 0 * :r", f"REGISTER * * :{PASSWORD}", "CAP END")
    assert said.one("REGISTER").params[:2] == ["SUCCESS", "early"]
    assert said.of("001")
    assert account_of(client, "early") == "early"


def test_registration_off(start):
    daemon = start(FAST + "[accounts]\nregistration = no\n")
    client = daemon.connect("late")
    said = client.ask("CAP LS 302", "CAP REQ :draft/account-registration", "NICK late", "USER u 0 * :r", "CAP END")
    offered = "".join(m.raw for m in said.of("CAP") if m.params[1] == "LS")
    assert "draft/account-registration" not in offered and said.of("CAP")[-1].params[1] == "NAK"
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"


def test_no_registration_without_the_server_password(start):
    daemon = start(FAST + QUICK + "[server]\npassword = sesame\n")
    client = daemon.connect("early")
    assert client.ask("NICK early", f"REGISTER * * :{PASSWORD}").one("FAIL").params[1] == "COMPLETE_CONNECTION_REQUIRED"
    assert client.ask("PASS sesame", f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"


def login(daemon, how, account, password, nick=None):
    """A client in the middle of its registration that has tried to log in, and what was said."""
    client = daemon.connect(nick or fresh("in"))
    client.ask("CAP LS 302", f"CAP REQ :{CAPS}", f"NICK {client.nick}", "USER u 0 * :r")
    return client, how(client, account, password)


MECHANISMS = pytest.mark.parametrize("how", [sasl.plain, sasl.scram])


@MECHANISMS
def test_sasl(accounts, how):
    owner = make(accounts)
    client, said = login(accounts, how, owner.nick.upper(), PASSWORD)
    assert said.commands == ["900", "903"]
    assert said.one("900").params[1:3] == [f"{client.nick}!*@*", owner.nick]
    assert client.ask("CAP END").of("001")
    assert account_of(owner, client.nick) == owner.nick


@MECHANISMS
@pytest.mark.parametrize("account, password", [("owner", "wrong"), ("owner", ""), ("nobody", PASSWORD), ("", PASSWORD)])
def test_sasl_wrong(accounts, how, account, password):
    owner = accounts.client(nick="owner", caps=CAPS)
    owner.ask(f"REGISTER * * :{PASSWORD}")
    if how is sasl.scram and not account:
        client, said = accounts.connect("in"), None
        client.ask("CAP REQ :sasl", "AUTHENTICATE SCRAM-SHA-256")
        assert client.ask(f"AUTHENTICATE {sasl.encode(b'n,,n=,r=abc')}").commands == ["904"]
        return
    client, said = login(accounts, how, account, password)
    assert said.commands == ["904"]
    assert client.ask("CAP END").of("001")
    assert account_of(owner, client.nick) is None
    if account == "owner":
        accounts.wait_log("login refused .*: account owner from 127.0.0.1: Invalid")
    assert PASSWORD not in accounts.log and "wrong" not in accounts.log


def test_sasl_after_registration(accounts):
    owner = make(accounts)
    client = accounts.client("late", caps=CAPS)
    accounts.channel(owner, client)
    owner.sync()
    assert sasl.plain(client, owner.nick, PASSWORD).of("900", "903").commands == ["900", "903"]
    assert owner.sync().one("ACCOUNT").params == [owner.nick]
    other = make(accounts)
    assert sasl.scram(client, other.nick, PASSWORD).of("900", "903").commands == ["900", "903"]
    assert account_of(owner, client.nick) == other.nick


def test_sasl_protocol(accounts):
    client = accounts.connect("in")
    said = client.ask("CAP LS 302", "CAP REQ :sasl")
    assert "sasl=PLAIN,SCRAM-SHA-256" in " ".join(m.params[-1] for m in said.of("CAP")).split()
    assert client.ask("AUTHENTICATE NTLM").commands == ["908", "904"]
    assert client.ask("AUTHENTICATE EXTERNAL").commands == ["908", "904"]
    assert client.ask("AUTHENTICATE PLAIN", "AUTHENTICATE *").commands == ["AUTHENTICATE", "906"]
    assert client.ask("AUTHENTICATE plain", "AUTHENTICATE !!!!").commands == ["AUTHENTICATE", "904"]
    assert client.ask("AUTHENTICATE PLAIN", "AUTHENTICATE " + "A" * 401).commands == ["AUTHENTICATE", "905"]
    assert client.ask("AUTHENTICATE PLAIN", "AUTHENTICATE +").commands == ["AUTHENTICATE", "904"]
    assert client.ask("AUTHENTICATE PLAIN", *["AUTHENTICATE " + "A" * 400] * 11).commands[:2] == ["AUTHENTICATE", "904"]
    message = sasl.encode(b"other\0in\0x")
    assert client.ask("AUTHENTICATE *", "AUTHENTICATE PLAIN", f"AUTHENTICATE {message}").commands[-1] == "904"


@pytest.mark.parametrize("size", [100, 289, 290, 300])
def test_sasl_in_parts(accounts, size):
    """Of exactly 400 bytes, which an empty part follows, and of more."""
    password = "p" * size
    owner = make(accounts, password=password)
    assert login(accounts, sasl.plain, owner.nick, password)[1].commands == ["900", "903"]


def test_attempts_are_bounded(start):
    daemon = start(FAST + "[accounts]\niterations = 4096\nattempts = 3\nattempts_per = 24h\n")
    owner = make(daemon)
    client = daemon.connect("in")
    client.ask("CAP REQ :sasl")
    said = [sasl.plain(client, owner.nick, f"guess {i}") for i in range(3)]
    assert [s.of("904").text.endswith(":SASL authentication failed") for s in said] == [True] * 3
    assert "try again later" in sasl.plain(client, owner.nick, PASSWORD).text
    said = client.ask("AUTHENTICATE SCRAM-SHA-256", f"AUTHENTICATE {sasl.encode(b'n,,n=%b,r=abc' % owner.nick.encode())}")
    assert "try again later" in said.text


def test_registrations_are_bounded(start):
    daemon = start(FAST + "[accounts]\niterations = 4096\nattempts = 2\nattempts_per = 24h\n")
    for _ in range(2):
        make(daemon)
    client = daemon.client(caps=CAPS)
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"


def test_a_nick_is_its_owners(accounts):
    owner = make(accounts)
    nick = owner.nick
    owner.send("QUIT").rest()
    guest = accounts.client("guest", caps=CAPS)
    assert guest.ask(f"NICK {nick}").commands == ["433"]
    late = accounts.connect("late")
    assert late.ask(f"NICK {nick}", "USER u 0 * :r").commands == ["433"]
    assert late.ask("NICK late").of("001")
    client, said = login(accounts, sasl.plain, nick, PASSWORD, nick=nick)
    assert client.ask("CAP END").of("001")
    assert guest.ask("NICK NickServ").commands == ["433"]


def test_account_required(start):
    daemon = start(FAST + QUICK + "[accounts]\nrequired = yes\n")
    client = daemon.connect("early")
    client.ask("CAP LS 302", f"CAP REQ :{CAPS}", "NICK early", f"REGISTER * * :{PASSWORD}", "USER u 0 * :r")
    said = client.ask("CAP END")
    assert said.of("001") and "draft/ACCOUNTREQUIRED" in said.text
    other = daemon.connect("other")
    other.send("NICK other", "USER u 0 * :r")
    said = other.rest()
    assert said.one("FAIL").params[:2] == ["*", "ACCOUNT_REQUIRED"] and said.one("ERROR")
    client, said = login(daemon, sasl.scram, "early", PASSWORD)
    assert client.ask("CAP END").of("001")


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_accounts_survive(start, tmp_path, signo):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK, args=state)
    names = [make(daemon).nick for _ in range(5)]
    daemon.send_signal(signo)
    daemon.wait()
    for how in (sasl.plain, sasl.scram):
        daemon = start(FAST + QUICK, args=state)
        for name in names:
            assert login(daemon, how, name, PASSWORD)[1].commands == ["900", "903"]
        assert daemon.client(caps=CAPS).ask(f"REGISTER {names[0]} * :{PASSWORD}").one("FAIL").params[1] == "ACCOUNT_EXISTS"
        daemon.finish()


@pytest.mark.parametrize("kept", [True, False])
def test_a_restart_keeps_logins(start, tmp_path, kept):
    daemon = start(FAST + QUICK, args=["--state", str(tmp_path / "state")] if kept else [])
    owner = make(daemon)
    early, said = login(daemon, sasl.plain, owner.nick, PASSWORD)
    middle = daemon.connect("middle")
    middle.ask("CAP REQ :sasl", "AUTHENTICATE PLAIN")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_notice("READY=1", 2)
    assert account_of(owner, owner.nick) == owner.nick
    assert early.ask("CAP END").of("001")
    assert account_of(early, early.nick) == owner.nick
    assert middle.ask(f"AUTHENTICATE {sasl.encode(b'x')}").commands[-1] == "904"
    assert sasl.scram(middle, owner.nick, PASSWORD).commands == ["900", "903"]
    assert daemon.client(caps=CAPS).ask(f"REGISTER {owner.nick} * :{PASSWORD}").one("FAIL").params[1] == "ACCOUNT_EXISTS"


def test_keys_are_made_anew(start, tmp_path):
    """An account that was made with fewer iterations gets more when its owner logs in with the password."""
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK, args=state)
    name = make(daemon).nick
    daemon.finish()
    daemon = start(FAST + "[accounts]\niterations = 6000\n", args=state)

    def iterations():
        client = daemon.connect("in")
        client.ask("CAP REQ :sasl")
        client.send("AUTHENTICATE SCRAM-SHA-256")
        sasl.challenge(client)
        client.send(f"AUTHENTICATE {sasl.encode(sasl.Scram(name, PASSWORD).first().encode())}")
        return sasl.attributes(sasl.challenge(client))["i"]

    assert iterations() == "4096"
    assert login(daemon, sasl.plain, name, PASSWORD)[1].commands == ["900", "903"]
    assert iterations() == "6000"
    assert login(daemon, sasl.scram, name, PASSWORD)[1].commands == ["900", "903"]


def device(daemon, account, caps=CAPS, nick=None):
    """One more client on the nick of an account that is logged in to; and what it was told."""
    client = daemon.connect(nick or account)
    client.ask("CAP LS 302", f"CAP REQ :{caps}", f"NICK {client.nick}", "USER u 0 * :r")
    assert sasl.plain(client, account, PASSWORD).commands == ["900", "903"]
    said = client.ask("CAP END")
    assert said.of("001"), said.tail
    return client, said


def test_several_devices(accounts):
    other, first = accounts.client("other"), make(accounts)
    channel = accounts.channel(first, other)
    second, said = device(accounts, first.nick)
    assert said.one("JOIN").params[0] == channel and said.of("353", "366")
    assert not other.sync()
    third, _ = device(accounts, first.nick, caps="sasl echo-message")
    other.ask(f"PRIVMSG {channel} :to all", f"PRIVMSG {first.nick} :to you")
    for one in (first, second, third):
        assert [m.params[1] for m in one.sync().of("PRIVMSG")] == ["to all", "to you"]
    first.ask(f"PRIVMSG {channel} :mine", f"PRIVMSG {other.nick} :yours")
    assert not first.sync().of("PRIVMSG")
    for one in (second, third):
        assert [m.params for m in one.sync().of("PRIVMSG")] == [[channel, "mine"], [other.nick, "yours"]]
    other.sync()
    second.send("QUIT").rest()
    first.send("QUIT").rest()
    assert not other.sync()
    third.ask(f"PART {channel}")
    assert other.sync().commands == ["PART"]
    third.send("QUIT").rest()
    assert other.ask(f"WHOIS {first.nick}").of("401")


def test_another_account_is_no_device(accounts):
    first, other = make(accounts), make(accounts)
    client = accounts.connect(first.nick)
    client.ask("CAP LS 302", f"CAP REQ :{CAPS}", f"NICK {first.nick}", "USER u 0 * :r")
    assert sasl.plain(client, other.nick, PASSWORD).commands == ["900", "903"]
    assert client.ask("CAP END").of("433")


def test_devices_over_a_restart(accounts):
    first = make(accounts)
    second, _ = device(accounts, first.nick)
    accounts.send_signal(signal.SIGUSR2)
    accounts.wait_notice("READY=1", 2)
    channel = accounts.channel(second)
    assert first.sync().one("JOIN").params[0] == channel


def test_always_on(start):
    daemon = start(FAST + QUICK + "always_on = yes\n")
    other, first = daemon.client("other"), make(daemon)
    channel = daemon.channel(first, other)
    first.send("QUIT :bye").rest()
    assert not other.sync().of("QUIT")
    assert other.ask(f"WHOIS {first.nick}").one("301").params[2] == "Not connected right now"
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_notice("READY=1", 2)
    assert first.nick in other.ask(f"NAMES {channel}").text
    again, said = device(daemon, first.nick)
    assert said.one("JOIN").params[0] == channel
    assert not other.ask(f"WHOIS {first.nick}").of("301")


def test_acknowledged_means_kept(start, tmp_path):
    """Killed while accounts are made and changed: whatever was acknowledged is there, the last of it."""
    state = ["--state", str(tmp_path / "state")]
    config = FAST + QUICK + "attempts = 0\n"
    settled = {}
    for round_ in range(5):
        daemon = start(config, args=state)
        for name, email in settled.items():
            client = login(daemon, sasl.scram, name, PASSWORD)[0]
            client.ask("CAP END")
            assert f"E-mail: {email}" in client.ask("NS INFO").text
            client.send("QUIT").rest()
        client = daemon.client(nick=f"round{round_}", caps=CAPS)
        client.ask(f"REGISTER * * :{PASSWORD}")
        client.send(*(f"NS SET EMAIL {n}@example.org" for n in range(200)))
        done = -1
        while done < 20 + 30 * round_:
            done += client.wait("NOTICE").params[1] == "Done."
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        while message := client.read():
            done += message.command == "NOTICE" and message.params[1] == "Done."
        client.close()
        daemon = start(config, args=state)
        client = login(daemon, sasl.scram, f"round{round_}", PASSWORD)[0]
        client.ask("CAP END")
        kept = client.ask("NS INFO").of("NOTICE")
        email = next(m.params[1] for m in kept if m.params[1].startswith("E-mail")).split(": ")[1]
        assert int(email.split("@")[0]) >= done
        settled[f"round{round_}"] = email
        daemon.finish()


def test_nobody_stays_without_an_account(start):
    daemon = start(FAST + QUICK + "always_on = yes\n[oper root]\npassword = secret\n")
    oper, first = daemon.client("oper"), make(daemon)
    daemon.channel(first, oper)
    first.send("QUIT").rest()
    oper.ask("OPER root secret", f"NS SUSPEND {first.nick}")
    assert oper.ask(f"WHOIS {first.nick}").of("401")


def give_up(owner):
    code = owner.ask(f"NS DROP {owner.nick}").text.split(f"DROP {owner.nick} ")[1].split()[0]
    assert "no more" in owner.ask(f"NS DROP {owner.nick} {code}").text


def test_a_proof_is_for_the_account_that_it_was_given_for(accounts):
    """Not for another one of its name that somebody else makes before the last word of the exchange is said."""
    owner, other = make(accounts), accounts.client("other", caps=CAPS)
    name, late = owner.nick, accounts.client("late", caps=CAPS)
    s = sasl.Scram(name, PASSWORD)
    late.ask("AUTHENTICATE SCRAM-SHA-256")
    late.send(f"AUTHENTICATE {sasl.encode(s.first().encode())}")
    assert late.ask(f"AUTHENTICATE {sasl.encode(s.final(sasl.challenge(late)).encode())}").of("AUTHENTICATE")
    give_up(owner)
    owner.send("QUIT").rest()
    other.ask(f"NICK {name}")
    assert other.ask("REGISTER * * :quite another").one("REGISTER").params[0] == "SUCCESS"
    assert late.ask("AUTHENTICATE +").commands == ["904"]
    assert account_of(other, late.nick) is None


def test_a_newcomer_is_logged_out_with_all_others(accounts):
    owner, other = make(accounts), accounts.client("other", caps=CAPS)
    name = owner.nick
    client, said = login(accounts, sasl.plain, name, PASSWORD)
    assert said.commands == ["900", "903"]
    give_up(owner)
    owner.send("QUIT").rest()
    other.ask(f"NICK {name}")
    assert other.ask("REGISTER * * :quite another").one("REGISTER").params[0] == "SUCCESS"
    assert client.ask("CAP END").of("001")
    assert account_of(other, client.nick) is None


def leave(client):
    client.send("QUIT :bye").rest()


def killed(daemon, start, config, state):
    """Another process in place of one that had no time to write anything down."""
    daemon.hang_up()
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon.release()
    return start(config, args=state)


def seen_of(daemon, nick, *channels):
    """All that somebody sees of one who is there."""
    with daemon.client("viewer", nick="viewer") as viewer:
        viewer.ask(*(f"JOIN {c}" for c in channels))
        said = viewer.ask(f"WHOIS {nick}", *(f"NAMES {c}" for c in channels))
        told = [m.params[1:] for m in said.of("311", "319", "330", "301", "401")]
        names = sorted(n for m in said.of("353") for n in m.params[3].split() if n != "viewer")
        leave(viewer)
    return told, names


@pytest.mark.parametrize("away", [False, True])
def test_who_stays_survives_a_kill(start, tmp_path, away):
    state, config = ["--state", str(tmp_path / "state")], FAST + QUICK + "always_on = yes\n"
    daemon = start(config, args=state)
    first = make(daemon)
    one, two = daemon.channel(first), daemon.channel(first)
    first.ask(f"MODE {first.nick} +B", f"MODE {two} +v {first.nick}", f"MODE {one} -n", f"SETNAME :Real {first.nick}")
    if away:
        first.ask("AWAY :at the sea")
    leave(first)
    before = seen_of(daemon, first.nick, one, two)
    assert before[0][0][1] == "user" and f"@{first.nick}" in before[1], before
    daemon = killed(daemon, start, config, state)
    assert seen_of(daemon, first.nick, one, two) == before
    again, said = device(daemon, first.nick)
    assert sorted(m.params[0] for m in said.of("JOIN")) == sorted([one, two])
    assert not again.ask(f"WHOIS {first.nick}").of("301")
    assert "+t" == again.ask(f"MODE {one}").one("324").params[2]
    again.ask(f"PART {one}", f"NICK {first.nick}x")
    daemon = killed(daemon, start, config, state)
    after = seen_of(daemon, f"{first.nick}x", two)
    assert after[0][1][1].split() == [f"@{two}"], after
    assert ["Not connected right now"] in [m[1:] for m in after[0]], after
    assert len(seen_of(daemon, first.nick)[0]) == 1


def test_who_leaves_does_not_come_back(start, tmp_path):
    state, config = ["--state", str(tmp_path / "state")], FAST + QUICK + "[oper root]\npassword = secret\n"
    daemon = start(config, args=state)
    stays, logs_out, turns_off, is_killed = (make(daemon) for _ in range(4))
    for client in (stays, logs_out, turns_off, is_killed):
        client.ask("NS SET ALWAYSON on")
        daemon.channel(client)
    oper = daemon.client("oper")
    oper.ask("OPER root secret", f"KILL {is_killed.nick} :out")
    logs_out.ask("NS LOGOUT")
    turns_off.ask("NS SET ALWAYSON off")
    leave(stays)
    daemon = killed(daemon, start, config, state)
    viewer = daemon.client("viewer")
    here = {c.nick: not viewer.ask(f"WHOIS {c.nick}").of("401") for c in (stays, logs_out, turns_off, is_killed)}
    assert here == {stays.nick: True, logs_out.nick: False, turns_off.nick: False, is_killed.nick: False}
    assert viewer.ask("LUSERS").one("251").params[1].split()[2] == "2"


def test_away_is_of_each_device(start):
    daemon = start(FAST + QUICK + "always_on = yes\n")
    other, first = daemon.client("other", caps="away-notify"), make(daemon)
    daemon.channel(first, other)
    second, _ = device(daemon, first.nick)
    assert first.ask("AWAY :out").of("306")
    assert not other.sync().of("AWAY") and not other.ask(f"WHOIS {first.nick}").of("301")
    assert second.ask("AWAY :sleeping").of("306")
    assert other.sync().one("AWAY").params == ["sleeping"]
    assert first.ask("AWAY").of("305")
    assert other.sync().one("AWAY").params == []
    leave(first)
    assert other.sync().one("AWAY").params == ["sleeping"]
    leave(second)
    assert not other.sync().of("AWAY")
    third, _ = device(daemon, first.nick)
    assert other.sync().one("AWAY").params == []
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_notice("READY=1", 2)
    fourth, _ = device(daemon, first.nick)
    third.ask("AWAY :lunch")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_notice("READY=1", 3)
    leave(fourth)
    assert other.sync().one("AWAY").params == ["lunch"]


def test_devices_are_remembered(start, tmp_path):
    state, config = ["--state", str(tmp_path / "state")], FAST + QUICK + "always_on = yes\n"
    daemon = start(config, args=state)
    first = make(daemon)
    phone, _ = login(daemon, sasl.plain, f"{first.nick}@phone", PASSWORD, nick=first.nick)
    assert phone.ask("CAP END").of("001")
    leave(phone)
    assert "Device: phone, last seen" in first.ask("NS INFO").text
    daemon = killed(daemon, start, config, state)
    again, _ = device(daemon, first.nick)
    assert "Device: phone, last seen" in again.ask("NS INFO").text


def test_presence_expires(start):
    daemon = start(FAST + QUICK + "always_on = yes\nalways_on_expiry = 1s\n")
    other, first, second = daemon.client("other"), make(daemon), make(daemon)
    daemon.channel(first, second, other)
    leave(first)
    assert other.wait("QUIT").raw.split()[0].split("!")[0] == f":{first.nick}"
    assert not other.ask(f"WHOIS {second.nick}").of("401")
    assert login(daemon, sasl.plain, first.nick, PASSWORD)[1].of("900")


def test_a_device_that_a_kill_took_was_here_until_then(start, tmp_path):
    """One who is here all the time has no device that ever left: the stay begins with the kill, not with the login."""
    state, config = ["--state", str(tmp_path / "state")], FAST + QUICK + "always_on = yes\n"
    daemon = start(config, args=state)
    first = make(daemon)
    assert "last seen" not in first.ask("NS INFO").text
    before = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon.release()
    daemon = start(config, args=state)
    again, _ = device(daemon, first.nick)
    seen = next(m.params[1] for m in again.ask("NS INFO").of("NOTICE") if "last seen" in m.raw)
    assert seen.startswith("Device: not known which, last seen ") and seen.split()[-1] >= before, (seen, before)
    leave(again)
    third, _ = device(daemon, first.nick)
    said = [m.params[1] for m in third.ask("NS INFO").of("NOTICE") if "last seen" in m.raw]
    assert len(said) == 1 and said[0].startswith("Device: without a name"), said

"""What people are told in words comes in the language that they, their account or the server chose."""

import signal

import pytest

import sasl
from harness import FAST
from test_accounts import PASSWORD, QUICK, device, login, make
from test_handover import restart
from test_services import OPER, ns

SERVICES = ["NickServ", "ChanServ", "MemoServ", "HistServ", "HostServ"]
SPANISH = "[server]\nlanguage = es\n"


@pytest.fixture
def accounts(start):
    return start(FAST + QUICK + OPER)


def speaks(client):
    """By an answer that is short in all languages."""
    return {"That is on, or off.": "en", "Se espera on u off.": "es"}[ns(client, "SET ALWAYSON maybe")[0]]


def test_a_guest_chooses_for_the_connection(accounts):
    guest, other = accounts.client(), accounts.client()
    assert ns(guest, "SET LANGUAGE ES") == ["Hecho."]
    assert ns(guest, "DROP me") == ["Para eso tienes que haberte identificado en una cuenta."]
    assert ns(other, "DROP me") == ["You need to be logged in to an account for that."]
    assert ns(guest, "SET LANGUAGE tlh") == ["Aquí no se habla ese idioma. Los que hay: en, es"]
    assert ns(guest, "SET LANGUAGE default") == ["Done."]
    assert ns(guest, "SET EMAIL x@example.org") == ["You need to be logged in to an account for that."]


def test_the_account_remembers(accounts):
    owner = make(accounts)
    second = device(accounts, owner.nick)[0]
    assert speaks(owner) == speaks(second) == "en"
    assert ns(owner, "SET LANGUAGE es") == ["Hecho."]
    assert speaks(owner) == speaks(second) == "es"
    assert "Idioma: es" in ns(second, "INFO")
    third = device(accounts, owner.nick)[0]
    assert speaks(third) == "es"
    assert ns(third, "SET LANGUAGE en") == ["Done."]
    assert speaks(owner) == "en"
    ns(third, "SET LANGUAGE es")
    assert ns(owner, "LOGOUT") == ["You are logged out."]


def test_what_the_connection_chose_comes_first(accounts):
    owner = make(accounts)
    ns(owner, "SET LANGUAGE es")
    guest = accounts.client(caps="sasl")
    ns(guest, "SET LANGUAGE en")
    assert sasl.plain(guest, owner.nick, PASSWORD).commands == ["900", "903"]
    assert speaks(guest) == "en"
    assert ns(guest, "SET LANGUAGE es") == ["Hecho."]
    assert speaks(guest) == speaks(owner) == "es"


def test_kept(start, tmp_path):
    state = ["--state", str(tmp_path / "state")]
    daemon = start(FAST + QUICK, args=state)
    name = make(daemon).nick
    client = login(daemon, sasl.plain, name, PASSWORD)[0]
    client.ask("CAP END")
    assert ns(client, "SET LANGUAGE es") == ["Hecho."]
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(FAST + QUICK, args=state)
    assert speaks(device(daemon, name)[0]) == "es"


def test_a_restart_keeps_what_guests_chose(start):
    daemon = start(FAST + QUICK)
    guest, other, owner = daemon.client(), daemon.client(), make(daemon)
    ns(guest, "SET LANGUAGE es")
    ns(owner, "SET LANGUAGE es")
    restart(daemon)
    assert ns(guest, "DROP me") == ["Para eso tienes que haberte identificado en una cuenta."]
    assert ns(other, "DROP me") == ["You need to be logged in to an account for that."]
    assert speaks(owner) == "es"


def test_the_servers_own(start):
    daemon = start(FAST + QUICK + SPANISH)
    guest = daemon.client()
    assert ns(guest, "nothing") == ["No existe esa orden. HELP las enumera todas."]
    ns(guest, "SET LANGUAGE en")
    assert ns(guest, "nothing") == ["There is no such command. HELP lists all."]
    daemon.reload(FAST + QUICK)
    assert ns(daemon.client(), "nothing") == ["There is no such command. HELP lists all."]
    ns(guest, "SET LANGUAGE default")
    assert ns(guest, "nothing") == ["There is no such command. HELP lists all."]


def test_each_device_of_an_account_is_told_in_its_own(accounts):
    owner, writer = make(accounts), make(accounts)
    english = device(accounts, owner.nick)[0]
    ns(owner, "SET LANGUAGE es")
    # A choice from before the login is the connection's own.
    other = accounts.client(caps="sasl")
    ns(other, "SET LANGUAGE en")
    assert sasl.plain(other, owner.nick, PASSWORD).of("903")
    assert ns(writer, f"SEND {owner.nick} hola", "MemoServ") == ["The memo is left."]
    assert owner.sync().one("NOTICE").params[1] == "Tienes un recado nuevo. READ LAST lo muestra."
    assert english.sync().one("NOTICE").params[1] == "Tienes un recado nuevo. READ LAST lo muestra."
    assert "hola" in ns(owner, "READ LAST", "MemoServ")[0]
    assert other.sync().one("NOTICE").params[1] == "You have a new memo. READ LAST shows it."


def answers(client, command, *topics):
    """What is answered to each of the topics, by topic."""
    return {topic: [m.params[-1] for m in client.ask(command.format(topic)).of("NOTICE", "704", "705", "706")] for topic in topics}


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_of_a_service_is_explained(accounts, service):
    english, spanish = accounts.client(), accounts.client()
    ns(spanish, "SET LANGUAGE es")
    lists = [ns(client, "HELP", service) for client in (english, spanish)]
    names = [line.split()[0] for line in lists[0][1:-1]]
    assert len(names) > 2 and len(lists[0]) == len(lists[1])
    for said, meant in zip(*lists):
        assert said != meant
    said, meant = (answers(c, f"PRIVMSG {service} :HELP {{0}}", *names) for c in (english, spanish))
    for name in names:
        assert said[name][0].split()[0] == meant[name][0].split()[0] == name
        assert said[name][1] != meant[name][1]


def test_every_topic_of_help_is_explained(accounts):
    english, spanish = accounts.client(), accounts.client()
    ns(spanish, "SET LANGUAGE es")
    index = english.ask("HELP").of("705", "706")
    names = " ".join(m.params[-1] for m in index[:-1]).split()
    assert "WHOIS" in names and "NICKSERV" in names
    said, meant = (answers(c, "HELP {0}", *names) for c in (english, spanish))
    for name in names:
        assert len(said[name]) == len(meant[name]) and said[name][0] == meant[name][0]
        assert said[name][1:] != meant[name][1:]
    assert all(len(m.raw.encode()) <= 510 for m in spanish.transcript)


def test_failures(accounts):
    client = accounts.client(caps="standard-replies draft/account-registration")
    ns(client, "SET LANGUAGE es")
    assert client.ask("REGISTER * * :x").one("FAIL").params[-1] == "La contraseña es demasiado corta"


@pytest.mark.parametrize(
    "line, command, said",
    [
        ("TBAN {0} x *!*@h", "FAIL", "Se espera cuánto tiempo: 30m, 2h o 1d12h"),
        ("MODE {0} +l x", "696", "El límite no es un número mayor que cero"),
        ("FILTER ADD deny c 0 reason :abc", "FAIL", "La acción es refuse, warn, hide, kick o ban=DURACIÓN"),
        ("UBAN ADD 1h 192.0.2.9 bots", "NOTICE", ", acaba en 1h, aplicado 0: bots"),
        ("UBAN DEL 192.0.2.77", "FAIL", "No existe ese veto"),
        ("INFO", "371", "En marcha desde"),
        ("BATCH x", "FAIL", "Se espera un nombre con «+» o «-» delante"),
        ("MODE {nick} +s Z", "NOTICE", "No hay ninguna clase de aviso del servidor con la letra Z"),
    ],
)
def test_what_commands_answer(accounts, line, command, said):
    client = accounts.client(caps="standard-replies batch draft/multiline message-tags")
    channel = accounts.channel(client)
    client.ask("OPER root secret")
    ns(client, "SET LANGUAGE es")
    assert said in client.ask(line.format(channel, nick=client.nick)).of(command).text


def test_each_reader_of_a_channel_is_answered_in_its_own(accounts):
    spanish, english = accounts.client(), accounts.client()
    ns(spanish, "SET LANGUAGE es")
    owner = accounts.client()
    mine = accounts.channel(owner)
    owner.ask(f"MODE {mine} +m")
    for client, said in ((spanish, "está moderado"), (english, "it is moderated")):
        client.join(mine)
        assert said in client.ask(f"PRIVMSG {mine} :hi").one("404").params[-1]


def test_what_is_forbidden(accounts):
    oper, guest, channel = accounts.client(), accounts.client(), "#shutdoor"
    oper.ask("OPER root secret")
    ns(guest, "SET LANGUAGE es")
    ns(oper, f"FORBID ADD {channel} 1h nobody goes there", "ChanServ")
    assert "Este canal está prohibido: nobody goes there (hasta 2" in guest.ask(f"JOIN {channel}").text
    ns(oper, f"FORBID ADD {channel}", "ChanServ")
    assert "Este canal está prohibido: sin motivo" in guest.ask(f"JOIN {channel}").text
    assert "This channel is forbidden: no reason given" in accounts.client().ask(f"JOIN {channel}").text

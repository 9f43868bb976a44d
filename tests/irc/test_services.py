"""NickServ: what people type who know it from elsewhere."""

import pytest

import sasl
from harness import FAST, fresh
from test_accounts import CAPS, PASSWORD, QUICK, account_of, device, login, make

OPER = "[oper root]\npassword = secret\n"


@pytest.fixture
def accounts(start):
    return start(FAST + QUICK + OPER)


def ns(client, text, service="NickServ"):
    """The answers, without who said them."""
    said = client.ask(f"PRIVMSG {service} :{text}")
    return [m.params[1] for m in said.of("NOTICE") if m.source.startswith(service + "!")]


@pytest.mark.parametrize("way", ["PRIVMSG NickServ :{0}", "PRIVMSG nickserv :{0}", "NS {0}", "nickserv :{0}"])
def test_ways(accounts, way):
    client = accounts.client("ann")
    said = client.ask(way.format(f"REGISTER {PASSWORD.replace(' ', '')}"))
    assert said.one("900").params[2] == client.nick
    assert said.one("NOTICE").params == [client.nick, f"{client.nick}: Account successfully registered"]
    said = client.ask(way.format("LOGOUT"))
    assert said.of("901") and account_of(client, client.nick) is None
    said = client.ask(way.format(f"IDENTIFY {client.nick} {PASSWORD.replace(' ', '')}"))
    assert said.of("900") and account_of(client, client.nick) == client.nick


def test_nobody_answers_a_notice(accounts):
    client = accounts.client()
    assert not client.ask("NOTICE NickServ :HELP", "NOTICE NickServ :nonsense")


def test_help(accounts):
    client = accounts.client()
    said = ns(client, "HELP")
    assert any(line.startswith("IDENTIFY") for line in said)
    for name in [line.split()[0] for line in said[1:-1]]:
        assert ns(client, f"HELP {name}")[0].startswith(name)
    assert ns(client, "HELP nothing") == ns(client, "nothing") == ["There is no such command. HELP lists all."]
    assert ns(client, "IDENTIFY") == ["Usage: IDENTIFY [<account>] <password> [<code>]"]
    assert ns(client, "DROP me") == ["You need to be logged in to an account for that."]


def test_identify_wrong(accounts):
    owner, client = make(accounts), accounts.client()
    assert ns(client, f"IDENTIFY {owner.nick} guess") == ["Invalid account credentials."]
    assert ns(client, "IDENTIFY guess") == ["Invalid account credentials."]
    assert "guess" not in accounts.log


def test_password(accounts):
    owner = make(accounts)
    assert ns(owner, "SET PASSWORD short") == ["The password is too short"]
    for line in ("SET PASSWORD four words of it", f"IDENTIFY {owner.nick} two words", "REGISTER four words of it"):
        assert ns(owner, line)[0].startswith("Too many words: a password that is given here has no blanks.")
    assert ns(owner, "SET PASSWORD anotherone") == ["The password is changed."]
    assert login(accounts, sasl.scram, owner.nick, PASSWORD)[1].commands == ["904"]
    assert login(accounts, sasl.scram, owner.nick, "anotherone")[1].commands == ["900", "903"]


def test_group(accounts):
    owner, other = make(accounts), make(accounts)
    name, nick = owner.nick, fresh("second")
    owner.ask(f"NICK {nick}")
    assert ns(owner, "GROUP") == ["The nick belongs to your account now."]
    assert ns(owner, "GROUP") == ["This nick is an account's already."]
    assert f"Nick: {nick}" in ns(owner, "INFO")
    owner.ask(f"NICK {name}")
    assert other.ask(f"NICK {nick}").of("433")
    assert login(accounts, sasl.plain, nick, PASSWORD)[1].one("900").params[2] == name
    assert ns(other, f"UNGROUP {nick}") == ["This is no nick of your account beside its name."]
    assert ns(owner, f"UNGROUP {nick.upper()}") == ["The nick is free."]
    assert other.ask(f"NICK {nick}").of("NICK")


def test_recover_and_ghost(accounts):
    owner = make(accounts)
    name = owner.nick
    assert ns(owner, "SET ENFORCE none") == ["Done."]
    owner.send("QUIT").rest()
    guest = accounts.connect(name)
    guest.register()
    back, _ = login(accounts, sasl.plain, name, PASSWORD)
    back.ask("CAP END")
    said = back.ask(f"NS RECOVER {name}")
    assert said.one("NICK").params == [name]
    assert guest.sync().one("NICK").params[0].startswith("Guest")
    back.ask("NICK elsewhere")
    guest.ask(f"NICK {name}")
    assert ns(back, f"GHOST {name}") == ["The nick is free."]
    assert guest.rest().of("KILL")
    assert ns(back, f"GHOST {name}") == ["Nobody else uses this nick."]
    other = make(accounts)
    assert ns(other, f"GHOST {name}") == ["This nick is not yours."]


def test_drop(accounts):
    owner = make(accounts)
    second, _ = device(accounts, owner.nick)
    asked = ns(owner, f"DROP {owner.nick}")[0]
    assert ns(owner, f"DROP {owner.nick} 00000000")[0].startswith("This can not be undone")
    command = asked.split(": ")[1]
    said = owner.ask(f"NS {command}")
    assert said.of("NOTICE")[-1].params[1] == "The account is no more."
    assert account_of(second, owner.nick) is None
    assert login(accounts, sasl.plain, owner.nick, PASSWORD)[1].commands == ["904"]
    accounts.wait_log(f"account {owner.nick} was given up")


def test_suspend(accounts):
    owner, oper, other = make(accounts), accounts.client("oper"), accounts.client("other")
    assert other.ask(f"NS SUSPEND {owner.nick}").of("481")
    oper.ask("OPER root secret")
    assert ns(oper, f"SUSPEND {owner.nick} sent much spam") == ["Done."]
    assert account_of(other, owner.nick) is None
    for how in (sasl.plain, sasl.scram):
        said = login(accounts, how, owner.nick, PASSWORD)[1]
        assert said.commands == ["904"] and "suspended" in said.text
    assert ns(oper, f"UNSUSPEND {owner.nick}") == ["Done."]
    assert login(accounts, sasl.plain, owner.nick, PASSWORD)[1].commands == ["900", "903"]


def test_suspended_between_the_password_and_the_welcome(accounts):
    owner, oper = make(accounts), accounts.client("oper")
    oper.ask("OPER root secret")
    late, said = login(accounts, sasl.plain, owner.nick, PASSWORD)
    assert said.commands == ["900", "903"]
    assert ns(oper, f"SUSPEND {owner.nick}") == ["Done."]
    assert late.ask("CAP END").of("001")
    assert account_of(oper, late.nick) is None


def test_certificates(accounts):
    owner, other = make(accounts), make(accounts)
    print_ = "ab" * 32
    assert ns(owner, "CERT ADD")[0].startswith("You show no certificate")
    assert ns(owner, f"CERT ADD {print_}")[0].startswith("This certificate logs in")
    assert ns(owner, "CERT LIST") == [f"Certificate: {print_}"]
    assert ns(other, f"CERT ADD {print_}")[0].startswith("This certificate is an account's")
    assert ns(owner, f"CERT DEL {print_}") == ["This certificate logs in no more."]
    assert ns(owner, "CERT LIST") == []


def test_info(accounts):
    owner, other = make(accounts), accounts.client()
    ns(owner, "SET EMAIL ann@example.org")
    assert "E-mail: ann@example.org" in ns(owner, "INFO")
    seen = ns(other, f"INFO {owner.nick}")
    assert seen[0] == f"Account: {owner.nick}" and "ann@example.org" not in " ".join(seen)
    assert ns(other, "INFO nobody") == ["There is no such account."]


def test_guests_are_renamed(start):
    daemon = start(FAST + QUICK + "nick_protection = lenient\nguest_delay = 1s\n")
    owner, watcher = make(daemon), daemon.client("watcher")
    name = owner.nick
    owner.send("QUIT").rest()
    guest = daemon.connect(name)
    said = guest.register()
    assert "belongs to somebody" in said.text
    assert guest.wait("NICK").params[0].startswith("Guest")
    right, _ = login(daemon, sasl.plain, name, PASSWORD, nick=name)
    right.ask("CAP END")
    assert account_of(watcher, name) == name


def test_memos(accounts):
    ann, bob = make(accounts), make(accounts)
    ms = lambda client, text: ns(client, text, "MemoServ")
    assert ms(ann, f"SEND {bob.nick} see you   at noon") == ["The memo is left."]
    assert "You have a new memo. READ LAST shows it." in bob.sync().text
    assert ms(ann, f"SEND {bob.nick} or later {'word ' * 30}end") == ["The memo is left."]
    bob.sync()
    assert len(ms(bob, "LIST")) == 3
    assert ms(bob, "READ 1")[0].endswith(": see you at noon") and f"from {ann.nick}," in ms(bob, "READ 1")[0]
    assert ms(bob, "READ LAST")[0].endswith(": or later " + "word " * 30 + "end")
    late, _ = login(accounts, sasl.plain, ann.nick, PASSWORD)
    late.ask("CAP END")
    assert "You have 2 memos" in sasl.plain(late, bob.nick, PASSWORD).text
    assert ms(bob, "DEL 1") == ["Done."]
    assert ": or later word" in ms(bob, "READ 1")[0]
    assert ms(bob, "DEL ALL") == ["Done."] and ms(bob, "LIST") == ["You have 0 memos."]
    assert ms(bob, "READ 1") == ms(bob, "DEL 3") == ms(bob, "READ x") == ["There is no such memo."]
    assert ms(ann, "SEND nobody hello") == ["There is no such account."]
    for _ in range(20):
        ms(ann, f"SEND {bob.nick} again")
    assert ms(ann, f"SEND {bob.nick} again") == ["That account has as many memos as it may."]


def test_saregister(accounts):
    """By an operator, for somebody who is not here; the password is in no log."""
    op, client, name = accounts.client(), accounts.client(), fresh("given")
    assert client.ask(f"NS SAREGISTER {name} secretword").one("481")
    assert op.ask("OPER root secret").one("381")
    assert ns(op, f"SAREGISTER {name} short") == [f"{name}: The password is too short"]
    assert ns(op, f"SAREGISTER {name} secretword more@example.org and") != []
    assert ns(op, f"SAREGISTER {name} secretword") == [f"{name}: Account successfully registered"]
    assert account_of(client, op.nick) is None, "it logs nobody in"
    assert login(accounts, sasl.plain, name, "secretword")[1].of("900", "903")
    assert ns(op, f"SAREGISTER {name} secretword") == [f"{name}: Somebody has this account already"]
    accounts.wait_log(f"NickServ SAREGISTER of {name}")
    assert "secretword" not in accounts.log


@pytest.mark.parametrize("line", ["ALWAYSON on", "ALWAYSON true", "ALWAYS-ON on", "always-on true"])
def test_words_of_elsewhere(accounts, line):
    owner = make(accounts)
    assert ns(owner, f"SET {line}") == ["Done."] and "Always on: yes" in ns(owner, "INFO")
    assert ns(owner, "SET ALWAYSON false") == ["Done."] and "Always on: no" in ns(owner, "INFO")

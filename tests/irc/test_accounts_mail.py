"""E-mail: addresses that are proved, passwords that are set anew, and what becomes of mails that cannot be sent."""

import signal

import pytest

import sasl
from harness import FAST, binary_names, fresh, run_chatd
from mailbox import Relay, Sendmail, code_of

CAPS = "sasl draft/account-registration labeled-response batch"
PASSWORD, NEW = "correcthorse", "batterystaple"
HELP_TEXT = "If there is such an account, and it has an e-mail address, a code is on its way there."


@pytest.fixture
def letters(tmp_path):
    return Sendmail(tmp_path)


def settings(how, accounts="email_verify = yes\npassword_reset = yes\n", mail=""):
    return (
        f"{FAST}[accounts]\niterations = 4096\n{accounts}"
        f"[mail]\nfrom = chat@irc.example.org\n{how}\nper_hour = 100\n{mail}"
    )


@pytest.fixture
def mailing(start, letters):
    return start(settings(f"command = {letters.command}"))


def register(daemon, address="ann@example.org", stem="acc", password=PASSWORD):
    client = daemon.client(stem, caps=CAPS)
    return client, client.ask(f"REGISTER * {address} :{password}")


def verified(daemon, letters, address="ann@example.org"):
    before = len(letters.all())
    client, _ = register(daemon, address)
    assert client.ask(f"VERIFY {client.nick} {letters.code(before + 1)}").one("VERIFY").params[0] == "SUCCESS"
    return client


def notices(said):
    return [m.params[-1] for m in said.of("NOTICE")]


def plain(daemon, account, password=PASSWORD):
    client = daemon.client("in", caps=CAPS)
    return sasl.plain(client, account, password)


def test_mails_are_in_the_language_of_the_account(mailing, letters):
    client = mailing.client("acc", caps=CAPS)
    client.ask("NS SET LANGUAGE es")
    said = client.ask(f"REGISTER * ann@example.org :{PASSWORD}").one("REGISTER").params
    assert said[-1] == "Cuenta creada; va de camino a ann@example.org un código para confirmarla con VERIFY"
    mail = letters.wait()
    assert mail["Subject"] == "Confirma tu dirección de correo" and mail.get_content().startswith("Hola:\n\nAlguien,")
    assert client.ask(f"VERIFY {client.nick} {code_of(mail)}").of("900")
    client.ask("NS SET LANGUAGE es")
    mailing.client().ask(f"NS SENDPASS {client.nick}")
    mail = letters.wait(2)
    assert mail["Subject"] == "Una contraseña nueva para tu cuenta"
    assert f"/msg NickServ RESETPASS {client.nick} {code_of(mail)} <contraseña nueva>\n" in mail.get_content()


def test_register_and_verify(mailing, letters):
    client, said = register(mailing)
    answer = said.one("REGISTER")
    assert answer.params[:2] == ["VERIFICATION_REQUIRED", client.nick] and not said.of("900")
    mail = letters.wait()
    assert mail["To"] == "ann@example.org" and mail["From"] == "chat@irc.example.org"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"] and mail["Message-ID"]
    assert client.nick in mail.get_content()
    assert (letters.folder / "arguments").read_text() == "-t\n-i\n"
    names = {line.split("=")[0] for line in (letters.folder / "environment").read_text().splitlines()}
    assert names <= {"PATH", "LC_ALL", "PWD", "SHLVL", "_", "OLDPWD"}
    assert plain(mailing, client.nick).one("904").params[-1].endswith("This account has not been verified yet")
    assert sasl.scram(mailing.client("in", caps=CAPS), client.nick, PASSWORD).of("904")
    said = client.ask(f"VERIFY {client.nick} {code_of(mail).lower()}")
    assert said.one("VERIFY").params[:2] == ["SUCCESS", client.nick] and said.of("900")
    assert plain(mailing, client.nick).commands == ["900", "903"]
    other = mailing.client("other", caps=CAPS)
    assert other.ask(f"VERIFY {client.nick} {code_of(mail)}").one("FAIL").params[1] == "INVALID_CODE"


def test_capability(mailing, start, letters):
    client = mailing.connect("c")
    assert "email-required" not in client.ask("CAP LS 302").text
    daemon = start(settings(f"command = {letters.command}", "email_verify = yes\nemail_required = yes\n"))
    client = daemon.client("c", caps=CAPS)
    assert "email-required" in client.ask("CAP LS 302").text
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("FAIL").params[1] == "INVALID_EMAIL"


def test_an_address_is_not_needed(mailing):
    client, said = register(mailing, "*")
    assert said.one("REGISTER").params[:2] == ["SUCCESS", client.nick] and said.of("900")


def test_before_connect(mailing, letters):
    client = mailing.connect("early")
    said = client.ask("CAP LS 302", f"CAP REQ :{CAPS}", "NICK early", "USER u 0 * :r", f"REGISTER * a@example.org {PASSWORD}")
    assert said.one("REGISTER").params[0] == "VERIFICATION_REQUIRED"
    said = client.ask(f"VERIFY early {letters.code()}", "CAP END")
    assert said.one("VERIFY").params[0] == "SUCCESS" and said.of("900") and said.of("001")


def test_wrong_codes(mailing, letters):
    client, _ = register(mailing)
    code = letters.code()
    wrong = ("A" if code[0] != "A" else "B") + code[1:]
    for text in (wrong, code[:-1], code + "A", "x"):
        assert client.ask(f"VERIFY {client.nick} {text}").one("FAIL").params[1] == "INVALID_CODE"
    assert client.ask(f"VERIFY {client.nick} {code}").one("VERIFY").params[0] == "SUCCESS"


def test_guesses_are_bounded(start, letters):
    daemon = start(settings(f"command = {letters.command}", "email_verify = yes\nattempts = 3\n"))
    client, _ = register(daemon)
    code = letters.code()
    for _ in range(3):
        client.ask(f"VERIFY {client.nick} AAAAAAAAAAAAAAAA")
    assert client.ask(f"VERIFY {client.nick} {code}").one("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"


@pytest.mark.parametrize(
    "address",
    [
        "a@b", "@example.org", "a@", "a@@example.org", "a@b@example.org", "-a@example.org", ".a@example.org",
        "a.@example.org", "a..b@example.org", "a@example..org", "a@-example.org", "a@example.org.", "a@exa_mple.org",
        "a,b@example.org", "a;b@example.org", "<a@example.org>", "a@example.org>", '"a"@example.org', "a|b@example.org",
        "a!b@example.org", "a%b@example.org", "a`b@example.org", "a\\b@example.org", "a(b)@example.org", "a@[127.0.0.1]",
        "a\x01b@example.org", "a\tb@example.org", "\u00e4@example.org", "x" * 65 + "@example.org", "a@" + "x" * 64 + ".org",
    ],
)  # fmt: skip
def test_addresses_that_are_none(mailing, address):
    _, said = register(mailing, address)
    assert said.one("FAIL").params[1] == "INVALID_EMAIL"


@pytest.mark.parametrize("address", ["a.b+c@example.org", "A_1=2-3@sub.example.org", "1@1.2.example"])
def test_addresses(mailing, letters, address):
    register(mailing, address)
    assert letters.wait()["To"] == address


def test_an_account_that_nobody_proves_expires(start, letters):
    daemon = start(settings(f"command = {letters.command}", "email_verify = yes\n", "verify_time = 1s\n"))
    client, _ = register(daemon)
    code = letters.code()
    daemon.wait_log("CHATD_EVENT=account-expired")
    assert client.ask(f"VERIFY {client.nick} {code}").one("FAIL").params[1] == "INVALID_CODE"
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"


def test_it_waits_over_a_restart(mailing, letters):
    daemon = mailing
    client, _ = register(daemon)
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_log("CHATD_EVENT=handover ")
    assert plain(daemon, client.nick).of("904")
    assert client.ask(f"VERIFY {client.nick} {letters.code()}").one("VERIFY").params[0] == "SUCCESS"


def test_nobody_is_kept_from_the_nick(mailing, letters):
    client, _ = register(mailing)
    letters.wait()
    nick = client.nick
    client.ask(f"NICK {fresh('x')}")
    other = mailing.client("other")
    assert other.ask(f"NICK {nick}").one("NICK").params == [nick]


@pytest.mark.parametrize("ends", ["exit 1", "kill -9 $$", "sleep 600 & sleep 600"])
def test_a_mail_that_fails(start, tmp_path, ends):
    letters = Sendmail(tmp_path, ends)
    daemon = start(settings(f"command = {letters.command}", mail="timeout = 1s\n"))
    client, said = register(daemon)
    assert said.one("REGISTER").params[0] == "VERIFICATION_REQUIRED"
    entry = daemon.wait_log("CHATD_EVENT=mail-failed")
    assert letters.code() not in daemon.log and client.nick in entry
    assert "could not be sent" in client.wait("NOTICE").params[-1]
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS", "the name is free again"


def test_no_such_command(start):
    daemon = start(settings("command = /nowhere/sendmail"))
    client, _ = register(daemon)
    daemon.wait_log("CHATD_EVENT=mail-failed")
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"


def test_mails_are_bounded(start, letters):
    daemon = start(settings(f"command = {letters.command}", mail="").replace("per_hour = 100", "per_hour = 2"))
    for n in range(2):
        assert register(daemon, f"a{n}@example.org")[1].of("REGISTER")
    assert register(daemon)[1].one("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"
    letters.wait(2)
    assert register(daemon, "*")[1].of("900")


def test_set_email(mailing, letters):
    client = verified(mailing, letters, "old@example.org")
    assert "on its way" in notices(client.ask("NS SET EMAIL new@example.org"))[0]
    assert "E-mail: old@example.org" in notices(client.ask("NS INFO"))
    assert letters.wait(2)["To"] == "new@example.org"
    assert "not, or no more" in notices(client.ask(f"NS VERIFY {client.nick} AAAAAAAAAAAAAAAA"))[0]
    assert notices(client.ask(f"NS VERIFY {client.nick} {letters.code(2)}")) == ["Done."]
    assert "E-mail: new@example.org" in notices(client.ask("NS INFO"))
    assert "not, or no more" in notices(client.ask(f"NS VERIFY {client.nick} {letters.code(2)}"))[0]
    assert notices(client.ask("NS SET EMAIL nowhere")) == ["That is no e-mail address."]


def test_reset(mailing, letters):
    client = verified(mailing, letters)
    other = mailing.client("other", caps=CAPS)
    assert notices(other.ask(f"NS SENDPASS {client.nick}")) == [HELP_TEXT]
    code = letters.code(2)
    assert "RESETPASS" in letters.wait(2).get_content()
    assert "short" in notices(other.ask(f"NS RESETPASS {client.nick} {code} x"))[0]
    assert "not, or no more" in notices(other.ask(f"NS RESETPASS {client.nick} AAAAAAAAAAAAAAAA {NEW}"))[0]
    assert notices(other.ask(f"NS RESETPASS {client.nick} {code} {NEW}")) == ["The password is changed."]
    assert "not, or no more" in notices(other.ask(f"NS RESETPASS {client.nick} {code} {NEW}x"))[0]
    assert plain(mailing, client.nick).of("904") and plain(mailing, client.nick, NEW).of("903")
    assert "CHATD_EVENT=password-reset" in mailing.log
    for secret in (code, NEW, PASSWORD):
        assert secret not in mailing.log


def test_nobody_learns_who_is_there(mailing, letters):
    """An account without an address, one that waits, one that is suspended, and none at all: all the same."""
    bare, _ = register(mailing, "*")
    waiting, _ = register(mailing)
    letters.wait(1)
    asker = mailing.client("asker", caps=CAPS)
    for name in (bare.nick, waiting.nick, "nobody"):
        assert notices(asker.ask(f"NS SENDPASS {name}")) == [HELP_TEXT]
        said = notices(asker.ask(f"NS RESETPASS {name} AAAAAAAAAAAAAAAA {NEW}"))
        assert said == ["This code is not, or no more, the right one."]
    assert len(letters.all()) == 1


def test_a_new_code_takes_the_place_of_the_old(mailing, letters):
    client = verified(mailing, letters)
    client.ask(f"NS SENDPASS {client.nick}", f"NS SENDPASS {client.nick}")
    letters.wait(3)
    codes = [code_of(mail) for mail in letters.all()[1:]]
    said = [notices(client.ask(f"NS RESETPASS {client.nick} {code} {NEW}"))[0] for code in codes]
    assert sorted(s[:8] for s in said) == ["The pass", "This cod"]


def test_off_by_default(start):
    daemon = start(FAST + "[accounts]\niterations = 4096\n")
    client, said = register(daemon)
    assert said.one("REGISTER").params[0] == "SUCCESS"
    assert "not set anew by mail" in notices(client.ask(f"NS SENDPASS {client.nick}"))[0]
    assert "not set anew by mail" in notices(client.ask(f"NS RESETPASS {client.nick} AAAAAAAAAAAAAAAA {NEW}"))[0]
    assert notices(client.ask("NS SET EMAIL b@example.org")) == ["Done."]


HAS_CURL = binary_names(b"libcurl.so")
RELAYS = pytest.mark.skipif(not HAS_CURL, reason="built without libcurl")


def test_a_relay_is_refused_by_a_program_that_has_none(tmp_path):
    path = tmp_path / "chatd.conf"
    path.write_text(settings("relay = smtp://127.0.0.1:25"))
    done = run_chatd("-c", str(path), "--check-config")
    if HAS_CURL:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 78 and "built without relays; name a command" in done.stderr


@RELAYS
def test_relay(start):
    relay = Relay()
    daemon = start(settings(f"relay = {relay.url}"))
    client = verified(daemon, relay)
    assert [line for line in relay.said if line[:4] in (b"MAIL", b"RCPT")] == [
        line for line in relay.said if b"<chat@irc.example.org>" in line or b"<ann@example.org>" in line
    ]
    assert relay.mails[0].count(b"\n") == relay.mails[0].count(b"\r\n")
    assert plain(daemon, client.nick).of("903")
    relay.close()


@RELAYS
@pytest.mark.parametrize("refuses", [b"RCPT", b"MAIL"])
def test_a_relay_that_refuses(start, refuses):
    relay = Relay(refuses)
    daemon = start(settings(f"relay = {relay.url}"))
    client, _ = register(daemon)
    daemon.wait_log("CHATD_EVENT=mail-failed")
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    relay.close()


@RELAYS
def test_a_relay_that_is_silent_keeps_nobody_waiting(start):
    """People are served, log in, and the server ends, while it says nothing."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "smtp://127.0.0.1:%d" % silent.getsockname()[1]
        daemon = start(settings(f"relay = {url}", mail="timeout = 300s\n"))
        register(daemon)
        _, said = register(daemon, "*")
        assert said.of("900")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait() == 0

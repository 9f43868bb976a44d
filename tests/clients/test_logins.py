"""irssi and weechat log in to an account with each mechanism that they know for a password."""

import pytest

from harness import fresh
from test_clients import Irssi, Weechat, converse

PASSWORD = "correct-horse"


@pytest.fixture
def account(server):
    """The name of an account whose owner is not here."""
    client = server.client("account", caps="draft/account-registration")
    assert client.ask(f"REGISTER * * {PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    client.send("QUIT").rest()
    return client.nick


def logged_in(server, account, mechanism):
    server.wait_log(rf"login \({mechanism}\): account {account} from")


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_weechat(server, peer, program, tmp_path, account, mechanism):
    login = [
        f"/set irc.server.test.sasl_mechanism {mechanism}",
        f"/set irc.server.test.sasl_username {account}",
        f"/set irc.server.test.sasl_password {PASSWORD}",
    ]
    nick = fresh("wee")
    weechat = Weechat(program("weechat-headless"), server, nick, tmp_path, login)
    try:
        converse(peer, nick, weechat)
    finally:
        weechat.close()
    logged_in(server, account, mechanism.upper())


def test_irssi(server, peer, program, tmp_path, account):
    nick = fresh("irssi")
    more = (
        f'servers = ({{ address = "{server.tcp[0]}"; chatnet = "test"; port = "{server.tcp[1]}"; }});\n'
        f'chatnets = {{ test = {{ type = "IRC"; sasl_mechanism = "plain"; sasl_username = "{account}"; '
        f'sasl_password = "{PASSWORD}"; }}; }};\n'
    )
    irssi = Irssi(program("irssi"), server, nick, tmp_path, more)
    try:
        converse(peer, nick, irssi)
    finally:
        irssi.close()
    logged_in(server, account, "PLAIN")

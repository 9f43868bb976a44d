"""RELAYMSG: operators of a channel speak for people of elsewhere."""

import pytest

CAPS = "echo-message message-tags account-tag draft/relaymsg"


@pytest.fixture
def pair(server):
    a, b = server.client(caps=CAPS), server.client(caps="message-tags")
    return a, b, server.channel(a, b)


def test_for_somebody_of_elsewhere(pair):
    a, b, channel = pair
    echo = a.ask(f"RELAYMSG {channel} ann/matrix :hello").one("PRIVMSG")
    assert echo.source.startswith("ann/matrix!") and echo.params == [channel, "hello"]
    assert echo.tags["draft/relaymsg"] == a.nick
    heard = b.sync().one("PRIVMSG")
    assert heard.source == echo.source and heard.tags["msgid"] == echo.tags["msgid"]
    assert "draft/relaymsg" not in heard.tags


@pytest.mark.parametrize("name", ["plain", "a!b/c", "/x", "x/", "a b/c", "@a/b", "a/b*", "\x01/b", "x" * 60 + "/b", "+a/b"])
def test_names_that_could_be_somebody_elses(pair, name):
    a, _, channel = pair
    assert a.ask(f"RELAYMSG {channel} {name} :hello").one("FAIL").params[:2] == ["RELAYMSG", "INVALID_NICK"]


def test_who_may(pair, server):
    a, b, channel = pair
    assert b.ask(f"RELAYMSG {channel} ann/matrix :hello").one("FAIL").params[1] == "PRIVS_NEEDED"
    stranger = server.client()
    a.ask(f"MODE {channel} +s")
    assert stranger.ask(f"RELAYMSG {channel} ann/matrix :hello").one("403")
    assert stranger.ask("RELAYMSG #nowhere ann/matrix :hello").one("403")
    a.ask(f"MODE {channel} +b {a.nick}!*@*")
    assert not a.sync()


def test_nothing_to_say(pair):
    a, _, channel = pair
    assert a.ask(f"RELAYMSG {channel} ann/matrix :").one("FAIL").params[1] == "BLANK_MSG"

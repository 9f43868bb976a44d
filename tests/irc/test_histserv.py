"""HistServ: history for those whose clients know none, and an end to one's own."""

import pytest

from harness import FAST, chan, fresh

CAPS = "message-tags batch server-time echo-message draft/chathistory draft/search"


@pytest.fixture(params=["disk", "memory"])
def daemon(request, start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    return start(FAST + (f"[server]\nstate = {state}\n" if request.param == "disk" else ""))


def hs(client, text):
    client.sync()
    return client.ask(f"PRIVMSG HistServ :{text}")


def texts(lines):
    return [m.params[1] for m in lines.of("PRIVMSG")]


def test_play_and_search(daemon):
    a, b, out = (daemon.client(stem) for stem in "abo")
    channel = daemon.channel(a, b)
    a.ask(*(f"PRIVMSG {channel} :line number {n}" for n in range(5)))
    assert [t.split("] ")[-1][-13:] for t in texts(hs(b, f"PLAY {channel} 2"))] == ["line number 3", "line number 4"]
    assert [t[-13:] for t in texts(hs(b, f"SEARCH {channel} number 1"))] == ["line number 1"]
    assert [t[-13:] for t in texts(hs(b, "SEARCH * LINE 4"))] == ["line number 4"]
    assert texts(hs(out, "SEARCH * line")) == []
    for where in (channel, chan()):
        for command in (f"PLAY {where} 5", f"SEARCH {where} line"):
            assert hs(out, command).one("NOTICE").params[1] == "There is no such channel, or you may not read it."
    for number in ("0", "-1", "abc"):
        assert "no number" in hs(b, f"PLAY {channel} {number}").one("NOTICE").params[1]


def test_forget(daemon):
    a, b = daemon.client("a", caps=CAPS), daemon.client("b", caps=CAPS)
    channel = daemon.channel(a, b)
    assert "logged in" in hs(a, "FORGET").one("NOTICE").params[1]
    a.ask(f"PRIVMSG {channel} :as a guest", f"REGISTER * * password-{a.nick}")
    a.ask(*(f"PRIVMSG {channel} :mine {n}" for n in range(200)))
    a.sync(), b.sync()
    b.ask(f"PRIVMSG {channel} :yours")
    code = hs(a, "FORGET").one("NOTICE").params[1].split("FORGET ")[1].split()[0]
    assert "not the code" in hs(a, "FORGET 00000000").one("NOTICE").params[1]
    assert hs(a, f"FORGET {code}").one("NOTICE").params[1] == "It is being deleted."
    a.ask(f"PRIVMSG {channel} :afterwards")
    b.sync()
    while texts(b.ask("SEARCH text=mine")):
        pass
    assert texts(b.ask(f"CHATHISTORY LATEST {channel} * 500")) == ["as a guest", "yours", "afterwards"]


def test_forget_spares_who_had_the_account_before(daemon):
    a, heir, reader = (daemon.client(stem, caps=CAPS) for stem in "ahr")
    channel = daemon.channel(a, heir, reader)
    account, before = fresh("acc"), heir.nick
    a.ask(f"NICK {account}", f"REGISTER * * password-{a.nick}")
    a.ask(f"PRIVMSG {channel} :of the first")
    code = a.ask(f"PRIVMSG NickServ :DROP {account}").one("NOTICE").params[1].split()[-1]
    assert "no more" in a.ask(f"PRIVMSG NickServ :DROP {account} {code}").of("NOTICE")[-1].params[1]
    a.ask(f"NICK {a.nick}x")
    heir.ask(f"NICK {account}", f"REGISTER * * password-{before}")
    heir.ask(f"PRIVMSG {channel} :of the heir")
    reader.sync()
    code = hs(heir, "FORGET").one("NOTICE").params[1].split("FORGET ")[1].split()[0]
    assert hs(heir, f"FORGET {code}").one("NOTICE").params[1] == "It is being deleted."
    while texts(reader.ask("SEARCH text=heir")):
        pass
    assert texts(reader.ask(f"CHATHISTORY LATEST {channel} * 50")) == ["of the first"]


def test_names(daemon):
    c = daemon.client("c")
    assert c.ask("NICK HistServ").of("432", "433")
    assert len(c.ask("HISTSERV HELP").of("NOTICE")) >= 4

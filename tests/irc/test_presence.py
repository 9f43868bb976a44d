"""AWAY, SETNAME, MONITOR, and who is told of what others do."""

import pytest

from harness import FAST, SERVER, chan, fresh, wait_until


def test_away_and_back(server):
    c, other = server.client("c"), server.client("o")
    assert c.ask("AWAY :gone fishing").commands == ["306"]
    assert other.ask(f"WHOIS {c.nick}").one("301").params[1:] == [c.nick, "gone fishing"]
    assert other.ask(f"USERHOST {c.nick}").one("302").params[1] == f"{c.nick}=-user@127.0.0.1"
    assert c.ask("AWAY").commands == ["305"]
    assert other.ask(f"WHOIS {c.nick}").no("301")
    assert c.ask("AWAY :").commands == ["305"]


def test_away_text_is_cut_on_a_code_point(server):
    c = server.client("c")
    c.ask("AWAY :x" + "ä" * 150)
    assert c.ask(f"WHOIS {c.nick}").one("301").params[2] == "x" + "ä" * 99


def test_away_notify(server):
    watcher, plain, c = server.client("w", "away-notify"), server.client("p"), server.client("c")
    stranger = server.client("s", "away-notify")
    server.channel(c, watcher, plain)
    server.channel(c, watcher, plain)
    c.ask("AWAY :x")
    m = watcher.sync().one("AWAY")
    assert m.source == f"{c.nick}!user@127.0.0.1" and m.params == ["x"]
    c.ask("AWAY")
    assert watcher.sync().one("AWAY").params == []
    assert not plain.sync() and not stranger.sync()


def test_setname(server):
    c, peer, plain = server.client("c", "setname"), server.client("p", "setname"), server.client("q")
    server.channel(c, peer, plain)
    assert c.ask("SETNAME :Somebody Else").one("SETNAME").params == ["Somebody Else"]
    assert peer.sync().one("SETNAME").source == f"{c.nick}!user@127.0.0.1"
    assert not plain.sync()
    assert plain.ask(f"WHOIS {c.nick}").one("311").params[-1] == "Somebody Else"


def test_setname_refused(server):
    c = server.client("c", "setname standard-replies")
    for line in ("SETNAME :", "SETNAME :" + "x" * 129):
        assert c.ask(line).one("FAIL").params[:2] == ["SETNAME", "INVALID_REALNAME"]
    assert c.ask("SETNAME").commands == ["461"]
    assert c.ask("SETNAME :" + "x" * 128).one("SETNAME")


def test_invite_notify(server):
    op, half, plain, guest = (server.client(stem, "invite-notify") for stem in "ohpg")
    channel = server.channel(op, half, plain)
    op.ask(f"MODE {channel} +h {half.nick}")
    half.sync(), plain.sync()
    op.ask(f"INVITE {guest.nick} {channel}")
    m = half.sync().one("INVITE")
    assert m.source == f"{op.nick}!user@127.0.0.1" and m.params == [guest.nick, channel]
    assert not plain.sync() and guest.sync().one("INVITE")


def test_monitor_comings_and_goings(server):
    c = server.client("c")
    nick, other = fresh("watched"), server.client("Other")
    said = c.ask(f"MONITOR + {nick},{other.nick.upper()}")
    assert said.one("731").params[1] == nick
    assert said.one("730").params[1] == f"{other.nick}!user@127.0.0.1"
    one = server.client(nick=nick)
    assert c.sync().one("730").params[1] == f"{nick}!user@127.0.0.1"
    new = fresh("new")
    one.ask(f"NICK {new}")
    assert c.sync().one("731").params[1] == nick
    one.ask(f"NICK {nick.upper()}")
    assert c.sync().one("730").params[1].startswith(nick.upper() + "!")
    one.ask(f"NICK {nick}")
    assert not c.sync()
    one.send("QUIT")
    one.rest()
    assert c.sync().one("731").params[1] == nick


def test_monitor_list(server):
    c = server.client("c")
    a, b = fresh("Aa"), fresh("Bb")
    c.ask(f"MONITOR + {a},{b},{a.lower()}")
    assert sorted(c.ask("MONITOR L").one("732").params[1].split(",")) == sorted([a, b])
    assert sorted(c.ask("MONITOR S").one("731").params[1].split(",")) == sorted([a, b])
    assert not c.ask(f"MONITOR - {a.upper()},nobody")
    assert c.ask("monitor l").one("732").params[1] == b
    assert not c.ask("MONITOR C")
    assert c.ask("MONITOR L").commands == ["733"]
    server.client(nick=b)
    assert not c.sync()


def test_monitor_full(start):
    server = start(FAST + "monitor = 3\n")
    c = server.client("c")
    said = c.ask("MONITOR + a,b,c,d,e", "MONITOR + a")
    assert said.one("734").params[1:3] == ["3", "d,e"]
    assert len(c.ask("MONITOR L").one("732").params[1].split(",")) == 3
    assert "MONITOR=3" in c.transcript.of("005").text


def test_monitor_wrong_uses(server):
    c = server.client("c")
    assert c.ask("MONITOR", "MONITOR +", "MONITOR -", "MONITOR + :").commands == ["461"] * 4
    assert c.ask("MONITOR Q").commands == ["400"]
    assert not c.ask("MONITOR + *!*@*,1bad,a*")
    assert c.ask("MONITOR L").commands == ["733"]


def test_monitor_of_many_fits_its_lines(server):
    c = server.client("c")
    nicks = [fresh("n").ljust(28, "x") for _ in range(60)]
    for i in range(0, 60, 15):
        c.ask("MONITOR + " + ",".join(nicks[i : i + 15]))
    said = c.ask("MONITOR L")
    assert len(said.of("732")) > 3 and all(len(m.raw) <= 510 for m in said)
    assert sorted(n for m in said.of("732") for n in m.params[1].split(",")) == sorted(nicks)


def test_extended_monitor(server):
    watcher = server.client("w", "extended-monitor away-notify setname")
    plain, c = server.client("p", "away-notify setname"), server.client("c")
    for client in (watcher, plain):
        client.ask(f"MONITOR + {c.nick}")
    c.ask("AWAY :x", "SETNAME :Other", "AWAY")
    said = watcher.sync()
    assert said.commands == ["AWAY", "SETNAME", "AWAY"] and {m.source for m in said} == {f"{c.nick}!user@127.0.0.1"}
    assert not plain.sync()
    server.channel(c, watcher)
    watcher.sync()
    c.ask("AWAY :once")
    assert watcher.sync().one("AWAY")


def test_a_watcher_leaves_nothing_behind(server):
    nick = fresh("watched")
    watcher = server.client("w")
    watcher.ask(f"MONITOR + {nick}")
    watcher.close()
    probe = server.client("p")
    wait_until(lambda: probe.ask(f"WHOIS {watcher.nick}").of("401"), "the watcher to be gone")
    c = server.client(nick=nick)
    assert c.ask("PING x").one("PONG").source == SERVER


@pytest.mark.parametrize("how", ["QUIT :x", "JOIN 0", "PART {channel}", "NICK {new}"])
def test_everybody_is_told_once(server, how):
    c, peer = server.client("c"), server.client("p")
    channels = [server.channel(c, peer) for _ in range(3)]
    c.send(how.format(channel=channels[0], new=fresh("new")), "PING sent")
    c.until(lambda m: m.command in ("PONG", "ERROR"))
    said = peer.sync()
    assert len(said) == (3 if how.startswith("JOIN") else 1)


def test_no_news_of_strangers(server):
    quiet, c = server.client("q", "away-notify setname invite-notify"), server.client("c")
    server.channel(quiet)
    channel = chan()
    c.ask(f"JOIN {channel}", f"TOPIC {channel} :x", "AWAY :x", "SETNAME :y", f"NICK {fresh('n')}", f"PART {channel}")
    c.close()
    assert not quiet.sync()

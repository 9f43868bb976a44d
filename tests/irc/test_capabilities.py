"""CAP, and the capabilities that show in how things are said."""

import re

import pytest

import sasl
from harness import ALL_CAPS, chan, fresh

DRAFTS = "draft/multiline draft/extended-isupport draft/no-implicit-names no-implicit-names draft/pre-away"
OFFERED = set(f"{ALL_CAPS} {DRAFTS}".split())


def capabilities(said, sub):
    words = []
    for m in said.of("CAP"):
        assert m.params[1] == sub
        words += m.params[-1].split()
    return words


def test_ls(server):
    c = server.connect()
    said = c.ask("CAP LS 302")
    assert {w.split("=")[0] for w in capabilities(said, "LS")} >= OFFERED
    for m in said[:-1]:
        assert m.params[2] == "*"
    assert len(said[-1].params) == 3


def test_ls_of_old_clients_is_one_line_without_values(server):
    said = server.connect().ask("CAP LS")
    m = said.one("CAP")
    assert len(m.params) == 3 and "=" not in m.params[2]
    assert server.connect().ask("CAP LS 301").one("CAP")


def test_registration_waits_for_end(server):
    c = server.connect(fresh("nick"))
    assert c.ask("CAP LS 302", f"NICK {c.nick}", "USER u 0 * :r").no("001")
    assert c.ask("CAP REQ :server-time").no("001")
    assert c.ask("CAP END").of("001")


def test_req_alone_makes_registration_wait_too(server):
    c = server.connect(fresh("nick"))
    assert c.ask("CAP REQ :multi-prefix", f"NICK {c.nick}", "USER u 0 * :r").commands == ["CAP"]
    assert c.ask("CAP END").of("001")


def test_req_is_all_or_nothing(server):
    c = server.client()
    said = c.ask("CAP REQ :multi-prefix nonsense", "CAP LIST")
    assert said[0].params[1:] == ["NAK", "multi-prefix nonsense"]
    assert said[1].params[1:] == ["LIST", ""]
    said = c.ask("CAP REQ :multi-prefix away-notify", "CAP LIST", "CAP REQ :-multi-prefix", "CAP LIST")
    assert said[0].params[1] == "ACK"
    assert set(said[1].params[-1].split()) == {"multi-prefix", "away-notify"}
    assert said[2].params[1:] == ["ACK", "-multi-prefix"]
    assert said[3].params[-1].split() == ["away-notify"]


def test_cap_notify_comes_with_302_and_stays(server):
    c = server.connect()
    said = c.ask("CAP LS 302", "CAP LIST", "CAP REQ :-cap-notify", "CAP LIST")
    lists = [m for m in said if m.params[1] == "LIST"]
    assert [m.params[-1] for m in lists] == ["cap-notify", "cap-notify"]
    assert [m for m in said if m.params[1] == "NAK"]


def test_wrong_uses(server):
    c = server.connect()
    assert c.ask("CAP").commands == ["461"]
    assert c.ask("CAP NONSENSE").one("410").params[1] == "NONSENSE"
    assert c.ask("CAP END").commands == []
    assert c.ask("cap ls 302").of("CAP")


def test_ls_and_req_when_registered(server):
    c = server.client()
    assert c.ask("CAP LS 302").of("CAP")
    assert c.ask("CAP REQ :echo-message").one("CAP").params[:2] == [c.nick, "ACK"]
    assert c.ask(f"PRIVMSG {c.nick} :me").commands == ["PRIVMSG", "PRIVMSG"]
    assert not c.ask("CAP END")


def test_server_time_is_on_every_line(server):
    c = server.connect(fresh("nick"))
    said = c.register("server-time")
    said += c.ask(f"JOIN {chan()}", "MOTD", "WHO *", "NONSENSE", f"PRIVMSG {c.nick} :x")
    for m in said:
        if m.command != "CAP":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", m.tags["time"]), m.raw
    assert all(not m.tags for m in server.client().ask("MOTD"))


def test_multi_prefix(server):
    op, plain = server.client("op"), server.client("plain")
    many = server.client("many", "multi-prefix")
    channel = server.channel(op, plain, many)
    op.ask(f"MODE {channel} +v {op.nick}")
    assert f"@+{op.nick}" in many.ask(f"NAMES {channel}").one("353").params[-1].split()
    assert f"@{op.nick}" in plain.ask(f"NAMES {channel}").one("353").params[-1].split()
    assert [m.params[6] for m in many.ask(f"WHO {channel}").of("352") if m.params[5] == op.nick] == ["H@+"]
    assert f"@+{channel}" in many.ask(f"WHOIS {op.nick}").one("319").params[-1].split()
    assert f"@{channel}" in plain.ask(f"WHOIS {op.nick}").one("319").params[-1].split()


def test_userhost_in_names(server):
    c = server.client("c", "userhost-in-names")
    channel = chan()
    assert c.join(channel).one("353").params[-1] == f"@{c.nick}!user@127.0.0.1"


def test_extended_join(server):
    old, new, who = (
        server.client("old"),
        server.client("new", "extended-join"),
        server.client("who", realname="Who I Am"),
    )
    channel = server.channel(old, new)
    who.join(channel)
    assert old.sync().one("JOIN").params == [channel]
    assert new.sync().one("JOIN").params == [channel, "*", "Who I Am"]


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
def test_no_implicit_names(server, name):
    c = server.client("c", name)
    channel = chan()
    said = c.join(channel)
    assert said.commands == ["JOIN"]
    assert c.ask(f"NAMES {channel}").commands == ["353", "366"]


def test_extended_isupport(server):
    c = server.connect(fresh("nick"))
    assert c.ask("ISUPPORT").commands == ["451"]
    said = c.ask("CAP REQ :draft/extended-isupport", "ISUPPORT")
    assert set(said.commands) == {"CAP", "005"}
    plain = server.client()
    assert plain.ask("ISUPPORT").commands == ["421"]


def test_isupport_is_a_batch_for_those_who_know(server):
    c = server.connect(fresh("nick"))
    said = c.ask("CAP REQ :batch draft/extended-isupport", "ISUPPORT")
    begin, end = said.of("BATCH")
    assert begin.params[1] == "draft/isupport" and end.params == ["-" + begin.params[0][1:]]
    assert {m.tags["batch"] for m in said.of("005")} == {begin.params[0][1:]}
    burst = c.ask(f"NICK {c.nick}", "USER u 0 * :r", "CAP END")
    assert burst.of("005") and all("batch" in m.tags for m in burst.of("005"))
    assert not any("batch" in m.tags for m in burst.of("001") + burst.of("251"))


def test_addresses_in_isupport(start):
    icon, files = "https://a.example/i.svg", "https://a.example/up?to=x"
    daemon = start(f"[server]\nicon = {icon}\nfilehost = {files}\n")
    c = daemon.client()
    tokens = [t for m in c.ask("VERSION").of("005") for t in m.params[1:-1]]
    files = files.replace("=", "\\x3D")
    assert {f"draft/ICON={icon}", f"soju.im/FILEHOST={files}", f"draft/FILEHOST={files}"} <= set(tokens)


def test_pre_away(server):
    friend, c = server.client("friend"), server.connect(fresh("nick"))
    said = c.register("draft/pre-away", before=["AWAY :not here yet"])
    assert said.of("306")
    assert friend.ask(f"PRIVMSG {c.nick} :hello?").one("301").params[1:] == [c.nick, "not here yet"]
    without = server.connect()
    assert without.ask("AWAY :x").commands == ["451"]


def test_away_without_why_does_not_hide_why(start):
    daemon = start("[accounts]\niterations = 4096\n")
    friend, c = daemon.client("friend"), daemon.client(nick="ann", caps="draft/account-registration")
    assert c.ask("REGISTER * * :correcthorse").one("REGISTER").params[0] == "SUCCESS"
    other = daemon.connect("ann")
    other.ask("CAP LS 302", "CAP REQ :sasl draft/pre-away", "NICK ann", "USER u 0 * :r")
    sasl.plain(other, "ann", "correcthorse")
    other.ask("AWAY *", "CAP END")
    assert not friend.ask("PRIVMSG ann :hello?").of("301")
    c.ask("AWAY :lunch")
    assert friend.ask("PRIVMSG ann :hello?").one("301").params[-1] == "lunch"
    other.ask("AWAY *")
    assert friend.ask("PRIVMSG ann :hello?").one("301").params[-1] == "lunch"
    c.ask("AWAY *")
    assert friend.ask("PRIVMSG ann :hello?").one("301").params[-1] == "*"
    c.ask("AWAY")
    assert not friend.ask("PRIVMSG ann :hello?").of("301")


def test_away_notify_on_join(server):
    watcher, away = server.client("w", "away-notify"), server.client("a")
    plain = server.client("p")
    channel = server.channel(watcher, plain)
    away.ask("AWAY :shopping")
    away.join(channel)
    said = watcher.sync()
    assert said.commands == ["JOIN", "AWAY"] and said[1].params == ["shopping"]
    assert plain.sync().commands == ["JOIN"]


def test_standard_replies_for_invalid_utf8(server):
    c = server.client("c", "standard-replies")
    c.raw(b"PRIVMSG someone :\xff\xfe\r\n")
    assert c.sync().one("FAIL").params[:2] == ["PRIVMSG", "INVALID_UTF8"]


def test_a_capability_off_again_is_off(server):
    a, b = server.client("a", "away-notify"), server.client("b")
    server.channel(a, b)
    b.ask("AWAY :1")
    assert a.sync().one("AWAY")
    a.ask("CAP REQ :-away-notify")
    b.ask("AWAY :2")
    assert not a.sync()

"""WHO, WHOIS, WHOWAS, USERHOST, ISON, LIST: what they tell, and what they hide as if it did not exist."""

from harness import FAST, SERVER, chan, fresh

OPER = "[oper root]\npassword = pw\n" + FAST


def who_nicks(said):
    return sorted(m.params[5] for m in said.of("352"))


def test_who_of_a_channel(server):
    op, away = server.client("op"), server.client("away", realname="Gone Away")
    channel = server.channel(op, away)
    away.ask("AWAY :x")
    said = op.ask(f"WHO {channel}")
    rows = {m.params[5]: m.params for m in said.of("352")}
    assert rows[op.nick][1:5] == [channel, "user", "127.0.0.1", SERVER] and rows[op.nick][6] == "H@"
    assert rows[away.nick][6:] == ["G", "0 Gone Away"]
    assert said[-1].command == "315" and said[-1].params[1] == channel


def test_who_of_a_nick_and_of_nobody(server):
    a, b = server.client("a"), server.client("b")
    said = a.ask(f"WHO {b.nick}")
    assert who_nicks(said) == [b.nick] and said[0].params[1] == "*"
    absent = fresh("absent")
    assert a.ask(f"WHO {absent}").one("315").params[1] == absent


def test_who_by_mask(server):
    stem = fresh("mask")
    people = [server.client(nick=f"{stem}{letter}", username=stem + "u", realname=stem + "r") for letter in "xyz"]
    nicks = sorted(p.nick for p in people)
    for mask in (f"{stem}*", f"{stem}?", f"{stem}u*", f"*{stem}r", f"{stem}*!*@*", "*@127.0.0.*"):
        assert set(nicks) <= set(who_nicks(people[0].ask(f"WHO {mask}"))), mask
    assert who_nicks(people[0].ask(f"WHO {stem}y*")) == [f"{stem}y"]


def test_who_shows_the_invisible_to_their_peers_alone(server):
    hidden, peer, stranger = server.client("h"), server.client("p"), server.client("s")
    hidden.ask(f"MODE {hidden.nick} +i")
    channel = server.channel(hidden, peer)
    assert hidden.nick in who_nicks(peer.ask(f"WHO {hidden.nick}*"))
    assert who_nicks(stranger.ask(f"WHO {hidden.nick}*")) == []
    assert hidden.nick not in who_nicks(stranger.ask(f"WHO {channel}"))
    assert hidden.nick not in who_nicks(stranger.ask("WHO *"))


def test_whox(server):
    c, peer = server.client("c"), server.client("p", realname="Real Name")
    channel = server.channel(c, peer)
    said = c.ask(f"WHO {channel} %tcuihsnfdlaor,42")
    row = [m.params[1:] for m in said.of("354") if m.params[7] == peer.nick][0]
    assert row == [
        "42",
        channel,
        "user",
        "255.255.255.255",
        "127.0.0.1",
        SERVER,
        peer.nick,
        "H",
        "0",
        row[9],
        "0",
        "n/a",
        "Real Name",
    ]
    assert row[9].isdigit()
    own = [m.params for m in c.ask(f"WHO {c.nick} %in").of("354")]
    assert own == [[c.nick, "127.0.0.1", c.nick]]
    assert [m.params[1:] for m in c.ask(f"WHO {peer.nick} %na").of("354")] == [[peer.nick, "0"]]
    assert c.ask(f"WHO {peer.nick} %nt,12345").one("354").params[1] in ("123", "0")


def test_who_operators(start):
    server = start(OPER)
    op, c = server.client("op"), server.client("c")
    op.ask("OPER root pw")
    channel = server.channel(op, c)
    assert who_nicks(c.ask(f"WHO {channel} o")) == [op.nick]
    assert [m.params[6] for m in c.ask(f"WHO {channel} o").of("352")] == ["H*@"]


def test_whois(server):
    c, other = server.client("c"), server.client("o", realname="The Other")
    channel = server.channel(other, c)
    said = c.ask(f"WHOIS {other.nick.upper()}")
    assert said[0].command == "311" and said[0].params == [c.nick, other.nick, "user", "127.0.0.1", "*", "The Other"]
    assert said.one("319").params[2].split() == ["@" + channel]
    assert said.one("312").params[2] == SERVER
    assert int(said.one("317").params[2]) >= 0 and int(said.one("317").params[3]) > 1.6e9
    assert said[-1].command == "318"
    assert said.no("338", "378", "379", "313", "301")
    assert c.ask(f"WHOIS {c.nick}").one("338").params[2] == "127.0.0.1"
    assert c.ask(f"WHOIS {SERVER} {other.nick}").of("311")
    assert c.ask(f"WHOIS {other.nick} {other.nick}").of("311")


def test_whois_refused(server):
    c = server.client("c")
    absent = fresh("absent")
    assert c.ask("WHOIS", "WHOIS :").commands == ["431", "431"]
    assert [m.params[1] for m in c.ask(f"WHOIS {absent}")] == [absent, absent]
    assert c.ask(f"WHOIS no.such.server {c.nick}").commands == ["402"]


def test_whois_hides_secret_channels_and_channels_of_the_invisible(server):
    c, shared, stranger = server.client("c"), server.client("sh"), server.client("st")
    secret, public = server.channel(c, shared), server.channel(c)
    c.ask(f"MODE {secret} +s")
    assert stranger.ask(f"WHOIS {c.nick}").one("319").params[2].split() == ["@" + public]
    assert set(shared.ask(f"WHOIS {c.nick}").one("319").params[2].split()) == {"@" + secret, "@" + public}
    c.ask(f"MODE {c.nick} +i")
    assert stranger.ask(f"WHOIS {c.nick}").no("319")
    assert shared.ask(f"WHOIS {c.nick}").one("319").params[2].split() == ["@" + secret]


def test_whois_of_many_channels(server):
    c, other = server.client("c"), server.client("o")
    channels = [server.channel(other, name=chan("y" * 40)) for _ in range(20)]
    said = c.ask(f"WHOIS {other.nick}")
    assert sorted(w for m in said.of("319") for w in m.params[2].split()) == sorted("@" + name for name in channels)
    assert all(len(m.raw) <= 510 for m in said)


def test_operators_see_more(start):
    server = start(OPER)
    op, c = server.client("op"), server.client("c")
    channel = server.channel(c)
    c.ask(f"MODE {c.nick} +i")
    op.ask("OPER root pw")
    said = op.ask(f"WHOIS {c.nick}")
    assert said.one("338").params[2] == "127.0.0.1" and said.one("379").params[2].endswith("+i")
    assert said.one("319").params[2] == "@" + channel
    assert c.ask(f"WHOIS {op.nick}").one("313")
    assert c.nick in who_nicks(op.ask("WHO *"))


def test_whowas(server):
    nick = fresh("was")
    c = server.client("c")
    for realname in ("first", "second", "third"):
        one = server.client(nick=nick, realname=realname)
        one.send("QUIT")
        one.rest()
    said = c.ask(f"WHOWAS {nick.upper()}")
    assert [m.params[-1] for m in said.of("314")] == ["third", "second", "first"]
    assert said.of("312")[0].params[2] == SERVER and said[-1].command == "369"
    assert [m.params[-1] for m in c.ask(f"WHOWAS {nick} 1").of("314")] == ["third"]
    assert len(c.ask(f"WHOWAS {nick} 0").of("314")) == 3 == len(c.ask(f"WHOWAS {nick} -1").of("314"))
    assert c.ask(f"WHOWAS {fresh('never')}").commands == ["406", "369"]
    assert c.ask("WHOWAS").commands == ["431"]
    assert c.ask(f"WHOWAS {nick} 1 no.such.server").commands == ["402"]


def test_whowas_after_a_change_of_nick(server):
    c = server.client("c")
    old = c.nick
    c.ask(f"NICK {fresh('new')}")
    assert c.ask(f"WHOWAS {old}").of("314")


def test_userhost_and_ison(server):
    a, b = server.client("a"), server.client("b")
    absent = fresh("absent")
    assert a.ask(f"USERHOST {b.nick} {absent} {a.nick}").one("302").params[1].split() == [
        f"{b.nick}=+user@127.0.0.1",
        f"{a.nick}=+user@127.0.0.1",
    ]
    assert a.ask(f"USERHOST {' '.join([b.nick] * 8)}").one("302").params[1].count("=") == 5
    assert a.ask(f"ISON {absent} {b.nick.upper()}", f"ISON :{a.nick} {absent}").commands == ["303", "303"]
    assert a.transcript.of("303")[0].params[1].split() == [b.nick]
    assert a.ask(f"ISON {absent}").one("303").params[1] == ""
    assert a.ask("ISON", "USERHOST").commands == ["461", "461"]


def listed(said):
    assert said[0].command == "321" and said[-1].command == "323"
    return {m.params[1]: m.params[2:] for m in said.of("322")}


def test_list(server):
    a, b, stranger = server.client("a"), server.client("b"), server.client("s")
    one, two, secret = server.channel(a, b), server.channel(a), server.channel(a)
    a.ask(f"TOPIC {one} :about one", f"MODE {secret} +s")
    rows = listed(stranger.ask("LIST"))
    assert rows[one] == ["2", "about one"] and rows[two] == ["1", ""] and secret not in rows
    assert secret in listed(a.ask("LIST"))
    assert set(listed(stranger.ask(f"LIST {one},{secret},{chan()}"))) == {one}


def test_list_conditions(start):
    server = start(FAST)
    a, b, c = server.client("a"), server.client("b"), server.client("c")
    for client in (a, b, c):
        client.ask("JOIN #three")
    for client in (a, b):
        client.ask("JOIN #two")
    a.ask("JOIN #one", "TOPIC #two :x")
    for condition, expected in (
        (">1", {"#two", "#three"}),
        ("<3", {"#one", "#two"}),
        (">1,<3", {"#two"}),
        ("#t*", {"#two", "#three"}),
        ("!#t*", {"#one"}),
        ("*,!#t*", {"#one"}),
        (">2,#t*", {"#three"}),
        ("C<10", {"#one", "#two", "#three"}),
        ("C>10", set()),
        ("T<10", {"#two"}),
        ("T>10", set()),
        (">abc", set()),
        ("C<", set()),
        (">-1", set()),
        (">99999999999", set()),
        ("#one,#two", {"#one", "#two"}),
        ("#ONE", {"#one"}),
    ):
        assert set(listed(a.ask(f"LIST {condition}"))) == expected, condition


def test_list_of_too_many_masks(server):
    c = server.client("c")
    said = c.ask("LIST " + ",".join(f"#a{i}*" for i in range(65)))
    assert said.of("407") and said[-1].command == "323"


def test_hidden_and_absent_look_the_same(server):
    """Every answer about a secret channel is the one about a channel that is not there, word for word."""
    insider, stranger = server.client("in"), server.client("st")
    secret = server.channel(insider, name=chan("same").lower())
    insider.ask(f"MODE {secret} +s", f"TOPIC {secret} :t", f"MODE {secret} +b x")
    absent = chan("same").lower()
    for line in (
        "MODE {c}",
        "MODE {c} b",
        "MODE {c} +m",
        "TOPIC {c}",
        "TOPIC {c} :x",
        "NAMES {c}",
        "WHO {c}",
        "WHO {c} %cn",
        "LIST {c}",
        "PART {c}",
        "PRIVMSG {c} :x",
        "PRIVMSG @{c} :x",
        "KICK {c} {in_nick}",
        "INVITE {nick} {c}",
        "KICK {c} nobody",
    ):
        answers = []
        for name in (secret, absent):
            text = line.format(c=name, in_nick=insider.nick, nick=stranger.nick)
            answers.append([m.raw.replace(name, "#X") for m in stranger.ask(text)])
        assert answers[0] == answers[1], line
    assert not insider.sync()


def test_answers_to_one_who_does_not_read_are_bounded(start):
    """LIST, WHO and NAMES pour out far more than they cost: the answer waits for its reader, others are served."""
    server = start(FAST + "sendq = 16k\n")
    crowd = [server.client("crowd", realname="r" * 120) for _ in range(150)]
    name = server.channel(*crowd)
    greedy, other = server.client("greedy", address=server.unix), server.client("other")
    memory = server.memory()
    greedy.raw(f"WHO *\r\nNAMES {name}\r\nLIST\r\n".encode() * 60)
    for _ in range(50):
        other.sync()
    server.check_memory(memory, 4 << 20)
    said = greedy.ask()
    assert len(said.of("315")) == 60 == len(said.of("366")) == len(said.of("323"))
    assert len(said.of("352")) == 60 * 152
    assert not other.sync()

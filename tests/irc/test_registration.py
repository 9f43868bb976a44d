"""Coming in, being called something, and leaving."""

import socket

import pytest

from harness import FAST, SERVER, Lines, chan, fresh, wait_until


def test_welcome(server):
    c = server.connect(fresh("nick"))
    said = c.register(username="me", realname="Me Myself")
    assert said.commands[:5] == ["001", "002", "003", "004", "005"]
    assert said.commands[-1] == "422"
    assert {"251", "252", "254", "255", "265", "266"} <= set(said.commands)
    for m in said:
        assert m.source == SERVER and m.params[0] == c.nick
    assert said[0].params[1].endswith(f"{c.nick}!me@127.0.0.1")
    assert said.one("004").params[1] == SERVER
    assert all(set("io") <= set(letters) or "b" in letters for letters in said.one("004").params[3:5])


def isupport(said):
    tokens = {}
    for m in said.of("005"):
        assert len(m.params) <= 15 and len(m.raw.encode()) <= 510
        for token in m.params[1:-1]:
            key, _, value = token.partition("=")
            tokens[key] = value
    return tokens


def test_isupport_is_what_the_server_does(server):
    tokens = isupport(server.connect(fresh("nick")).register())
    assert tokens["CASEMAPPING"] == "precis"
    assert tokens["CHANTYPES"] == "#"
    assert tokens["PREFIX"] == "(qaohv)~&@%+"
    assert tokens["STATUSMSG"] == "~&@%+"
    assert tokens["CHANMODES"].split(",")[0] == "beI" and tokens["CHANMODES"].split(",")[1] == "k" and "l" in tokens["CHANMODES"].split(",")[2]
    assert set("imnstCR") <= set(tokens["CHANMODES"].split(",")[3])
    assert tokens["NICKLEN"] == "30" and tokens["CHANNELLEN"] == "64" and tokens["MODES"] == "12"
    assert "PRIVMSG:8" in tokens["TARGMAX"].split(",")
    assert {"EXCEPTS", "INVEX", "WHOX", "UTF8ONLY", "SAFELIST", "BOT", "ELIST", "MONITOR"} <= set(tokens)
    assert "CLIENTTAGDENY" not in tokens


def test_user_before_nick(server):
    c = server.connect(fresh("nick"))
    said = c.ask("USER u 0 * :r", f"NICK {c.nick}")
    assert said.commands[0] == "001"


def test_nothing_but_registration_before_it(server):
    c = server.connect()
    lines = (
        "JOIN #a",
        "PRIVMSG x :y",
        "WHO *",
        "MODE #a",
        "LIST",
        "MOTD",
        "OPER a b",
        "AWAY",
        "MONITOR L",
        "NONSENSE",
    )
    assert c.ask(*lines).commands == ["451"] * len(lines)


@pytest.mark.parametrize("nick", ["1abc", "-abc", "a!b", "a@b", "#abc", "a,b", "😀", "a*b", "x" * 31, "x\x01", "x\x1b"])
def test_erroneous_nick(server, nick):
    c = server.connect()
    assert c.ask(f"NICK {nick}").commands == ["432"]


def test_every_legal_letter_of_a_nick(server):
    nick = fresh("[]\\`_^{|}-aZ")
    c = server.connect(nick)
    assert c.register().of("001")[0].params[0] == nick
    longest = fresh("n").ljust(30, "x")
    assert c.ask(f"NICK {longest}").one("NICK").params == [longest]


def test_nick_missing(server):
    c = server.connect()
    assert c.ask("NICK", "NICK :").commands == ["431", "431"]


def test_nick_in_use_and_another_try(server):
    first = server.client("First")
    second = server.connect(fresh("second"))
    said = second.ask(f"NICK {first.nick.upper()}", "USER u 0 * :r")
    assert said.commands == ["433"]
    assert said[0].params == ["*", first.nick.upper(), "Nickname is already in use"]
    assert second.ask(f"NICK {second.nick}").commands[0] == "001"


def test_two_who_ask_for_the_same_nick(server):
    nick = fresh("both")
    one, two = server.connect(nick), server.connect(nick)
    assert not one.ask(f"NICK {nick}") and not two.ask(f"NICK {nick}")
    assert one.ask("USER one 0 * :r").of("001")
    assert two.ask("USER two 0 * :r").commands == ["433"]
    two.nick = fresh("two")
    assert two.ask(f"NICK {two.nick}").of("001")


def test_user_wants_four_parameters(server):
    c = server.connect()
    assert c.ask("USER", "USER a", "USER a b c", "USER : 0 * :r").commands == ["461"] * 4


def test_a_second_registration_is_refused(server):
    c = server.client()
    assert c.ask("USER a 0 * :b", "PASS x").commands == ["462", "462"]


@pytest.mark.parametrize("given, kept", [("a!b@c*d?e,f:g", "abcdefg"), ("x" * 40, "x" * 16), ("ä!", "user")])
def test_username_is_made_fit(server, given, kept):
    c = server.client(username=given)
    assert c.ask(f"WHOIS {c.nick}").one("311").params[2] == kept


def test_realname_is_cut_on_a_code_point(server):
    c = server.client(realname="x" + "ä" * 100)
    realname = c.ask(f"WHOIS {c.nick}").one("311").params[-1]
    assert realname == "x" + "ä" * 63


def test_change_of_nick_is_told_once_to_everybody_concerned(server):
    a, b = server.client("a"), server.client("b")
    stranger = server.client("stranger")
    server.channel(a, b)
    server.channel(a, b)
    new = fresh("new")
    before = f"{a.nick}!user@127.0.0.1"
    said = a.ask(f"NICK {new}").one("NICK")
    assert said.source == before and said.params == [new]
    assert b.sync().one("NICK").source == before
    assert not stranger.sync()


def test_change_of_case_alone(server):
    a = server.client("casey")
    assert a.ask(f"NICK {a.nick.upper()}").one("NICK").params == [a.nick.upper()]
    assert not a.ask(f"NICK {a.nick.upper()}")


def test_change_to_a_nick_in_use(server):
    a, b = server.client("a"), server.client("b")
    assert a.ask(f"NICK {b.nick}").one("433").params[:2] == [a.nick, b.nick]
    assert a.ask("NICK 0bad").one("432").params[:2] == [a.nick, "0bad"]


def test_nicks_differ_by_casemapping(start):
    for casemapping in ("ascii", "precis"):
        other = start(f"[server]\ncasemapping = {casemapping}\n" + FAST)
        other.client(nick="a[b]")
        other.client(nick="a{b}")
    rfc = start("[server]\ncasemapping = rfc1459\n" + FAST)
    rfc.client(nick="a[b]\\")
    assert rfc.connect().ask("NICK a{b}|", "USER u 0 * :r").commands == ["433"]
    tokens = isupport(rfc.connect("x").register())
    assert tokens["CASEMAPPING"] == "rfc1459"


def test_ping(server):
    c = server.connect()
    c.send("PING one", "PING :two words", "PING", "PING :")
    assert c.read().params == [SERVER, "one"]
    assert c.read().params == [SERVER, "two words"]
    assert c.read().command == "409" and c.read().command == "409"
    assert not c.ask("PONG x", "PONG", "ERROR :x")


def test_password(start):
    server = start("[server]\npassword = open sesame\n" + FAST)
    server.client(password="open sesame")
    for password in ("open", "open sesame ", "OPEN SESAME", "", "x" * 400, None):
        c = server.connect(fresh("nick"))
        if password is not None:
            c.send(f"PASS :{password}")
        c.send(f"NICK {c.nick}", "USER u 0 * :r")
        said = c.rest()
        assert said.commands[-2:] == ["464", "ERROR"], password
    assert "open sesame" not in server.log
    last = server.connect(fresh("nick"))
    assert last.ask("PASS wrong", "PASS :open sesame", f"NICK {last.nick}", "USER u 0 * :r").of("001")


def test_quit(server):
    a, b = server.client("a"), server.client("b")
    server.channel(a, b)
    server.channel(a, b)
    a.send("QUIT :so long")
    assert a.rest().commands == ["ERROR"]
    said = b.sync().one("QUIT")
    assert said.source == f"{a.nick}!user@127.0.0.1" and said.params == ["Quit: so long"]
    a = server.client("a")
    server.channel(a, b)
    a.send("QUIT")
    assert "Client Quit" in a.rest().one("ERROR").params[0]
    assert b.sync().of("QUIT")[-1].params == ["Client Quit"]


def test_quit_before_registration(server):
    c = server.connect()
    c.send("QUIT :x")
    assert c.rest().commands == ["ERROR"]


def test_who_vanishes_is_told_to_have_gone(server):
    watcher, closes, resets = server.client("w"), server.client("c"), server.client("r")
    server.channel(watcher, closes, resets)
    closes.close()
    assert watcher.wait("QUIT").params == ["Connection closed"]
    resets.reset()
    assert watcher.wait("QUIT").params == ["Connection reset by peer"]


def test_half_close_is_an_end_that_is_answered_first(server):
    watcher, c = server.client("w"), server.client("c")
    channel = server.channel(watcher, c)
    c.send(f"PRIVMSG {channel} :last words", "PING here")
    c.socket.shutdown(socket.SHUT_WR)
    assert c.rest().commands == ["PONG", "ERROR"]
    said = watcher.until(lambda m: m.command == "QUIT")
    assert said.of("PRIVMSG")[0].params == [channel, "last words"]


def test_login_and_forty_commands_in_one_segment(start):
    server = start("")
    c = server.connect(fresh("nick"))
    channels = [chan() for _ in range(20)]
    lines = ["CAP LS 302", f"NICK {c.nick}", "USER u 0 * :r", "CAP REQ :multi-prefix", "CAP END"]
    lines += [f"JOIN {name}" for name in channels] + [f"PING {n}" for n in range(20)]
    c.raw("".join(line + "\r\n" for line in lines).encode())
    said = c.until(lambda m: m.command == "PONG" and m.params[-1] == "19")
    assert [m.params[0] for m in said.of("JOIN")] == channels
    assert [m.params[-1] for m in said.of("PONG")] == [str(n) for n in range(20)]
    assert len(said.of("001")) == 1 and len(said.of("366")) == 20


def test_login_byte_by_byte(server):
    c = server.connect(fresh("nick"))
    for byte in f"NICK {c.nick}\r\nUSER u 0 * :r\r\n".encode():
        c.raw(bytes([byte]))
    assert c.sync().of("001")


def test_registration_has_a_deadline(start):
    server = start("[limits]\nregistration_timeout = 1s\n")
    silent, slow, negotiating = server.connect(), server.connect(), server.connect()
    slow.send("NICK slow")
    negotiating.send("CAP LS 302", "NICK other", "USER u 0 * :r")
    for c in (silent, slow, negotiating):
        assert "Registration timed out" in c.rest().one("ERROR").params[0]


def test_chatter_does_not_put_off_the_deadline_of_registration(start):
    server = start("[limits]\nregistration_timeout = 1s\nflood_burst = 10000\nflood_rate = 10000\n")
    c = server.connect()
    said = Lines()
    while not said.of("ERROR"):
        c.send("PING x")
        said.append(c.read())
    assert "Registration timed out" in said[-1].params[0]


def test_who_says_nothing_is_asked_and_then_given_up(start):
    server = start("[limits]\nping_timeout = 1s\n")
    silent, alive = server.client("silent"), server.client("alive")
    server.channel(alive, silent)
    assert silent.wait("PING").params == [SERVER]
    assert alive.wait("PING")
    alive.send(f"PONG {SERVER}")
    assert "Ping timeout" in silent.rest().one("ERROR").params[0]
    assert alive.wait("QUIT").params[0].startswith("Ping timeout")
    alive.sync()


def test_default_user_modes(start):
    server = start("[users]\ndefault_modes = iw\n" + FAST)
    said = server.connect(fresh("nick")).register()
    assert said[-1].command == "221" and said[-1].params[1] == "+iw"


def test_users_of_a_unix_socket_are_at_localhost(server):
    c = server.client(address=server.unix)
    assert c.ask(f"WHOIS {c.nick}").one("311").params[3] == "localhost"


def test_counts_come_back(server):
    probe = server.client()
    count = lambda: probe.ask("LUSERS").one("255").params[1]
    unknown = lambda: [m.params[1] for m in probe.ask("LUSERS").of("253")]
    before = count()
    extra = [server.client() for _ in range(5)]
    waiting = [server.connect() for _ in range(3)]
    for c in waiting:
        c.sync()
    assert count() == before.replace("I have 1 ", "I have 6 ")
    assert unknown() == ["3"]
    for c in extra + waiting:
        c.close()
    wait_until(lambda: count() == before and not unknown(), "the counts to come back")

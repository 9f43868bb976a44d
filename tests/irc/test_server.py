"""MOTD to LINKS, and what operators may do: OPER, KILL, REHASH, DIE, RESTART."""

import re
import signal

import pytest

from harness import FAST, SERVER, chan, fresh, wait_until

OPER = "[oper root]\npassword = pw\n"


@pytest.fixture
def operated(start):
    """A daemon, an operator on it, and somebody else."""
    server = start(OPER + FAST)
    op, c = server.client("op"), server.client("c")
    assert op.ask("OPER root pw").of("381")
    return server, op, c


def test_motd(start):
    server = start("[server]\nmotd_text = first line\nmotd_text = second  line\n" + FAST)
    c = server.connect(fresh("c"))
    said = c.register()
    assert [m.params[1] for m in said.of("372")] == ["- first line", "- second  line"]
    assert said.commands[-4:] == ["375", "372", "372", "376"]
    assert c.ask("MOTD").commands == c.ask(f"MOTD {SERVER}").commands == ["375", "372", "372", "376"]
    assert c.ask("MOTD no.such.server").one("402").params[1] == "no.such.server"


def test_no_motd(server):
    assert server.client().ask("MOTD").commands == ["422"]


def test_version_time_info(server):
    c = server.client("c")
    said = c.ask("VERSION")
    assert said[0].command == "351" and said[0].params[2] == SERVER and re.match(r"\d+\.\d+", said[0].params[1])
    assert said.of("005")
    time = c.ask("TIME").one("391")
    assert time.params[1] == SERVER and int(time.params[2]) > 1.6e9
    said = c.ask("INFO")
    assert said[-1].command == "374" and len(said.of("371")) >= 2
    assert (
        c.ask("VERSION x.y", "TIME x.y", "INFO x.y", "ADMIN x.y", "LUSERS * x.y", "STATS u x.y").commands
        == ["402"] * 6
    )
    assert c.ask(f"TIME {c.nick}", "TIME *.example", "TIME irc.*").commands == ["391"] * 3


def test_admin(start, server):
    assert server.client("c").ask("ADMIN").one("423").params[1] == SERVER
    told = start("[server]\nadmin_location = Madrid\nadmin_mail = a@example.org\n" + FAST)
    said = told.client("c").ask("ADMIN")
    assert said.commands == ["256", "257", "258", "259"]
    assert [m.params[-1] for m in said[1:]] == ["Madrid", "", "a@example.org"]


def test_lusers(start):
    server = start(OPER + FAST)
    op, hidden = server.client("op"), server.client("h")
    op.ask("OPER root pw")
    hidden.ask(f"MODE {hidden.nick} +i")
    server.channel(op)
    said = op.ask("LUSERS")
    assert said.one("251").params[1] == "There are 1 users and 1 invisible on 1 servers"
    assert said.one("252").params[1] == "1" and said.one("254").params[1] == "1"
    assert said.one("255").params[1] == "I have 2 clients and 0 servers"
    assert said.one("265").params[1:3] == ["2", "2"]
    server.connect().sync()
    assert op.ask("LUSERS").one("253").params[1] == "1"
    hidden.send("QUIT")
    hidden.rest()
    assert op.ask("LUSERS").one("265").params[1:3] == ["1", "2"]


def test_links(server):
    c = server.client("c")
    assert c.ask("LINKS").one("364").params[1:3] == [SERVER, SERVER]
    assert c.ask("LINKS *.example").commands == ["364", "365"]
    assert c.ask("LINKS nothing.*").commands == ["365"]
    assert c.ask(f"LINKS {SERVER} *").commands == ["364", "365"]
    assert c.ask("LINKS x.y *").commands == ["402"]


def test_help(server):
    c = server.client("c")
    said = c.ask("HELP")
    assert said[0].command == "704" and said[-1].command == "706"
    words = {w for m in said.of("705") for w in m.params[2].split()}
    assert {"JOIN", "PRIVMSG", "MODE"} <= words
    for topic in sorted(words):
        said = c.ask(f"HELP {topic.lower()}")
        assert said[0].command == "704" and said[-1].command == "706", topic
    assert c.ask("HELPOP JOIN")[0].command == "704"
    assert c.ask("HELP nonsense").one("524").params[1] == "nonsense"


def test_stats(operated):
    server, op, c = operated
    assert c.ask("STATS u").commands == ["242", "219"]
    for query in "mMoOlL":
        assert c.ask(f"STATS {query}").commands == ["481", "219"], query
    assert "PING" in [m.params[1] for m in op.ask("STATS m").of("212")]
    assert op.ask("STATS o").one("243").params[1:] == ["O", "*@*", "*", "root", "0", "*"]
    links = op.ask("STATS l").of("211")
    assert {m.params[1].split("[")[0] for m in links} == {op.nick, c.nick}
    assert op.ask("STATS x").one("219").params[1] == "x"
    assert op.ask("STATS").commands == ["461"]
    assert "pw" not in op.transcript.text.replace("OPER root pw", "")


def test_oper(start):
    server = start(
        "[oper root]\npassword = p w\nmask = *@127.0.0.*\n[oper far]\npassword = q\nmask = *@192.0.2.*\n" + FAST
    )
    c = server.client("c")
    assert c.ask("OPER root wrong", "OPER nobody pw", "OPER root :P w", "OPER root p").commands == ["464"] * 4
    assert c.ask("OPER far q").commands == ["491"]
    assert c.ask("OPER", "OPER root").commands == ["461", "461"]
    said = c.ask("OPER root :p w")
    assert said.one("381") and said.one("MODE").params == [c.nick, "+o"]
    assert c.ask("OPER root :p w").commands == ["381"]
    assert c.ask(f"MODE {c.nick} -o").one("MODE").params == [c.nick, "-o"]
    assert c.ask("REHASH").commands == ["481"]
    server.wait_log("OPER accepted")
    server.wait_log("OPER refused", 5)
    assert "p w" not in server.log and "CHATD_OPER=nobody" not in server.log


def test_nobody_is_an_operator_where_none_is_configured(server):
    c = server.client("c")
    assert set(c.ask("OPER root pw", "OPER x :", "OPER * *").commands) <= {"464", "491", "263"}
    assert c.ask("DIE", "RESTART", "REHASH", "WALLOPS :x", f"KILL {c.nick} :x").commands == ["481"] * 5


def test_kill(operated):
    server, op, victim = operated
    peer = server.client("p")
    server.channel(victim, peer)
    assert not op.ask(f"KILL {victim.nick} :spam")
    said = victim.rest()
    assert said.commands[-2:] == ["KILL", "ERROR"]
    assert said.one("KILL").params == [victim.nick, "spam"] and said.one("KILL").source.startswith(op.nick + "!")
    assert "spam" in said[-1].params[0]
    assert peer.sync().one("QUIT").params == [f"Killed ({op.nick} (spam))"]
    assert op.ask(f"KILL {victim.nick} :again").one("401")
    assert op.ask("KILL").commands == ["461"]
    server.wait_log(f"KILL .*CHATD_NICK={op.nick}.*CHATD_TARGET={victim.nick}")


def test_kill_of_oneself_ends_it(operated):
    server, op, c = operated
    channel = server.channel(op, c)
    op.raw(f"KILL {op.nick} :bye\r\n".encode() + f"PRIVMSG {channel} :after\r\n".encode() * 5000)
    said = op.rest()
    assert said.commands[-2:] == ["KILL", "ERROR"]
    assert c.sync().commands == ["QUIT"]


def test_kill_in_the_middle_of_what_the_victim_says(operated):
    server, op, victim = operated
    channel = server.channel(op, victim)
    victim.raw(f"PRIVMSG {channel} :x\r\n".encode() * 20000)
    op.send(f"KILL {victim.nick} :enough")
    op.wait("QUIT")
    assert not op.sync().of("PRIVMSG")
    victim.close()


def test_rehash(operated):
    server, op, c = operated
    server.configure(OPER + "[server]\nmotd_text = fresh\ndescription = new words\n" + FAST)
    said = op.ask("REHASH")
    assert said.one("382").params[1] == str(server.path) and "read again" in said.one("NOTICE").params[1]
    assert c.ask("MOTD").one("372").params[1] == "- fresh"
    assert c.ask(f"WHOIS {c.nick}").one("312").params[3] == "new words"
    server.configure("[nonsense]\n")
    refused = op.ask("REHASH").one("FAIL").params
    assert refused[:2] == ["REHASH", "CONFIG_BAD"] and "chatd.conf:" in refused[-1]
    assert c.ask("MOTD").one("372").params[1] == "- fresh"


def test_die(operated):
    server, op, c = operated
    waiting = server.connect()
    waiting.sync()
    op.send("DIE :maintenance")
    for client in (op, c, waiting):
        assert "going down" in client.rest().one("ERROR").params[0]
    server.check_end()
    assert "maintenance" in server.wait_log("stopping")
    assert any("STOPPING=1" in n for n in server.notices)


def test_restart(operated):
    server, op, c = operated
    op.send("RESTART :new binary")
    server.wait_log(r"2 clients are here again")
    for client in (op, c):
        assert not client.sync()
    assert "new binary" in server.wait_log("restarting")
    server.wait_for(lambda: sum("READY=1" in n for n in server.notices) == 2, "the second READY=1")
    assert not any("STOPPING=1" in n for n in server.notices), "the service manager would wait for the end"
    assert any("RELOADING=1" in n for n in server.notices)
    again = server.client("again")
    assert again.ask("VERSION").of("351")


def test_restart_from_standing(operated):
    """The second life is no worse than the first: signals are heard, the socket file is there."""
    server, op, c = operated
    op.send("RESTART")
    server.wait_for(lambda: sum("READY=1" in n for n in server.notices) == 2, "the second READY=1")
    assert server.client("u", address=server.unix).ask("OPER root pw").of("381")
    server.reload(OPER + "[server]\nmotd_text = after\n" + FAST)
    assert server.client("v").ask("MOTD").of("372")


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_with_last_words(start, signo):
    server = start(FAST)
    clients = [server.client() for _ in range(20)] + [server.connect()]
    channel = server.channel(*clients[:20])
    clients[20].sync()
    server.send_signal(signo)
    for client in clients:
        said = client.rest()
        assert said.commands[-1] == "ERROR" and not said.of("QUIT"), channel
    server.check_end()


def test_the_end_does_not_wait_for_those_who_never_read(start):
    server = start(FAST)
    stuck = server.client("stuck", address=server.unix)
    talker = server.client("talker")
    for _ in range(40):
        talker.ask(*(f"PRIVMSG {stuck.nick} :{'x' * 400}" for _ in range(30)))
    server.send_signal(signal.SIGTERM)
    server.check_end()


def test_no_new_clients_while_it_ends(start):
    server = start(FAST)
    stays = server.client("stays")
    server.send_signal(signal.SIGTERM)
    server.wait_notice("STOPPING=1")
    stays.wait("ERROR")
    with pytest.raises(OSError):
        server.connect(address=server.unix)
    stays.close()
    server.check_end()


def test_nothing_is_left_of_somebody_who_was_killed(operated):
    server, op, c = operated
    channel = chan()
    c.join(channel)
    op.ask(f"KILL {c.nick} :x")
    c.rest()
    assert op.ask(f"NAMES {channel}").commands == ["366"]
    wait_until(lambda: op.ask("LUSERS").one("255").params[1].startswith("I have 1 "), "the count")
    assert server.client(nick=c.nick)

"""Names in any script: what may be one, which are the same, and that everything which takes a nick takes those."""

import os
import subprocess

import pytest

from harness import DEADLINE, FAST, free_port, fresh, wait_until
from test_chat_client import CLIENT
from test_handover import restart
from test_line_door import Person
from test_registration import isupport


@pytest.fixture
def names(start):
    return start(FAST)


def test_casemapping_is_told(names):
    assert isupport(names.connect("x").register())["CASEMAPPING"] == "precis"


@pytest.mark.parametrize("nick", ["Änne", "елена", "Ελένη", "佐藤_花子", "한글", "নয়ন", "שלום", "שלום_", "سلام", "a[ä]", "é" * 15])
def test_nick(names, nick):
    c = names.connect(nick)
    assert c.register().one("001").params[0] == nick
    other = names.client()
    channel = names.channel(c, other)
    c.send(f"PRIVMSG {channel} :hello")
    assert other.wait("PRIVMSG", channel, "hello").source.startswith(f"{nick}!user@")
    assert nick in other.ask(f"NAMES {channel}").one("353").params[3].replace("@", "").split()


@pytest.mark.parametrize("nick", ["😀", "ann☕", "a\u200bb", "a\u202eb", "a\u00a0b", "ﬁn", "＠nn", "＃ann", "ann！", "שלוםann", "_שלום",
                                  "\u0301a", "q\u0323\u0331\u0302\u0306\u0301\u0300", "٣ann", "é" * 16, "\U00010d50", "a\ue000"])
def test_erroneous_nick(names, nick):
    assert names.connect().ask(f"NICK {nick}").commands == ["432"]
    assert names.client().ask(f"NICK {nick}").commands == ["432"]


def test_nicks_are_ascii_with_the_other_casemappings(start):
    for casemapping in ("ascii", "rfc1459"):
        server = start(f"[server]\ncasemapping = {casemapping}\n" + FAST)
        assert server.connect().ask("NICK Änne").commands == ["432"]


@pytest.mark.parametrize("one, other", [("Änne", "äNNE"), ("Änne", "A\u0308nne"), ("Hana", "ＨＡＮＡ"), ("ΣΟΦΌΣ", "σοφός"), ("ﾊﾅ", "ハナ")])
def test_the_same_nick(names, one, other):
    a = names.client(nick=one)
    b = names.connect()
    assert b.ask(f"NICK {other}", "USER u 0 * :r").commands == ["433"]
    c = names.client()
    assert c.ask(f"NICK {other}").commands == ["433"]
    c.send(f"PRIVMSG {other} :hello")
    assert a.wait("PRIVMSG", one, "hello")
    assert c.ask(f"WHOIS {other}").one("311").params[1] == one
    assert c.ask(f"ISON {other}").one("303").params[1] == one
    assert c.ask(f"USERHOST {other}").one("302").params[1].startswith(f"{one}=")
    assert a.ask(f"NICK {other}").one("NICK").params == [other]


def test_monitor(names):
    c = names.client()
    assert c.ask("MONITOR + ÄNNE,ann☕").commands == ["731"]
    a = names.client(nick="Änne")
    assert c.wait("730", c.nick).params[1].startswith("Änne!")
    assert c.ask("MONITOR + ä\u006e\u006ee").commands == []
    assert c.ask("MONITOR L").one("732").params[1] == "ÄNNE"
    a.send("NICK ännE")
    c.sync().no("730", "731")
    a.send("QUIT")
    assert c.wait("731", c.nick).params[1] == "ännE"
    c.ask("MONITOR - a\u0308nne")
    assert c.ask("MONITOR L").commands == ["733"]


def test_who_and_whowas(names):
    a, c = names.client(nick="Änne"), names.client()
    channel = names.channel(a, c)
    assert c.ask("WHO äNNE %n").one("354").params[1] == "Änne"
    assert c.ask("WHO ä??e %n").one("354").params[1] == "Änne"
    assert {m.params[1] for m in c.ask(f"WHO {channel} %n").of("354")} == {"Änne", c.nick}
    a.send("QUIT")
    c.wait("QUIT")
    assert c.ask("WHOWAS A\u0308NNE").one("314").params[1] == "Änne"


def test_bans_of_a_channel(names):
    op, channel = names.client(), f"#{fresh('ban')}"
    op.join(channel)
    assert op.ask(f"MODE {channel} +b ÄN*").one("MODE").params == [channel, "+b", "ÄN*!*@*"]
    assert not op.ask(f"MODE {channel} +b a\u0308n*!*@*").of("MODE")
    a = names.client(nick="änne")
    assert a.ask(f"JOIN {channel}").commands == ["474"]
    b = names.client(nick="Anne")
    assert b.ask(f"JOIN {channel}").of("JOIN")
    assert op.ask(f"MODE {channel} -b äN*!*@*").of("MODE")
    assert a.ask(f"JOIN {channel}").of("JOIN")
    assert op.ask(f"MODE {channel} +b ~r:ФЕДОР*").of("MODE")
    c = names.connect("fedor")
    c.register(realname="Фёдор".replace("ё", "е"))
    assert c.ask(f"JOIN {channel}").commands == ["474"]


def test_bans_of_the_server(start):
    names = start(FAST + "[oper root]\npassword = secret\n")
    root, a = names.client(), names.client(nick="Фёдор")
    assert root.ask("OPER root secret").of("381")
    assert root.ask("UBAN ADD фЁд*!*@* go").one("NOTICE")
    assert a.rest().of("465")
    b = names.connect("федя")
    assert b.register().of("001")
    assert "ФЁД" not in root.ask("STATS k").text
    c = names.connect()
    c.send("NICK ФЁДЯ", "USER u 0 * :r")
    assert c.rest().of("465")
    assert root.ask("UBAN DEL ФёД*!*@*").one("NOTICE")
    assert names.client(nick="Фёдор")


def test_channels(names):
    a, b = names.client(), names.client()
    stem = fresh("#Ärger")
    assert a.ask(f"JOIN {stem}").one("JOIN").params == [stem]
    for same in (stem.replace("Ä", "ä"), stem.replace("Ä", "A\u0308"), stem.upper()):
        assert b.ask(f"JOIN {same}").one("JOIN").params[0] == stem
        b.ask(f"PART {same}")
    a.sync()
    assert a.ask("JOIN #☕").one("JOIN").params == ["#☕"]


def test_account(names):
    a = names.client(nick="Änne")
    assert a.ask("REGISTER * * open-sesame").one("REGISTER").params[:2] == ["SUCCESS", "Änne"]
    assert a.ask("WHOIS Änne").one("330").params[2] == "Änne"
    b = names.client()
    assert b.ask("NICK ÄNNE").commands == ["433"]
    a.send("QUIT")
    wait_until(lambda: not b.ask("ISON Änne").one("303").params[1].strip(), "the nick is free")
    assert b.ask("NICK a\u0308nne").commands == ["433"]
    b.ask("PRIVMSG NickServ :IDENTIFY ÄNNE open-sesame")
    assert b.ask("NICK ännE").one("NICK").params == ["ännE"]


def test_a_list_of_targets_names_each_once(names):
    a, b = names.client(nick="Änne"), names.client()
    b.send("PRIVMSG Änne,äNNE,A\u0308nne :once")
    a.wait("PRIVMSG", "Änne", "once")
    a.sync().no("PRIVMSG")


def register(client, password="open-sesame", account="*"):
    return client.ask(f"REGISTER {account} * {password}").one("REGISTER").params[0] == "SUCCESS"


def leave(client, watcher):
    client.send("QUIT")
    wait_until(lambda: not watcher.ask(f"ISON {client.nick}").one("303").params[1].strip(), "the nick is free")


def test_a_nick_that_looks_like_one_in_use(names):
    a, b = names.client(nick="evan"), names.client()
    assert b.ask("NICK еvan").commands == ["433"]
    assert names.connect().ask("NICK еvаn", "USER u 0 * :r").commands == ["433"]
    assert a.ask("NICK еvan").one("NICK").params == ["еvan"]
    assert b.ask("NICK evan").commands == ["433"]
    assert b.ask("NICK EVАN").commands == ["433"]
    assert names.connect().ask("NICK Evan", "USER u 0 * :r").commands == ["433"]
    assert a.ask("NICK somebody").of("NICK")
    assert b.ask("NICK EVАN").one("NICK").params == ["EVАN"]
    assert a.ask("NICK evan").commands == ["433"]
    leave(names.client(nick="Ρaul"), a)
    assert a.ask("NICK Paul").of("NICK")


def test_letters_of_ascii_do_not_look_like_each_other(names):
    names.client(nick="modern")
    names.client(nick="modem")
    names.client(nick="Ian0")
    assert names.client(nick="lanO")


def test_a_nick_that_looks_like_a_service(names):
    for nick in ("ΝickServ", "Сhаnserv"):
        assert names.client().ask(f"NICK {nick}").commands == ["433"]
        assert names.connect().ask(f"NICK {nick}", "USER u 0 * :r").commands == ["433"]


def test_a_nick_that_looks_like_a_registered_one(names):
    a, b = names.client(nick="evan"), names.client()
    assert register(a)
    leave(a, b)
    assert b.ask("NICK еvan").commands == ["433"]
    assert names.connect().ask("NICK еvan", "USER u 0 * :r").commands == ["433"]
    c = names.client(nick="Рaul")
    assert register(c)
    leave(c, b)
    assert b.ask("NICK Paul").commands == ["433"]
    b.ask("PRIVMSG NickServ :IDENTIFY evan open-sesame")
    assert b.ask("NICK еvan").one("NICK").params == ["еvan"]
    assert "belongs to your account" in b.ask("PRIVMSG NickServ :GROUP").one("NOTICE").params[1]


def test_an_account_that_looks_like_another(names):
    a, b = names.client(nick="evan"), names.client()
    assert register(a)
    assert b.ask("REGISTER еvan * open-sesame").one("FAIL").params[1] == "BAD_ACCOUNT_NAME"
    assert b.ask("REGISTER МemоServ * open-sesame").one("FAIL").params[1] == "BAD_ACCOUNT_NAME"
    c = names.client(nick="Тоm")
    assert b.ask("REGISTER tom * open-sesame").one("FAIL").params[1] == "BAD_ACCOUNT_NAME"
    assert register(c)
    leave(c, b)
    assert b.ask("REGISTER tom * open-sesame").one("FAIL").params[1] == "BAD_ACCOUNT_NAME"
    assert b.ask("REGISTER tomas * open-sesame").one("REGISTER").params[0] == "SUCCESS"


def test_a_guest_whose_nick_looks_like_somebodys(start):
    names = start(FAST + "[accounts]\nnick_protection = lenient\nguest_delay = 1s\n")
    a, b = names.client(nick="evan"), names.client()
    assert register(a)
    leave(a, b)
    assert b.ask("NICK еvan").one("NICK").params == ["еvan"]
    assert b.wait("NICK").params[0].startswith("Guest")


def test_after_a_start_look_alikes_are_known_again(start, tmp_path):
    state = f"state = {tmp_path}/state\n"
    first = start("[server]\n" + state + FAST)
    a = first.client(nick="Тоm")
    assert register(a)
    first.finish()
    second = start("[server]\n" + state + FAST)
    b = second.client()
    assert b.ask("NICK tom").commands == ["433"]
    b.ask("PRIVMSG NickServ :IDENTIFY ТОM open-sesame")
    assert b.ask("NICK tom").of("NICK")


def test_after_a_hand_over_they_are_too(start):
    daemon = start(FAST)
    a, b = daemon.client(nick="еvan"), daemon.client()
    restart(daemon)
    assert a.ask("NICK ЕVAN").one("NICK").params == ["ЕVAN"]
    assert b.ask("NICK evan").commands == ["433"]
    assert b.ask("ISON еvan").one("303").params[1].strip() == "ЕVAN"


def test_chat_client(names, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    watch = names.client()
    watch.join("#names")
    long = "é" * 15
    names.client(nick=long)
    for wanted, given in (("Änne", "Änne"), (long, "é" * 14 + "_")):
        done = subprocess.run([CLIENT, "-n", wanted, "-c", "#names", names.unix], input=b"hello", capture_output=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode == 0, done.stderr
        assert watch.wait("PRIVMSG", "#names", "hello").source.split("!")[0] == given
    assert subprocess.run([CLIENT, "-n", "a☕", "-c", "#names", names.unix], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=DEADLINE, check=False).returncode == os.EX_USAGE


def test_line_door(start):
    port = free_port()
    names = start(FAST + f"[listen]\nendpoint = 127.0.0.1:{port}?accept=irc,line\n[line]\ngreeting = 100ms\n")
    a = names.client(nick="evan")
    a.join("#lobby")
    person = Person(("127.0.0.1", port))
    try:
        person.say("hello")
        person.reads("What is your name")
        person.say("еvan")
        person.reads("name")
        person.say("Änne")
        person.reads("Hello, Änne")
        assert a.wait("JOIN", "#lobby").source.startswith("Änne!")
        a.send("PRIVMSG äNNE :psst")
        person.reads("psst")
        person.say("/nick Ｅｖａｎ")
        person.say("/msg ＥＶＡＮ still here")
        assert a.wait("PRIVMSG", "evan", "still here").source.startswith("Änne!")
    finally:
        person.close()

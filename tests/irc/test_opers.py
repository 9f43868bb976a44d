"""Operators: how they become it, what their class lets them do, and who hears of it."""

import re

from harness import FAST, chan, run_chatd
from test_handover import restart

CLASSES = """
[class helper]
privileges = kill wallops
title = a network helper
[oper hal]
password = pw
class = helper
[oper root]
password = pw
"""


def hashed(password):
    out = run_chatd("--hash-password", said=password + "\n")
    assert out.returncode == 0, out
    return out.stdout.strip()


def test_hash_password():
    first, second = hashed("correct horse"), hashed("correct horse")
    assert first.startswith("$scrypt$ln=15,r=8,p=1$") and first != second
    assert run_chatd("--hash-password", said="\n").returncode == 65
    assert run_chatd("--hash-password", said="").returncode == 65


def test_a_hashed_password(start):
    server = start(FAST + f"[oper root]\npassword = {hashed('correct horse')}\n")
    op = server.client("op")
    assert op.ask("OPER root wrong").one("464")
    assert op.ask("OPER root :correct horse").one("381")
    assert "password-plain" not in server.log


def test_what_comes_behind_waits(start):
    """The input is held while the thread derives, and others are not."""
    server = start(FAST + f"[oper root]\npassword = {hashed('pw')}\n")
    op, other = server.client("op"), server.client("o")
    op.send("OPER root pw", "REHASH", f"PRIVMSG {other.nick} :done")
    assert op.sync().of("381") and server.wait_log("CHATD_EVENT=reloaded")
    assert other.wait("PRIVMSG").params[1] == "done"


def test_a_label_on_oper(start):
    server = start(FAST + f"[oper root]\npassword = {hashed('pw')}\n")
    op = server.client("op", caps="labeled-response batch")
    said = op.ask("@label=x OPER root wrong")
    assert said.one("464").tags == {"label": "x"}


def test_a_hashed_server_password(start):
    server = start(f"[server]\npassword = {hashed('sesame')}\n" + FAST, probe=False)
    for nick in "abc":
        server.connect(nick).register(password="sesame")
    c = server.connect("d")
    c.send("PASS wrong", "NICK d", "USER u 0 * :r")
    assert "464" in c.rest().commands
    c = server.connect("e")
    c.send("NICK e", "USER u 0 * :r")
    assert "464" in c.rest().commands


def test_plain_passwords_are_warned_of(start):
    server = start(FAST + "[server]\npassword = sesame\n[oper root]\npassword = pw\n", probe=False)
    server.wait_log(r"CHATD_EVENT=password-plain CHATD_KEY=\"\[server\], \[oper root\]\"")
    assert "sesame" not in server.log


def test_a_class_bounds_what_one_may_do(start):
    server = start(FAST + CLASSES)
    op, victim = server.client("hal"), server.client("v")
    assert op.ask("REHASH").one("481")
    assert op.ask("OPER hal pw").one("381")
    assert op.ask("REHASH").one("723").params[1:] == ["rehash", "Insufficient oper privileges."]
    assert op.ask("DIE").one("723").params[1] == "die"
    assert victim.ask(f"WHOIS {op.nick}").one("313").params[2] == "is a network helper"
    op.ask("WALLOPS :hear").no("723", "481")
    op.ask(f"KILL {victim.nick} :out").no("723", "481")
    assert "CHATD_OPER=hal" in server.wait_log("CHATD_EVENT=kill")


def test_a_class_survives_a_restart(start):
    server = start(FAST + CLASSES)
    op = server.client("hal")
    op.ask("OPER hal pw")
    restart(server)
    assert op.ask("REHASH").one("723")
    assert op.ask(f"WHOIS {op.nick}").one("313").params[2] == "is a network helper"


def test_a_reload_changes_a_class_at_once(start):
    server = start(FAST + CLASSES)
    op, root = server.client("hal"), server.client("root")
    op.ask("OPER hal pw")
    root.ask("OPER root pw")
    server.reload(FAST + CLASSES.replace("kill wallops", "rehash"))
    assert op.wait("NOTICE").params[1] == "Your privileges are now: rehash"
    assert op.ask("WALLOPS :x").one("723").params[1] == "wallops"
    root.sync().no("NOTICE")
    server.reload(FAST + CLASSES.replace("[oper hal]", "[oper other]"))
    assert "operator no more" in op.wait("NOTICE").params[1]
    assert op.ask("WALLOPS :x").one("481")
    root.ask("WALLOPS :x").no("481", "723")


def test_the_tries_of_an_address_have_a_bound(start):
    server = start(FAST + "[oper root]\npassword = pw\n")
    c = server.client("c")
    said = c.ask(*(f"OPER root wrong{i}" for i in range(15)))
    assert len(said.of("464")) == 10 and len(said.of("263")) == 5
    assert server.client("d").ask("OPER root pw").one("263")


def test_server_notices(start):
    server = start(FAST + CLASSES + "[class watcher]\nprivileges = notices\n[oper wil]\npassword = pw\nclass = watcher\n")
    op, wil, hal = server.client("root"), server.client("wil"), server.client("hal")
    assert op.ask(f"MODE {op.nick} +s").no("008").one("481")
    op.ask("OPER root pw")
    wil.ask("OPER wil pw")
    hal.ask("OPER hal pw")
    assert hal.ask(f"MODE {hal.nick} +s").one("723").params[1] == "notices"
    said = op.ask(f"MODE {op.nick} +s")
    assert said.one("008").params[1] == "+ckxofnesr" and said.one("MODE").params[1] == "+s"
    assert wil.ask(f"MODE {wil.nick} +s ckn").one("008").params[1] == "+kn", "addresses are not for everybody"
    assert wil.ask(f"MODE {wil.nick} +s z").one("NOTICE")
    guest = server.client("guest")
    assert op.wait("NOTICE").params[1] == f"*** {guest.nick} is here, from 127.0.0.1"
    was = guest.nick
    guest.ask("NICK another")
    for c in op, wil:
        assert c.wait("NOTICE").params[1] == f"*** {was} is now another"
    op.send("KILL another :spam")
    for c in op, wil:
        assert c.wait("NOTICE").params[1].startswith(f"*** KILL of another by {op.nick} (root): spam")
    op.ask(f"MODE {op.nick} +s -ckxfnesr")
    hal.ask("WALLOPS :text that is not told")
    assert op.wait("NOTICE").params[1] == f"*** WALLOPS by {hal.nick} (hal)"
    restart(server)
    hal.ask("WALLOPS :again")
    assert op.wait("NOTICE").params[1] == f"*** WALLOPS by {hal.nick} (hal)"
    said = op.ask(f"MODE {op.nick} -s")
    assert said.one("008").params[1] == "+" and said.one("MODE").params[1] == "-s"
    hal.ask("WALLOPS :again")
    op.sync().no("NOTICE")


def test_notices_stop_with_the_operator(start):
    server = start(FAST + CLASSES)
    op = server.client("root")
    op.ask("OPER root pw", f"MODE {op.nick} +s n")
    assert set(op.ask(f"MODE {op.nick} -o").one("MODE").params[1]) == set("-os")
    server.client("x").ask("NICK another")
    op.sync().no("NOTICE")


def deeds(server):
    return re.findall(r"CHATD_COMMAND=(\S+)(?: CHATD_CHANNEL=(\S+))?(?: CHATD_TARGET=(\S+))?", server.log)


def await_deed(server, command, channel="", target=""):
    server.wait_for(lambda: (command, channel, target) in deeds(server), f"{command} in the log")


def test_sajoin_and_sapart(start):
    server = start(FAST + CLASSES)
    op, owner, c = server.client("root"), server.client("o"), server.client("c")
    op.ask("OPER root pw")
    channel, other = chan(), chan()
    owner.join(channel)
    owner.ask(f"MODE {channel} +ib *!*@*")
    said = op.ask(f"SAJOIN {c.nick} {channel},{other},nochannel")
    assert said.one("403").params[1] == "nochannel"
    said = c.sync()
    assert [m.params[0] for m in said.of("JOIN")] == [channel, other] and len(said.of("366")) == 2
    assert owner.sync().one("JOIN").source.startswith(c.nick + "!")
    assert op.ask(f"SAPART {op.nick} {channel}").one("441")
    assert op.ask(f"SAPART {c.nick} {chan()}").one("403")
    op.ask(f"SAPART {c.nick} {channel} :off you go").no("441", "403")
    assert c.sync().one("PART").params == [channel, "off you go"]
    assert op.ask(f"SAJOIN nobody {channel}").one("401")
    await_deed(server, "SAJOIN", channel, c.nick)
    await_deed(server, "SAPART", channel, c.nick)


def test_sanick(start):
    server = start(FAST + CLASSES)
    op, c = server.client("root"), server.client("c")
    op.ask("OPER root pw")
    was = c.nick
    assert op.ask(f"SANICK {was} {op.nick}").one("433")
    assert op.ask(f"SANICK {was} 1bad").one("432")
    op.ask(f"SANICK {was} renamed").no("433")
    assert c.sync().one("NICK").params == ["renamed"]
    await_deed(server, "SANICK", "", was)


def test_samode(start):
    server = start(FAST + CLASSES)
    op, owner, c = server.client("root"), server.client("o"), server.client("c")
    channel = chan()
    owner.join(channel)
    assert op.ask(f"SAMODE {channel} +m").one("481")
    op.ask("OPER root pw")
    assert op.ask(f"MODE {channel} +m").one("482")
    op.ask(f"SAMODE {channel} +mk-o key {owner.nick}").no("482")
    said = owner.sync()
    assert said.one("MODE").params == [channel, "+mk-o", "key", owner.nick]
    await_deed(server, "SAMODE", channel)
    assert "key" not in server.log
    assert op.ask(f"SAMODE {c.nick} +wo").one("501")
    assert c.sync().one("MODE").params == [c.nick, "+w"]


def test_override_is_asked_for(start):
    server = start(FAST + CLASSES)
    op, hal, owner = server.client("root"), server.client("hal"), server.client("o")
    channel = chan()
    owner.join(channel)
    owner.ask(f"MODE {channel} +ik key")
    op.ask("OPER root pw")
    hal.ask("OPER hal pw")
    assert op.ask(f"JOIN {channel}").one("473")
    assert hal.ask(f"MODE {hal.nick} +p").one("723").params[1] == "override"
    assert op.ask(f"MODE {op.nick} +p").one("MODE").params[1] == "+p"
    await_deed(server, "MODE")
    assert op.ask(f"JOIN {channel}").one("JOIN")
    op.ask(f"TOPIC {channel} :mine", f"MODE {channel} -k key", f"KICK {channel} {owner.nick}").no("482", "461")
    assert owner.sync().commands == ["JOIN", "TOPIC", "MODE", "KICK"]
    await_deed(server, "OVERRIDE", channel, owner.nick)
    overridden = [("OVERRIDE", channel, "")] * 3 + [("OVERRIDE", channel, owner.nick)]
    assert [d for d in deeds(server) if d[0] == "OVERRIDE"] == overridden
    own = chan()
    op.join(own)
    op.ask(f"MODE {own} +m", "WALLOPS :x")
    await_deed(server, "WALLOPS")
    assert [d for d in deeds(server) if d[0] == "OVERRIDE"] == overridden, "what one may anyway is no override"
    op.ask(f"MODE {op.nick} -p")
    assert op.ask(f"MODE {channel} +m").one("482")


def test_oper_tag(start):
    server = start(FAST + CLASSES)
    op, c, plain = server.client("root"), server.client("c", caps="draft/oper-tag"), server.client("p")
    channel = server.channel(op, c, plain)
    op.ask(f"PRIVMSG {channel} :one", "OPER root pw", f"PRIVMSG {channel} :two", f"PART {channel} :three", f"JOIN {channel}")
    tagged = {"draft/oper": ""}
    assert [m.tags for m in c.sync().of("PRIVMSG", "PART")] == [{}, tagged, tagged]
    assert "draft/oper" not in plain.sync().text
    op.ask(f"MODE {op.nick} +H", f"PRIVMSG {channel} :four")
    assert c.sync().one("PRIVMSG").tags == {}


def test_hidden_operators(start):
    server = start(FAST + CLASSES)
    op, hal, c = server.client("root"), server.client("hal"), server.client("c")
    op.ask("OPER root pw")
    hal.ask("OPER hal pw")
    assert c.ask("LUSERS").one("252").params[1] == "2"
    assert hal.ask(f"MODE {hal.nick} +H").one("723").params[1] == "hide"
    op.ask(f"MODE {op.nick} +H")
    c.ask(f"WHOIS {op.nick}").no("313")
    assert "*" not in c.ask(f"USERHOST {op.nick}").one("302").params[1]
    assert c.ask(f"WHO {op.nick}").one("352").params[6] == "H"
    assert c.ask("LUSERS").one("252").params[1] == "1"
    assert [m.params[2].split()[0] for m in c.ask("STATS P").of("249")] == [hal.nick]
    assert hal.ask(f"WHOIS {op.nick}").one("313")
    assert hal.ask(f"WHO {op.nick}").one("352").params[6] == "H*"


def test_what_a_class_lets_one_see(start):
    sees = "[class blind]\nprivileges = kill\n[oper bea]\npassword = pw\nclass = blind\n"
    server = start(FAST + CLASSES + sees)
    op, bea, c = server.client("root"), server.client("bea"), server.client("c")
    channel = chan()
    c.join(channel)
    c.ask(f"MODE {channel} +s", f"MODE {c.nick} +i")
    op.ask("OPER root pw")
    bea.ask("OPER bea pw")
    assert op.ask(f"WHOIS {c.nick}").of("338", "379") and op.ask(f"NAMES {channel}").of("353")
    bea.ask(f"WHOIS {c.nick}").no("338", "378", "379", "319")
    bea.ask(f"NAMES {channel}").no("353")
    assert bea.ask("STATS m").one("723").params[1] == "stats"


def test_stats(start):
    server = start(FAST + CLASSES)
    op = server.client("root")
    op.ask("STATS o").one("481")
    op.ask("OPER root pw")
    assert [m.params[1:] for m in op.ask("STATS o").of("243")] == [
        ["O", "*@*", "*", "hal", "0", "helper"], ["O", "*@*", "*", "root", "0", "*"],
    ]
    assert op.ask("STATS O").one("249").params[1:] == ["O", "helper kill wallops"]
    assert op.ask("STATS p").one("249").params[2].startswith(f"{op.nick} (user@")

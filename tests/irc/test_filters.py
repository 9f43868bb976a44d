"""Filters of what people write: each action, each target, and that they are kept."""

import signal

import pytest
from harness import FAST, fresh, run_chatd

OPER = FAST + "[oper root]\npassword = secret\n"


@pytest.fixture
def server(start):
    return start(OPER)


def oper(daemon):
    client = daemon.client("root")
    assert client.ask("OPER root secret").of("381")
    return client


def add(root, line):
    said = root.ask(f"FILTER ADD {line}").one("NOTICE").params[1]
    assert "filter" in said, said


def test_refuse(server):
    root, one, other = oper(server), server.client(), server.client()
    channel = server.channel(one, other)
    add(root, "refuse cp 0 no_bad_words :badword")
    fail = one.ask(f"PRIVMSG {channel} :such a \x02BadWord").one("FAIL")
    assert fail.params[:3] == ["PRIVMSG", "FILTERED", channel] and fail.params[3] == "Not sent: no bad words"
    assert one.ask(f"PRIVMSG {other} :badword").one("FAIL").params[2] == other.nick
    one.ask(f"NOTICE {channel} :badword", f"PRIVMSG {channel} :badwords are others")
    assert [m.command for m in other.sync()] == ["NOTICE", "PRIVMSG"]
    root.join(channel)
    root.ask(f"PRIVMSG {channel} :badword, said an operator")
    assert other.sync().of("PRIVMSG")
    assert "met 2" in root.ask("FILTER LIST").of("NOTICE")[0].params[1]


def test_warn(server):
    root, one, other = oper(server), server.client(), server.client()
    channel = server.channel(one, other)
    add(root, "warn * 1h look_at_this :/sus.icious/")
    assert root.ask(f"MODE {root} +s x")
    one.ask(f"PRIVMSG {channel} :very suspicious")
    assert other.sync().one("PRIVMSG").params[1] == "very suspicious"
    entry = server.wait_log("filter-met")
    assert one.nick in entry and channel in entry and "very" not in entry, "the text is not logged"


def test_hide(server):
    root, one, other = oper(server), server.client(caps="echo-message"), server.client()
    channel = server.channel(one, other)
    add(root, "hide c 0 - :secretly")
    echo = one.ask(f"PRIVMSG {channel} :secretly said").one("PRIVMSG")
    assert echo.params == [channel, "secretly said"] and echo.source.startswith(one.nick + "!")
    assert not other.sync()


def test_kick(server):
    root, one, other = oper(server), server.client(), server.client()
    channel = server.channel(other, one)
    add(root, "kick c 0 go_away :spam")
    assert one.ask(f"PRIVMSG {channel} :spam spam").one("KICK").params == [channel, one.nick, "go away"]
    assert other.sync().commands == ["KICK"]


def test_ban(server):
    root, other = oper(server), server.client()
    channel = server.channel(other)
    spammer = server.connect(fresh("nick"), source="127.0.0.7")
    spammer.register()
    spammer.join(channel)
    add(root, "ban=1h c 0 spammer :/buy (cheap|my) \\w+/")
    spammer.send(f"PRIVMSG {channel} :buy cheap watches", f"PRIVMSG {channel} :and more")
    assert spammer.rest().one("465").params[1].startswith("You are banned from this server: spammer (until")
    said = other.sync()
    assert not said.of("PRIVMSG") and said.of("QUIT")
    assert server.connect("x", source="127.0.0.7").rest().commands == ["ERROR"]
    assert "filter #" in root.ask("UBAN LIST").of("NOTICE")[0].params[1]


def test_topic_and_last_words(server):
    root, one, other = oper(server), server.client(), server.client()
    channel, second = server.channel(one, other), server.channel(one, other)
    add(root, "refuse tPq 0 - :badword")
    assert one.ask(f"TOPIC {channel} :badword").of("FAIL")
    one.ask(f"PART {channel} :badword")
    assert other.sync().one("PART").params == [channel]
    one.send("QUIT :badword")
    one.rest()
    assert other.sync().one("QUIT").params == ["Client Quit"]
    assert second


def test_newcomers(server):
    root = oper(server)
    add(root, "refuse u 0 no_bots :/^bot\\d+!.*@.* .*drone/")
    client = server.connect("bot17")
    client.send("NICK bot17", "USER u 0 * :A drone")
    lines = client.rest()
    assert lines.one("465").params[1].endswith("no bots") and not lines.of("001")
    server.connect("bot18").register(realname="A person")


def test_unfiltered_channels(start):
    server = start(OPER + "[channels]\nunfiltered = #free* #other\n")
    root, one, other = oper(server), server.client(), server.client()
    channel = server.channel(one, other, name="#freetalk")
    add(root, "refuse * 0 - :badword")
    one.ask(f"PRIVMSG {channel} :badword")
    assert other.sync().of("PRIVMSG")


ROW = "[filter trade]\npattern = /(buy|sell) (cheap|my) \\w+/\nreason = no trade\n"


def test_filters_of_the_configuration(start):
    server = start(OPER + ROW)
    root, one = oper(server), server.client()
    channel = server.channel(one)
    assert one.ask(f"PRIVMSG {channel} :buy cheap things").one("FAIL").params[3] == "Not sent: no trade"
    server.wait_log(r"filter \[filter trade\] met")
    listed = root.ask("FILTER LIST").of("NOTICE")
    assert listed[0].params[1].startswith("[filter trade] /(buy|sell)"), listed
    assert "[filter trade]" in root.ask("FILTER TEST :sell my car").of("NOTICE")[0].params[1]
    server.reload(OPER + ROW.replace("buy|sell", "give"))
    one.ask(f"PRIVMSG {channel} :buy cheap things").no("FAIL")
    assert one.ask(f"PRIVMSG {channel} :give cheap things").of("FAIL")
    server.reload(OPER)
    one.ask(f"PRIVMSG {channel} :give cheap things").no("FAIL")


@pytest.mark.parametrize("row", ["pattern = /(/", "action = warn", "pattern = word\naction = eat", "pattern = word\ntargets = x"])
def test_wrong_filters_of_the_configuration(start, row):
    path = start(OPER).folder / "wrong.conf"
    path.write_text(f"[filter one]\n{row}\n")
    done = run_chatd("-c", str(path), "--check-config")
    assert done.returncode != 0 and "[filter one]" in done.stderr


def test_orders(server):
    root, plain = oper(server), server.client()
    assert plain.ask("FILTER LIST").of("481")
    for wrong in (
        "refuse c 0 - :/(/",
        "what c 0 - :word",
        "ban c 0 - :word",
        "refuse x 0 - :word",
        "refuse c never - :word",
        "refuse c 0 - :x",
    ):
        assert root.ask(f"FILTER ADD {wrong}").one("FAIL").params[1] == "INVALID_PARAMS", wrong
    assert root.ask("FILTER ADD refuse c 0 -").of("461")
    add(root, "refuse c 0 - :word")
    assert "word" in root.ask("FILTER TEST :a word").one("NOTICE").params[1]
    assert "No filter" in root.ask("FILTER TEST :nothing").one("NOTICE").params[1]
    assert root.ask("FILTER DEL other").one("FAIL").params[1] == "NO_SUCH_FILTER"
    assert "removed" in root.ask("FILTER DEL word").one("NOTICE").params[1]
    assert root.ask("FILTER WHAT x").one("FAIL").params[1] == "UNKNOWN_SUBCOMMAND"


def test_bound(start):
    root = oper(start(OPER + "[limits]\nfilters = 1\n"))
    add(root, "refuse c 0 - :one")
    add(root, "warn c 0 - :one")
    assert root.ask("FILTER ADD refuse c 0 - :two").one("FAIL").params[1] == "LIST_FULL"


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_kept(start, tmp_path, signo):
    args = ["--state", str(tmp_path / "state")]
    daemon = start(OPER, args=args)
    add(oper(daemon), "refuse c 0 why :badword")
    daemon.send_signal(signo)
    daemon.process.wait()
    daemon.release()
    again = start(OPER, args=args)
    one = again.client()
    assert one.ask(f"PRIVMSG {again.channel(one)} :badword").of("FAIL")

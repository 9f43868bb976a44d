"""CHATHISTORY: what was said before, for those who may read it."""

import signal

import pytest

import sasl
from harness import FAST, chan, fresh

CAPS = (
    "batch draft/chathistory echo-message labeled-response message-tags server-time standard-replies sasl "
    "draft/account-registration"
)
EVENTS = f"{CAPS} draft/event-playback"
PASSWORD = "correct horse"
QUICK = "[accounts]\niterations = 4096\n"


@pytest.fixture(params=["memory", "disk"])
def server(request, start, tmp_path):
    """What is kept in memory and what is kept on the disk read the same."""
    (tmp_path / "state").mkdir()
    where = f"[server]\nstate = {tmp_path}/state\n" if request.param == "disk" else ""
    return start(where + FAST + QUICK)


@pytest.fixture
def kept(start, tmp_path):
    (tmp_path / "state").mkdir()

    def launch(more=""):
        return start(f"[server]\nstate = {tmp_path}/state\n{FAST}{QUICK}{more}")

    return launch


def member(daemon, stem="acc", caps=CAPS):
    """A client with an account of its nick."""
    client = daemon.client(stem, caps=caps)
    assert client.ask(f"REGISTER * * :{PASSWORD}").one("REGISTER").params[0] == "SUCCESS"
    return client


def device(daemon, nick, caps=CAPS, **registration):
    """One more device of the account of that nick."""
    client = daemon.connect(nick)
    client.ask(f"CAP REQ :{caps} sasl")
    sasl.plain(client, nick, PASSWORD)
    client.send(f"NICK {nick}", f"USER {registration.get('username', 'user')} 0 * :A Person", "CAP END")
    client.wait("001")
    return client


def say(client, target, *texts):
    """Says it all; the echoes, in order."""
    said = client.ask(*(f"PRIVMSG {target} :{text}" for text in texts))
    return [m for m in said.of("PRIVMSG") if m.params[-1] in texts]


def lines(said):
    """What stands in the batch of an answer, which must be the only one."""
    batches = said.of("BATCH")
    assert len(batches) == 2, said.text
    name = batches[0].params[0][1:]
    assert batches[1].params == [f"-{name}"]
    inside = [m for m in said if m.command != "BATCH"]
    assert all(m.tags.get("batch") == name for m in inside)
    return inside


def history(client, *words):
    client.sync()
    return lines(client.ask("CHATHISTORY " + " ".join(str(w) for w in words)))


def texts(client, *words):
    return [m.params[-1] for m in history(client, *words)]


def test_isupport(server):
    said = server.client().ask("VERSION")
    assert "CHATHISTORY=1000" in said.text and "MSGREFTYPES=msgid,timestamp" in said.text


def test_nobody_gets_more_than_the_server_gives(start):
    server = start(FAST + "[history]\nlimit = 3\n")
    a = server.client("a", caps=CAPS)
    channel = chan()
    a.join(channel)
    say(a, channel, *"12345")
    assert texts(a, "LATEST", channel, "*", 2) == ["4", "5"]
    for limit in (3, 4, 1000, (1 << 32) - 1):
        assert texts(a, "LATEST", channel, "*", limit) == ["3", "4", "5"]


def test_is_unknown_without_the_capability(server):
    client = server.client()
    channel = chan()
    client.join(channel)
    assert client.ask(f"CHATHISTORY LATEST {channel} * 10").one("421")


def test_pages_by_msgid_and_time(server):
    client = server.client(caps=CAPS)
    channel = chan()
    client.join(channel)
    echoes = say(client, channel, *(f"line {i}" for i in range(10)))
    ids = [m.tags["msgid"] for m in echoes]
    assert ids == sorted(set(ids))
    got = history(client, "LATEST", channel, "*", 4)
    assert [(m.tags["msgid"], m.tags["time"], m.params, m.source) for m in got] == [
        (m.tags["msgid"], m.tags["time"], m.params, m.source) for m in echoes[6:]
    ]
    # Whatever their times are, none is missed and none comes twice.
    seen, page = [], ["*"]
    before = "LATEST"
    while True:
        got = history(client, before, channel, page[0], 3)
        if not got:
            break
        seen = [m.tags["msgid"] for m in got] + seen
        before, page = "BEFORE", [f"msgid={seen[0]}"]
    assert seen == ids
    assert texts(client, "AFTER", channel, f"msgid={ids[7]}", 10) == ["line 8", "line 9"]
    assert texts(client, "AROUND", channel, f"msgid={ids[5]}", 3) == ["line 4", "line 5", "line 6"]
    assert texts(client, "BETWEEN", channel, f"msgid={ids[1]}", f"msgid={ids[8]}", 2) == ["line 2", "line 3"]
    assert texts(client, "BETWEEN", channel, f"msgid={ids[8]}", f"msgid={ids[1]}", 2) == ["line 6", "line 7"]
    assert texts(client, "AFTER", channel, "timestamp=2020-01-01T00:00:00.000Z", 2) == ["line 0", "line 1"]
    assert texts(client, "BEFORE", channel, "timestamp=2020-01-01T00:00:00.000Z", 2) == []


def test_a_labelled_answer_is_one_answer(server):
    client = server.client(caps=CAPS)
    channel = chan()
    client.join(channel)
    say(client, channel, "hello")
    said = client.ask(f"@label=x CHATHISTORY LATEST {channel} * 10")
    outer, inner = said.of("BATCH")[:2]
    assert outer.tags["label"] == "x" and outer.params[1] == "labeled-response"
    assert inner.tags["batch"] == outer.params[0][1:] and inner.params[1:] == ["chathistory", channel]
    assert said.one("PRIVMSG").tags["batch"] == inner.params[0][1:]


@pytest.mark.parametrize(
    "words, code",
    [
        ("NONSENSE #c * 10", "INVALID_PARAMS"),
        ("LATEST", "INVALID_PARAMS"),
        ("LATEST #c *", "INVALID_PARAMS"),
        ("LATEST #c * 10 10", "INVALID_PARAMS"),
        ("LATEST #c * ten", "INVALID_PARAMS"),
        ("LATEST #c nonsense 10", "INVALID_PARAMS"),
        ("BEFORE #c * 10", "INVALID_PARAMS"),
        ("BEFORE #c timestamp=yesterday 10", "INVALID_PARAMS"),
        ("BEFORE #c timestamp=2020-99-01T00:00:00.000Z 10", "INVALID_PARAMS"),
        ("BETWEEN #c msgid=a 10", "INVALID_PARAMS"),
        ("TARGETS msgid=a msgid=b 10", "INVALID_PARAMS"),
        ("LATEST #nowhere * 10", "INVALID_TARGET"),
    ],
)
def test_refusals(server, words, code):
    client = server.client(caps=CAPS)
    fail = client.ask(f"CHATHISTORY {words}").one("FAIL")
    assert fail.params[:3] == ["CHATHISTORY", code, words.split()[0]]


def test_a_channel_of_others_is_as_none(server):
    inside, outside = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = chan()
    inside.join(channel)
    say(inside, channel, "secret")
    there = outside.ask(f"CHATHISTORY LATEST {channel} * 10").one("FAIL")
    nowhere = outside.ask(f"CHATHISTORY LATEST {channel}x * 10").one("FAIL")
    assert [p.replace(f"{channel}x", channel) for p in nowhere.params] == there.params
    outside.join(channel)
    assert texts(outside, "LATEST", channel, "*", 10) == ["secret"]
    outside.ask(f"PART {channel}")
    assert outside.ask(f"CHATHISTORY LATEST {channel} * 10").one("FAIL")


def test_mode_H_says_from_when_on(server):
    first, late = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = chan()
    first.join(channel)
    first.ask(f"MODE {channel} +H joined")
    say(first, channel, "before")
    late.join(channel)
    say(first, channel, "after")
    assert texts(late, "LATEST", channel, "*", 10) == ["after"]
    assert texts(first, "LATEST", channel, "*", 10) == ["before", "after"]
    first.ask(f"MODE {channel} +H always")
    assert texts(late, "LATEST", channel, "*", 10) == ["before", "after"]
    first.ask(f"MODE {channel} +H never")
    assert late.ask(f"CHATHISTORY LATEST {channel} * 10").one("FAIL").params[1] == "INVALID_TARGET"


def test_a_new_channel_of_that_name_has_no_past(server):
    first, second = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = chan()
    first.join(channel)
    say(first, channel, "ours alone")
    first.ask(f"PART {channel}")
    second.join(channel)
    assert texts(second, "LATEST", channel, "*", 10) == []


def test_lines_to_operators_are_read_by_operators(server):
    op, other = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = chan()
    op.join(channel)
    other.join(channel)
    op.ask(f"PRIVMSG @{channel} :for ops", f"PRIVMSG {channel} :for all")
    assert texts(op, "LATEST", channel, "*", 10) == ["for ops", "for all"]
    assert texts(other, "LATEST", channel, "*", 10) == ["for all"]


def test_conversations_belong_to_accounts(server):
    ann, bob, guest = member(server, "ann"), member(server, "bob"), server.client("guest", caps=CAPS)
    say(ann, bob.nick, "hi bob")
    say(bob, ann.nick, "hi ann")
    say(guest, ann.nick, "hi from outside")
    assert texts(ann, "LATEST", bob.nick, "*", 10) == ["hi bob", "hi ann"]
    assert texts(bob, "LATEST", ann.nick.upper(), "*", 10) == ["hi bob", "hi ann"]
    assert texts(ann, "LATEST", guest.nick, "*", 10) == ["hi from outside"]
    assert texts(guest, "LATEST", ann.nick, "*", 10) == []
    # Another who takes the nick of the guest learns nothing.
    guest.send("QUIT")
    guest.rest()
    again = server.client(caps=CAPS, nick=guest.nick)
    assert texts(again, "LATEST", ann.nick, "*", 10) == []
    # A nick is not the account: what bob said before is found under his new one.
    bob.ask(f"NICK {bob.nick}x")
    assert texts(ann, "LATEST", f"{bob.nick}x", "*", 10) == ["hi bob", "hi ann"]


def test_a_new_account_of_that_name_has_no_past(server):
    ann, bob = member(server, "ann"), member(server, "bob")
    say(ann, bob.nick, "for the first bob")
    name = bob.nick
    code = bob.ask(f"NS DROP {name}").text.split(f"DROP {name} ")[1].split()[0]
    assert "no more" in bob.ask(f"NS DROP {name} {code}").text
    bob.send("QUIT")
    bob.rest()
    other = server.client(caps=CAPS, nick=name)
    assert other.ask(f"REGISTER * * :{PASSWORD}").of("900")
    assert texts(other, "LATEST", ann.nick, "*", 10) == []
    span = "timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z"
    assert history(other, "TARGETS", span, 10) == []
    assert texts(ann, "LATEST", name, "*", 10) == ["for the first bob"]


def test_targets(server):
    ann, bob = member(server, "ann"), member(server, "bob")
    channel, quiet = chan(), chan()
    ann.join(channel)
    ann.join(quiet)
    say(ann, channel, "hello")
    last = say(ann, bob.nick, "hi")[0]
    span = "timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z"
    got = history(ann, "TARGETS", span, 10)
    assert [m.params[:2] for m in got] == [["TARGETS", channel], ["TARGETS", bob.nick]]
    assert got[1].params[2] == last.tags["time"]
    assert [m.params[1] for m in history(bob, "TARGETS", span, 10)] == [ann.nick]
    assert history(ann, "TARGETS", span, 1)[0].params[1] == channel
    backwards = "timestamp=2099-01-01T00:00:00.000Z timestamp=2020-01-01T00:00:00.000Z"
    assert [m.params[1] for m in history(ann, "TARGETS", backwards, 1)] == [bob.nick]


def test_events_for_those_who_ask(server):
    client, plain, other = (server.client(caps=c) for c in (EVENTS, CAPS, EVENTS))
    channel = chan()
    client.join(channel)
    plain.join(channel)
    other.join(channel)
    client.ask(f"TOPIC {channel} :on topic", f"MODE {channel} +v {other.nick}", f"PRIVMSG {channel} :hello")
    topic = plain.sync().one("TOPIC")
    was, now = other.nick, fresh("new")
    other.ask(f"NICK {now}")
    client.ask(f"@+draft/react=yes;+reply=x TAGMSG {channel}", f"@+typing=active TAGMSG {channel}")
    client.ask(f"KICK {channel} {now} :out")
    other.join(channel)
    other.ask(f"PART {channel} :later")
    other.join(channel)
    other.send("QUIT :bye")
    client.wait("QUIT")
    got = history(client, "LATEST", channel, "*", 100)
    assert [m.command for m in got] == (
        "JOIN JOIN JOIN TOPIC MODE PRIVMSG NICK TAGMSG KICK JOIN PART JOIN QUIT".split()
    )
    assert got[3].params == [channel, "on topic"] and got[3].tags["msgid"] == topic.tags["msgid"]
    assert got[4].params == [channel, "+v", was]
    assert got[6].source.split("!")[0] == was and got[6].params == [now]
    assert got[7].tags["+draft/react"] == "yes"
    assert got[8].params == [channel, now, "out"]
    assert got[10].params == [channel, "later"]
    assert got[12].params[-1].endswith("bye")
    assert [m.command for m in history(plain, "LATEST", channel, "*", 100)] == ["PRIVMSG"]


def test_survives_a_crash(kept):
    daemon = kept()
    ann = member(daemon, "ann")
    channel = chan()
    ann.join(channel)
    ann.ask(f"CHANSERV REGISTER {channel}")
    echoes = say(ann, channel, "one", "two", "three")
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    daemon = kept()
    back = device(daemon, ann.nick)
    back.join(channel)
    assert [m.tags["msgid"] for m in history(back, "LATEST", channel, "*", 10)] == [m.tags["msgid"] for m in echoes]


def test_a_restart_meanwhile(kept):
    """Each question is answered, by a batch or by the word that it must be asked again."""
    daemon = kept()
    client = daemon.client(caps=CAPS)
    channel = chan()
    client.join(channel)
    for _ in range(4):
        say(client, channel, *("x" * 380 for _ in range(250)))
    client.send(*(f"CHATHISTORY LATEST {channel} * 1000" for _ in range(10)))
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_log("CHATD_EVENT=handover ")
    said = client.sync()
    ended = [m for m in said.of("BATCH") if m.params[0][0] == "-"]
    assert len(ended) + len(said.of("FAIL")) == 10
    assert len(history(client, "LATEST", channel, "*", 1000)) == 1000


def test_a_file_that_cannot_be_read(kept, tmp_path):
    daemon = kept()
    client = daemon.client(caps=CAPS)
    channel = chan()
    client.join(channel)
    say(client, channel, "hello")
    assert texts(client, "LATEST", channel, "*", 10) == ["hello"]
    aside = tmp_path / "aside.db"
    (tmp_path / "state/chatd.db").rename(aside)
    assert client.ask(f"CHATHISTORY LATEST {channel} * 10").one("FAIL").params[1] == "MESSAGE_ERROR"
    daemon.wait_log("CHATD_EVENT=history-failed")
    aside.rename(tmp_path / "state/chatd.db")
    assert texts(client, "LATEST", channel, "*", 10) == ["hello"]


def test_a_slow_reader_gets_all_of_it(server):
    client = server.client(caps=CAPS)
    channel = chan()
    client.join(channel)
    for _ in range(4):
        say(client, channel, *("x" * 380 for _ in range(250)))
    client.send(*(f"CHATHISTORY LATEST {channel} * 1000" for _ in range(5)))
    said = client.sync()
    assert len(said.of("PRIVMSG")) == 5000 and len(said.of("BATCH")) == 10


OLD = "batch server-time message-tags"
ON = "[accounts]\niterations = 4096\nalways_on = yes\n[history]\nmissed = 5\n"


def leave(client):
    client.send("QUIT :later")
    client.rest()


def test_a_device_is_shown_what_it_missed(start):
    daemon = start(FAST + ON)
    ann, bob = member(daemon, "ann"), member(daemon, "bob")
    channel = chan()
    ann.join(channel)
    bob.join(channel)
    say(bob, channel, "while she was here")
    leave(ann)
    say(bob, channel, *(f"missed {i}" for i in range(8)))
    say(bob, ann.nick, "just for you")
    back = daemon.connect(ann.nick)
    back.ask(f"CAP REQ :{OLD} sasl")
    sasl.plain(back, ann.nick, PASSWORD)
    said = back.ask(f"NICK {ann.nick}", "USER user 0 * :Ann", "CAP END")
    shown = said.of("PRIVMSG")
    assert [m.params for m in shown] == [
        *([channel, f"missed {i}"] for i in range(3, 8)),
        [ann.nick, "just for you"],
    ]
    assert [b.params[1:] for b in said.of("BATCH") if b.params[0][0] == "+"] == [
        ["chathistory", channel],
        ["chathistory", bob.nick],
    ]
    assert all("time" in m.tags and "msgid" in m.tags for m in shown)


def test_a_client_that_can_ask_is_shown_nothing_unasked(start):
    daemon = start(FAST + ON)
    ann, bob = member(daemon, "ann"), member(daemon, "bob")
    leave(ann)
    say(bob, ann.nick, "hello")
    back = device(daemon, ann.nick)
    assert not back.sync().of("PRIVMSG")
    assert texts(back, "LATEST", bob.nick, "*", 10) == ["hello"]


@pytest.mark.parametrize(
    "how, where", [(sasl.plain, "username"), (sasl.plain, "account"), (sasl.scram, "account")]
)
def test_each_device_has_missed_its_own(start, how, where):
    daemon = start(FAST + ON)
    ann, bob = member(daemon, "ann"), member(daemon, "bob")

    def visit(name):
        client = daemon.connect(ann.nick)
        client.ask(f"CAP REQ :{OLD} sasl")
        how(client, f"{ann.nick}@{name}" if where == "account" else ann.nick, PASSWORD)
        username = f"ann@{name}" if where == "username" else "ann"
        said = client.ask(f"NICK {ann.nick}", f"USER {username} 0 * :Ann", "CAP END")
        return client, [m.params[-1] for m in said.of("PRIVMSG")]

    phone, _ = visit("phone")
    desk, _ = visit("desk")
    leave(ann)
    leave(phone)
    say(bob, ann.nick, "one")
    assert desk.sync().one("PRIVMSG")
    leave(desk)
    say(bob, ann.nick, "two")
    assert visit("phone")[1] == ["one", "two"]
    assert visit("desk")[1] == ["two"]


def test_lines_on_joining(start):
    daemon = start(FAST + "[history]\non_join = 2\n")
    first, asks, plain = daemon.client(), daemon.client(caps=CAPS), daemon.client()
    channel = chan()
    first.join(channel)
    first.ask(*(f"PRIVMSG {channel} :line {i}" for i in range(3)), f"PRIVMSG {channel} :\1ACTION waves\1")
    asks.send(f"JOIN {channel}")
    assert not asks.sync().of("PRIVMSG")
    shown = plain.ask(f"JOIN {channel}").of("PRIVMSG")
    # Without server-time the text says when it was.
    assert [m.params[1].split("] ")[1] for m in shown] == ["line 2", "waves\1"]
    assert shown[0].params[1].startswith("[20") and shown[1].params[1].startswith("\1ACTION [20")


def test_playback(server):
    ann, bob = member(server, "ann", f"{CAPS} znc.in/playback"), member(server, "bob")
    channel = chan()
    ann.join(channel)
    bob.join(channel)
    echoes = say(bob, channel, "one", "two", "three")
    say(bob, ann.nick, "direct")
    ann.sync()

    def play(*words):
        return [m.params[-1] for m in ann.ask(f"PRIVMSG *playback :PLAY {' '.join(words)}").of("PRIVMSG")]

    assert play(channel) == ["one", "two", "three"]
    assert sorted(play("*")) == ["direct", "one", "three", "two"]
    assert play(f"{channel},{bob.nick}", "0") == ["one", "two", "three", "direct"]
    assert play(channel, "4000000000") == []
    assert play(channel, "0", "1600000000.5") == []
    assert play(channel, "0.0009999", "4000000000") == ["one", "two", "three"]
    assert play("#nowhere") == []
    assert ann.ask("PRIVMSG *playback :PLAY").one("NOTICE")
    assert ann.ask("PRIVMSG *playback :HELP").one("NOTICE")
    assert len(echoes) == 3


def test_who_is_thrown_out_meanwhile_is_not_shown_what_came_after(server):
    """One channel is read after the other, in parts: how much of them comes before the KICK is a matter of time."""
    bob = member(server, "bob")
    ann = member(server, "ann", f"{CAPS} znc.in/playback")
    channels = [chan(), chan()]
    for channel in channels:
        bob.join(channel)
        ann.join(channel)
        for _ in range(10):
            bob.ask(*(f"PRIVMSG {channel} :{'x' * 400}" for _ in range(90)))
    ann.sync()
    ann.send("PRIVMSG *playback :PLAY *")
    ann.wait("BATCH")
    for channel in channels:
        bob.ask(f"KICK {channel} {ann.nick}", f"PRIVMSG {channel} :behind your back")
    shown = [m for m in ann.sync() if m.command == "PRIVMSG"]
    assert not [m for m in shown if m.params[-1] == "behind your back"]
    assert shown


def test_the_time_of_leaving_is_kept_over_a_restart(kept):
    daemon = kept("always_on = yes\n")
    ann, bob = member(daemon, "ann"), member(daemon, "bob")
    channel = chan()
    ann.join(channel)
    bob.join(channel)
    say(bob, channel, "before")
    leave(ann)
    say(bob, channel, "after")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_log("CHATD_EVENT=handover ")
    bob.sync()
    say(bob, channel, "later")
    back = daemon.connect(ann.nick)
    back.ask(f"CAP REQ :{OLD} sasl")
    sasl.plain(back, ann.nick, PASSWORD)
    said = back.ask(f"NICK {ann.nick}", "USER user 0 * :Ann", "CAP END")
    assert [m.params[-1] for m in said.of("PRIVMSG")] == ["after", "later"]

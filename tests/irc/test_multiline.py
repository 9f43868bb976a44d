"""draft/multiline: messages of several lines, sent as a batch of the client's, and told as a batch or as plain lines."""

import pytest

from harness import ALL_CAPS, FAST, SERVER, chan
from test_handover import restart

CAPS = ALL_CAPS + " draft/multiline"
CONCAT = "draft/multiline-concat"


def batch(target, *lines, ref="b1", tags="", command="PRIVMSG"):
    """The lines that send it; one that starts with '+' goes on from the one before."""
    said = [f"{tags} BATCH +{ref} draft/multiline {target}".strip()]
    for line in lines:
        concat, text = (f";{CONCAT}", line[1:]) if line.startswith("+") else ("", line)
        said.append(f"@batch={ref}{concat} {command} {target} :{text}")
    return [*said, f"BATCH -{ref}"]


def told(said):
    """(opening, lines, end) of the one batch."""
    opening, *lines, end = [m for m in said if m.command in ("BATCH", "PRIVMSG", "NOTICE")]
    assert opening.command == end.command == "BATCH", said.text
    assert opening.params[0] == "+" + end.params[0][1:] and opening.params[1] == "draft/multiline"
    assert all(m.tags.get("batch") == end.params[0][1:] for m in lines)
    return opening, [("+" if CONCAT in m.tags else "") + m.params[1] for m in lines], end


def failure(said):
    return said.one("FAIL").params[:-1]


@pytest.fixture
def crew(server):
    ann, bob, eve = server.client(caps=CAPS), server.client(caps=CAPS), server.client(caps="message-tags server-time")
    channel = server.channel(ann, bob, eve)
    return ann, bob, eve, channel


def test_a_batch_reaches_both_kinds_of_clients(crew):
    ann, bob, eve, channel = crew
    said = ann.ask(*batch(channel, "hello", "", "how is ", "+everyone?", tags="@label=x;+draft/reply=1;+typing=done"))
    opening, lines, _ = told(said)
    assert lines == ["hello", "", "how is ", "+everyone?"]
    assert opening.tags["label"] == "x" and opening.params[2] == channel
    assert sum("label" in m.tags for m in said) == 1
    copy, lines, _ = told(bob.sync())
    assert lines == ["hello", "", "how is ", "+everyone?"]
    assert copy.tags["msgid"] == opening.tags["msgid"] and copy.tags["+draft/reply"] == "1"
    plain = eve.sync().of("PRIVMSG")
    assert [m.params for m in plain] == [[channel, "hello"], [channel, "how is "], [channel, "everyone?"]]
    assert [m.tags.get("msgid") for m in plain] == [opening.tags["msgid"], None, None]
    assert all(m.tags["time"] == opening.tags["time"] and CONCAT not in m.tags for m in plain)
    eve.sync().no("BATCH")


def test_notices_and_people(crew):
    ann, bob, eve, _ = crew
    assert told(ann.ask(*batch(bob.nick, "a", "b", command="NOTICE")))[0].params[2] == bob.nick
    assert told(bob.sync())[1] == ["a", "b"]
    ann.ask(*batch(eve.nick, "a", "b", command="NOTICE"))
    assert [m.params[1] for m in eve.sync().of("NOTICE")] == ["a", "b"]
    assert ann.ask(*batch("nobody", "a", "b")).one("401")
    assert not ann.ask(*batch("nobody", "a", "b", command="NOTICE"))


def test_a_single_line_is_a_plain_message(crew):
    ann, bob, _, channel = crew
    said = ann.ask(*batch(channel, "alone", tags="@label=y"))
    assert said.commands == ["PRIVMSG"] and said[0].tags["label"] == "y"
    assert bob.sync().one("PRIVMSG").params == [channel, "alone"]


def test_what_else_is_answered_shares_the_label(crew):
    ann, bob, _, _ = crew
    bob.ask("AWAY :gone")
    ann.sync()
    said = ann.ask(*batch(bob.nick, "a", "b", tags="@label=z"))
    assert said[0].params[1] == "labeled-response" and said[0].tags["label"] == "z"
    outer = said[0].params[0][1:]
    assert said[1].params[1] == "draft/multiline" and said[1].tags["batch"] == outer
    assert said.one("301").tags["batch"] == outer
    assert sum("label" in m.tags for m in said) == 1


@pytest.mark.parametrize(
    "lines, code",
    [
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 PRIVMSG #other :x"], ["MULTILINE_INVALID_TARGET", "{c}", "#other"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 PRIVMSG {c} :x", "@batch=b1 NOTICE {c} :x"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 PRIVMSG {c} :", "BATCH -b1"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "BATCH -b1"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1;+react=x PRIVMSG {c} :a"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 TOPIC {c} :a"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", f"@batch=b1;{CONCAT} PRIVMSG {{c}} :a"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 PRIVMSG {c}"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b1 BATCH +b2 draft/multiline {c}"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline {c}", "@batch=b2 PRIVMSG {c} :x"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 draft/multiline"], ["MULTILINE_INVALID"]),
        (["BATCH +b1 netsplit a b"], ["UNKNOWN_TYPE", "b1", "netsplit"]),
        (["BATCH +b! draft/multiline {c}"], ["INVALID_REFTAG", "b!"]),
        (["BATCH b1 draft/multiline {c}"], ["INVALID_REFTAG", "b1"]),
        (["BATCH -b9"], ["MULTILINE_INVALID"]),
        (["@batch=b9 PRIVMSG {c} :x"], ["MULTILINE_INVALID"]),
    ],
)
def test_failures_are_told_once_and_deliver_nothing(crew, lines, code):
    ann, bob, _, channel = crew
    said = ann.ask(*[line.format(c=channel) for line in lines])
    assert failure(said) == ["BATCH", *[word.format(c=channel) for word in code]]
    late = ann.ask("@batch=b1 PRIVMSG {c} :late".format(c=channel), "BATCH -b1") if code[0] != "INVALID_REFTAG" and lines[0].startswith("BATCH +b1") and lines[-1] != "BATCH -b1" else []
    assert not late, "what comes after a failure is passed over"
    bob.sync().no("PRIVMSG", "NOTICE", "BATCH")
    assert told(ann.ask(*batch(channel, "a", "b")))


def test_failure_bears_the_label_of_the_opening(crew):
    ann, _, _, channel = crew
    said = ann.ask(*batch(channel, "a", "+", tags="@label=q"))
    assert said.one("FAIL").tags["label"] == "q" and len(said) == 1


def test_another_command_ends_the_batch_and_is_done(crew):
    ann, bob, _, channel = crew
    said = ann.ask(f"BATCH +b1 draft/multiline {channel}", "PING x", f"@batch=b1 PRIVMSG {channel} :a", f"TOPIC {channel} :t")
    assert failure(said) == ["BATCH", "MULTILINE_INVALID"] and said.one("TOPIC")
    assert bob.sync().of("TOPIC")


def test_limits(start):
    server = start(FAST + "multiline_bytes = 512\nmultiline_lines = 3\n")
    ann = server.client(caps=CAPS)
    channel = server.channel(ann)
    assert "draft/multiline=max-bytes=512,max-lines=3" in ann.ask("CAP LS 302").text
    assert told(ann.ask(*batch(channel, "x" * 255, "y" * 255, "+z")))
    assert failure(ann.ask(*batch(channel, "x" * 255, "y" * 255, "+zz"))) == ["BATCH", "MULTILINE_MAX_BYTES", "512"]
    assert failure(ann.ask(*batch(channel, "a", "b", "+c", "d", "e"))) == ["BATCH", "MULTILINE_MAX_LINES", "3"]


def test_a_batch_left_open_times_out(start):
    server = start(FAST + "multiline_timeout = 200ms\n")
    ann = server.client(caps=CAPS)
    channel = server.channel(ann)
    ann.send(f"@label=t BATCH +b1 draft/multiline {channel}", f"@batch=b1 PRIVMSG {channel} :a")
    late = ann.wait("FAIL")
    assert late.params[:-1] == ["BATCH", "TIMEOUT", "b1"] and late.tags["label"] == "t"
    assert not ann.ask(f"@batch=b1 PRIVMSG {channel} :b", "BATCH -b1")


def test_an_open_batch_survives_a_restart(start):
    server = start(FAST)
    ann, bob = server.client(caps=CAPS), server.client(caps=CAPS)
    channel = server.channel(ann, bob)
    first, *rest = batch(channel, "one", "two ", "+three", tags="@label=r;+draft/reply=9")
    ann.ask(first, *rest[:2])
    restart(server)
    assert told(ann.ask(*rest[2:]))[0].tags["label"] == "r"
    opening, lines, _ = told(bob.sync())
    assert lines == ["one", "two ", "+three"] and opening.tags["+draft/reply"] == "9"


def test_channel_modes_look_at_each_line(crew):
    ann, bob, _, channel = crew
    ann.ask(f"MODE {channel} +C")
    assert bob.ask(*batch(channel, "a", "\x01VERSION\x01")).one("404")
    ann.ask(f"MODE {channel} -C+S")
    assert told(bob.ask(*batch(channel, "\x02a\x02", "b")))[1] == ["a", "b"]
    assert bob.ask(*batch(channel, "\x02", "\x02")).one("412")
    ann.ask(f"MODE {channel} -S+F 3:60")
    assert bob.ask(*batch(channel, "1", "2", "3", "4")).one("404")
    assert told(bob.ask(*batch(channel, "1", "2", "3")))
    assert bob.ask(f"PRIVMSG {channel} :4").one("404")


def test_filters_look_at_each_line(start):
    server = start(FAST + "[oper root]\npassword = pw\n")
    root, ann = server.client(), server.client(caps=CAPS)
    channel = server.channel(ann)
    root.ask("OPER root pw", "FILTER ADD refuse c 0 no :*viagra*")
    assert ann.ask(*batch(channel, "a", "via", "+gra")).one("FAIL").params[1] == "FILTERED"
    assert ann.ask(*batch(channel, "a", "x" * 400, "+" + "x" * 400, "+" + "x" * 221 + "viagra")).one("FAIL")
    assert told(ann.ask(*batch(channel, "a", "via", "gra")))


def test_services_take_lines_one_by_one(crew):
    ann, _, _, _ = crew
    said = ann.ask(*batch("NickServ", "HELP", "NONSENSE"))
    assert said.of("NOTICE") and said.no("BATCH") and "no such command" in said.text


def test_each_line_costs(start):
    server = start("[limits]\nflood_burst = 10\nflood_rate = 50\n")
    ann = server.client(caps=CAPS)
    channel = server.channel(ann)
    lines = batch(channel, *["x"] * 60)
    assert len(told(ann.ask(*lines))[1]) == 60
    said = ann.ask(f"TIME {SERVER}")
    assert said.one("391")


def test_without_the_capability_there_is_no_batch(server):
    c = server.client(caps=ALL_CAPS)
    channel = server.channel(c)
    assert c.ask(f"BATCH +1 draft/multiline {channel}").one("421")
    assert c.ask(f"@batch=1 PRIVMSG {channel} :x").one("PRIVMSG")

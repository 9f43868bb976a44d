"""labeled-response: every command has exactly one labelled answer, a line, a batch or ACK, with all of it inside."""

import pytest

from harness import ALL_CAPS, FAST, chan, fresh


def check(said, label):
    """That the label is on exactly one answer. Gives its lines, without the batch around it."""
    labelled = [m for m in said if m.tags.get("label") == label]
    assert len(labelled) == 1, f"{len(labelled)} labelled {label}:\n{said.text}"
    first = labelled[0]
    if first.command == "ACK":
        return []
    if first.command != "BATCH":
        return [first]
    assert first.params[0].startswith("+") and first.params[1] == "labeled-response"
    name = first.params[0][1:]
    inside = [m for m in said if m.tags.get("batch") == name]
    ends = [m for m in said.of("BATCH") if m.params == ["-" + name]]
    assert len(ends) == 1 and inside
    assert said.index(first) < said.index(inside[0]) and said.index(inside[-1]) < said.index(ends[0])
    assert all("label" not in m.tags for m in inside)
    return inside


@pytest.fixture
def crew(start):
    server = start("[oper root]\npassword = pw\n[server]\nmotd_text = hi\nadmin_location = here\n" + FAST)
    c, friend = server.client("c", ALL_CAPS), server.client("friend")
    channel = server.channel(c, friend)
    c.ask(f"TOPIC {channel} :t", "AWAY :x", "AWAY", f"MODE {channel} +bbeI a b c d", f"MONITOR + {friend.nick}")
    friend.ask("AWAY :gone")
    c.sync()
    return server, c, friend, channel


ANSWERS = [
    ("PING x", ["PONG"]),
    ("PING", ["409"]),
    ("PONG x", []),
    ("CAP LS 302", None),
    ("CAP LIST", None),
    ("CAP REQ :multi-prefix", ["CAP"]),
    ("CAP NONSENSE", ["410"]),
    ("CAP END", []),
    ("NICK", ["431"]),
    ("NICK 1", ["432"]),
    ("NICK {friend}", ["433"]),
    ("NICK {nick}", []),
    ("NICK {other}", ["NICK"]),
    ("USER a b c d", ["462"]),
    ("JOIN {new}", ["JOIN", "353", "366"]),
    ("JOIN {channel}", []),
    ("JOIN nowhere", ["403"]),
    ("JOIN 0", ["PART"]),
    ("PART {channel} :x", ["PART"]),
    ("PART {new}", ["403"]),
    ("TOPIC {channel}", ["332", "333"]),
    ("TOPIC {channel} :new", ["TOPIC"]),
    ("TOPIC {new}", ["403"]),
    ("NAMES {channel}", ["353", "366"]),
    ("NAMES {new}", ["366"]),
    ("NAMES", None),
    ("LIST {channel}", ["321", "322", "323"]),
    ("LIST", None),
    ("INVITE", ["337"]),
    ("INVITE {friend} {channel}", ["443"]),
    ("INVITE {friend} {other_channel}", ["341", "301"]),
    ("KICK {channel} {friend} :x", ["KICK"]),
    ("KICK {channel} nobody,none", ["401", "401"]),
    ("MODE {channel}", ["324", "329"]),
    ("MODE {channel} +m", ["MODE"]),
    ("MODE {channel} +n", []),
    ("MODE {channel} +X", ["472"]),
    ("MODE {channel} +Xm", ["472", "MODE"]),
    ("MODE {channel} b", ["367", "367", "368"]),
    ("MODE {channel} beI", ["367", "367", "368", "348", "349", "346", "347"]),
    ("MODE {channel} +l -5", ["696"]),
    ("MODE {nick}", ["221"]),
    ("MODE {nick} +i", ["MODE"]),
    ("MODE {nick} +X", ["501"]),
    ("PRIVMSG {channel} :x", ["PRIVMSG"]),
    ("PRIVMSG {friend} :x", ["PRIVMSG", "301"]),
    ("PRIVMSG {channel},nobody :x", ["PRIVMSG", "401"]),
    ("PRIVMSG", ["411"]),
    ("NOTICE {friend} :x", ["NOTICE"]),
    ("NOTICE nobody :x", []),
    ("TAGMSG {channel}", []),
    ("WHO {channel}", ["352", "352", "315"]),
    ("WHO {channel} %tn,5", ["354", "354", "315"]),
    ("WHO nobody", ["315"]),
    ("WHOIS {friend}", None),
    ("WHOIS nobody", ["401", "318"]),
    ("WHOWAS nobody", ["406", "369"]),
    ("USERHOST {friend}", ["302"]),
    ("ISON {friend}", ["303"]),
    ("AWAY :x", ["306"]),
    ("AWAY", ["305"]),
    ("SETNAME :x", ["SETNAME"]),
    ("SETNAME :", ["FAIL"]),
    ("MONITOR + x,y", ["731"]),
    ("MONITOR - x", []),
    ("MONITOR C", []),
    ("MONITOR L", ["732", "733"]),
    ("MONITOR S", ["730"]),
    ("MOTD", ["375", "372", "376"]),
    ("VERSION", ["351", "005", "005", "005"]),
    ("TIME", ["391"]),
    ("INFO", ["371", "371", "371", "374"]),
    ("ADMIN", ["256", "257", "258", "259"]),
    ("LUSERS", None),
    ("STATS u", ["242", "219"]),
    ("STATS l", ["481", "219"]),
    ("HELP", None),
    ("HELP nonsense", ["524"]),
    ("LINKS", ["364", "365"]),
    ("OPER root pw", None),
    ("OPER root no", ["464"]),
    ("OPER", ["461"]),
    ("KILL {friend} :x", ["481"]),
    ("REHASH", ["481"]),
    ("WALLOPS :x", ["481"]),
    ("DIE", ["481"]),
    ("RESTART", ["481"]),
    ("NONSENSE", ["421"]),
]


def test_every_command(crew):
    """One daemon, one client of its own for each line of the table."""
    server, _, friend, _ = crew
    failures = []
    for line, expected in ANSWERS:
        c = server.client("c", ALL_CAPS)
        channel = chan()
        other_channel = chan()
        c.join(channel)
        c.join(other_channel)
        friend.join(channel)
        c.ask(f"TOPIC {channel} :t", f"MODE {channel} +bbeI a b c d", f"MONITOR + {friend.nick}")
        text = line.format(
            nick=c.nick,
            other=fresh("other"),
            friend=friend.nick,
            channel=channel,
            other_channel=other_channel,
            new=chan(),
        )
        if line == "JOIN 0":
            c.ask(f"PART {other_channel}")
        try:
            got = [m.command for m in check(c.ask(f"@label=L1 {text}"), "L1")]
            assert expected is None or got == expected, f"{got}, not {expected}"
        except AssertionError as error:
            failures.append(f"{text}: {error}")
        c.close()
    assert not failures, "\n\n".join(failures)


def test_every_command_of_operators(start):
    server = start("[oper root]\npassword = pw\n" + FAST)
    op, victim = server.client("op", ALL_CAPS), server.client("victim")
    said = op.ask("@label=a OPER root pw")
    assert "381" in [m.command for m in check(said, "a")]
    assert check(op.ask(f"@label=b KILL {victim.nick} :x"), "b") == []
    assert check(op.ask("@label=c KILL nobody :x"), "c")[0].command == "401"
    assert [m.command for m in check(op.ask("@label=d REHASH"), "d")] == ["382", "NOTICE"]
    assert check(op.ask("@label=e WALLOPS :x"), "e") == []
    assert [m.command for m in check(op.ask("@label=f STATS l"), "f")][-1] == "219"
    assert [m.command for m in check(op.ask("@label=g STATS m"), "g")][-1] == "219"


def test_the_label_is_the_authors_alone(crew):
    server, c, friend, channel = crew
    witness = server.client("w", ALL_CAPS)
    witness.join(channel)
    c.ask(
        f"@label=secret PRIVMSG {channel} :x", f"@label=secret TOPIC {channel} :y", f"@label=secret MODE {channel} +m"
    )
    assert "secret" not in witness.sync().text and "secret" not in friend.sync().text


def test_a_message_to_oneself(crew):
    server, c, friend, channel = crew
    said = c.ask(f"@label=me PRIVMSG {c.nick} :x")
    assert len(said.of("PRIVMSG")) == 2
    assert [m.tags.get("label") for m in said.of("PRIVMSG")] in (["me", None], [None, "me"])


def test_no_label_no_batch(crew):
    server, c, friend, channel = crew
    said = c.ask(f"WHO {channel}", "MOTD", "PONG x")
    assert not said.of("BATCH", "ACK") and all("label" not in m.tags and "batch" not in m.tags for m in said)


def test_labels_without_the_capability(server):
    c = server.client("c", "message-tags batch")
    assert c.ask("@label=x PING y", "@label=z PONG q").commands == ["PONG"]
    assert "label" not in c.transcript.text.replace("labeled", "")


def test_labels_are_given_back_as_they_were(crew):
    server, c, friend, channel = crew
    for label in ("a", "A" * 64, "\\:\\s\\\\x", "\u00fc\u20ac", "0"):
        said = c.ask(f"@label={label} PING t")
        assert said[0].raw.split(" ")[0].split(";")[0] == f"@label={label}"


def test_an_empty_label_is_none(crew):
    server, c, friend, channel = crew
    for tag in ("label", "label="):
        assert c.ask(f"@{tag} PONG x").commands == []


def test_two_labels_at_once_are_kept_apart(crew):
    server, c, friend, channel = crew
    said = c.ask(f"@label=one WHO {channel}", "@label=two MOTD", "@label=three PONG x")
    assert [m.command for m in check(said, "one")] == ["352", "352", "315"]
    assert [m.command for m in check(said, "two")] == ["375", "372", "376"]
    assert check(said, "three") == []


def test_a_long_labelled_answer_that_waits_for_its_reader(start):
    """A stream: it pauses, goes on, and its batch ends once, with what others said in between outside of it."""
    server = start(FAST.replace("[limits]", "[limits]\nsendq = 16k"))
    c, writer = server.client("c", ALL_CAPS), server.client("writer")
    for _ in range(4):
        writer.ask("JOIN " + ",".join(chan("x" * 40) for _ in range(8)))
    for i in range(8):
        server.client("crowd", realname="y" * 100)
    c.send("@label=long LIST", "@label=short PING x")
    said = c.until(lambda m: m.tags.get("label") == "short")
    assert len(check(said, "long")) == 34

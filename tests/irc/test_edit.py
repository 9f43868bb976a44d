"""EDIT: one's own message says something else from then on, for those who read it later too."""

import signal

import pytest

from harness import FAST, chan, fresh

CAPS = "message-tags batch labeled-response echo-message draft/chathistory draft/message-edit draft/message-redaction draft/search"


@pytest.fixture(params=["disk", "memory"])
def daemon(request, start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    return start(FAST + (f"[server]\nstate = {state}\n" if request.param == "disk" else ""))


def room(daemon, count=2):
    people = [daemon.client(stem, caps=CAPS) for stem in "abcdef"[:count]]
    return [*people, daemon.channel(*people)]


def say(client, target, text, command="PRIVMSG"):
    client.sync()
    return client.ask(f"{command} {target} :{text}").one(command).tags["msgid"]


def edit(client, target, msgid, text, label=""):
    client.sync()
    text = text.replace("\\", "\\\\").replace(" ", "\\s").replace(";", "\\:").replace("\n", "\\n")
    return client.ask(f"@draft/target-msgid={msgid};draft/edit-text={text}{label} EDIT {target}")


def history(client, target):
    client.sync()
    lines = client.ask(f"CHATHISTORY LATEST {target} * 100").of("PRIVMSG", "NOTICE")
    return [(m.tags["msgid"], m.params[-1]) for m in lines]


def found(client, text):
    client.sync()
    return [m.params[-1] for m in client.ask(f"SEARCH text={text}").of("PRIVMSG")]


def test_it_is_told_and_kept(daemon):
    a, b, channel = room(daemon)
    old = daemon.client("old")
    old.ask(f"JOIN {channel}")
    wrong, right = fresh("wrong"), fresh("right")
    first, msgid = say(a, channel, "before"), say(a, channel, f"a {wrong} word")
    last = say(a, channel, "behind", "NOTICE")
    b.sync(), old.sync()
    said = edit(a, channel, msgid, f"a {right}; word", ";label=x").one("EDIT")
    assert said.params == [channel] and said.tags["label"] == "x" and said.source.startswith(a.nick + "!")
    heard = b.sync().one("EDIT")
    assert heard.tags["draft/target-msgid"] == msgid and heard.tags["draft/edit-text"] == f"a {right}; word"
    assert heard.tags["msgid"] not in (msgid, "") and heard.source.startswith(a.nick + "!")
    # Whoever knows of no edits is told in words that nothing answers by itself.
    told = old.sync()
    assert told.one("NOTICE").params == [channel, f"(edited) a {right}; word"] and not told.of("EDIT")
    assert history(b, channel) == [(first, "before"), (msgid, f"a {right}; word"), (last, "behind")]
    assert found(b, wrong) == [] and found(b, right) == [f"a {right}; word"]
    assert edit(a, channel, last, "a notice").one("EDIT")
    assert edit(a, channel, msgid, "and once more").one("EDIT")
    assert [text for _, text in history(b, channel)] == ["before", "and once more", "a notice"]
    assert found(b, right) == []
    assert a.ask(f"REDACT {channel} {msgid}").one("REDACT")
    assert [text for _, text in history(b, channel)] == ["before", "a notice"]
    assert edit(a, channel, msgid, "gone").one("FAIL").params[:4] == ["EDIT", "UNKNOWN_MSGID", channel, msgid]


def test_nobody_puts_words_into_the_mouth_of_another(daemon):
    a, b, out = *room(daemon)[:2], daemon.client("out", caps=CAPS)
    channel = daemon.channel(a, b)
    msgid = say(b, channel, "mine")
    # Not even an operator of the channel.
    assert edit(a, channel, msgid, "yours").one("FAIL").params[:4] == ["EDIT", "EDIT_FORBIDDEN", channel, msgid]
    assert edit(out, channel, msgid, "x").one("FAIL").params[:3] == ["EDIT", "INVALID_TARGET", channel]
    assert edit(a, chan(), msgid, "x").one("FAIL").params[1] == "INVALID_TARGET"
    other = daemon.channel(a, b)
    assert edit(b, other, msgid, "x").one("FAIL").params[:4] == ["EDIT", "UNKNOWN_MSGID", other, msgid]
    b.ask(f"PART {channel}")
    assert edit(b, channel, msgid, "x").one("FAIL").params[1] == "INVALID_TARGET"
    assert history(a, channel) == [(msgid, "mine")]


def test_who_may_not_speak_does_not_edit(daemon):
    a, b, channel = room(daemon)
    msgid = say(b, channel, "mine")
    a.ask(f"MODE {channel} +c")
    assert edit(b, channel, msgid, "\x034red").one("404")
    a.ask(f"MODE {channel} +m-c")
    assert edit(b, channel, msgid, "other").one("404")
    a.ask(f"MODE {channel} -m+S")
    assert edit(b, channel, msgid, "\x02bold").one("FAIL").params[:2] == ["EDIT", "INVALID_EDIT"]
    assert history(a, channel) == [(msgid, "mine")]
    assert edit(b, channel, msgid, "plain").one("EDIT")


def test_what_is_no_text(daemon):
    a, b, channel = room(daemon)
    msgid = say(a, channel, "mine")
    for text in ("", "two\nlines", "x" * 500, "\x01VERSION\x01"):
        assert edit(a, channel, msgid, text).one("FAIL").params[:4] == ["EDIT", "INVALID_EDIT", channel, msgid], text
    assert a.ask(f"@draft/target-msgid={msgid} EDIT {channel}").one("FAIL").params[1] == "INVALID_EDIT"
    assert a.ask(f"@draft/edit-text=x EDIT {channel}").one("FAIL").params[:4] == ["EDIT", "UNKNOWN_MSGID", channel, "*"]
    assert a.ask("EDIT").one("461") and daemon.client("old").ask(f"EDIT {channel}").one("421")
    reaction = a.ask(f"@+draft/react=x;+reply={msgid} TAGMSG {channel}").one("TAGMSG").tags["msgid"]
    assert edit(a, channel, reaction, "x").one("FAIL").params[1] in ("EDIT_FORBIDDEN", "UNKNOWN_MSGID")
    assert history(b, channel) == [(msgid, "mine")] and not b.sync().of("EDIT")


def test_an_action(daemon):
    a, channel = room(daemon, 1)
    old = daemon.client("old")
    old.ask(f"JOIN {channel}")
    msgid = say(a, channel, "\x01ACTION waves\x01")
    old.sync()
    assert edit(a, channel, msgid, "\x01ACTION bows\x01").one("EDIT")
    assert old.sync().one("NOTICE").params[-1] == "(edited) * bows"


def test_between_two(daemon):
    a, b, c = (daemon.client(stem, caps=CAPS) for stem in "abc")
    for client in (a, b, c):
        client.ask(f"REGISTER * * password-{client.nick}")
    msgid = say(a, b.nick, "hello")
    b.sync()
    assert edit(a, b.nick, msgid, "good bye").one("EDIT").params == [b.nick]
    heard = b.sync().one("EDIT")
    assert heard.params == [b.nick] and heard.tags["draft/edit-text"] == "good bye"
    assert history(a, b.nick) == history(b, a.nick) == [(msgid, "good bye")]
    assert edit(b, a.nick, msgid, "x").one("FAIL").params[1] == "EDIT_FORBIDDEN"
    assert edit(c, a.nick, msgid, "x").one("FAIL").params[1] == "UNKNOWN_MSGID"


def test_it_must_be_soon(start):
    daemon = start(FAST + "[history]\nedit_within = 1ms\n")
    a, _, channel = room(daemon)
    msgid = say(a, channel, "mine")
    said = edit(a, channel, msgid, "x")
    while said.of("EDIT"):
        said = edit(a, channel, msgid, "x")
    assert said.one("FAIL").params[:5] == ["EDIT", "EDIT_WINDOW_EXPIRED", channel, msgid, "0"]


def test_to_some_alone(daemon):
    a, b, channel = room(daemon)
    msgid = say(a, f"@{channel}", "among us")
    assert edit(a, channel, msgid, "still").one("EDIT") and not b.sync().of("EDIT", "NOTICE")
    a.ask(f"MODE {channel} +o {b.nick}")
    assert history(b, channel) == [(msgid, "still")]


def test_it_survives(start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    config = FAST + f"[server]\nstate = {state}\n[history]\nvisibility = always\n"
    daemon = start(config)
    a, _, channel = room(daemon)
    a.ask(f"REGISTER * * password-{a.nick}", f"PRIVMSG ChanServ :REGISTER {channel}")
    msgid = say(a, channel, "first")
    assert edit(a, channel, msgid, "second").one("EDIT")
    daemon.hang_up()
    daemon.send_signal(signal.SIGKILL)
    daemon.check_end(-signal.SIGKILL)
    daemon = start(config)
    b = daemon.client("b", caps=CAPS)
    b.ask(f"JOIN {channel}")
    assert history(b, channel) == [(msgid, "second")]

"""SEARCH: words of messages are found by those who may read them, and by nobody else."""

import pytest

from harness import FAST, chan, fresh

CAPS = "message-tags batch labeled-response server-time echo-message draft/chathistory draft/search draft/message-redaction"


@pytest.fixture(params=["disk", "memory"])
def daemon(request, start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    return start(FAST + (f"[server]\nstate = {state}\n" if request.param == "disk" else ""))


def say(client, target, text):
    client.sync()
    return client.ask(f"PRIVMSG {target} :{text}").one("PRIVMSG").tags["msgid"]


def search(client, attributes):
    client.sync()
    said = client.ask(f"SEARCH {attributes}")
    batches = said.of("BATCH")
    assert [m.params[0][0] for m in batches] == ["+", "-"] and batches[0].params[1:] == ["soju.im/search"], said.tail
    assert all(m.tags["batch"] == batches[0].params[0][1:] for m in said.of("PRIVMSG", "NOTICE"))
    return [(m.params[0], m.params[-1]) for m in said.of("PRIVMSG", "NOTICE")]


def room(daemon, count=2):
    people = [daemon.client(stem, caps=CAPS) for stem in "abcdef"[:count]]
    return [*people, daemon.channel(*people)]


def test_words(daemon):
    a, b, channel = room(daemon)
    for text in ("The quick brown fox", "jumps over", "the lazy DOG", "Quick, dog!"):
        say(a, channel, text)
    assert search(b, f"in={channel};text=quick") == [(channel, "The quick brown fox"), (channel, "Quick, dog!")]
    assert search(b, f"in={channel.upper()};text=dog\\squick") == [(channel, "Quick, dog!")]
    assert search(b, "text=lazy") == [(channel, "the lazy DOG")]
    assert search(b, f"in={channel};text=cat") == []


def test_phrases(daemon):
    """What is quoted stands in a row; words beside it stand anywhere."""
    a, b, channel = room(daemon)
    for text in ("a lazy dog sleeps", "the dog is lazy", "lazy, the dog", "Lazy Dog!", "lazy brown dog"):
        say(a, channel, text)
    assert [t for _, t in search(b, f'in={channel};text="lazy\\sdog"')] == ["a lazy dog sleeps", "Lazy Dog!"]
    assert [t for _, t in search(b, f'in={channel};text=sleeps\\s"lazy\\sdog"')] == ["a lazy dog sleeps"]
    assert [t for _, t in search(b, f'in={channel};text="the\\sdog"\\slazy')] == ["the dog is lazy", "lazy, the dog"]
    assert search(b, f'in={channel};text="dog\\slazy"') == []
    assert len(search(b, f'in={channel};text="lazy"')) == 5
    assert search(b, f'in={channel};text="lazy\\sdog"\\s"is\\slazy"') == []


def test_who_and_how_many(daemon):
    a, b, channel = room(daemon)
    for n in range(4):
        say(a, channel, f"word {n}"), say(b, channel, f"word {n} of b")
    assert search(a, f"in={channel};from={b.nick.upper()};limit=2") == [(channel, "word 2 of b"), (channel, "word 3 of b")]
    assert search(a, f"in={channel};text=word;from={a.nick};limit=1") == [(channel, "word 3")]
    assert len(search(a, f"in={channel}")) == 8
    assert search(a, f"in={channel};limit=0") == []


def test_nobody_passes_for_another(daemon):
    """What the index has in front of names is no word that one could write."""
    a, b, channel = room(daemon)
    name = a.nick.lower().encode().hex()
    say(b, channel, f"\ue000n{name} \ue000a{name} forged")
    assert search(a, f"in={channel};from={a.nick};text=forged") == []
    assert len(search(a, f"in={channel};from={b.nick};text=forged")) == 1


def test_times(daemon):
    a, channel = room(daemon, 1)
    for n in range(3):
        a.ask(f"PRIVMSG {channel} :word {n}")
    assert search(a, "before=2010-01-01T00:00:00.000Z;text=word") == []
    assert search(a, "after=2100-01-01T00:00:00.000Z;text=word") == []
    assert search(a, "after=2010-01-01T00:00:00.000Z;text=word;limit=1") == [(channel, "word 0")]
    assert search(a, "before=2100-01-01T00:00:00.000Z;text=word;limit=1") == [(channel, "word 2")]


def test_rights(daemon):
    a, b, channel = room(daemon)
    out = daemon.client("out", caps=CAPS)
    word = fresh("secretword")
    say(a, channel, word)
    assert search(out, f"text={word}") == [] and search(b, f"text={word}") == [(channel, word)]
    b.ask(f"PART {channel}")
    assert search(b, f"text={word}") == []
    nowhere = chan()
    for client, where in ((b, channel), (out, channel), (out, nowhere)):
        assert client.ask(f"SEARCH in={where};text={word}").one("FAIL").params[:3] == ["SEARCH", "INVALID_PARAMS", "in"]
    a.ask(f"MODE {channel} +H joined")
    b.ask(f"JOIN {channel}")
    assert search(b, f"text={word}") == []
    say(a, channel, f"{word} again")
    assert search(b, f"in={channel};text={word}") == [(channel, f"{word} again")]


def test_conversations(daemon):
    a, b, c = (daemon.client(stem, caps=CAPS) for stem in "abc")
    for client in (a, b, c):
        client.ask(f"REGISTER * * password-{client.nick}")
    word = fresh("between")
    say(a, b.nick, word)
    for client, other in ((a, b), (b, a)):
        assert [text for _, text in search(client, f"text={word}")] == [word]
        assert [text for _, text in search(client, f"in={other.nick};text={word}")] == [word]
    assert search(c, f"text={word}") == []


def test_what_is_taken_back_is_not_found(daemon):
    a, b, channel = room(daemon)
    word = fresh("regret")
    msgid = say(a, channel, f"{word} this")
    assert len(search(b, f"text={word}")) == 1
    a.ask(f"REDACT {channel} {msgid}")
    assert search(b, f"text={word}") == []
    msgid = say(a, channel, f"{word} that")
    a.ask(f"REDACT {channel} {msgid}")
    assert search(b, f"text={word}") == []


@pytest.mark.parametrize(
    "text",
    ['"', '"a" OR "b"', "* NEAR(a b)", "words : a", "a*", "-a", "NOT", "(", "\\\\", "'; DROP TABLE journal; --", "{words}:x", "^a", "\ue000t1"],
)
def test_no_text_is_a_language(daemon, text):
    a, channel = room(daemon, 1)
    say(a, channel, "zebra")
    escaped = text.replace("\\", "\\\\").replace(";", "\\:").replace(" ", "\\s")
    assert search(a, f"in={channel};text={escaped}") == []
    assert search(a, "text=zebra") == [(channel, "zebra")]


@pytest.mark.parametrize(
    "line, key",
    [
        ("in=", "in"), ("colour=red", "colour"), ("limit=abc", "limit"), ("limit=-1", "limit"), ("after=yesterday", "after"),
        ("before=99999-01-01T00:00:00Z", "before"), ("text=", "text"), ("text=" + "x" * 440, None), ("from", "from"),
    ],
)
def test_what_cannot_be_asked(daemon, line, key):
    c = daemon.client("c", caps=CAPS)
    said = c.ask(f"SEARCH {line}")
    if key:
        assert said.one("FAIL").params[:3] == ["SEARCH", "INVALID_PARAMS", key]
    else:
        assert len(said.of("BATCH")) == 2


def test_the_capability(daemon):
    old = daemon.client("old")
    assert old.ask("SEARCH text=x").one("421")
    other = daemon.client("other", caps="batch soju.im/search")
    assert len(other.ask("SEARCH text=x").of("BATCH")) == 2


def test_what_was_said_just_now_is_found(start, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    config = FAST + f"[server]\nstate = {state}\n"
    daemon = start(config)
    a, b, channel = room(daemon)
    word, other = fresh("early"), fresh("late")
    a.ask(*(f"PRIVMSG {channel} :{word} {n}" for n in range(300)))
    a.ask(f"PRIVMSG {channel} :{other}")
    assert search(b, f"text={other}") == [(channel, other)]
    assert len(search(b, f"text={word};limit=1000")) == 300

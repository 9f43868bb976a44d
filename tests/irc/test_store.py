"""What is kept in the state directory: that it survives, that an echo means so, and what happens when the disk fails."""

import os
import pathlib
import select
import signal
import sqlite3
import subprocess
import threading

import pytest

import harness
import promises
from harness import FAST, ROOT, SANITIZED, chan, fresh, run_chatd, wait_until

OPER = FAST + "[oper root]\npassword = secret\n"
BUILD = pathlib.Path(os.environ.get("CHATD_BUILD", harness.CHATD + "/../../..")).resolve()
SLOW_SYNC = BUILD / "tests/shims/slow_sync.so"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def kept(state):
    """The ids of the messages in the journal, in order; not what else happened in channels."""
    messages = (
        "SELECT msgid FROM journal JOIN targets ON id = target_id"
        " WHERE class = 1 AND substr(name, 1, 1) <> '*' ORDER BY position"
    )
    with sqlite3.connect(f"file:{state}/chatd.db?mode=ro", uri=True) as db:
        return [row[0] for row in db.execute(messages)]


def register_channel(daemon, client):
    """A channel with everything that is kept of one."""
    channel = chan("kept")
    client.ask("OPER root secret")
    client.join(channel)
    client.ask(
        f"MODE {channel} +r",
        f"TOPIC {channel} :what it is about",
        f"MODE {channel} +klims sesame 7",
        f"MODE {channel} +b bad!*@*",
        f"MODE {channel} +e good!*@*",
        f"MODE {channel} +I guest!*@*",
    )
    return channel


def describe(daemon, channel):
    """All that a member sees of the channel, without what belongs to the moment."""
    with daemon.client("guest", nick="guest") as client:
        said = client.ask(f"JOIN {channel} sesame", f"MODE {channel}", f"MODE {channel} b", f"TOPIC {channel}")
        told = [m.params[1:] for m in said.of("324", "329", "332", "333", "367")]
        client.send("QUIT").rest()
    return told


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_registered_channel_survives(start, state, signo):
    daemon = start(OPER, args=["--state", str(state)])
    channel = register_channel(daemon, daemon.client())
    before = describe(daemon, channel)
    assert any(m[1:2] == ["what it is about"] for m in before), before
    assert any("sesame" in m and "7" in m for m in before), before
    daemon.hang_up()
    daemon.send_signal(signo)
    daemon.check_end(0 if signo == signal.SIGTERM else -signal.SIGKILL)
    daemon.release()
    again = start(OPER, args=["--state", str(state)])
    assert describe(again, channel) == before


def test_other_channels_are_not_kept(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    client = daemon.client()
    passing, given_up = daemon.channel(client), register_channel(daemon, client)
    client.ask(f"TOPIC {passing} :gone tomorrow", f"MODE {given_up} -r")
    daemon.finish()
    again = start(OPER, args=["--state", str(state)])
    said = again.client().ask("LIST")
    assert not said.of("322"), said.tail


def test_only_operators_register(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    client = daemon.client()
    channel = daemon.channel(client)
    assert client.ask(f"MODE {channel} +r").of("482")
    assert "r" not in client.ask(f"MODE {channel}").one("324").params[2]


def test_files_are_private(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    register_channel(daemon, daemon.client())
    daemon.finish()
    for path in state.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_second_process_is_told_who_has_it(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    second = run_chatd("-c", "/dev/null", "--listen", str(state / "sock"), "--state", str(state))
    assert second.returncode == 73, second
    assert str(daemon.pid) in second.stderr, second.stderr


def test_refused_messages_are_not_kept(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    inside, outside = daemon.client(caps="message-tags echo-message"), daemon.client(caps="message-tags echo-message")
    channel = daemon.channel(inside)
    assert outside.ask(f"PRIVMSG {channel} :not let in").of("404")
    echo = inside.ask(f"PRIVMSG {channel} :let in").one("PRIVMSG")
    daemon.finish()
    assert kept(state) == [echo.tags["msgid"]]


def test_direct_messages_are_kept_where_asked_for(start, state):
    for wanted in ("no", "yes"):
        daemon = start(OPER + f"[history]\ndirect = {wanted}\n", args=["--state", str(state)])
        one, other = daemon.client(caps="message-tags echo-message draft/account-registration"), daemon.client()
        assert one.ask("REGISTER * * :correct horse").of("900")
        guest = daemon.client(caps="message-tags echo-message")
        assert guest.ask(f"PRIVMSG {other} :nobody could read it").one("PRIVMSG").tags["msgid"] not in kept(state)
        echo = one.ask(f"PRIVMSG {other} :between us").one("PRIVMSG")
        daemon.finish()
        assert (echo.tags["msgid"] in kept(state)) == (wanted == "yes")


def test_rebuild(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    one = daemon.client(caps="message-tags echo-message")
    channel = daemon.channel(one)
    echo = one.ask(f"PRIVMSG {channel} :hello").one("PRIVMSG")
    busy = run_chatd("-c", "/dev/null", "--state", str(state), "--rebuild")
    assert busy.returncode != 0 and str(daemon.pid) in busy.stderr, busy
    daemon.finish()
    done = run_chatd("-c", "/dev/null", "--state", str(state), "--rebuild")
    assert done.returncode == 0, done.stderr
    assert kept(state) == [echo.tags["msgid"]]


def slow_disk(state):
    env = {"LD_PRELOAD": str(SLOW_SYNC), "SLOW_SYNC": str(state) + ".slow"}
    if SANITIZED:
        env["ASAN_OPTIONS"] = "verify_asan_link_order=0:quarantine_size_mb=16"
    return env


def readable(client):
    return bool(client.pending) or bool(select.select([client.socket], [], [], 0)[0])


def test_echo_waits_for_the_disk_and_nothing_else_does(start, state):
    assert SLOW_SYNC.exists(), f"there is no {SLOW_SYNC}: build all"
    slow = pathlib.Path(str(state) + ".slow")
    daemon = start(OPER + "[history]\ndurability = power\n", args=["--state", str(state)], env=slow_disk(state))
    author = daemon.client(caps="message-tags echo-message labeled-response batch")
    plain, reader = daemon.client(), daemon.client()
    channel = daemon.channel(author, plain, reader)
    for client in (author, plain, reader):
        client.sync()
    slow.write_text("3000")
    author.send(f"@label=one PRIVMSG {channel} :first", "PING after")
    # While the disk takes its time the others talk, to each other and to the author.
    assert reader.wait("PRIVMSG").params == [channel, "first"]
    for n in range(5):
        plain.ask(f"PRIVMSG {channel} :meanwhile {n}")
        assert reader.wait("PRIVMSG").params == [channel, f"meanwhile {n}"]
    assert not readable(author), author.read()
    slow.unlink()
    lines = author.until(lambda m: m.command == "PONG")
    assert [m.params[-1] for m in lines.of("PRIVMSG")][0] == "first"
    assert lines.of("PRIVMSG")[0].tags["label"] == "one"
    rest = lines.of("PRIVMSG")[1:] + author.sync().of("PRIVMSG")
    assert [m.params[-1] for m in rest] == [f"meanwhile {n}" for n in range(5)]


def test_no_durability_waits_for_nothing(start, state):
    slow = pathlib.Path(str(state) + ".slow")
    daemon = start(OPER + "[history]\ndurability = none\n", args=["--state", str(state)], env=slow_disk(state))
    author = daemon.client(caps="echo-message")
    channel = daemon.channel(author)
    slow.write_text("60000")
    assert author.ask(f"PRIVMSG {channel} :at once").of("PRIVMSG")
    slow.unlink()
    # What sleeps already sleeps on; nothing is to be waited for.
    daemon.process.kill()
    daemon.check_end(-signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount one")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """Until nothing more fits."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, b"x" * 4096)
    except OSError:
        pass
    finally:
        os.close(fd)


def test_full_disk(start, small_disk):
    daemon = start(OPER, args=["--state", str(small_disk / "state")])
    author = daemon.client(caps="message-tags echo-message standard-replies labeled-response batch")
    plain = daemon.client(caps="echo-message")
    reader = daemon.client()
    channel = daemon.channel(author, plain, reader)
    author.sync()
    fill(small_disk / "ballast")
    lost = None
    for n in range(400):
        said = author.ask(f"@label=l{n} PRIVMSG {channel} :{'x' * 400}")
        if said.of("FAIL"):
            lost = said.one("FAIL")
            said.no("PRIVMSG")
            break
    assert lost and lost.params[:2] == ["PRIVMSG", "NOT_STORED"] and lost.tags["label"] == f"l{n}", lost
    assert plain.ask(f"PRIVMSG {channel} :unheard of").of("NOTICE")
    assert reader.sync().of("PRIVMSG")[-1].params[1] == "unheard of"
    (small_disk / "ballast").unlink()
    echoed = lambda: author.ask(f"PRIVMSG {channel} :again").of("PRIVMSG")
    wait_until(echoed, "the store to work again")
    daemon.finish()


def test_reader_that_holds_the_database(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    author = daemon.client(caps="echo-message")
    channel = daemon.channel(author)
    author.ask(f"PRIVMSG {channel} :before")
    with sqlite3.connect(f"file:{state}/chatd.db?mode=ro", uri=True) as db:
        db.execute("BEGIN")
        assert db.execute("SELECT count(*) FROM journal").fetchone()[0] >= 1
        for n in range(200):
            assert author.ask(f"PRIVMSG {channel} :{n}").of("PRIVMSG"), n
        db.execute("COMMIT")
    daemon.finish()


def corrupt(path):
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 64] = os.urandom(64)
    path.write_bytes(data)


def test_damaged_file_is_set_aside(start, state):
    daemon = start(OPER, args=["--state", str(state)])
    client = daemon.client()
    channel = register_channel(daemon, client)
    before = describe(daemon, channel)
    daemon.finish()
    corrupt(state / "chatd.db")
    again = start(OPER, args=["--state", str(state)])
    again.wait_log("damaged")
    assert describe(again, channel) == before
    author = again.client(caps="echo-message")
    channel = again.channel(author)
    assert author.ask(f"PRIVMSG {channel} :it goes on").of("PRIVMSG")
    assert list(state.glob("chatd.db.damaged-*"))


def talk(client, channel, echoes):
    """Sends as fast as it can until the end; the ids of what was echoed go to `echoes`."""
    try:
        while True:
            client.send(*[f"PRIVMSG {channel} :{n}" for n in range(20)])
            for _ in range(20):
                message = client.read()
                if message is None:
                    return
                if message.command == "PRIVMSG" and message.source.startswith(client.nick + "!"):
                    echoes.append(message.tags["msgid"])
    except OSError:
        return


def write_until_killed(daemon):
    """20 clients talk at full speed into a channel each, then the daemon is killed. What was echoed to each, in order."""
    echoes = [[] for _ in range(20)]
    threads = []
    for mine in echoes:
        client = daemon.client("w", caps="message-tags echo-message")
        channel = chan("own")
        client.join(channel)
        threads.append(threading.Thread(target=talk, args=(client, channel, mine)))
    for thread in threads:
        thread.start()
    wait_until(lambda: min(len(mine) for mine in echoes) > 20, "everybody to have talked")
    daemon.process.kill()
    for thread in threads:
        thread.join()
    daemon.check_end(-signal.SIGKILL)
    daemon.release()
    return echoes


def check_promises(state, promised):
    """Each id that was echoed is kept, in order, and none twice. How many are kept."""
    ids = kept(state)
    assert len(set(ids)) == len(ids), "some are kept twice"
    place = {msgid: n for n, msgid in enumerate(ids)}
    for mine in promised:
        places = [place[msgid] for msgid in mine]
        assert places == sorted(places)
    return len(ids)


@pytest.mark.slow
def test_kill_while_all_write(start, state):
    """An echo is a promise. tools/kill-check does this fifty times."""
    promised = []
    for _ in range(3):
        promised += write_until_killed(start(OPER, args=["--state", str(state), "--no-limits"]))
    start(OPER, args=["--state", str(state)]).finish()
    check_promises(state, promised)


@pytest.mark.slow
def test_kill_while_accounts_change(start, state):
    """What was confirmed is there, what was not is there or not. tools/kill-check --accounts does this for long."""
    people = promises.make_people(4, 1)
    for _ in range(3):
        daemon = start(promises.CONFIG, args=["--state", str(state)])
        promises.settle(daemon, people)
        promises.run_until_killed(daemon, people, 60)
        promises.check_store(state)
    daemon = start(promises.CONFIG, args=["--state", str(state)])
    promises.settle(daemon, people)
    promises.check(people)

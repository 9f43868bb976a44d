"""Emergency levels: what each step keeps people from, and that a level is kept."""

import signal

import pytest

import sasl
from harness import FAST, chan, fresh

OPER = FAST + "[oper root]\npassword = secret\n"


def oper(daemon):
    client = daemon.client("root")
    assert client.ask("OPER root secret").of("381")
    return client


def test_levels(start):
    daemon = start(OPER)
    root, plain = oper(daemon), daemon.client()
    assert plain.ask("DEFCON 1").of("481")
    shown = [m.params[1] for m in root.ask("DEFCON").of("NOTICE")]
    assert len(shown) == 5 and shown[0].startswith("DEFCON 5 (normal), now: none"), shown
    for wrong in ("0", "6", "x", "-1"):
        assert root.ask(f"DEFCON {wrong}").one("FAIL").params[1] == "INVALID_PARAMS"
    said = root.ask("DEFCON 3").one("NOTICE").params[1]
    assert "now 3 (guarded)" in said and root.nick in said and "no-strangers" in said
    assert not plain.sync(), "who is no operator hears nothing of it"
    assert "already" in root.ask("DEFCON 3").one("NOTICE").params[1]
    assert "CHATD_LEVEL=3" in daemon.wait_log("the emergency level is 3 now")
    assert "now 5 (normal)" in root.ask("DEFCON 5").one("NOTICE").params[1]


def test_strangers(start):
    daemon = start(OPER)
    root, one, other = oper(daemon), daemon.client(), daemon.client()
    root.ask("DEFCON 3")
    assert one.ask(f"PRIVMSG {other} :psst").one("477").params[1] == other.nick
    assert not one.ask(f"NOTICE {other} :psst") and not other.sync()
    one.ask(f"PRIVMSG {root} :help")
    assert root.sync().of("PRIVMSG")
    root.ask(f"PRIVMSG {other} :hello")
    assert other.sync().of("PRIVMSG")
    daemon.channel(one, other)
    one.ask(f"PRIVMSG {other} :we know each other")
    assert other.sync().of("PRIVMSG")


def test_new_channels(start):
    daemon = start(OPER)
    root, one = oper(daemon), daemon.client()
    old, new = daemon.channel(root), chan()
    root.ask("DEFCON 2")
    assert one.ask(f"JOIN {new}").one("FAIL").params[:3] == ["JOIN", "TEMPORARILY_UNAVAILABLE", new]
    one.join(old)
    root.join(new)


def test_newcomers(start):
    daemon = start(OPER)
    root = oper(daemon)
    root.ask("DEFCON 1")
    client = daemon.connect(fresh("nick"))
    client.send(f"NICK {client.nick}", "USER u 0 * :U")
    lines = client.rest()
    assert "account" in lines.one("465").params[1] and lines.of("ERROR") and not lines.of("001")
    root.ask("DEFCON 5")
    daemon.client()


def test_slow_connects(start):
    daemon = start(OPER + "[emergency]\nconnects = 1\nlevel4 = slow-connects\nname4 = calm\n")
    root = oper(daemon)
    assert "(calm)" in root.ask("DEFCON 4").one("NOTICE").params[1]
    clients = [daemon.connect(fresh("nick")) for _ in range(20)]
    for client in clients:
        client.send(f"NICK {client.nick}", "USER u 0 * :U")
    # All at once: one a second may come in, however long this takes.
    ends = [client.until(lambda m: m.command in ("001", "465"))[-1].command for client in clients]
    assert "001" in ends and "465" in ends, ends


def test_wrong_steps(start):
    from harness import run_chatd

    path = start(OPER).folder / "wrong.conf"
    path.write_text("[emergency]\nlevel4 = no-such-step\n")
    done = run_chatd("-c", str(path), "--check-config")
    assert done.returncode != 0 and "no-such-step" in done.stderr


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_kept(start, tmp_path, signo):
    args = ["--state", str(tmp_path / "state")]
    daemon = start(OPER, args=args)
    oper(daemon).ask("DEFCON 4")
    daemon.send_signal(signo)
    daemon.process.wait()
    daemon.release()
    again = start(OPER, args=args)
    assert "DEFCON 4 (watchful), now:" in oper(again).ask("DEFCON").text


def test_accounts(start):
    daemon = start(OPER + "[accounts]\niterations = 4096\n")
    root, known = oper(daemon), daemon.client("acc", caps="sasl draft/account-registration standard-replies")
    root.ask("DEFCON 4")
    assert known.ask("REGISTER * * :correct horse").one("FAIL").params[1] == "TEMPORARILY_UNAVAILABLE"
    root.ask("DEFCON 5")
    assert known.ask("REGISTER * * :correct horse").of("900")
    root.ask("DEFCON 1")
    client = daemon.connect(fresh("nick"))
    client.send("CAP REQ :sasl")
    assert sasl.plain(client, known.nick, "correct horse").of("903")
    client.send(f"NICK {client.nick}", "USER u 0 * :U", "CAP END")
    client.wait("001")

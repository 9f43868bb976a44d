"""chatctl backup: a copy of what is kept, from the running server."""

import json
import os
import stat
import subprocess

import harness
from harness import FAST
from test_control import Control, chatctl, controlled  # noqa: F401 (a fixture)

CHATCTL = os.path.join(os.path.dirname(harness.CHATD), "..", "chatctl", "chatctl")
OPER = FAST + "[oper root]\npassword = pw\n"


def kept_channel(daemon, name, topic):
    daemon.descriptors_before += 1  # of the database: SQLite keeps it for the next one who opens the file
    op = daemon.client("op", "echo-message")  # an echo is durable
    op.ask("OPER root pw", f"JOIN {name}", f"MODE {name} +r", f"TOPIC {name} :{topic}")
    for i in range(50):
        op.ask(f"PRIVMSG {name} :line {i}")
    return op


def files(folder):
    return sorted(f.name for f in folder.iterdir())


def test_backup_is_a_store_of_its_own(controlled, start, tmp_path):
    """While messages go on; a server started on the copy has what the first one had."""
    daemon = controlled(OPER, args=["--state", str(tmp_path / "state")])
    op = kept_channel(daemon, "#kept", "what stays")
    op.ask("PRIVMSG #kept :after")
    copy = tmp_path / "copy"
    got = chatctl(daemon, "--json", "backup", copy)
    assert got.returncode == 0, got.stderr
    verdict = json.loads(got.stdout)
    # Fifty and one that were said, a join, a topic, a mode.
    assert verdict["faults"] == 0 and int(verdict["messages"]) == 54
    assert files(copy)[0] == "chatd.db" and not list((tmp_path / "state").glob("backup*"))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    again = start(OPER, args=["--state", str(copy)])
    c = again.client("c")
    assert c.ask("JOIN #kept").of("332")[0].params[-1] == "what stays"


def test_backup_mixes_with_no_other(controlled, tmp_path):
    daemon = controlled(OPER, args=["--state", str(tmp_path / "state")])
    kept_channel(daemon, "#kept", "x")
    copy = tmp_path / "copy"
    assert chatctl(daemon, "backup", copy).returncode == 0
    before = files(copy)
    got = chatctl(daemon, "backup", copy)
    assert got.returncode == 73 and "exists" in got.stderr
    assert files(copy) == before


def test_backup_of_nothing(controlled, tmp_path):
    daemon = controlled()
    got = chatctl(daemon, "backup", tmp_path / "copy")
    assert got.returncode == 69 and "no state directory" in got.stderr
    assert not (tmp_path / "copy").exists()


def test_backup_that_nobody_waits_for(controlled, tmp_path):
    """It leaves nothing behind, and does not hold up the end of the server."""
    daemon = controlled(OPER, args=["--state", str(tmp_path / "state")])
    kept_channel(daemon, "#kept", "x")
    for _ in range(7):
        with Control(daemon.control) as control:
            control.send(b"backup\n")
    daemon.finish()
    assert not list((tmp_path / "state").glob("backup*"))


def restore(state, copy):
    argv = [CHATCTL, "--state", str(state), "restore", str(copy)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=harness.DEADLINE)


def test_restore(controlled, start, tmp_path):
    """What was there at the time of the backup is there again, what came after it is set aside."""
    state, copy = tmp_path / "state", tmp_path / "copy"
    daemon = controlled(OPER, args=["--state", str(state)])
    op = kept_channel(daemon, "#kept", "of then")
    assert chatctl(daemon, "backup", copy).returncode == 0
    op.ask("TOPIC #kept :of later")
    refused = restore(state, copy)
    assert refused.returncode == 69 and "process" in refused.stderr
    daemon.finish()
    later = {name: (state / name).read_bytes() for name in files(state) if name != "lock" and (state / name).is_file()}
    done = restore(state, copy)
    assert done.returncode == 0, done.stderr
    (aside,) = state.glob("before-restore-*")
    assert {name: (aside / name).read_bytes() for name in files(aside)} == {
        name: data for name, data in later.items() if name.startswith(("chatd.db", "snapshot-"))
    }
    assert not (state / "restore.tmp").exists() and files(copy) == sorted(
        name for name in files(copy) if name.startswith(("chatd.db", "snapshot-"))
    )
    again = start(OPER, args=["--state", str(state)])
    assert again.client("c").ask("JOIN #kept").of("332")[0].params[-1] == "of then"


def test_restore_of_a_damaged_copy_changes_nothing(controlled, start, tmp_path):
    state, copy = tmp_path / "state", tmp_path / "copy"
    daemon = controlled(OPER, args=["--state", str(state)])
    kept_channel(daemon, "#kept", "whole")
    assert chatctl(daemon, "backup", copy).returncode == 0
    daemon.finish()
    before = {path.name: path.read_bytes() for path in state.iterdir() if path.is_file() and path.name != "lock"}
    database = bytearray((copy / "chatd.db").read_bytes())
    at = database.index(b"line 25")
    database[at - 12 : at] = b"\xff" * 12
    (copy / "chatd.db").write_bytes(database)
    done = restore(state, copy)
    assert done.returncode == 65, done.stdout + done.stderr
    assert restore(state, tmp_path / "nowhere").returncode == 66
    assert {p.name: p.read_bytes() for p in state.iterdir() if p.is_file() and p.name != "lock"} == before
    assert not list(state.glob("before-restore-*"))
    again = start(OPER, args=["--state", str(state)])
    assert again.client("c").ask("JOIN #kept").of("332")[0].params[-1] == "whole"

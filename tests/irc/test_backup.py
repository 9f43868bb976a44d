"""chatctl backup: a copy of what is kept, from the running server."""

import json
import stat

from harness import FAST
from test_control import Control, chatctl, controlled  # noqa: F401 (a fixture)

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

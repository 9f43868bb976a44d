"""check_catalogs.py JOURNALCTL: the journal's own program takes the message catalogs, and finds every event in both."""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_events

ROOT = Path(__file__).resolve().parents[2]


def main(argv):
    events = list(check_events.events_of_table((ROOT / "src/base/log_events.c").read_text()))
    breaches = []
    for catalog in check_events.CATALOGS:
        with tempfile.TemporaryDirectory() as root:
            # Under the name of one language, for what is shown depends on the one of the reader.
            place = Path(root, "usr/lib/systemd/catalog/chatd.catalog")
            place.parent.mkdir(parents=True)
            Path(root, "var/lib/systemd/catalog").mkdir(parents=True)
            place.write_text((ROOT / catalog).read_text())
            subprocess.run([argv[1], f"--root={root}", "--update-catalog"], check=True)
            command = [argv[1], f"--root={root}", "--dump-catalog", *(e.id for e in events)]
            shown = check_events.explanations(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        expected = check_events.explanations((ROOT / catalog).read_text())
        breaches += [f"{catalog}: {e.name} is not shown as it stands there" for e in events if shown.get(e.id) != expected[e.id]]
    print("\n".join(breaches + [f"{len(events)} events, {len(breaches)} breaches"]))
    return 1 if breaches or not events else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

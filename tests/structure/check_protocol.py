"""check_protocol.py PROGRAM [--record]: docs/protocol.md is what the tables of the code say. --record writes it anew."""

import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/protocol.md"
NUMERICS = ROOT / "include/chat/proto/numerics.h"
HEAD = """# Protocol

What clients find here: the client protocol of IRC as [modern.ircdocs.horse](https://modern.ircdocs.horse/) describes it, with the extensions of
[IRCv3](https://ircv3.net/irc/). This page is made of the tables that the server itself uses (`ninja -C build record-protocol`), and a test fails when it is not what they say.

"""


def numerics():
    text = NUMERICS.read_text().replace("\\\n", " ")
    found = re.findall(r'^#define ((?:RPL|ERR)_\w+)\s+"(\d{3})",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', text, re.M)
    assert len(found) > 100, "the form of numerics.h has changed"
    lines = ["\n## Numerics\n", "| Numeric | Name | Form |", "|---|---|---|"]
    for name, digits, form in sorted(found, key=lambda row: (row[1], row[0])):
        form = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', form)).replace('\\"', '"')
        lines.append(f"| {digits} | {name} | `{form.replace('|', chr(92) + '|')}` |")
    return "\n".join(lines) + "\n"


def main():
    tables = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout
    page = HEAD + tables + numerics()
    if "--record" in sys.argv[2:]:
        PAGE.write_text(page)
        return 0
    was = PAGE.read_text()
    if was == page:
        return 0
    print("".join(difflib.unified_diff(was.splitlines(True), page.splitlines(True), "docs/protocol.md", "the tables")))
    print("Record it: ninja -C build record-protocol")
    return 1


if __name__ == "__main__":
    sys.exit(main())

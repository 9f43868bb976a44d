"""chat-client's words: every one is marked in po/POTFILES and translated, and nothing in po/ is wrong or left over.

Needs gettext's tools; without them nothing is checked (exit status 77).
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **kwargs):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **kwargs)


def arguments():
    """As po/meson.build has them."""
    return re.findall(r"'(--[^']+)'", (ROOT / "po/meson.build").read_text(encoding="utf-8"))


def template():
    done = run("xgettext", "--files-from=po/POTFILES", "--output=-", *arguments())
    assert done.returncode == 0, done.stderr
    return done.stdout


def words_of(po, *options):
    done = run("msgattrib", "--no-wrap", *options, "-", input=po)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r'^msgid ((?:"(?:[^"\\]|\\.)*"\n)+)', done.stdout, re.MULTILINE)) - {'""\n'}


def breaches():
    listed = (ROOT / "po/POTFILES").read_text(encoding="utf-8").split()
    marks = re.compile(r"\b(?:_|N_|WORDS|PHRASE|N_PHRASE)\(\"")
    for path in sorted((ROOT / "src/chat-client").glob("*.c")):
        name = str(path.relative_to(ROOT))
        if marks.search(path.read_text(encoding="utf-8")) and name not in listed:
            yield f"{name} has words and is not in po/POTFILES"
    wanted = words_of(template())
    for language in (ROOT / "po/LINGUAS").read_text(encoding="utf-8").split():
        path = f"po/{language}.po"
        po = (ROOT / path).read_text(encoding="utf-8")
        done = run("msgfmt", "--check", "--output-file=/dev/null", path)
        if done.returncode:
            yield done.stderr.strip()
        translated = words_of(po, "--translated", "--no-fuzzy", "--no-obsolete")
        for word in sorted(wanted - translated):
            yield f"{path}: not translated: {word.strip()}"
        for word in sorted(words_of(po) - wanted):
            yield f"{path}: said nowhere: {word.strip()}"


def main():
    if not all(map(shutil.which, ("xgettext", "msgattrib", "msgfmt"))):
        print("gettext is not installed: nothing is checked")
        return 77
    found = list(breaches())
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""The words of chat-client and of chatd: every one is marked in POTFILES and translated, and nothing in po/ is wrong or
left over. What chatd says and nobody marked is found by its looks: a sentence is more than one word.

Needs gettext's tools; without them nothing is checked (exit status 77).
"""

import pathlib
import re
import shutil
import subprocess
import sys
from ast import literal_eval
from dataclasses import dataclass

import c_source

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "po/chatd"))

import tables  # noqa: E402

# What ":server 705 nick TOPIC :" and CR LF leave of a line, with the longest names there are; test_help_topics.c.
LINE_MAX = 512 - 2 - 64 - 32 - 20
# What stands in these is for the log, for a program, or put together of what was marked.
QUIET = {"log_event", "LOG_FIELDS", "assert", "_Static_assert", "strcmp", "strcasecmp"}
# What everybody hears has no language (it is in a record, or why somebody goes), and neither has what nobody reads.
ENGLISH = {
    "src/command/account_edit.c": {"Logged out"},
    "src/command/emergency.c": {
        "Log in to an account to come in at the moment",
        "Few are let in at the moment, try again in a minute",
    },
    "src/command/filter.c": {"a filter of this server refuses you"},
    "src/command/filters.c": {"the pattern is none"},
    "src/command/help_topics.c": {"SANICK <nick> <new nick>"},
    "src/command/histserv.c": {"messages of %s", "messages of %s %s"},
    "src/command/nickserv.c": {"The owner of the nick wants it back"},
    "src/command/oper.c": {"No reason given"},
    "src/command/registration.c": {"Password incorrect"},
    "src/command/token.c": {
        "the token is not of the account that was asked for",
        "there is no account of the name that the token has",
    },
    "src/command/webirc.c": {"WEBIRC is not for you", "WEBIRC names no address"},
    "src/fanout/fanout.c": {"asks to be let in"},
    "src/command/nickserv_data.c": {"all of %s"},
    "src/session/line_door.c": {"There is no TLS at this port"},
}


@dataclass
class Domain:
    po: str  # folder
    sources: tuple  # globs
    marks: str

    def arguments(self):
        """As its meson.build has them."""
        return re.findall(r"'(--[^']+)'", self.read("meson.build").split("run_target")[0])

    def read(self, name):
        return (ROOT / self.po / name).read_text(encoding="utf-8")

    def listed(self):
        return self.read("POTFILES").split()

    def languages(self):
        return [f"{self.po}/{language}.po" for language in self.read("LINGUAS").split()]


CLIENT = Domain("po", ("src/chat-client/*.c",), r"\b(?:_|N_|WORDS|PHRASE|N_PHRASE)\(\"")
DAEMON = Domain(
    "po/chatd",
    ("src/network/*.c", "src/session/*.c", "src/command/*.c", "src/fanout/*.c", "src/chatd/*.c"),
    r"\b(?:N_|reply_words|reply_notice|reply_fail|services_say|services_tell|service_tell)\([^;{]*?\"",
)
# Those that answer people, and answer in words.
SPOKEN = ("src/command/*.c", "src/session/line_*.c", "src/fanout/fanout.c")


def run(*command, **kwargs):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **kwargs)


def template(domain):
    done = run("xgettext", f"--files-from={domain.po}/POTFILES", "--output=-", *domain.arguments())
    assert done.returncode == 0, done.stderr
    return done.stdout


def words_of(po, *options):
    done = run("msgattrib", "--no-wrap", *options, "-", input=po)
    assert done.returncode == 0, done.stderr
    found = re.findall(r'^msgid ((?:"(?:[^"\\]|\\.)*"\n)+)', done.stdout, re.MULTILINE)
    return {"".join(map(literal_eval, each.split("\n")[:-1])) for each in found} - {""}


def is_words(text):
    """More than conversions and marks."""
    return bool(re.search(r"[A-Za-z]{2}", tables.CONVERSION.sub("", text)))


def is_sentence(text):
    return bool(re.search(r"[A-Za-z']{2,},? (?:[a-z]{2,}|a )", tables.CONVERSION.sub("", text)))


def literals(text):
    """(line, text) of each literal outside of QUIET calls, its parts joined."""
    tokens = c_source.tokenize(c_source.without_directives(text))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.text in QUIET and at + 1 < len(tokens) and tokens[at + 1].text == "(":
            at = c_source.closing(tokens, at + 1)
        elif token.text.startswith('"'):
            parts = []
            while at < len(tokens) and tokens[at].text.startswith('"'):
                parts.append(literal_eval(tokens[at].text))
                at += 1
            yield token.line, "".join(parts)
            continue
        at += 1


def unmarked(name, text, marked):
    for line, found in literals(text):
        if is_sentence(found) and found not in marked and found not in ENGLISH.get(name, ()):
            yield f"{name}:{line}: said in English alone, mark it: {found[:70]!r}"


def check_marks(domain):
    listed = domain.listed()
    marks = re.compile(domain.marks)
    for pattern in domain.sources:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            if marks.search(path.read_text(encoding="utf-8")) and name not in listed:
                yield f"{name} has words and is not in {domain.po}/POTFILES"


def check_languages(domain, wanted):
    for path in domain.languages():
        po = (ROOT / path).read_text(encoding="utf-8")
        done = run("msgfmt", "--check", "--output-file=/dev/null", path)
        if done.returncode:
            yield done.stderr.strip()
        translated = words_of(po, "--translated", "--no-fuzzy", "--no-obsolete")
        for word in sorted(wanted - translated):
            yield f"{path}: not translated: {word!r}"
        for word in sorted(words_of(po) - wanted):
            if is_words(word):
                yield f"{path}: said nowhere: {word!r}"


def check_lengths(domain):
    for path in domain.languages():
        for english, other in tables.table(ROOT / path):
            longest = max(len(line.encode()) for line in other.split("\n"))
            if longest > LINE_MAX and longest > max(map(len, english.split("\n"))):
                yield f"{path}: {longest} bytes are too long for a line: {other[:60]!r}"


def breaches():
    yield from check_marks(CLIENT)
    yield from check_languages(CLIENT, words_of(template(CLIENT)))
    yield from check_marks(DAEMON)
    yield from check_lengths(DAEMON)
    said = words_of(template(DAEMON))
    yield from check_languages(DAEMON, set(filter(is_words, said)))
    for pattern in SPOKEN:
        for path in sorted(ROOT.glob(pattern)):
            yield from unmarked(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), said)


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

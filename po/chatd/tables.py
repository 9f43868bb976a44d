"""tables.py LINGUAS OUT.c: makes of each language's XX.po beside LINGUAS the table that src/session/language.c looks in.

A translation that takes other arguments than the English takes would be read from the stack: then there is no table, and
no daemon. Fuzzy ones are left out. Nothing is needed for it but Python, which is there with meson.
"""

import ast
import pathlib
import re
import sys

CONVERSION = re.compile(
    r"%(?:(?P<at>[1-9])\$)?(?P<flags>[-+ #0]*)(?P<width>\*|[0-9]+)?(?:\.(?P<precision>\*|[0-9]*))?"
    r"(?P<length>hh|h|ll|l|z|j|t)?(?P<type>[a-zA-Z%])"
)
PART = re.compile(r"%[1-4](?!\$)")


def entries(text):
    """(English, translation, line) of all that is there and not fuzzy, the header with an empty English."""
    entry, field, fuzzy = {}, None, False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        said = re.fullmatch(r'(?:(msg[a-z]+) +)?(".*")', line)
        if said:
            if said[1] in entry:
                raise ValueError(f"line {number}: a blank line ends an entry")
            field = said[1] or field
            entry[field] = entry.get(field, "") + ast.literal_eval(said[2])
        elif line.strip():
            raise ValueError(f"line {number}: not understood: {line}")
        elif entry:
            if set(entry) != {"msgid", "msgstr"}:
                raise ValueError(f"line {number}: an entry is msgid and msgstr here, this one has {', '.join(entry)}")
            if not fuzzy:
                yield entry["msgid"], entry["msgstr"], number
            entry, fuzzy = {}, False


def arguments(text):
    """What a format takes, by place: the lengths and types, in their order. ValueError: it cannot be a format."""
    taken, numbered = {}, set()
    for found in CONVERSION.finditer(text):
        if found["type"] == "%":
            continue
        numbered.add(bool(found["at"]))
        for star in ("width", "precision"):
            if found[star] == "*":
                taken[len(taken) + 1] = "int"
        kind = (found["length"] or "") + found["type"]
        at = int(found["at"]) if found["at"] else len(taken) + 1
        if taken.setdefault(at, kind) != kind:
            raise ValueError(f"argument {at} is taken twice, as {taken[at]} and as {kind}")
    if len(numbered) > 1:
        raise ValueError("arguments are numbered all, or none")
    if sorted(taken) != list(range(1, len(taken) + 1)):
        raise ValueError("an argument is left out")
    return [taken[at] for at in sorted(taken)]


def fault(english, other):
    """Why the one cannot stand for the other; None: it can."""
    try:
        if sorted(set(PART.findall(english))) != sorted(set(PART.findall(other))):
            return "other parts than the English"
        if not PART.search(english) and arguments(english) != arguments(other):
            return "other arguments than the English"
    except ValueError as why:
        return str(why)
    if english.count("\n") != other.count("\n") or "\r" in other:
        return "other lines than the English"
    return None


def quoted(text):
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "?": "\\?"}
    return '"' + "".join(escapes.get(c, c) for c in text) + '"'


def table(path):
    """The rows, in the order of strcmp."""
    rows = {}
    for english, other, line in entries(path.read_text(encoding="utf-8")):
        if not english or not other:
            continue
        why = fault(english, other)
        if why:
            raise ValueError(f"line {line}: {why}: {english}")
        if english in rows:
            raise ValueError(f"line {line}: it is there twice: {english}")
        rows[english] = other
    return sorted(rows.items(), key=lambda row: row[0].encode())


def main():
    linguas, out = map(pathlib.Path, sys.argv[1:3])
    codes = linguas.read_text(encoding="utf-8").split()
    made = ['#include "session/phrases.h"\n']
    for code in codes:
        path = linguas.parent / f"{code}.po"
        try:
            rows = table(path)
        except ValueError as why:
            sys.exit(f"{path}: {why}")
        made.append(f"static const struct phrase {code.lower()}_phrases[] = {{")
        made += [f"\t{{{quoted(english)},\n\t {quoted(other)}}}," for english, other in rows] or ["\t{0}"]
        made.append("};\n")
    made.append("static const struct phrases all[] = {")
    made += [f'\t{{"{code}", {code.lower()}_phrases, sizeof({code.lower()}_phrases) / sizeof({code.lower()}_phrases[0])}},'
             for code in codes]
    made += ["};\n", "const struct phrases *phrases_all(size_t *count)", "{",
             "\t*count = sizeof(all) / sizeof(all[0]);", "\treturn all;", "}", ""]
    out.write_text("\n".join(made), encoding="utf-8")


if __name__ == "__main__":
    main()

"""check_events.py [ROOT]: the log as data. One line for each breach, status 1 if there is any.

src/base/log_events.c is the table of all events. Each row
 - belongs to an event of include/chat/base/log_events.h, with its name spelt the same
 - has a MESSAGE_ID of 32 hexadecimal digits that no other row has
 - is logged somewhere in src
 - is explained in the catalogs systemd/chatd.catalog and systemd/chatd.es.catalog: a subject of SUBJECT_MAX characters
   at most, a text, and no field that the event does not have
 - stands in man/chatd-journal.7 with the same id, level, rate and fields
and neither the catalogs nor the page have others. Fields that src logs are described in the page.
"""

import re
import sys
from collections import namedtuple
from pathlib import Path

CATALOGS = ("systemd/chatd.catalog", "systemd/chatd.es.catalog")
MANUAL = "man/chatd-journal.7"
LEVELS = {"ERR": "error", "WARNING": "warning", "NOTICE": "notice", "INFO": "info"}
COMMON_FIELDS = {"CHATD_EVENT", "CHATD_SUPPRESSED"}
SUBJECT_MAX = 60

Event = namedtuple("Event", "symbol name id level burst seconds fields")
Explained = namedtuple("Explained", "subject body")


def events_of_table(text):
    row = r'ABOUT\((\w+),\s*"([^"]*)",\s*"([^"]*)",\s*(\w+),\s*(\d+),\s*(\d+),\s*([^)]*)\)'
    for symbol, name, number, level, burst, seconds, fields in re.findall(row, text):
        if symbol != "event":
            fields = tuple(re.findall(r'"(\w+)"', fields))
            yield Event(symbol, name, number, LEVELS.get(level, level), int(burst), int(seconds), fields)


def symbols_of_header(text):
    return [s for s in re.findall(r"\bEVENT_(\w+),", text) if s != "COUNT"]


def explanations(text):
    """Of a catalog, by id."""
    found = {}
    for number, rest in re.findall(r"^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)", text, re.M | re.S):
        headers, _, body = rest.partition("\n\n")
        body = "\n".join(line for line in body.splitlines() if not line.startswith("#")).strip()
        subject = re.search(r"^Subject: (.*)$", headers, re.M)
        found[number] = Explained(subject[1] if subject else "", body)
    return found


def events_of_manual(text):
    section = text[text.index(".Sh EVENTS") : text.index(".Sh EXAMPLES")]
    for item in re.split(r"^\.It Sy ", section, flags=re.M)[1:]:
        name = item.split("\n", 1)[0]
        facts = re.search(r"^\.Bd -literal -compact\n(\S+)\n(\w+), (\d+) in (\d+) s\n\.Ed\n(?:\.Ev (.*)\n)?", item, re.M)
        if facts:
            number, level, burst, seconds, fields = facts.groups()
            fields = tuple((fields or "").split(" , ")) if fields else ()
            yield Event(None, name, number, level, int(burst), int(seconds), fields)
        else:
            yield Event(None, name, "", "", 0, 0, ())


def fields_of_manual(text):
    section = text[text.index(".Ss Fields") : text.index(".Ss Rates")]
    return {f for line in re.findall(r"^\.It Ev (.*)$", section, re.M) for f in line.split(" , ")}


def queries_of_manual(text):
    """The commands under EXAMPLES, each as one line for a shell."""
    section = text[text.index(".Sh EXAMPLES") : text.index(".Sh SEE ALSO")]
    section = section.replace("\\e\n", "\\\n")
    lines = re.sub(r"\\\n\s*", "", section).splitlines()
    commands = (line.removeprefix(".Dl ") for line in lines)
    return [c for c in commands if c.startswith("journalctl ")]


def check_table(events, symbols):
    where = "src/base/log_events.c"
    if not events:
        yield f"{where}: no rows were found"
    if [e.symbol for e in events] != symbols:
        yield f"{where}: the rows are not those of include/chat/base/log_events.h, in that order"
    for i, event in enumerate(events):
        if event.name != event.symbol.lower().replace("_", "-"):
            yield f"{where}: EVENT_{event.symbol} is called {event.name}"
        if not re.fullmatch(r"[0-9a-f]{32}", event.id):
            yield f"{where}: {event.name} has no MESSAGE_ID of 32 hexadecimal digits"
        if event.id in (e.id for e in events[:i]):
            yield f"{where}: {event.name} has the MESSAGE_ID of another"


def check_source(events, sources):
    logged = {s for path, text in sources.items() if path != "src/base/log_events.c" for s in re.findall(r"\bEVENT_(\w+)", text)}
    for event in events:
        if event.symbol not in logged:
            yield f"src: EVENT_{event.symbol} is never logged"


def check_fields(events, sources):
    known = COMMON_FIELDS.union(*(e.fields for e in events))
    for path, text in sources.items():
        for field in sorted(set(re.findall(r'"(CHATD_[A-Z_]+)"', text)) - known):
            if "LOG_FIELDS" in text or "log_field" in text:
                yield f"{path}: {field} is a field of no event"


def check_catalog(events, path, text):
    found = explanations(text)
    for event in events:
        entry = found.pop(event.id, None)
        if not entry:
            yield f"{path}: {event.name} is missing"
            continue
        if not 0 < len(entry.subject) <= SUBJECT_MAX:
            yield f"{path}: the subject of {event.name} has {len(entry.subject)} characters"
        if not entry.body:
            yield f"{path}: {event.name} is not explained"
        for field in sorted(set(re.findall(r"@(\w+)@", entry.subject + entry.body)) - set(event.fields)):
            yield f"{path}: {event.name} has no field {field}"
    for number in found:
        yield f"{path}: {number} is no event"


def check_manual(events, text):
    listed = {e.name: e for e in events_of_manual(text)}
    for event in events:
        described = listed.pop(event.name, None)
        if not described:
            yield f"{MANUAL}: {event.name} is missing"
        elif described[2:] != event[2:]:
            yield f"{MANUAL}: {event.name} is {described[2:]}, not {event[2:]}"
    for name in listed:
        yield f"{MANUAL}: {name} is no event"
    fields = COMMON_FIELDS.union(*(e.fields for e in events))
    for field in sorted(fields ^ fields_of_manual(text)):
        yield f"{MANUAL}: {field} is {'not described' if field in fields else 'a field of no event'}"
    if not queries_of_manual(text):
        yield f"{MANUAL}: no queries were found"
    for query in queries_of_manual(text):
        yield from check_query(events, query)


def check_query(events, query):
    """Queries name events and fields that there are."""
    names = {e.name for e in events}
    fields = COMMON_FIELDS.union(*(e.fields for e in events))
    for name in re.findall(r"CHATD_EVENT=([\w-]+)", query):
        if name not in names:
            yield f"{MANUAL}: there is no event {name}, in: {query}"
    for field in re.findall(r"CHATD_[A-Z_]+", query):
        if field not in fields:
            yield f"{MANUAL}: there is no field {field}, in: {query}"


def check(root):
    read = lambda path: (root / path).read_text()
    sources = {str(p.relative_to(root)): p.read_text() for p in sorted((root / "src").rglob("*.c"))}
    events = list(events_of_table(sources["src/base/log_events.c"]))
    breaches = [
        *check_table(events, symbols_of_header(read("include/chat/base/log_events.h"))),
        *check_source(events, sources),
        *check_fields(events, sources),
        *check_manual(events, read(MANUAL)),
    ]
    for path in CATALOGS:
        breaches += check_catalog(events, path, read(path))
    print(f"{len(events)} events, {len(breaches)} breaches")
    return breaches


def main(argv):
    breaches = check(Path(argv[1]) if len(argv) > 1 else Path(__file__).resolve().parents[2])
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

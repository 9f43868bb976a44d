"""check_events.py fires when the table of events, the catalogs, the page and the source disagree."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_events

ID, OTHER = "0" * 31 + "1", "0" * 31 + "2"
ROW = f'\tABOUT(CLIENT_IN, "client-in", "{ID}", INFO, 10, 60, "CHATD_NICK",\n\t      "CHATD_PEER"),\n'
ENTRY = f"# client-in\n-- {ID}\nSubject: A client has come in\nDefined-By: chatd\n\n@CHATD_NICK@ is here.\n\nNothing to do.\n"
ITEM = f".It Sy client-in\nA client.\n.Bd -literal -compact\n{ID}\ninfo, 10 in 60 s\n.Ed\n.Ev CHATD_NICK , CHATD_PEER\n"
FIELDS = ".Ss Fields\n.It Ev CHATD_EVENT\n.It Ev CHATD_SUPPRESSED\n.It Ev CHATD_NICK , CHATD_PEER\n.Ss Rates\n"
QUERY = ".Dl journalctl CHATD_EVENT=client-in -o cat \\e\n    --output-fields=CHATD_PEER\n"
FILES = {
    "include/chat/base/log_events.h": "enum log_event {\n\tEVENT_CLIENT_IN,\n\tEVENT_COUNT,\n};\n",
    "src/base/log_events.c": f"#define ABOUT(event, name, id, level, burst, seconds, ...)\n{ROW}",
    "src/chatd/a.c": 'log_event(EVENT_CLIENT_IN, LOG_FIELDS({"CHATD_NICK", nick}), "");\n',
    "systemd/chatd.catalog": ENTRY,
    "systemd/chatd.es.catalog": ENTRY,
    "man/chatd-journal.7": f"{FIELDS}.Sh EVENTS\n{ITEM}.Sh EXAMPLES\n{QUERY}.Sh SEE ALSO\n",
}


class CheckEventsTest(unittest.TestCase):
    def check(self, changes=None):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in {**FILES, **(changes or {})}.items():
                path = Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_events.check(Path(directory))

    def changed(self, name, old, new):
        self.assertIn(old, FILES[name])
        return self.check({name: FILES[name].replace(old, new)})

    def assert_one(self, breaches, part):
        self.assertEqual(len(breaches), 1, breaches)
        self.assertIn(part, breaches[0])

    def test_agreement(self):
        self.assertEqual(self.check(), [])

    def test_an_event_without_a_row(self):
        breaches = self.changed("include/chat/base/log_events.h", "\tEVENT_COUNT", "\tEVENT_KILL,\n\tEVENT_COUNT")
        self.assert_one(breaches, "the rows are not those of")

    def test_a_name_that_is_spelt_otherwise(self):
        breaches = self.changed("src/base/log_events.c", '"client-in"', '"client-came"')
        self.assertIn("src/base/log_events.c: EVENT_CLIENT_IN is called client-came", breaches)

    def test_an_id_that_is_none(self):
        self.assertTrue(any("no MESSAGE_ID" in b for b in self.changed("src/base/log_events.c", ID, "abc")))

    def test_an_id_used_twice(self):
        twice = FILES["src/base/log_events.c"] + ROW.replace("CLIENT_IN", "KILL").replace("client-in", "kill")
        self.assertTrue(any("MESSAGE_ID of another" in b for b in self.check({"src/base/log_events.c": twice})))

    def test_an_event_that_is_never_logged(self):
        self.assert_one(self.check({"src/chatd/a.c": ""}), "EVENT_CLIENT_IN is never logged")

    def test_a_field_of_no_event(self):
        self.assert_one(self.changed("src/chatd/a.c", "CHATD_NICK", "CHATD_NCIK"), "CHATD_NCIK is a field of no event")

    def test_an_entry_that_a_catalog_lacks(self):
        self.assert_one(self.check({"systemd/chatd.es.catalog": "# none\n"}), "chatd.es.catalog: client-in is missing")

    def test_an_entry_that_says_nothing(self):
        breaches = self.changed("systemd/chatd.catalog", "@CHATD_NICK@ is here.\n\nNothing to do.\n", "")
        self.assert_one(breaches, "client-in is not explained")

    def test_an_entry_of_no_event(self):
        breaches = self.check({"systemd/chatd.catalog": ENTRY + ENTRY.replace(ID, OTHER)})
        self.assert_one(breaches, f"{OTHER} is no event")

    def test_an_entry_with_a_field_that_the_event_lacks(self):
        breaches = self.changed("systemd/chatd.catalog", "@CHATD_NICK@", "@CHATD_REASON@")
        self.assert_one(breaches, "client-in has no field CHATD_REASON")

    def test_a_subject_that_is_too_long(self):
        self.assert_one(self.changed("systemd/chatd.catalog", "A client", "A client" * 10), "the subject of client-in has")

    def test_the_page_with_another_rate_level_field_or_id(self):
        for old, new in (("10 in", "11 in"), ("info,", "notice,"), (".Ev CHATD_NICK , ", ".Ev "), (ID, OTHER)):
            item = ITEM.replace(old, new)
            self.assertNotEqual(item, ITEM)
            self.assert_one(self.changed("man/chatd-journal.7", ITEM, item), "client-in is (")

    def test_the_page_without_an_event(self):
        self.assert_one(self.changed("man/chatd-journal.7", ITEM, ""), "client-in is missing")

    def test_the_page_with_an_event_too_many(self):
        breaches = self.changed("man/chatd-journal.7", ITEM, ITEM + ITEM.replace("client-in", "kill"))
        self.assert_one(breaches, "kill is no event")

    def test_the_page_without_a_field(self):
        breaches = self.changed("man/chatd-journal.7", ".It Ev CHATD_NICK , CHATD_PEER", ".It Ev CHATD_NICK")
        self.assert_one(breaches, "CHATD_PEER is not described")

    def test_a_query_of_what_there_is_not(self):
        self.assert_one(self.changed("man/chatd-journal.7", "CHATD_EVENT=client-in", "CHATD_EVENT=kill"), "no event kill")
        self.assert_one(self.changed("man/chatd-journal.7", "-fields=CHATD_PEER", "-fields=CHATD_X"), "no field CHATD_X")

    def test_a_query_is_one_line(self):
        queries = check_events.queries_of_manual(FILES["man/chatd-journal.7"])
        self.assertEqual(queries, ["journalctl CHATD_EVENT=client-in -o cat --output-fields=CHATD_PEER"])

    def test_nothing_found_is_a_breach(self):
        self.assertTrue(any("no rows" in b for b in self.check({"src/base/log_events.c": ""})))


if __name__ == "__main__":
    unittest.main()

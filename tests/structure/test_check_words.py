"""po/chatd/tables.py refuses a translation that would break, and check_words.py finds what nobody marked."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_words

tables = check_words.tables


class TablesTest(unittest.TestCase):
    def test_the_same_arguments(self):
        for english, other in (
            ("nothing", "nada"),
            ("%s is %s", "%s es %s"),
            ("%s is %s", "%2$s es %1$s"),
            ("%u: %.*s", "%u, %.*s"),
            ("%-9s", "%9s"),
            ("%llu of 100%%", "%llu de 100%%"),
            ("%1 is in %2", "en %2 está %1"),
            ("* and ?", "* y ?"),
            ("a\nb\n", "c\nd\n"),
        ):
            self.assertIsNone(tables.fault(english, other), (english, other))

    def test_other_arguments(self):
        for english, other in (
            ("%s is %s", "%s es"),
            ("%s is", "%s es %s"),
            ("%s has %u", "%u son de %s"),
            ("%s", "%d"),
            ("%u", "%llu"),
            ("%.*s", "%s"),
            ("%s is %s", "%s es %1$s"),
            ("%s is %s", "es %2$s"),
            ("nothing", "nada %n"),
            ("%1 is in %2", "está %1"),
            ("a\nb\n", "c\n"),
            ("a", "b\r"),
        ):
            self.assertIsNotNone(tables.fault(english, other), (english, other))

    def test_entries(self):
        po = '# c\nmsgid ""\nmsgstr ""\n"x\\n"\n\n#, c-format\nmsgid "a"\n"b"\nmsgstr "c\\"d"\n\n'
        self.assertEqual([("", "x\n"), ("ab", 'c"d')], [row[:2] for row in tables.entries(po)])
        self.assertEqual([], list(tables.entries('#, fuzzy\nmsgid "a"\nmsgstr "b"\n')))
        self.assertEqual([], list(tables.entries('#~ msgid "a"\n#~ msgstr "b"\n')))
        for wrong in ('msgid "a"\n', 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\n', 'msgid "a"\nmsgstr "b"\nmsgid "c"\n'):
            with self.assertRaises(ValueError):
                list(tables.entries(wrong))

    def test_order(self):
        self.assertEqual('"a\\"\\n\\?"', tables.quoted('a"\n?'))


class MarksTest(unittest.TestCase):
    def unmarked(self, text, marked=()):
        return len(list(check_words.unmarked("a.c", text, set(marked))))

    def test_found(self):
        self.assertEqual(1, self.unmarked('void f(void)\n{\n\tsay("This is said");\n}\n'))
        self.assertEqual(1, self.unmarked('void f(void)\n{\n\tsay(x ? "%s" : "This is %s");\n}\n'))
        self.assertEqual(1, self.unmarked('static const char *const a[] = {"First", "Not the first"};\n'))

    def test_left_alone(self):
        self.assertEqual(0, self.unmarked('void f(void)\n{\n\tsay("This is said");\n}\n', ["This is said"]))
        self.assertEqual(0, self.unmarked('void f(void)\n{\n\tsay("This "\n\t    "is");\n}\n', ["This is"]))
        self.assertEqual(0, self.unmarked('void f(void)\n{\n\tlog_event(A, g("b"), "This is logged");\n}\n'))
        self.assertEqual(0, self.unmarked('#include "a b c"\n/* "This is none" */\nint a = b("BATCH +%s");\n'))


if __name__ == "__main__":
    unittest.main()

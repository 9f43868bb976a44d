"""Each rule of check_tree.py fires on a tree that breaks it alone, at the right line."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import c_source
import check_tree

SHORT = "int {0}(void)\n{{\n\treturn 0;\n}}\n"


class CheckTreeTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        return check_tree.Tree(self.root).check()

    def assert_breach(self, path, text, *breaches):
        self.write(path, text)
        self.assertEqual(self.check(), list(breaches))

    def test_a_good_tree_passes(self):
        self.write("include/chat/base/a.h", "#pragma once\n\nint a_get(int n);\nstruct a;\nextern int a_do(void);\n")
        self.write("src/base/a.c", '#include "base/a.h"\n#include <stdio.h>\n\n' + SHORT.format("a_get"))
        self.write("src/chatd/engine.c", '#include "network/n.h"\nint e(void)\n{\n\tnetwork_apply(1);\n\treturn 0;\n}\n')
        self.write("src/chatd/main.c", "static int seen;\n")
        self.write("tests/unit/test_a.c", "static int calls;\n")
        self.assertEqual(self.check(), [])

    def test_a_layer_includes_downward(self):
        self.assert_breach(
            "src/proto/a.c", '/* why */\n#include "loop/loop.h"\n', 'src/proto/a.c:2: proto must not include "loop/loop.h"'
        )

    def test_libchat_headers_count_as_their_layer(self):
        self.assert_breach(
            "include/chat/net/a.h",
            '#pragma once\n#include "session/session.h"\n',
            'include/chat/net/a.h:2: net must not include "session/session.h"',
        )

    def test_the_client_stands_on_libchat_alone(self):
        self.assert_breach(
            "src/chat-client/a.c",
            '#include "session/session.h"\n',
            'src/chat-client/a.c:1: chat-client must not include "session/session.h"',
        )

    def test_an_include_names_its_layer(self):
        self.assert_breach("src/base/a.c", '#include "a.h"\n', 'src/base/a.c:1: "a.h" names no layer')

    def test_an_unknown_layer_is_told(self):
        self.assert_breach("src/misc/a.c", "", 'src/misc/a.c:1: "misc" is not a layer that check_tree.py knows')

    def test_an_include_in_a_comment_is_none(self):
        self.assert_breach("src/base/a.c", '/*\n#include "loop/loop.h"\n*/\n')

    def write_ok_functions(self, count):
        self.write("src/base/ok.c", "".join(SHORT.format(f"f{i}") for i in range(count)))

    def test_a_long_function(self):
        self.write_ok_functions(99)
        body = "\tf();\n" * 117
        self.assert_breach("src/base/a.c", f"int a(void)\n{{\n{body}\n}}\n", "src/base/a.c:1: a has 121 lines, over 120")
        self.assert_breach("src/base/a.c", f"int a(void)\n{{\n{body}}}\n")

    def test_a_const_table_makes_no_function_long(self):
        self.write_ok_functions(99)
        table = "\t\t1,\n" * 200
        self.assert_breach("src/base/a.c", f"int a(void)\n{{\n\tstatic const int t[] = {{\n{table}\t}};\n\treturn t[0];\n}}\n")

    def test_many_middling_functions(self):
        self.write_ok_functions(90)
        body = "\tf();\n" * 57
        self.assert_breach(
            "src/base/a.c",
            "".join(f"int a{i}(void)\n{{\n{body}}}\n" for i in range(10)),
            "src:1: 90.0% of functions are under 60 lines, not 95%",
        )

    def test_the_median(self):
        body = "\tf();\n" * 12
        self.assert_breach(
            "src/base/a.c", f"int a(void)\n{{\n{body}}}\n", "src:1: the median of functions has 15 lines, not under 15"
        )

    def test_a_long_file(self):
        self.assert_breach(
            "tests/unit/test_a.c", "\n" * 800, "tests/unit/test_a.c:800: the file has 800 lines; it should stay under 800"
        )
        self.assert_breach("tests/unit/test_a.c", "\n" * 799)

    def test_many_parameters(self):
        head = "int a(int b, int c, void (*d)(int, int), int e, int f{})"
        self.assert_breach(
            "src/base/a.c",
            head.format(", int g") + "\n{\n\treturn 0;\n}\n",
            "src/base/a.c:1: a has 6 parameters, over 5",
        )
        self.assert_breach("src/base/a.c", head.format("") + "\n{\n\treturn 0;\n}\n")
        self.assert_breach("src/base/a.c", head.format(", const char *fmt, ...") + "\n{\n\treturn 0;\n}\n")
        self.assert_breach(
            "src/base/a.c",
            head.format(", int g, const char *fmt, ...") + "\n{\n\treturn 0;\n}\n",
            "src/base/a.c:1: a has 6 parameters, over 5",
        )

    def test_deep_nesting(self):
        deep = "void a(void)\n{{\n\tfor (;;)\n\t\tif (b) {{\n\t\t\twhile (c) {{\n{}\t\t\t}}\n\t\t}} else if (d)\n\t\t\te();\n}}\n"
        self.assert_breach("src/base/a.c", deep.format("\t\t\t\tf();\n"))
        self.assert_breach(
            "src/base/a.c",
            deep.format("\t\t\t\tif (f)\n\t\t\t\t\tg();\n"),
            "src/base/a.c:7: a nests 4 deep; it should stay under 4",
        )

    def test_foreach_do_and_switch_nest(self):
        text = (
            "void a(void)\n{\n\tLIST_FOREACH(x, y, z) {\n\t\tdo {\n\t\t\tswitch (b) {\n\t\t\tcase 1:\n"
            "\t\t\t\tif (c)\n\t\t\t\t\tbreak;\n\t\t\t}\n\t\t} while (d);\n\t}\n}\n"
        )
        self.assert_breach("src/base/a.c", text, "src/base/a.c:8: a nests 4 deep; it should stay under 4")

    def test_variables_that_can_change(self):
        for text, name in (
            ("static int count;\n", "count"),
            ("static const char *names[] = {0};\n", "names"),
            ("static struct {\n\tint n;\n} state = {.n = 1};\n", "state"),
            ("static void (*hook)(void);\n", "hook"),
            ("static LIST_HEAD(, item) items;\n", "items"),
        ):
            with self.subTest(text):
                self.assert_breach(
                    "src/base/a.c", text, f"src/base/a.c:1: {name} can change and outlives its function"
                )

    def test_a_static_variable_inside_a_function(self):
        text = "int a(void)\n{\n\tstatic int n;\n\tstatic const int m = 1;\n\treturn n + m;\n}\n"
        self.assert_breach("src/base/a.c", text, "src/base/a.c:3: n can change and outlives its function")

    def test_what_is_no_variable(self):
        text = (
            "#pragma once\nenum { A, B };\nstruct s { int n; };\nstruct t;\nunion u;\ntypedef int (*fn)(int);\n"
            "int f(int a, void (*b)(int), const char *c) __attribute__((format(printf, 1, 2)));\n"
            "void (*signal_of(int n))(int);\nstatic const int table[] = {1, 2};\n"
            "static const char *const names[] = {\"a\"};\nstatic int (*const calls[])(void) = {0};\n"
            '_Static_assert(sizeof(int) == 4, "int");\nLIST_HEAD(head, s);\n'
        )
        self.assert_breach("src/base/a.h", text)

    def test_an_extern_variable(self):
        self.assert_breach(
            "include/chat/base/a.h",
            "#pragma once\nextern const int a;\n",
            "include/chat/base/a.h:2: a is an extern variable",
        )

    def test_a_directive_inside_a_function(self):
        self.assert_breach(
            "src/base/a.c",
            "#ifdef A\n#endif\nint a(void)\n{\n#ifdef B\n\treturn 1;\n#endif\n\treturn 0;\n}\n",
            "src/base/a.c:5: #ifdef inside a",
        )

    def test_network_apply_has_one_caller(self):
        self.assert_breach(
            "src/fanout/a.c",
            "void a(void)\n{\n\tnetwork_apply(n);\n}\n",
            "src/fanout/a.c:3: network_apply is called in src/chatd/engine.c alone",
        )

    def test_a_header_opens_with_pragma_once(self):
        self.assert_breach("src/base/a.h", "struct a;\n", "src/base/a.h:1: a header opens with #pragma once")

    def test_braces_in_strings_and_comments_are_none(self):
        text = 'int a(void)\n{\n\tcall("}{", \'{\'); /* { */\n\treturn 0; // {\n}\nstatic int n;\n'
        self.assert_breach("src/base/a.c", text, "src/base/a.c:6: n can change and outlives its function")

    def test_function_lines(self):
        source = c_source.parse("\nstatic int\na(void)\n{\n\treturn 0;\n}\n")
        self.assertEqual([(f.name, f.first, f.lines) for f in source.functions], [("a", 2, 5)])


if __name__ == "__main__":
    unittest.main()

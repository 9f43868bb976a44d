"""check_manual.py fires when a key or an option is in one place alone."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import check_manual

FILES = {
    "src/chatd/config_keys.c": '\t{"server", "name", CONFIG_HOST, 0, 0, 0, ""},\n\t{"oper", "mask", CONFIG_WORD, 0, 0, 0, ""},\n',
    "src/chatd/options.c": '\t{"config", required_argument, NULL, 1},\n\t{"help", no_argument, NULL, 2},\n',
    "man/chatd.conf.5": ".Ss Section [server]\n.It Ic name No = Ar host\n.Ss Section [oper NAME]\n.It Ic mask No = Ar mask\n",
    "docs/examples/chatd.conf": "# text\n[server]\nname = x\n#[oper alice]\n#mask = y\n",
    "man/chatd.8": "The options are:\n.It Fl c Ar FILE , Fl Fl config Ar FILE\n.It Fl h , Fl Fl help\n.Ss More\n",
}


class CheckManualTest(unittest.TestCase):
    def check(self, **changes):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in FILES.items():
                path = Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(changes.get(path.name.replace(".", "_"), text))
            return check_manual.check(Path(directory))

    def test_agreement(self):
        self.assertEqual(self.check(), [])

    def test_a_key_without_a_description(self):
        manual = FILES["man/chatd.conf.5"].replace("mask No", "other No")
        self.assertEqual(
            self.check(chatd_conf_5=manual),
            [
                "man/chatd.conf.5: key ('oper', 'mask') is missing",
                "man/chatd.conf.5: key ('oper', 'other') does not exist",
            ],
        )

    def test_a_key_under_the_wrong_heading(self):
        manual = FILES["man/chatd.conf.5"].replace(".Ss Section [oper NAME]\n", "")
        self.assertEqual(len(self.check(chatd_conf_5=manual)), 2)

    def test_a_key_that_the_example_lacks(self):
        example = FILES["docs/examples/chatd.conf"].replace("#mask = y\n", "")
        self.assertEqual(
            self.check(chatd_conf=example), ["docs/examples/chatd.conf: key ('oper', 'mask') is missing"]
        )

    def test_an_option_without_a_description(self):
        manual = FILES["man/chatd.8"].replace(".It Fl h , Fl Fl help\n", "")
        self.assertEqual(self.check(chatd_8=manual), ["man/chatd.8: option help is missing"])

    def test_nothing_found_is_a_breach(self):
        self.assertIn("no keys or no options were found in src/chatd", self.check(options_c=""))


if __name__ == "__main__":
    unittest.main()

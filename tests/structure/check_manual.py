"""check_manual.py [ROOT]: the manual, the example and the program name the same things. Status 1 if they do not.

 - each key of src/chatd/config_keys.c stands in man/chatd.conf.5 under the heading of its section, and in
   docs/examples/chatd.conf; neither has others
 - each option of src/chatd/options.c stands in man/chatd.8, which has no other
"""

import re
import sys
from pathlib import Path


def keys_of_program(text):
    return set(re.findall(r'^\t\{"(\w+)", "(\w+)",? ?', text, re.M))


def keys_of_manual(text):
    keys, section = set(), None
    for line in text.splitlines():
        heading = re.match(r"\.Ss .*\[(\w+)", line)
        item = re.match(r"\.It Ic (\w+) No =", line)
        if heading:
            section = heading.group(1)
        elif line.startswith((".Sh", ".Ss")):
            section = None
        elif item:
            keys.add((section, item.group(1)))
    return keys


def keys_of_example(text):
    keys, section = set(), None
    for line in text.splitlines():
        heading = re.match(r"#?\[(\w+)", line)
        item = re.match(r"#?(\w+) =", line)
        if heading:
            section = heading.group(1)
        elif item:
            keys.add((section, item.group(1)))
    return keys


def options_of_program(text):
    return set(re.findall(r'^\t\{"([\w-]+)", (?:no|required)_argument', text, re.M))


def options_of_manual(text):
    described = text[text.index("The options are:") : text.index(".Ss ")]
    return set(re.findall(r"^\.It .*Fl Fl ([\w-]+)", described, re.M))


def compare(what, expected, found, where):
    breaches = [f"{where}: {what} {thing} is missing" for thing in sorted(expected - found, key=str)]
    return breaches + [f"{where}: {what} {thing} does not exist" for thing in sorted(found - expected, key=str)]


def check(root):
    read = lambda path: (root / path).read_text()
    keys = keys_of_program(read("src/chatd/config_keys.c"))
    options = options_of_program(read("src/chatd/options.c"))
    breaches = [] if keys and options else ["no keys or no options were found in src/chatd"]
    breaches += compare("key", keys, keys_of_manual(read("man/chatd.conf.5")), "man/chatd.conf.5")
    breaches += compare("key", keys, keys_of_example(read("docs/examples/chatd.conf")), "docs/examples/chatd.conf")
    breaches += compare("option", options, options_of_manual(read("man/chatd.8")), "man/chatd.8")
    print(f"{len(keys)} keys, {len(options)} options, {len(breaches)} breaches")
    return breaches


def main(argv):
    breaches = check(Path(argv[1]) if len(argv) > 1 else Path(__file__).resolve().parents[2])
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

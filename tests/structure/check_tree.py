"""check_tree.py [ROOT]: the shape of the tree. One line for each breach, "file:line: sentence"; status 1 if there is any.

 - who includes whom: LAYERS
 - no function over FUNCTION_MAX lines from head to closing brace (lines inside const tables are not counted), 95 of
   100 of them under FUNCTION_USUAL, the median under FUNCTION_MEDIAN; no file of FILE_MAX lines
 - at most PARAMS_MAX parameters; a format and the '...' that it formats count as none
 - no statement nested NESTING_MAX deep: one straight in a function's body is 0 deep, each if, else, loop, switch or
   block around it adds one, with or without braces; else if adds none
 - no variable that outlives its function and can change, but in VARIABLES_IN; no extern variable
 - network_apply is called in the engine alone
 - no #if inside a function; #pragma once opens a header
"""

import statistics
import sys
from pathlib import Path

import c_source

LIBCHAT = {"base", "proto", "loop", "net"}
LAYERS = {
    "base": set(),
    "proto": {"base"},
    "loop": {"base"},
    "net": {"base", "proto", "loop"},
    "network": {"base", "proto"},
    "journal": {"base", "loop"},
    "account": LIBCHAT,
    "post": LIBCHAT | {"account"},
    "session": LIBCHAT | {"journal", "account"},
    "command": LIBCHAT | {"session", "network", "account", "journal", "post"},
    "fanout": LIBCHAT | {"session", "network"},
    "chatd": LIBCHAT | {"network", "account", "post", "journal", "session", "command", "fanout"},
    "chatctl": LIBCHAT | {"account", "network", "journal", "chatd"},
    "chat-client": LIBCHAT,
}
GENERATED = {"chat_version.h"}
FUNCTION_MAX = 120
FUNCTION_USUAL = 60
FUNCTION_MEDIAN = 15
FILE_MAX = 800
PARAMS_MAX = 5
# Called by a library, which says what they look like.
PRESCRIBED = {"choose_alpn", "take_token"}
NESTING_MAX = 4
# mem.c: the countdown to the allocation that a test makes fail
VARIABLES_IN = {"src/chatd/main.c", "src/chat-client/main.c", "src/base/log.c", "src/base/mem.c"}
# replay.c: into an empty network, for a look at what is kept
APPLY_IN = {"src/chatd/engine.c", "src/chatd/replay.c"}


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.breaches = []
        self.lengths = []

    def complain(self, path, line, sentence):
        self.breaches.append(f"{path.relative_to(self.root)}:{line}: {sentence}")

    def files(self, *places):
        for place in places:
            yield from sorted(p for p in (self.root / place).rglob("*") if p.is_file())

    def check(self):
        for path in self.files("src", "include"):
            if path.suffix in (".c", ".h"):
                self.check_source(path)
        for path in self.files("src", "include", "tests", "tools"):
            if path.suffix in (".c", ".h", ".py", ".sh", ""):
                self.check_file_size(path)
        self.check_statistics()
        return self.breaches

    def check_file_size(self, path):
        lines = path.read_bytes().count(b"\n")
        if lines >= FILE_MAX:
            self.complain(path, FILE_MAX, f"the file has {lines} lines; it should stay under {FILE_MAX}")

    def check_source(self, path):
        source = c_source.parse(path.read_text())
        self.check_includes(path, source)
        self.check_header(path, source)
        for function in source.functions:
            self.check_function(path, function)
            self.check_directives(path, source, function)
        for declaration in source.declarations:
            self.check_variable(path, declaration)

    def layer_of(self, path):
        parts = path.relative_to(self.root).parts
        return parts[2] if parts[:2] == ("include", "chat") else parts[1]

    def check_includes(self, path, source):
        layer = self.layer_of(path)
        if layer not in LAYERS:
            self.complain(path, 1, f'"{layer}" is not a layer that check_tree.py knows')
            return
        for directive in source.directives:
            if directive.name == "include" and directive.rest.startswith('"'):
                self.check_include(path, layer, directive)

    def check_include(self, path, layer, directive):
        name = directive.rest.strip('"')
        if name in GENERATED:
            return
        other = name.split("/")[0] if "/" in name else None
        if other not in LAYERS:
            self.complain(path, directive.line, f'"{name}" names no layer')
        elif other != layer and other not in LAYERS[layer]:
            self.complain(path, directive.line, f'{layer} must not include "{name}"')

    def check_header(self, path, source):
        if path.suffix == ".h" and not any(d.name == "pragma" and d.rest == "once" for d in source.directives[:1]):
            self.complain(path, 1, "a header opens with #pragma once")

    def check_function(self, path, function):
        self.lengths.append(function.lines)
        if function.lines > FUNCTION_MAX:
            self.complain(path, function.first, f"{function.name} has {function.lines} lines, over {FUNCTION_MAX}")
        counted = function.params - function.variadic
        if counted > PARAMS_MAX and function.name not in PRESCRIBED:
            self.complain(path, function.first, f"{function.name} has {counted} parameters, over {PARAMS_MAX}")
        nesting = c_source.Nesting(function.body)
        if nesting.deepest >= NESTING_MAX:
            sentence = f"{function.name} nests {nesting.deepest} deep; it should stay under {NESTING_MAX}"
            self.complain(path, nesting.deepest_line, sentence)
        for declaration in c_source.static_locals(function.body):
            self.check_variable(path, declaration)
        self.check_apply(path, function)

    def check_apply(self, path, function):
        if str(path.relative_to(self.root)) in APPLY_IN:
            return
        for token in function.body:
            if token.text == "network_apply":
                self.complain(path, token.line, "network_apply is called in src/chatd/engine.c alone")

    def check_directives(self, path, source, function):
        for directive in source.directives:
            if function.first < directive.line < function.last and directive.name in ("if", "ifdef", "ifndef"):
                self.complain(path, directive.line, f"#{directive.name} inside {function.name}")

    def check_variable(self, path, declaration):
        name = variable_of(declaration.tokens)
        if name is None:
            return
        if declaration.tokens[0].text == "extern":
            self.complain(path, declaration.line, f"{name} is an extern variable")
        elif not is_const(declaration.tokens) and str(path.relative_to(self.root)) not in VARIABLES_IN:
            self.complain(path, declaration.line, f"{name} can change and outlives its function")

    def check_statistics(self):
        if not self.lengths:
            return
        usual = sum(length < FUNCTION_USUAL for length in self.lengths) / len(self.lengths)
        median = statistics.median(self.lengths)
        if usual < 0.95:
            self.breaches.append(f"src:1: {usual:.1%} of functions are under {FUNCTION_USUAL} lines, not 95%")
        if median >= FUNCTION_MEDIAN:
            self.breaches.append(f"src:1: the median of functions has {median} lines, not under {FUNCTION_MEDIAN}")


def declarator(tokens):
    """What stands before the initialiser."""
    texts = [t.text for t in tokens]
    return texts[: texts.index("=")] if "=" in texts else texts


def is_word(text):
    return text.isidentifier()


def variable_of(tokens):
    """The name of the variable that is declared; None when it is something else."""
    texts = declarator(tokens)
    if not texts or texts[0] in ("typedef", "_Static_assert"):
        return None
    first = texts.index("(") if "(" in texts else len(texts)
    if texts[first + 1 : first + 2] == ["*"]:  # (*name: a pointer to a function, or a function that returns one
        name = next((i for i in range(first, len(texts)) if is_word(texts[i]) and texts[i] != "const"), None)
        return None if name is None or texts[name + 1 : name + 2] == ["("] else texts[name]
    while texts and texts[-1] == "]":
        texts = texts[: len(texts) - 1 - texts[::-1].index("[")]
    if len(texts) < 2 or not is_word(texts[-1]):
        return None
    if texts[0] in ("struct", "union", "enum") and len(texts) == 2:
        return None
    return texts[-1]


def is_const(tokens):
    texts = declarator(tokens)
    if "*" in texts:
        last = len(texts) - 1 - texts[::-1].index("*")
        return "const" in texts[last:]
    return "const" in texts


def main(argv):
    root = Path(argv[1]) if len(argv) > 1 else Path(__file__).resolve().parents[2]
    tree = Tree(root)
    for breach in tree.check():
        print(breach)
    print(f"{len(tree.lengths)} functions, {len(tree.breaches)} breaches")
    return 1 if tree.breaches or not tree.lengths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

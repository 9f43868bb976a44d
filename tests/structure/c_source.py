"""Reads C well enough to see functions, declarations and directives. It knows no types and expands no macros."""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\.?\d(?:[\w.]|[eEpP][+-])*)
      | (?P<dots>\.\.\.)
      | (?P<other>\S)""",
    re.S | re.X,
)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)((?:\\\n|[^\n])*)", re.M)
COMMENT_OR_STRING = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


@dataclass
class Token:
    text: str
    line: int


@dataclass
class Directive:
    name: str
    rest: str
    line: int


@dataclass
class Function:
    name: str
    first: int  # line of the first word of its head
    last: int  # line of its closing brace
    params: int
    variadic: bool
    body: list = field(repr=False)

    @property
    def lines(self):
        """Lines from head to closing brace, const tables aside."""
        return self.last - self.first + 1 - const_table_lines(self.body)

    @property
    def depth(self):
        return Nesting(self.body).deepest


@dataclass
class Declaration:
    tokens: list  # brace groups are one token "{}"
    line: int


@dataclass
class Source:
    directives: list
    functions: list
    declarations: list


def blank_out(text, keep_strings):
    """The text with its comments (and strings) turned into blanks of the same shape."""

    def blank(match):
        found = match.group()
        if keep_strings and found[0] in "\"'":
            return found
        return re.sub(r"[^\n]", " ", found)

    return COMMENT_OR_STRING.sub(blank, text)


def find_directives(text):
    found = []
    for match in DIRECTIVE.finditer(blank_out(text, keep_strings=True)):
        line = text.count("\n", 0, match.start(1)) + 1
        found.append(Directive(match.group(1), match.group(2).replace("\\\n", " ").strip(), line))
    return found


def without_directives(text):
    clean = blank_out(text, keep_strings=True)
    pieces, at = [], 0
    for match in DIRECTIVE.finditer(clean):
        pieces += [text[at : match.start()], re.sub(r"[^\n]", " ", match.group())]
        at = match.end()
    return "".join(pieces) + text[at:]


def tokenize(text):
    tokens, line, at = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.lastgroup != "comment":
            tokens.append(Token(match.group(), line))
    return tokens


def closing(tokens, start):
    """Index of what closes the bracket at start."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opens, closes = tokens[start].text, pairs[tokens[start].text]
    depth = 0
    for i in range(start, len(tokens)):
        if tokens[i].text == opens:
            depth += 1
        elif tokens[i].text == closes:
            depth -= 1
            if depth == 0:
                return i
    return len(tokens) - 1


def drop_attributes(tokens):
    kept, i = [], 0
    while i < len(tokens):
        if tokens[i].text in ("__attribute__", "_Alignas") and i + 1 < len(tokens) and tokens[i + 1].text == "(":
            i = closing(tokens, i + 1) + 1
        else:
            kept.append(tokens[i])
            i += 1
    return kept


def opening(tokens, end):
    """Index of the '(' that the ')' at end closes."""
    depth = 0
    for i in range(end, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[i].text, 0)
        if depth == 0:
            return i
    return 0


def parameters(tokens):
    """How many, and whether '...' ends them. tokens: what stands between the parentheses."""
    if not tokens or [t.text for t in tokens] == ["void"]:
        return 0, False
    depth, count = 0, 1
    for token in tokens:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        count += token.text == "," and depth == 0
    variadic = tokens[-1].text == "..."
    return count - variadic, variadic


def make_function(head, tokens, start, end):
    params_at = opening(head, len(head) - 1)
    count, variadic = parameters(head[params_at + 1 : -1])
    name = head[params_at - 1].text
    if name == ")":  # a function that returns a pointer to one
        name = next(t.text for t in head if re.match(r"[A-Za-z_]\w*$", t.text) and t.text != "static")
    return Function(name, head[0].line, tokens[end].line, count, variadic, tokens[start + 1 : end])


def is_function_head(head):
    return bool(head) and head[-1].text == ")" and not any(t.text == "=" for t in head)


def parse(text):
    tokens = tokenize(without_directives(text))
    source = Source(find_directives(text), [], [])
    item, i = [], 0
    while i < len(tokens):
        token = tokens[i]
        if token.text == "{":
            end = closing(tokens, i)
            head = drop_attributes(item)
            if is_function_head(head):
                source.functions.append(make_function(head, tokens, i, end))
                item = []
            else:
                item.append(Token("{}", token.line))
            i = end
        elif token.text == ";":
            if item:
                source.declarations.append(Declaration(drop_attributes(item), item[0].line))
            item = []
        else:
            item.append(token)
        i += 1
    return source


def static_locals(body):
    """Declarations of static variables inside a function."""
    found = []
    for i, token in enumerate(body):
        if token.text != "static" or (i and body[i - 1].text not in ";{}:)"):
            continue
        end, tokens = i, []
        while end < len(body) and body[end].text != ";":
            if body[end].text == "{":
                tokens.append(Token("{}", body[end].line))
                end = closing(body, end)
            else:
                tokens.append(body[end])
            end += 1
        found.append(Declaration(drop_attributes(tokens), token.line))
    return found


def const_table_lines(body):
    """Lines inside the braces of const tables."""
    total = 0
    for i in range(1, len(body)):
        if body[i].text == "{" and body[i - 1].text == "=":
            start = i
            while start and body[start - 1].text not in ";{}":
                start -= 1
            if any(t.text == "const" for t in body[start:i]):
                total += max(0, body[closing(body, i)].line - body[i].line - 1)
    return total


class Nesting:
    """The deepest statement of a function: 0 stands straight in its body; bodies without braces count the same."""

    LOOPS = ("for", "while", "switch")

    def __init__(self, body):
        self.tokens = body
        self.deepest = 0
        self.deepest_line = 0
        at = 0
        while at < len(body):
            at = self.statement(at, 0)

    def text(self, at):
        return self.tokens[at].text if at < len(self.tokens) else ""

    def is_loop(self, at):
        return self.text(at) in self.LOOPS or (re.search(r"FOREACH", self.text(at)) and self.text(at + 1) == "(")

    def block(self, at, depth):
        at += 1
        while at < len(self.tokens) and self.text(at) != "}":
            at = self.statement(at, depth)
        return at + 1

    def body(self, at, depth):
        return self.block(at, depth) if self.text(at) == "{" else self.statement(at, depth)

    def conditional(self, at, depth):
        at = self.body(closing(self.tokens, at + 1) + 1, depth + 1)
        if self.text(at) != "else":
            return at
        if self.text(at + 1) == "if":
            return self.conditional(at + 1, depth)
        return self.body(at + 1, depth + 1)

    def label_end(self, at):
        """Past the ':' of a label or case, or None."""
        if self.text(at) in ("case", "default"):
            while self.text(at) not in (":", ""):
                at += 1
            return at + 1
        if re.match(r"[A-Za-z_]\w*$", self.text(at)) and self.text(at + 1) == ":":
            return at + 2
        return None

    def plain(self, at):
        while at < len(self.tokens) and self.text(at) != ";":
            at = closing(self.tokens, at) + 1 if self.text(at) in ("(", "{", "[") else at + 1
        return at + 1

    def statement(self, at, depth):
        if depth > self.deepest:
            self.deepest, self.deepest_line = depth, self.tokens[min(at, len(self.tokens) - 1)].line
        past = self.label_end(at)
        if past is not None:
            return past
        if self.text(at) == "{":
            return self.block(at, depth + 1)
        if self.text(at) == "if":
            return self.conditional(at, depth)
        if self.is_loop(at):
            return self.body(closing(self.tokens, at + 1) + 1, depth + 1)
        if self.text(at) == "do":
            return self.plain(self.body(at + 1, depth + 1))
        return self.plain(at)

"""A program in tmux, a terminal that people use: what its screen shows, and another size of it."""

import os
import re
import shlex
import subprocess
import time

DEADLINE = 20


class Tmux:
    """One window of a tmux server of its own."""

    def __init__(self, folder, command, columns=80, rows=24):
        self.base = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        program = "exec " + " ".join(shlex.quote(word) for word in command)
        env = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
        subprocess.run([*self.base, "new-session", "-d", "-x", str(columns), "-y", str(rows), program], check=True,
                       env={**env, "LC_ALL": "C.UTF-8", "TERM": "xterm", "SHELL": "/bin/sh"})
        self.tell("set-option", "-g", "remain-on-exit", "on")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tell("kill-server")

    def tell(self, *words):
        return subprocess.run([*self.base, *words], check=True, capture_output=True, text=True).stdout

    def type(self, text):
        self.tell("send-keys", "-l", text)

    def key(self, *names):
        self.tell("send-keys", *names)

    def resize(self, columns, rows):
        self.tell("resize-window", "-x", str(columns), "-y", str(rows))

    def rows(self, history=False):
        """The rows of the screen; with history, those that left it as well."""
        text = self.tell("capture-pane", "-p", *(["-S", "-"] if history else []))
        return [row.rstrip() for row in text.split("\n")]

    def cursor(self):
        x, y = self.tell("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(x), int(y)

    def until(self, check, what):
        deadline = time.monotonic() + DEADLINE
        while not check(self.filled()):
            assert time.monotonic() < deadline, f"no {what}:\n" + "\n".join(self.rows())

    def filled(self):
        """The rows without the empty ones below."""
        rows = self.rows()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def shows(self, pattern):
        self.until(lambda rows: any(re.search(pattern, row) for row in rows), pattern)

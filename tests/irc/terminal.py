"""A program on a pseudo-terminal, and what its screen shows."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

DEADLINE = 20


class Screen:
    """What a terminal shows: enough of a VT100 for what the client and libedit write, and wrapping as xterm does."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.x = self.y = 0
        self.wrap = False
        self.pending = ""
        self.marks_pastes = False

    def line_feed(self):
        if self.y + 1 < self.rows:
            self.y += 1
        else:
            self.cells = self.cells[1:] + [[" "] * self.columns]

    def put(self, char):
        if self.wrap:
            self.x, self.wrap = 0, False
            self.line_feed()
        self.cells[self.y][self.x] = char
        if self.x + 1 == self.columns:
            self.wrap = True
        else:
            self.x += 1

    def control(self, numbers, final):
        n = numbers[0] if numbers else 0
        row = self.cells[self.y]
        self.wrap = False
        if final == "A":
            self.y = max(0, self.y - (n or 1))
        elif final == "B":
            self.y = min(self.rows - 1, self.y + (n or 1))
        elif final == "C":
            self.x = min(self.columns - 1, self.x + (n or 1))
        elif final == "D":
            self.x = max(0, self.x - (n or 1))
        elif final == "G":
            self.x = (n or 1) - 1
        elif final == "K":
            row[self.x:] = [" "] * (self.columns - self.x)
        elif final == "J" and n == 0:
            row[self.x:] = [" "] * (self.columns - self.x)
            for below in self.cells[self.y + 1:]:
                below[:] = [" "] * self.columns
        elif final == "P":
            row[self.x:] = (row[self.x + (n or 1):] + [" "] * self.columns)[:self.columns - self.x]
        elif final == "@":
            row[self.x:] = ([" "] * (n or 1) + row[self.x:])[:self.columns - self.x]
        elif final == "H":
            self.y = max(0, (numbers[0] if numbers else 1) - 1)
            self.x = max(0, (numbers[1] if len(numbers) > 1 else 1) - 1)
        elif final != "m":
            raise AssertionError(f"unknown control {numbers} {final!r}")

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        while text:
            mode = re.match(r"\x1b\[\?(2004)([hl])", text)
            if mode:
                self.marks_pastes = mode[2] == "h"
                text = text[mode.end():]
                continue
            sequence = re.match(r"\x1b\[([0-9;]*)([@-~])", text)
            if sequence:
                self.control([int(n) for n in sequence[1].split(";") if n], sequence[2])
                text = text[sequence.end():]
                continue
            if text[0] == "\x1b":
                self.pending = text
                return
            if text[0] == "\r":
                self.x, self.wrap = 0, False
            elif text[0] == "\n":
                self.line_feed()
            elif text[0] == "\b":
                self.x, self.wrap = max(0, self.x - 1), False
            elif text[0] >= " ":
                self.put(text[0])
            text = text[1:]

    def text(self):
        return [("".join(row)).rstrip() for row in self.cells]


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command, columns=80, rows=24, term="xterm", env=os.environ):
        self.master, slave = pty.openpty()
        self.screen = Screen(max(columns, 1), rows)
        self.raw = b""
        self.resize(columns, rows)

        def own_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.program = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                       preexec_fn=own_terminal,
                                       env={**env, "TERM": term, "LC_ALL": "C.UTF-8"})
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.master)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def paste(self, text):
        """As a terminal does it, between marks where they are wanted; lines end with CR."""
        data = text.replace("\n", "\r").encode()
        if self.screen.marks_pastes:
            data = b"\x1b[200~" + data + b"\x1b[201~"
        # a terminal takes so much at a time, and more when that was read
        while data:
            os.write(self.master, data[:1000])
            data = data[1000:]
            self.read(0.05)

    def read(self, timeout):
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.raw += data
        self.screen.feed(data.decode("utf-8", "replace"))
        return bool(data)

    def until(self, check, what):
        deadline = time.monotonic() + DEADLINE
        while not check(self.screen.text()):
            left = deadline - time.monotonic()
            assert left > 0, f"no {what}:\n" + "\n".join(self.screen.text())
            self.read(min(left, 0.2))

    def shows(self, pattern):
        self.until(lambda rows: any(re.search(pattern, row) for row in rows), pattern)

    def wait(self):
        deadline = time.monotonic() + DEADLINE
        while self.program.poll() is None and time.monotonic() < deadline:
            self.read(0.1)
        return self.program.wait(1)


def last_rows(rows):
    """The rows that are not empty, those of the prompt last."""
    while rows and not rows[-1]:
        rows = rows[:-1]
    return rows

"""Where the mails of tests go: a program in the place of sendmail, or a small server that speaks SMTP (RFC 5321)."""

import email
import email.policy
import pathlib
import re
import socket
import threading

from harness import DEADLINE, wait_until


def code_of(mail):
    return re.search(r"\b[A-Z2-7]{16}\b", mail.get_content())[0]


class Letters:
    """Mails in the order in which they came."""

    def parsed(self, raw):
        return email.message_from_bytes(raw, policy=email.policy.default)

    def wait(self, count=1):
        wait_until(lambda: len(self.all()) >= count, f"{count} mails")
        return self.all()[count - 1]

    def code(self, count=1):
        return code_of(self.wait(count))


class Sendmail(Letters):
    """command: for [mail]. ends: shell words that come behind the mail being taken."""

    def __init__(self, folder, ends="exit 0"):
        self.folder = pathlib.Path(folder, "mails")
        self.folder.mkdir()
        script = pathlib.Path(folder, "sendmail")
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {self.folder}/arguments\nenv > {self.folder}/environment\n'
            f"n=$(mktemp {self.folder}/new.XXXXXX)\ncat > $n\nmv $n {self.folder}/$(date +%s%N).mail\n{ends}\n"
        )
        script.chmod(0o755)
        self.command = f"{script} -t  -i"

    def all(self):
        return [self.parsed(p.read_bytes()) for p in sorted(self.folder.glob("*.mail"))]


class Relay(Letters, threading.Thread):
    def __init__(self, refuses=b""):
        super().__init__(daemon=True)
        self.refuses = refuses
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = "smtp://127.0.0.1:%d" % self.server.getsockname()[1]
        self.mails, self.said = [], []
        self.start()

    def all(self):
        return [self.parsed(raw) for raw in self.mails]

    def run(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with client, client.makefile("rb") as lines:
                client.settimeout(DEADLINE)
                self.serve(client, lines)

    def serve(self, client, lines):
        client.sendall(b"220 relay\r\n")
        for line in lines:
            self.said.append(line)
            verb = line[:4].upper().strip()
            if self.refuses and line.upper().startswith(self.refuses):
                client.sendall(b"550 no\r\n")
            elif verb == b"DATA":
                client.sendall(b"354 go on\r\n")
                raw = b""
                for part in lines:
                    if part == b".\r\n":
                        break
                    raw += part[1:] if part.startswith(b".") else part
                self.mails.append(raw)
                client.sendall(b"250 taken\r\n")
            elif verb == b"QUIT":
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 ok\r\n")

    def close(self):
        self.server.close()

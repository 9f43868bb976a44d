"""A hundred thousand lines through one chat-client, the server, and another chat-client."""

import subprocess

from harness import DEADLINE, FAST, wait_until
from test_chat_client import CLIENT

LINES = 100000


def test_a_hundred_thousand_lines_arrive_complete_and_in_order(start, tmp_path):
    server = start(FAST)
    where = [server.unix]
    heard = tmp_path / "heard"
    watch = server.client("watch")
    watch.ask("JOIN #pipe")
    with open(heard, "wb") as out:
        listener = subprocess.Popen([CLIENT, "-n", "listener", "-c", "pipe", "--tail", "--time=", *where],
                                    stdin=subprocess.DEVNULL, stdout=out)
    watch.wait("JOIN")
    watch.send("QUIT")
    text = "".join(f"line {i}\n" for i in range(LINES)) + "the end\n"
    done = subprocess.run([CLIENT, "-n", "talker", "-c", "pipe", *where], input=text.encode(), timeout=6 * DEADLINE,
                          stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
    wait_until(lambda: heard.read_bytes().endswith(b"the end\n"), "the last line")
    listener.terminate()
    listener.wait(DEADLINE)
    said = heard.read_text(encoding="utf-8").splitlines()
    assert said == [f"<talker> {line}" for line in text.splitlines()]

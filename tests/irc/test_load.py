"""Many at once, in a few seconds. tools/load-check does the same with thousands."""

import pytest

from crowd import Crowd, join_and_talk
from harness import FAST, SANITIZED, wait_until

#: What the pool of buffers and the heap keep for the next burst.
KEPT = 8 << 20


@pytest.mark.slow
def test_five_hundred_in_fifty_channels(start):
    server = start(FAST)
    for _ in range(2):
        with Crowd(server.tcp) as crowd:
            crowd.add(500)
            assert join_and_talk(crowd, channels=50, messages=4) == 500 * 9 * 4
            assert crowd.total(b" QUIT ") == 0
        wait_until(lambda: server.descriptors() <= server.descriptors_before, "all to be gone")
        memory = server.memory()
    with Crowd(server.unix) as crowd:
        crowd.add(500)
        assert join_and_talk(crowd, channels=5, messages=2) == 500 * 99 * 2
    wait_until(lambda: server.descriptors() <= server.descriptors_before, "all to be gone")
    server.check_memory(memory, KEPT)
    assert server.client("last").ask("LUSERS").one("254").params[1] == "0"


@pytest.mark.slow
def test_everybody_in_one_channel_leaves_at_once(start):
    """Each leaving is told to all who are still there: nobody is dropped for it."""
    count = 100 if SANITIZED else 400
    server = start(FAST)
    witness = server.client("witness")
    witness.join("#crowd0")
    with Crowd(server.tcp) as crowd:
        crowd.add(count)
        join_and_talk(crowd, channels=1, messages=1)
    left = set()
    while len(left) < count:
        message = witness.wait("QUIT")
        assert message.params[0] in ("Connection closed", "Connection reset by peer", "Broken pipe")
        assert message.source not in left
        left.add(message.source)
    assert witness.ask("NAMES #crowd0").one("353").params[-1] == "@" + witness.nick

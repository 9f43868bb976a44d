"""One call goes wrong, and the daemon goes on, or says so and ends; nothing that was echoed is lost. tools/fault-check looks at
many more places."""

import pytest

import faults
import harness

pytestmark = pytest.mark.skipif(harness.SANITIZED, reason="the sanitizer stands where the shim would")


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    trial = faults.Trial(tmp_path_factory.mktemp("none"), "memory", 0, False)
    before = trial.counted
    assert trial.run() == "served"
    return before, trial.control.counts()


@pytest.mark.parametrize("kind", faults.KINDS)
def test_while_serving(kind, counts, tmp_path):
    places = counts[1][kind] - counts[0][kind]
    assert places, f"nobody calls what is of the kind {kind}"
    for nth in sorted({1, (places + 1) // 2, places}):
        folder = tmp_path / str(nth)
        folder.mkdir()
        assert faults.Trial(folder, kind, nth, False).run() in ("served", "ended")


@pytest.mark.parametrize("kind", [kind for kind in faults.KINDS if kind not in ("receive", "accept")])
def test_at_the_start(kind, counts, tmp_path):
    places = counts[0][kind]
    assert places, f"nobody calls what is of the kind {kind}"
    for nth in sorted({1, (places + 1) // 2, places}):
        folder = tmp_path / str(nth)
        folder.mkdir()
        trial = faults.Trial(folder, kind, nth, True)
        assert trial.run() in ("served", "ended")
        assert trial.control.fired()

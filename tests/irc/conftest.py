"""Daemons for the tests: `server` is shared by all tests and must not be reconfigured; `start` makes one for a test."""

import pytest

import harness


def pytest_collection_modifyitems(items):
    """Slow ones last: what is wrong in general shows early."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes seconds, for it measures")


class Shared:
    def __init__(self):
        self.daemon = None

    def get(self):
        if self.daemon is None:
            self.daemon = harness.Daemon(harness.FAST + "[channels]\ndefault_modes = nt\n")
        return self.daemon

    def check(self):
        try:
            self.daemon.check_health()
            self.daemon.hang_up()
        except BaseException:
            self.daemon.release()
            self.daemon = None
            raise

    def finish(self):
        if self.daemon:
            self.daemon.finish()


@pytest.fixture(scope="session")
def shared():
    one = Shared()
    yield one
    one.finish()


@pytest.fixture
def server(shared):
    yield shared.get()
    shared.check()


@pytest.fixture
def start():
    """start(config, ...) gives a harness.Daemon. At the end all must end well, if the test has not seen to it."""
    daemons = []

    def one(*args, **options):
        daemon = harness.Daemon(*args, **options)
        daemons.append(daemon)
        return daemon

    yield one
    failure = None
    for daemon in daemons:
        try:
            if daemon.process.poll() is None:
                daemon.finish()
            else:
                daemon.check_end(daemon.process.poll())
        except AssertionError as error:
            failure = error
        finally:
            daemon.release()
    if failure:
        raise failure


@pytest.fixture
def receivers():
    """A list for those that listen elsewhere: at the end each is closed, after the daemon."""
    made = []
    yield made
    for receiver in made:
        receiver.close()

"""A view that keeps what it was shown, a clock of steps, and patience."""

import time

import numpy as np
import pytest

from explorer import RunSpec
from explorer.ui.explorer import Explorer
from explorer.ui.session import Session, Wish

PATIENCE_S = 30


class RecordingView:
    """Keeps what it was shown; `during` is called, in the drawing thread, while it is shown."""

    def __init__(self, during=lambda: None, ready=lambda: True):
        self.frames = []
        self.during = during
        self.ready = ready
        self.callback = None

    def show(self, png, **words):
        self.frames.append({"png": png} | words)
        self.during()

    def on_view(self, callback):
        self.callback = callback


class Ticking:
    """A clock that moves when it is looked at, so that frames come at the same steps always."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.002
        return self.now


@pytest.fixture
def until():
    """Wait for a condition, and fail where it does not come."""

    def wait(condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.005)

    return wait


@pytest.fixture
def assert_same_bits():
    """Compare two traces number by number."""

    def compare(trace, other):
        assert trace.spec == other.spec
        assert trace.complete
        assert other.complete
        assert len(trace) == len(other) > 10
        for name in ("calls", "stationarity", "running_mean", "bound", "stratum_end"):
            np.testing.assert_array_equal(getattr(trace, name), getattr(other, name))
        for name, values in other.measures.items():
            np.testing.assert_array_equal(trace.measures[name], values)

    return compare


@pytest.fixture
def view():
    return RecordingView()


@pytest.fixture
def clock():
    return Ticking()


@pytest.fixture
def spec():
    return RunSpec(horizon=200, seeds=2, device="cpu")


@pytest.fixture
def session(view, clock, spec):
    session = Session(view, clock=clock)
    session.show(Wish(spec, "show"))
    yield session
    session.close()
    if session._worker is not None:
        session._worker.join(PATIENCE_S)
        assert not session._worker.is_alive()


@pytest.fixture
def make():
    panels = []

    def make(*args, **options):
        panels.append(Explorer(*args, **options))
        return panels[-1]

    yield make
    for panel in panels:
        worker = panel.session._worker
        panel.close()
        if worker is not None:
            worker.join(PATIENCE_S)
            assert not worker.is_alive()


@pytest.fixture
def panel(make, spec):
    return make(spec)


class Kernel:
    """A shell with a kernel behind it, which keeps what is published."""

    kernel = object()

    def __init__(self):
        self.said = []
        self.display_pub = self

    def publish(self, data, metadata=None, *, transient=None, update=False):
        self.said.append(((transient or {}).get("display_id"), update, data, metadata))


@pytest.fixture
def published(monkeypatch):
    """What was displayed, as (display id, update, data, metadata)."""
    shell = Kernel()
    monkeypatch.setattr("IPython.display.publish_display_data", shell.publish)
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    return shell.said

"""What is said of an exception, and where a reader's own code raised it."""

import pytest
import torch

from explorer import NORMS, RunSpec
from explorer.norms.frobenius import Frobenius
from explorer.ui._failure import said
from explorer.ui.explorer import Explorer

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")


@pytest.fixture
def broken():
    class Broken(Frobenius):
        label = "Broken"
        calls = 0

        def lmo(self, g):
            type(self).calls += 1
            if type(self).calls > 40:
                raise ZeroDivisionError("the reader's own mistake")
            return super().lmo(g)

    NORMS.register("broken")(Broken)
    Broken.calls = 0
    yield Broken
    del NORMS._classes["broken"]


def test_an_exception_in_a_norm_of_ones_own_is_shown_with_its_line(broken, until):
    panel = Explorer(SPEC.replace(norm="broken", noise="none"))
    panel.start()
    until(lambda: panel.state == "failed")
    shown = panel.session.error
    assert shown.startswith("ZeroDivisionError: the reader's own mistake\ntest_failure.py, line ")
    assert shown.endswith('in lmo: raise ZeroDivisionError("the reader\'s own mistake")')
    until(lambda: 'role="alert"' in panel._front.sentence.value)
    panel.controls.widgets["norm"].value = "sign"
    panel.start()
    until(lambda: panel.state == "finished")
    panel.close()
    panel.session.join()


def test_a_value_that_is_refused_is_a_sentence_without_a_line():
    with pytest.raises(ValueError, match="tail_index") as raised:
        RunSpec(tail_index=3)
    error = raised.value.with_traceback(None)
    assert said(error) == str(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("1 GB"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_too_little_memory_is_a_sentence_with_the_way_out(monkeypatch, until, error):
    panel = Explorer(SPEC)

    def starve(*_):
        raise error

    monkeypatch.setattr("explorer.ui.session.make_job", starve)
    panel.start()
    until(lambda: panel.state == "failed")
    assert "take fewer seeds or smaller matrices" in panel.session.error
    assert str(error)[:20] in panel.session.error
    monkeypatch.undo()
    panel.start()
    until(lambda: panel.state == "finished")
    panel.close()
    panel.session.join()

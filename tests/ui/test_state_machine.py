"""Every sequence of four presses leaves the panel sane, and Reset makes it a new one."""

import itertools
import random

import numpy as np
import pytest

from explorer import PRESETS, RunSpec, run
from explorer.ui import _mailbox
from explorer.ui.explorer import Explorer
from explorer.ui.presets import Preset

SPEC = RunSpec(
    norm="frobenius", rows=2, columns=2, noise="gaussian", horizon=60, seeds=1, device="cpu"
)
MINE = Preset("Mine", "What happens?", SPEC, variants=({"transport": True},), plots=("decay",))
OTHER = Preset("Other", "And here?", SPEC.replace(norm="sign"), plots=("decay", "geometry"))
STATES = {"idle", "running", "paused", "finished"}


def press_run(panel):
    panel._toolbar.run_button.value = not panel._toolbar.run_button.value


def slide(panel):
    """Move a slider there and back again, as two presses do."""
    seeds = "2" if panel.spec.seeds == 1 else "1"
    panel.controls.widgets["seeds"].value = seeds


def other_preset(panel):
    names = [MINE.name, OTHER.name]
    panel._front.presets.value = names[panel._front.presets.value == MINE.name]


PRESSES = {
    "run": press_run,
    "pause": lambda panel: panel.pause(),
    "step": lambda panel: panel._toolbar.buttons["Step"].click(),
    "reset": lambda panel: panel._toolbar.buttons["Reset"].click(),
    "keep": lambda panel: panel._toolbar.buttons["Keep"].click(),
    "slider": slide,
    "preset": other_preset,
}
SEQUENCES = [*itertools.product(PRESSES, repeat=4)]
SAMPLE = random.Random(0).sample(SEQUENCES, 50)
references = {}


@pytest.fixture(scope="module")
def panel():
    patch = pytest.MonkeyPatch()
    patch.setattr(_mailbox, "QUIET_S", 0.001)
    for preset in (MINE, OTHER):
        PRESETS.add(preset)
    panel = Explorer(preset=MINE.name)
    yield panel
    panel.close()
    panel.session.join()
    for preset in (MINE, OTHER):
        del PRESETS._presets[preset.name]
    patch.undo()


def quiet(panel):
    session = panel.session
    box = session._mailbox
    return not (box.pressing or box.redraw or session._in_hand or session.state == "running")


def shown(panel):
    """What a user sees of a panel, but for times and the picture's bytes."""
    return {
        "controls": {name: control.value for name, control in panel.controls.widgets.items()},
        "notes": {name: note.value for name, note in panel.controls._notes.items()},
        "plots": (panel._front.tabs.options, panel.plot),
        "sliders": {
            name: getattr(control, "slider", control).value
            for name, control in panel.controls.widgets.items()
        },
        "steps": panel._toolbar.steps.value,
        "mark": panel.session.painter.look.mark,
        "axis": (panel._timeline.xscale.value, panel._timeline.against.value),
        "records": panel._timeline.records.disabled,
        "sentence": panel._front.sentence.value,
        "alt": panel.view.alt,
        "kept": len(panel.session.kept),
        "table": panel._compared.layout.display,
        "label": panel._toolbar.run_button.description,
        "state": panel.state,
    }


def check(panel, sequence, until, fresh, *, calm):
    """Press in this order, each press at once or when the one before has had its effect."""
    for name in sequence:
        PRESSES[name](panel)
        if calm:
            until(lambda: quiet(panel))
        assert panel.state in STATES, panel.session.error
    until(lambda: quiet(panel))
    session = panel.session
    assert session.error is None, sequence
    assert session.traceback is None, sequence
    for field, control in panel.controls.widgets.items():
        if field in ("seeds", "horizon", "tail_index"):
            assert float(control.value.replace(",", "")) == getattr(panel.spec, field), sequence
    trace = panel.trace
    if trace is not None:
        if trace.spec not in references:
            references[trace.spec] = run(trace.spec)
        reference = references[trace.spec]
        assert len(trace) <= len(reference), "no run outlives its horizon"
        np.testing.assert_array_equal(trace.stationarity, reference.stationarity[: len(trace)])
    panel._front.presets.value = MINE.name
    panel._toolbar.buttons["Reset"].click()
    until(lambda: quiet(panel) and panel.state == "idle")
    until(lambda: shown(panel) == fresh)


@pytest.fixture(scope="module")
def fresh():
    panel = Explorer(preset=MINE)
    panel._show_status()
    seen = shown(panel)
    panel.close()
    return seen


def test_a_sample_of_the_sequences_leaves_a_sane_panel(panel, until, fresh):
    for number, sequence in enumerate(SAMPLE):
        check(panel, sequence, until, fresh, calm=number % 2 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("first", PRESSES)
def test_every_sequence_leaves_a_sane_panel(panel, until, fresh, first):
    for sequence in SEQUENCES:
        if sequence[0] == first:
            check(panel, sequence, until, fresh, calm=True)
            check(panel, sequence, until, fresh, calm=False)

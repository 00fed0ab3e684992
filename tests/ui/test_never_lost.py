"""Never lost, never stuck: what a reader has kept, chosen or begun, whatever comes next."""

import threading
import time

import ipywidgets
import pytest

from explorer import NORMS, PRESETS, RunSpec
from explorer.norms.frobenius import Frobenius
from explorer.ui._kept import labelled
from explorer.ui.explorer import Explorer
from explorer.ui.presets import Preset

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
ENDLESS = SPEC.replace(horizon=10_000_000)
PAIR = Preset("Pair", "Is it lower?", SPEC, variants=({"transport": True},))


def names(panel):
    return [label for label, _ in panel.session.seen.beside]


def test_a_comparison_stays_one_when_another_field_is_changed(make):
    panel = make(preset=PAIR)
    panel.controls.widgets["seeds"].value = "3"
    panel.run()
    assert names(panel) == ["transport on"]
    assert panel.session.seen.beside[0][1].spec.seeds == 3


def test_a_variant_that_the_choice_has_itself_is_not_run_twice():
    assert PAIR.variants_of(SPEC.replace(transport=True)) == ()
    two = Preset("Two", "Why?", SPEC, variants=({"seeds": 3}, {"seeds": 4}))
    assert two.variants_of(SPEC.replace(seeds=4)) == ({"seeds": 3},)
    rows = Preset("Rows", "Why?", SPEC, variants=({"rows": 8},))
    assert rows.variants_of(RunSpec(problem="mlp")) == (), "a network has no such field"


def test_a_preset_refuses_what_it_could_not_show():
    with pytest.raises(ValueError, match=r"plots must name at least one of .*got none"):
        Preset("Empty", "Why?", SPEC, plots=())
    with pytest.raises(ValueError, match=r"plots must name at least one of .*got none"):
        Explorer(SPEC, plots=[])
    with pytest.raises(KeyError, match=r"unknown study 'rtae'; expected one of .*'rate'"):
        Preset("Typo", "Why?", SPEC, study={"rtae": {}})


def test_kept_runs_stay_for_the_next_preset_and_go_with_reset(make, until):
    panel = make(SPEC)
    panel.run()
    panel.keep()
    panel._front.presets.value = "Transport pays"
    until(lambda: panel.state == "idle")
    panel.controls.load(panel.spec.replace(horizon=200, seeds=2))
    panel.run()
    assert len(panel.session.kept) == 1
    assert any("problem log cosh" in name or "norm" in name for name in names(panel))
    panel._reset()
    assert panel.session.kept == []


@pytest.mark.parametrize("which", [-1, 1, 9])
def test_a_run_that_is_not_kept_cannot_be_dropped(make, which):
    panel = make(SPEC)
    panel.run()
    panel.keep()
    with pytest.raises(IndexError, match=f"there are 1 kept runs, counted from 0; got {which}"):
        panel.drop(which)
    assert len(panel.session.kept) == 1


def test_no_two_lines_have_one_label(make):
    panel = make(SPEC)
    for tail_index in (1.3, 1.7):
        panel.controls.load(SPEC.replace(tail_index=tail_index))
        panel.run()
        panel.keep()
    panel.controls.load(SPEC.replace(problem="quadratic"))
    panel.run()
    assert len(set(names(panel))) == 2, names(panel)
    assert "tail index 1.3" in names(panel)[0]
    assert len(panel.view.series) == len(set(panel.view.series))
    for label in names(panel):
        assert any(label in line for line in panel.view.series)


def test_one_run_kept_twice_on_its_way_says_when(make):
    panel = make(SPEC)
    panel.run()
    trace = panel.trace
    kept = [trace.until(3), trace.until(5)]
    first, second = (label for label, _ in labelled(kept, SPEC.replace(seed=1), []))
    assert first != second
    assert second.endswith("kept at 5 calls")


def test_variants_that_leave_no_room_say_so(make):
    four = tuple({"tail_index": 1.2 + 0.1 * i} for i in range(4))
    panel = make(preset=Preset("Four", "Which?", SPEC, variants=four))
    panel.run()
    with pytest.raises(ValueError, match="the variants beside this run leave no room"):
        panel.keep()


def test_reset_puts_back_all_that_a_user_can_set(make, until):
    panel, fresh = make(SPEC), make(SPEC)
    panel._toolbar.steps.value = 100
    panel.controls.widgets["lr"].slider.value = 0.1
    panel.run()
    panel._reset()
    until(lambda: panel.state == "idle")
    assert panel._toolbar.steps.value == fresh._toolbar.steps.value
    for field, control in fresh.controls.widgets.items():
        slider = getattr(control, "slider", None)
        if slider is not None:
            assert panel.controls.widgets[field].slider.value == slider.value, field


def test_even_an_exit_in_a_class_of_ones_own_leaves_a_worker_that_serves(make, until):
    class Leaving(Frobenius):
        label = "Leaving"
        leaves = False

        def lmo(self, g):
            if self.leaves:
                raise SystemExit(3)
            return super().lmo(g)

    NORMS.register("leaving")(Leaving)
    Leaving.leaves = True
    try:
        panel = make(SPEC.replace(norm="leaving", noise="none"))
        panel.start()
        until(lambda: panel.state == "failed")
        assert "SystemExit" in panel.session.error
        panel.controls.widgets["norm"].value = "sign"
        panel.start()
        until(lambda: panel.state == "finished")
    finally:
        del NORMS._classes["leaving"]


def test_a_worker_that_has_died_is_replaced(make, until, monkeypatch):
    panel = make(SPEC)
    monkeypatch.setattr(panel.session, "_serve", lambda: None)
    panel.start()
    until(lambda: not panel.session._worker.is_alive())
    monkeypatch.undo()
    panel.start()
    until(lambda: panel.state == "finished")
    assert len(panel.trace) == 200


def test_many_steps_let_a_turn_a_cell_and_the_end_go_first(make, until):
    panel = make(ENDLESS)
    panel.step(10_000_000)
    until(lambda: panel.trace is not None and len(panel.trace) > 5)
    panel.plot = "geometry"
    until(lambda: panel.session.plot == "geometry")
    panel.step(10_000_000)
    calls = panel.trace.calls[-1]
    until(lambda: panel.trace.calls[-1] > calls)
    worker = panel.session._worker
    panel.close()
    worker.join(10)
    assert not worker.is_alive()


def test_frames_come_while_many_steps_are_made(make, until):
    panel = make(ENDLESS)
    panel.step(10_000_000)
    first = panel.view.frame
    until(lambda: panel.view.frame > first + 5)
    assert panel.state != "paused", "the steps are still being made"
    panel.pause()
    until(lambda: panel.state == "paused")
    assert panel._toolbar.run_button.description == "Go on"


def test_a_study_whose_constants_take_long_does_not_hold_its_cell(make, until, monkeypatch):
    def slow(*_):
        while True:
            time.sleep(0.01)
            from explorer.noise._constant import PULSE

            PULSE.get()()

    monkeypatch.setattr("explorer.ui.session.PATIENCE_S", 0.2)
    monkeypatch.setattr("explorer.ui.session.make_job", slow)
    began = time.monotonic()
    panel = make(SPEC, plots=["noise", "decay"])
    assert time.monotonic() - began < 30, "the cell came back"
    assert panel.view.frame == 1, "an empty picture"
    until(lambda: panel.session.preparing)
    monkeypatch.undo()
    panel.plot = "decay"
    until(lambda: panel.session.plot == "decay")
    panel.plot = "noise"
    until(lambda: not panel.session.preparing)
    assert panel.run().complete


def test_the_page_says_the_same_whoever_says_it_last(make, until):
    panel = make(SPEC)
    held, go = threading.Event(), threading.Event()
    status = panel._toolbar.show

    def hold(**said):
        if threading.current_thread() is threading.main_thread():
            held.set()
            go.wait(5)
        status(**said)

    panel._toolbar.show = hold
    threading.Timer(0.5, lambda: (panel.start(), time.sleep(0.5), go.set())).start()
    panel._show_status()
    assert held.is_set()
    until(lambda: panel.state == "finished")
    until(lambda: panel._toolbar.run_button.description == "Run")
    until(lambda: panel._toolbar._progress.value == 1)


@pytest.fixture
def in_cell(published, monkeypatch):
    """Displays a panel as a run of a cell would."""

    def display(panel, cell, message):
        parent = {"metadata": {"cellId": cell}, "header": {"msg_id": message}}
        kernel = type("Kernel", (), {"get_parent": lambda self, channel: parent})()
        import IPython.core.getipython as shells

        monkeypatch.setattr(shells.get_ipython(), "kernel", kernel, raising=False)
        panel._ipython_display_()

    return display


def test_a_cell_that_is_run_again_puts_its_earlier_panel_to_rest(make, until, in_cell):
    first, other, beside = make(ENDLESS), make(ENDLESS), make(ENDLESS)
    in_cell(first, "a", "1")
    in_cell(beside, "a", "1")
    in_cell(other, "b", "2")
    for panel in (first, beside, other):
        panel.start()
        until(lambda panel=panel: panel.state == "running")
    in_cell(make(SPEC), "a", "3")
    until(lambda: first.state == beside.state == "paused")
    assert other.state == "running"


def test_a_closed_panel_leaves_no_widget_behind():
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    panel = Explorer(SPEC, controls=["norm"])
    panel._front.presets.value = "Transport pays"
    panel._front.presets.value = "First look"
    panel.run()
    panel.keep()
    panel.controls.widgets["tail_index"].value = "1.3"
    panel.run()
    panel.close()
    panel.session.join()
    left = [registry[name] for name in set(registry) - before]
    assert left == [], sorted({type(one).__name__ for one in left})


def test_a_page_of_one_preset_after_another_does_not_grow(make, until):
    panel, registry = make(SPEC), ipywidgets.widgets.widget._instances
    sizes = []
    for name in ["Transport pays", "First look"] * 3:
        panel._front.presets.value = name
        until(lambda: panel.state == "idle")
        sizes.append(len(registry))
    assert sizes[1] == sizes[3] == sizes[5]


def test_presets_have_names_that_files_can_have():
    assert Preset("A/B: which?", "Why?", SPEC).slug == "a-b-which"
    assert all(PRESETS[PRESETS[name].slug] is PRESETS[name] for name in PRESETS)

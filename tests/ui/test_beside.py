"""Runs kept beside the present one, steps made one by one, and a way back over a run that rests."""

import re

import numpy as np
import pytest

from explorer import PLOTS, RunSpec, run
from explorer.run._records import FROBENIUS
from explorer.ui._compare import WIDTH
from explorer.ui.presets import Preset

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
ENDLESS = SPEC.replace(horizon=5_000_000)


def test_keep_leaves_a_run_as_a_line_with_a_row_in_the_table_and_drop_takes_it_away(panel):
    trace = panel.run()
    assert panel._compared.layout.display == "none", "a run alone needs no table"
    panel._toolbar.buttons["Keep"].click()
    panel._toolbar.buttons["Keep"].click()
    assert [kept.spec for kept in panel.session.kept] == [trace.spec], "once is enough"
    panel.controls.widgets["tail_index"].value = "1.3"
    panel.run()
    assert any("tail index 1.6" in name for name in panel.view.series)
    table = panel._compared._table.value
    assert table.count("<tr>") == 3
    for one in (trace, panel.trace):
        assert f">{one.running_mean[-1]:.3g}<" in table
        assert f">{one.bound[-1]:.3g}<" in table
        assert f"tail index {one.spec.tail_index}," in table
    drop, drop_all = panel._compared._buttons.children
    assert drop.description == "Drop: tail index 1.6"
    assert drop_all.description == "Drop all"
    drop.click()
    assert panel.session.kept == []
    assert panel._compared.layout.display == "none"
    assert not any("tail index 1.6" in name for name in panel.view.series)


def test_a_run_is_not_drawn_beside_itself(panel):
    panel.run()
    panel.keep()
    assert panel.session.seen.beside == []
    assert "Beside it" not in panel.session.sentence
    assert "not drawn" in panel._compared._table.value
    assert "the same choice" in panel._compared._table.value


def test_the_table_draws_every_line_with_the_dashes_of_the_picture(make):
    variants = ({"transport": True}, {"transport": 0.5}, {"seed": 5}, {"batch_size": 2})
    panel = make(preset=Preset("Five", "Which?", SPEC, variants=variants))
    panel.run()
    drawn = re.findall(r'stroke-dasharray="([^"]*)"', panel._compared._table.value)
    plot = PLOTS["decay"]()
    plot.show(panel.trace, panel.session.seen.beside)
    for said, line in zip(drawn, plot._kept, strict=True):
        width = line.get_linewidth()
        _, pattern = line._dash_pattern
        told = [float(part) / WIDTH for part in said.split()]
        assert told == pytest.approx([part / width for part in pattern], rel=1e-3)


def test_a_fifth_run_is_refused_and_any_one_can_be_dropped(panel):
    for seed in range(4):
        panel.controls.load(SPEC.replace(seed=seed))
        panel.run()
        panel.keep()
    panel.controls.load(SPEC.replace(seed=4))
    panel.run()
    with pytest.raises(ValueError, match="4 lines beside a run"):
        panel.keep()
    panel._toolbar.buttons["Keep"].click()
    assert "Not kept: 4 lines" in panel._toolbar._said.value
    panel.drop(1)
    assert [kept.spec.seed for kept in panel.session.kept] == [0, 2, 3]
    panel._toolbar.buttons["Keep"].click()
    assert [kept.spec.seed for kept in panel.session.kept] == [0, 2, 3, 4]
    panel.drop()
    assert panel.session.kept == []


def test_a_kept_run_survives_another_problem_with_a_clear_label(panel):
    panel.run()
    panel.keep()
    panel.controls.load(RunSpec(problem="quadratic", norm="sign", horizon=200, seeds=2))
    panel.run()
    (label,) = [name for name in panel.view.series if "problem" in name]
    assert label == "problem log cosh, norm spectral"


def test_there_is_nothing_to_keep_before_a_run(panel):
    with pytest.raises(ValueError, match="no run to keep yet"):
        panel.keep()


def test_step_makes_so_many_steps_shows_the_last_and_pauses(panel, until):
    panel.step(3)
    until(lambda: panel.state == "paused")
    trace = panel.trace
    assert trace.present.step == 2
    assert "at step 3: " in panel.session.sentence
    panel._toolbar.steps.value = 10
    panel._toolbar.buttons["Step"].click()
    until(lambda: trace.present and trace.present.step == 12 and panel.state == "paused")
    assert trace.snapshot.step == 12
    panel.start()
    until(lambda: panel.state == "finished")
    np.testing.assert_array_equal(panel.trace.stationarity, run(SPEC).stationarity)
    panel._toolbar.buttons["Step"].click()
    until(lambda: not panel.session._mailbox.pressing)
    assert panel.state == "finished", "there is no step left"
    assert panel.trace.complete


def test_no_press_of_step_is_lost(panel, until):
    for _ in range(7):
        panel._toolbar.buttons["Step"].click()
    until(lambda: panel.trace is not None and panel.trace.present is not None)
    until(lambda: panel.trace.present and panel.trace.present.step == 6)
    until(lambda: panel.state == "paused")
    assert panel.session.job.share == 7 / 200


def test_a_step_out_of_range_is_refused(panel):
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        panel.step(0)


def test_looking_back_moves_every_picture_and_ends_with_the_next_run(panel, until):
    whole = panel.run()
    slider = panel._timeline.records
    assert (slider.disabled, slider.max, slider.value) == (False, len(whole), len(whole))
    slider.value = 40
    assert panel.session.sentence.startswith(f"Looking back, at {whole.calls[39]:,.0f} of 200")
    assert len(panel.view.series["mean over seeds"]["x"]) == 4 * 40
    assert "record 40 of" in panel._timeline._where.value
    panel.plot = "geometry"
    until(lambda: panel.session.plot == "geometry")
    assert panel.session.seen.data.snapshot.step <= 39
    panel.plot = "decay"
    until(lambda: panel.session.plot == "decay")
    slider.value = slider.max
    assert panel.session.sentence == whole.sentence
    slider.value = 7
    panel.run()
    assert slider.value == slider.max
    assert panel.session.back is None


def test_looking_back_cuts_variants_at_the_same_calls_and_kept_runs_not_at_all(make):
    panel = make(preset=Preset("Two", "Which?", SPEC, variants=({"batch_size": 4},)))
    panel.run()
    panel._timeline.records.value = 100
    _, data, ((label, variant),), _ = panel.session.seen
    assert label == "batch size 4"
    assert variant.calls[-1] <= data.calls[-1] < variant.calls[-1] + 4


def test_nothing_can_be_looked_back_on_while_a_run_goes_on(make, until):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.trace is not None and len(panel.trace) > 3)
    assert panel._timeline.records.disabled
    panel.pause()
    until(lambda: panel.state == "paused" and not panel._timeline.records.disabled)


@pytest.mark.parametrize("against", ["calls", "steps", "seconds"])
def test_x_counts_what_is_chosen(make, against):
    panel = make(SPEC.replace(batch_size=4))
    trace = panel.run()
    panel._timeline.against.value = against
    x = np.frombuffer(panel.view.series["mean over seeds"]["x"], "<f4")
    wanted = {"calls": trace.calls, "steps": trace.calls / 4, "seconds": trace.column("seconds")}
    np.testing.assert_allclose(x, wanted[against], rtol=1e-6)
    assert panel.view.axes[0]["xlabel"].startswith({"calls": "oracle"}.get(against, against))


def test_what_x_counts_can_be_chosen_only_where_a_picture_knows_several(panel, until):
    assert not panel._timeline.against.disabled
    panel.plot = "geometry"
    until(lambda: panel._timeline.against.disabled)


def test_only_runs_are_kept(panel, until):
    panel.run()
    assert not panel._toolbar.buttons["Keep"].disabled
    panel.plot = "rate"
    until(lambda: panel.session.plot == "rate" and panel._toolbar.buttons["Keep"].disabled)
    panel.plot = "geometry"
    until(lambda: panel.session.plot == "geometry" and not panel._toolbar.buttons["Keep"].disabled)


def test_lines_of_several_norms_are_said_not_to_compare_and_compared_in_one_norm(make):
    panel = make(SPEC)
    first = panel.run()
    panel.keep()
    panel.controls.widgets["norm"].value = "sign"
    panel.run()
    said = panel.session.sentence
    assert "in the dual norm of its own geometry, so their heights do not compare" in said
    ends = [trace.mean_measures[FROBENIUS][-1] for trace in (panel.trace, first)]
    assert f"present run {ends[0]:.3g}, norm spectral {ends[1]:.3g}." in said
    panel.controls.widgets["norm"].value = "spectral"
    panel.controls.widgets["tail_index"].value = "1.2"
    panel.run()
    assert "do not compare" not in panel.session.sentence


def test_the_question_which_norm_wins_is_a_picture_of_the_first_look(panel):
    assert "contest" in panel._front.offered


def test_a_press_is_answered_where_it_was_made(make):
    panel = make(SPEC)
    panel._toolbar.buttons["Keep"].click()
    assert "Not kept: there is no run to keep yet" in panel._toolbar._said.value
    panel.run()
    panel._toolbar.buttons["Keep"].click()
    assert "Kept: 1 of at most 4 lines." in panel._toolbar._said.value
    panel.controls.widgets["tail_index"].value = "1.2"
    assert "settings changed: press Run" in panel._toolbar.status
    panel._reset()
    assert panel._toolbar._said.value == ""

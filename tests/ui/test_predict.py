"""Predict: an answer is committed before the panel is seen, drawn on it, and answered in words."""

import numpy as np
import pytest

from explorer import RunSpec, run
from explorer.lesson import predict
from explorer.plots._mark import Mark
from explorer.registry import PLOTS
from explorer.ui.explorer import Explorer

SPEC = RunSpec(horizon=300, seeds=4, device="cpu")


@pytest.fixture
def panel():
    panel = Explorer(SPEC)
    yield panel
    panel.close()


def press(question, name):
    (button,) = [b for b in question._gate.children[2].children if b.description == name]
    button.click()


def test_the_panel_is_hidden_until_a_reader_has_committed(panel):
    question = predict("Which slope?", panel)
    assert panel.layout.display == "none"
    question._input.value = "-0.5"
    question._reason.value = "as SGD"
    press(question, "Commit")
    assert panel.layout.display is None
    assert question._gate.layout.display == "none"
    assert (question.answer, question.reason) == (-0.5, "as SGD")
    assert question.sentence == "You predicted -0.5, because as SGD. Press Run to measure it."
    assert panel.session.painter.look.mark == Mark("slope", -0.5, "your prediction: -0.5", "decay")


def test_show_me_skips_the_question(panel):
    question = predict("Which slope?", panel)
    press(question, "Show me")
    assert panel.layout.display is None
    assert question.sentence == ""
    assert panel.session.painter.look.mark is None


def test_a_run_in_a_cell_is_not_blocked_by_an_unanswered_question(panel):
    question = predict("Which slope?", panel)
    assert panel.run().complete
    assert question.answer is None


def test_what_was_measured_is_said_beside_the_prediction_and_nothing_is_judged(panel):
    question = predict("Which slope?", panel)
    question.commit(-0.5)
    trace = panel.run()
    low, high = trace.slope_interval
    said = (
        f"You predicted -0.5. Measured: slope {trace.slope:.3f} [{low:.3f}, {high:.3f}]; the "
        f"theorem's exponent is {trace.exponent:.3f}."
    )
    assert question.sentence == said
    assert "Measured: slope" in question._answered.value
    for verdict in ("agree", "refute", "right", "wrong"):
        assert verdict not in question.sentence.lower()


def test_a_number_and_what_measures_it(panel):
    question = predict(
        "What will the last mean be?", panel, asks="number", measured=lambda t: float(t.mean[-1])
    )
    question.commit(0.5)
    trace = panel.run()
    assert question.sentence == f"You predicted 0.5. Measured: {trace.mean[-1]:.3g}."
    assert panel.session.painter.look.mark.kind == "level"


def test_a_choice_may_stand_for_a_slope(panel):
    question = predict("How fast?", panel, asks={"like 1/N": -1.0, "like 1/sqrt N": -0.5})
    with pytest.raises(ValueError, match=r"one of \['like 1/N', 'like 1/sqrt N'\], got 'fast'"):
        question.commit("fast")
    question._input.value = "like 1/N"
    press(question, "Commit")
    assert question.answer == "like 1/N"
    assert panel.session.painter.look.mark == Mark(
        "slope", -1.0, "your prediction: like 1/N", "decay"
    )


def test_a_choice_without_a_number_is_written_on_the_picture(panel):
    question = predict("Will it diverge?", panel, asks=["yes", "no"])
    question.commit("no")
    assert panel.session.painter.look.mark.kind == "words"
    assert question.sentence.startswith("You predicted no.")


def test_no_stored_run_gives_the_answer_away(make):
    panel = make()
    assert panel.session.sentence.startswith("Stored run:")
    predict("Which slope?", panel)
    assert "not run yet" in panel.session.sentence
    panel._reset()
    assert "Stored run" not in panel.session.sentence


def test_an_answer_is_about_the_picture_that_it_was_asked_of(panel):
    question = predict("Which slope?", panel)
    question.commit(-0.5)
    panel.plot = "noise"
    panel.run()
    assert question.sentence == "You predicted -0.5. Press Run to measure it."
    look = panel.session.painter.look
    assert look.options("decay")["mark"].value == -0.5
    assert look.options("noise")["mark"] is None
    panel.plot = "decay"
    trace = panel.run()
    panel.plot = "noise"
    assert f"Measured: slope {trace.slope:.3f}" in question.sentence


def test_a_mistake_in_what_measures_is_said_and_fails_nothing(panel):
    question = predict("Which?", panel, asks="number", measured=lambda trace: trace.nothing)
    question.commit(1)
    assert panel.run().complete
    assert panel.state == "finished"
    assert "Measured: nothing, since `measured` raised AttributeError" in question.sentence


def test_a_second_question_begins_without_the_first_one_s_answer(panel):
    first = predict("Which slope?", panel)
    first.commit(-0.5)
    second = predict("And at p = 2?", panel)
    assert panel.session.painter.look.mark is None
    second.close()
    before = second._answered.value
    panel.run()
    assert second._answered.value == before, "a closed question hears nothing"
    assert "Measured" in first._answered.value


def test_a_panel_behind_a_question_is_stored_for_readers_too(panel, published):
    question = predict("Which slope?", panel)
    question._ipython_display_()
    live, picture, words = published
    assert live[2]["application/vnd.jupyter.widget-view+json"]["model_id"] == question.model_id
    panel.run()
    assert published[-1][0] == words[0]
    assert published[-1][2]["text/plain"] == panel.trace.sentence
    assert published[-2][0] == picture[0]


@pytest.mark.parametrize("answer", [None, "nan", "inf", "steep"])
def test_only_a_finite_number_is_a_number(panel, answer):
    with pytest.raises(ValueError, match="the answer must be a number, got"):
        predict("Which slope?", panel).commit(answer)


@pytest.mark.parametrize("answer", ["steep", ""])
def test_what_is_no_answer_is_refused_beside_the_question(panel, answer):
    question = predict("Which slope?", panel)
    question._input.value = answer
    press(question, "Commit")
    assert question.answer is None
    assert panel.layout.display == "none"
    assert 'role="alert"' in question._note.value


def test_what_cannot_be_asked_is_refused(panel):
    with pytest.raises(TypeError, match="panel must be an Explorer, got 3"):
        predict("Why?", 3)
    with pytest.raises(ValueError, match="asks must be one of"):
        predict("Why?", panel, asks="poem")
    with pytest.raises(ValueError, match="mark must be"):
        predict("Why?", panel, mark="cross")


@pytest.mark.parametrize("xscale", ["log", "linear"])
def test_a_slope_is_drawn_with_that_slope_through_the_last_decade(xscale):
    trace = run(SPEC)
    plot = PLOTS["decay"](mark=Mark("slope", -0.5, "mine"), xscale=xscale)
    plot.show(trace)
    x, y = plot._marked.line.get_data()
    assert len(x) > 10
    slopes = np.diff(np.log(y)) / np.diff(np.log(x))
    np.testing.assert_allclose(slopes, -0.5, rtol=1e-9)
    first = np.searchsorted(trace.calls, plot.axes.get_xlim()[1] / 10)
    on_the_line = y[0] * (trace.calls[first] / x[0]) ** -0.5
    assert on_the_line == pytest.approx(trace.mean[first])
    assert plot._marked.words.get_text() == "mine"


@pytest.mark.parametrize("name", [name for name in PLOTS if PLOTS[name].draws == "trace"])
def test_a_prediction_can_stand_on_every_picture_even_an_empty_one(name):
    trace = run(SPEC)
    for mark in (Mark("slope", -0.5), Mark("level", 1.0), Mark("words", words="no")):
        for data in (trace, trace.until(1)):
            plot = PLOTS[name](mark=mark)
            plot.show(data)
            plot.figure.canvas.draw()
            assert plot._marked.words.get_visible()


def test_a_level_is_a_line_at_that_height():
    plot = PLOTS["decay"](mark=Mark("level", 0.7))
    plot.show(run(SPEC))
    assert set(plot._marked.line.get_ydata()) == {0.7}

"""The panel without a browser: what it shows, what its buttons do, and what a reader keeps."""

import base64
import html
import io
import re
import threading

import pytest
from PIL import Image

from explorer import PRESETS, RunSpec, Trace, run
from explorer.ui._no_picture import NoPicture
from explorer.ui._status import _whole
from explorer.ui._words import FOLDED, MAIN
from explorer.ui.explorer import Explorer
from explorer.ui.image_view import ImageView
from explorer.ui.presets import Preset

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
ENDLESS = SPEC.replace(horizon=5_000_000)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PATIENCE_S = 30


def descendants(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from descendants(child)


def press_run(panel):
    """A browser's press on Run, which is a toggle."""
    toggle = panel._toolbar.run_button
    message = {"method": "update", "state": {"value": not toggle.value}, "buffer_paths": []}
    toggle._handle_msg({"content": {"data": message}, "buffers": []})


@pytest.mark.parametrize("name", ["Transport pays", "transport-pays"])
def test_a_preset_is_found_by_its_name_and_its_slug(make, name):
    panel = make(preset=name)
    preset = PRESETS["Transport pays"]
    assert panel.spec == preset.spec
    assert panel._front.presets.value == preset.name
    assert preset.question in panel._front.question.value


def test_a_panel_without_a_word_is_the_first_look(make):
    assert make().spec == PRESETS["First look"].spec


def test_a_preset_of_ones_own_is_shown_and_found_again_in_the_menu(make):
    mine = Preset("Mine", "Is 1 < 2?", SPEC)
    panel = make(preset=mine)
    assert panel.spec == SPEC
    assert "Is 1 &lt; 2?" in panel._front.question.value
    panel._front.presets.value = "First look"
    assert panel.spec == PRESETS["First look"].spec
    panel._front.presets.value = "Mine"
    assert panel.spec == SPEC


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"preset": "second look"}, "unknown preset 'second look'.*First look"),
        ({"controls": ["norm", "tail"]}, "unknown control 'tail'.*tail_index"),
        ({"plots": ["decoy"]}, "unknown plot 'decoy'.*decay"),
    ],
)
def test_an_unknown_name_is_refused_with_those_there_are(options, sentence):
    with pytest.raises(KeyError, match=sentence):
        Explorer(SPEC, **options)


@pytest.mark.parametrize("spec", ["First look", {"horizon": 200}, 7])
def test_a_spec_of_another_type_is_refused(spec):
    with pytest.raises(TypeError, match="spec must be a RunSpec, got"):
        Explorer(spec)


def controls_shown(panel):
    shown = list(descendants(panel))
    field_of = {id(widget): field for field, widget in panel.controls.widgets.items()}
    return [field_of[id(widget)] for widget in shown if id(widget) in field_of]


def test_the_controls_asked_for_are_shown_in_that_order_and_no_others(make):
    assert controls_shown(make(SPEC, controls=["norm", "tail_index"])) == ["norm", "tail_index"]
    assert controls_shown(make(SPEC, controls=["tail_index", "norm"])) == ["tail_index", "norm"]


def test_without_a_word_every_control_is_shown(panel):
    assert controls_shown(panel) == [*MAIN, *FOLDED]


def test_the_rate_is_offered_only_where_its_plot_is(make):
    rate = "Measure the rate"
    panel, without = make(SPEC), make(SPEC, plots=["decay"])
    assert panel._toolbar.buttons[rate].layout.display is None
    assert without._toolbar.buttons[rate].layout.display == "none"
    assert without._front.tabs.layout.display == "none", "there is nothing to choose from"
    with pytest.raises(KeyError, match=r"no plot 'rate'; it has \['decay'\]"):
        without.measure()


def test_run_does_what_the_chosen_picture_shows(make, until):
    panel = make(SPEC)
    assert panel.plot == "decay"
    trace = panel.run()
    panel.plot = "noise"
    until(lambda: panel.session.plot == "noise")
    assert panel.data is None
    survey = panel.run()
    assert survey.complete
    assert panel.data is survey
    assert panel.trace is trace, "the run is still there"
    panel.plot = "geometry"
    until(lambda: panel.session.plot == "geometry" and panel.state == "finished")
    assert panel.data is trace


def test_a_preset_shows_its_first_picture_and_reset_comes_back_to_it(make, until):
    panel = make(preset="untuned")
    assert panel.plot == "decay"
    panel._front.presets.value = "Match heavy"
    until(lambda: panel.session.plot == "rate")
    assert [value for _, value in panel._front.tabs.options] == list(PRESETS["Match heavy"].plots)
    panel.plot = "decay"
    until(lambda: panel.session.plot == "decay")
    panel._toolbar.buttons["Reset"].click()
    until(lambda: panel.session.plot == "rate" and panel.state == "idle")
    assert panel.plot == "rate"


def test_a_preset_s_study_and_variants_are_what_is_run(make):
    preset = Preset(
        "Mine",
        "Which?",
        SPEC,
        variants=({"transport": True},),
        plots=("rate",),
        study={"rate": {"horizons": (100, 200)}},
    )
    panel = make(preset=preset)
    rate = panel.run()
    assert rate.horizons == (100, 200)
    assert [label for label, _ in panel.session.job.beside] == ["transport on"]


def test_the_rate_is_greyed_out_for_a_network(make):
    assert make(preset="A real network")._toolbar.buttons["Measure the rate"].disabled
    assert not make(SPEC)._toolbar.buttons["Measure the rate"].disabled


def test_run_in_a_cell_gives_the_trace_of_run(panel, assert_same_bits):
    assert panel.trace is None
    trace = panel.run()
    assert isinstance(trace, Trace)
    assert panel.trace is trace
    assert panel.state == "finished"
    assert panel._toolbar._progress.value == 1
    assert_same_bits(trace, run(SPEC))
    assert trace.sentence[:20] in panel._front.sentence.value


def test_the_button_runs_pauses_and_goes_on(make, until):
    panel = make(ENDLESS)
    assert panel._toolbar.run_button.description == "Run"
    press_run(panel)
    until(lambda: panel.state == "running" and panel._toolbar.run_button.description == "Pause")
    until(lambda: panel.session.job.share > 0)
    press_run(panel)
    until(lambda: panel.state == "paused" and panel._toolbar.run_button.description == "Go on")
    job = panel.session.job
    press_run(panel)
    until(lambda: panel.state == "running")
    assert panel.session.job is job


def test_start_pause_and_stop_do_what_they_say(make, until):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.state == "running")
    panel.pause()
    until(lambda: panel.state == "paused")
    panel.stop()
    until(lambda: panel.state == "idle")
    assert panel.trace is None
    until(lambda: "not run yet" in panel._front.sentence.value)


def test_a_run_in_the_background_gives_the_trace_of_run(panel, until, assert_same_bits):
    panel.start()
    until(lambda: panel.state == "finished")
    assert_same_bits(panel.trace, run(SPEC))


def test_a_choice_while_running_restarts_with_it(make, until, assert_same_bits):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.state == "running")
    panel.controls.widgets["horizon"].value = "200"
    until(lambda: panel.state == "finished")
    assert_same_bits(panel.trace, run(SPEC))


def test_a_choice_while_paused_stays_paused(make, until):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.state == "running")
    panel.pause()
    until(lambda: panel.state == "paused")
    panel.controls.widgets["horizon"].value = "200"
    until(lambda: panel.trace.spec == SPEC and panel.state == "paused")
    assert len(panel.trace) == 0


def test_a_choice_after_the_end_keeps_the_picture_and_asks_for_run(panel):
    trace = panel.run()
    panel.controls.widgets["tail_index"].value = "1.3"
    assert "press Run" in panel._front.sentence.value
    assert panel.trace is trace
    assert panel.spec.tail_index == 1.3
    panel.controls.widgets["tail_index"].value = "1.6"
    assert "press Run" not in panel._front.sentence.value


def test_a_choice_made_beside_another_picture_does_not_go_on_with_the_old_run(make, until):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.state == "running" and panel.session.job.share > 0)
    panel.plot = "rate"
    until(lambda: panel.session.plot == "rate")
    until(lambda: "Decay paused" in panel._toolbar.status)
    panel.controls.load(ENDLESS.replace(tail_index=1.9))
    panel.plot = "decay"
    until(lambda: panel.session.plot == "decay" and panel.state == "paused")
    until(lambda: "Settings changed" in panel._front.sentence.value)
    assert panel._toolbar.run_button.description == "Run"
    panel.controls.load(ENDLESS)
    panel._show_status()
    assert "Settings changed" not in panel._front.sentence.value
    assert panel._toolbar.run_button.description == "Go on"


@pytest.mark.parametrize(("intent", "label"), [("running", "Pause"), ("idle", "Run")])
def test_while_something_is_prepared_the_button_says_what_a_press_does(
    panel, monkeypatch, intent, label
):
    """An empty picture may take its time to prepare as well; there a press is one to run."""
    panel.session.preparing = True
    monkeypatch.setattr(type(panel.session), "intent", property(lambda _: intent))
    panel._show_status()
    assert panel._toolbar.run_button.description == label
    assert "preparing" in panel._toolbar.status


def test_code_repeats_the_run(panel, assert_same_bits, tmp_path, monkeypatch):
    names = {}
    monkeypatch.chdir(tmp_path)
    exec(panel.code().replace("print(trace)", ""), names)
    assert names["spec"] == SPEC
    assert_same_bits(names["trace"], panel.run())


def test_reset_returns_to_where_the_panel_began(panel, until):
    panel.run()
    panel._toolbar.buttons["Keep"].click()
    panel.controls.widgets["tail_index"].value = "1.3"
    panel._timeline.xscale.value = "linear"
    panel._toolbar.buttons["Reset"].click()
    until(lambda: panel.state == "idle" and panel.trace is None)
    assert panel.spec == SPEC
    assert panel.controls.widgets["tail_index"].value == "1.6"
    assert panel.session.kept == []
    assert panel._timeline.xscale.value == "log"


def test_new_seed_runs_the_same_choice_with_the_next_seed(panel, until, assert_same_bits):
    panel._toolbar.buttons["New seed"].click()
    until(lambda: panel.state == "finished")
    assert panel.spec == SPEC.replace(seed=1)
    assert panel.controls.widgets["seed"].value == "1"
    assert_same_bits(panel.trace, run(SPEC.replace(seed=1)))


def test_a_new_seed_keeps_the_variants_of_the_preset(make, until):
    panel = make(preset=Preset("Mine", "Why?", SPEC, ({"transport": True},)))
    panel._toolbar.buttons["New seed"].click()
    until(lambda: panel.state == "finished")
    assert [label for label, _ in panel.session.job.beside] == ["transport on"]


def test_the_variants_of_a_preset_run_beside_it(make, assert_same_bits):
    panel = make(preset=Preset("Mine", "Why?", SPEC, ({"transport": True},)))
    panel.run()
    [(label, trace)] = panel.session.job.beside
    assert label == "transport on"
    assert_same_bits(trace, run(SPEC.replace(transport=True)))


def test_the_scale_of_the_calls_axis_is_drawn_anew(panel):
    frame = panel.view.frame
    assert panel.view.axes[0]["xscale"] == "log"
    panel._timeline.xscale.value = "linear"
    assert panel.view.axes[0]["xscale"] == "linear"
    assert panel.view.frame == frame + 1


def test_choosing_the_network_moves_every_control(make, until):
    panel = make(SPEC)
    name = "A real network"
    panel._front.presets.value = name
    spec = PRESETS[name].spec
    assert panel.spec == spec
    fresh = make(preset=name)
    for field, control in panel.controls.widgets.items():
        assert control.value == fresh.controls.widgets[field].value, field
        assert control.disabled == fresh.controls.widgets[field].disabled, field
    assert html.escape(PRESETS[name].question) in panel._front.question.value
    until(lambda: panel.session.spec == spec and panel.state == "idle")
    assert repr(panel).startswith(f"Explorer({name}): ")


def test_a_rate_says_how_long_it_will_take(make, until):
    panel, said = make(RunSpec(rows=2, columns=2, seeds=4, device="cpu")), []
    panel._toolbar._status.observe(lambda change: said.append(change["new"]), names="value")
    panel.measure()
    until(lambda: panel.state == "finished")
    assert any(re.search(r"running, \d+%, [\d.]+ s of about \d+ s", text) for text in said)
    assert "of about" not in said[-1]


def test_a_failed_run_says_so_on_the_page(make, until):
    panel = make(RunSpec(problem="mlp", device="cpu"))
    panel.measure()
    until(lambda: panel.state == "failed" and 'role="alert"' in panel._front.sentence.value)
    assert "no rate to measure" in panel._front.sentence.value
    panel.plot = "decay"
    until(lambda: panel.state == "idle" and 'role="alert"' not in panel._front.sentence.value)


@pytest.mark.parametrize("fallback", [False, True])
def test_a_reader_without_a_kernel_gets_the_last_picture_and_the_sentence(
    make, published, fallback
):
    panel = make(SPEC, fallback=fallback)
    panel._ipython_display_()
    live, picture, words = published
    view = live[2]["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == panel.model_id
    assert (view["version_major"], view["version_minor"]) == (2, 0)
    assert "image/png" not in live[2], "the picture would stand twice"
    assert words[2]["text/plain"].endswith("not run yet.")
    empty = picture[2]["image/png"]
    del published[:]
    panel.run()
    assert [(one[0], one[1]) for one in published] == [(picture[0], True), (words[0], True)]
    png = base64.b64decode(published[0][2]["image/png"], validate=True)
    assert png.startswith(PNG_SIGNATURE)
    assert published[0][2]["image/png"] != empty
    said = panel.trace.sentence
    shape = published[0][3]["image/png"]
    assert shape["alt"] == said == published[1][2]["text/plain"]
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (2 * shape["width"], 2 * shape["height"])
    assert published[1][2]["text/html"] == f'<p class="explorer-stored">{html.escape(said)}</p>'


@pytest.mark.parametrize("end", ["finished", "paused"])
def test_a_run_by_the_button_is_stored_as_soon_as_the_worker_rests(make, published, end, until):
    panel = make(SPEC if end == "finished" else SPEC.replace(horizon=10**6))
    panel._ipython_display_()
    del published[:]
    panel.start()
    until(lambda: panel.trace is not None and len(panel.trace) > 20)
    if end == "paused":
        panel.pause()
    until(lambda: panel.state == end)
    until(lambda: len(published) == 2)
    assert published[1][2]["text/plain"] == panel.trace.sentence


def test_a_panel_that_nobody_displayed_stores_nothing(make, published):
    panel = make(SPEC)
    panel.run()
    assert published == []


def test_a_terminal_is_told_of_the_panel_once(make, published, monkeypatch):
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    panel = make(SPEC)
    panel._ipython_display_()
    panel.run()
    assert len(published) == 1


def test_what_is_stored_is_drawn_and_sent_only_where_it_has_changed(make, published, monkeypatch):
    panel = make(SPEC)
    panel._ipython_display_()
    panel.run()
    count = len(published)
    monkeypatch.setattr(panel.session, "picture", lambda: pytest.fail("drawn in vain"))
    panel._stored.renew()
    assert len(published) == count


def test_a_kept_run_is_stored_in_the_picture(make, published):
    panel = make(SPEC)
    panel._ipython_display_()
    panel.run()
    panel.session.keep()
    panel.controls.widgets["tail_index"].value = "1.3"
    panel.run()
    before, count = published[-2][2]["image/png"], len(published)
    panel.session.drop_kept()
    panel._stored.renew()
    assert len(published) == count + 2
    assert published[-2][2]["image/png"] != before


def test_its_line_of_text_is_the_sentence_of_the_picture(panel):
    assert repr(panel).endswith("not run yet.")
    trace = panel.run()
    assert repr(panel) == f"Explorer(First look): {trace.sentence}"


def test_the_plain_picture_stands_in_for_the_live_one(make):
    panel = make(SPEC, fallback=True)
    assert isinstance(panel.view, ImageView)
    assert panel.view in list(descendants(panel))
    trace = panel.run()
    image, words, spoken = panel.view.children
    assert trace.sentence[:20] in spoken.value
    assert bytes(image.value).startswith(PNG_SIGNATURE)
    assert trace.sentence[:20] in words.value


def test_a_plain_picture_takes_the_live_one_s_place_in_the_middle_of_a_run(make, until):
    panel = make(ENDLESS)
    live = panel.view
    panel.start()
    until(lambda: panel.state == "running" and live.frame > 2)
    (offer,) = [one for one in descendants(panel) if isinstance(one, NoPicture)]
    offer.children[1].click()
    assert isinstance(panel.view, ImageView)
    assert live not in list(descendants(panel))
    assert not [one for one in descendants(panel) if isinstance(one, NoPicture)]
    until(lambda: bytes(panel.view.children[0].value).startswith(PNG_SIGNATURE))
    before = bytes(panel.view.children[0].value)
    until(lambda: bytes(panel.view.children[0].value) != before)
    assert panel.state == "running"
    view = panel.view
    panel.show_plainly()
    assert panel.view is view, "once is enough"


def test_a_panel_with_a_plain_picture_offers_no_other(make):
    panel = make(SPEC, fallback=True)
    assert not [one for one in descendants(panel) if isinstance(one, NoPicture)]


def test_thirty_runs_in_one_panel_leave_one_thread(make, until):
    panel = make(SPEC.replace(horizon=20), fallback=True)
    before = threading.active_count()
    for _ in range(30):
        job = panel.session.job
        panel.start()
        until(lambda job=job: panel.session.job is not job and panel.session.job.finished)
        until(lambda: panel.state == "finished")
    assert threading.active_count() == before + 1
    assert len(panel.trace) == 20


def test_a_closed_panel_lets_its_worker_go(make, until):
    panel = make(ENDLESS)
    panel.start()
    until(lambda: panel.state == "running")
    worker = panel.session._worker
    panel.close()
    worker.join(PATIENCE_S)
    assert not worker.is_alive()


def test_a_screen_reader_hears_the_end_of_a_run_and_no_frame(make, until):
    panel, spoken = make(ENDLESS), []
    panel.view.observe(lambda change: spoken.append(change["new"]), names="spoken")
    panel.start()
    until(lambda: panel.trace is not None and len(panel.trace) > 50)
    panel.pause()
    until(lambda: panel.state == "paused")
    assert spoken == []
    panel.controls.load(SPEC)
    trace = panel.run()
    assert spoken == [trace.sentence]


class Half:
    """Work of which a half is done."""

    def __init__(self, share):
        self.share, self.estimate_s, self.finished, self.data = share, 90.0, False, None


@pytest.mark.parametrize(
    ("share", "seconds", "whole"),
    [(0.02, 1.0, "90 s"), (0.02, 4.0, "3 min"), (0.5, 1.0, "2 s"), (0.5, 7.0, "14 s")],
)
def test_how_long_it_takes_is_told_by_what_is_done_once_that_is_known(share, seconds, whole):
    assert _whole(Half(share), seconds) == f" of about {whole}"

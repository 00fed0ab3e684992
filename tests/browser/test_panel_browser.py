"""Journeys through the whole panel in JupyterLab, as a lecturer makes them."""

import re
import time

from panel_page import (
    button,
    calls_in,
    number,
    press,
    sentence,
    tab,
    wait_for_state,
    wait_for_stored,
    wait_for_words,
)

PANEL = ["from explorer import Explorer; panel = Explorer(); panel"]


def pixels(lab):
    return lab.figure().get_by_role("img").screenshot()


def wait_for_picture(lab, said):
    """Wait for a picture whose text for those who do not see it says so."""
    lab.figure().get_by_role("img", name=said).wait_for()


def test_run_moves_the_picture_and_pause_holds_it(lab):
    page = lab.open(PANEL)
    lab.wait_for_frame(1)
    before, began = pixels(lab), time.monotonic()
    press(page, "Run")
    frame = lab.frame()
    lab.wait_for_frame(frame + 2)
    first_live_frame_s = time.monotonic() - began
    lab.wait_for_frame(frame + 20)
    assert pixels(lab) != before
    lab.screenshot("panel-running-light")
    press(page, "Pause")
    button(page, "Go on").wait_for()
    time.sleep(0.5)
    held, frame = pixels(lab), lab.frame()
    time.sleep(1.0)
    assert (pixels(lab), lab.frame()) == (held, frame)
    press(page, "Go on")
    lab.wait_for_frame(frame + 3)
    assert first_live_frame_s < 20  # a hung worker, not a slow machine, is what this would catch


def test_a_finished_run_says_in_words_and_in_the_alt_text_what_it_shows(lab):
    cell = "from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon=4000)); panel"
    page = lab.open([cell])
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    said = sentence(page)
    assert re.match(
        r"4,000 calls, 32 seeds: weighted mean [\d.]+ under its bound [\d.]+; slope", said
    )
    assert lab.figure().get_by_role("img").get_attribute("alt") == said
    lab.screenshot("panel-finished-light")
    frame = lab.frame()
    lab.set_theme("JupyterLab Dark")
    lab.wait_for_frame(frame + 1)
    lab.screenshot("panel-finished-dark")
    assert lab.run("print(panel.session.painter.look.theme)").strip() == "dark"
    lab.set_theme("JupyterLab Light")
    same = lab.run(
        "from explorer import run\n"
        "print((run(panel.spec).stationarity == panel.trace.stationarity).all())"
    )
    assert same.strip() == "True", "a run of the worker is bit for bit a run in the cell"


def test_a_saved_notebook_shows_the_last_picture_and_the_sentence_to_who_only_reads(lab):
    page = lab.open(
        ["from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon=500)); panel"]
    )
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    said = sentence(page)
    wait_for_stored(page, said)
    stored = page.locator(".explorer-stored")
    assert not stored.is_visible(), "beside the live panel it would stand twice"
    assert not page.locator(".jp-RenderedImage img").is_visible()
    _, picture, words = lab.save().cells[0].outputs
    assert words["data"]["text/plain"] == said
    lab.reload(kernel=False)
    stored.wait_for()
    assert stored.inner_text() == said
    image = page.locator(".jp-RenderedImage img")
    image.scroll_into_view_if_needed()
    assert image.bounding_box()["width"] == picture["metadata"]["image/png"]["width"]
    lab.screenshot("panel-only-read-light")


def test_nothing_of_the_users_is_hidden_with_the_stored_pictures(lab):
    page = lab.open(
        [
            "from explorer import Explorer, RunSpec\n"
            "import ipywidgets as widgets\n"
            "one, other = Explorer(RunSpec(horizon=500)), Explorer(RunSpec(horizon=500))\n"
            "out = widgets.Output()\n"
            "display(one); print('between'); display(out)\n"
            "with out: print('inside'); display(other)"
        ]
    )
    lab.wait_for_frame(1, nth=1)
    for text in ("between", "inside"):
        page.get_by_text(text, exact=True).last.scroll_into_view_if_needed()
        assert page.get_by_text(text, exact=True).last.is_visible()
    assert page.locator(".explorer-panel").nth(1).is_visible()
    assert page.locator(".explorer-stored").count() == 2
    assert not page.locator(".explorer-stored").first.is_visible()
    assert not page.locator(".explorer-stored").last.is_visible()
    assert page.locator(".jp-RenderedImage img:visible").count() == 0


def test_a_moved_slider_restarts_a_running_panel(lab):
    page = lab.open(PANEL)
    lab.wait_for_frame(1)
    press(page, "Run")
    lab.wait_for_frame(lab.frame() + 8)
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function("document.querySelector('.explorer-sentence').innerText.length > 0")
    lab.wait_for_frame(lab.frame() + 4)
    assert lab.run(
        "print(panel.spec.tail_index, panel.trace.spec.tail_index, panel.state)"
    ).split() == [
        "1.65",
        "1.65",
        "running",
    ]


def test_a_refused_value_is_explained_beside_its_control_and_starts_nothing(lab):
    page = lab.open(PANEL)
    lab.wait_for_frame(1)
    page.get_by_text("Size, schedule, seeds, device").click()
    box = number(page, "Horizon N")
    box.fill("-5")
    box.press("Enter")
    page.locator(".explorer-error").first.wait_for()
    assert (
        "horizon must be at least 1, got -5" in page.locator(".explorer-error").first.inner_text()
    )
    page.locator(".explorer-error").first.scroll_into_view_if_needed()
    lab.screenshot("panel-error-light")
    assert lab.run("print(panel.state, panel.spec.horizon)").split() == ["idle", "20000"]
    box.fill("3000")
    box.press("Enter")
    page.wait_for_function("!document.querySelector('.explorer-error')")
    assert lab.run("print(panel.spec.horizon)").strip() == "3000"


def test_a_network_runs_in_the_same_panel_and_says_why_there_is_no_bound(lab):
    page = lab.open(PANEL)
    lab.wait_for_frame(1)
    page.get_by_label("Preset", exact=True).select_option("A real network")
    page.get_by_text("fall together?").wait_for()
    norm = page.get_by_label("Norm geometry", exact=True).evaluate("e => e.selectedOptions[0].text")
    assert norm.split() == ["Scion", "(by", "layer)"]
    assert (
        page.get_by_label("Transport", exact=True).evaluate("e => e.selectedOptions[0].text")
        == "half"
    )
    press(page, "Run")
    wait_for_state(page, "finished")
    assert "held-out accuracy 0.9" in sentence(page)
    assert "No bound drawn" in sentence(page)
    lab.screenshot("panel-network-light")
    fold = page.get_by_text("Layers: norms and radii")
    fold.click()
    rows = page.get_by_role("region", name="Layers: norms and radii").locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == 6
    fold.scroll_into_view_if_needed()
    lab.screenshot("panel-network-layers-light")


def test_the_rate_is_measured_point_by_point(lab):
    page = lab.open(
        ["from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(norm='sign')); panel"]
    )
    lab.wait_for_frame(1)
    press(page, "Measure the rate")
    wait_for_state(page, "finished")
    said = sentence(page)
    for slope in ("measured slope -0.2", "the bound's -0.2", "the theorem's exponent -0.214"):
        assert slope in said
    lab.screenshot("panel-rate-light")


def test_variants_are_drawn_beside_the_run(lab):
    page = lab.open(
        [
            "from explorer import PRESETS, Explorer\n"
            "preset = PRESETS['Transport pays']\n"
            "panel = Explorer(preset.spec.replace(horizon=4000), preset=preset); panel"
        ]
    )
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    lab.screenshot("panel-variants-light")
    said = lab.run("print([label for label, _ in panel.session.job.beside])")
    assert said.strip() == "['transport on']"


def test_pictures_are_chosen_by_buttons_and_run_does_what_the_chosen_one_shows(lab):
    page = lab.open(
        [
            "from explorer import Explorer, Preset, RunSpec\n"
            "spec = RunSpec(rows=2, columns=4, horizon=3000, seeds=8)\n"
            "study = {'rate': {'horizons': (1000, 4000)}, 'grid': {'norm': ('sign', 'row')}}\n"
            "plots = ('rate', 'grid', 'decay', 'geometry', 'noise')\n"
            "mine = Preset('Mine', 'Which?', spec, ({'transport': True},), plots, study)\n"
            "panel = Explorer(preset=mine); panel"
        ]
    )
    lab.wait_for_frame(1)
    seen = {}
    for name, said in (
        ("Rate", "Beside it, transport on: measured slope"),
        ("Grid", "weighted mean"),
        ("Decay", "3,000 calls, 8 seeds"),
        ("Noise", "slope of the medians"),
    ):
        tab(page, name).click()
        page.locator(".explorer-status", has_text="idle").wait_for()
        press(page, "Run")
        wait_for_state(page, "finished")
        page.locator(".explorer-sentence", has_text=said).wait_for()
        wait_for_picture(lab, said)
        seen[name] = pixels(lab)
        lab.screenshot(f"panel-{name.lower()}-light")
    tab(page, "Geometry").click()
    page.locator(".explorer-sentence", has_text="3,000 calls, 8 seeds").wait_for()
    wait_for_state(page, "finished")
    wait_for_picture(lab, "3,000 calls, 8 seeds")
    seen["Geometry"] = pixels(lab)
    assert len(set(seen.values())) == len(seen) == 5, "five pictures, none the same as another"
    lab.screenshot("panel-geometry-light")
    lab.set_theme("JupyterLab Dark")
    tab(page, "Rate").click()
    page.locator(".explorer-sentence", has_text="2 horizons from").wait_for()
    lab.screenshot("panel-rate-dark")
    press(page, "Reset")
    page.locator(".explorer-sentence", has_text="0 of 2 horizons").wait_for()
    wait_for_picture(lab, "0 of 2 horizons")


def test_another_picture_may_be_looked_at_while_a_run_goes_on(lab):
    page = lab.open(PANEL)
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "running")
    wait_for_words(page, "Incomplete")  # no more the stored run's
    tab(page, "Geometry").click()
    frame, calls = lab.frame(), calls_in(sentence(page))
    lab.wait_for_frame(frame + 12)
    wait_for_state(page, "running")
    assert calls_in(sentence(page)) > calls, "the run goes on behind its other picture"
    tab(page, "Noise").click()
    page.locator(".explorer-status", has_text="idle; Geometry paused").wait_for()
    tab(page, "Decay").click()
    wait_for_state(page, "paused")
    calls = calls_in(sentence(page))
    assert 0 < calls < 20_000
    press(page, "Go on")
    wait_for_state(page, "finished")
    assert calls_in(sentence(page)) == 20_000

"""What makes the page one to teach with: compare, step, look back, export, predict, read out."""

import io
import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from panel_page import (
    calls_in,
    number,
    press,
    sentence,
    type_in,
    wait_for_state,
    wait_for_stored,
    wait_for_words,
)
from PIL import Image

PANEL = "from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon={})); panel"
SAME = "from explorer import run\nprint((run(panel.spec).mean == panel.trace.mean).all())"


def test_runs_are_compared_in_the_picture_and_in_a_table_and_dropped(lab):
    page = lab.open([PANEL.format(1000)], width=1280)
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    press(page, "Keep")
    type_in(page, "Tail index p", "1.3")
    press(page, "Run")
    wait_for_words(page, "Beside it, tail index 1.6")
    wait_for_state(page, "finished")
    table = page.locator(".explorer-compare")
    assert table.locator("tbody tr").count() == 2
    assert table.locator("th[scope=col]").all_inner_texts()[:4] == [
        "line", "run", "weighted mean", "slope",
    ]  # fmt: skip
    table.scroll_into_view_if_needed()
    lab.screenshot("compare-1280-light")
    press(page, "Drop: tail index 1.6")
    table.wait_for(state="hidden")


def test_a_run_is_made_step_by_step_and_looked_back_on_by_the_arrow_keys(lab):
    page = lab.open([PANEL.format(1000)], width=1280)
    lab.wait_for_frame(1)
    press(page, "Step")
    wait_for_words(page, "at step 1: ")
    page.get_by_label("steps at once").select_option("10")
    press(page, "Step")
    wait_for_words(page, "at step 11: ")
    lab.screenshot("step-1280-light")
    press(page, "Go on")
    wait_for_state(page, "finished")
    back = page.get_by_role("slider", name="Look back")
    back.focus()
    back.press("ArrowLeft")
    wait_for_words(page, "Looking back, at ")
    back.press("Home")
    wait_for_words(page, "Looking back, at 1 of 1,000 calls")
    for _ in range(3):
        back.press("PageUp")
    wait_for_words(page, re.compile(r"^Looking back, at (?!1 of)"))
    lab.screenshot("look-back-1280-light")
    back.press("End")
    wait_for_words(page, re.compile("^1,000 calls"))
    assert lab.run(SAME) == "True", "steps and looking back change nothing of the run"
    page.get_by_label("x axis").select_option("steps")
    page.get_by_label("scale of x").select_option("linear")
    lab.wait_for_frame(lab.frame() + 1)
    lab.screenshot("x-steps-linear-1280-light")


def test_a_page_begins_with_the_stored_run_of_its_preset(lab):
    page = lab.open(["from explorer import Explorer; panel = Explorer(); panel"], width=1280)
    lab.wait_for_frame(1)
    lab.figure().get_by_role("img", name=re.compile("^Stored run: 20,000 calls")).wait_for()
    assert lab.run("print(panel.trace)") == "None", "nothing has run yet"
    lab.screenshot("stored-1280-light")
    page.get_by_label("Preset", exact=True).select_option("Lower chain")
    wait_for_words(page, "Stored run: 3 of 3 points")
    lab.screenshot("stored-lower-chain-1280-light")


def test_a_reader_predicts_and_sees_the_prediction_on_the_picture(lab):
    cell = (
        "from explorer import Explorer, RunSpec\nfrom explorer.lesson import predict\n"
        "panel = Explorer(RunSpec(horizon=1000), controls=['tail_index'], plots=['decay'])\n"
        "predict('Which slope will the blue line have at its end?', panel)"
    )
    page = lab.open([cell], width=1280)
    question = page.locator(".explorer-predict", has_text="Which slope will the blue line")
    question.wait_for()
    assert not page.locator(".explorer-panel").is_visible()
    lab.screenshot("predict-asked-1280-light")
    page.get_by_label("slope").fill("-0.5")
    page.get_by_label("because").fill("as SGD has it")
    page.get_by_role("button", name="Commit").click()
    page.locator(".explorer-panel").wait_for()
    press(page, "Run")
    wait_for_words(page, "You predicted -0.5, because as SGD has it. Measured: slope -0.")
    lab.screenshot("predict-answered-1280-light")


def test_a_number_out_of_range_is_refused_beside_its_control_and_the_old_one_runs(lab):
    page = lab.open([PANEL.format(1000)])
    lab.wait_for_frame(1)
    type_in(page, "Tail index p", "2.5")
    error = page.locator(".explorer-error").first
    error.wait_for()
    assert "tail_index must lie in (1, 2], got 2.5" in error.inner_text()
    assert lab.run("print(panel.spec.tail_index)") == "1.6"
    type_in(page, "Tail index p", "1.45")
    error.wait_for(state="hidden")
    assert lab.run("print(panel.spec.tail_index)") == "1.45"


def test_a_tooltip_opens_by_pointer_and_by_focus_and_has_its_formula(lab):
    page = lab.open([PANEL.format(1000)], width=1280)
    lab.wait_for_frame(1)
    tip = page.get_by_role("button", name="About Tail index p")
    words = tip.get_by_role("tooltip", include_hidden=True)
    assert not words.is_visible()
    tip.hover()
    words.wait_for()
    lab.screenshot("tip-1280-light")
    page.mouse.move(5, 5)
    words.wait_for(state="hidden")
    number(page, "Tail index p").focus()
    page.keyboard.press("Tab")
    words.wait_for()
    assert "Larger: fewer huge gradients" in words.inner_text()
    assert words.locator("mjx-container").count() == 3, "formulas are typeset"


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("PNG, 300 dpi", "png"), ("SVG", "svg"), ("PDF", "pdf"), ("CSV, the numbers", "csv"),
     ("JSON, the choice", "json"), ("Python, the lines", "py")],
)  # fmt: skip
def test_files_reach_the_browsers_downloads(exporting, shared_lab, kind, ending):
    page = exporting
    page.get_by_label("Export as").select_option(kind)
    # a front end may hold a choice back while the one before is under way, but no press
    chosen = "print(dict(panel._timeline._kind.options)[{!r}] == panel._timeline._kind.value)"
    while shared_lab.run(chosen.format(kind)) != "True":
        page.wait_for_timeout(50)
    with page.expect_download() as download:
        press(page, "Export")
    assert download.value.suggested_filename == f"first-look-decay.{ending}"
    content = Path(download.value.path()).read_bytes()
    if ending == "png":
        assert Image.open(io.BytesIO(content)).info["dpi"][0] == pytest.approx(300, abs=1)
    if ending == "json":
        assert json.loads(content)["spec"]["horizon"] == 500
    assert b"0.1.0" in content


@pytest.fixture(scope="module")
def exporting(shared_lab):
    page = shared_lab.open([PANEL.format(500)])
    shared_lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    return page


@pytest.mark.parametrize(
    "theme",
    [
        "JupyterLab Light",
        pytest.param("JupyterLab Dark", marks=pytest.mark.slow),
        pytest.param("JupyterLab Dark High Contrast", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_serious_in_any_theme(lab, theme):
    page = lab.open([PANEL.format(500)], width=1280)
    lab.wait_for_frame(1)
    lab.set_theme(theme)
    press(page, "Run")
    wait_for_state(page, "finished")
    press(page, "Keep")
    type_in(page, "Tail index p", "1.3")
    type_in(page, "Batch size B", "0")
    page.get_by_text("Size, schedule, seeds, device").click()
    page.wait_for_timeout(500)
    lab.screenshot(f"axe-{theme.replace(' ', '-').lower()}")
    found = Axe().run(page, context=".explorer-panel").response["violations"]
    serious = [
        (one["id"], one["impact"], [node["html"][:160] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], serious


WIDTHS = [
    pytest.param(1920, 1, marks=pytest.mark.slow),
    pytest.param(1280, 1, marks=pytest.mark.slow),
    pytest.param(1000, 1, marks=pytest.mark.slow),
    (840, 1),  # a cell of 700 px
    pytest.param(1920, 2, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("width", "zoom"), WIDTHS)
def test_the_page_reflows_and_nothing_is_cut_off(lab, width, zoom):
    page = lab.open([PANEL.format(500)], pixel_ratio=zoom)
    page.set_viewport_size({"width": width // zoom, "height": 1000 // zoom})
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    lab.screenshot(f"reflow-{width}-{zoom}")
    spilt = page.evaluate(
        """() => [...document.querySelectorAll(".explorer-panel, .explorer-panel *")]
            .filter((e) => e.clientWidth > 2 && e.scrollWidth > e.clientWidth + 2
                && getComputedStyle(e).overflowX !== "visible"
                && !e.closest(".explorer-compare-holder, .explorer-tip, .explorer-unseen, svg,"
                    + " .explorer-figure-spoken, input, select")
                && !e.querySelector("mjx-assistive-mml")) // as wide as its formula in words
            .map((e) => [e.className, e.scrollWidth, e.clientWidth])"""
    )
    assert spilt == []
    if width == 840:
        assert page.locator(".explorer-panel").bounding_box()["width"] <= 710


def test_two_panels_of_one_notebook_do_not_disturb_each_other(lab):
    cells = [PANEL.format(3000), PANEL.format(2000).replace("panel", "other")]
    page = lab.open(cells)
    lab.wait_for_frame(1, nth=1)
    panels = page.locator(".explorer-panel")
    for nth in (0, 1):
        panels.nth(nth).locator("button", has_text=re.compile("^.?Run$")).click()
    for nth, calls in ((0, "3,000"), (1, "2,000")):
        panels.nth(nth).locator(".explorer-status", has_text="finished").first.wait_for()
        panels.nth(nth).locator(".explorer-sentence", has_text=f"{calls} calls").wait_for()
    assert lab.run(SAME) == "True"


def test_a_reload_while_running_brings_the_panel_back_and_the_run_goes_on(lab):
    page = lab.open([PANEL.format(200_000)])
    lab.wait_for_frame(1)
    press(page, "Run")
    lab.wait_for_frame(lab.frame() + 5)
    lab.reload()
    lab.wait_for_frame(1)
    wait_for_state(page, "running")
    seen = sentence(page)
    page.wait_for_function(
        "seen => document.querySelector('.explorer-sentence').innerText !== seen", arg=seen
    )
    press(page, "Pause")
    wait_for_state(page, "paused")
    assert 0 < calls_in(sentence(page)) < 200_000


def test_after_a_restart_of_the_kernel_the_last_picture_and_its_sentence_stay(lab):
    page = lab.open([PANEL.format(500)])
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    said = sentence(page)
    wait_for_stored(page, said)
    # not awaited: it waits for the dialog
    page.evaluate("() => { window.jupyterapp.commands.execute('kernelmenu:restart'); }")
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    page.wait_for_timeout(1000)
    lab.screenshot("restarted")
    assert page.get_by_text(said).first.is_visible()
    words = "e => getComputedStyle(e, '::before').content"
    assert "run its cell again" in page.locator(".explorer-panel").evaluate(words)
    assert page.locator(".explorer-figure img, .jp-RenderedImage img").first.is_visible()
    lab.menu("Run", "runmenu:run-all")
    lab.wait_until_run()
    lab.wait_for_frame(1)
    press(page, "Run")
    wait_for_state(page, "finished")
    # JupyterLab's own word about the restart
    lab.console_errors[:] = [one for one in lab.console_errors if "Connection lost" not in one]


# how each element looks without the focus, for it must look otherwise with it
LOOKS = """() => {
  window.looks = (e) => [e, e.parentElement, e.querySelector("*")].filter(Boolean).map((one) => {
    const { outline, boxShadow, border, backgroundColor, transform } = getComputedStyle(one);
    return [outline, boxShadow, border, backgroundColor, transform].join();
  }).join();
  const focused = document.activeElement;
  focused.blur();
  for (const e of document.querySelectorAll(".explorer-panel *")) e.unfocused = looks(e);
  focused.focus();
}"""


def test_everything_is_reached_by_the_keyboard_with_a_visible_focus(lab):
    page = lab.open([PANEL.format(300)], width=1280)
    lab.wait_for_frame(1)
    page.get_by_label("Preset", exact=True).focus()
    names, unseen = [], []
    page.evaluate(LOOKS)
    for _ in range(60):
        page.keyboard.press("Tab")
        page.wait_for_timeout(120)  # some colours fade in
        name, outlined = page.evaluate(
            """() => { const e = document.activeElement;
                return [[e.getAttribute("aria-label"), e.title, e.textContent.trim().slice(0, 30)]
                    .join(" "), looks(e) !== e.unfocused]; }"""
        )
        if not page.evaluate("() => !!document.activeElement.closest('.explorer-panel')"):
            break
        names.append(name)
        unseen += [] if outlined else [name]
    said = " ".join(names)
    for wanted in ("Run", "Step", "Reset", "Keep", "About Tail index p", "Decay", "Export"):
        assert wanted in said, names
    assert unseen == []
    page.get_by_role("button", name="Run").first.focus()
    page.keyboard.press("Space")
    wait_for_state(page, "finished")

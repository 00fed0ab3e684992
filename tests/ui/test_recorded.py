"""Stored runs: a page begins with a picture, which is what the preset would show today."""

import re

import numpy as np
import pytest

from explorer import PRESETS, RunSpec
from explorer.plots._recalled import WORDS
from explorer.registry import PLOTS
from explorer.ui._recorded import FILE, key, record, recorded, thinned, write
from explorer.ui.explorer import Explorer
from explorer.ui.presets import Preset

SMALL = RunSpec(horizon=200, seeds=2, device="cpu")
QUICK = ("First look", "Match heavy")
DIGITS = 2e-3  # what is printed, and drawn


def test_the_stored_runs_weigh_a_few_kilobytes_each():
    assert FILE.stat().st_size < 6_000 * len(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_stored_run_of_itself_as_it_stands(name):
    stored = recorded(PRESETS[name])
    assert stored is not None, "run `make recordings`"
    assert stored.series
    assert stored.sentence


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in PRESETS],
)
def test_a_stored_run_is_what_its_preset_shows_today(name):
    stored, today = recorded(PRESETS[name]), record(PRESETS[name])
    assert list(stored.series) == list(today.series), "run `make recordings`"
    for line, (x, y) in today.series.items():
        np.testing.assert_allclose(stored.series[line][0], x, rtol=DIGITS)
        np.testing.assert_allclose(stored.series[line][1], y, rtol=DIGITS)
    assert untimed(stored.sentence) == untimed(today.sentence)


def untimed(sentence):
    """A sentence, or a table but for its last column, which is seconds of some machine."""
    return re.sub(r"(?m) +(seconds|[\d.]+)$", "", sentence) if "\n" in sentence else sentence


def test_a_preset_that_has_changed_has_no_stored_run():
    preset = PRESETS["First look"]
    other = Preset(preset.name, preset.question, preset.spec.replace(tail_index=1.5))
    assert recorded(other) is None
    assert recorded(Preset("Mine", "Why?", SMALL)) is None


def test_equal_runs_make_equal_files(tmp_path):
    preset = Preset("Mine", "Why?", SMALL)
    for name in ("one", "two"):
        write([(preset, record(preset))], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_key_hangs_on_all_that_is_drawn():
    plain = Preset("Mine", "Why?", SMALL)
    others = [
        Preset("Mine", "Why?", SMALL.replace(seed=1)),
        Preset("Mine", "Why?", SMALL, variants=({"transport": True},)),
        Preset("Mine", "Why?", SMALL, plots=("rate",)),
        Preset("Mine", "Why?", SMALL, plots=("rate",), study={"rate": {"horizons": (10, 100)}}),
    ]
    assert len({key(one) for one in (plain, *others)}) == 5
    assert key(Preset("Yours", "What?", SMALL)) == key(plain)


def test_a_line_that_is_thinned_keeps_its_ends():
    x, y = thinned(np.arange(1000.0), np.arange(1000.0) ** 2)
    assert len(x) == 80
    assert (x[0], x[-1], y[-1]) == (0, 999, 999**2)


@pytest.mark.parametrize("name", PRESETS)
def test_a_page_begins_with_the_stored_run_and_says_that_it_is_one(name):
    panel = Explorer(preset=name)
    stored = recorded(PRESETS[name])
    assert panel.session.sentence.startswith("Stored run:")
    first, *table = panel.session.sentence.splitlines()
    assert not table or first == "Stored run:", "the head of a table stands over its columns"
    assert panel.view.alt == panel.session.sentence
    assert set(panel.view.series) == set(stored.series)
    plot = PLOTS[panel.plot]()
    plot.show(panel.session.seen.data, stored=stored.series)
    assert plot._recalled.words.get_text() == WORDS
    assert sum(line.get_visible() for line in plot._recalled.lines) == len(stored.series)
    named = [text.get_text() for text in plot._recalled._names if text.get_visible()]
    assert set(named) <= set(stored.series)
    assert named, "a grey line says what it is"
    ours = {*plot._recalled.lines, *plot._recalled._names, plot._recalled.words}
    assert not [one for one in plot.moving if one.get_visible() and one not in ours]
    for x, y in stored.series.values():
        low, high = plot.panes[0].axes.get_ylim()
        assert low <= np.nanmin(y[y > 0]) <= np.nanmax(y) <= high, "all of it can be seen"
        low, high = plot.panes[0].axes.get_xlim()
        assert low * 0.999 <= x.min() <= x.max() <= high * 1.001
    panel.close()


def test_a_live_run_takes_over_and_reset_brings_the_stored_one_back(until):
    panel = Explorer(preset="First look")
    panel.controls.widgets["horizon"].value = "200"
    until(lambda: not panel.session.sentence.startswith("Stored run"))
    panel.run()
    assert panel.session.sentence.startswith("200 calls")
    panel._reset()
    until(lambda: panel.state == "idle" and panel.session.sentence.startswith("Stored run"))
    panel.close()
    panel.session.join()

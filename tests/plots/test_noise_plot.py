"""The picture of noise: its lines are the survey's numbers, and no word lies on anything."""

import dataclasses
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text

from explorer.plots._rows import _short_number
from explorer.plots._style import CSS_DPI
from explorer.registry import PLOTS
from explorer.run.noise_survey import survey_noise
from explorer.run.spec import RunSpec

WIDTHS = (360, 420, 760, 1100)  # CSS pixels
SMALLEST_TEXT_PX = 11
LAWS = {
    "stable": {"tail_index": 1.3},
    "isotropic_stable": {"tail_index": 1.05, "norm": "rms_to_rms"},  # a long title, flat lines
    "skewed_stable": {"tail_index": 1.9999},  # the tail begins below everything drawn
    "gaussian": {},
    "pareto": {"tail_index": 1.6},
    "student_t": {"tail_index": 1.6, "noise_scale": 1e8},
    "spike": {"tail_index": 1.6},
    "rare_spike": {"tail_index": 1.3},  # most medians are 0
}


@cache
def survey(noise):
    spec = RunSpec(noise=noise, rows=2, columns=3, noise_scale=2.0, device="cpu")
    return survey_noise(spec.replace(**LAWS[noise]))


def shown(noise, width=760, batches=7, **options):
    """The plot of a survey so far, and what it shows."""
    data = survey(noise)
    data = dataclasses.replace(data, norms=data.norms[:batches])
    plot = PLOTS["noise"](size=(width / CSS_DPI, 5.0), **options)
    plot.update(data)
    return plot, data


def words(plot, axes=None):
    texts = [a for a in plot.moving if isinstance(a, Text) and a.get_visible()]
    return [text for text in texts if axes is None or text.axes is axes]


def said(plot):
    return " ".join(text.get_text() for text in words(plot))


def pixels_of_lines(plot, axes):
    """Points along every line and band of a pane, close together."""
    paths = [line.get_xydata() for line in axes.lines if line.get_visible()]
    paths += [p.vertices for c in axes.collections if c.get_visible() for p in c.get_paths()]
    for path in paths:
        points = axes.transData.transform(path[np.isfinite(path).all(1)])
        steps = np.linspace(0, 1, 200)[:, None]
        for a, b in pairwise(points):
            yield a + (b - a) * steps


def boxes_of(plot):
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    return [(text, text.get_window_extent(renderer)) for text in words(plot)]


@pytest.mark.parametrize("noise", LAWS)
@pytest.mark.parametrize("batches", [0, 2, 7])
@pytest.mark.parametrize("width", WIDTHS)
def test_words_lie_in_their_pane_and_on_no_line_and_no_other_words(noise, batches, width):
    plot, _ = shown(noise, width, batches)
    boxes = boxes_of(plot)
    assert len(boxes) >= (2 if batches == 0 else 5 if batches == 7 else 4)
    for text, box in boxes:
        pane = text.axes.bbox
        assert box.x0 >= pane.x0
        assert box.x1 <= pane.x1 + 1
        assert pane.y0 <= box.y0
        assert box.y1 <= pane.y1 + 1
        assert text.get_fontsize() * CSS_DPI / 72 >= SMALLEST_TEXT_PX
        for x, y in (points.T for points in pixels_of_lines(plot, text.axes)):
            inside = (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)
            assert not inside.any(), text.get_text()
        for other, beside in boxes:
            apart = box.x1 <= beside.x0 or beside.x1 <= box.x0
            apart |= box.y1 <= beside.y0 or beside.y1 <= box.y0
            assert other is text or apart, (text.get_text(), other.get_text())


@pytest.mark.parametrize("noise", LAWS)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_at_the_edge_and_no_tick_lies_on_a_label(noise, width):
    plot, _ = shown(noise, width)
    figure = plot.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for axes in plot.all_axes:
        label = axes.yaxis.label.get_window_extent(renderer)
        assert plot._title.get_window_extent(renderer).x1 <= figure.bbox.x1
        assert label.x0 >= 0
        for tick in axes.get_yticklabels():
            low, high = axes.get_ylim()
            if low <= tick.get_position()[1] <= high:
                assert tick.get_window_extent(renderer).x0 >= label.x1 - 1, tick.get_text()
        ticks = [t.get_window_extent(renderer) for t in axes.get_xticklabels()]
        drawn = [t for t in ticks if axes.bbox.x0 <= (t.x0 + t.x1) / 2 <= axes.bbox.x1]
        assert len(drawn) >= 1
        for a, b in pairwise(drawn):
            assert a.x1 < b.x0


@pytest.mark.parametrize("noise", LAWS)
def test_every_series_is_a_line_with_the_surveys_numbers(noise):
    plot, data = shown(noise)
    p, medians = data.noise.tail_index, data.quantiles[1]
    wanted = {
        "survival": (data.sizes, data.survival),
        "median": (data.batch_sizes[medians > 0], medians[medians > 0]),
        "mean": (data.batch_sizes, data.norms.mean(1)),
        "bound": (data.batch_sizes, data.constant * data.batch_sizes ** (1 / p - 1)),
    }
    series = plot.series(data)
    assert series.keys() - {"tail"} == wanted.keys()
    lines = [line for axes in plot.all_axes for line in axes.lines if line.get_visible()]
    for name, (x, y) in wanted.items():
        assert np.array_equal(series[name], (x, y)), name
        assert any(np.array_equal(line.get_data(), (x, y)) for line in lines), name


@pytest.mark.parametrize("noise", ["stable", "pareto", "student_t", "spike"])
def test_the_tail_is_the_laws_own_asymptote_and_is_called_exact(noise):
    plot, data = shown(noise)
    x, y = plot.series(data)["tail"]
    assert y == pytest.approx(data.noise.power_tail() * x**-data.noise.tail_index)
    assert y.max() <= 1
    guide = [line for line in plot.axes.lines if line.get_color() == plot.palette.guide]
    assert [np.array_equal(line.get_data(), (x, y)) for line in guide] == [True]
    assert guide[0].get_visible()
    assert f"exact tail {data.tail:.3g} $x^{{-{data.noise.tail_index:g}}}$" in said(plot)


@pytest.mark.parametrize("noise", ["gaussian", "rare_spike"])
def test_where_there_is_no_power_tail_the_picture_says_so_and_draws_none(noise):
    for width in WIDTHS:
        plot, data = shown(noise, width)
        assert "no power tail" in said(plot)
        assert "exact tail" not in said(plot)
        assert "tail" not in plot.series(data)
        colours = [line.get_color() for line in plot.axes.lines if line.get_visible()]
        assert plot.palette.guide not in colours


def test_a_tail_far_below_all_draws_is_left_out_and_this_is_said():
    data = survey("stable")
    noise = dataclasses.replace(data.noise, tail_index=2 - 1e-12)
    plot = PLOTS["noise"]()
    plot.update(dataclasses.replace(data, noise=noise))
    assert "exact tail below this picture" in said(plot)
    assert plot.axes.get_ylim()[0] > 1e-7


def test_the_guide_has_the_exponent_and_stays_below_the_range_of_draws():
    for noise in ("pareto", "stable", "gaussian"):
        plot, data = shown(noise)
        (guide,) = [x for x in plot.all_axes[1].lines if x.get_color() == plot.palette.guide]
        x, y = guide.get_data()
        slope = np.log(y[-1] / y[0]) / np.log(x[-1] / x[0])
        assert slope == pytest.approx(1 / data.noise.tail_index - 1)
        assert (y < np.percentile(data.norms, 10, axis=1)).all()
        assert f"exponent $-(1-1/p)$ = {data.exponent:.3f}" in said(plot)


def test_the_measured_slope_stands_beside_the_exponent_at_every_width():
    for width in WIDTHS:
        plot, data = shown("pareto", width)
        assert f"slope {data.fitted.value:.3f}" in said(plot)
        assert f"{data.exponent:.3f}" in said(plot)
        assert "upper bound" in said(plot)
        assert "exact mean" in said(shown("stable", width)[0])


def test_the_band_and_the_bars_are_the_surveys_quantiles_and_intervals():
    plot, data = shown("stable")
    low, _, high = np.percentile(data.norms, (10, 50, 90), axis=1)
    (band,) = plot.all_axes[1].collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices}
    for edge in (low, high):
        assert set(zip(data.batch_sizes, edge, strict=True)) <= corners
    ends = np.column_stack([*data.mean_intervals, np.full(7, np.nan)]).ravel()
    lines = [line for line in plot.all_axes[1].lines if len(line.get_xdata()) == 21]
    assert [np.array_equal(line.get_ydata(), ends, equal_nan=True) for line in lines] == [True]


def test_medians_of_zero_are_counted_and_not_drawn():
    plot, data = shown("rare_spike", 1100)
    zeros = int((data.quantiles[1] == 0).sum())
    assert zeros > 0
    assert f"median (0 for {zeros} B)" in said(plot)
    assert len(plot.series(data)["median"][0]) == 7 - zeros


def test_sizes_are_named_after_what_they_are():
    assert r"\xi_{ij}" in shown("stable")[0].axes.get_ylabel()
    assert r"\|\xi\|_F" in shown("spike")[0].axes.get_ylabel()


def test_without_a_constant_there_is_no_bound():
    plot = PLOTS["noise"]()
    plot.update(dataclasses.replace(survey("pareto"), constant=float("nan")))
    assert "bound" not in said(plot)
    dashed = [line for line in plot.all_axes[1].lines if line.get_linestyle() == "--"]
    assert not any(line.get_visible() for line in dashed if isinstance(line, Line2D))


def test_both_panes_stay_logarithmic_and_have_their_own_words():
    plot, data = shown("stable", xscale="linear")
    assert [axes.get_xscale() for axes in plot.all_axes] == ["log", "log"]
    left, right = plot.panes
    assert (left.words["xlabel"], right.words["xlabel"]) == ("size x", "batch size B")
    assert {*left.lines, *right.lines} == plot.series(data).keys()


@pytest.mark.parametrize(
    ("value", "label"),
    [(1, "1"), (0.05, "0.05"), (1e-3, "1e-3"), (2e-5, "2e-5"), (5000, "5,000"), (1e11, "1e11")],
)
def test_labels_of_ticks_are_short(value, label):
    assert _short_number(value) == label

"""The pictures: artists made once, numbers drawn as they are, words that can be read."""

import dataclasses
import io
import threading
import time

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from explorer.plots._canvas import Canvas
from explorer.plots._style import CSS_DPI, KEPT_DASHES, PALETTES, THEMES
from explorer.registry import PLOTS
from explorer.run.experiment import Experiment, run
from explorer.run.grid import Grid
from explorer.run.noise_survey import NoiseSurvey, survey_noise
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.sweep import sweep
from explorer.run.trace import Trace

EXACT = 1e-9  # logarithms of float64
SMALLEST_TEXT_PX = 11
CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3, for text

SPEC = RunSpec(norm="sign", rows=2, columns=2, horizon=1000, seeds=5, device="cpu")


@pytest.fixture(scope="module")
def trace():
    return run(SPEC)


@pytest.fixture(scope="module")
def rate():
    return sweep(SPEC, horizons=[100, 1000, 4000])


@pytest.fixture(scope="module")
def kept():
    specs = {"frobenius": {"norm": "frobenius"}, "p = 2": {"tail_index": 2.0}}
    specs |= {"batch 4": {"batch_size": 4}, "transport": {"transport": True}}
    return [(label, run(SPEC.replace(**change))) for label, change in specs.items()]


@pytest.fixture(scope="module")
def network():
    return run(RunSpec(problem="mlp(width=4)", horizon=480, seeds=3, device="cpu"))


@pytest.fixture(params=sorted(PLOTS))
def plot(request):
    return PLOTS[request.param]


@pytest.fixture(scope="module")
def grid():
    spec = SPEC.replace(horizon=200)
    return sweep(spec, transport=[False, True], tail_index=[1.3, 1.6, 2.0])


@pytest.fixture(scope="module")
def survey():
    return survey_noise(SPEC)


@pytest.fixture
def data(plot, trace, rate, grid, survey):
    others = {PLOTS["rate"]: rate, PLOTS["grid"]: grid, PLOTS["noise"]: survey}
    return others.get(plot, trace)


def begun(data, records):
    """The same run or rate when so many of its records or horizons were there."""
    if isinstance(data, Rate):
        return Rate(spec=data.spec, horizons=data.horizons, traces=data.traces[:records])
    if isinstance(data, Grid):
        return Grid(spec=data.spec, axes=data.axes, cells=data.cells[:records])
    if isinstance(data, NoiseSurvey):
        nothing = {} if records else {"sizes": np.empty(0), "survival": np.empty(0)}
        return dataclasses.replace(data, norms=data.norms[:records], **nothing)
    early = Trace(spec=data.spec, exponent=data.exponent, exponent_formula=data.exponent_formula)
    for row in data._rows[:records]:
        early.append(row)
    return early


def visible(plot, kind):
    return [artist for artist in plot.moving if isinstance(artist, kind) and artist.get_visible()]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def drawn(plot, x, y):
    """Whether a visible line holds exactly these numbers."""
    return any(
        np.array_equal(line.get_xdata(), x) and np.array_equal(line.get_ydata(), y, equal_nan=True)
        for line in visible(plot, Line2D)
    )


def test_an_update_moves_artists_and_makes_none(plot, data, kept):
    picture = plot()

    def children():
        owners = (picture.figure, *picture.all_axes)
        return [len(owner.get_children()) for owner in owners]

    made = children()
    moving = [id(artist) for artist in picture.moving]
    for shown, beside in ((begun(data, 0), []), (begun(data, 2), kept), (data, kept), (data, [])):
        picture.update(shown, beside if plot is PLOTS["decay"] else ())
        picture.figure.canvas.draw()
        assert children() == made
        assert [id(artist) for artist in picture.moving] == moving


@pytest.mark.parametrize("theme", THEMES)
def test_a_png_has_two_pixels_for_each_css_pixel_and_the_themes_ground(plot, data, theme):
    image = pixels(plot.png(data, theme=theme))
    ground = tuple(int(PALETTES[theme].ground[i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(image[0, 0]) == ground
    width, height = plot(theme=theme).figure.get_size_inches()
    assert image.shape == (round(2 * CSS_DPI * height), round(2 * CSS_DPI * width), 3)
    assert (image != ground).any(-1).mean() > 0.01, "something is drawn"


def test_the_same_numbers_give_the_same_bytes_and_more_numbers_others(plot, data):
    canvas = Canvas(plot(), clock=lambda: 0.0)
    half = begun(data, 120 if isinstance(data, Trace) else 2)
    first = canvas.png(half)
    assert canvas.png(half) == first
    assert canvas.png(data) != first
    assert canvas.png(half) == first, "a frame does not depend on the frames before it"


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_frame_is_a_full_redraw(plot, data, ratio):
    canvas = Canvas(plot(), pixel_ratio=ratio)
    for records in (1, 2, 10**6):
        frame = pixels(canvas.png(begun(data, records)))
    full = plot()
    full.update(data)
    buffer = io.BytesIO()
    full.figure.savefig(buffer, format="png", dpi=CSS_DPI * ratio)
    redraw = pixels(buffer.getvalue())
    assert frame.shape == redraw.shape
    # the frame has letters below lines, a redraw above: they differ where the two meet
    assert (abs(frame - redraw).max(-1) > 32).mean() < 2e-3


def test_every_series_is_a_line_with_the_traces_numbers(trace, rate, kept, network):
    decay = PLOTS["decay"]()
    decay.update(trace, kept)
    series = decay.series(trace, kept)
    expected = {
        "mean over seeds": (trace.calls, trace.stationarity.mean(1)),
        "weighted mean": (trace.stratum_end, trace.running_mean),
        "bound": (trace.stratum_end, trace.bound),
    } | {label: (one.calls, one.mean) for label, one in kept}
    assert series.keys() == expected.keys()
    for name, (x, y) in expected.items():
        assert np.array_equal(series[name], (x, y)), name
        assert drawn(decay, x, y), name
    decay.update(network)
    loss = network.measures["value"].mean(1)
    assert np.array_equal(decay.series(network)["training loss"], (network.calls, loss))
    assert drawn(decay, network.calls, loss)
    assert not drawn(decay, network.stratum_end, network.bound)
    picture = PLOTS["rate"]()
    picture.update(rate)
    for name, (x, y) in picture.series(rate).items():
        assert drawn(picture, x, y), name
    assert np.array_equal(picture.series(rate)["bound"], (rate.calls, rate.bound))


def test_bands_are_the_quantiles_of_the_seeds(trace):
    decay = PLOTS["decay"]()
    decay.update(trace)
    bands = visible(decay, Collection)
    for band, (low, high) in zip(bands, ((10, 90), (25, 75)), strict=True):
        corners = band.get_paths()[0].vertices
        for share in (low, high):
            edge = np.column_stack((trace.calls, np.percentile(trace.stationarity, share, axis=1)))
            assert {tuple(point) for point in edge} <= {tuple(point) for point in corners}


def test_one_seed_has_no_band(trace):
    decay = PLOTS["decay"]()
    decay.update(run(SPEC.replace(seeds=1)))
    assert not visible(decay, Collection)


def test_kept_lines_differ_in_dash_and_colour_and_carry_their_labels(trace, kept):
    decay = PLOTS["decay"]()
    decay.update(trace, kept)
    lines = [
        line
        for line in visible(decay, Line2D)
        for _, one in kept
        if np.array_equal(line.get_xdata(), one.calls)
        and np.array_equal(line.get_ydata(), one.mean)
    ]
    assert len(lines) == len(kept) == 4
    assert len({line.get_color() for line in lines}) == 4
    assert len(set(map(str, KEPT_DASHES))) == 4
    assert len({str(line._dash_pattern) for line in lines}) == 4
    words = [text.get_text() for text in visible(decay, Text)]
    assert all(label in words for label, _ in kept)


def test_all_lines_of_a_picture_differ_in_more_than_colour(trace, kept):
    decay = PLOTS["decay"]()
    decay.update(trace, kept)
    looks = [(str(line._dash_pattern), line.get_linewidth()) for line in visible(decay, Line2D)]
    assert len(looks) == len(set(looks))


@pytest.mark.parametrize("name", ["decay", "rate"])
def test_the_guide_has_the_slope_of_the_theorem_and_says_so(name, trace, rate):
    data = {"decay": trace, "rate": rate}[name]
    picture = PLOTS[name]()
    picture.update(data)
    guide = picture.palette.guide
    (line,) = [one for one in visible(picture, Line2D) if one.get_color() == guide]
    (x0, x1), (y0, y1) = line.get_data()
    assert np.log(y1 / y0) / np.log(x1 / x0) == pytest.approx(data.exponent, rel=EXACT)
    (words,) = [one.get_text() for one in visible(picture, Text) if one.get_color() == guide]
    assert words.startswith("exponent of the theorem")
    assert f"{data.exponent:.3f}" in words
    assert data.exponent_formula in words


def test_the_fitted_line_has_the_measured_slope(rate):
    picture = PLOTS["rate"]()
    picture.update(rate)
    ends = [line for line in visible(picture, Line2D) if len(line.get_xdata()) == 2]
    slopes = [np.diff(np.log(e.get_ydata()))[0] / np.diff(np.log(e.get_xdata()))[0] for e in ends]
    assert any(slope == pytest.approx(rate.slope, rel=EXACT) for slope in slopes)
    words = " ".join(" ".join(text.get_text() for text in visible(picture, Text)).split())
    assert f"measured slope {rate.slope:.3f}" in words
    assert f"slope {rate.bound_slope:.3f}" in words


@pytest.mark.parametrize("lost", [[2], [0, 1, 2, 3, 4]], ids=["one seed", "every seed"])
@pytest.mark.parametrize("xscale", ["log", "linear"])
def test_seeds_that_diverged_do_not_break_the_picture(lost, xscale):
    experiment = Experiment(SPEC)
    while not experiment.finished:
        if experiment.step == 300:
            experiment.state["x"][lost] = float("nan")
        experiment.advance()
    trace = experiment.trace
    decay = PLOTS["decay"](xscale=xscale)
    canvas = Canvas(decay)
    assert canvas.png(trace).startswith(b"\x89PNG")
    assert np.isfinite([*decay.axes.get_xlim(), *decay.axes.get_ylim()]).all()
    if len(lost) < 5:
        whole = np.delete(trace.stationarity, lost, axis=1).mean(1)
        assert drawn(decay, trace.calls, whole)


def test_a_run_that_has_not_begun_is_an_empty_picture(plot, data):
    picture = plot()
    nothing = begun(data, 0)
    picture.update(nothing)
    assert not visible(picture, (Line2D, Collection))
    assert picture.series(nothing) == {}
    assert Canvas(picture).png(nothing).startswith(b"\x89PNG")


@pytest.mark.parametrize("records", [1, 2, 3, 11, 12, 13, 40])
def test_a_run_is_drawn_from_its_first_record_on(trace, records):
    decay = PLOTS["decay"]()
    assert Canvas(decay).png(begun(trace, records)).startswith(b"\x89PNG")


def test_a_linear_axis_starts_at_no_calls_and_has_no_guide(trace):
    decay = PLOTS["decay"](xscale="linear")
    decay.update(trace)
    assert decay.axes.get_xscale() == "linear"
    assert decay.axes.get_xlim()[0] == 0
    colours = [line.get_color() for line in visible(decay, Line2D)]
    assert decay.palette.guide not in colours
    assert decay.palette.run in colours


def test_every_number_drawn_is_inside_the_axes(plot, data):
    picture = plot()
    picture.update(data)
    series, seen = picture.series(data), set()
    for axes, _, lines in picture.panes:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        for name in series if lines is None else lines:
            x, y = series[name]
            seen.add(name)
            assert ((x >= left) & (x <= right)).all()
            assert ((y >= low) & (y <= high)).all()
    assert seen == series.keys(), "every line is in a pane"


def test_text_is_large_enough_to_read(plot, data, kept):
    picture = plot()
    picture.update(data, kept if plot is PLOTS["decay"] else ())
    picture.figure.canvas.draw()
    sizes = {t.get_text(): t.get_fontsize() for t in picture.figure.findobj(Text) if t.get_text()}
    assert len(sizes) > 5
    small = {text: size for text, size in sizes.items() if size * CSS_DPI / 72 < SMALLEST_TEXT_PX}
    assert not small


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_words_keep_clear_of_the_edge_of_the_picture(plot, data, ratio):
    canvas = Canvas(plot(), pixel_ratio=ratio)
    canvas.png(data)
    width, height = canvas.plot.figure.bbox.width, canvas.plot.figure.bbox.height
    for text in visible(canvas.plot, Text):
        box = text.get_window_extent(canvas._agg.renderer)
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= width, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.y1 <= height, text.get_text()


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_has_the_contrast_of_text(theme):
    palette = PALETTES[theme]
    ground = luminance(palette.ground)
    colours = {name: getattr(palette, name) for name in ("ink", "faint", "run", "guide", "loss")}
    colours |= {f"kept {i}": colour for i, colour in enumerate(palette.kept)}
    for name, colour in colours.items():
        light, dark = sorted((luminance(colour), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= CONTRAST, name


def test_the_geometry_of_the_axes_does_not_depend_on_the_pixels(plot, data):
    boxes = []
    for ratio in (1.0, 2.0):
        canvas = Canvas(plot(), pixel_ratio=ratio)
        canvas.png(data)
        assert len(canvas.geometry) == plot.columns
        boxes.append([pane["box"] for pane in canvas.geometry])
        for pane, axes in zip(canvas.geometry, canvas.plot.all_axes, strict=True):
            assert pane["xscale"] == ("linear" if plot is PLOTS["grid"] else "log")
            assert pane["yscale"] == "log"
            assert pane["xlim"] == list(axes.get_xlim())
    end = 0
    for box, again in zip(*boxes, strict=True):
        left, top, width, height = box
        assert box == pytest.approx(again, abs=0.01)
        assert min(box) > 0
        assert left > end, "panes lie side by side"
        end = left + width
        assert top + height < canvas.size[1]
    assert end < canvas.size[0]


def test_letters_lag_behind_lines_by_half_a_second_at_most(trace):
    now = [0.0]
    canvas = Canvas(PLOTS["decay"](), clock=lambda: now[0])
    early, late = begun(trace, 150), begun(trace, 190)
    assert early.complete == late.complete
    canvas.png(early)
    lagging = canvas.png(late)
    now[0] = 0.6
    assert canvas.png(late) != lagging
    assert canvas.png(late) == Canvas(PLOTS["decay"]()).png(late)


@pytest.mark.parametrize("choice", [{"theme": "sepia"}, {"xscale": "cubic"}], ids=str)
def test_an_unknown_theme_or_scale_is_refused(plot, choice):
    (name, value), *_ = choice.items()
    with pytest.raises(ValueError, match=f"{name} must be .*got '{value}'"):
        plot(**choice)


@pytest.mark.parametrize(
    "change",
    [
        {"schedule": "constant", "lr": 0.05, "momentum": 0.9},
        {"schedule": "horizon"},
        {"schedule": "linear"},
        {"optimizer": "sgd", "schedule": "constant", "lr": 0.01},
        {"optimizer": "scion(constrained=True)"},
    ],
    ids=str,
)
def test_no_power_law_is_drawn_or_named_where_no_theorem_speaks_of_the_curve(change):
    trace = run(RunSpec(horizon=400, seeds=2, device="cpu").replace(**change))
    plot = PLOTS["decay"]()
    plot.update(trace)
    assert not plot._guide.get_visible()
    assert "exponent" not in trace.sentence


def test_threads_take_turns_at_drawing(monkeypatch):
    trace, failures, inside = run(RunSpec(horizon=200, seeds=2, device="cpu")), [], []
    update = PLOTS["decay"].update

    def watched(plot, *arguments):
        inside.append(None)
        time.sleep(0.01)  # long enough for another thread to come in, were it let
        failures.extend(inside[1:])
        update(plot, *arguments)
        inside.pop()

    monkeypatch.setattr(PLOTS["decay"], "update", watched)
    canvas = Canvas(PLOTS["decay"]())
    ways = (lambda: PLOTS["decay"].png(trace), lambda: canvas.png(trace), lambda: trace.figure())
    threads = [threading.Thread(target=way) for way in ways * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert inside == []


@pytest.mark.parametrize("p", [1.3, 2.0])
@pytest.mark.parametrize("horizons", [[100, 1000], [100, 1000, 10_000, 100_000]], ids=len)
@pytest.mark.parametrize("size", [(8.2, 5.0), (5.2, 5.0)], ids=str)
def test_no_line_of_a_rate_runs_through_its_words(p, horizons, size):
    spec = RunSpec(norm="sign", rows=2, columns=2, seeds=8, tail_index=p, device="cpu")
    plot = PLOTS["rate"](size=size)
    plot.update(sweep(spec, horizons=horizons))
    renderer = FigureCanvasAgg(plot.figure).get_renderer()
    lines = [line for line in plot.axes.lines if line.get_visible() and len(line.get_xdata()) > 1]
    words = [text for text in plot.axes.texts if text.get_visible()]
    assert len(words) >= 2
    for text in words:
        box = text.get_window_extent(renderer)
        for line in lines:
            x, y = plot.axes.transData.transform(line.get_xydata()).T
            height = np.interp(np.linspace(box.x0, box.x1, 50), x, y, left=np.nan, right=np.nan)
            struck = (height > box.y0) & (height < box.y1)
            assert not struck.any(), (text.get_text(), line.get_label())


def test_a_grid_draws_its_cells_and_their_bounds(grid):
    picture = PLOTS["grid"]()
    picture.update(grid)
    x = np.array([1.3, 1.6, 2.0])
    for name, _transport in enumerate((False, True)):
        cells = grid.cells[3 * name : 3 * name + 3]
        means = np.array([cell.mean_stationarity.mean() for cell in cells])
        assert drawn(picture, x, means)
        assert drawn(picture, x, np.array([cell.bound[-1] for cell in cells]))
    assert {text.get_text().strip() for text in visible(picture, Text)} == {
        "transport off",
        "transport on",
        "thin dashes: the bound",
    }


def test_words_of_kept_runs_lie_on_no_other_words(trace, kept):
    for count in range(1, 5):
        picture = PLOTS["decay"]()
        picture.update(trace, [*kept[:count]])
        assert not any(picture._touches(text) for text in picture._kept_words if text.get_visible())


def test_exact_zeros_squeeze_nothing():
    trace = run(SPEC.replace(noise="none", norm="spectral", rows=4, columns=16))
    assert (trace.mean == 0).any()
    picture = PLOTS["decay"]()
    picture.update(trace)
    assert picture.axes.get_ylim()[0] > 1e-4
    assert "no slope, since a mean is 0" in trace.sentence
    assert "one seed, no interval" in run(SPEC.replace(seeds=1)).sentence


def test_a_grid_of_names_stands_at_its_names():
    grid = sweep(SPEC.replace(horizon=50), norm=["sign", "frobenius"])
    axes = grid.figure().axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["sign", "frobenius"]
    assert axes.get_xlabel() == "norm"


def test_a_grid_of_rates_draws_slopes_and_exponents():
    grid = sweep(SPEC, horizons=[100, 400, 1000], tail_index=[1.3, 2.0])
    picture = PLOTS["grid"]()
    picture.update(grid)
    x = np.array([1.3, 2.0])
    assert drawn(picture, x, np.array([cell.slope for cell in grid.cells]))
    assert drawn(picture, x, np.array([cell.exponent for cell in grid.cells]))
    assert picture.axes.get_yscale() == "linear"

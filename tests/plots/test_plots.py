"""The pictures: artists made once, numbers drawn as they are, words that can be read."""

import dataclasses
import functools
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
from explorer.plots._style import CSS_DPI, KEPT_DASHES, PALETTES, THEMES, plain_number
from explorer.registry import PLOTS
from explorer.run._reaching import METHODS, ReachRun
from explorer.run.contest import Contest
from explorer.run.contest_run import ContestRun
from explorer.run.experiment import Experiment, run
from explorer.run.grid import Grid
from explorer.run.noise_survey import NoiseSurvey, survey_noise
from explorer.run.rate import Rate
from explorer.run.reach import Reach
from explorer.run.spec import RunSpec
from explorer.run.sweep import sweep
from explorer.run.trace import Trace

EXACT = 1e-9  # logarithms of float64
SMALLEST_TEXT_PX = 11
CONTRAST = (4.5, 7)  # WCAG 2.2, success criteria 1.4.3 and 1.4.6, for text

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


def contest_of(spec, norms=("frobenius", "spectral", "sign"), until=10**9):
    """A contest after so many steps."""
    contesting = ContestRun(spec, norms, windows=(1, 16), factors=(0.5, 1, 2))
    while not contesting.finished and until:
        contesting.advance()
        until -= 1
    return contesting.contest


@pytest.fixture(scope="module")
def contest():
    return contest_of(SPEC.replace(problem="quadratic", rows=3, columns=4, horizon=200))


@pytest.fixture(scope="module")
def survey():
    return survey_noise(SPEC)


@pytest.fixture(scope="module")
def sizes():
    spec = SPEC.replace(problem="log_cosh(divide='rank')", norm="spectral", columns=4)
    return sweep(spec, horizons=[400], rows=[1, 2, 4])


@pytest.fixture(scope="module")
def reach():
    chain = RunSpec(problem="chain", seeds=5, device="cpu")
    work = ReachRun(chain, lengths=(1, 2), methods=METHODS[::2])
    while not work.finished:
        work.advance()
    return work.reach


@pytest.fixture
def data(plot, trace, rate, grid, contest, survey, sizes, reach):
    others = {"rate": rate, "contest": contest, "survey": survey, "reach": reach}
    others |= {"grid": sizes if plot is PLOTS["dimension"] else grid}
    return others.get(plot.draws, trace)


@functools.cache
def matrices(records):
    """The matrices at that record of the run of SPEC."""
    experiment = Experiment(SPEC)
    while len(experiment.trace) < records:
        experiment.advance()
    return experiment.trace.snapshot


def begun(data, records):
    """The same run, rate or contest when so many of its records, horizons or norms were there."""
    if isinstance(data, Contest):
        return dataclasses.replace(data, traces=data.traces[:records])
    if isinstance(data, Rate):
        return Rate(spec=data.spec, horizons=data.horizons, traces=data.traces[:records])
    if isinstance(data, Reach):
        some = {name: there[:records] for name, there in data.arrivals.items()}
        return dataclasses.replace(data, arrivals=some)
    if isinstance(data, Grid):
        return Grid(spec=data.spec, axes=data.axes, cells=data.cells[:records])
    if isinstance(data, NoiseSurvey):
        nothing = {} if records else {"sizes": np.empty(0), "survival": np.empty(0)}
        return dataclasses.replace(data, norms=data.norms[:records], **nothing)
    early = Trace(spec=data.spec, exponent=data.exponent, exponent_formula=data.exponent_formula)
    for row in data._rows[:records]:
        early.append(row)
    early.snapshot = matrices(min(records, len(data)))
    return early


def children(plot):
    return [len(axes.get_children()) for axes in plot.all_axes]


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
    figure, axes = len(picture.figure.get_children()), children(picture)
    moving = [id(artist) for artist in picture.moving]
    for shown, beside in ((begun(data, 0), []), (begun(data, 2), kept), (data, kept), (data, [])):
        picture.update(shown, beside if plot is PLOTS["decay"] else ())
        picture.figure.canvas.draw()
        assert children(picture) == axes
        assert len(picture.figure.get_children()) == figure
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
    half = begun(data, {"trace": 120, "reach": 1}.get(plot.draws, 2))
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
    if plot.draws == "reach":  # what no method can be below is known before any has run
        assert picture.series(nothing).keys() == {"N_low"}
        return
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
    series, inside = picture.series(data), []
    for axes, _, names in picture.panes:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        for name in series if names is None else [name for name in names if name in series]:
            x, y = series[name]
            assert ((x >= left) & (x <= right)).all()
            assert ((y >= low) & (y <= high)).all()
            inside.append(name)
    assert sorted(inside) == sorted(series), "every line is in one of the panes"


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
    colours = dataclasses.asdict(PALETTES[theme])
    ground = luminance(colours.pop("ground"))
    colours |= {f"kept {i}": colour for i, colour in enumerate(colours.pop("kept"))}
    for name, colour in colours.items():
        light, dark = sorted((luminance(colour), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= CONTRAST["high" in theme], name


def test_the_geometry_of_the_axes_does_not_depend_on_the_pixels(plot, data):
    boxes = []
    for ratio in (1.0, 2.0):
        canvas = Canvas(plot(), pixel_ratio=ratio)
        canvas.png(data)
        assert len(canvas.geometry) == len(canvas.plot.panes)
        for axes, pane in zip(canvas.geometry, canvas.plot.panes, strict=True):
            boxes.append(axes["box"])
            linear = [PLOTS["geometry"]], [PLOTS["geometry"], PLOTS["grid"]]
            for scale, plots in zip((axes["yscale"], axes["xscale"]), linear, strict=True):
                assert scale == ("linear" if plot in plots else "log")
            assert axes["xlim"] == list(pane.axes.get_xlim())
    half = len(boxes) // 2
    for box, larger in zip(boxes[:half], boxes[half:], strict=True):
        left, top, width, height = box
        assert box == pytest.approx(larger, abs=0.01)
        assert min(box) > 0
        assert left + width < canvas.size[0]
        assert top + height < canvas.size[1]


def test_letters_lag_behind_lines_by_half_a_second_at_most(trace):
    now = [0.0]
    canvas = Canvas(PLOTS["decay"](), clock=lambda: now[0])
    early, late = begun(trace, 150), begun(trace, 190)
    assert early.complete == late.complete
    canvas.png(early, passing=True)
    lagging = canvas.png(late, passing=True)
    now[0] = 0.6
    assert canvas.png(late, passing=True) != lagging
    now[0] = 0.7
    assert canvas.png(early) != canvas.png(early, passing=True), "one that stays waits for nothing"
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
        assert not any(picture.touches(text) for text in picture._kept_words if text.get_visible())


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


def test_a_contest_draws_its_means_their_intervals_and_the_predictor(contest):
    picture = PLOTS["contest"]()
    picture.update(contest)
    rows, places = contest.rows(), np.arange(3) + 0.68
    for row, place in zip(rows, places, strict=True):
        assert drawn(picture, [0, row["mean"]], [place, place])
    ends = [end for row in rows for end in (row["mean low"], row["mean high"], np.nan)]
    (interval,) = [line for line in visible(picture, Line2D) if line.get_marker() == "|"]
    assert np.array_equal(interval.get_xdata(), ends, equal_nan=True)
    expected = rows[0]["mean"] / np.array([row["expected gain"] for row in rows])
    end = picture.axes.get_xlim()[1]
    marks = {line.get_marker(): line for line in visible(picture, Line2D)}
    inside = [number for number in (1, 2) if expected[number] < 0.97 * end]
    beyond = [number for number in (1, 2) if expected[number] >= 0.97 * end]
    assert inside, "one mark of each kind is tried here"
    assert beyond, "one mark of each kind is tried here"
    assert np.array_equal(marks["D"].get_xdata(), expected[inside])
    assert np.array_equal(marks["D"].get_ydata(), places[inside])
    assert np.array_equal(marks[">"].get_ydata(), places[beyond])
    assert (marks[">"].get_xdata() < end).all()
    words = "\n".join(text.get_text() for text in visible(picture, Text))
    assert "predictor (a guide)" in words
    assert "predictor, farther right" in words
    assert all(f"{row['norm']}  {row['mean']:.3g}" in words for row in rows)


def test_a_contest_draws_the_rank_of_a_run_that_goes_on():
    spec = SPEC.replace(problem="quadratic", rows=3, columns=4, horizon=200)
    live = contest_of(spec, ("frobenius", "spectral"), until=740)
    assert (len(live), len(live.traces), live.complete) == (0, 1, False)
    trace = live.traces[0]
    assert 0 < len(trace) < 200
    picture = PLOTS["contest"]()
    picture.update(live)
    series = picture.series(live)
    assert list(series) == ["frobenius"]
    x, y = series["frobenius"]
    assert drawn(picture, x, y)
    rank = trace.measures["gradient nuclear rank"].mean(1)
    # a smoothed line holds every record once: the first ones as they are
    assert (x[0], y[0]) == pytest.approx((trace.calls[0], rank[0]), rel=EXACT)
    assert rank.min() <= y.min() <= y.max() <= rank.max()
    assert len(x) < len(rank)
    assert {text.get_text() for text in visible(picture, Text)} == {
        "frobenius",
        "spectral, to come",
    }


def parts_of(line):
    """Boxes in pixels of a level line, with its width, or of each of its marks."""
    points = line.get_transform().transform(line.get_xydata())
    points = points[np.isfinite(points).all(1)]
    px = CSS_DPI / 72 / 2
    if line.get_marker() == "None":
        pad = line.get_linewidth() * px
        (left, bottom), (right, top) = points.min(0), points.max(0)
        return [(left, bottom - pad, right, top + pad)]
    pad = (line.get_markersize() + line.get_markeredgewidth()) * px
    return [(x - pad, y - pad, x + pad, y + pad) for x, y in points]


def apart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def words_of(plot):
    """All words that are drawn; axes keep labels of ticks outside their limits as well."""
    yield from (plot._title, *visible(plot, Text))
    for axes in plot.all_axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            yield axis.label
            for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True):
                if min(limits) <= place <= max(limits):
                    yield label


@pytest.fixture(scope="module", params=[2, 6])
def spiked(request):
    names = ("frobenius", "spectral", "sign", "column", "nuclear", "row")[: request.param]
    spec = SPEC.replace(problem="quadratic(condition=20.0, spiked=True)", rows=3, columns=3)
    return contest_of(spec.replace(horizon=64), names)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [360, 420, 560, 760, 1100])
def test_words_of_a_contest_lie_on_no_line_and_on_no_other_words(spiked, theme, width):
    norms = len(spiked.norms)
    picture = PLOTS["contest"](theme=theme, size=(width / CSS_DPI, 5.0))
    picture.update(spiked)
    agg = FigureCanvasAgg(picture.figure)
    agg.draw()
    renderer = agg.get_renderer()
    left, right = picture.all_axes
    words = [text for text in words_of(picture) if text.get_text()]
    assert len(words) > norms + 8
    boxes = [(text.get_text(), text.get_window_extent(renderer).extents) for text in words]
    for text, box in boxes:
        assert box[0] >= 0, text
        assert box[1] >= 0, text
        assert box[2] <= width, text
        assert box[3] <= 5 * CSS_DPI, text
    for (text, box), (other, its) in ((a, b) for a in boxes for b in boxes if a is not b):
        assert apart(box, its), (text, other)
    for text in visible(picture, Text):
        assert text.get_window_extent(renderer).y0 > left.bbox.y0, "it lies on the axis"
    lines = [line for line in visible(picture, Line2D) if line.axes is left]
    assert len(lines) >= 2 * norms
    for line in lines:
        assert all(apart(part, box) for part in parts_of(line) for _, box in boxes)
    ranks = [line for line in visible(picture, Line2D) if line.axes is right]
    assert len(ranks) == norms
    looks = {str(line._dash_pattern) for line in ranks}
    assert len(looks) == norms, "they differ in more than colour"


@pytest.mark.parametrize("width", [600, 760, 900])
def test_no_word_is_cut_off(plot, data, kept, width):
    picture = plot(size=(width / CSS_DPI, 5.0))
    picture.update(data, kept if plot is PLOTS["decay"] else ())
    agg = FigureCanvasAgg(picture.figure)
    agg.draw()
    renderer = agg.get_renderer()
    for text in words_of(picture):
        if text.get_text():
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0, text
            assert box.x1 <= width, text
            assert box.y0 >= 0, text
            assert box.y1 <= 5 * CSS_DPI, text


def test_a_title_that_is_too_long_for_a_line_has_two():
    long = RunSpec(norm="sign", tail_index=1.2, schedule="horizon", tuned_for=2.0, device="cpu")
    rate = Rate(spec=long, horizons=(1000, 10_000))
    for width, rows in ((500, 2), (900, 1)):
        picture = PLOTS["rate"](size=(width / CSS_DPI, 5.0))
        picture.update(rate)
        assert picture._title.get_text().replace("\n", " ") == rate.title
        assert picture._title.get_text().count("\n") == rows - 1


def test_tick_labels_are_short_and_plain():
    numbers = (0.1, 1, 20_000, 1e6, 3e-6, 1e12)
    assert [plain_number(x) for x in numbers] == ["0.1", "1", "20,000", "1e6", "3e-6", "1e12"]

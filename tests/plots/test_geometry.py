"""Geometry: what is drawn are the certificate's numbers, and words lie on nothing."""

import dataclasses

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text

from explorer.plots._style import CSS_DPI, HEIGHT_IN, THEMES
from explorer.registry import PLOTS
from explorer.run.certificate import Certificate
from explorer.run.experiment import Experiment, run
from explorer.run.spec import RunSpec

SPEC = RunSpec(norm="spectral", horizon=40, seeds=2, device="cpu")
NORMS = ["frobenius", "l1", "rms_to_rms", "schatten(q=3)", "sign", "spectral"]
WIDTHS = [360, 420, 559, 560, 760, 1100]


@pytest.fixture(scope="module")
def traces():
    specs = [SPEC.replace(norm=n, rows=r, columns=c) for n in NORMS for r, c in ((4, 16), (1, 5))]
    return [run(spec) for spec in (*specs, SPEC.replace(rows=24, columns=32))]


def picture_of(trace, width=787, theme="light"):
    picture = PLOTS["geometry"](size=(width / CSS_DPI, HEIGHT_IN), theme=theme)
    picture.update(trace)
    return picture


def lines_of(axes):
    """The visible lines in the scale of their axes; samples beside words have another one."""
    lines = [line for line in axes.lines if line.get_visible()]
    return [line for line in lines if line.get_transform() == axes.transData]


def drawn(axes, x, y):
    return any(
        np.array_equal(line.get_xdata(), x) and np.array_equal(line.get_ydata(), y)
        for line in lines_of(axes)
    )


def written(picture):
    """Every text on the picture."""
    texts = [artist for artist in picture.moving if isinstance(artist, Text)]
    texts.append(picture._title)
    for axes in picture.all_axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = axis.get_view_interval()
            texts.append(axis.label)
            # a tick beyond the axes is kept and not drawn
            texts += [t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
    return [text for text in texts if text.get_visible() and text.get_text()]


def said(picture):
    texts = [artist for artist in picture.moving if isinstance(artist, Text)]
    return [text.get_text() for text in texts if text.get_visible()]


def test_ball_line_step_and_newton_schulz_are_drawn_where_they_are(traces):
    for trace in traces:
        picture, certificate = picture_of(trace), Certificate.of(trace)
        plane = picture.all_axes[0]
        assert drawn(plane, *certificate.ball.T)
        assert drawn(plane, *certificate.lmo[:, None])
        (line,) = [
            one for one in lines_of(plane) if list(one.get_xdata()) == [certificate.support] * 2
        ]
        low, high = line.get_ydata()
        assert low < certificate.ball[:, 1].min()
        assert high > certificate.ball[:, 1].max()
        quick = certificate.approximation
        assert len(lines_of(plane)) == (5 if quick is None else 6)
        assert quick is None or drawn(plane, *quick.point[:, None])


def test_the_arrows_point_along_minus_m_and_along_the_projected_gradient(traces):
    for trace in traces:
        picture, certificate = picture_of(trace), Certificate.of(trace)
        arrows = [line for line in lines_of(picture.all_axes[0]) if len(line.get_xdata()) == 5]
        thick, thin = sorted(arrows, key=lambda line: -line.get_linewidth())
        length = thick.get_xdata()[1]
        assert 0.5 * certificate.support < length < certificate.support
        assert (thick.get_xdata()[0], *thick.get_ydata()[:2]) == (0, 0, 0)
        tip = thin.get_xdata()[1], thin.get_ydata()[1]
        np.testing.assert_allclose(tip, length * certificate.gradient, rtol=1e-12)
        assert thin.get_linewidth() < thick.get_linewidth()


def test_every_spectrum_is_drawn_from_index_one_on(traces):
    for trace in traces:
        picture, certificate = picture_of(trace), Certificate.of(trace)
        for shares in certificate.spectra.values():
            assert drawn(picture.all_axes[1], np.arange(1, len(shares) + 1), shares)
        assert len(lines_of(picture.all_axes[1])) == len(certificate.spectra)


def test_the_read_out_has_every_spectrum_and_the_points_of_the_plane(traces):
    for trace in traces:
        picture, certificate = picture_of(trace), Certificate.of(trace)
        series = picture.series(trace)
        for name, shares in certificate.spectra.items():
            assert np.array_equal(series[f"sigma of {name}"][1], shares)
        assert np.array_equal(np.ravel(series["step"]), certificate.lmo)
        assert ("Newton-Schulz" in series) == (certificate.approximation is not None)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_length_is_as_long_upwards_as_along_and_the_plane_is_in_view(traces, width):
    for trace in traces:
        plane = picture_of(trace, width).all_axes[0]
        (x0, y0), (x1, y1) = plane.transData.transform([(0, 0), (1, 1)])
        assert x1 - x0 == pytest.approx(y1 - y0, rel=1e-9)
        inside = plane.bbox
        for line in lines_of(plane):
            for x, y in plane.transData.transform(line.get_xydata()):
                assert inside.x0 <= x <= inside.x1
                assert inside.y0 <= y <= inside.y1


def test_limits_stand_still_while_a_run_goes_on():
    experiment, picture, seen = Experiment(SPEC), PLOTS["geometry"](), set()
    while not experiment.finished:
        experiment.advance()
        picture.update(experiment.trace)
        seen.add(tuple((*axes.get_xlim(), *axes.get_ylim()) for axes in picture.all_axes))
    assert len(seen) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_words_lie_on_no_line_on_no_other_words_and_in_the_picture(traces, width):
    for trace in traces:
        picture = picture_of(trace, width)
        renderer = FigureCanvasAgg(picture.figure).get_renderer()
        picture.figure.draw(renderer)
        boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in written(picture)]
        assert len(boxes) > 15
        lines = [line for axes in picture.all_axes for line in axes.lines if line.get_visible()]
        paths = [line.get_transform().transform_path(line.get_path()) for line in lines]
        for number, (text, box) in enumerate(boxes):
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= picture.figure.bbox.width, text
            assert box.y1 <= picture.figure.bbox.height, text
            for other, beside in boxes[:number]:
                assert not box.overlaps(beside), (text, other)
            assert not any(path.intersects_bbox(box, filled=False) for path in paths), text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_gap_and_newton_schulz_are_said_as_fully_as_the_width_allows(width, theme):
    trace = run(SPEC)
    certificate = Certificate.of(trace)
    words = said(picture_of(trace, width, theme))
    exact, quick = certificate.captions
    assert any(text in exact for text in words)
    assert any(text in quick for text in words)
    if width >= 760:
        assert exact[0] in words
        assert quick[0] in words
    assert (r"step = lmo$(M)$" in words) == (width >= 560)


def altered(trace, **matrices):
    return dataclasses.replace(trace, snapshot=dataclasses.replace(trace.snapshot, **matrices))


NOTHING = {
    "press Run": lambda: Experiment(SPEC).trace,
    "network": lambda: run(RunSpec(problem="mlp(width=4)", horizon=64, seeds=1, device="cpu")),
    "diverged": lambda: altered(run(SPEC), gradient=np.full((4, 16), np.nan)),
}


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("words", NOTHING)
def test_a_sentence_stands_in_place_of_what_there_is_not(words, width):
    picture = picture_of(NOTHING[words](), width)
    renderer = FigureCanvasAgg(picture.figure).get_renderer()
    box, plane = picture._why.get_window_extent(renderer), picture.all_axes[0].bbox
    assert plane.x0 <= box.x0 < box.x1 <= plane.x1
    assert plane.y0 <= box.y0 < box.y1 <= plane.y1
    (sentence,) = said(picture)
    assert words in sentence.replace("\n", " ")
    assert not [a for a in picture.moving if isinstance(a, Line2D) and a.get_visible()]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_baseline_shows_its_gradient_and_says_that_it_has_no_ball(optimizer):
    trace = run(SPEC.replace(optimizer=optimizer, schedule="constant", lr=0.1))
    picture = picture_of(trace)
    assert "no norm and no LMO" in said(picture)[-1].replace("\n", " ")
    sigma = np.linalg.svd(trace.snapshot.gradient, compute_uv=False)
    (line,) = lines_of(picture.all_axes[1])
    np.testing.assert_allclose(line.get_ydata(), sigma / sigma[0], atol=1e-9)
    assert not lines_of(picture.all_axes[0])
    assert picture.series(trace).keys() == {"sigma of gradient"}


def test_one_pair_of_matrices_is_certified_once_and_another_anew():
    trace = run(SPEC)
    picture = picture_of(trace)
    once = picture._certificate(trace)
    picture.update(trace)
    assert picture._certificate(trace.still()) is once
    other = altered(trace, momentum=-trace.snapshot.momentum)
    assert picture._certificate(other) is not once
    assert picture._certificate(other).lmo[0] == pytest.approx(once.lmo[0])

"""Certificate: the ball left of the line, the step on it, and Newton-Schulz beside them."""

import dataclasses

import numpy as np
import pytest
import torch

from explorer.norms._base import as_norm
from explorer.norms._newton_schulz import newton_schulz
from explorer.norms._polar import lmo_gap
from explorer.registry import NORMS
from explorer.run.certificate import Certificate, absent, certify
from explorer.run.experiment import Experiment, run
from explorer.run.snapshot import Snapshot
from explorer.run.spec import RunSpec

EXACT = 1e-9  # float64, an eigendecomposition, and a polar factor as good as M's condition
SHAPES = ((1, 2), (2, 2), (1, 5), (4, 16), (16, 4), (7, 7))
OPTIONS = ["schatten(q=1.2)", "schatten(q=3)", "ky_fan(k=3)"]
SPEC = RunSpec(norm="spectral", horizon=30, seeds=2, device="cpu")
POLAR = {"spectral": lambda m, n: 1.0, "rms_to_rms": lambda m, n: (m / n) ** 0.5}


@pytest.fixture(params=[*sorted(NORMS), *OPTIONS])
def norm(request):
    return as_norm(request.param)


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


def snapshots(shape):
    """Normal entries, and their cubes, whose sizes differ widely."""
    generator = torch.Generator().manual_seed(0)
    for power in (1, 1, 3, 3):
        momentum, gradient = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        yield Snapshot(0, gradient.numpy(), (momentum**power).numpy())


def certificates(shape, norm):
    for snapshot in snapshots(shape):
        yield snapshot, certify(snapshot, norm, torch.float64)


def in_space(certificate, points):
    """Points of the plane as matrices."""
    return torch.from_numpy(np.tensordot(points, certificate.plane, 1))


def test_the_plane_is_orthonormal_and_its_first_axis_runs_along_minus_m(norm, shape):
    for snapshot, certificate in certificates(shape, norm):
        plane, m = certificate.plane, snapshot.momentum
        gram = np.tensordot(plane, plane, ((1, 2), (1, 2)))
        np.testing.assert_allclose(gram, np.eye(2), atol=EXACT)
        np.testing.assert_allclose(plane[0], -m / np.linalg.norm(m), atol=EXACT)


def test_the_plane_is_orthonormal_where_step_and_momentum_are_almost_parallel():
    for snapshot in snapshots((7, 7)):
        momentum = np.eye(7) + 1e-5 * snapshot.momentum
        almost = dataclasses.replace(snapshot, momentum=momentum)
        plane = certify(almost, as_norm("spectral"), torch.float64).plane
        assert abs((plane[0] * plane[1]).sum()) <= 1e-14  # a first projection leaves 1e-16 / 1e-5


def test_the_boundary_has_norm_one_is_closed_and_goes_round(norm, shape):
    for _, certificate in certificates(shape, norm):
        ball = certificate.ball
        sizes = norm(in_space(certificate, ball))
        torch.testing.assert_close(sizes, torch.ones_like(sizes), rtol=0, atol=EXACT)
        assert np.array_equal(ball[0], ball[-1])
        turns = np.diff(np.unwrap(np.arctan2(ball[:, 1], ball[:, 0])))
        assert turns.min() >= 0
        assert turns.max() < 0.02
        assert turns.sum() == pytest.approx(2 * np.pi)
        assert np.hypot(*ball.T).max() <= certificate.radius + EXACT


def test_the_ball_lies_left_of_the_line_and_the_step_on_it(norm, shape):
    for snapshot, certificate in certificates(shape, norm):
        m = torch.from_numpy(snapshot.momentum)
        support = float(norm.dual_norm(m) / m.square().sum().sqrt())
        assert certificate.support == pytest.approx(support, rel=EXACT)
        assert certificate.ball[:, 0].max() <= support + EXACT
        assert certificate.lmo[0] == pytest.approx(support, abs=EXACT)
        assert certificate.lmo[1] >= -EXACT
        away = np.hypot(*(certificate.ball - certificate.lmo).T).min()
        assert away <= EXACT * certificate.radius, "the boundary has the step's corner"
        assert certificate.gap <= EXACT
        assert certificate.norm == pytest.approx(1, abs=EXACT)


def test_the_step_lies_in_the_plane(norm, shape):
    for snapshot, certificate in certificates(shape, norm):
        step = norm.lmo(torch.from_numpy(snapshot.momentum))
        torch.testing.assert_close(in_space(certificate, certificate.lmo), step, rtol=0, atol=1e-8)


def test_the_gradient_is_projected_at_length_one(norm, shape):
    for snapshot, certificate in certificates(shape, norm):
        unit = -snapshot.gradient / np.linalg.norm(snapshot.gradient)
        found = certificate.gradient
        for axis, place in zip(certificate.plane, found, strict=True):
            assert (unit * axis).sum() == pytest.approx(place, abs=EXACT)
        assert np.hypot(*found) <= 1 + EXACT


def test_spectra_are_singular_values_over_the_largest(norm, shape):
    for snapshot, certificate in certificates(shape, norm):
        m = torch.from_numpy(snapshot.momentum)
        step = norm.lmo(m)
        matrices = {"M": m, "step": step, "gradient": torch.from_numpy(snapshot.gradient)}
        assert set(certificate.spectra) - {"Newton-Schulz"} == set(matrices)
        for name, matrix in matrices.items():
            sigma = torch.linalg.svdvals(matrix).numpy()
            np.testing.assert_allclose(certificate.spectra[name], sigma / sigma[0], atol=1e-7)


@pytest.mark.parametrize("name", [*sorted(NORMS), *OPTIONS])
def test_newton_schulz_stands_beside_polar_factors_only_at_their_scale(name, shape):
    norm = as_norm(name)
    for snapshot, certificate in certificates(shape, norm):
        found = certificate.approximation
        assert (found is not None) == ("Newton-Schulz" in certificate.spectra) == (name in POLAR)
        if found is None:
            assert "Newton" not in certificate.sentence
            continue
        m = torch.from_numpy(snapshot.momentum)
        quick = newton_schulz(m)
        sigma = torch.linalg.svdvals(quick)
        assert found.norm == pytest.approx(float(sigma[0]), rel=1e-6)
        nuclear = torch.linalg.svdvals(m).sum()
        assert found.reach == pytest.approx(float((m * quick).sum() / nuclear), rel=1e-6)
        assert found.reach_in_ball == min(found.reach, found.reach / found.norm)
        place = [-POLAR[name](*shape) * float((quick * torch.from_numpy(axis)).sum())
                 for axis in certificate.plane]  # fmt: skip
        np.testing.assert_allclose(found.point, place, atol=EXACT)
        np.testing.assert_allclose(certificate.spectra["Newton-Schulz"], sigma, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e200])
def test_the_size_of_the_momentum_does_not_count(norm, scale):
    for snapshot, certificate in certificates((4, 16), norm):
        scaled = dataclasses.replace(snapshot, momentum=snapshot.momentum * scale)
        other = certify(scaled, norm, torch.float64)
        assert other.support == pytest.approx(certificate.support, rel=EXACT)
        np.testing.assert_allclose(other.plane, certificate.plane, atol=1e-6)
        np.testing.assert_allclose(other.lmo, certificate.lmo, atol=1e-6)
        np.testing.assert_allclose(other.spectra["M"], certificate.spectra["M"], atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_step_is_the_one_that_the_run_took(dtype):
    trace = run(SPEC.replace(dtype=dtype))
    certificate = Certificate.of(trace)
    momentum = torch.from_numpy(trace.snapshot.momentum).to(getattr(torch, dtype))
    step = as_norm("spectral").lmo(momentum).double().numpy()
    np.testing.assert_array_equal(certificate.lmo, np.tensordot(certificate.plane, step, 2))
    assert certificate.step == trace.column("step")[-1]
    gap = float(lmo_gap(momentum.double(), torch.from_numpy(step)))
    assert certificate.gap == pytest.approx(abs(gap), abs=1e-13)
    least, most = {"float32": (1e-12, 1e-6), "float64": (0, 1e-12)}[dtype]
    assert least <= certificate.gap <= most


def test_the_sentence_says_gap_norm_and_what_newton_schulz_gives():
    certificate = Certificate.of(run(SPEC))
    quick = certificate.approximation
    outside = f", {quick.reach_in_ball:.2f} once scaled into the ball" if quick.norm > 1 else ""
    assert certificate.sentence == (
        f"LMO gap {certificate.gap:.0e} of the dual norm, norm of the step 1; five bf16 "
        f"Newton-Schulz steps: norm {quick.norm:.2f}, reach {quick.reach:.2f} of the dual norm"
        f"{outside}."
    )
    inside = dataclasses.replace(certificate, approximation=quick._replace(norm=0.9), gap=1e-17)
    assert "scaled" not in inside.sentence
    assert inside.sentence.startswith("LMO gap below 1e-15 of")


def altered(trace, **matrices):
    return dataclasses.replace(trace, snapshot=dataclasses.replace(trace.snapshot, **matrices))


def in_an_unknown_norm(trace):
    """As a file from where more norms are registered is read."""
    foreign = dataclasses.replace(trace.spec)
    object.__setattr__(foreign, "norm", "mine(k=3)")
    return dataclasses.replace(trace, spec=foreign)


ABSENT = {
    "network": lambda: run(RunSpec(problem="mlp(width=4)", horizon=64, seeds=1, device="cpu")),
    "baseline": lambda: run(SPEC.replace(optimizer="sgd", schedule="constant", lr=0.1)),
    "press Run": lambda: Experiment(SPEC).trace,
    "saved without": lambda: dataclasses.replace(run(SPEC), snapshot=None),
    "'mine' is not known": lambda: in_an_unknown_norm(run(SPEC)),
    "1 x 1": lambda: run(SPEC.replace(rows=1, columns=1)),
    "diverged": lambda: altered(run(SPEC), momentum=np.full((4, 16), np.nan)),
    "exactly zero": lambda: altered(run(SPEC), momentum=np.zeros((4, 16))),
}


@pytest.mark.parametrize("words", ABSENT)
def test_where_there_is_no_certificate_a_sentence_says_why(words):
    trace = ABSENT[words]()
    assert words in absent(trace)
    assert absent(trace).endswith(".")
    with pytest.raises(ValueError, match=words):
        Certificate.of(trace)


def test_a_gradient_of_zero_has_no_direction():
    trace = run(SPEC)
    certificate = Certificate.of(altered(trace, gradient=np.zeros((4, 16))))
    assert not certificate.gradient.any()
    assert not certificate.spectra["gradient"].any()

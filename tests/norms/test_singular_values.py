"""The norms of singular values beside an SVD of another library, however far apart these are."""

import numpy as np
import pytest
import torch

from explorer.norms._polar import spectral_map
from explorer.registry import NORMS

NAMES = ["nuclear", "ky_fan(k=2)", "ky_fan(k=3)", "schatten(q=1.3)", "schatten(q=4.0)"]
SHAPES = ((5, 5), (4, 9), (9, 4), (1, 6))
CONDITIONS = (1.0, 1e3, 1e8, 1e14)
# Of the dual norm: a Gram matrix in float64 cannot tell directions below 1e-8 of the largest apart,
# so where a step ends among them it may take the wrong ones.
TOLERANCE = 1e-8


def matrix(shape, condition):
    generator = np.random.default_rng(0)
    rank = min(shape)
    u = np.linalg.qr(generator.standard_normal((shape[0], rank)))[0]
    v = np.linalg.qr(generator.standard_normal((shape[1], rank)))[0]
    return u, np.geomspace(1, 1 / condition, rank), v


def dual_norm(name, sigma):
    if name == "nuclear":
        return sigma.max()
    if name.startswith("ky_fan"):
        return np.sort(sigma)[::-1][: int(name[-2])].sum()
    q = float(name[11:-1])
    return np.linalg.norm(sigma, q / (q - 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_step_is_feasible_and_attains_what_an_svd_promises(name, shape, condition):
    u, sigma, v = matrix(shape, condition)
    g = torch.from_numpy((u * sigma) @ v.T)
    norm = NORMS.make(name)
    step = norm.lmo(g)
    attained = -float((g * step).sum())
    assert attained == pytest.approx(dual_norm(name, sigma), rel=TOLERANCE)
    assert float(norm.dual_norm(g)) == pytest.approx(dual_norm(name, sigma), rel=1e-9)
    values = np.linalg.svd(step.numpy(), compute_uv=False)
    if name.startswith("schatten"):
        assert np.linalg.norm(values, float(name[11:-1])) <= 1 + TOLERANCE
    else:
        k = 1 if name == "nuclear" else int(name[-2])
        assert max(values[0], values.sum() / k) <= 1 + TOLERANCE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("schatten(q=2.0)", "frobenius"),
        ("ky_fan(k=1)", "nuclear"),
        ("ky_fan(k=4)", "spectral"),
        ("ky_fan(k=99)", "spectral"),
    ],
)
def test_norms_that_are_the_same_by_definition_agree(one, other):
    g = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    a, b = NORMS.make(one), NORMS.make(other)
    for method in ("__call__", "dual_norm", "lmo"):
        torch.testing.assert_close(getattr(a, method)(g), getattr(b, method)(g))
    for ratio in ("dimension", "smoothness_ratio", "hessian_ratio"):
        assert getattr(a, ratio)((4, 7)) == pytest.approx(getattr(b, ratio)((4, 7)))


def test_schatten_norms_lead_from_the_nuclear_to_the_spectral_norm():
    g = torch.randn(4, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    dual = [float(NORMS.make(f"schatten(q={q})").dual_norm(g)) for q in (1.01, 1.5, 2.0, 5.0, 99.0)]
    assert dual == sorted(dual)
    assert dual[0] == pytest.approx(float(NORMS["nuclear"]().dual_norm(g)), rel=0.02)
    assert dual[-1] == pytest.approx(float(NORMS["spectral"]().dual_norm(g)), rel=0.02)


def test_a_map_of_singular_values_gives_the_matrix_back():
    g = torch.randn(5, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    largest = torch.linalg.svdvals(g)[:, :1, None]
    torch.testing.assert_close(spectral_map(g, lambda shares: shares) * largest, g)


@pytest.mark.parametrize("q", [1.0, 0.5, float("inf"), float("nan"), "2"])
def test_an_exponent_that_makes_no_such_norm_is_refused(q):
    with pytest.raises(ValueError, match="q must lie in"):
        NORMS["schatten"](q=q)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "2"])
def test_a_number_of_directions_below_one_is_refused(k):
    with pytest.raises(ValueError, match="k must be a whole number"):
        NORMS["ky_fan"](k=k)

"""Spectral norm, nuclear norm and polar factor against an SVD, on every kind of hard matrix."""

import pytest
import torch

from explorer.noise.stable import stable_draws
from explorer.norms._polar import lmo_gap
from explorer.norms.spectral import Spectral

SHAPES = ((1, 1), (1, 7), (7, 1), (4, 8), (8, 3), (8, 8), (16, 32), (64, 64), (128, 128))
# What the oracle and the code each lose to rounding, on a well-conditioned matrix.
DOUBLE = 1e-12
SINGLE = 1e-6
# What a run that is compared with theory needs of its LMO, in the direction's own precision.
FOR_THEORY = 1e-6

norm = Spectral()


def svd(g):
    return torch.linalg.svd(g.double(), full_matrices=False)


def tolerance(dtype):
    return {torch.float32: SINGLE, torch.float64: DOUBLE}[dtype]


def generator():
    return torch.Generator().manual_seed(0)


def heavy_tailed(shape, p, dtype, scale=1.0):
    count = 4 if max(shape) > 60 else 32
    uniforms = torch.rand(
        count, 2 * shape[0] * shape[1], generator=generator(), dtype=torch.float64
    )
    return (scale * stable_draws(uniforms, p).view(count, *shape)).to(dtype)


def with_singular_values(values, shape, dtype):
    """A matrix of that many random orthonormal directions."""
    values = torch.as_tensor(values, dtype=torch.float64)
    left, right = (
        torch.linalg.qr(torch.randn(side, len(values), generator=generator(), dtype=torch.float64))[
            0
        ]
        for side in shape
    )
    return ((left * values) @ right.mT).to(dtype)


def assert_is_lmo(g, within=FOR_THEORY):
    step = norm.lmo(g)
    # the measure of the code, and one that shares nothing with it
    assert lmo_gap(g, step).max() <= within
    unit = g.double() / g.double().abs().amax((-2, -1), keepdim=True)
    attained, dual = -(unit * step.double()).sum((-2, -1)), svd(unit)[1].sum(-1)
    assert (1 - attained / dual).max() <= within
    assert svd(step)[1].max() <= 1 + within


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_norm_dual_norm_and_lmo_are_those_of_an_svd(shape, dtype):
    spectrum = torch.linspace(1, 0.1, min(shape), dtype=torch.float64)
    g = with_singular_values(spectrum, shape, dtype)
    left, sizes, right = svd(g)
    within = {"rtol": tolerance(dtype), "atol": tolerance(dtype)}
    torch.testing.assert_close(norm(g).double(), sizes.max(), **within)
    torch.testing.assert_close(norm.dual_norm(g).double(), sizes.sum(), **within)
    torch.testing.assert_close(norm.lmo(g).double(), -(left @ right), **within)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("p", [1.05, 1.5, 2.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_norm_and_dual_norm_of_heavy_tailed_matrices_are_those_of_an_svd(shape, p, dtype):
    g = heavy_tailed(shape, p, dtype)
    sizes = svd(g)[1]
    torch.testing.assert_close(norm(g).double(), sizes.amax(-1), rtol=tolerance(dtype), atol=0)
    torch.testing.assert_close(
        norm.dual_norm(g).double(), sizes.sum(-1), rtol=tolerance(dtype), atol=0
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scale", [1e-25, 1e-10, 1.0, 1e20])
@pytest.mark.parametrize("p", [1.05, 1.5, 2.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gap_and_excess_are_small_enough_for_theory_on_heavy_tailed_matrices(
    shape, p, scale, dtype
):
    assert_is_lmo(heavy_tailed(shape, p, dtype, scale))


SPECTRA = {
    "spread over fourteen decades": lambda r: torch.logspace(0, -14, r),
    "half of them 1e-7": lambda r: [1.0] * (r - r // 2) + [1e-7] * (r // 2),
    "half of them 1e-12": lambda r: [1.0] * (r - r // 2) + [1e-12] * (r // 2),
    "one above a crowd at the edge of the Gram matrix": lambda r: (
        [1.0, *(1e-8 * torch.linspace(1, 0.01, r - 1)).tolist()]
    ),
    "one above a crowd near the edge of conditioning": lambda r: (
        [1.0, *(1e-5 * torch.linspace(1, 0.5, r - 1)).tolist()]
    ),
    "all alike": lambda r: [3.0] * r,
    "pairs a hair apart": lambda r: [1.0 + 1e-9 * (i % 2) for i in range(r)],
    "one alone": lambda r: [2.0],
    "a third of them": lambda r: torch.linspace(1, 0.1, max(1, r // 3)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(8, 8), (8, 20), (20, 8), (128, 128)], ids=str)
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_gap_and_excess_stay_small_where_singular_values_are_far_apart_or_missing(
    spectrum, shape, dtype
):
    assert_is_lmo(with_singular_values(SPECTRA[spectrum](min(shape)), shape, dtype))


@pytest.mark.parametrize("shape", [(8, 8), (8, 20), (20, 8), (64, 64)], ids=str)
@pytest.mark.parametrize("decades", [1, 3, 4.9])
def test_gap_and_excess_are_rounding_up_to_condition_1e5(decades, shape):
    g = with_singular_values(torch.logspace(0, -decades, min(shape)), shape, torch.float64)
    assert_is_lmo(g, within=DOUBLE)


@pytest.mark.parametrize("rank", [1, 2, 5])
@pytest.mark.parametrize("shape", [(7, 7), (16, 40), (64, 10)], ids=str)
def test_gap_and_excess_stay_small_on_products_rounded_to_float32(shape, rank):
    left = torch.randn(8, shape[0], rank, generator=generator())
    right = torch.randn(8, rank, shape[1], generator=generator())
    assert_is_lmo(left @ right)


def test_rows_and_columns_without_gradient_get_no_step():
    g = heavy_tailed((8, 12), 1.5, torch.float64)
    g[:, 2:5], g[..., 7] = 0, 0
    assert_is_lmo(g)
    step = norm.lmo(g)
    assert step[:, 2:5].abs().max() <= DOUBLE
    assert step[..., 7].abs().max() <= DOUBLE


def test_every_singular_value_of_a_step_is_one_or_zero():
    g = with_singular_values([5.0, 1e-3, 1e-6], (6, 9), torch.float64)
    sizes = svd(norm.lmo(g))[1]
    torch.testing.assert_close(sizes[:3], torch.ones(3).double(), rtol=0, atol=DOUBLE)
    # the others are of no consequence: rounding made their gradient
    assert sizes[3:].max() <= 1 + DOUBLE


def test_exactly_singular_matrices_step_only_where_there_is_a_gradient():
    g = torch.zeros(3, 5, dtype=torch.float64)
    g[0, 1], g[2, 4] = -4, 1e-6
    step = torch.zeros_like(g)
    step[0, 1], step[2, 4] = 1, -1
    torch.testing.assert_close(norm.lmo(g), step, rtol=0, atol=DOUBLE)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_lmo_of_a_transpose_is_the_transpose_of_the_lmo(shape):
    g = with_singular_values(torch.linspace(1, 0.1, min(shape)), shape, torch.float64)
    torch.testing.assert_close(norm.lmo(g.mT), norm.lmo(g).mT, rtol=0, atol=1e-10)


def test_hilbert_matrices_are_no_harder_than_others():
    side = torch.arange(1.0, 65, dtype=torch.float64)
    assert_is_lmo(1 / (side[:, None] + side - 1))


def test_the_measured_gap_is_zero_for_an_svd_and_large_for_other_directions():
    g = heavy_tailed((8, 12), 1.5, torch.float64)
    left, _, right = svd(g)
    assert lmo_gap(g, -(left @ right)).abs().max() <= DOUBLE
    assert lmo_gap(g, -g / g.flatten(1).norm(dim=1)[:, None, None]).min() > 0.01
    assert lmo_gap(g, left @ right).min() > 1
    assert lmo_gap(torch.zeros(2, 3, 3), torch.ones(2, 3, 3)).abs().max() == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(8, 8), (4, 16), (16, 4), (20, 33)], ids=str)
def test_a_neighbour_that_is_not_finite_moves_no_last_bit_of_many(shape, dtype):
    g = torch.randn(2000, *shape, generator=generator(), dtype=dtype) ** 3
    poisoned = torch.cat([g, torch.full((1, *shape), torch.nan, dtype=dtype)])
    for method in (norm, norm.dual_norm, norm.lmo):
        assert torch.equal(method(poisoned)[:-1], method(g))

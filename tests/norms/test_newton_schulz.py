"""Newton-Schulz steps against their polynomial on the singular values alone."""

import math

import pytest
import torch

from explorer.norms._newton_schulz import newton_schulz

SHAPES = ((1, 1), (1, 5), (4, 16), (16, 4), (7, 7), (33, 20))
DOUBLE = 1e-10  # some ten roundings, grown up to 485 times by five steps
# bfloat16 keeps 8 bits: one step rounds the matrix, its Gram matrix and the coefficients, and each
# later step grows what was rounded by its slope, up to 3.4
HALF = {1: 0.03, 5: 0.2}


def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(params=SHAPES, ids=str)
def g(request):
    """Normal entries, and their cubes, whose singular values differ widely."""
    g = torch.randn(6, *request.param, generator=generator(), dtype=torch.float64)
    g[3:] **= 3
    return g


def by_singular_values(g, steps):
    """The same matrices by the polynomial on numbers, in float64."""
    left, sigma, right = torch.linalg.svd(g.double(), full_matrices=False)
    sigma /= sigma.square().sum(-1, keepdim=True).sqrt()
    for _ in range(steps):
        sigma = 3.4445 * sigma - 4.775 * sigma**3 + 2.0315 * sigma**5
    return sigma.sort(descending=True).values, (left * sigma[..., None, :]) @ right


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_singular_values_go_through_the_polynomial_and_their_vectors_stay(g, steps):
    sigma, matrix = by_singular_values(g, steps)
    got = newton_schulz(g, steps, torch.float64)
    torch.testing.assert_close(got, matrix, rtol=0, atol=DOUBLE)
    torch.testing.assert_close(torch.linalg.svdvals(got), sigma, rtol=0, atol=DOUBLE)


@pytest.mark.parametrize("steps", [1, 5])
def test_bfloat16_is_as_good_as_its_bits(g, steps):
    got = newton_schulz(g, steps)
    sigma, matrix = by_singular_values(g, steps)
    assert torch.linalg.matrix_norm(got - matrix, 2).max() <= HALF[steps]
    assert (torch.linalg.svdvals(got) - sigma).abs().max() <= HALF[steps]
    assert torch.equal(got, got.bfloat16().double()), "made in bfloat16, not in float64"


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_scale_does_not_count_and_the_dtype_stays(g, scale, dtype):
    scaled = (g * scale).to(dtype)
    got = newton_schulz(scaled, dtype=torch.float64)
    assert got.dtype == dtype
    wanted = by_singular_values(scaled.double() / scale, 5)[1].to(dtype)
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-4 if dtype == torch.float32 else DOUBLE)


def test_zero_stays_zero_and_a_matrix_that_is_not_finite_disturbs_no_other(g):
    alone = newton_schulz(g[1])
    g[0], g[2, 0, 0] = 0, math.nan
    got = newton_schulz(g)
    assert got[0].abs().max() == 0
    assert got[2].isnan().all()
    torch.testing.assert_close(got[1], alone, rtol=0, atol=HALF[5])


def test_what_five_steps_make_of_each_singular_value_is_as_said():
    sigma = torch.logspace(-6, 0, 100_001, dtype=torch.float64)
    found = sigma.clone()
    for _ in range(5):
        found = 3.4445 * found - 4.775 * found**3 + 2.0315 * found**5
    most = found[sigma >= 0.0016]
    assert 0.68 < most.min() < 0.69
    assert 1.20 < most.max() < 1.21
    assert (found / sigma).max() == pytest.approx(485, abs=0.5)
    assert found[50_000] == pytest.approx(0.47, abs=0.005), "of a thousandth"

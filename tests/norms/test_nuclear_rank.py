"""The nuclear rank beside an SVD of another library, at any scale and however much is zero."""

import numpy as np
import pytest
import torch

from explorer.norms._polar import nuclear_rank

# nine singular values, each wrong by up to 1e-8 of the largest, and their sum is squared
TOLERANCE = 2e-7


def by_svd(g):
    sigma = np.linalg.svd(np.asarray(g, np.float64), compute_uv=False)
    return sigma.sum(-1) ** 2 / (sigma**2).sum(-1)


@pytest.mark.parametrize("shape", [(5, 5), (4, 9), (9, 4), (1, 6)], ids=str)
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e8, 1e14])
def test_it_is_that_of_an_svd(shape, condition):
    random = np.random.default_rng(0)
    rank = min(shape)
    u = np.linalg.qr(random.standard_normal((shape[0], rank)))[0]
    v = np.linalg.qr(random.standard_normal((shape[1], rank)))[0]
    g = (u * np.geomspace(1, 1 / condition, rank)) @ v.T
    assert float(nuclear_rank(torch.from_numpy(g))) == pytest.approx(by_svd(g), rel=TOLERANCE)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_does_not_depend_on_the_scale(scale, dtype):
    g = torch.randn(3, 4, 6, dtype=dtype, generator=torch.Generator().manual_seed(0))
    assert nuclear_rank(g).numpy() == pytest.approx(by_svd(g.numpy()), rel=TOLERANCE)
    # multiplying rounds to the dtype
    rounding = TOLERANCE if dtype == torch.float64 else 1e-6
    assert nuclear_rank(scale * g).numpy() == pytest.approx(by_svd(g.numpy()), rel=rounding)


def test_a_matrix_of_k_equal_singular_values_has_rank_k_and_zero_has_none():
    ranks = [nuclear_rank(torch.diag(torch.tensor([2.0] * k + [0.0] * (4 - k)))) for k in range(5)]
    assert [float(rank) for rank in ranks] == pytest.approx([0, 1, 2, 3, 4], rel=TOLERANCE)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_gives_nan_and_disturbs_no_neighbour(bad):
    g = torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(0))
    alone = nuclear_rank(g)
    g[1, 2, 3] = bad
    ranks = nuclear_rank(g)
    assert ranks[1].isnan()
    assert torch.equal(ranks[[0, 2]], alone[[0, 2]])

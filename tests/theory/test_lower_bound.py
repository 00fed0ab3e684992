"""The lower bound: its closed sum against brute force, and what it becomes for small eps."""

import numpy as np
import pytest
from scipy import stats

from explorer.theory.lower_bound import LowerBound, leading_calls


@pytest.mark.parametrize("reveal", [0.003, 0.1, 0.7, 1.0])
@pytest.mark.parametrize("length", [1, 3, 20])
def test_the_mean_is_the_sum_of_binomial_probabilities(length, reveal):
    bound = LowerBound(eps=0.8, gradient=1.0, length=length, reveal=reveal)
    for calls in (1, 2, 7, 100, 1000):
        t = np.arange(calls)
        wanted = stats.binom.cdf(length - 1, t, reveal).mean()
        assert bound.mean(calls) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("length", "reveal"), [(1, 0.03), (4, 0.02), (16, 0.1), (64, 0.005)])
def test_it_is_the_first_number_of_calls_with_that_mean(length, reveal):
    bound = LowerBound(eps=0.1, gradient=0.125, length=length, reveal=reveal)
    n = np.arange(1, 3 * bound.calls())
    survival = stats.binom.cdf(length - 1, np.arange(len(n)), reveal)
    means = 0.125 * np.cumsum(survival) / n
    assert bound.calls() == n[np.argmax(means <= 0.1)]
    assert 0.45 <= bound.calls() * reveal / length <= 1.26


@pytest.mark.parametrize("moment", [1.3, 1.5, 2.0])
def test_for_small_eps_it_is_the_closed_form(moment):
    rank, lipschitz, link, sigma = 4, 9.466, 1.25, 1.0
    ratios = []
    for links in (10, 100, 1000):
        eps = 1e-3
        gradient = 1.25 * eps
        gap = links * link * lipschitz * gradient**2  # a whole number of links at L = 1
        reveal = (gradient / sigma) ** (moment / (moment - 1)) / rank
        exact = LowerBound(eps, gradient, links, reveal).calls()
        closed = leading_calls(
            eps=eps, rank=rank, smoothness=1.0, gap=gap, sigma=sigma, moment=moment,
            gradient_lipschitz=lipschitz, link=link,
        )  # fmt: skip
        ratios.append(exact / closed)
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(1, abs=0.01)
    assert ratios[0] > 0.8

"""The lower bound: its closed sum against brute force, and what it becomes for small eps."""

import numpy as np
import pytest
from scipy import stats

from explorer.theory.lower_bound import LowerBound, closed_form


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


CHAIN = {"rank": 4, "sigma": 1.0, "link": 1.25}
PLAIN = {"smoothness": 1.0, "gradient_lipschitz": 9.466}
HESSIAN = {"hessian_smoothness": 1.0, "hessian_lipschitz": 100.0}


def links_filled(gap, gradient, hessian):
    """T, not rounded: the toy's gap without the half ramp at its end."""
    return gap / (1.25 * 10 * gradient**1.5) if hessian else gap / (1.25 * 9.466 * gradient**2)


@pytest.mark.parametrize("hessian", [False, True])
@pytest.mark.parametrize("moment", [1.3, 1.5, 2.0])
def test_the_closed_form_is_what_markov_s_inequality_gives_at_its_best(moment, hessian):
    """Brute force over how far above eps the first gradient is."""
    eps, gap = 1e-3, 2.0
    ratios = np.linspace(1.01, 3, 20_000)
    gradient = ratios * eps
    reveal = gradient ** (moment / (moment - 1)) / 4
    calls = 2 * (1 - 1 / ratios) * links_filled(gap, gradient, hessian) / reveal
    closed = closed_form(
        eps=eps, gap=gap, moment=moment, **CHAIN, **(HESSIAN if hessian else PLAIN)
    )
    assert closed == pytest.approx(calls.max(), rel=1e-6)


@pytest.mark.parametrize(("moment", "constant"), [(2.0, 0.0138), (1.5, 0.0113), (1.3, 0.0091)])
def test_its_constants_with_a_lipschitz_gradient(moment, constant):
    units = {"eps": 1.0, "rank": 1, "gap": 1.0, "sigma": 1.0, "moment": moment, "link": 1.25}
    assert closed_form(**units, **PLAIN) == pytest.approx(constant, abs=5e-5)


@pytest.mark.parametrize(("moment", "constant"), [(2.0, 0.0148), (1.5, 0.0118)])
def test_its_constants_with_a_lipschitz_hessian(moment, constant):
    units = {"eps": 1.0, "rank": 1, "gap": 1.0, "sigma": 1.0, "moment": moment, "link": 1.25}
    assert closed_form(**units, **HESSIAN) == pytest.approx(constant, abs=5e-5)


@pytest.mark.parametrize("moment", [1.3, 1.5, 2.0])
def test_the_closed_form_is_below_the_exact_bound(moment):
    ratios = []
    for links in (2, 10, 100, 1000):
        eps = 1e-3
        gradient = 1.25 * eps
        gap = links * 1.25 * 9.466 * gradient**2  # a whole number of links at L = 1
        reveal = gradient ** (moment / (moment - 1)) / 4
        exact = LowerBound(eps, gradient, links, reveal).calls()
        ratios.append(closed_form(eps=eps, gap=gap, moment=moment, **CHAIN, **PLAIN) / exact)
    assert max(ratios) < 1
    assert ratios == sorted(ratios, reverse=True)
    # the exact one goes to 1.25 T / theta
    k = (3 * moment - 2) / (moment - 1)
    limit = 2 / (k + 1) * (k / (k + 1)) ** k * 1.25 ** (k - 1)
    assert ratios[-1] == pytest.approx(limit, rel=0.02)

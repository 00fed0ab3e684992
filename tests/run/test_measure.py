"""Measuring: every step is in one stratum, and the estimate of the mean is unbiased."""

from itertools import pairwise

import numpy as np
import pytest

from explorer.run.measure import strata

LENGTHS = [1, 2, 31, 32, 199, 200, 201, 202, 250, 1000, 12_345, 1_000_000]


@pytest.mark.parametrize("most", [80, 200])
@pytest.mark.parametrize("n_steps", LENGTHS)
def test_strata_hold_every_step_once_and_one_drawn_step_each(n_steps, most):
    plan = strata(n_steps, np.random.default_rng(0), most)
    assert plan[0].start == 0
    assert plan[-1].end == n_steps
    assert all(a.end == b.start for a, b in pairwise(plan))
    assert all(s.start <= s.step < s.end for s in plan)
    assert len(plan) + (plan[-1].step != n_steps - 1) <= most  # the last iterate is one more


@pytest.mark.parametrize("n_steps", [201, 1000, 1_000_000])
def test_every_early_step_is_measured(n_steps):
    plan = strata(n_steps, np.random.default_rng(0))
    assert [s.step for s in plan[:32]] == list(range(32))


def test_strata_grow_by_about_the_same_factor():
    plan = strata(1_000_000, np.random.default_rng(0))
    ratios = [s.end / s.start for s in plan[60:]]
    assert max(ratios) / min(ratios) < 1.05


def test_the_steps_are_those_of_the_generator():
    once, again = (strata(5000, np.random.default_rng(7)) for _ in range(2))
    other = strata(5000, np.random.default_rng(8))
    assert once == again
    assert [s[:2] for s in once] == [s[:2] for s in other]
    assert once != other


def test_the_estimate_of_the_weighted_mean_is_unbiased():
    n_steps, draws = 3000, 2000
    t = np.arange(n_steps)
    lr = 1 / np.sqrt(1 + t)
    stationarity = (1 + t) ** -0.2 * (1 + 0.9 * np.sin(t)) + 5.0 * (t % 7 == 0)
    exact = (lr * stationarity).sum() / lr.sum()
    generator = np.random.default_rng(0)
    estimates = np.empty(draws)
    for i in range(draws):
        plan = np.array(strata(n_steps, generator))
        steps, weights = plan[:, 2], plan[:, 1] - plan[:, 0]
        estimates[i] = (weights * lr[steps] * stationarity[steps]).sum() / lr.sum()
    error = estimates.std(ddof=1) / draws**0.5
    assert abs(estimates.mean() - exact) <= 3 * error  # three standard errors: 1 in 370 by chance
    assert 3 * error < 0.01 * exact, "the test would see a bias of one per cent"

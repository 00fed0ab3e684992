"""Tails and medians of samples, against laws that are known in closed form."""

import numpy as np
import pytest
from scipy import stats

from explorer.theory.bootstrap import mean_intervals
from explorer.theory.tail import (
    clear_of_zero,
    median_intervals,
    median_slope,
    survival,
    tail_slope,
)


@pytest.mark.parametrize("draws", [32, 193, 512])
def test_the_interval_of_a_median_holds_it_as_often_as_it_says(draws):
    (low,), (high,) = median_intervals(np.arange(1.0, draws + 1)[None])
    # the median lies between two order statistics when so many draws are below it
    covered = stats.binom.cdf(high - 1, draws, 0.5) - stats.binom.cdf(low - 1, draws, 0.5)
    assert 0.945 < covered < 0.98
    assert low + high == draws + 1


def test_an_interval_of_medians_slope_holds_the_slope_95_times_in_100():
    random, x = np.random.default_rng(0), 4.0 ** np.arange(7)
    held, width = 0, []
    for _ in range(400):
        found = median_slope(x, x[:, None] ** -0.3 * random.lognormal(size=(7, 200)))
        held += found.interval[0] <= -0.3 <= found.interval[1]
        width.append(np.ptp(found.interval))
    assert 0.92 * 400 <= held <= 0.985 * 400
    assert np.mean(width) < 0.1


def test_the_interval_of_a_mean_is_that_of_a_normal_sample():
    values = np.random.default_rng(0).normal(5, 1, (3, 512))
    low, high = mean_intervals(values)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std(1) / 512**0.5, rel=0.1)
    assert (low + high) / 2 == pytest.approx(values.mean(1), abs=0.01)


def test_medians_that_may_be_zero_are_in_no_slope():
    x = 4.0 ** np.arange(5)
    values = x[:, None] ** -0.5 * np.linspace(0.9, 1.1, 101)
    values[0, :49] = 0  # the median is not 0, and its interval holds 0
    assert clear_of_zero(values).tolist() == [False, True, True, True, True]
    assert median_slope(x, values).value == pytest.approx(-0.5)
    assert np.isnan(median_slope(x[:2], values[:2]).value)


@pytest.mark.parametrize("p", [1.2, 1.9])
def test_an_interval_of_a_tails_slope_holds_that_of_a_pareto_law_95_times_in_100(p):
    random, held = np.random.default_rng(0), 0
    for _ in range(400):
        found = tail_slope(1 + random.pareto(p, 2**14))  # numpy's begins at 0
        held += found.interval[0] <= -p <= found.interval[1]
        width = np.ptp(found.interval) / -found.value
        assert width == pytest.approx(2 * 1.96 / 64**0.5, rel=1e-3)
    assert 0.92 * 400 <= held <= 0.985 * 400


def test_a_tail_without_a_slope_has_none():
    assert np.isnan(tail_slope(np.ones(1024)).value)
    assert np.isnan(tail_slope(np.zeros(1024)).value)


def test_a_survival_curve_ends_at_the_fourth_largest_and_skips_zeros():
    x, probability = survival(np.arange(1.0, 1001.0))
    assert x[-1] == 997
    assert probability[-1] == 0.0035
    assert np.all(np.diff(x) > 0)
    assert np.all(np.diff(probability) < 0)
    mostly_zero = np.append(np.zeros(900), np.full(100, 2.0))
    x, probability = survival(mostly_zero)
    assert (x[0], probability[0]) == (0.2, 0.1)
    assert set(x[1:]) == {2.0}
    assert len(survival(np.zeros(1000)).sizes) == 0

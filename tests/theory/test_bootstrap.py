"""Resampling seeds: the width of an interval, and pairs that stay together."""

import numpy as np
import pytest

from explorer.theory.bootstrap import mean_interval, ratio_interval

NORMAL_95 = 2 * 1.96


def test_an_interval_of_many_seeds_is_as_wide_as_that_of_a_normal_mean():
    values = np.random.default_rng(1).standard_normal(400)
    low, high = mean_interval(values)
    width = NORMAL_95 * values.std() / np.sqrt(len(values))
    assert low < values.mean() < high
    # 2,000 resamples know a quantile of a normal law to 4 % of the width
    assert high - low == pytest.approx(width, rel=0.1)


def test_what_two_means_share_cancels_in_their_ratio():
    random = np.random.default_rng(2)
    shared, own = random.uniform(1, 9, 200), random.uniform(0.99, 1.01, 200)
    low, high = ratio_interval(3 * shared * own, shared)
    assert low < 3 < high
    # apart, each of the means would be uncertain by 7 %
    assert high - low < 0.01


def test_no_seed_has_no_interval():
    nothing = np.empty(0)
    assert np.isnan([*mean_interval(nothing), *ratio_interval(nothing, nothing)]).all()

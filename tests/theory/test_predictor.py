"""The predictor: by hand, in its special cases, and as what the bound's leading terms say."""

from math import sqrt

import pytest

from explorer.theory._constants import Constants
from explorer.theory.predictor import expected_gain
from explorer.theory.schedules import window

EXACT = 1e-12  # a dozen roundings of float64


def test_it_is_what_a_hand_works_out():
    # p = 2: 3 / (8 * 4**2)**(1/4); p = 1.5: 3 / (8 * 4**3)**(1/5)
    by_hand = {2.0: 3 / 128**0.25, 1.5: 3 / 512**0.2}
    for p, gain in by_hand.items():
        found = expected_gain(smoothness=8.0, noise=4.0, dual_rank=9.0, moment=p)
        assert found == pytest.approx(gain, rel=EXACT)


def test_without_noise_a_norm_wins_where_its_dual_rank_exceeds_its_smoothness():
    for rank, smoothness in ((9.0, 4.0), (4.0, 4.0), (4.0, 9.0)):
        found = expected_gain(smoothness=smoothness, noise=None, dual_rank=rank, moment=1.6)
        assert found == pytest.approx(sqrt(rank / smoothness), rel=EXACT)


def test_a_norm_with_frobenius_constants_gains_what_its_dual_rank_is_worth():
    same = expected_gain(smoothness=1.0, noise=1.0, dual_rank=1.0, moment=1.3)
    flat = expected_gain(smoothness=1.0, noise=1.0, dual_rank=16.0, moment=1.3)
    assert (same, flat) == pytest.approx((1, 4), rel=EXACT)


@pytest.mark.parametrize("p", [1.2, 1.6, 2.0])
def test_it_is_the_ratio_of_the_bounds_of_tuned_batches(p):
    def bound(constants, calls=1e9):
        w, q = window(constants, calls, batched=True), 1 - 1 / p
        smoothness, _, gap, noise, _ = constants
        return sqrt(2 * smoothness * gap / calls * w) + 2 * noise * w**-q

    frobenius = Constants(1.3, 0.0, 0.7, noise=0.2, moment=p)
    other = Constants(6.5, 0.0, 0.7, noise=0.8, moment=p)
    found = expected_gain(smoothness=5.0, noise=4.0, dual_rank=7.0, moment=p)
    assert found == pytest.approx(sqrt(7) * bound(frobenius) / bound(other), rel=EXACT)

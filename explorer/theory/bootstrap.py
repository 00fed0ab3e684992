"""Percentile bootstrap over seeds: the same resamples at every call."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
Array = NDArray[np.float64]


def mean_interval(values: Array) -> tuple[float, float]:
    """Return the 95 % percentile-bootstrap interval of a mean over seeds.

    Args:
        values: One number a seed, ``[S]``, finite; NaN comes of none.

    Example:
        >>> mean_interval(np.ones(4))
        (1.0, 1.0)
    """
    return _percentiles(values @ resampled_weights(len(values))) if len(values) else NONE


def mean_intervals(values: Array) -> tuple[Array, Array]:
    """Return 95 % percentile-bootstrap intervals of the means of rows ``[R, S]``.

    Too narrow for heavy tails: no resample holds a rare draw that the sample does not.

    Example:
        >>> low, high = mean_intervals(np.array([[1.0, 1.0], [1.0, 3.0]]))
        >>> low.tolist(), high.tolist()
        ([1.0, 1.0], [1.0, 3.0])
    """
    means = values @ resampled_weights(values.shape[1])
    low, high = np.percentile(means, (2.5, 97.5), axis=1)
    return low, high


def ratio_interval(above: Array, below: Array) -> tuple[float, float]:
    """Return the 95 % interval of the ratio of two means over the same seeds, resampled in pairs.

    Args:
        above: One number a seed, ``[S]``, finite.
        below: The same seeds of the denominator, positive.

    Example:
        >>> noisy = np.array([1.0, 2.0, 4.0])
        >>> ratio_interval(2 * noisy, noisy)
        (2.0, 2.0)
    """
    if not len(above):
        return NONE
    weights = resampled_weights(len(above))
    return _percentiles((above @ weights) / (below @ weights))


NONE = (float("nan"), float("nan"))


def _percentiles(values: Array) -> tuple[float, float]:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


@cache
def resampled_weights(seeds: int) -> Array:
    """Return each seed's share of each resample, ``[S, RESAMPLES]``; a live picture asks often."""
    chosen = np.random.default_rng(0).integers(0, seeds, (RESAMPLES, seeds))
    counts = np.apply_along_axis(np.bincount, 1, chosen, minlength=seeds)
    return counts.T / seeds

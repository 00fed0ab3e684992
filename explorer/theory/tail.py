"""What a sample says about a tail, and about medians, whose errors no rare draw carries."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.theory.slope import NO_SLOPE, Slope, fit

Array = NDArray[np.float64]

HIGHEST, LOWEST_DRAWS = 0.95, 4  # the ends of a survival curve: a probability, and draws beyond
LEVELS = 200
TAIL_SHARE = 1 / 256  # of the draws are the tail
NORMAL_QUANTILE = 1.959964  # 97.5 %


class Survival(NamedTuple):
    """Points of a survival function, sizes ascending."""

    sizes: Array
    probability: Array


def survival(sizes: Array) -> Survival:
    r"""Return :math:`x, P(\text{size} > x)` at quantiles whose probabilities are log-spaced.

    From a probability of 0.95 down to that of the fourth largest draw. The k-th largest of n is
    drawn at (k - 1/2)/n. Where many sizes are 0 the curve begins at the share of the others, at a
    tenth of the smallest of them.

    Args:
        sizes: Shape ``[n]``, not negative, n at least 8.

    Example:
        >>> x, probability = survival(np.arange(1.0, 1001.0))
        >>> bool((abs(1 - x / 1000 - probability) < 1e-3).all())
        True
    """
    falling = np.sort(sizes)[::-1]
    n = len(falling)
    levels = np.geomspace(LOWEST_DRAWS / n, HIGHEST, LEVELS)
    ranks = np.unique(np.round(levels * n).astype(int).clip(1))
    x, probability = falling[ranks - 1], (ranks - 0.5) / n
    kept = x > 0
    if not kept.all() and kept.any():
        above = np.count_nonzero(falling) / n
        x, probability = np.append(x[kept], x[kept][-1] / 10), np.append(probability[kept], above)
    elif not kept.any():
        x, probability = np.empty(0), np.empty(0)
    return Survival(x[::-1].copy(), probability[::-1].copy())


def tail_slope(sizes: Array) -> Slope:
    r"""Return the slope of the log survival function over the largest 1/256 of the draws.

    Minus Hill's estimator: with the k largest of n sizes,

    .. math:: -\Big(\frac1k \sum_{i \le k} \log \frac{x_{(i)}}{x_{(k+1)}}\Big)^{-1},

    and an interval of 1.96 parts in :math:`\sqrt k`, which knows nothing of how far the tail still
    is from a power law. NaN where the largest sizes are all the same.

    Args:
        sizes: Shape ``[n]``, not negative, n at least 512.

    Example:
        >>> uniforms = (np.arange(100_000) + 0.5) / 100_000
        >>> round(tail_slope(uniforms ** (-1 / 1.5)).value, 1)
        -1.5

    Source:
        Hill (1975), Ann. Statist. 3, 1163-1174.
    """
    count = int(len(sizes) * TAIL_SHARE)
    largest = np.sort(np.partition(sizes, len(sizes) - count - 1)[-count - 1 :])
    if not largest[0] > 0 or largest[-1] == largest[0]:
        return NO_SLOPE
    value = -1 / float(np.log(largest[1:] / largest[0]).mean())
    part = NORMAL_QUANTILE / count**0.5
    intercept = float(np.log(count / len(sizes)) - value * np.log(largest[0]))
    return Slope(value, (value * (1 + part), value * (1 - part)), intercept)


def median_intervals(values: Array) -> tuple[Array, Array]:
    r"""Return 95 % intervals of the medians of rows ``[R, S]``, from order statistics.

    The ranks :math:`S/2 \pm 0.98 \sqrt S`, which hold the median for every law of the draws.

    Example:
        >>> low, high = median_intervals(np.arange(1.0, 102.0)[None])
        >>> float(low[0]), float(high[0])
        (41.0, 61.0)
    """
    rows, draws = np.sort(values, axis=1), values.shape[1]
    half = NORMAL_QUANTILE * draws**0.5 / 2
    low, high = int(np.floor(draws / 2 - half)), int(np.ceil(draws / 2 + half)) - 1
    return rows[:, max(0, low)], rows[:, min(draws - 1, high)]


def clear_of_zero(values: Array) -> NDArray[np.bool_]:
    """Return which rows ``[R, S]`` have a median whose interval does not reach 0."""
    return median_intervals(values)[0] > 0


def median_slope(x: Array, values: Array) -> Slope:
    """Return the least-squares slope of the log median on log x, its draws independent.

    The interval adds up the medians' own, each as if its logarithm were normal. Rows whose interval
    reaches 0 have no logarithm and are left out; NaN with fewer than two others.

    Args:
        x: Shape ``[R]``, positive.
        values: Shape ``[R, S]``, not negative; rows are drawn independently.

    Example:
        >>> x = np.array([1.0, 4.0, 16.0])
        >>> slope = median_slope(x, np.outer(x**-0.25, np.linspace(0.9, 1.1, 101)))
        >>> round(slope.value, 6), bool(slope.interval[0] < -0.25 < slope.interval[1])
        (-0.25, True)
    """
    low, high = median_intervals(values)
    kept = clear_of_zero(values)
    if kept.sum() < 2:
        return NO_SLOPE
    found = fit(x[kept], np.median(values[kept], axis=1)[:, None])
    centred = np.log(x[kept]) - np.log(x[kept]).mean()
    halves = np.log(high[kept] / low[kept]) / 2
    half = float(np.sqrt(((centred * halves) ** 2).sum()) / (centred**2).sum())
    return found._replace(interval=(found.value - half, found.value + half))

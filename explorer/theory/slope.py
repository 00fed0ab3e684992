"""Slopes in log-log pictures, with percentile-bootstrap intervals over seeds."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


class Slope(NamedTuple):
    """A fitted slope, its 95 % interval over seeds and the intercept of the log-log line."""

    value: float
    interval: tuple[float, float]
    intercept: float


def fit(calls: NDArray[np.float64], values: NDArray[np.float64]) -> Slope:
    r"""Return the least-squares slope of the log of the seed mean on log calls.

    The interval holds the noise of the seeds alone: seeds are resampled 2,000 times with
    replacement (the resamples are the same at every call). It knows nothing of a finite horizon.

    Args:
        calls: Shape ``[R]``, positive.
        values: Shape ``[R, S]``, positive; seeds that are not finite are left out.

    Returns:
        NaN throughout with fewer than two records or no finite seed.

    Example:
        >>> calls = np.array([10.0, 100.0, 1000.0])
        >>> slope = fit(calls, np.outer(calls**-0.25, np.ones(4)))
        >>> round(slope.value, 6), slope.interval == (slope.value, slope.value)
        (-0.25, True)
    """
    values = values[:, np.isfinite(values).all(0)]
    records, seeds = values.shape
    if records < 2 or seeds == 0 or not (values > 0).any(1).all():
        return Slope(np.nan, (np.nan, np.nan), np.nan)
    x = np.log(calls)
    centred = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    y = np.log(values.mean(1))
    value = float(centred @ y)
    slopes = centred @ np.log(values @ _resampled_weights(seeds))
    low, high = np.percentile(slopes, (2.5, 97.5))
    if np.ptp(slopes) < 1e-12:
        low = high = value
    return Slope(value, (float(low), float(high)), float(y.mean() - value * x.mean()))


@cache
def _resampled_weights(seeds: int) -> NDArray[np.float64]:
    """Return each seed's share of each resample, ``[S, RESAMPLES]``; a live picture asks often."""
    chosen = np.random.default_rng(0).integers(0, seeds, (RESAMPLES, seeds))
    counts = np.apply_along_axis(np.bincount, 1, chosen, minlength=seeds)
    return counts.T / seeds

"""Slopes in log-log pictures, with percentile-bootstrap intervals over seeds."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.theory.bootstrap import resampled_weights

WIDE = 0.5  # a coefficient of variation over seeds from which on resampling them says too little


class Slope(NamedTuple):
    """A fitted slope, its 95 % interval over seeds and the intercept of the log-log line."""

    value: float
    interval: tuple[float, float]
    intercept: float


NO_SLOPE = Slope(np.nan, (np.nan, np.nan), np.nan)


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
        return NO_SLOPE
    x = np.log(calls)
    centred = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    y = np.log(values.mean(1))
    value = float(centred @ y)
    slopes = centred @ np.log(values @ resampled_weights(seeds))
    low, high = np.percentile(slopes, (2.5, 97.5))
    if np.ptp(slopes) < 1e-12:
        low = high = value
    return Slope(value, (float(low), float(high)), float(y.mean() - value * x.mean()))


def spread(values: NDArray[np.float64]) -> float:
    """Return the largest coefficient of variation over seeds, of values ``[R, S]``.

    Example:
        >>> spread(np.array([[1.0, 3.0], [2.0, 2.0]]))
        0.5
    """
    return float((values.std(1) / values.mean(1)).max()) if values.size else np.nan


def leave_one_out(calls: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the range of :func:`fit`'s slopes when each record in turn is left out.

    A power law has one slope wherever it is looked at: the range shows how far this is from one,
    which no resampling of seeds can. NaN with fewer than three records.

    Example:
        >>> calls = np.array([10.0, 100.0, 1000.0])
        >>> [round(slope, 3) for slope in leave_one_out(calls, np.array([[8.0], [4.0], [1.0]]))]
        [-0.602, -0.301]
    """
    if len(calls) < 3:
        return np.nan, np.nan
    kept = [np.arange(len(calls)) != i for i in range(len(calls))]
    slopes = [fit(calls[rows], values[rows]).value for rows in kept]
    return min(slopes), max(slopes)


def residual_interval(
    calls: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the 95 % interval of :func:`fit`'s slope from how far the means lie off the line.

    Student's interval of a least-squares line with R - 2 degrees of freedom. Where single seeds
    carry the mean it is the honest one; NaN with fewer than three records.

    Example:
        >>> calls = np.array([10.0, 100.0, 1000.0])
        >>> low, high = residual_interval(calls, calls[:, None] ** -0.25)
        >>> round(low, 6), round(high, 6)
        (-0.25, -0.25)
    """
    if len(calls) < 3:
        return np.nan, np.nan
    slope = fit(calls, values)
    x, y = np.log(calls), np.log(values[:, np.isfinite(values).all(0)].mean(1))
    residuals = y - slope.intercept - slope.value * x
    freedom = len(calls) - 2
    error = np.sqrt((residuals**2).sum() / freedom / ((x - x.mean()) ** 2).sum())
    width = student_quantile(freedom) * float(error)
    return slope.value - width, slope.value + width


@cache
def student_quantile(freedom: int) -> float:
    r"""Return the 97.5 % quantile of Student's t with so many degrees of freedom.

    With :math:`t = \sqrt\nu \tan\theta` the density of :math:`\theta` is proportional to
    :math:`\cos^{\nu-1}\theta`.

    Example:
        >>> round(student_quantile(1), 3), round(student_quantile(10), 3)
        (12.706, 2.228)
    """
    theta = np.linspace(0, np.pi / 2, 100_001)
    density = np.cos(theta) ** (freedom - 1)
    inside = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1])))
    return float(np.sqrt(freedom) * np.tan(np.interp(0.95 * inside[-1], inside, theta)))


def in_digits(slope: float) -> str:
    """Return a slope with three digits, never as minus zero.

    Example:
        >>> in_digits(-0.0002), in_digits(-0.25)
        ('0.000', '-0.250')
    """
    return f"{slope:.3f}".replace("-0.000", "0.000")

"""Draws: how large the draws of a run's noise are, and how large means of B draws."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from explorer.noise._base import Noise
from explorer.run.spec import RunSpec
from explorer.theory.bootstrap import mean_intervals
from explorer.theory.slope import NO_SLOPE, Slope, leave_one_out
from explorer.theory.tail import TAIL_SHARE, clear_of_zero, median_slope

Array = NDArray[np.float64]


@dataclass(kw_only=True, repr=False)
class Draws:
    """What a noise survey holds and makes of it: see ``NoiseSurvey``, which adds the words."""

    spec: RunSpec
    noise: Noise
    constant: float
    batch_sizes: Array
    drawn: int = 0
    sizes: Array = field(default_factory=lambda: np.empty(0))
    survival: Array = field(default_factory=lambda: np.empty(0))
    tail_fit: Slope = NO_SLOPE
    norms: Array = field(default_factory=lambda: np.empty((0, 0)))
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.norms)

    @property
    def complete(self) -> bool:
        """True when every batch size is there."""
        return len(self) == len(self.batch_sizes)

    @property
    def exponent(self) -> float:
        """Of B in the bound: 1/p - 1, negative."""
        return 1 / self.noise.tail_index - 1

    @property
    def exact(self) -> bool:
        """True where K B^(1/p-1) is the mean itself, False where it is an upper bound or none."""
        return self.noise.constant_kind == "exact" and not np.isnan(self.constant)

    @property
    def bound(self) -> Array:
        """K B^(1/p-1) for every B so far, ``[R]``."""
        return self.constant * self.batch_sizes[: len(self)] ** self.exponent

    @property
    def means(self) -> Array:
        """Mean over draws, ``[R]``."""
        return self.norms.mean(1) if len(self) else np.empty(0)

    @property
    def mean_intervals(self) -> tuple[Array, Array]:
        """Ends of the 95 % bootstrap interval of each mean; too narrow for heavy tails."""
        return mean_intervals(self.norms) if len(self) else (np.empty(0), np.empty(0))

    @property
    def quantiles(self) -> Array:
        """The 10 %, 50 % and 90 % quantiles over draws, ``[3, R]``."""
        return np.percentile(self.norms, (10, 50, 90), axis=1) if len(self) else np.empty((3, 0))

    def rows(self) -> list[dict[str, float]]:
        """Return one row for each B so far: the mean, its interval, quantiles and the bound."""
        low, high = self.mean_intervals
        columns = {
            "batch_size": self.batch_sizes[: len(self)],
            "mean": self.means,
            "mean low": low,
            "mean high": high,
            **dict(zip(("quantile 10 %", "median", "quantile 90 %"), self.quantiles, strict=True)),
            "K B^(1/p-1)": self.bound,
        }
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    @property
    def fitted(self) -> Slope:
        """Least squares of the log median on log B, with its 95 % interval."""
        if not len(self):
            return NO_SLOPE
        return median_slope(self.batch_sizes[: len(self)], self.norms)

    @property
    def slope_range(self) -> tuple[float, float]:
        """The slopes with one batch size left out: how far from a power law this is."""
        if not len(self):
            return np.nan, np.nan
        seen = clear_of_zero(self.norms)
        medians = self.quantiles[1][seen, None]
        return leave_one_out(self.batch_sizes[: len(self)][seen], medians)

    @property
    def tail_kind(self) -> str:
        """How ``tail`` is known: ``"exact"`` in closed form, ``"anchored"``, or ``"none"``."""
        weight = self.noise.power_tail()
        if weight is None:
            return "anchored" if len(self.sizes) and self.noise.tail_index < 2 else "none"
        return "exact" if weight > 0 else "none"

    @property
    def tail(self) -> float:
        r"""The weight c of the tail :math:`c\,x^{-p}`; 0 where there is none.

        Where the law does not say it, the tail is put through the quantile of probability 1/256.
        """
        if self.tail_kind != "anchored":
            return self.noise.power_tail() or 0.0
        depth, sizes = -np.log(self.survival), np.log(self.sizes)
        at = float(np.exp(np.interp(-np.log(TAIL_SHARE), depth, sizes)))
        return TAIL_SHARE * at**self.noise.tail_index

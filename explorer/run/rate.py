"""Rate: the means of tuned runs over their horizons, and what slope they have."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np
from numpy.typing import NDArray

from explorer.run._shown import Shown
from explorer.run._words import describe
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.theory.slope import WIDE, Slope, fit, leave_one_out, residual_interval, spread

Array = NDArray[np.float64]


@final
@dataclass(kw_only=True, repr=False)
class Rate(Shown):
    """One point per tuned horizon, the line through them, and theory's two slopes beside it.

    Attributes:
        spec: The spec that was swept.
        horizons: The horizons asked for.
        traces: The finished runs, one per horizon so far, in the same order.
    """

    usual_plot: ClassVar[str] = "rate"

    spec: RunSpec
    horizons: tuple[int, ...]
    traces: list[Trace] = field(default_factory=list[Trace])

    def __len__(self) -> int:
        return len(self.traces)

    def still(self) -> "Rate":
        return replace(self, traces=self.traces.copy())

    @property
    def complete(self) -> bool:
        """True when every horizon is there."""
        return len(self.traces) == len(self.horizons) and all(t.complete for t in self.traces)

    @property
    def calls(self) -> Array:
        """Oracle calls made in each run, ``[H]``."""
        return np.array([t.spec.n_steps * t.spec.batch_size for t in self.traces], float)

    @property
    def means(self) -> Array:
        """Mean stationarity over each run, for each seed, ``[H, S]``."""
        seeds = self.spec.seeds
        return np.array([t.mean_stationarity for t in self.traces], float).reshape(-1, seeds)

    @property
    def bound(self) -> Array:
        """The explicit bound of each run on that mean, ``[H]``."""
        return np.array([t.bound[-1] for t in self.traces], float)

    @property
    def batch_sizes(self) -> list[int]:
        """The batch size of each run."""
        return [t.spec.batch_size for t in self.traces]

    @property
    def fitted(self) -> Slope:
        """Least squares of the log mean on log calls, with its interval."""
        found = fit(self.calls, self.means)
        if self.interval_kind == "seeds":
            return found
        return found._replace(interval=residual_interval(self.calls, self.means))

    @property
    def slope(self) -> float:
        """The measured slope, negative."""
        return self.fitted.value

    @property
    def slope_interval(self) -> tuple[float, float]:
        """Its 95 % interval, blind to finite horizons; ``interval_kind`` says of what."""
        return self.fitted.interval

    @property
    def interval_kind(self) -> str:
        """``"seeds"`` for a percentile bootstrap, ``"residuals"`` where few seeds carry a mean."""
        wide = len(self) > 2 and spread(self.means) > WIDE
        return "residuals" if wide else "seeds"

    @property
    def slope_range(self) -> tuple[float, float]:
        """The slopes with one horizon left out: how far from a power law this is."""
        return leave_one_out(self.calls, self.means)

    @property
    def bound_slope(self) -> float:
        """Slope of the explicit bound on the same horizons."""
        return fit(self.calls, self.bound[:, None]).value

    @property
    def exponent(self) -> float:
        """The theorem's exponent."""
        return self.traces[0].exponent if self.traces else float("nan")

    @property
    def exponent_formula(self) -> str:
        """The theorem's exponent in LaTeX."""
        return self.traces[0].exponent_formula if self.traces else ""

    @property
    def seconds(self) -> float:
        """Time that the runs took."""
        return sum(t.seconds for t in self.traces)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the picture."""
        return tuple(dict.fromkeys(note for t in self.traces for note in t.notes))

    def rows(self) -> list[dict[str, float]]:
        """Return one row for each horizon: its calls and batch, means, bound, and each seed's."""
        return [
            {
                "calls": calls,
                "batch_size": trace.spec.batch_size,
                "mean": seeds.mean(),
                "bound": trace.bound[-1],
                "seconds": trace.seconds,
                **{f"seed_{s}": value for s, value in enumerate(seeds)},
            }
            for calls, trace, seeds in zip(self.calls, self.traces, self.means, strict=True)
        ]

    @property
    def title(self) -> str:
        """The sweep in one line."""
        sizes = set(self.batch_sizes)
        batches = f"batch {sizes.pop():,}" if len(sizes) == 1 else "tuned batch"
        return describe(self.spec).replace(f"batch {self.spec.batch_size:,}", batches)

    @property
    def sentence(self) -> str:
        """The picture in words; the three slopes are always named."""
        if len(self) < 2:
            return f"{self.title}: {len(self)} of {len(self.horizons)} horizons."
        low, high = self.slope_interval
        incomplete = "" if self.complete else "Incomplete: "
        kind = "" if self.interval_kind == "seeds" else " by residuals"
        least, most = self.slope_range
        without = "" if np.isnan(least) else f", {least:.3f} to {most:.3f} without one horizon"
        mean, bound = self.means[-1].mean(), self.bound[-1]
        side = "under" if mean <= bound else "above"
        return (
            f"{incomplete}{len(self)} horizons from {self.calls[0]:,.0f} to {self.calls[-1]:,.0f} "
            f"calls, {self.spec.seeds} seeds each: measured slope {self.slope:.3f} "
            f"[{low:.3f}, {high:.3f}]{kind}{without}, the bound's {self.bound_slope:.3f}, "
            f"the theorem's exponent {self.exponent:.3f}; mean stationarity "
            f"{mean:.3g} {side} its bound {bound:.3g} at the last."
        )

    @property
    def brief(self) -> str:
        """The measured slope and the last mean, for a rate beside another."""
        if len(self) < 2:
            return f"{len(self)} of {len(self.horizons)} horizons"
        low, high = self.slope_interval
        return (
            f"measured slope {self.slope:.3f} [{low:.3f}, {high:.3f}], exponent "
            f"{self.exponent:.3f}, mean stationarity {self.means[-1].mean():.3g} at the last"
        )

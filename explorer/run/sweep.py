"""Sweeps: one run tuned to each horizon, and the slope through their means."""

import operator
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from explorer.registry import PLOTS
from explorer.run._words import describe
from explorer.run.device import few_threads
from explorer.run.experiment import Experiment, run, show_progress
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.theory.schedules import tuned_batch
from explorer.theory.slope import Slope, fit

HORIZONS = (1_000, 10_000, 100_000, 1_000_000)

Array = NDArray[np.float64]


@final
@dataclass(kw_only=True)
class Rate:
    """One point per tuned horizon, the line through them, and theory's two slopes beside it.

    Attributes:
        spec: The spec that was swept.
        horizons: The horizons asked for.
        traces: The finished runs, one per horizon so far, in the same order.
    """

    spec: RunSpec
    horizons: tuple[int, ...]
    traces: list[Trace] = field(default_factory=list[Trace])

    def __len__(self) -> int:
        return len(self.traces)

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
        """Least squares of the log mean on log calls, with its interval over seeds."""
        return fit(self.calls, self.means)

    @property
    def slope(self) -> float:
        """The measured slope, negative."""
        return self.fitted.value

    @property
    def slope_interval(self) -> tuple[float, float]:
        """Its 95 % percentile-bootstrap interval over seeds; blind to finite horizons."""
        return self.fitted.interval

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
        mean, bound = self.means[-1].mean(), self.bound[-1]
        side = "under" if mean <= bound else "above"
        return (
            f"{incomplete}{len(self)} horizons from {self.calls[0]:,.0f} to {self.calls[-1]:,.0f} "
            f"calls, {self.spec.seeds} seeds each: measured slope {self.slope:.3f} "
            f"[{low:.3f}, {high:.3f}], the bound's {self.bound_slope:.3f}, "
            f"the theorem's exponent {self.exponent:.3f}; mean stationarity "
            f"{mean:.3g} {side} its bound {bound:.3g} at the last."
        )

    def figure(self, plot: str = "rate", **options: Any) -> Any:
        """Return a matplotlib Figure of this rate, made without pyplot."""
        return PLOTS[plot].of(self, **options)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return self.sentence

    def _repr_png_(self) -> bytes:  # pyright: ignore[reportUnusedFunction]  # IPython's
        return PLOTS["rate"].png(self)


@final
class Sweep:
    """A sweep step by step: what :func:`sweep` and the panel advance.

    Args:
        spec: What is swept; its schedule becomes ``"horizon"``.
        horizons: Oracle calls, ascending.
        batch_size: ``"tuned"`` or ``"spec"``.

    Raises:
        ValueError: If no theorem tunes such a run, or a horizon is too short.
    """

    def __init__(
        self, spec: RunSpec, horizons: Sequence[int] = HORIZONS, batch_size: str = "tuned"
    ) -> None:
        self.specs = list(points(spec, horizons, batch_size))
        self.rate = Rate(spec=spec, horizons=tuple(horizons))
        self._present: Experiment | None = None
        self._done = 0
        self._steps = sum(one.n_steps for one in self.specs)

    @property
    def finished(self) -> bool:
        """True when every horizon was run."""
        return len(self.rate) == len(self.specs)

    @property
    def share(self) -> float:
        """Share of the steps that are made."""
        return self._done / self._steps

    @property
    def entries(self) -> int:
        """Numbers in the state of all seeds together."""
        spec = self.rate.spec
        return spec.seeds * (spec.rows or 1) * (spec.columns or 1)

    def advance(self) -> bool:
        """Make one step; return True if it completed a point."""
        if self._present is None:
            self._present = Experiment(self.specs[len(self.rate)])
        self._present.advance()
        self._done += 1
        if not self._present.finished:
            return False
        self.rate.traces.append(self._present.trace)
        self._present = None
        return True


def points(spec: RunSpec, horizons: Sequence[int], batch_size: str) -> Iterator[RunSpec]:
    """Yield the spec of each horizon, with its batch."""
    if batch_size not in ("tuned", "spec"):
        raise ValueError(f"batch_size must be 'tuned' or 'spec', got {batch_size!r}.")
    if spec.network or spec.optimizer.partition("(")[0] != "scion":
        raise ValueError(
            f"no rate to measure: tuning to a horizon needs L, rho and K, and {spec.problem!r} "
            f"with optimizer {spec.optimizer!r} has none; choose a toy and 'scion'."
        )
    try:
        wanted = [operator.index(horizon) for horizon in horizons]
    except TypeError:
        wanted = []
    if len(wanted) < 2 or sorted(set(wanted)) != wanted or wanted[0] < 1:
        raise ValueError(
            f"horizons must be two or more whole numbers, ascending from at least 1, got "
            f"{horizons!r}; try [1_000, 10_000, 100_000]."
        )
    experiment = Experiment(spec)
    why_not, constants = experiment.trace.bound_unmet, experiment.constants
    if why_not is not None or constants is None:
        raise ValueError(f"no rate to measure: {why_not}")
    for horizon in wanted:
        batch = spec.batch_size
        if batch_size == "tuned":
            batch = tuned_batch(constants, horizon, batch, float(spec.transport))
        tuned = {"momentum": None, "lr": None, "schedule": "horizon"}
        yield spec.replace(horizon=horizon, batch_size=batch, **tuned)


def sweep(
    spec: RunSpec,
    *,
    horizons: Sequence[int] = HORIZONS,
    batch_size: str = "tuned",
    executor: Any = None,
    progress: bool = False,
) -> Rate:
    """Run a spec once for each horizon, tuned to it, and return the rate.

    Args:
        spec: What is swept; schedule, momentum and lr are the tuned ones.
        horizons: Oracle calls of each run, ascending, at least two.
        batch_size: ``"tuned"`` takes the largest batch that costs no accuracy, ``"spec"`` the
            spec's own.
        executor: None runs in this process; else anything with ``submit`` as in
            ``concurrent.futures``, to which the runs are handed.
        progress: True shows a bar on standard error.

    Returns:
        The rate; after Ctrl-C the horizons that are done. A run that no theorem tunes is refused,
        as :class:`Sweep` says.

    Example:
        >>> rate = sweep(RunSpec(norm="sign", rows=2, columns=2, seeds=4), horizons=[100, 1000])
        >>> rate.exponent
        -0.21428571428571427
    """
    sweeping = Sweep(spec, horizons, batch_size)
    if executor is not None:
        futures = [executor.submit(run, one) for one in sweeping.specs]
        sweeping.rate.traces.extend(future.result() for future in futures)
        return sweeping.rate
    try:
        with few_threads(sweeping.entries):
            while not sweeping.finished:
                if sweeping.advance() and progress:
                    show_progress(sweeping.share)
    except KeyboardInterrupt:
        pass  # the rate says by itself that horizons are missing
    if progress:
        sys.stderr.write("\n")
    return sweeping.rate

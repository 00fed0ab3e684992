"""Sweeps: one run tuned to each horizon, or one for each combination of values of fields."""

import operator
import sys
from collections.abc import Iterator, Sequence
from typing import Any, final

from explorer.registry import PROBLEMS
from explorer.run.constants import assumed_constants
from explorer.run.device import few_threads
from explorer.run.experiment import Experiment, refuse_unless_spec, run, show_progress
from explorer.run.grid import Grid, axes_of
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.theory.schedules import tuned_batch

HORIZONS = (1_000, 10_000, 100_000, 1_000_000)
TIMED_STEPS = 40  # enough to tell seconds from minutes


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

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take, from a few steps made and dropped."""
        trial = Experiment(self.specs[-1])
        began = 0.0
        for step in range(min(TIMED_STEPS, trial.spec.n_steps)):
            if step == TIMED_STEPS // 4:  # the first steps are slow
                began = trial.trace.seconds
            trial.advance()
        steps = max(1, trial.step - TIMED_STEPS // 4)
        return (trial.trace.seconds - began) / steps * self._steps

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


def has_rate(spec: RunSpec) -> bool:
    """Return whether such runs can be tuned to a horizon: a toy with L, and steps of an LMO.

    Example:
        >>> has_rate(RunSpec()), has_rate(RunSpec(problem="quartic"))
        (True, False)
    """
    smooth = PROBLEMS[PROBLEMS.parse(spec.problem)[0]].smooth
    return smooth and spec.optimizer.partition("(")[0] == "scion"


def points(spec: RunSpec, horizons: Sequence[int], batch_size: str) -> Iterator[RunSpec]:
    """Yield the spec of each horizon, with its batch."""
    if batch_size not in ("tuned", "spec"):
        raise ValueError(f"batch_size must be 'tuned' or 'spec', got {batch_size!r}.")
    if not has_rate(spec):
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
    assumed = assumed_constants(spec, constants)
    assert assumed is not None, "what is assumed of known constants is known"
    for horizon in wanted:
        batch = spec.batch_size
        if batch_size == "tuned":
            batch = tuned_batch(assumed, horizon, batch, float(spec.transport))
        tuned = {"momentum": None, "lr": None, "schedule": "horizon"}
        yield spec.replace(horizon=horizon, batch_size=batch, **tuned)


def sweep(
    spec: RunSpec,
    *,
    horizons: Sequence[int] | None = None,
    batch_size: str | list[int] | tuple[int, ...] = "tuned",
    executor: Any = None,
    progress: bool = False,
    **fields: Sequence[Any],
) -> Rate | Grid:
    """Run a spec once for each horizon, tuned to it, or once for each value of some fields.

    Args:
        spec: What is swept.
        horizons: Oracle calls of each run, ascending, at least two; schedule, momentum and lr are
            then the tuned ones. None takes 1e3, 1e4, 1e5 and 1e6, or no horizons where fields are
            given.
        batch_size: ``"tuned"`` takes the largest batch that costs no accuracy, ``"spec"`` the
            spec's own; a list is a field like any other.
        executor: None runs in this process; else anything with ``submit`` as in
            ``concurrent.futures``, to which the runs are handed.
        progress: True shows a bar on standard error.
        **fields: Lists of values of the spec's fields; every combination is run.

    Returns:
        A :class:`Rate` over horizons; with fields a :class:`Grid` of traces, or, with horizons as
        well, of rates. After Ctrl-C what is done.

    A field that is unknown or no list, a value that the spec refuses, and horizons that no theorem
    tunes for are refused before anything has run.

    Example:
        >>> rate = sweep(RunSpec(norm="sign", rows=2, columns=2, seeds=4), horizons=[100, 1000])
        >>> rate.exponent
        -0.21428571428571427
        >>> grid = sweep(RunSpec(rows=2, columns=2, horizon=300, seeds=4), tail_index=[1.3, 2.0])
        >>> [round(row["bound"], 1) for row in grid.rows()]
        [1.3, 1.3]
    """
    refuse_unless_spec(spec)
    if isinstance(batch_size, list | tuple):
        fields["batch_size"], batch_size = batch_size, "spec"
    if not fields:
        return _rate(
            Sweep(spec, HORIZONS if horizons is None else horizons, batch_size),
            executor,
            progress=progress,
        )
    grid = Grid(spec=spec, axes=axes_of(fields))
    specs = [spec.replace(**choice) for choice in grid.choices()]
    sweeps = [Sweep(one, horizons, batch_size) for one in specs] if horizons is not None else []
    if executor is not None and not sweeps:
        futures = [executor.submit(run, one) for one in specs]
        grid.cells.extend(future.result() for future in futures)
        return grid
    for number, one in enumerate(specs):
        cell = _rate(sweeps[number], executor) if sweeps else run(one)
        grid.cells.append(cell)
        if progress:
            show_progress(len(grid) / len(specs))
        if not cell.complete:
            break  # Ctrl-C
    if progress:
        sys.stderr.write("\n")
    return grid


def _rate(sweeping: Sweep, executor: Any, *, progress: bool = False) -> Rate:
    if executor is not None:
        futures = [executor.submit(run, one) for one in sweeping.specs]
        sweeping.rate.traces.extend(future.result() for future in futures)
        return sweeping.rate
    if progress:
        sys.stderr.write(f"about {sweeping.estimate_s():.0f} s\n")
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

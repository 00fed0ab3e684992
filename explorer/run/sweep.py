"""Sweeps: one run tuned to each horizon, or one for each combination of values of fields."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from explorer.run._tuned import points
from explorer.run._work import seconds_a_step, to_the_end
from explorer.run.experiment import Experiment, refuse_unless_spec, run
from explorer.run.grid import Grid, axes_of
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec

HORIZONS = (1_000, 10_000, 100_000, 1_000_000)


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
        return sum(seconds_a_step(spec) * spec.n_steps for spec in self.specs)

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


@final
class GridSweep:
    """A sweep over fields, step by step, cell after cell.

    Args:
        spec: What all cells share.
        fields: The values of each field that varies; the last varies fastest.
        horizons: None for runs of the specs as they are; one horizon for runs tuned to it; several
            for a rate in every cell.
        batch_size: ``"tuned"`` or ``"spec"``, where there are horizons.

    Attributes:
        grid: What there is so far.
        specs: The spec of each cell.
        cells: The specs of each cell's runs.

    A bad field, value or horizon is refused before anything has run.
    """

    def __init__(
        self,
        spec: RunSpec,
        fields: Mapping[str, Any],
        horizons: Sequence[int] | None = None,
        batch_size: str = "tuned",
    ) -> None:
        self.grid = Grid(spec=spec, axes=axes_of(fields))
        self.specs = [spec.replace(**choice) for choice in self.grid.choices()]
        self.horizons, self._batch_size = horizons, batch_size
        self.cells = [
            [one] if horizons is None else list(points(one, horizons, batch_size, least=1))
            for one in self.specs
        ]
        self._costs = [float(sum(one.n_steps for one in cell)) for cell in self.cells]
        self._present: Experiment | Sweep | None = None

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take, from a few steps made and dropped."""
        self._costs = [
            seconds_a_step(cell[-1]) * sum(one.n_steps for one in cell) for cell in self.cells
        ]
        return sum(self._costs)

    @property
    def finished(self) -> bool:
        """True when every cell was run."""
        return len(self.grid) == len(self.cells)

    @property
    def share(self) -> float:
        """Share of the work that is done."""
        done = sum(self._costs[: len(self.grid)])
        if self._present is not None:
            done += self._costs[len(self.grid)] * self._present.share
        return done / sum(self._costs)

    @property
    def entries(self) -> int:
        """Numbers in the largest state of all seeds together."""
        sizes = [one.seeds * (one.rows or 1) * (one.columns or 1) for one in self.specs]
        return max(sizes)

    def advance(self) -> bool:
        """Make one step; return True if it completed a cell."""
        number = len(self.grid)
        if self._present is None:
            if self.horizons is not None and len(self.horizons) > 1:
                self._present = Sweep(self.specs[number], self.horizons, self._batch_size)
            else:
                self._present = Experiment(self.cells[number][0])
        self._present.advance()
        if not self._present.finished:
            return False
        present, self._present = self._present, None
        self.grid.cells.append(present.rate if isinstance(present, Sweep) else present.trace)
        return True


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
        horizons: Oracle calls of each run, ascending, at least two, or one beside fields; schedule,
            momentum and lr are then the tuned ones. None takes 1e3, 1e4, 1e5 and 1e6, or no
            horizons where fields are given.
        batch_size: ``"tuned"`` takes the largest batch that costs no accuracy, ``"spec"`` the
            spec's own; a list is a field like any other.
        executor: None runs in this process; else anything with ``submit`` as in
            ``concurrent.futures``, to which the runs are handed.
        progress: True shows a bar on standard error.
        **fields: Lists of values of the spec's fields; every combination is run.

    Returns:
        A :class:`Rate` over horizons; with fields a :class:`Grid` of traces, with one horizon as
        well of runs that are tuned to it, with several of rates. After Ctrl-C what is done.

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
    sweeping = GridSweep(spec, fields, horizons, batch_size)
    if executor is not None:
        rates = horizons is not None and len(horizons) > 1
        futures = [[executor.submit(run, one) for one in cell] for cell in sweeping.cells]
        for number, cell in enumerate(futures):
            traces = [future.result() for future in cell]
            one = Rate(spec=sweeping.specs[number], horizons=tuple(horizons or ()), traces=traces)
            sweeping.grid.cells.append(one if rates else traces[0])
        return sweeping.grid
    to_the_end(sweeping, progress=progress)
    return sweeping.grid


def _rate(sweeping: Sweep, executor: Any, *, progress: bool = False) -> Rate:
    if executor is None:
        to_the_end(sweeping, progress=progress)
    else:
        futures = [executor.submit(run, one) for one in sweeping.specs]
        sweeping.rate.traces.extend(future.result() for future in futures)
    return sweeping.rate

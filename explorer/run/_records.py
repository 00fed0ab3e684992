"""Records: what was measured of a run, and the means, bound and slope that are made of it."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from explorer.run._version import package_version
from explorer.run.snapshot import Snapshot, Snapshots
from explorer.run.spec import RunSpec
from explorer.theory.slope import Slope, fit

Array = NDArray[np.float64]

FROBENIUS = "gradient Frobenius norm"
LAYER = "stationarity of "  # a layer's name follows
NUCLEAR_RANK = "gradient nuclear rank"


class Record(NamedTuple):
    """One row: the run at one measured step, and sums up to the end of its stratum."""

    step: int
    calls: int
    weight: int
    stratum_end: int
    lr: float
    momentum: float
    coefficient: float
    sum_lr: float
    bound: float
    seconds: float
    stationarity: Array
    measures: Mapping[str, Array]


NUMBERS = Record._fields[:10]


@dataclass(kw_only=True, repr=False)
class Records:
    """What a trace holds and makes of it: see ``Trace``, which adds words, a picture and files."""

    spec: RunSpec
    bound_unmet: str | None = None
    exponent: float = float("nan")
    exponent_formula: str = ""
    constants: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()
    device: str = ""
    version: str = field(default_factory=lambda: package_version())
    seconds: float = 0.0
    complete: bool = False
    present: Record | None = field(default=None, repr=False, compare=False)
    rewound: bool = False
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)
    snapshots: Snapshots = field(default_factory=Snapshots, repr=False, compare=False)
    _rows: list[Record] = field(default_factory=list[Record], repr=False)
    _memo: tuple[int, dict[str, Any]] = field(default=(-1, {}), repr=False, compare=False)

    def append(self, record: Record) -> None:
        """Add a record; a reader in another thread sees all of it or nothing."""
        self._rows.append(record)

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> Array:
        """Return one number of every record, shape ``[R]``."""
        return self._once(name, lambda rows: _numbers(rows, name))

    def _once(self, name: str, build: Callable[[tuple[Record, ...]], Any]) -> Any:
        """Return what ``build`` makes of the rows, made once for each number of rows."""
        rows, memo = tuple(self._rows), self._memo
        if memo[0] != len(rows):
            # kept at hand: another reader may put its own in place at any time
            memo = self._memo = (len(rows), {})
        if name not in memo[1]:
            memo[1][name] = build(rows)
        return memo[1][name]

    def still(self) -> Self:
        """Return a copy that no record is added to: several arrays of a live run, of one length."""
        return dataclasses.replace(self, _rows=self._rows.copy(), _memo=(-1, {}))

    def until(self, records: int) -> Self:
        """Return a copy that ends after so many records, with the matrices of then.

        All records give a copy of the whole; more than there are count as all.
        """
        if records >= len(self):
            return self.still()
        rows = self._rows[: max(records, 1)]
        return dataclasses.replace(
            self,
            _rows=rows,
            _memo=(-1, {}),
            complete=False,
            rewound=True,
            present=None,
            snapshot=self.snapshots.at(rows[-1].step),
        )

    def until_calls(self, calls: float) -> Self:
        """Return a copy that ends with the last record of at most so many calls."""
        return self.until(int((self.calls <= calls).sum()))

    @property
    def now(self) -> float:
        """Mean over the finite seeds at the last record, or at a step that was looked at after."""
        if self.present is not None:
            return float(self.present.stationarity[self.finite].mean())
        return float(self.mean[-1])

    @property
    def calls(self) -> Array:
        """Oracle calls made at each record, its own step's batch included, ``[R]``."""
        return self.column("calls")

    @property
    def stationarity(self) -> Array:
        """Dual norm of the full gradient at the iterate, ``[R, S]``."""
        return self._once("stationarity", self._stationarity)

    def _stationarity(self, rows: Sequence[Record]) -> Array:
        return _per_seed([row.stationarity for row in rows], self.spec.seeds)

    @property
    def measures(self) -> dict[str, Array]:
        """What else was measured, by name, each ``[R, S]``: the objective as ``"value"``.

        On toys also the Frobenius norm and the nuclear rank of the exact gradient.
        """

        def build(rows: tuple[Record, ...]) -> dict[str, Array]:
            names, seeds = rows[0].measures if rows else (), self.spec.seeds
            return {name: _per_seed([row.measures[name] for row in rows], seeds) for name in names}

        return self._once("measures", build)

    @property
    def mean_measures(self) -> dict[str, Array]:
        """``measures`` as means over the finite seeds, each ``[R]``."""
        return {name: _seed_mean(array[:, self.finite]) for name, array in self.measures.items()}

    @property
    def stratum_end(self) -> Array:
        """Oracle calls at the end of a record's stratum, where means and bound stand, ``[R]``."""
        return self.column("stratum_end")

    @property
    def bound(self) -> Array:
        """The bound on the step-weighted mean up to ``stratum_end``, ``[R]``; NaN where unmet."""
        return self.column("bound")

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Which seeds have stayed finite, ``[S]``."""
        return self._once("finite", lambda rows: np.isfinite(self._stationarity(rows)).all(0))

    @property
    def mean(self) -> Array:
        """Mean over the finite seeds of the stationarity, ``[R]``."""
        return self._once("mean", self._mean)

    def _mean(self, rows: Sequence[Record]) -> Array:
        stationarity = self._stationarity(rows)
        return _seed_mean(stationarity[:, np.isfinite(stationarity).all(0)])

    @property
    def running_mean(self) -> Array:
        """Step-weighted mean over time and seeds up to ``stratum_end``, ``[R]``; unbiased."""

        def build(rows: tuple[Record, ...]) -> Array:
            weighted = _numbers(rows, "weight") * _numbers(rows, "lr") * self._mean(rows)
            return np.cumsum(weighted) / _numbers(rows, "sum_lr")

        return self._once("running_mean", build)

    @property
    def plain_running_mean(self) -> Array:
        """Mean over time, every step alike, and over seeds up to ``stratum_end``, ``[R]``."""

        def build(rows: tuple[Record, ...]) -> Array:
            weight = _numbers(rows, "weight")
            return np.cumsum(weight * self._mean(rows)) / np.cumsum(weight)

        return self._once("plain_running_mean", build)

    @property
    def mean_stationarity(self) -> Array:
        """Unbiased estimate of each seed's step-weighted mean over all steps, ``[S]``."""

        def build(rows: tuple[Record, ...]) -> Array:
            weights = _numbers(rows, "weight") * _numbers(rows, "lr")
            total = rows[-1].sum_lr if rows else np.nan
            return (weights[:, None] * self._stationarity(rows)).sum(0) / total

        return self._once("mean_stationarity", build)

    @property
    def slope(self) -> float:
        """Least-squares slope of the log mean on log calls over the last decade of calls."""
        return self._fit.value

    @property
    def slope_interval(self) -> tuple[float, float]:
        """95 % percentile-bootstrap interval of ``slope`` over seeds."""
        return self._fit.interval

    @property
    def _fit(self) -> Slope:
        def build(rows: tuple[Record, ...]) -> Slope:
            last = [row for row in rows if row.calls >= rows[-1].calls / 10]
            return fit(_numbers(last, "calls"), self._stationarity(last))

        return self._once("slope", build)


def _numbers(rows: Sequence[Record], name: str) -> Array:
    return np.array([getattr(row, name) for row in rows], float)


def _per_seed(rows: Sequence[Array], seeds: int) -> Array:
    return np.array(rows, dtype=np.float64).reshape(len(rows), seeds)


def _seed_mean(values: Array) -> Array:
    return values.mean(1) if values.shape[1] else np.full(len(values), np.nan)

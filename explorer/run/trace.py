"""Trace: all the numbers of a run, and what they say."""

import csv
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from explorer.run import _words
from explorer.run._shown import Shown
from explorer.run.snapshot import Snapshot
from explorer.run.spec import RunSpec
from explorer.theory.slope import Slope, fit

Array = NDArray[np.float64]

FROBENIUS = "gradient Frobenius norm"
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
    stationarity: Array
    measures: Mapping[str, Array]


NUMBERS = Record._fields[:9]


@final
@dataclass(kw_only=True, repr=False)
class Trace(Shown):
    """All numbers of one run; every array is numpy float64, and R counts records, S seeds.

    Attributes:
        spec: What ran.
        bound_unmet: The sentence why no bound is drawn, or None.
        exponent: The theorem's exponent for a run tuned to its horizon, negative.
        exponent_formula: The same in LaTeX.
        constants: ``smoothness`` L, ``hessian_smoothness`` rho, ``gap``, ``noise`` K and ``moment``
            p of the bound, by name; None where they are unknown.
        notes: Sentences that a reader must know beside the picture.
        device: Where it ran, and why there.
        version: Version of the explorer.
        seconds: Time that the run took.
        complete: False for a run that was cut off.
        snapshot: The matrices at the last record, the first seed's; None before it, and for a
            network. Only the latest is kept, and it is replaced as a whole.
    """

    usual_plot: ClassVar[str] = "decay"

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
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)
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

    def still(self) -> "Trace":
        """Return a copy that no record is added to: several arrays of a live run, of one length."""
        return dataclasses.replace(self, _rows=self._rows.copy(), _memo=(-1, {}))

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

    @property
    def title(self) -> str:
        """The run in one line, for the head of a picture."""
        return _words.describe(self.spec)

    @property
    def sentence(self) -> str:
        """The picture in words: what was run, what was seen, what theory says beside it."""
        return _words.sentence(self.still())

    @property
    def brief(self) -> str:
        """The weighted mean and the present one, for a run beside another."""
        if not len(self) or not self.finite.any():
            return "every seed diverged" if len(self) else "not run yet"
        return f"weighted mean {self.running_mean[-1]:.3g}, now {self.mean[-1]:.3g}"

    def save(self, path: str | Path) -> None:
        """Write everything to an npz file without pickle; :meth:`load` reads it."""
        meta = {name: getattr(self, name) for name in META} | {"spec": self.spec.to_json()}
        still = self.still()
        arrays: dict[str, Any] = {name: still.column(name) for name in NUMBERS}
        arrays |= {f"measure/{name}": array for name, array in still.measures.items()}
        arrays |= {} if still.snapshot is None else still.snapshot.arrays()
        arrays |= {"meta": np.array(json.dumps(meta)), "stationarity": still.stationarity}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Return the trace that :meth:`save` wrote, on whatever machine it ran.

        Raises:
            ValueError: If the file is no trace.
        """
        try:
            file: Any = np.load(path, allow_pickle=False)
        except (ValueError, EOFError):  # a text, or nothing
            file = {}
        if "meta" not in file or "stationarity" not in file:
            raise ValueError(f"path must name a saved trace, got {str(path)!r}; see Trace.save.")
        with file:
            meta = json.loads(str(file["meta"]))
            arrays = {name: file[name] for name in file.files if name != "meta"}
        spec = RunSpec.recall(meta.pop("spec"))
        trace = cls(spec=spec, **(meta | {"notes": tuple(meta["notes"])}))
        trace.snapshot = Snapshot.recall(arrays)
        names = [name for name in arrays if name.startswith("measure/")]
        for i in range(len(arrays["stationarity"])):
            numbers = {name: arrays[name][i].item() for name in NUMBERS}
            measures = {name.removeprefix("measure/"): arrays[name][i] for name in names}
            trace.append(
                Record(**numbers, stationarity=arrays["stationarity"][i], measures=measures)
            )
        return trace

    def to_csv(self, path: str | Path) -> None:
        """Write one line per record: its numbers, the means, and each seed's stationarity.

        The first line, behind ``#``, carries the spec and the version.
        """
        still = self.still()
        means = {"mean": still.mean, "running_mean": still.running_mean}
        columns = {name: still.column(name) for name in NUMBERS} | means | still.mean_measures
        seeds = {f"seed_{s}": values for s, values in enumerate(still.stationarity.T)}
        with Path(path).open("w", newline="") as file:
            file.write(f"# scion-explorer {self.version} {self.spec.to_json()}\n")
            writer = csv.writer(file)
            writer.writerow([*columns, *seeds])
            writer.writerows(zip(*columns.values(), *seeds.values(), strict=True))


META = (
    "bound_unmet",
    "exponent",
    "exponent_formula",
    "constants",
    "notes",
    "device",
    "version",
    "seconds",
    "complete",
)


def installed_version(package: str) -> str | None:
    """Return the version of an installed package, or None without one, as in a bare checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def package_version() -> str:
    """Return the explorer's own version, or 'unknown'."""
    return installed_version("scion-explorer") or "unknown"


def _numbers(rows: Sequence[Record], name: str) -> Array:
    return np.array([getattr(row, name) for row in rows], float)


def _per_seed(rows: Sequence[Array], seeds: int) -> Array:
    return np.array(rows, dtype=np.float64).reshape(len(rows), seeds)


def _seed_mean(values: Array) -> Array:
    return values.mean(1) if values.shape[1] else np.full(len(values), np.nan)

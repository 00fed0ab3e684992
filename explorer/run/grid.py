"""Grid: one run, or one rate, for every combination of values of some fields."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from explorer.registry import NOISES
from explorer.run._shown import Shown
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.theory.slope import NO_SLOPE, Slope, fit, in_digits

Array = NDArray[np.float64]
LEFT_OUT = "means are over the seeds that did not diverge."
NOISE_CONSTANT = "noise constant K"  # how a run's note on it begins


@final
@dataclass(kw_only=True, repr=False)
class Grid(Shown):
    """What a sweep over fields found, cell by cell.

    Attributes:
        spec: What all cells share.
        axes: The values of each field that varies, in the order given; the last varies fastest.
        cells: A :class:`Trace`, or a :class:`Rate` where horizons were asked for, for each
            combination so far.

    Example:
        >>> from explorer import sweep
        >>> spec = RunSpec(rows=2, columns=2, horizon=200, seeds=2)
        >>> grid = sweep(spec, norm=["sign", "frobenius"], transport=[False, True])
        >>> len(grid), grid.complete
        (4, True)
        >>> grid[{"norm": "frobenius", "transport": True}].spec.transport
        True
        >>> [row["norm"] for row in grid.rows()]
        ['sign', 'sign', 'frobenius', 'frobenius']
    """

    usual_plot: ClassVar[str] = "grid"

    spec: RunSpec
    axes: Mapping[str, tuple[Any, ...]]
    cells: list[Trace | Rate] = field(default_factory=list[Trace | Rate])

    def __len__(self) -> int:
        return len(self.cells)

    def choices(self) -> Iterator[dict[str, Any]]:
        """Yield the fields' values of every cell, those included that have not run."""
        for values in itertools.product(*self.axes.values()):
            yield dict(zip(self.axes, values, strict=True))

    def __getitem__(self, choice: Mapping[str, Any]) -> Trace | Rate:
        """Return the cell of a choice, given as a mapping from every field to its value."""
        for known, cell in zip(self.choices(), self.cells, strict=False):
            if known == choice:
                return cell
        raise KeyError(f"no cell {dict(choice)!r}; the fields are {dict(self.axes)!r}.")

    def still(self) -> "Grid":
        return replace(self, cells=self.cells.copy())

    @property
    def complete(self) -> bool:
        """True when every cell is there and was run to its end."""
        wanted = len(list(self.choices()))
        return len(self) == wanted and all(cell.complete for cell in self.cells)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each cell: its fields, and the numbers of its run or rate."""
        # a run that is tuned to a horizon, or not at all, ends on a floor: it has no slope
        live = any(cell.spec.schedule == "anytime" for cell in self.cells)
        return [
            choice | _numbers(cell, live=live)
            for choice, cell in zip(self.choices(), self.cells, strict=False)
        ]

    @property
    def fitted_sizes(self) -> Array:
        """The numbers of rows or columns that the slope is of, the first or the last of them all.

        Where rows and columns are equal min(m, n) changes hands, and no power law goes through the
        bend: sizes up to it count, or from it on where there are fewer than two. Empty where
        another field varies as well.
        """
        (name, values), *others = self.axes.items()
        alone = name in ("rows", "columns") and not others
        if not alone or not all(isinstance(cell, Trace) for cell in self.cells):
            return np.empty(0)
        sizes = np.array(values[: len(self)], float)
        other = {"rows": self.spec.columns, "columns": self.spec.rows}[name] or np.inf
        up_to = sizes <= other
        part = up_to if up_to.sum() > 1 else sizes >= other
        return sizes[part] if part.sum() > 1 else np.empty(0)

    def _of_the_fit(self, values: Array) -> Array:
        """Return the rows of ``values``, one a cell, that the slope is of."""
        sizes = np.array(next(iter(self.axes.values()))[: len(values)], float)
        return values[np.isin(sizes, self.fitted_sizes)]

    @property
    def means(self) -> Array:
        """Mean stationarity over each run, for each seed, ``[V, S]``; of runs alone."""
        return np.array([c.mean_stationarity for c in self.cells if isinstance(c, Trace)], float)

    @property
    def fitted(self) -> Slope:
        """Least squares of the log mean on the log of the rows or columns, if they alone vary."""
        sizes = self.fitted_sizes
        return fit(sizes, self._of_the_fit(self.means)) if len(sizes) else NO_SLOPE

    @property
    def slope(self) -> float:
        """The measured slope in the field."""
        return self.fitted.value

    @property
    def slope_interval(self) -> tuple[float, float]:
        """Its 95 % percentile-bootstrap interval over seeds."""
        return self.fitted.interval

    @property
    def bound_slope(self) -> float:
        """Slope of the explicit bound over the same values."""
        sizes = self.fitted_sizes
        bound = np.array([[c.bound[-1]] for c in self.cells if isinstance(c, Trace)], float)
        return fit(sizes, self._of_the_fit(bound)).value if len(sizes) else np.nan

    @property
    def exponent(self) -> float:
        r"""The theorem's exponent in the number of rows or columns; NaN where it is silent.

        In :math:`r = \min(m, n)` it is that of N with the other sign, for the spectral norm, runs
        tuned to their noise, one :math:`L\Delta`, and one size of the noise's dual norm a call: a
        noise level, or a scale where a call is of rank one. The worst law hits one singular
        direction a call; one that fills all at once shows no dependence.
        """
        sizes, (name, *_) = self.fitted_sizes, self.axes
        other = {"rows": self.spec.columns, "columns": self.spec.rows}.get(name)
        runs = [cell for cell in self.cells if isinstance(cell, Trace)]
        scales = [c.constants["smoothness"] * c.constants["gap"] for c in runs if c.constants]
        alike = len(scales) == len(runs) > 1 and np.allclose(scales, scales[0])
        if len(sizes) < 2 or other is None or self.spec.norm != "spectral" or not alike:
            return np.nan
        if not all(_as_the_theorem_says(run) for run in runs):
            return np.nan
        if sizes.max() <= other:
            return -runs[0].exponent
        return 0.0 if sizes.min() >= other else np.nan

    @property
    def title(self) -> str:
        """The grid in one line."""
        return (
            f"{self.spec.problem} over {' and '.join(name.replace('_', ' ') for name in self.axes)}"
        )

    @property
    def sentence(self) -> str:
        """The rows as a table in text."""
        rows = self.rows()
        if not rows:
            return f"{self.title}: not run yet."
        # nothing is said where nothing is known, as of the bound where there is no L
        head = [name for name in rows[0] if any(_known(row[name]) for row in rows)]
        table = [head, *([_text(row[name]) for name in head] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
            for line in table
        ]
        return "\n".join([*lines, *self._slopes()])

    def _slopes(self) -> list[str]:
        if np.isnan(self.slope):
            return []
        low, high = self.slope_interval
        exponent = self.exponent
        worst = " for the worst noise of this size" if exponent else ""
        theorem = f", the theorem's {in_digits(exponent)}{worst}" if np.isfinite(exponent) else ""
        name, values = next(iter(self.axes.items()))
        sizes = self.fitted_sizes
        part = ""
        if len(sizes) < len(values[: len(self)]):
            part = f" from {sizes[0]:.0f} to {sizes[-1]:.0f}"
        return [
            f"slope in {name}{part}: measured {in_digits(self.slope)} [{in_digits(low)}, "
            f"{in_digits(high)}], the bound's {in_digits(self.bound_slope)}{theorem}."
        ]

    @property
    def brief(self) -> str:
        """The slopes alone, for a grid beside another."""
        return " ".join(self._slopes()) or f"{len(self)} cells"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the picture."""
        notes = dict.fromkeys(note for cell in self.cells for note in cell.notes)
        runs = [cell for cell in self.cells if isinstance(cell, Trace)]
        notes |= dict.fromkeys(run.bound_unmet for run in runs if run.bound_unmet)
        if any(not run.finite.all() for run in runs):
            notes[LEFT_OUT] = None
        said = [note for note in notes if note.startswith(NOISE_CONSTANT)]
        if len(said) < 2:
            return tuple(notes)
        constants = [
            c.constants["noise"] for c in self.cells if isinstance(c, Trace) and c.constants
        ]
        spread = f"{min(constants):.3g} to {max(constants):.3g}" if constants else "run to run"
        return (
            f"{NOISE_CONSTANT} differs from cell to cell: {spread}.",
            *(note for note in notes if note not in said),
        )

    @property
    def seconds(self) -> float:
        """Time that the runs took."""
        return sum(cell.seconds for cell in self.cells)


def _as_the_theorem_says(run: Trace) -> bool:
    """Return whether a run is tuned to its noise, whose calls have a size that no shape changes."""
    spec = run.spec
    of_rank_one = not NOISES[NOISES.parse(spec.noise)[0]].entrywise
    one_size = spec.noise_level is not None if not of_rank_one else spec.noise_scale is not None
    noisy = bool(run.constants and run.constants["noise"] > 0)
    return noisy and one_size and spec.schedule == "horizon" and spec.tuned_for is None


def axes_of(fields: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the fields of a grid with their values, each at least once.

    Raises:
        TypeError: If a field is no list.
        ValueError: If a list is empty or holds a value twice.
    """
    axes: dict[str, tuple[Any, ...]] = {}
    for name, values in fields.items():
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise TypeError(
                f"{name} must be a list of values, got {values!r}; "
                f"give [{values!r}], or set it in the spec."
            )
        axes[name] = tuple(values)
        twice = [value for i, value in enumerate(axes[name]) if value in axes[name][:i]]
        if not axes[name] or twice:
            raise ValueError(f"{name} must hold different values, at least one, got {values!r}.")
    return axes


def _numbers(cell: Trace | Rate, *, live: bool) -> dict[str, Any]:
    if isinstance(cell, Rate):
        numbers = {
            "slope": cell.slope,
            "slope low": cell.slope_interval[0],
            "slope high": cell.slope_interval[1],
            "bound's slope": cell.bound_slope,
            "exponent": cell.exponent,
        }
        return numbers | {"calls": int(cell.calls[-1]), "seconds": cell.seconds}
    means = cell.mean_stationarity[cell.finite]
    return {
        "weighted mean": float(means.mean()) if len(means) else float("nan"),
        "bound": float(cell.bound[-1]) if len(cell) else float("nan"),
        "now": float(cell.mean[-1]) if len(cell) else float("nan"),
        **({"slope": cell.slope if cell.spec.schedule == "anytime" else np.nan} if live else {}),
        "diverged": int((~cell.finite).sum()),
        "calls": cell.spec.n_steps * cell.spec.batch_size,
        "seconds": cell.seconds,
    }


def _known(value: Any) -> bool:
    return not (isinstance(value, float) and np.isnan(value))


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"

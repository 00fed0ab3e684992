"""Grid: the mean of a run, or the slope of a rate, against a field."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, final

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._style import PLAIN, SMALL_PT, plain_number
from explorer.registry import PLOTS

MOST_LINES = 6
MOST_LOST = 8  # values under which there is room for words
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1)), "-.")
SPAN = 10  # values of a field that span more are shown on a logarithmic axis


Row = dict[str, Any]
Place = tuple[float, float, float, float]  # of a line: middle, low, high, theory


@final
@PLOTS.register("grid")
class Grid(Plot):
    """The last field of a grid as x; every combination of the others is a line, six at most.

    A point is the mean over the run and over seeds with its 10-90 % range over seeds, and thin
    dashes the bound on it; of rates it is the measured slope with its interval, and thin dashes
    the theorem's exponent.
    """

    label = "Grid"
    draws = "grid"

    def _make(self) -> None:
        palette = self.palette
        colors = (palette.run, palette.guide, palette.loss, *palette.kept)[:MOST_LINES]
        styles = list(zip(colors, DASHES, strict=True))
        self._theory = [self.line(color=color, lw=1.2, ls=(0, (7, 3))) for color in colors]
        self._bars = [self.line(color=color, lw=1.6) for color in colors]
        self._points = [
            self.line(color=color, ls=dash, lw=2, marker="o", ms=7) for color, dash in styles
        ]
        self._words = [self.text(color, va="center") for color in colors]
        self._about = self.text(palette.faint, ha="right", va="top", fontsize=SMALL_PT)
        self._about.set_transform(self.axes.transAxes)
        self._about.set_position((1.0, 1.0))
        self._lost = [
            self.text(palette.faint, ha="center", va="bottom", fontsize=SMALL_PT)
            for _ in range(MOST_LOST)
        ]
        for words in self._lost:
            words.set_transform(self.axes.get_xaxis_transform())

    @property
    def panes(self) -> Sequence[Pane]:
        return [Pane(self.axes, {"xlabel": self.axes.get_xlabel(), "ylabel": "mean"})]

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        name, values = list(data.axes.items())[-1]
        x = self._lay_out(name, values)
        rows = data.rows()
        rates = bool(rows) and "exponent" in rows[0]
        self.axes.set_yscale("linear" if rates else "log")
        self.axes.yaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_minor_formatter(PLAIN)
        if not rates:  # a range of less than a decade has few round numbers of its own
            self.axes.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))
        self._about.set_text(f"thin dashes: {'exponent of the theorem' if rates else 'the bound'}")
        theory = "exponent" if rates else "bound"
        self._about.set_visible(any(np.isfinite(row[theory]) for row in rows))
        self.axes.set_ylabel(
            "measured slope" if rates else r"step-weighted mean of $\|\nabla f(X_t)\|_*$",
            fontsize=11,
            labelpad=1,
        )
        lines = self._lines(data, rows)
        self._say_lost(data, rows, list(lines), x)
        heights: list[float] = []
        for number, (label, line) in enumerate(lines.items()):
            middle, low, high, theory = (
                np.array(column, float) for column in zip(*line, strict=True)
            )
            at = x[: len(middle)]
            self._show(self._points[number], at, middle)
            gaps = np.full(len(at), np.nan)
            bars = np.column_stack((low, high, gaps)).ravel()
            self._show(self._bars[number], np.repeat(at, 3), bars)
            self._show(self._theory[number], at, theory)
            words = self._words[number]
            words.set_text(f"  {label}")
            words.set_position((at[-1], middle[-1]))
            words.set_visible(bool(label) and np.isfinite(middle[-1]))
            heights.extend(value for value in (*low, *high, *theory) if np.isfinite(value))
        if rates and heights:
            room = 0.1 * (max(heights) - min(heights)) + 1e-3
            self.axes.set_ylim(min(heights) - room, max(heights) + room)
        elif heights and min(heights) > 0:
            self.axes.set_ylim(min(heights) / 1.4, max(heights) * 1.4)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        x = self._lay_out(*list(data.axes.items())[-1])
        return {
            label or "mean": (x[: len(line)], np.array([point[0] for point in line], float))
            for label, line in self._lines(data, data.rows()).items()
        }

    def _lines(self, data: Any, rows: list[Row]) -> dict[str, list[Place]]:
        """Return each line's points: middle, low, high, theory."""
        lines: dict[str, list[Place]] = {}
        for row, cell in zip(rows, data.cells, strict=True):
            if "exponent" in row:
                point = (row["slope"], row["slope low"], row["slope high"], row["exponent"])
            else:
                means = cell.mean_stationarity[cell.finite]
                low, high = np.percentile(means, (10, 90)) if len(means) else (np.nan, np.nan)
                point = (row["weighted mean"], float(low), float(high), row["bound"])
            lines.setdefault(self._line_of(data, row), []).append(point)
        return dict(list(lines.items())[:MOST_LINES])

    def _say_lost(self, data: Any, rows: list[Row], lines: list[str], x: np.ndarray) -> None:
        """Write over each value how many seeds diverged there, in the colour of the worst line."""
        name, values = list(data.axes.items())[-1]
        lost = [row for row in rows if row.get("diverged") and self._line_of(data, row) in lines]
        for words, value, place in zip(self._lost, values, x, strict=False):
            worst = max((row for row in lost if row[name] == value), default=None, key=_diverged)
            if worst is not None:
                number = lines.index(self._line_of(data, worst))
                seeds = worst.get("seeds", data.spec.seeds)  # which may be what varies
                words.set_text(f"{worst['diverged']} of {seeds}\ndiverged")
                words.set_color(self._words[number].get_color())
                words.set_position((place, 0.01))
                words.set_horizontalalignment("left" if place == x[0] else "center")
                words.set_visible(True)

    @staticmethod
    def _line_of(data: Any, row: Row) -> str:
        """Return the label of the line that a row is on: the fields but the last."""
        fields = list(data.axes)[:-1]
        return ", ".join(f"{field.replace('_', ' ')} {_word(row[field])}" for field in fields)

    def _lay_out(self, name: str, values: Sequence[Any]) -> np.ndarray:
        """Give x its scale and labels, and return where each value stands."""
        axes = self.axes
        axes.set_xlabel(name.replace("_", " "), fontsize=11)
        if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
            x = np.array(values, float)
            log = x.min() > 0 and x.max() >= SPAN * x.min()
            axes.set_xscale("log" if log else "linear")
            margin = (x.max() / x.min()) ** 0.08 if log else 0.08 * (np.ptp(x) or 1.0)
            # words stand right of the last point: there is room for them
            low, high = x.min(), x.max()
            if log:
                axes.set_xlim(low / margin, high * margin**4)
            else:
                axes.set_xlim(low - margin, high + 4 * margin)
            axes.set_xticks(x, [plain_number(value) for value in x])
            axes.xaxis.set_minor_locator(NullLocator())
            return x
        axes.set_xscale("linear")
        axes.set_xlim(-0.4, len(values) - 0.2)
        axes.set_xticks(range(len(values)), [_word(value) for value in values])
        return np.arange(len(values), dtype=float)


def _word(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _diverged(row: Row) -> int:
    return row["diverged"]

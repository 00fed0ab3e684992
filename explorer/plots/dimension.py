"""Dimension: the mean of a tuned run against the number of rows or columns, with two slopes."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._style import KEPT_DASHES, PLAIN, SMALL_PT, plain_number
from explorer.registry import PLOTS
from explorer.theory.slope import in_digits

ABOVE = 1.3  # the theorem's line starts so far above the first point
STATIONARITY = r"mean of $\|\nabla f(X_t)\|_*$ over the run"


@final
@PLOTS.register("dimension")
class Dimension(Plot):
    """A grid over a single field of numbers; kept grids over the same field beside it.

    A point is the mean over the run and over seeds, its bar the 10-90 % range over seeds. The
    bound of each run and the theorem's exponent are drawn where there are any.
    """

    label = "Dimension"
    draws = "grid"

    def _make(self) -> None:
        palette = self.palette
        self._kept = [
            self.line(color=color, ls=dash, lw=1.4, marker=marker, ms=6)
            for color, dash, marker in zip(palette.kept, KEPT_DASHES, "sD^v", strict=True)
        ]
        self._bound = self.line(color=palette.ink, ls=(0, (7, 3)), lw=1.8, marker="s", ms=5)
        self._guide = self.line(color=palette.guide, lw=2.6)
        self._fit = self.line(color=palette.run, lw=1.6, ls=(0, (4, 2)))
        self._bars = self.line(color=palette.run, lw=2.2)
        self._points = self.line(color=palette.run, lw=0, marker="o", ms=8)
        colors = (palette.ink, palette.guide, palette.run, *palette.kept)
        self._words = [self.text(color, va="top", fontsize=SMALL_PT) for color in colors]
        for number, words in enumerate(self._words):
            words.set_transform(self.axes.transAxes)
            words.set_position((0.01, 1.0 - 0.058 * number))
        self.axes.set_ylabel(STATIONARITY, fontsize=11, labelpad=1)
        self.axes.yaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_minor_formatter(PLAIN)
        self.axes.yaxis.set_minor_locator(LogLocator(subs=(2, 3, 5)))

    @property
    def panes(self) -> Sequence[Pane]:
        return [Pane(self.axes, {"xlabel": self.axes.get_xlabel(), "ylabel": "mean stationarity"})]

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        kept = [(label, grid) for label, grid in kept if len(grid.means)]
        x = self._lay_out(data)[: len(data.means)]
        if not len(x):
            self._fit_axes(self.axes.get_xlim(), (0.05, 10))
            return
        mean = data.means.mean(1)
        low, high = np.percentile(data.means, (10, 90), axis=1)
        gaps = np.full(len(x), np.nan)
        self._show(self._points, x, mean)
        self._show(self._bars, np.repeat(x, 3), np.column_stack((low, high, gaps)).ravel())
        bound = np.array([cell.bound[-1] for cell in data.cells], float)
        self._show(self._bound, x, bound)
        heights = [*low, *bound[np.isfinite(bound)]]
        for line, (_, grid) in zip(self._kept, kept, strict=False):
            means = grid.means.mean(1)
            self._show(line, x[: len(means)], means[: len(x)])
            heights.extend(means)
        rows = ["the explicit bound of each run", "", f"mean of {data.spec.seeds} seeds"]
        if np.isfinite(data.slope):
            rows = self._slopes(data, x, mean)
        for label, grid in kept:
            said = f": slope {in_digits(grid.slope)}" if np.isfinite(grid.slope) else ""
            rows.append(f"{label}{said}")
        for words, row in zip(self._words, rows, strict=False):
            words.set_text(row)
            words.set_visible(bool(row))
        room = (max(heights) / min(heights)) ** 0.15 * 1.1 ** len(rows)
        self._fit_axes(self.axes.get_xlim(), (0.8 * min(heights), room * max(heights)))

    def _slopes(self, data: Any, x: np.ndarray, mean: np.ndarray) -> list[str]:
        """Draw fit and theorem, and return the words of the first three lines."""
        fitted, ends = data.fitted, data.fitted_sizes[[0, -1]]
        self._show(self._fit, ends, np.exp(fitted.intercept) * ends**fitted.value)
        low, high = fitted.interval
        theorem = ""
        if np.isfinite(data.exponent):
            guide = ABOVE * mean[x == ends[0]] * (ends / ends[0]) ** data.exponent
            self._show(self._guide, ends, guide)
            theorem = f"exponent of the theorem {in_digits(data.exponent)}, the worst noise"
        whole = len(data.fitted_sizes) == len(x)
        part = "" if whole else f" from {plain_number(ends[0])} to {plain_number(ends[1])}"
        return [
            f"the explicit bound of each run: slope {in_digits(data.bound_slope)}{part}",
            theorem,
            f"measured slope{part} {in_digits(fitted.value)} [{in_digits(low)}, {in_digits(high)}]",
        ]

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        x = np.array(next(iter(data.axes.values())), float)
        grids = {"mean": data, **dict(kept)}
        return {
            name: (x[: len(grid.means)], grid.means.mean(1))
            for name, grid in grids.items()
            if len(grid.means)
        }

    def _lay_out(self, data: Any) -> np.ndarray:
        (name, values), *_ = data.axes.items()
        x = np.array(values, float)
        margin = (x.max() / x.min()) ** 0.08 if len(x) > 1 else 1.5
        self.axes.set_xscale("log")
        self.axes.set_xlim(x.min() / margin, x.max() * margin)
        self.axes.set_xticks(x, [plain_number(value) for value in x])
        self.axes.xaxis.set_minor_locator(NullLocator())
        self.axes.set_xlabel(name.replace("_", " "), fontsize=11)
        return x

"""Noise: the survival function of a draw with its tail, and the dual norm of batch means."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from matplotlib.ticker import NullLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._rows import SHORT, fit_rows, most_ticks, put_in_row, say
from explorer.plots._style import plain_number
from explorer.registry import PLOTS

ROWS = {"tail": 0, "survival": 1, "exponent": 0, "median": 1, "bound": -1, "mean": -2}
GUIDE_BELOW = 0.6  # of the lowest quantile
FAR_BELOW = 1 / 3  # of the least probability: a tail below it would squeeze the curve


@final
@PLOTS.register("noise")
class Noise(Plot):
    """Left the survival function of a draw's size and its tail; right dual norms of means over B.

    Right are the median over draws in its 10-90 % range, means with their 95 % intervals, the
    bound, and the exponent. Both are log-log whatever ``xscale`` says: a power law is straight
    nowhere else. Words stand in rows above and below all lines, and are fewer in a narrow picture.
    """

    label = "Noise"
    draws = "survey"
    columns = 2

    def _make(self) -> None:
        ink, run, guide = self.palette.ink, self.palette.run, self.palette.guide
        left, right = self.all_axes
        self._band = right.fill_between([1, 2], [1, 1], [1, 1], color=run, alpha=0.16, lw=0)
        self.moving.append(self._band)
        self._lines = {
            "tail": self.line(left, color=guide, lw=2.6),
            "survival": self.line(left, color=run, lw=2.2),
            "exponent": self.line(right, color=guide, lw=2.6),
            "bound": self.line(right, color=ink, ls=(0, (7, 3)), lw=1.8),
            "bars": self.line(right, color=ink, lw=1.6),
            "median": self.line(right, color=run, lw=2.2, marker="o", ms=6),
            "mean": self.line(right, color=ink, lw=0, marker="D", ms=5),
        }
        self._words = {
            "survival": self.text(run, left),
            "tail": self.text(guide, left),
            "median": self.text(run, right),
            "exponent": self.text(guide, right),
            "bound": self.text(ink, right),
            "mean": self.text(ink, right),
        }
        for name, row in ROWS.items():
            put_in_row(self._words[name], row)
        for axes in self.all_axes:
            axes.set_xscale("log")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(SHORT)
                axis.set_minor_locator(NullLocator())
        left.set_xlabel("size x", fontsize=11)
        right.set_xlabel("batch size B", fontsize=11)
        right.set_ylabel(r"$\|$mean of $B$ draws$\|_*$", fontsize=11, labelpad=3)

    @property
    def panes(self) -> Sequence[Pane]:
        left, right = self.all_axes
        size = {"xlabel": "size x", "ylabel": "probability of a larger size"}
        mean = {"xlabel": "batch size B", "ylabel": "dual norm"}
        return [
            Pane(left, size, ("survival", "tail")),
            Pane(right, mean, ("median", "mean", "bound")),
        ]

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        if self._title.get_window_extent().x1 > self.figure.bbox.x1:  # the norm comes last
            self._entitle(data.title.rpartition(", ")[0])
        for artist in self.moving:
            artist.set_visible(False)
        size = r"|\xi_{ij}|" if data.noise.entrywise else r"\|\xi\|_F"
        self.axes.set_ylabel(f"$P({size} > x)$", fontsize=11, labelpad=3)
        series = self.series(data)
        for name, (x, y) in series.items():
            self._show_line(name, x, y)
        self._fit_sizes(data, series)
        self._fit_means(data, series)
        self._say_sizes(data, series)
        if len(data):
            self._say_means(data)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        lines: Series = {}
        if len(data.sizes):
            x, probability = data.sizes, data.survival
            lines["survival"] = (x, probability)
            tail = data.tail * x**-data.noise.tail_index
            seen = (tail <= 1) & (tail >= FAR_BELOW * probability[-1])
            if seen.sum() > 1:
                lines["tail"] = (x[seen], tail[seen])
        if len(data):
            batches, median = data.batch_sizes[: len(data)], data.quantiles[1]
            lines["median"] = (batches[median > 0], median[median > 0])
            lines["mean"] = (batches, data.means)
            if not np.isnan(data.constant):
                lines["bound"] = (batches, data.bound)
        return lines

    def _fit_sizes(self, data: Any, series: Series) -> None:
        axes = self.axes
        if not len(data.sizes):
            fit_rows(axes, (0.01, 100), (1e-5, 1), below=2)
            return
        lowest = min(series[name][1].min() for name in ("survival", "tail") if name in series)
        x = series["survival"][0]
        fit_rows(axes, (x[0], 1.3 * x[-1]), (lowest, 1), below=2)

    def _fit_means(self, data: Any, series: Series) -> None:
        axes, planned = self.all_axes[1], data.batch_sizes
        limits = self._draw_means(data, series) if len(data) else (0.01, 1)
        fit_rows(axes, planned[[0, -1]] * (1 / 1.6, 1.6), limits, below=2, above=2)
        every = -(-len(planned) // most_ticks(axes)[0])
        axes.set_xticks(planned[::every], [plain_number(b) for b in planned[::every]])

    def _draw_means(self, data: Any, series: Series) -> tuple[float, float]:
        """Draw what is no series, and return the least and the largest number drawn."""
        batches, (low, _, high) = series["mean"][0], data.quantiles
        least, most = data.mean_intervals
        gaps = np.full(len(batches), np.nan)
        bars = np.column_stack((least, most, gaps)).ravel()
        self._show_line("bars", np.repeat(batches, 3), bars)
        shown = [y for name, (_, y) in series.items() if name in ("median", "mean", "bound")]
        values = np.concatenate((low, high, least, most, *shown))
        floor, top = values[values > 0].min(), values.max()
        if len(batches) > 1 and (low > 0).any():
            # the highest line of the theorem's slope that stays below the band
            powers = batches**data.exponent
            guide = GUIDE_BELOW * (low[low > 0] / powers[low > 0]).min() * powers
            self._show_line("exponent", batches, guide)
            floor = min(floor, guide[-1])
        # a range that reaches 0 has no end on this axis, and one that is 0 has no place
        self._band.set_data(batches, np.maximum(low, floor), np.where(high > 0, high, np.nan))
        self._band.set_visible(True)
        return floor, top

    def _say_sizes(self, data: Any, series: Series) -> None:
        if not len(data.sizes):
            return
        drawn, kind = f"{data.drawn:,} draws", data.tail_kind
        slope = f"{drawn}, last 1/256: slope {data.tail_fit.value:.2f}"
        self._tell("survival", *([] if np.isnan(data.tail_fit.value) else [slope]), drawn)
        if kind == "none":
            self._tell("tail", "this law has no power tail", "no power tail")
            return
        name = "exact tail" if kind == "exact" else "anchored tail"
        if "tail" not in series:
            self._tell("tail", f"{name} below this picture", f"{name} below")
            return
        power = f"$x^{{-{data.noise.tail_index:g}}}$"
        self._tell("tail", f"{name} {data.tail:.3g} {power}", f"{name} {power}", name)

    def _say_means(self, data: Any) -> None:
        low, high = data.fitted.interval
        slope = f"slope {data.fitted.value:.3f}"
        interval = f"{slope} [{low:.3f}, {high:.3f}]"
        zeros = int((data.quantiles[1] == 0).sum())
        if np.isnan(low):
            self._tell("median", "median, 10-90 % of draws", "median")
        elif zeros:
            self._tell("median", f"median (0 for {zeros} B): {slope}", slope)
        else:
            band = "median, 10-90 %"
            self._tell(
                "median", f"{band}: {interval}", f"{band}: {slope}", f"median: {slope}", slope
            )
        if self._lines["exponent"].get_visible():
            value = f"{data.exponent:.3f}"
            self._tell("exponent", f"exponent $-(1-1/p)$ = {value}", f"exponent {value}")
        if not np.isnan(data.constant):
            kind = "exact mean" if data.exact else "upper bound"
            self._tell("bound", rf"{kind} $K B^{{1/p-1}}$", kind)
        draws = data.norms.shape[1]
        self._tell(
            "mean", f"\u25c6 mean of {draws} draws, 95 %", f"\u25c6 mean of {draws}", "\u25c6 mean"
        )

    def _show_line(self, name: str, x: np.ndarray, y: np.ndarray) -> None:
        self._show(self._lines[name], x, y)

    def _tell(self, name: str, *variants: str) -> None:
        say(self._words[name], *variants)

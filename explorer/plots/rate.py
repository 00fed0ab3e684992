"""Rate: the mean of a tuned run against its horizon, with the bound of each and the exponent."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import Plot, Series
from explorer.plots._style import PLAIN
from explorer.registry import PLOTS


@final
@PLOTS.register("rate")
class Rate(Plot):
    """One point per tuned horizon, the fitted line, the bound at each horizon, the exponent.

    A point is the mean over the run and over seeds; its bar is the 10-90 % range over seeds.
    """

    label = "Rate"

    def _make(self) -> None:
        ink, run = self.palette.ink, self.palette.run
        self._fit = self._line(color=run, lw=1.6, ls=(0, (4, 2)))
        self._bound = self._line(color=ink, ls=(0, (7, 3)), lw=1.8, marker="s", ms=5)
        self._guide = self._line(color=self.palette.guide, lw=2.6)
        self._points = self._line(color=run, lw=0, marker="o", ms=8)
        self._bars = self._line(color=run, lw=2.2)
        self._words = {
            "fit": self._text(run, ha="left", va="bottom"),
            "bound": self._text(ink, ha="left", va="bottom"),
            "guide": self._text(self.palette.guide, ha="right", va="top"),
        }
        self.axes.set_xlabel("oracle calls N that the run is tuned to", fontsize=11)
        self.axes.set_ylabel(r"mean of $\|\nabla f(X_t)\|_*$ over the run", fontsize=11)
        self.axes.xaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_major_formatter(PLAIN)

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        first, last = data.horizons[0], data.horizons[-1]
        if not len(data):
            self._fit_axes((first / 2, last * 2), (0.05, 10))
            return
        calls, bound = data.calls, data.bound
        mean = data.means.mean(1)
        low, high = np.percentile(data.means, (10, 90), axis=1)
        gaps = np.full(len(calls), np.nan)
        self._move(self._points, calls, mean)
        self._move(self._bound, calls, bound)
        self._move(self._bars, np.repeat(calls, 3), np.column_stack((low, high, gaps)).ravel())
        self._fit_axes((first / 2, last * 2), (0.3 * low.min(), 1.6 * bound.max()))
        self._place(self._words["bound"], self._bound, "explicit bound of each run")
        if len(data) < 2:
            return
        ends = calls[[0, -1]]
        fitted = data.fitted
        self._move(self._fit, ends, np.exp(fitted.intercept) * ends**fitted.value)
        guide = 0.45 * mean[0] * (ends / ends[0]) ** data.exponent
        self._move(self._guide, ends, guide)
        least, most = fitted.interval
        measured = f"measured slope {fitted.value:.3f} [{least:.3f}, {most:.3f}]"
        self._place(self._words["fit"], self._points, measured, below_at=0.05)
        bound_words = f"explicit bound of each run, slope {data.bound_slope:.3f}"
        self._place(self._words["bound"], self._bound, bound_words)
        words = self._words["guide"]
        words.set_text(f"exponent of the theorem: ${data.exponent_formula} = {data.exponent:.3f}$")
        words.set_position((float(ends[1]), float(guide[1] / 1.12)))
        words.set_visible(True)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        if not len(data):
            return {}
        return {
            "mean over run and seeds": (data.calls, data.means.mean(1)),
            "bound": (data.calls, data.bound),
        }

    def _move(self, line: Any, x: np.ndarray, y: np.ndarray) -> None:
        line.set_data(x, y)
        line.set_visible(True)

"""Rate: the mean of a tuned run against its horizon, with the bound of each and the exponent."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import Plot, Series
from explorer.plots._style import KEPT_DASHES, PLAIN, SMALL_PT
from explorer.registry import PLOTS

ROW = 0.058  # of the height: a line of a list
LINES = 3.2  # height of two lines of words and some air, in units of the font size


@final
@PLOTS.register("rate")
class Rate(Plot):
    """One point per tuned horizon, the fitted line, the bound at each horizon, the exponent.

    A point is the mean over the run and over seeds; its bar is the 10-90 % range over seeds. Kept
    rates are points with their fitted lines and slopes.
    """

    label = "Rate"
    draws = "rate"

    def _make(self) -> None:
        ink, run = self.palette.ink, self.palette.run
        self._kept = [
            self.line(color=color, ls=dash, lw=1.4, marker=marker, ms=6)
            for color, dash, marker in zip(self.palette.kept, KEPT_DASHES, "sD^v", strict=True)
        ]
        self._list = [
            self.text(color, fontsize=SMALL_PT, ha="right", va="top")
            for color in (ink, run, *self.palette.kept)
        ]
        for number, row in enumerate(self._list):
            row.set_transform(self.axes.transAxes)
            row.set_position((1.0, 1.0 - ROW * number))
        self._fit = self.line(color=run, lw=1.6, ls=(0, (4, 2)))
        self._bound = self.line(color=ink, ls=(0, (7, 3)), lw=1.8, marker="s", ms=5)
        self._guide = self.line(color=self.palette.guide, lw=2.6)
        self._points = self.line(color=run, lw=0, marker="o", ms=8)
        self._bars = self.line(color=run, lw=2.2)
        self._words = {
            "fit": self.text(run, ha="left", va="bottom"),
            "bound": self.text(ink, ha="left", va="bottom"),
            "guide": self.text(self.palette.guide, ha="right", va="top"),
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
        self._show(self._points, calls, mean)
        self._show(self._bound, calls, bound)
        self._show(self._bars, np.repeat(calls, 3), np.column_stack((low, high, gaps)).ravel())
        # below the points: their words, which span two fifths of a falling line, and the guide
        fall = (last / first) ** (0.4 * data.exponent)
        kept = [(label, rate) for label, rate in kept if len(rate)]
        beside = [rate.means.mean(1) for _, rate in kept]
        least = min([low.min(), *(means.min() for means in beside)])
        most = max([bound.max(), *(means.max() for means in beside)])
        # beside kept rates words are a list above all lines, which has its own room
        listed = (10 ** (ROW * len(kept)) if kept else 1.0) ** np.log10(most / least)
        self._fit_axes((first / 2, last * 2), (0.3 * fall * least, 1.6 * most * listed))
        for line, (_, rate), means in zip(self._kept, kept, beside, strict=False):
            self._show(line, rate.calls, means)
        self.place(self._words["bound"], self._bound, "explicit bound of each run")
        if len(data) < 2:
            return
        ends = calls[[0, -1]]
        fitted = data.fitted
        self._show(self._fit, ends, np.exp(fitted.intercept) * ends**fitted.value)
        least, most = fitted.interval
        measured = f"measured slope\n{fitted.value:.3f} [{least:.3f}, {most:.3f}]"
        if not kept:
            self.place(self._words["fit"], self._points, measured, below_at=0.05)
        # below every line from its first to its last point
        rows = [
            (calls, mean),
            *((rate.calls, m) for (_, rate), m in zip(kept, beside, strict=True)),
        ]
        lowest = min((m * (x / ends[0]) ** -data.exponent).min() for x, m in rows)
        guide = self._below_the_words(ends[0], lowest) * (ends / ends[0]) ** data.exponent
        self._show(self._guide, ends, guide)
        bound_words = f"explicit bound of each run, slope {data.bound_slope:.3f}"
        if kept:
            rows = [bound_words, measured.replace("\n", " ")]
            rows += [f"{label}: slope {rate.slope:.3f}{_own(rate, data)}" for label, rate in kept]
            for words, row in zip(self._list, rows, strict=False):
                words.set_text(row)
                words.set_visible(True)
            self._words["bound"].set_visible(False)
        else:
            self.place(self._words["bound"], self._bound, bound_words)
        words = self._words["guide"]
        words.set_text(f"exponent of the theorem: ${data.exponent_formula} = {data.exponent:.3f}$")
        words.set_position((float(ends[1]), float(guide[1] / 1.12)))
        words.set_visible(True)

    def _below_the_words(self, first: float, mean: float) -> float:
        """Return where a guide must begin to pass below what is said about the fit."""
        words = self._words["fit"]
        if not words.get_visible():
            return 0.6 * mean
        x, y = words.get_position()
        height = LINES * float(words.get_fontsize()) / 72 * self.figure.dpi
        bottom = self._pixels(x, y) - (0, height)
        # a falling line is highest where the words begin, and they begin at the first point
        return float(self.axes.transData.inverted().transform(bottom)[1])

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        if not len(data):
            return {}
        beside = {label: (rate.calls, rate.means.mean(1)) for label, rate in kept if len(rate)}
        return {
            "mean over run and seeds": (data.calls, data.means.mean(1)),
            "bound": (data.calls, data.bound),
            **beside,
        }


def _own(rate: Any, main: Any) -> str:
    """Return a rate's own exponent where the guide, which is the main one's, has another."""
    other = np.isfinite(rate.exponent) and not np.isclose(rate.exponent, main.exponent)
    return f", exponent {rate.exponent:.3f}" if other else ""

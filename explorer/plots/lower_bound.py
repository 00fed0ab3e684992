"""Lower bound: calls to eps of several methods, above the number that none of them can be below."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from matplotlib.ticker import LogFormatterMathtext, NullLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._style import SMALL_PT, plain_number
from explorer.registry import PLOTS

MOST_METHODS = 5
MARKERS = ("o", "s", "^", "D", "v")
ROOM = 4.0  # above the highest line, for the list of methods
AXES: Mapping[str, str] = {"eps": "stationarity eps", "rank": "r = min(m, n)"}


@final
@PLOTS.register("lower_bound")
class LowerBound(Plot):
    """N_low as the edge of what no method reaches, its closed form, and each method's calls.

    Bars are 95 % intervals over seeds. The list says each method's slope, and how many times N_low
    it needs.
    """

    label = "Lower bound"
    draws = "reach"

    def _make(self) -> None:
        palette = self.palette
        colors = (palette.guide, palette.kept[1], palette.run, palette.loss, palette.kept[2])
        self._forbidden = self.axes.fill_between([1, 2], [1, 1], [2, 2], color=palette.faint, lw=0)
        self._forbidden.set_alpha(0.18)
        self.moving.append(self._forbidden)
        self._closed = self.line(color=palette.ink, lw=1.4, ls=(0, (2, 2)))
        self._low = self.line(color=palette.ink, lw=2.6)
        self._bars = [self.line(color=color, lw=1.6) for color in colors]
        self._lines = [
            self.line(color=color, lw=1.6, marker=marker, ms=7, mfc="none", mew=1.8)
            for color, marker in zip(colors, MARKERS, strict=True)
        ]
        self._words = [self.text(color, fontsize=SMALL_PT) for color in (palette.ink, *colors)]
        for number, words in enumerate(self._words):
            words.set_transform(self.axes.transAxes)
            words.set_verticalalignment("top")
            words.set_position((0, 1.0 - 0.058 * number))
        self._below = self.text(palette.ink, fontsize=SMALL_PT, va="bottom")
        self._below.set_transform(self.axes.transAxes)
        self._below.set_y(0.03)
        self._below.set_text("no zero-respecting method is here")
        self.axes.set_ylabel("oracle calls until the mean is eps", fontsize=11, labelpad=1)
        self.axes.yaxis.set_major_formatter(LogFormatterMathtext())  # leaves room for the label

    @property
    def panes(self) -> Sequence[Pane]:
        words = {"xlabel": self.axes.get_xlabel(), "ylabel": "calls"}
        return [Pane(self.axes, words)]

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        x, low, closed = data.x, data.low, data.closed
        self._lay_out(data, x)
        found = [data.calls(method) for method in data.methods]
        highest = max([low.max(), *(np.nanmax(f[0], initial=1) for f in found if f.size)])
        floor = 10 ** np.floor(np.log10(np.nanmin([*closed, *low])) - 0.3)
        self._fit_axes(self.axes.get_xlim(), (floor, ROOM * highest * self._listed(data)))
        order = np.argsort(x)
        self._show(self._low, x[order], low[order])
        self._show(self._closed, x[order], closed[order])
        self._forbidden.set_data(x[order], np.full(len(x), floor / 10), low[order])
        self._forbidden.set_visible(True)
        for line, bars, (calls, least, most) in zip(self._lines, self._bars, found, strict=False):
            at = x[: len(calls)]
            self._show(line, at, calls)
            gaps = np.full(len(at), np.nan)
            top = np.minimum(most, self.axes.get_ylim()[1])  # an open interval goes to the edge
            self._show(bars, np.repeat(at, 3), np.column_stack((least, top, gaps)).ravel())
        self._say(data)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        lines = {"N_low": (data.x, data.low)}
        for method in data.methods:
            calls, _, _ = data.calls(method)
            if len(calls):
                lines[method] = (data.x[: len(calls)], calls)
        return lines

    def _lay_out(self, data: Any, x: np.ndarray) -> None:
        axes, margin = self.axes, (x.max() / x.min()) ** 0.08
        axes.set_xscale("log")
        axes.set_xlim(x.min() / margin, x.max() * margin)
        axes.set_xticks(x, [plain_number(float(f"{value:.2g}")) for value in x])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(AXES[data.axis], fontsize=11)

    def _listed(self, data: Any) -> float:
        """Return the factor on y that keeps the list of methods clear of the lines."""
        return 10 ** (0.22 * len(data.methods))

    def _say(self, data: Any) -> None:
        falling = data.axis == "eps"
        narrow = self.axes.bbox.width / self.figure.dpi < 5
        form = "" if narrow or np.isnan(data.closed).all() else "; dashes: closed form"
        rows = [f"N_low, exact: slope {data.low_slope:.2f} (theorem {data.exponent:.2f}){form}"]
        for method in data.methods:
            slope, found = data.slope(method), data.found(method)
            said = "" if narrow or not np.isfinite(slope) else f", slope {slope:.2f}"
            rows.append(f"{method}: {found}{said}" if found else "")
        for words, row in zip(self._words, rows, strict=False):
            words.set_text(row)
            words.set_horizontalalignment("right" if falling else "left")
            words.set_x(1.0 if falling else 0.01)
            words.set_visible(bool(row))
        # below a falling line there is room on the left, below a rising one on the right
        self._below.set_horizontalalignment("left" if falling else "right")
        self._below.set_x(0.08 if falling else 0.92)  # the region ends where the points do
        self._below.set_visible(True)

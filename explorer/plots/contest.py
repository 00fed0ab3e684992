"""Contest: norms beside each other in one measure, and the nuclear rank of what each one sees."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._style import (
    CHARACTER,
    CSS_DPI,
    FONT_PT,
    KEPT_DASHES,
    PLAIN,
    SMALL_PT,
    SMALLEST_PT,
)
from explorer.registry import PLOTS
from explorer.run._records import NUCLEAR_RANK

NARROW_PX = 560  # of the figure: below it there are fewer ticks and smaller letters
SAMPLE_PX = 28  # of a line, beside the name of its norm
NAME_AT, BAR_AT = 0.26, 0.68  # of the height of a row, from its top
BAR, THICKEST_PT = 0.24, 15.0  # of the height of a row, and at most
KEY_ROWS = 1.1
ROOM = 1.3  # of the longest bar: where the axis ends
BINS = 24  # a decade of calls: steps that overshoot make the rank of every other step another one
RANK = "nuclear rank of the gradient, smoothed"
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), *KEPT_DASHES)


@final
@PLOTS.register("contest")
class Contest(Plot):
    r"""Bars of the mean of :math:`\|\nabla f(X_t)\|_F`, and beside them nuclear ranks over calls.

    A bar has its 95 % interval over seeds, and an open mark where the predictor, a guide, puts it.
    A line is the mean over seeds of the run behind the bar, and is drawn while that goes on. Bars
    say their numbers in words, so only the lines are read out, which are means over calls that
    differ by less than a tenth.
    """

    label = "Which norm wins"
    draws = "contest"
    columns = 2

    def _make(self) -> None:
        palette, (left, right) = self.palette, self.all_axes
        width, height = self.figure.get_size_inches() * CSS_DPI
        narrow = width < NARROW_PX
        left.set_position((18 / width, 56 / height, 0.5 - 38 / width, 1 - 104 / height))
        right.set_position((0.5 + 54 / width, 56 / height, 0.5 - 76 / width, 1 - 104 / height))
        colors = (palette.run, palette.loss, *palette.kept[1:], palette.kept[0])
        styles = list(zip(colors, DASHES, strict=True))
        across = left.get_yaxis_transform()  # x as a share of the width, y in rows
        self._bars = [self.line(color=color, solid_capstyle="butt") for color in colors]
        hollow: dict[str, Any] = {
            "color": palette.ink,
            "mfc": palette.ground,
            "ms": 8,
            "mew": 1.8,
            "ls": "",
        }
        self._intervals = self.line(color=palette.ink, lw=1.6, marker="|", ms=12, mew=1.6)
        self._expected = self.line(marker="D", **hollow)
        self._beyond = self.line(marker=">", clip_on=False, **hollow)
        self._samples = [self.line(color=c, ls=d, lw=2.2, transform=across) for c, d in styles]
        self._ranks = [self.line(right, color=c, ls=d, lw=2.2) for c, d in styles]
        small: dict[str, Any] = {"va": "center", "fontsize": SMALLEST_PT if narrow else FONT_PT}
        self._names = [self.text(color, transform=across, **small) for color in colors]
        self._key = self.text(palette.ink, transform=across, **small, linespacing=1.25)
        left.set_xscale("linear")
        left.set_yscale("linear")
        left.set_yticks([])
        left.spines["left"].set_visible(False)
        over = "" if narrow else " over the run"
        left.set_xlabel(rf"mean of $\|\nabla f(X_t)\|_F${over}", fontsize=11)
        left.xaxis.set_major_locator(MaxNLocator(3 if narrow else 6))
        right.set_xlabel("oracle calls", fontsize=11)
        right.set_ylabel(RANK, fontsize=11, labelpad=1)
        right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        right.yaxis.set_minor_locator(NullLocator())
        for axis in (left.xaxis, right.xaxis, right.yaxis):
            axis.set_major_formatter(PLAIN)
            axis.set_tick_params(labelsize=SMALLEST_PT if narrow else FONT_PT)

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(self._in_lines(data.title))
        for artist in self.moving:
            artist.set_visible(False)
        ranks, rows = self.series(data), data.rows()
        self._fit(data, [x[0] for x, _ in ranks.values()], rows)
        for line, (x, y) in zip(self._ranks, ranks.values(), strict=False):
            self._show(line, x, y)
        self._show_bars(rows)
        own = self._numbers(rows)
        share = SAMPLE_PX * self.figure.dpi / CSS_DPI / self.axes.bbox.width
        for number, norm in enumerate(data.norms):
            drawn = norm in ranks
            if drawn:
                self._show(self._samples[number], (0, share), (number + NAME_AT,) * 2)
            said = own[number] if number < len(own) else norm if drawn else f"{norm}, to come"
            self._say(self._names[number], 1.3 * share * drawn, number + NAME_AT, said)

    def _fit(self, data: Any, firsts: Sequence[float], rows: Sequence[Any]) -> None:
        """Set limits: calls and ranks as far as they can go, bars as far as they do."""
        left, right = self.all_axes
        first = 0 if right.get_xscale() == "linear" else min([1, *firsts])
        right.set_xlim(first, 1.02 * data.spec.horizon)
        right.set_ylim(0.9, 1.12 * max(1.2, min(data.spec.rows, data.spec.columns)))
        left.set_ylim(len(data.norms) + KEY_ROWS, 0)
        ends = [row["mean high"] for row in rows if row["mean high"] > 0]
        left.set_xlim(0, ROOM * max(ends, default=1.0))

    def _show_bars(self, rows: Sequence[Any]) -> None:
        if not rows:
            return
        left, places = self.axes, np.arange(len(rows)) + BAR_AT
        row_pt = left.bbox.height / abs(np.diff(left.get_ylim())[0]) * 72 / self.figure.dpi
        for bar, place, row in zip(self._bars, places, rows, strict=False):
            bar.set_linewidth(min(THICKEST_PT, BAR * row_pt))
            self._show(bar, (0, row["mean"]), (place, place))
        ends = [(row["mean low"], row["mean high"], np.nan) for row in rows]
        self._show(self._intervals, np.ravel(ends), np.repeat(places, 3))
        expected = rows[0]["mean"] / np.array([row["expected gain"] for row in rows])
        expected[0] = np.nan  # it is what the others are compared with
        end = left.get_xlim()[1]
        inside, beyond = expected < 0.97 * end, expected >= 0.97 * end
        self._show(self._expected, expected[inside], places[inside])
        self._show(self._beyond, np.full(beyond.sum(), 0.97 * end), places[beyond])
        key = ["| 95 % over seeds"] + ["\u25c7 predictor (a guide)"] * bool(inside.any())
        said = ", " if inside.any() else " (a guide),\n   "
        key += [f"\u25b7 predictor{said}farther right"] * bool(beyond.any())
        self._say(self._key, 0, self.axes.get_ylim()[0] - KEY_ROWS / 2, "\n".join(key))

    def _say(self, text: Any, x: float, y: float, words: str) -> None:
        text.set_text(words)
        text.set_position((x, y))
        text.set_visible(True)

    def _numbers(self, rows: Sequence[Any]) -> list[str]:
        """Return each row's name and numbers, as many of these as have room in every row."""
        ways: list[list[str]] = [[], [], []]
        for row in rows:
            gain, short = row["gain"], f"{row['norm']}  {row['mean']:.3g}"
            better = f", {gain:.2f} times better" if gain >= 1 else f", {1 / gain:.2f} times worse"
            than = short + better * (row is not rows[0])
            ways[0].append(f"{than}, batch {row['batch_size']:,}")
            ways[1].append(than)
            ways[2].append(short)
        size = float(self._names[0].get_fontsize()) / 72 * CSS_DPI
        room = self.axes.bbox.width / self.figure.dpi * CSS_DPI - 1.3 * SAMPLE_PX
        letters = room / (CHARACTER * size)
        return next((way for way in ways if max(map(len, way), default=0) <= letters), ways[-1])

    def _in_lines(self, title: str) -> str:
        """Return a title in one line or, where its letters would be too small for that, in two."""
        left, right = (axes.get_position() for axes in self.all_axes)
        room_pt = (right.x1 - left.x0) * self.figure.get_figwidth() * 72
        if len(title) * CHARACTER * SMALL_PT <= room_pt:
            return title
        middle = len(title) // 2
        gaps = [i + 1 for i, letter in enumerate(title) if letter == "," and " " in title[i + 1 :]]
        gap = min(gaps, key=lambda i: abs(i - middle), default=middle)
        return f"{title[:gap]}\n{title[gap + 1 :]}"

    @property
    def panes(self) -> Sequence[Pane]:
        words = {"xlabel": "oracle calls", "ylabel": RANK}
        return [Pane(self.all_axes[1], words)]

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        traces = [trace.still() for trace in list(data.traces)]
        return {
            norm: _smooth(trace.calls, trace.mean_measures[NUCLEAR_RANK], data.spec.horizon)
            for norm, trace in zip(data.norms, traces, strict=False)
            if len(trace)
        }


def _smooth(calls: np.ndarray, values: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return means over neighbours, in bins that are alike on a logarithmic axis up to its end."""
    _, bins = np.unique(-np.floor(BINS * np.log10(horizon / calls)), return_inverse=True)
    counts = np.bincount(bins)
    return np.bincount(bins, calls) / counts, np.bincount(bins, values) / counts

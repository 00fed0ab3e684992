"""Curves: what the pictures of a run over its course have in common."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from explorer.plots._base import CLOCKS, Pane, Plot
from explorer.plots._style import KEPT_DASHES, PLAIN, SMALL_PT

AXES = {"calls": "oracle calls", "steps": "steps", "seconds": "seconds of computing"}
HELD_OUT = "held-out loss"
FULL_LABELS = 12  # records from which on there is room for words
EMPTY = (0.05, 10.0)


class Curves(Plot):
    """Lines over oracle calls, steps or seconds, with bands over seeds and kept runs beside.

    Attributes:
        measured: What is drawn, in plain words for a read-out.
    """

    clocks = CLOCKS
    measured: ClassVar[str] = "stationarity"

    @property
    def panes(self) -> Sequence[Pane]:
        unit = {"xunit": "s"} if self.against == "seconds" else {}
        return [Pane(self.axes, {"xlabel": AXES[self.against], "ylabel": self.measured} | unit)]

    def name_x(self) -> None:
        """Name the axis of x, and write the numbers of both as people do."""
        self.axes.set_xlabel(AXES[self.against], fontsize=11)
        self.axes.xaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_major_formatter(PLAIN)

    def make_bands(self, color: str) -> list[Any]:
        """Return bands for 10-90 % and 25-75 % of the seeds."""
        bands = [
            self.axes.fill_between([1, 2], [1, 1], [1, 1], color=color, alpha=alpha, lw=0)
            for alpha in (0.16, 0.3)
        ]
        self.moving.extend(bands)
        return bands

    def make_kept(self) -> tuple[list[Any], list[Any]]:
        """Return a line for each kept run, and its words."""
        colors = self.palette.kept
        lines = [
            self.line(color=color, ls=dash, lw=1.6)
            for color, dash in zip(colors, KEPT_DASHES, strict=True)
        ]
        return lines, [self.text(color, fontsize=SMALL_PT, va="top") for color in colors]

    @staticmethod
    def edges(values: np.ndarray) -> np.ndarray:
        """Return the 10, 25, 75 and 90 % of ``[R, S]`` over the seeds."""
        return np.percentile(values, (10, 25, 75, 90), axis=1)

    @staticmethod
    def show_bands(bands: Sequence[Any], x: np.ndarray, edges: np.ndarray) -> None:
        """Show what :meth:`make_bands` made between the :meth:`edges`."""
        for band, (low, high) in zip(bands, ((0, 3), (1, 2)), strict=True):
            band.set_data(x, edges[low], edges[high])
            band.set_visible(True)

    def x_of(self, trace: Any, calls: np.ndarray) -> np.ndarray:
        """Return where numbers of oracle calls of a run stand on the axis."""
        if self.against == "steps":
            return calls / trace.spec.batch_size
        if self.against == "seconds":
            # a record is written at the end of its stratum; in between, time goes evenly
            ends, seconds = trace.stratum_end, trace.column("seconds")
            return np.interp(calls, [0, *ends], [0, *seconds])
        return calls

    def ends(self, traces: Sequence[Any]) -> tuple[float, float]:
        """Return the ends of the axis: whole runs, or the time that they have taken so far."""
        log = self.axes.get_xscale() == "log"
        if self.against == "seconds":
            times = [self.x_of(trace, trace.calls) for trace in traces]
            last = max(*(time[-1] for time in times), *(trace.seconds for trace in traces))
            # thirds of a decade, so that the scenery rarely changes while a run goes on
            last = 10 ** (np.ceil(3 * np.log10(last)) / 3)
            return min(time[0] for time in times) if log else 0, last
        last = max(self.x_of(trace, np.array([trace.spec.horizon]))[0] for trace in traces)
        return min(self.x_of(traces[0], traces[0].calls)) if log else 0, last

    def fit_empty(self, data: Any) -> None:
        """Set limits where nothing has run."""
        spec = data.spec
        first, last = spec.batch_size, max(spec.horizon, 2 * spec.batch_size)
        if self.against == "steps":
            first, last = 1, last / spec.batch_size
        if self.against == "seconds":
            first, last = 1e-3, 10
        self._fit_axes((first, last), EMPTY)

    def fit(self, traces: Sequence[Any], lines: Sequence[np.ndarray], lowest: float = 0) -> None:
        """Set limits to all of some runs and lines.

        Args:
            traces: The run, and those beside it.
            lines: What is drawn.
            lowest: Share of the largest value below which nothing need be seen.
        """
        values = np.concatenate(lines)
        values = values[np.isfinite(values) & (values > 0)]
        if not len(values):
            self.fit_empty(traces[0])
            return
        first, last = self.ends(traces)
        low, high = 0.6 * values.min(), 1.4 * values.max()
        self._fit_axes((first, last * 1.02), (max(low, lowest * high), high))

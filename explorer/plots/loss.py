"""Loss: the objective itself, on training examples and on held-out ones."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import CLOCKS, Pane, Plot, Series
from explorer.plots._style import KEPT_DASHES, PLAIN, SMALL_PT
from explorer.plots.decay import AXES, FULL_LABELS, HELD_OUT
from explorer.registry import PLOTS

OBJECTIVE = "value"
EMPTY = (0.01, 10.0)
BELOW = (0.5, 0.35, 0.2, 0.65, 0.02)  # of a line, where its name may stand below it


@final
@PLOTS.register("loss")
class Loss(Plot):
    """The objective's mean over seeds with bands, the held-out one, and kept runs' objectives.

    Unlike dual norms, losses of several geometries compare. A mean that is not positive, as a toy's
    objective may be, has no place on a logarithmic axis and is left out there.
    """

    label = "Loss"
    clocks = CLOCKS

    def _make(self) -> None:
        color = self.palette.loss
        self._bands = [
            self.axes.fill_between([1, 2], [1, 1], [1, 1], color=color, alpha=alpha, lw=0)
            for alpha in (0.16, 0.3)
        ]
        self.moving.extend(self._bands)
        self._kept = [
            self.line(color=kept, ls=dash, lw=1.6)
            for kept, dash in zip(self.palette.kept, KEPT_DASHES, strict=True)
        ]
        self._held_out = self.line(color=color, ls=(0, (1, 1)), lw=1.8)
        self._mean = self.line(color=color, lw=2.2)
        self._words = [self.text(color, fontsize=SMALL_PT) for _ in range(2)]
        self._kept_words = [self.text(c, fontsize=SMALL_PT, va="top") for c in self.palette.kept]
        self.axes.set_xlabel(AXES[self.against], fontsize=11)
        self.axes.xaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_major_formatter(PLAIN)

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        what = "loss" if data.spec.network else "objective f"
        self.axes.set_ylabel(what, fontsize=11, labelpad=1)
        for artist in self.moving:
            artist.set_visible(False)
        lines = self.series(data, kept)
        self._limits(data, lines, kept)
        if not lines:
            return
        name, *others = lines
        self._show(self._mean, *lines[name])
        self._show_bands(data, lines[name][0])
        if HELD_OUT in others:
            others.remove(HELD_OUT)
            self._show(self._held_out, *lines[HELD_OUT])
        for line, label in zip(self._kept, others, strict=False):
            self._show(line, *lines[label])
        if len(data) >= FULL_LABELS:
            self.place(self._words[0], self._mean, name, below_at=BELOW)
            self.place(self._words[1], self._held_out, HELD_OUT)
            for text, label in zip(self._kept_words, others, strict=False):
                self.place(text, lines[label], label, below_at=BELOW)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        if not len(data):
            return {}
        x = self._x(data)
        name = "training loss" if data.spec.network else "objective"
        lines = {name: (x, data.mean_measures[OBJECTIVE])}
        if HELD_OUT in data.mean_measures:
            lines[HELD_OUT] = (x, data.mean_measures[HELD_OUT])
        return lines | {
            label: (self._x(trace), trace.mean_measures[OBJECTIVE])
            for label, trace in kept
            if len(trace)
        }

    @property
    def panes(self) -> Sequence[Pane]:
        unit = {"xunit": "s"} if self.against == "seconds" else {}
        return [Pane(self.axes, {"xlabel": AXES[self.against], "ylabel": "loss"} | unit)]

    def _x(self, trace: Any) -> np.ndarray:
        if self.against == "seconds":
            return trace.column("seconds")
        return trace.calls / (trace.spec.batch_size if self.against == "steps" else 1)

    def _show_bands(self, data: Any, x: np.ndarray) -> None:
        seeds = data.measures[OBJECTIVE][:, data.finite]
        if seeds.shape[1] < 2:
            return
        edges = np.percentile(seeds, (10, 25, 75, 90), axis=1)
        for band, (low, high) in zip(self._bands, ((0, 3), (1, 2)), strict=True):
            band.set_data(x, edges[low], edges[high])
            band.set_visible(True)

    def _limits(self, data: Any, lines: Series, kept: Sequence[tuple[str, Any]]) -> None:
        log = self.axes.get_xscale() == "log"
        traces = [data, *(trace for _, trace in kept if len(trace))]
        last = max(self._last(trace) for trace in traces)
        first = min((x[0] for x, _ in lines.values()), default=last / 1e4)
        values = np.concatenate([y for _, y in lines.values()]) if lines else np.empty(0)
        values = values[np.isfinite(values) & (values > 0)]
        low, high = (0.6 * values.min(), 1.4 * values.max()) if len(values) else EMPTY
        self._fit_axes((first if log else 0, last * 1.02), (low, high))

    def _last(self, trace: Any) -> float:
        """Return the end of a run on the axis: of its horizon, or of the time it has taken."""
        if self.against == "seconds":
            return float(max(trace.seconds, 1e-2))
        steps = self.against == "steps"
        return max(trace.spec.horizon / (trace.spec.batch_size if steps else 1), 2)

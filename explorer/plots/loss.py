"""Loss: the objective itself, on training examples and on held-out ones."""

from collections.abc import Sequence
from typing import Any, final

from explorer.plots._base import Series
from explorer.plots._curves import FULL_LABELS, HELD_OUT, Curves
from explorer.plots._style import SMALL_PT
from explorer.registry import PLOTS

OBJECTIVE = "value"
BELOW = (0.5, 0.35, 0.2, 0.65, 0.02)  # of a line, where its name may stand below it


@final
@PLOTS.register("loss")
class Loss(Curves):
    """The objective's mean over seeds with bands, the held-out one, and kept runs' objectives.

    Unlike dual norms, losses of several geometries compare. A mean that is not positive, as a toy's
    objective may be, has no place on a logarithmic axis and is left out there.
    """

    label = "Loss"
    measured = "loss"

    def _make(self) -> None:
        color = self.palette.loss
        self._bands = self.make_bands(color)
        self._kept, self._kept_words = self.make_kept()
        self._held_out = self.line(color=color, ls=(0, (1, 1)), lw=1.8)
        self._mean = self.line(color=color, lw=2.2)
        self._words = [self.text(color, fontsize=SMALL_PT) for _ in range(2)]
        self.name_x()

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        what = "loss" if data.spec.network else "objective f"
        self.axes.set_ylabel(what, fontsize=11, labelpad=1)
        for artist in self.moving:
            artist.set_visible(False)
        lines = self.series(data, kept)
        if not lines:
            self.fit_empty(data)
            return
        traces = [data, *(trace for _, trace in kept if len(trace))]
        self.fit(traces, [y for _, y in lines.values()])
        name, *others = lines
        self._show(self._mean, *lines[name])
        seeds = data.measures[OBJECTIVE][:, data.finite]
        if seeds.shape[1] > 1:
            self.show_bands(self._bands, lines[name][0], self.edges(seeds))
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
        x = self.x_of(data, data.calls)
        name = "training loss" if data.spec.network else "objective"
        lines = {name: (x, data.mean_measures[OBJECTIVE])}
        if HELD_OUT in data.mean_measures:
            lines[HELD_OUT] = (x, data.mean_measures[HELD_OUT])
        return lines | {
            label: (self.x_of(trace, trace.calls), trace.mean_measures[OBJECTIVE])
            for label, trace in kept
            if len(trace)
        }

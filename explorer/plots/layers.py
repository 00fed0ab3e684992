"""Layers: what each layer of a network has in the stationarity of the whole."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import CLOCKS, Pane, Plot, Series
from explorer.plots._style import KEPT_DASHES, PLAIN, SMALL_PT
from explorer.plots.decay import AXES, FULL_LABELS
from explorer.registry import PLOTS
from explorer.run._records import LAYER

WHOLE = "stationarity, the sum of all layers"
MOST_LAYERS = 7
EMPTY = (0.01, 10.0)
BELOW = (
    0.55,
    0.35,
    0.15,
    0.7,
    0.02,
    0.8,
    0.25,
    0.45,
)  # of a line, where its name may stand below it


@final
@PLOTS.register("layers")
class Layers(Plot):
    r"""The dual norm of each layer's gradient times its radius, :math:`r_l \|G_l\|_{l,*}`.

    They add up to the stationarity of the network, which is drawn too. Of more than seven layers
    those are drawn that have most of the sum over the run. Where a run is of one matrix alone there
    is one line.
    """

    label = "Layers"
    clocks = CLOCKS

    def _make(self) -> None:
        palette = self.palette
        colors = (palette.guide, palette.loss, palette.prediction, *palette.kept)
        dashes = ("-", (0, (4, 1.5)), (0, (1, 1)), *KEPT_DASHES)
        self._lines = [
            self.line(color=color, ls=dash, lw=1.8)
            for color, dash in zip(colors, dashes, strict=True)
        ]
        self._whole = self.line(color=palette.run, lw=2.4)
        self._words = [self.text(color, fontsize=SMALL_PT) for color in (palette.run, *colors)]
        self.axes.set_xlabel(AXES[self.against], fontsize=11)
        self.axes.set_ylabel(r"$r_l\,\|\nabla_l f\|_{l,\ast}$", fontsize=11, labelpad=1)
        self.axes.xaxis.set_major_formatter(PLAIN)
        self.axes.yaxis.set_major_formatter(PLAIN)

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        lines = self.series(data)
        self._limits(data, lines)
        artists = [self._whole, *self._lines]
        for artist, (x, y) in zip(artists, lines.values(), strict=False):
            self._show(artist, x, y)
        if len(data) >= FULL_LABELS:
            for text, artist, name in zip(self._words, artists, lines, strict=False):
                above = artist is self._whole
                self.place(text, artist, name, below_at=None if above else BELOW)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        if not len(data):
            return {}
        x = self._x(data)
        terms = {
            name.removeprefix(LAYER): values
            for name, values in data.mean_measures.items()
            if name.startswith(LAYER)
        }
        largest = sorted(terms, key=lambda name: -float(np.nanmean(terms[name])))[:MOST_LAYERS]
        return {WHOLE: (x, data.mean)} | {name: (x, terms[name]) for name in largest}

    @property
    def panes(self) -> Sequence[Pane]:
        unit = {"xunit": "s"} if self.against == "seconds" else {}
        return [Pane(self.axes, {"xlabel": AXES[self.against], "ylabel": "stationarity"} | unit)]

    def _x(self, trace: Any) -> np.ndarray:
        if self.against == "seconds":
            return trace.column("seconds")
        return trace.calls / (trace.spec.batch_size if self.against == "steps" else 1)

    def _limits(self, data: Any, lines: Series) -> None:
        steps = self.against == "steps"
        last = max(data.spec.horizon / (data.spec.batch_size if steps else 1), 2)
        if self.against == "seconds":
            last = float(max(data.seconds, 1e-2))
        first = min((x[0] for x, _ in lines.values()), default=last / 1e4)
        values = np.concatenate([y for _, y in lines.values()]) if lines else np.empty(0)
        values = values[np.isfinite(values) & (values > 0)]
        low, high = EMPTY
        if len(values):
            high = 1.4 * values.max()
            low = max(0.6 * values.min(), 1e-4 * high)  # a layer that is still need not be followed
        log = self.axes.get_xscale() == "log"
        self._fit_axes((first if log else 0, last * 1.02), (low, high))

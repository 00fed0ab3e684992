"""Layers: what each layer of a network has in the stationarity of the whole."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import Series
from explorer.plots._curves import FULL_LABELS, Curves
from explorer.plots._style import KEPT_DASHES, SMALL_PT
from explorer.registry import PLOTS
from explorer.run._records import LAYER

WHOLE = "stationarity, the sum of all layers"
MOST_LAYERS = 7
# of a line, where its name may stand below it
BELOW = (0.55, 0.35, 0.15, 0.7, 0.02, 0.8, 0.25, 0.45)
LOWEST = 1e-4  # of the largest: a layer that is still need not be followed


@final
@PLOTS.register("layers")
class Layers(Curves):
    r"""The dual norm of each layer's gradient times its radius, :math:`r_l \|G_l\|_{l,*}`.

    They add up to the stationarity of the network, which is drawn too. Of more than seven layers
    those are drawn that have most of the sum over the run. Where a run is of one matrix alone there
    is one line.
    """

    label = "Layers"

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
        self.axes.set_ylabel(r"$r_l\,\|\nabla_l f\|_{l,\ast}$", fontsize=11, labelpad=1)
        self.name_x()

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        for artist in self.moving:
            artist.set_visible(False)
        lines = self.series(data)
        if not lines:
            self.fit_empty(data)
            return
        self.fit([data], [y for _, y in lines.values()], lowest=LOWEST)
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
        x = self.x_of(data, data.calls)
        terms = {
            name.removeprefix(LAYER): values
            for name, values in data.mean_measures.items()
            if name.startswith(LAYER)
        }
        largest = sorted(terms, key=lambda name: -float(np.nanmean(terms[name])))[:MOST_LAYERS]
        return {WHOLE: (x, data.mean)} | {name: (x, terms[name]) for name in largest}

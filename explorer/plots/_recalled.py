"""Recalled: lines of a stored run, faint and called so, where a picture has no data yet."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from explorer.plots._style import KEPT_DASHES, SMALL_PT

MOST_LINES = 8
SHARES = (0.62, 0.45, 0.3, 0.1)  # of a line, where its name may stand below it
WORDS = "stored run; press Run for yours"


@final
class Recalled:
    """Stored lines on the axes that a plot's numbers are read out of.

    Args:
        plot: The plot.
    """

    def __init__(self, plot: Any) -> None:
        self._plot, self._axes, color = plot, plot.panes[0].axes, plot.palette.faint
        dashes = ("-", *KEPT_DASHES)  # there are several lines
        self.lines = [
            plot.line(self._axes, color=color, lw=1.2, alpha=0.75, ls=dashes[i % len(dashes)])
            for i in range(MOST_LINES)
        ]
        self._names = [plot.text(color, self._axes, fontsize=SMALL_PT) for _ in self.lines]
        self.words = plot.text(
            color, self._axes, transform=self._axes.transAxes, ha="right", va="top"
        )
        self.words.set_position((0.985, 1.0))
        self.words.set_text(WORDS)
        for artist in (*self.lines, *self._names, self.words):
            artist.set_visible(False)

    def show(self, stored: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Show the numbers behind lines, as ``Plot.series`` gave them, and fit the height."""
        for artist in self._plot.moving:  # what a picture knows before its data would be in the way
            artist.set_visible(False)
        for line, (x, y) in zip(self.lines, stored.values(), strict=False):
            line.set_data(x, y)
            line.set_visible(True)
        values = np.concatenate([y for _, y in stored.values()])
        values = values[np.isfinite(values)]
        if self._axes.get_yscale() == "log" and (values > 0).any():
            self._axes.set_ylim(0.6 * values[values > 0].min(), 1.6 * values.max())
        elif len(values):
            margin = 0.1 * (np.ptp(values) or 1)
            self._axes.set_ylim(values.min() - margin, values.max() + margin)
        self.words.set_visible(True)
        for line, text, name in zip(self.lines, self._names, stored, strict=False):
            self._plot.place(text, line, name, below_at=SHARES)

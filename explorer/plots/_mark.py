"""Mark: what a reader predicts, drawn on the picture before there is anything to be seen."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, final

import numpy as np

SHARES = (0.02, 0.2, 0.4, 0.6, 0.75)  # of the line, where its words may stand


class Mark(NamedTuple):
    """A prediction as a picture shows it.

    Attributes:
        kind: ``"slope"``: a power of x through the data; ``"level"``: a line at that height;
            ``"words"``: words alone.
        value: The slope or the level.
        words: What is written beside it.
        plot: Name of the picture that it is about; None for every one.
    """

    kind: Literal["slope", "level", "words"]
    value: float = float("nan")
    words: str = "your prediction"
    plot: str | None = None


@final
class DrawnMark:
    """A mark on a plot's first axes.

    Args:
        plot: The plot, which has its axes and its other words.
        mark: What is drawn.
    """

    def __init__(self, plot: Any, mark: Mark) -> None:
        self._plot, self._mark, color = plot, mark, plot.palette.prediction
        self.line = plot.line(color=color, lw=2, ls=(0, (1.5, 1.5)))
        self.words = plot.text(color, va="bottom")
        self.words.set_text(mark.words)

    def show(self, series: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Draw it over the whole axes, a slope through a point of the first line."""
        axes, words, mark = self._plot.axes, self.words, self._mark
        words.set_transform(axes.transAxes)
        words.set_position((0.02, 0.02))
        words.set_visible(True)
        if mark.kind == "words":
            return
        first, last = axes.get_xlim()
        first = max(first, last * 1e-6)  # a power has no value at the 0 of a linear axis
        x0, y0 = self._anchor(series)
        x = np.geomspace(first, last, 60)
        y = np.full(60, mark.value) if mark.kind == "level" else y0 * (x / x0) ** mark.value
        low, high = axes.get_ylim()
        seen = (y >= low) & (y <= high)
        self.line.set_data(x[seen], y[seen])
        self.line.set_visible(True)
        if seen.any():
            self._place(x[seen], y[seen])

    def _place(self, x: np.ndarray, y: np.ndarray) -> None:
        """Put the words above the line, where they lie on no others."""
        data = self._plot.axes.transData
        self.words.set_transform(data)
        points = data.transform(np.column_stack((x, y)))
        rise = 0.06 * self._plot.figure.dpi
        for share in SHARES:
            left, bottom = points[int(share * (len(points) - 1))] + (rise, rise)
            self.words.set_position(tuple(data.inverted().transform((left, bottom))))
            if not self._plot.touches(self.words):
                return

    def _anchor(self, series: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
        """Return the point of a slope: where the last decade begins, or the middle of the axes."""
        axes = self._plot.axes
        x, y = next(iter(series.values()), (np.empty(0), np.empty(0)))
        known = np.isfinite(y) & (y > 0) & (x > 0)
        if known.any():
            x, y = x[known], y[known]
            i = min(int(np.searchsorted(x, axes.get_xlim()[1] / 10)), len(x) - 1)
            return float(x[i]), float(y[i])
        (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
        return float(np.sqrt(max(x0, 1e-12) * x1)), float(np.sqrt(max(y0, 1e-12) * y1))

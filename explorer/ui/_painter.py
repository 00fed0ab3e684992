"""Painter: from data to frames on a view, as often as page and run can bear."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from explorer.plots._canvas import Canvas
from explorer.plots._mark import Mark
from explorer.plots._style import CSS_DPI, HEIGHT_IN, Theme
from explorer.registry import PLOTS
from explorer.ui._picture import Picture
from explorer.ui._view import View

FRAMES_A_SECOND = 12
DRAWING_SHARE = 0.3  # of the time goes into pictures at most, so that the run stays quick
SERIES_EVERY_S = 0.5  # numbers and words are read more slowly than a line is seen to move


@dataclass(frozen=True)
class Look:
    """How the picture looks: the view's size and theme, what x is, and a prediction on it."""

    width: int = 760
    pixel_ratio: float = 1.0
    theme: Theme = "light"
    xscale: str = "log"
    against: str = "calls"
    mark: Mark | None = None

    def options(self, plot: str) -> dict[str, Any]:
        """Return what a plot is made with, but for its size and theme."""
        here = self.mark is not None and self.mark.plot in (None, plot)
        mark = self.mark if here else None
        return {"xscale": self.xscale, "against": self.against, "mark": mark}


@final
class Painter:
    """Draws on one view; used by one thread at a time.

    Args:
        view: Where frames are shown.
        clock: Seconds on a clock that never goes back.

    Attributes:
        look: How the picture looks; a new one counts from the next frame on.
        view: Where frames are shown; so does a new one.
    """

    def __init__(self, view: View, clock: Callable[[], float] = time.monotonic) -> None:
        self.look = Look()
        self.view = view
        self._clock = clock
        self._canvas: tuple[tuple[str, Look], Canvas] | None = None
        self._next_frame = self._series_at = 0.0
        self._alt = ""

    def restart(self) -> None:
        """Forget when the last frame was: the next one is due at once."""
        self._next_frame = self._series_at = 0.0

    def due(self) -> bool:
        """Return whether it is time for a frame; never waits."""
        return self._clock() >= self._next_frame and self.view.ready()

    def paint(self, picture: Picture, *, last: bool) -> bool:
        """Show one frame, and return whether its words and numbers are new too.

        Args:
            picture: What is shown.
            last: True for a frame that stays: it is drawn in all its colours, with its words.
        """
        began, look = self._clock(), self.look
        canvas, data, beside = self._canvas_for(picture.plot, look), picture.data, picture.beside
        png = canvas.png(data, beside, stored=picture.lines, passing=not last)
        worded = last or began - self._series_at >= SERIES_EVERY_S
        series = None
        if worded:
            series = picture.lines or canvas.plot.series(data, beside)
            self._alt, self._series_at = picture.sentence, began
        self.view.show(png, alt=self._alt, axes=canvas.geometry, size=canvas.size, series=series)
        ended = self._clock()
        self._next_frame = ended + max(
            1 / FRAMES_A_SECOND - (ended - began), (ended - began) * (1 / DRAWING_SHARE - 1)
        )
        return worded

    def _canvas_for(self, plot: str, look: Look) -> Canvas:
        if self._canvas is None or self._canvas[0] != (plot, look):
            size = (look.width / CSS_DPI, HEIGHT_IN)
            made = PLOTS[plot](theme=look.theme, size=size, **look.options(plot))
            self._canvas = ((plot, look), Canvas(made, look.pixel_ratio))
        return self._canvas[1]

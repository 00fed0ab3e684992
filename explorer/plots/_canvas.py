"""From a plot to PNG bytes, many times a second: the scenery is kept, only the lines are drawn."""

import io
import time
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from explorer.plots._base import DRAWING, Plot, Series
from explorer.plots._style import CSS_DPI

WORDS_EVERY_S = 0.5  # letters take longer to draw than lines, and may lag behind them a little
COMPRESSION = 1  # a tenth of the time of the default level, for a fifth more bytes


@final
class Canvas:
    """Draws frames of one plot.

    Args:
        plot: What is drawn.
        pixel_ratio: Device pixels per CSS pixel.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        plot: Plot,
        pixel_ratio: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plot = plot
        plot.figure.set_dpi(CSS_DPI * pixel_ratio)
        self._ratio = pixel_ratio
        self._agg: Any = FigureCanvasAgg(plot.figure)
        for artist in plot.moving:
            artist.set_animated(True)
        self._clock = clock
        self._scenery: Any = None
        self._worded: Any = None
        self._shown: object = None
        self._words: object = None
        self._worded_at = 0.0

    def png(
        self,
        data: Any,
        kept: Sequence[tuple[str, Any]] = (),
        *,
        stored: Series | None = None,
        passing: bool = False,
    ) -> bytes:
        """Return the present picture.

        Args:
            data: What the plot shows: a trace, a rate.
            kept: Kept runs beside it.
            stored: Lines of a stored run, drawn where there is no data yet.
            passing: True for one of many frames, which are reduced to 256 colours: a third of the
                bytes in a third of the time, and no eye sees it go by.
        """
        with DRAWING:
            image = self._image(data, kept, stored, worded=not passing)
        if passing:
            image = _reduced(image)
        buffer = io.BytesIO()
        image.save(buffer, format="png", compress_level=COMPRESSION)
        return buffer.getvalue()

    def _image(
        self, data: Any, kept: Sequence[tuple[str, Any]], stored: Series | None, *, worded: bool
    ) -> Image.Image:
        plot, agg = self.plot, self._agg
        plot.show(data, kept, stored)
        limits = [(axes.get_xlim(), axes.get_ylim()) for axes in plot.all_axes]
        shown = (limits, plot.axes.get_title("left"))
        now = self._clock()
        if shown != self._shown:
            agg.draw()
            self._scenery = agg.copy_from_bbox(plot.figure.bbox)
        words = (shown, data.complete, [label for label, _ in kept])
        if worded or words != self._words or now - self._worded_at >= WORDS_EVERY_S:
            agg.restore_region(self._scenery)
            self._draw(Text)
            self._worded = agg.copy_from_bbox(plot.figure.bbox)
            self._worded_at, self._words = now, words
        self._shown = shown
        agg.restore_region(self._worded)
        self._draw((Line2D, Collection))
        return Image.fromarray(np.asarray(self._agg.buffer_rgba())).convert("RGB")

    def _draw(self, kind: Any) -> None:
        for artist in self.plot.moving:
            if isinstance(artist, kind) and artist.get_visible():
                artist.draw(self._agg.renderer)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        width, height = self.plot.figure.get_size_inches()
        return round(width * CSS_DPI), round(height * CSS_DPI)

    @property
    def geometry(self) -> list[dict[str, Any]]:
        """The axes in CSS pixels from the upper left corner, with limits and scales."""
        _, height = self.size
        geometry: list[dict[str, Any]] = []
        for axes, words, lines in self.plot.panes:
            box = axes.bbox
            edges = (edge / self._ratio for edge in (box.x0, box.x1, box.y0, box.y1))
            left, right, bottom, top = edges
            one: dict[str, Any] = {
                "box": [left, height - top, right - left, top - bottom],
                "xlim": list(axes.get_xlim()),
                "ylim": list(axes.get_ylim()),
                "xscale": axes.get_xscale(),
                "yscale": axes.get_yscale(),
                **words,
            }
            geometry.append(one if lines is None else {**one, "series": list(lines)})
        return geometry


def _reduced(image: Image.Image) -> Image.Image:
    """Return an image in 256 colours, with the colour of its corner, the ground's, kept exact."""
    reduced = image.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette, corner = reduced.getpalette() or [], (0, 0)
    place = 3 * int(reduced.getpixel(corner))  # type: ignore[arg-type]
    palette[place : place + 3] = image.getpixel(corner)  # type: ignore[call-overload]
    reduced.putpalette(palette)
    return reduced

"""What a plot is: artists made once on a figure, then moved from trace to picture."""

import io
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from explorer.plots._mark import DrawnMark, Mark
from explorer.plots._recalled import Recalled
from explorer.plots._style import (
    CHARACTER,
    CSS_DPI,
    FONT_PT,
    HEIGHT_IN,
    PALETTES,
    SMALL_PT,
    SMALLEST_PT,
    THEMES,
    WIDTH_IN,
    Palette,
    Theme,
    dress,
)

# Matplotlib keeps fonts and parsed formulas for all figures of a process, and its letters come from
# one C library object: two threads that draw at once corrupt its memory.
DRAWING = threading.RLock()

CLOCKS = ("calls", "steps", "seconds")
XSCALES = ("log", "linear")

Series = dict[str, tuple[np.ndarray, np.ndarray]]


class Pane(NamedTuple):
    """One pair of axes, as a read-out sees it.

    Attributes:
        axes: The matplotlib Axes.
        words: ``xlabel``, ``ylabel`` in plain text, and if there are any ``xunit``, ``yunit``.
        lines: Names of :meth:`Plot.series` that are drawn here; None means all.
    """

    axes: Axes
    words: Mapping[str, str]
    lines: tuple[str, ...] | None = None


class Plot(ABC):
    """A picture on one figure; :meth:`update` moves its artists and makes none.

    Made without pyplot. Threads take turns at drawing (``DRAWING``), since matplotlib's fonts are
    shared; whoever calls ``savefig`` on a returned figure while a panel runs sees to that himself.

    Args:
        theme: One of ``THEMES``: ``"light"``, ``"dark"``, or one of them in high contrast.
        size: Width and height in inches of 96 CSS pixels.
        xscale: ``"log"`` or ``"linear"``.
        against: What x counts in the pictures that know several: ``"calls"``, ``"steps"`` or
            ``"seconds"`` of computing.
        mark: What a reader has predicted.

    Attributes:
        label: Name shown in menus.
        draws: What the picture is of: ``"trace"``, ``"rate"``, ``"grid"``, ``"reach"``,
            ``"contest"`` or ``"survey"``; the panel works at that when the picture is chosen.
        columns: Pairs of axes side by side.
        clocks: What ``against`` may be here; the others have an x of their own.
        figure: The matplotlib Figure.
        all_axes: Its axes from left to right.
        axes: The first of them.
        moving: Artists that a frame redraws; the rest is drawn when the frame's scenery changes.

    Raises:
        ValueError: If ``theme``, ``xscale`` or ``against`` is unknown.
    """

    label: ClassVar[str]
    draws: ClassVar[str] = "trace"
    columns: ClassVar[int] = 1
    clocks: ClassVar[tuple[str, ...]] = ("calls",)

    def __init__(
        self,
        *,
        theme: Theme = "light",
        size: tuple[float, float] = (WIDTH_IN, HEIGHT_IN),
        xscale: str = "log",
        against: str = "calls",
        mark: Mark | None = None,
    ) -> None:
        if theme not in THEMES:
            raise ValueError(f"theme must be one of {list(THEMES)}, got {theme!r}.")
        if xscale not in XSCALES:
            raise ValueError(f"xscale must be one of {list(XSCALES)}, got {xscale!r}.")
        if against not in CLOCKS:
            raise ValueError(f"against must be one of {list(CLOCKS)}, got {against!r}.")
        self.against = against if against in self.clocks else self.clocks[0]
        self.palette: Palette = PALETTES[theme]
        self.figure = Figure(figsize=size, dpi=CSS_DPI, facecolor=self.palette.ground)
        FigureCanvasAgg(self.figure)
        self.all_axes: list[Axes] = [
            self.figure.add_axes(_box(size, column, self.columns)) for column in range(self.columns)
        ]
        for axes in self.all_axes:
            axes.set_xscale(xscale)
            axes.set_yscale("log")
            dress(axes, self.palette)
        self.axes: Axes = self.all_axes[0]
        self._title = self.axes.set_title(
            "", loc="left", fontsize=FONT_PT + 0.5, color=self.palette.ink, pad=10
        )
        self.moving: list[Artist] = []
        self._make()
        self._recalled = Recalled(self)
        self._marked = DrawnMark(self, mark) if mark is not None else None

    @classmethod
    def of(
        cls,
        data: Any,
        *,
        kept: Sequence[tuple[str, Any]] = (),
        stored: Series | None = None,
        **options: Any,
    ) -> Figure:
        """Return a finished figure of a trace or a rate, with kept runs as (label, trace).

        Args:
            data: What is drawn.
            kept: Kept runs beside it.
            stored: Lines of a stored run, in the place of data that is not there yet.
            **options: Of the plot.
        """
        with DRAWING:
            plot = cls(**options)
            plot.show(data, kept, stored)
        return plot.figure

    @classmethod
    def png(cls, data: Any, **options: Any) -> bytes:
        """Return a finished picture as PNG bytes, at two pixels per CSS pixel."""
        buffer = io.BytesIO()
        with DRAWING:
            cls.of(data, **options).savefig(buffer, format="png", dpi=2 * CSS_DPI)
        return buffer.getvalue()

    @abstractmethod
    def _make(self) -> None:
        """Make every artist there will ever be."""

    @abstractmethod
    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        """Move the artists to show ``data``, and beside it kept runs as (label, trace)."""

    @abstractmethod
    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        """Return the numbers behind every line: label -> x, y."""

    def show(
        self, data: Any, kept: Sequence[tuple[str, Any]] = (), stored: Series | None = None
    ) -> None:
        """Show data and kept runs, or in their place a stored one, and what a reader predicts."""
        if stored is None:
            self.update(data, kept)
        else:
            self.update(data)
            self._recalled.show(stored)
        if self._marked is not None:
            self._marked.show(stored or self.series(data, kept))

    @property
    def panes(self) -> Sequence[Pane]:
        """The axes with their words for a read-out."""
        return [Pane(self.axes, {"xlabel": "oracle calls", "ylabel": "stationarity"})]

    def line(self, axes: Axes | None = None, **style: Any) -> Line2D:
        """Return a new line, which every frame redraws."""
        line = Line2D([], [], **style)
        (axes or self.axes).add_line(line)
        self.moving.append(line)
        return line

    def text(self, color: str, axes: Axes | None = None, **style: Any) -> Text:
        """Return new words, which every frame redraws."""
        style = {"fontsize": FONT_PT, "color": color, **style}
        text = (axes or self.axes).text(0, 0, "", fontdict=style)
        self.moving.append(text)
        return text

    def _show(self, line: Any, x: Any, y: Any) -> None:
        line.set_data(x, y)
        line.set_visible(True)

    def _entitle(self, words: str) -> None:
        """Set the head of the picture, in letters small enough that none is cut off."""
        left, right = (ax.get_position() for ax in (self.all_axes[0], self.all_axes[-1]))
        room_pt = (right.x1 - left.x0) * self.figure.get_figwidth() * 72
        rows = words.split("\n")
        if len(words) * CHARACTER * SMALLEST_PT > room_pt and len(rows) == 1:
            rows = _in_two(words)
            words = "\n".join(rows)
        fitting = room_pt / (CHARACTER * max(1, *map(len, rows)))
        largest = FONT_PT + 0.5 if len(rows) == 1 else SMALL_PT  # two lines must fit the margin
        self._title.set_fontsize(min(largest, max(SMALLEST_PT, fitting)))
        self._title.set_text(words)

    def _fit_axes(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Set limits, a y of thirds of a decade so that they rarely change while a run goes on."""
        low = 10 ** (np.floor(3 * np.log10(y[0])) / 3)
        high = 10 ** (np.ceil(3 * np.log10(y[1])) / 3)
        self.axes.set_xlim(*x)
        self.axes.set_ylim(low, high)

    def place(
        self,
        text: Text,
        line: Any,
        words: str,
        *,
        below_at: float | Sequence[float] | None = None,
    ) -> None:
        """Put words above a falling line at its end so far, or below it at a share of its width.

        Lines fall, so the room is found in pixels: clear of all that the words span.

        Args:
            text: The artist.
            line: A line, placed only if visible, or (x, y).
            words: What it says; lines are broken at newlines.
            below_at: None for above, right-aligned at the end; else the share where words begin, or
                several, of which the first is taken that leaves other words free, and lines too
                if one of them does.
        """
        if isinstance(below_at, Sequence):
            self._place_freely(text, line, words, below_at)
            return
        if isinstance(line, Line2D) and not line.get_visible():
            return
        x, y = map(np.asarray, line.get_data() if isinstance(line, Line2D) else line)
        usable = np.isfinite(y) & (y > 0)
        if usable.sum() < 2:
            return
        axes = text.axes
        assert axes is not None, "a plot's texts are made on its axes"
        points = axes.transData.transform(np.column_stack((x[usable], y[usable])))
        dpi, size = self.figure.dpi, float(text.get_fontsize()) / 72 * self.figure.dpi
        width = CHARACTER * size * max(len(row) for row in words.split("\n"))
        left = points[-1, 0] - width
        if below_at is not None:
            left = points[0, 0] + below_at * (points[-1, 0] - points[0, 0])
        if left < axes.bbox.x0:
            return
        heights = np.interp(np.linspace(left, left + width, 60), points[:, 0], points[:, 1])
        above = below_at is None
        height = heights.max() + 0.06 * dpi if above else heights.min() - 0.08 * dpi
        if not above and height - 1.25 * size * len(words.split("\n")) < axes.bbox.y0:
            return
        text.set_text(words)
        text.set_horizontalalignment("left")
        text.set_verticalalignment("bottom" if above else "top")
        x0, y0 = axes.transData.inverted().transform((left, height))
        text.set_position((float(x0), float(y0)))
        text.set_visible(True)

    def _place_freely(self, text: Text, line: Any, words: str, shares: Sequence[float]) -> None:
        clear_of_words: list[float] = []
        for share in shares:
            text.set_visible(False)
            self.place(text, line, words, below_at=share)
            if text.get_visible() and not self.touches(text):
                if not self.crosses(text):
                    return
                clear_of_words.append(share)
        if clear_of_words:
            self.place(text, line, words, below_at=clear_of_words[0])

    def crosses(self, text: Text) -> bool:
        """Return whether a line that is visible runs through a text."""
        left, bottom, right, top = self._box_of(text)
        axes = text.axes
        assert axes is not None, "a plot's texts are made on its axes"
        across = np.linspace(left, right, 40)
        for line in self.moving:
            if not isinstance(line, Line2D) or not line.get_visible() or line.axes is not axes:
                continue
            x, y = (np.asarray(values, float) for values in line.get_data())
            known = np.isfinite(x) & np.isfinite(y) & (y > 0)
            if known.sum() < 2:
                continue
            points = axes.transData.transform(np.column_stack((x[known], y[known])))
            height = np.interp(across, points[:, 0], points[:, 1], left=np.nan, right=np.nan)
            if ((height > bottom) & (height < top)).any():
                return True
        return False

    def touches(self, text: Text) -> bool:
        """Return whether a text lies on another one that is visible."""
        box = self._box_of(text)
        others = [
            a
            for a in self.moving
            if isinstance(a, Text) and a.get_visible() and a is not text and a.axes is text.axes
        ]
        return any(
            box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
            for other in map(self._box_of, others)
        )

    def _box_of(self, text: Text) -> tuple[float, float, float, float]:
        """Return left, bottom, right, top in pixels, by the mean width of letters, and some air."""
        rows = str(text.get_text()).split("\n")
        size = float(text.get_fontsize()) / 72 * self.figure.dpi
        width, height = size * (1 + CHARACTER * max(map(len, rows))), 1.25 * size * len(rows)
        assert text.axes is not None, "a plot's texts are made on its axes"
        x, y = text.axes.transData.transform(text.get_position())
        left = x - width * {"left": 0, "center": 0.5, "right": 1}[text.get_horizontalalignment()]
        top = y + height * {"top": 0, "bottom": 1}.get(text.get_verticalalignment(), 0.5)
        return left, top - height, left + width, top

    def _pixels(self, x: float, y: float) -> np.ndarray:
        return self.axes.transData.transform((x, y))


def _in_two(words: str) -> list[str]:
    """Return words as two rows, broken after the comma that is nearest the middle."""
    commas = [i + 1 for i in range(len(words)) if words.startswith(", ", i)]
    if not commas:
        return [words]
    cut = min(commas, key=lambda i: abs(i - len(words) / 2))
    return [words[:cut], words[cut + 1 :]]


def _box(size: tuple[float, float], column: int, columns: int) -> tuple[float, float, float, float]:
    """Return the place of axes on a figure, with margins that are the same at every size."""
    width, height = size
    left, bottom, top = 0.72, 0.58, 0.42
    right = 0.28 if columns == 1 else 0.12  # half of a tick label, where there is room for it
    share = width / columns
    return (
        (column * share + left) / width,
        bottom / height,
        (share - left - right) / width,
        (height - bottom - top) / height,
    )

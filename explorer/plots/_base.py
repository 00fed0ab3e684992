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

from explorer.plots._mark import Mark
from explorer.plots._style import (
    CHARACTER,
    CSS_DPI,
    FONT_PT,
    HEIGHT_IN,
    KEPT_DASHES,
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

MOST_STORED = 8
STORED = "stored run; press Run for yours"
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
        theme: ``"light"`` or ``"dark"``.
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
        self._make_stored()
        self._mark = mark
        self._predicted = self._line(color=self.palette.prediction, lw=2, ls=(0, (1.5, 1.5)))
        self._predicted_words = self._text(self.palette.prediction, va="bottom")

    @classmethod
    def of(cls, data: Any, *, kept: Sequence[tuple[str, Any]] = (), **options: Any) -> Figure:
        """Return a finished figure of a trace or a rate, with kept runs as (label, trace)."""
        with DRAWING:
            plot = cls(**options)
            plot.show(data, kept)
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
            self.recall(data, stored)
        for artist in (self._predicted, self._predicted_words):
            artist.set_visible(False)
        if self._mark is not None:
            self._show_mark(self._mark, stored or self.series(data, kept))

    def _show_mark(self, mark: Mark, series: Series) -> None:
        """Draw a prediction over the whole axes: a slope through a point of the first line."""
        axes = self.axes
        ends = np.array(axes.get_xlim())
        low, high = axes.get_ylim()
        words = self._predicted_words
        words.set_text(mark.words)
        words.set_transform(axes.transAxes)
        words.set_position((0.02, 0.02))
        words.set_visible(True)
        if mark.kind == "words":
            return
        x, y = self._anchor(series)
        start = max(ends[0], ends[1] * 1e-6)  # a power has no value at the 0 of a linear axis
        xs = np.geomspace(start, ends[1], 60)
        ys = np.full(60, mark.value) if mark.kind == "level" else y * (xs / x) ** mark.value
        seen = (ys >= low) & (ys <= high)
        self._show(self._predicted, xs[seen], ys[seen])
        if not seen.any():
            return
        words.set_transform(axes.transData)
        points = axes.transData.transform(np.column_stack((xs[seen], ys[seen])))
        rise = 0.06 * self.figure.dpi
        for share in (0.02, 0.2, 0.4, 0.6, 0.75):  # where it lies on no other words
            left, bottom = points[int(share * (len(points) - 1))] + (rise, rise)
            words.set_position(tuple(axes.transData.inverted().transform((left, bottom))))
            if not self._touches(words):
                return

    def _anchor(self, series: Series) -> tuple[float, float]:
        """Return the point through which a predicted slope is drawn."""
        for x, y in series.values():
            known = np.isfinite(y) & (y > 0) & (x > 0)
            if known.any():
                # where the last decade begins, over which slopes of a run are measured
                x, y = x[known], y[known]
                i = int(np.searchsorted(x, self.axes.get_xlim()[1] / 10))
                return float(x[min(i, len(x) - 1)]), float(y[min(i, len(x) - 1)])
            break
        ends = (self.axes.get_xlim(), self.axes.get_ylim())
        x, y = (float(np.sqrt(max(low, 1e-12) * high)) for low, high in ends)
        return x, y

    def recall(self, data: Any, stored: Series) -> None:
        """Show stored lines, faint and called so, in the place of data that is not there yet.

        Args:
            data: Empty; it says what the axes are.
            stored: The numbers behind the lines, as :meth:`series` gave them.
        """
        self.update(data)
        axes = self.panes[0].axes
        for line, (x, y) in zip(self._stored, stored.values(), strict=False):
            self._show(line, x, y)
        values = np.concatenate([y for _, y in stored.values()])
        values = values[np.isfinite(values)]
        if axes.get_yscale() == "log" and (values > 0).any():
            axes.set_ylim(0.6 * values[values > 0].min(), 1.6 * values.max())
        elif len(values):
            margin = 0.1 * (np.ptp(values) or 1)
            axes.set_ylim(values.min() - margin, values.max() + margin)
        self._stored_words.set_visible(True)

    def _make_stored(self) -> None:
        """Make the faint lines; each has dashes of its own, as there are several."""
        axes = self.panes[0].axes
        dashes = ("-", *KEPT_DASHES)
        self._stored = [
            self._line(axes, color=self.palette.faint, lw=1.2, alpha=0.75, ls=dashes[i % 5])
            for i in range(MOST_STORED)
        ]
        self._stored_words = self._text(
            self.palette.faint, axes, transform=axes.transAxes, ha="right", va="top"
        )
        self._stored_words.set_position((0.985, 0.975))
        self._stored_words.set_text(STORED)
        for artist in (*self._stored, self._stored_words):
            artist.set_visible(False)

    @property
    def panes(self) -> Sequence[Pane]:
        """The axes with their words for a read-out."""
        return [Pane(self.axes, {"xlabel": "oracle calls", "ylabel": "stationarity"})]

    def _line(self, axes: Axes | None = None, **style: Any) -> Line2D:
        line = Line2D([], [], **style)
        (axes or self.axes).add_line(line)
        self.moving.append(line)
        return line

    def _text(self, color: str, axes: Axes | None = None, **style: Any) -> Text:
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

    def _place(
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
                several, of which the first is taken that leaves other words free.
        """
        if isinstance(below_at, Sequence):
            for share in below_at:
                text.set_visible(False)
                self._place(text, line, words, below_at=share)
                if text.get_visible() and not self._touches(text):
                    return
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

    def _touches(self, text: Text) -> bool:
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

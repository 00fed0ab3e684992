"""Words in rows above and below what is drawn, where no line can run through them."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator

from explorer.plots._style import CSS_DPI, FONT_PT, SMALLEST_PT, plain_number

ROW = 1.5  # height of a row, in units of the font size
AIR = 0.03  # of a pane's height, between rows and lines
TICK_PX = 58, 30  # CSS pixels that a tick's label takes along x and along y


def _short_number(value: float) -> str:
    """Return a tick label as short as a narrow pane needs: 0.01, 1e-3, 5,000, 1e6."""
    text = plain_number(value) if value >= 0.01 else f"{value:.0e}"
    return text.replace("+", "").replace("e0", "e").replace("e-0", "e-")


SHORT = FuncFormatter(lambda value, _: _short_number(value))


def put_in_row(text: Text, row: int) -> None:
    """Put words in a row of their pane: 0, 1 from the bottom left, -1, -2 from the top right."""
    axes = _axes_of(text)
    height = _share(axes)
    text.set_transform(axes.transAxes)
    text.set_position((1.0, 1 + (row + 1) * height) if row < 0 else (0.03, row * height + 0.01))
    text.set_horizontalalignment("right" if row < 0 else "left")
    text.set_verticalalignment("top" if row < 0 else "bottom")


def say(text: Text, *variants: str) -> None:
    """Show the first of some words that fits into its pane, if need be in smaller letters."""
    width = _axes_of(text).bbox.width
    text.set_visible(True)
    for size in (FONT_PT, SMALLEST_PT):
        for words in variants:
            text.set_text(words)
            text.set_fontsize(size)
            if text.get_window_extent().width <= 0.97 * width:
                return
    text.set_visible(False)


def fit_rows(axes: Axes, x: Any, y: tuple[float, float], *, below: int, above: int = 0) -> None:
    """Set limits with so many rows free below and above ``y``, and as many ticks as have room."""
    share = _share(axes)
    free, top = below * share + AIR, above * share + AIR
    decades = np.log10(y[1] / y[0]) / (1 - free - top)
    axes.set_xlim(*x)
    axes.set_ylim(y[0] / 10 ** (free * decades), y[1] * 10 ** (top * decades))
    axes.yaxis.set_major_locator(_locator(decades, most_ticks(axes)[1]))
    axes.xaxis.set_major_locator(_locator(np.log10(x[1] / x[0]), most_ticks(axes)[0]))


def most_ticks(axes: Axes) -> tuple[int, int]:
    """Return how many labels have room along x and y."""
    ratio = axes.figure.dpi / CSS_DPI
    sides = axes.bbox.width / ratio, axes.bbox.height / ratio
    wide, high = (int(side / px) for side, px in zip(sides, TICK_PX, strict=True))
    return max(2, wide), max(2, high)


def _locator(decades: float, most: int) -> LogLocator:
    subs = (1, 2, 5) if 3 * decades <= most else (1,)
    return LogLocator(subs=subs, numticks=most)


def _share(axes: Axes) -> float:
    """Return the height of a row as a share of a pane's."""
    return ROW * FONT_PT / 72 * axes.figure.dpi / axes.bbox.height


def _axes_of(text: Text) -> Axes:
    assert isinstance(text.axes, Axes), "a plot's texts are made on its axes"
    return text.axes

"""Key: samples of lines with their words, in a strip at the top of their axes."""

from collections.abc import Mapping
from typing import final

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

# CSS pixels
ROW = 19  # from words to the words below
SAMPLE = 20  # of line beside its words
AIR = 6
TWO_COLUMNS = 280  # width from which on there is room for them


@final
class Key:
    """Words that lie on no line, wherever the lines go: their strip is left free.

    Args:
        axes: Where the lines are.
        lines: The lines by name.
        words: What is said of each.
        box: Width and height of the axes in CSS pixels.
        fontsize: Of the words, in points.

    Attributes:
        artists: What it made, for whoever draws them.
        height: Of its strip, in CSS pixels, with room for all of the lines.
    """

    def __init__(
        self,
        axes: Axes,
        lines: Mapping[str, Line2D],
        words: Mapping[str, str],
        *,
        box: tuple[float, float],
        fontsize: float,
    ) -> None:
        width, height = box
        columns = 2 if width >= TWO_COLUMNS else 1
        self.artists: list[Artist] = []
        self._entries: list[tuple[Line2D, tuple[Artist, Artist]]] = []
        for number, (name, line) in enumerate(lines.items()):
            row, column = divmod(number, columns)
            left, y = column * width / columns + AIR, 1 - (row + 0.5) * ROW / height
            sample = Line2D([(left + x) / width for x in (0, SAMPLE / 2, SAMPLE)], [y] * 3)
            sample.update_from(line)
            sample.set_transform(axes.transAxes)
            sample.set_markevery([1])
            axes.add_line(sample)
            style = {"fontsize": fontsize, "color": line.get_color(), "va": "center"}
            place = (left + SAMPLE + AIR) / width, y
            text = axes.text(*place, words[name], fontdict=style, transform=axes.transAxes)
            self._entries.append((line, (sample, text)))
            self.artists.extend((sample, text))
        self.height = ROW * -(-len(lines) // columns) + AIR

    def follow(self) -> None:
        """Show an entry where its line is visible."""
        for line, artists in self._entries:
            for artist in artists:
                artist.set_visible(line.get_visible())

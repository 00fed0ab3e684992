"""What the panel asks of a picture, whichever widget shows it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

Axes = Sequence[Mapping[str, Any]]
Series = Mapping[str, tuple[np.ndarray, np.ndarray]]
ViewCallback = Callable[[float, int, str], None]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class View(Protocol):
    """One picture on the page; one thread shows frames, any thread may ask whether it is time."""

    def show(
        self,
        png: bytes,
        *,
        alt: str,
        axes: Axes = (),
        size: tuple[int, int] | None = None,
        series: Series | None = None,
    ) -> None:
        """Replace the picture.

        Args:
            png: The file's bytes; its pixels are ``size`` times the pixel ratio.
            alt: The picture in words.
            axes: What the read-out needs of each pair of axes: ``box`` (left, top, width, height in
                CSS pixels from the picture's upper left corner), ``xlim``, ``ylim``, and if they
                are not linear and nameless ``xscale``, ``yscale`` (``"linear"`` or ``"log"``),
                ``xlabel``, ``ylabel``, ``xunit``, ``yunit`` (plain text, no TeX). With several
                pairs, ``series`` names the lines drawn in this one; without it, all.
            size: Width and height in CSS pixels; None keeps the last.
            series: The numbers behind the lines: label -> x and y, equally long. None keeps the
                last, which saves the traffic where only the picture changed.

        Raises:
            ValueError: If ``png`` is no PNG, a scale is unknown, or x and y differ in length.
        """
        ...

    def ready(self) -> bool:
        """Return whether a new frame may be shown now; never waits."""
        ...

    def save(self, name: str, mime: str, content: bytes) -> str:
        """Hand a file to the reader, and return where it goes in words.

        Args:
            name: Of the file.
            mime: Its type, ``"image/png"``.
            content: Its bytes.
        """
        ...

    def speak(self, words: str) -> None:
        """Have a screen reader say something, once, when it has time.

        Args:
            words: What has come to its end, in a sentence; equal words are not said again.
        """
        ...

    def on_view(self, callback: ViewCallback) -> None:
        """Call ``callback(pixel_ratio, width, theme)`` whenever the browser's view changes.

        It runs in whichever thread the message arrives in, so it should only leave a note. A view
        that is known already is told at once.

        Args:
            callback: Takes device pixels per CSS pixel, the width at hand in CSS pixels, and
                the theme, ``"light"`` or ``"dark high contrast"`` for example.
        """
        ...


def refuse_unless_png(png: bytes) -> None:
    """Refuse bytes that a browser would show as a broken picture.

    Args:
        png: What is about to be shown.

    Raises:
        ValueError: If it does not start as a PNG file does.
    """
    if not png.startswith(PNG_SIGNATURE):
        raise ValueError(f"png must be the bytes of a PNG file, got {png[:8]!r}...; use print_png.")

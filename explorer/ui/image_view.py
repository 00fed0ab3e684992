"""The picture without the front end's help: ipywidgets' own image, for pages without anywidget."""

import html
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import ipywidgets

from explorer.ui._view import Axes, Series, ViewCallback, refuse_unless_png

FRAMES_PER_S = 8


@final
class ImageView(ipywidgets.VBox):
    """A picture that any ipywidgets front end can show, with its words as a line below.

    It takes what :class:`explorer.ui.figure_view.FigureView` takes. There is no read-out, so
    ``axes`` and ``series`` are not used, and no browser answers, so the pace is a fixed one and
    nobody learns the width of the page.

    Args:
        clock: Seconds on a clock that never goes back.
        **traits: Traits of any widget, ``layout`` for instance.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, **traits: Any) -> None:
        self._clock = clock
        self._sent_at = -math.inf
        self._lock = threading.Lock()
        self._image = ipywidgets.Image(format="png")
        # ipywidgets.Image has no alternative text of its own
        self._words = ipywidgets.HTML()
        super().__init__([self._image, self._words], **traits)

    def __repr__(self) -> str:
        """Return one line that is the same in every run, for stored notebooks."""
        return "ImageView(a picture)"

    def show(
        self,
        png: bytes,
        *,
        alt: str,
        axes: Axes = (),
        size: tuple[int, int] | None = None,
        series: Series | None = None,
    ) -> None:
        """Send a frame; see :meth:`explorer.ui._view.View.show`."""
        del axes, series
        refuse_unless_png(png)
        with self._lock:
            with self._image.hold_sync():
                self._image.value = png
                if size is not None:
                    self._image.width, self._image.height = (str(int(length)) for length in size)
            self._words.value = f'<div aria-live="polite">{html.escape(alt)}</div>'
            self._sent_at = self._clock()

    def ready(self) -> bool:
        """Return whether an eighth of a second has gone by since the last frame."""
        with self._lock:
            return self._clock() - self._sent_at >= 1 / FRAMES_PER_S

    def save(self, name: str, mime: str, content: bytes) -> str:
        """Write the file into the folder of the kernel, since no browser takes it from here."""
        del mime
        path = Path(name).absolute()
        path.write_bytes(content)
        return f"Written to {path}."

    def speak(self, words: str) -> None:
        """Do nothing: the words under the picture are a live region themselves."""

    def on_view(self, callback: ViewCallback) -> None:
        """Do nothing: this view hears nothing from the browser."""

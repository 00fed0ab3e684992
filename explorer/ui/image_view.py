"""The picture without the front end's help: ipywidgets' own image, for pages without anywidget."""

import contextlib
import html
import itertools
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
    """A picture that any ipywidgets front end can show, with its words for those who hear it.

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
        self._image = ipywidgets.Image(format="png", layout={"max_width": "100%", "height": "auto"})
        # ipywidgets.Image has no alternative text of its own
        self._words, self._spoken = ipywidgets.HTML(), ipywidgets.HTML()
        traits.setdefault("layout", {"overflow": "hidden"})
        super().__init__([self._image, self._words, self._spoken], **traits)

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
            self._words.value = f'<div class="explorer-unseen">{html.escape(alt)}</div>'
            self._sent_at = self._clock()

    def ready(self) -> bool:
        """Return whether an eighth of a second has gone by since the last frame."""
        with self._lock:
            return self._clock() - self._sent_at >= 1 / FRAMES_PER_S

    def save(self, name: str, mime: str, content: bytes) -> str:
        """Write the file into the folder of the kernel, since no browser takes it from here.

        A file that is there stays: the next one is ``name-1``, as a browser would call it.
        """
        del mime
        first = path = Path(name).absolute()
        for number in itertools.count(1):
            with contextlib.suppress(FileExistsError), path.open("xb") as file:
                file.write(content)
                break
            path = first.with_stem(f"{first.stem}-{number}")
        return f"Written to {path}."

    def speak(self, words: str) -> None:
        """Put words into the live region of the picture; see :meth:`explorer.ui._view.View`."""
        said = f'<div class="explorer-unseen" aria-live="polite">{html.escape(words)}</div>'
        self._spoken.value = said

    def on_view(self, callback: ViewCallback) -> None:
        """Do nothing: this view hears nothing from the browser."""

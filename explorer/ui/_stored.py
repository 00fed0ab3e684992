"""What a reader of a saved notebook sees: the panel's last picture, and its sentence under it."""

import base64
import html
import threading
import uuid
from collections.abc import Callable
from typing import Any, final

from explorer.ui.session import Session

# JupyterLab and Notebook show a live panel and the stored copy behind it: there the copy is hidden.
# Only outputs of the cell itself count, not what an Output widget holds. In other front ends both
# stand on the page.
PREDICTING = "explorer-predicting"  # class of a panel with its question
HIDDEN_WHILE_LIVE = """
.jp-OutputArea-child:has(> .jp-OutputArea-output > :is(.explorer-panel, .explorer-predicting))
  ~ .jp-OutputArea-child:has(> .jp-OutputArea-output > .explorer-stored),
.jp-OutputArea-child:has(> .jp-OutputArea-output > :is(.explorer-panel, .explorer-predicting))
  ~ .jp-OutputArea-child:has(
    + .jp-OutputArea-child > .jp-OutputArea-output > .explorer-stored
  ) { display: none; }"""


@final
class Stored:
    """Two outputs behind the panel's own, which are renewed while that one stays as it is.

    Args:
        session: Whose picture and sentence they are.

    A front end makes an output anew when it is renewed: of the panel itself that would be the whole
    page, with its focus. It knows which outputs are meant until its page is loaded again; from then
    on the stored copy stays as it is until the cell is run again.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids = [f"explorer-{uuid.uuid4().hex}" for _ in range(2)]
        self._publish: Callable[..., None] | None = None
        self._last: tuple[Any, ...] = ()
        self._lock = threading.Lock()  # a cell and the worker may come at once

    def display(self) -> None:
        """Add both to the outputs of the present cell; in a terminal there are none."""
        from IPython.core.getipython import get_ipython

        shell: Any = get_ipython()
        if getattr(shell, "kernel", None) is not None:
            # the cell's own way out: while another cell is captured the shell's is another one
            with self._lock:
                self._publish = shell.display_pub.publish
                self._send(update=False)

    def renew(self) -> None:
        """Put others in their place where they were displayed and have changed."""
        with self._lock:
            if self._publish is not None and self._shown() != self._last:
                self._send(update=True)

    def _shown(self) -> tuple[Any, ...]:
        """Return what both hang on, without drawing it."""
        session = self._session
        kept, plot = [id(trace) for trace in session.kept], session.plot
        return session.spec, session.sentence, kept, plot, session.painter.look.options(plot)

    def _send(self, *, update: bool) -> None:
        assert self._publish is not None, "what is sent has a cell to go to"
        self._last = self._shown()
        picture, sentence = self._session.picture(), self._session.sentence
        image = base64.b64encode(picture).decode("ascii")
        width, height = size_of(picture)
        # drawn at two pixels per CSS pixel
        shape = {"width": width // 2, "height": height // 2, "alt": sentence}
        words = f'<p class="explorer-stored">{html.escape(sentence)}</p>'
        outputs: list[tuple[dict[str, str], dict[str, Any]]] = [
            ({"image/png": image, "text/plain": "The last picture of the panel"}, shape),
            ({"text/html": words, "text/plain": sentence}, {}),
        ]
        for name, (data, about) in zip(self._ids, outputs, strict=True):
            metadata = {"image/png": about} if about else {}
            self._publish(data, metadata, transient={"display_id": name}, update=update)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG file, which stand in its first chunk."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])

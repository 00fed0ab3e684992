"""What a reader of a saved notebook sees: the panel's last picture, and its sentence under it."""

import base64
import html
import uuid
from typing import Any, final

# Where the panel lives, both stand twice: the stored ones are hidden. The rules look for the panel
# among the outputs of the same cell, so a page that is only read has nothing to hide them.
HIDDEN_WHILE_LIVE = """
.jp-OutputArea-child:has(.explorer-panel) ~ .jp-OutputArea-child:has(.explorer-stored),
.jp-OutputArea-child:has(.explorer-panel)
  ~ .jp-OutputArea-child:has(+ .jp-OutputArea-child .explorer-stored) { display: none; }"""


@final
class Stored:
    """Two outputs behind the panel's own, which are renewed while that one stays as it is.

    A front end makes an output anew when it is renewed. Of the panel itself that would be the whole
    page, with its focus; of these two nobody who works with the panel sees anything.

    Attributes:
        displayed: True from the first :meth:`display` on.
    """

    def __init__(self) -> None:
        self._ids = [f"explorer-{uuid.uuid4().hex}" for _ in range(2)]
        self.displayed = False
        self._last: tuple[bytes, str] | None = None

    def display(self, picture: bytes, sentence: str) -> None:
        """Add both to the outputs of the present cell."""
        self.displayed = True
        self._publish(picture, sentence, update=False)

    def renew(self, picture: bytes, sentence: str) -> None:
        """Put others in their place, wherever they were displayed."""
        if (picture, sentence) != self._last:
            self._publish(picture, sentence, update=True)

    def _publish(self, picture: bytes, sentence: str, *, update: bool) -> None:
        from IPython.display import publish_display_data

        self._last = (picture, sentence)
        words = f'<p class="explorer-stored">{html.escape(sentence)}</p>'
        image = base64.b64encode(picture).decode("ascii")
        width, height = size_of(picture)
        # drawn at two pixels per CSS pixel
        shape = {"width": width // 2, "height": height // 2, "alt": sentence}
        bundles: list[tuple[dict[str, str], dict[str, Any]]] = [
            ({"image/png": image, "text/plain": "The last picture of the panel"}, shape),
            ({"text/html": words, "text/plain": sentence}, {}),
        ]
        for name, (data, metadata) in zip(self._ids, bundles, strict=True):
            publish_display_data(
                data,
                metadata={"image/png": metadata} if metadata else {},
                transient={"display_id": name},
                update=update,
            )


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG file, which stand in its first chunk."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])

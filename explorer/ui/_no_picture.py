"""What a page offers whose server lacks the live picture's front-end part."""

from collections.abc import Callable
from typing import final

import ipywidgets as widgets

WHY = (
    "No picture above? Its front-end part, anywidget, is missing where the Jupyter server runs: "
    "install it there and restart the server, not only the kernel. Until then:"
)

# Seen only where the style sheet of the live picture, which hides it, has not come after a while:
# the kernel cannot know what a browser has loaded.
NO_PICTURE_STYLE = """
@keyframes explorer-appear {
  from { visibility: hidden; max-height: 0; }
  to { visibility: visible; max-height: 20em; }
}
.explorer-no-picture { animation: explorer-appear 0s 5s both; overflow: hidden; }"""


@final
class NoPicture(widgets.VBox):
    """A sentence that says what is missing, and a button for a picture that needs nothing.

    Args:
        plainly: Called when the button is pressed.
    """

    def __init__(self, plainly: Callable[[], None]) -> None:
        why = widgets.HTML(f'<div class="explorer-why">{WHY}</div>')
        button = widgets.Button(description="Show a plain picture", layout={"width": "auto"})
        button.on_click(lambda _: plainly())
        super().__init__([why, button])
        self.add_class("explorer-no-picture")

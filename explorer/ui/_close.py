"""Widgets that are done with, and all that belongs to them; ipywidgets closes each one alone."""

from typing import Any


def close_all(widget: Any) -> None:
    """Close a widget, its layout and style, and whatever it holds.

    Args:
        widget: Any widget; one that is closed already stays so.
    """
    for child in getattr(widget, "children", ()):
        close_all(child)
    parts = [getattr(widget, name, None) for name in ("layout", "style")]
    widget.close()
    for part in parts:
        if part is not None:
            part.close()

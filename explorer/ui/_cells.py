"""Which panels a cell of a notebook has displayed, for the time when it is run again."""

import weakref
from typing import Any

# cell -> the message that ran it last, and the panels that it displayed then
_shown: dict[str, tuple[str, "weakref.WeakSet[Any]"]] = {}


def panels_of_before(panel: Any) -> list[Any]:
    """Return what earlier runs of the present cell have displayed, and note this panel as its own.

    Outside a front end that names its cells there is nothing to tell them apart by.

    Args:
        panel: What is about to be displayed.
    """
    from IPython.core.getipython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent("shell") if hasattr(kernel, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId")
    if not cell:
        return []
    message = parent["header"]["msg_id"]
    before, panels = _shown.get(cell, ("", weakref.WeakSet[Any]()))
    own = panels if before == message else weakref.WeakSet[Any]()
    _shown[cell] = message, own
    own.add(panel)
    return [one for one in panels if one not in own]

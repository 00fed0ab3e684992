"""Tip: a small round button whose words open while a pointer or the focus is on it."""

import html
import itertools
from typing import final

import ipywidgets as widgets

# Boxes of ipywidgets cut off what reaches beyond them, and here the words do.
TIP_STYLE = """
.explorer-panel .explorer-controls, .explorer-panel .explorer-controls .widget-box,
.explorer-panel .explorer-controls .jupyter-widgets, .explorer-panel .explorer-controls .lm-Widget {
  overflow: visible; }
.explorer-tip-holder { flex: 0 0 auto; width: 20px; margin: 2px; overflow: visible; }
.explorer-controls .explorer-tip-holder .widget-htmlmath-content { overflow: visible; }
.explorer-tip { position: relative; display: inline-block; box-sizing: border-box; width: 18px;
  height: 18px; line-height: 16px; border-radius: 50%; text-align: center; font-size: 12px;
  cursor: help; color: var(--jp-ui-font-color1, #212121); border: 1px solid currentColor; }
.explorer-tip:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: 1px; }
.explorer-tip-words { position: absolute; left: 24px; top: -6px; z-index: 100; width: 290px;
  box-sizing: border-box; padding: 8px 10px; text-align: left;
  font-size: 13px; line-height: 1.4; color: var(--jp-ui-font-color1, #212121);
  background: var(--jp-layout-color1, #fff); border: 1px solid currentColor; border-radius: 3px;
  display: none; }
.explorer-tip:hover .explorer-tip-words, .explorer-tip:focus .explorer-tip-words {
  display: block; }
"""

_number = itertools.count()


@final
class Tip(widgets.HTMLMath):
    """A question mark beside a control; hover or focus it, and it says what the control is.

    Args:
        name: Name of the control.
    """

    def __init__(self, name: str) -> None:
        self._name, self._id = name, f"explorer-tip-{next(_number)}"
        super().__init__()
        self.add_class("explorer-tip-holder")

    def say(self, words: str) -> None:
        """Set the words, with formulas in LaTeX between dollars."""
        name, words = html.escape(self._name), html.escape(words)
        self.value = (
            f'<span class="explorer-tip" tabindex="0" role="button" aria-label="About {name}" '
            f'aria-describedby="{self._id}">?<span class="explorer-tip-words" role="tooltip" '
            f'id="{self._id}">{words}</span></span>'
        )

"""Front: the widgets of a page and their places; what they do is the panel's."""

import html
from collections.abc import Callable, Sequence
from typing import Any, final

import ipywidgets as widgets

from explorer.registry import PLOTS
from explorer.ui._close import close_all
from explorer.ui._compare import Compare
from explorer.ui._layers_table import LayersTable
from explorer.ui._preset import Preset
from explorer.ui._sheet import STYLE
from explorer.ui._timeline import Timeline
from explorer.ui._toolbar import Toolbar
from explorer.ui._words import FOLDED, MAIN
from explorer.ui.controls import Controls


@final
class Front:
    """What a panel consists of, from top to bottom.

    Args:
        controls: One for each field of a spec.
        view: The picture, and what belongs to it.
        toolbar: The buttons above it.
        timeline: The rows under it.
        compare: The table of runs.

    Attributes:
        presets: The menu of presets.
        tabs: A button for each picture.
        question: What the preset asks.
        sentence: The picture in words, with its notes.
        layers: The table of a network's layers.
        rows: All of them, to be laid out.
    """

    def __init__(
        self,
        controls: Controls,
        view: Sequence[Any],
        toolbar: Toolbar,
        timeline: Timeline,
        compare: Compare,
    ) -> None:
        self._controls, self._toolbar = controls, toolbar
        self._fold: Any = None
        self._offering = False
        self.presets = widgets.Dropdown(
            description="Preset",
            style={"description_width": "56px"},
            layout={"width": "260px"},
        )
        self.question = widgets.HTML()
        self.sentence = widgets.HTML(layout={"width": "auto"})
        self.tabs = widgets.ToggleButtons(style={"button_width": "auto"})
        self.tabs.add_class("explorer-tabs")
        self._left = widgets.VBox(layout={"width": "340px", "flex": "0 0 auto"})
        self._left.add_class("explorer-controls")
        self._timeline = timeline
        self._right = widgets.VBox(layout={"flex": "1 1 420px", "min_width": "0"})
        self.put(view)
        # where both have no room side by side the picture stands first: Run is to move it
        reversed_wrap = {"flex_flow": "row wrap-reverse", "align_items": "flex-end"}
        middle = widgets.HBox([self._left, self._right], layout=reversed_wrap)
        top = widgets.HBox(
            [self.presets, self.question],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        # the toolbar above the picture: open folds push what is below it out of the window
        style = widgets.HTML(STYLE)
        self.layers = LayersTable()
        self.rows: list[Any] = [style, top, toolbar, middle, self.sentence, compare, self.layers]

    def put(self, view: Sequence[Any]) -> None:
        """Show a picture, and what belongs to it, in the place of the present one."""
        self._right.children = [self.tabs, *view, self._timeline]

    def on_turn(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when a user has chosen another picture."""
        self.tabs.observe(lambda _: self._offering or callback(), names="value")

    def ask(self, preset: Preset, controls: Sequence[str] | None) -> None:
        """Show a preset's question, and some controls.

        Args:
            preset: The preset.
            controls: Fields of the spec in this order; None shows all, the rarer ones folded.
        """
        text = html.escape(preset.question)
        self.question.value = f'<div class="explorer-question">{text}</div>'
        row = self._controls.row
        rows: list[Any] = [row(name) for name in (MAIN if controls is None else controls)]
        fold = None
        if controls is None:
            folded = widgets.VBox([row(field) for field in FOLDED])
            fold = widgets.Accordion([folded], titles=("Size, schedule, seeds, device",))
            rows.append(fold)
        self._left.children = rows
        if self._fold is not None:
            self._fold.children[0].children = ()  # its rows are used again
            close_all(self._fold)
        self._fold = fold

    @property
    def offered(self) -> list[str]:
        """Names of the pictures that have a button."""
        return [value for _, value in self.tabs.options]

    def offer(self, plots: Sequence[str], chosen: str | None = None) -> None:
        """Show a button for each of some pictures, and choose one, the first; nobody is told."""
        self._offering = True
        try:
            self.tabs.options = [(PLOTS[name].label, name) for name in plots]
            self.tabs.value = chosen or plots[0]
        finally:
            self._offering = False
        self.tabs.layout.display = None if len(plots) > 1 else "none"
        measure = self._toolbar.buttons["Measure the rate"]
        measure.layout.display = None if "rate" in plots else "none"

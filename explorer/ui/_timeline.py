"""Timeline: under the picture, what x counts, a way back over a run that rests, and files."""

import html
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, final

import ipywidgets as widgets

from explorer.plots._base import CLOCKS
from explorer.ui._export import KINDS

AXES = {"calls": "oracle calls", "steps": "steps", "seconds": "seconds"}
LINK = "link"
# more than a run has: the key End goes where the slider's end was when it was first drawn
MOST_RECORDS = 1000


@final
class Timeline(widgets.VBox):
    """The row under the picture.

    Args:
        look: Called with ``xscale`` or ``against`` when a user has changed it.
        look_back: Called with a number of records, or None for all of them.
        export: Called with a key of ``KINDS`` or with ``"link"``; returns the words to be shown.
    """

    def __init__(
        self,
        look: Callable[..., None],
        look_back: Callable[[int | None], None],
        export: Callable[[str], str],
    ) -> None:
        self._setter: int | None = None  # the thread that sets what users set too
        common: dict[str, Any] = {"layout": {"width": "auto"}}
        self.against = widgets.Dropdown(
            options=[(AXES[name], name) for name in CLOCKS],
            description="x axis",
            style={"description_width": "46px"},
            **common,
        )
        self.xscale = widgets.Dropdown(
            options=[("logarithmic", "log"), ("linear", "linear")],
            description="scale of x",
            style={"description_width": "auto"},
            **common,
        )
        for name in ("against", "xscale"):
            getattr(self, name).observe(
                lambda change, name=name: self._set_here() or look(**{name: change["new"]}),
                names="value",
            )
        self._look_back = look_back
        self.records = widgets.IntSlider(
            value=1, min=1, max=MOST_RECORDS, description="Look back", readout=False, disabled=True,
            style={"description_width": "70px"},
            layout={"flex": "1 1 220px", "min_width": "160px"},
        )  # fmt: skip
        self.records.observe(lambda _: self._moved(), names="value")
        self._where = widgets.HTML()
        self._kind = widgets.Dropdown(
            options=[*((kind.label, name) for name, kind in KINDS.items()), ("Link", LINK)],
            description="Export as",
            style={"description_width": "auto"},
            **common,
        )
        self._button = widgets.Button(
            description="Export", icon="download", tooltip="To a file of the browser's downloads",
            layout={"width": "auto"},
        )  # fmt: skip
        self._button.on_click(lambda _: self.say(export(str(self._kind.value))))
        self._said = widgets.HTML()
        row: dict[str, Any] = {"flex_flow": "row wrap", "align_items": "center"}
        super().__init__(
            [
                widgets.HBox([self.records, self._where], layout=row),
                widgets.HBox([self.against, self.xscale, self._kind, self._button], layout=row),
                self._said,
            ]
        )

    def put(self, *, xscale: str, against: str) -> None:
        """Set what x is, and tell nobody."""
        with self._by_program():
            self.xscale.value, self.against.value = xscale, against

    def say(self, words: str) -> None:
        """Show a sentence, or a link."""
        self._said.value = f'<div role="status" class="explorer-why">{html.escape(words)}</div>'

    def offer(self, records: int, back: int | None, *, clocks: int) -> None:
        """Offer the records of a run that rests; fewer than two cannot be looked back on.

        Args:
            records: How many there are; 0 while a run goes on.
            back: After how many a user looks; None for all, and then the slider goes to its end.
            clocks: How many things x may count in this picture.
        """
        disabled = records < 2
        last = MOST_RECORDS if disabled else records
        if (self.records.disabled, self.records.max) != (disabled, last) or back is None:
            with self._by_program():
                self.records.disabled, self.records.max = disabled, last
                self.records.value = last if back is None else min(back, last)
        self.against.disabled = clocks < 2
        where = "" if disabled else f"record {back or records:,} of {records:,}"
        self._where.value = f'<div class="explorer-status">{where}</div>'

    @contextmanager
    def _by_program(self) -> Generator[None]:
        """Within the block nobody is told of changes that this thread makes."""
        self._setter = threading.get_ident()
        try:
            yield
        finally:
            self._setter = None

    def _set_here(self) -> bool:
        return self._setter == threading.get_ident()

    def _moved(self) -> None:
        if not self._set_here():
            at = self.records.value
            self._look_back(None if at >= self.records.max else at)

"""Number: a slider and the number beside it, which is the value."""

import math
from collections.abc import Callable
from typing import Any, final

import ipywidgets as widgets
import traitlets

LABEL = "104px"


@final
class Number(widgets.HBox):
    """A number that can be typed, and dragged where a hand is quicker.

    The text is the value: what is typed is taken as it stands, and the slider only follows it, to
    its own end where the number lies beyond. A dragged slider writes a number with two digits.

    Args:
        name: What is written beside it.
        low: The slider's lower end; positive where ``log``.
        high: Its upper end.
        log: True for a slider of logarithms.
        step: Between two places of the slider: of the number, or of its power of ten.
        show: Turns a number of the slider into text.
        read: Turns text into a number; raises ValueError for what is none.

    Attributes:
        value: The text.
        slider: The slider.
        text: The field for the number.
    """

    value = traitlets.Unicode()
    disabled = traitlets.Bool(False)

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        *,
        log: bool,
        step: float,
        show: Callable[[float], str],
        read: Callable[[str], float],
    ) -> None:
        self._show, self._read, self._following = show, read, False
        self._log, self._step, self._at = log, step, low
        ends = {"min": math.log10(low), "max": math.log10(high)} if log else {}
        ends = ends or {"min": low, "max": high}
        kind: Any = widgets.FloatLogSlider if log else widgets.FloatSlider
        self._span = low, high
        self.slider: Any = kind(
            value=low,
            **ends,
            step=step,
            description=name,
            readout=False,
            style={"description_width": LABEL},
            layout={"flex": "1 1 0", "min_width": "0"},
        )
        self.text = widgets.Text(
            continuous_update=False,
            tooltip=f"{name}, as a number",
            layout={"width": "78px", "flex": "0 0 auto"},
        )
        self.text.add_class("explorer-number")
        super().__init__([self.slider, self.text], layout={"width": "auto"})
        traitlets.link((self, "value"), (self.text, "value"))
        for part in (self.slider, self.text):
            traitlets.dlink((self, "disabled"), (part, "disabled"))
        self.slider.observe(lambda change: self._dragged(change["new"]), names="value")
        self.observe(lambda _: self._follow(), names="value")

    def _dragged(self, number: float) -> None:
        # a browser puts a slider on the nearest of its places by itself, which is no hand's doing
        if not self._following and abs(self._place(number) - self._place(self._at)) > 0.501:
            self.value = self._show(number)

    def _place(self, number: float) -> float:
        """Return a number in steps of the slider."""
        return (math.log10(number) if self._log else number) / self._step

    def _follow(self) -> None:
        """Put the slider where the number is; for what is none, as auto, to its lower end."""
        low, high = self._span
        try:
            number = self._read(self.value)
        except ValueError:
            number = low
        if not math.isfinite(number):
            return
        self._following = True
        self._at = min(max(number, low), high)
        try:
            self.slider.value = self._at
        finally:
            self._following = False

"""Toolbar: the buttons above the picture, how far the work is, and where it stands."""

import html
from collections.abc import Callable, Mapping
from typing import Any, final

import ipywidgets as widgets

STEPS = (1, 10, 100)


@final
class Toolbar(widgets.HBox):
    """Run or Pause, Step, Reset, New seed, Keep, Measure the rate; then progress and status.

    Args:
        run: Called for each press of Run, Pause or Go on.
        step: Called with a number of steps.
        others: What the other buttons do: label -> (action, icon, tooltip).

    Attributes:
        buttons: The buttons by label, Step included.
    """

    def __init__(
        self,
        run: Callable[[], None],
        step: Callable[[int], None],
        others: Mapping[str, tuple[Callable[[], None], str, str]],
    ) -> None:
        # a toggle, because a button's click would wait behind a running cell; each change of its
        # value is one press, and the label says what the next one does
        self.run_button = widgets.ToggleButton(
            description="Run",
            icon="play",
            button_style="primary",
            tooltip="Begin, hold, or go on",
            layout={"width": "110px"},
        )
        self.run_button.add_class("explorer-run")
        self.run_button.observe(lambda _: run(), names="value")
        self.steps = widgets.Dropdown(
            options=[(f"{n}", n) for n in STEPS],
            value=STEPS[0],
            description="steps at once",
            layout={"width": "auto"},
            style={"description_width": "auto"},
        )
        self.steps.add_class("explorer-steps")
        by: Any = self.steps
        actions = {"Step": (lambda: step(by.value), "step-forward", "Step, and pause")}
        self.buttons: dict[str, Any] = {}
        for name, (action, icon, tip) in (actions | dict(others)).items():
            button = widgets.Button(
                description=name, icon=icon, tooltip=tip, layout={"width": "auto"}
            )
            button.on_click(lambda _, action=action: action())
            self.buttons[name] = button
        self._progress = widgets.FloatProgress(
            min=0, max=1, layout={"width": "140px"}, style={"bar_color": "#0067a8"}
        )
        self._status, self._said = widgets.HTML(), widgets.HTML()
        first = self.buttons["Step"]
        rest = [button for button in self.buttons.values() if button is not first]
        super().__init__(
            [self.run_button, first, self.steps, *rest, self._progress, self._status, self._said],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )

    def show(self, *, label: str, share: float, status: str) -> None:
        """Say what a press of Run does next, how much is done, and where things stand.

        Args:
            label: ``"Run"``, ``"Pause"`` or ``"Go on"``.
            share: Of the work, in [0, 1].
            status: HTML.
        """
        self.run_button.description = label
        self.run_button.icon = "pause" if label == "Pause" else "play"
        self._progress.value = share
        self._status.value = status

    def say(self, words: str) -> None:
        """Answer a press where it was made; nothing takes the last answer away."""
        said = html.escape(words)
        self._said.value = f'<div role="status" class="explorer-why">{said}</div>' if words else ""

    def allow(self, *, steps: bool, rate: bool) -> None:
        """Open or grey out the buttons for single steps and kept runs, and that for the rate."""
        self.buttons["Measure the rate"].disabled = not rate
        for control in (self.buttons["Keep"], self.buttons["Step"], self.steps):
            control.disabled = not steps

    def begin_again(self) -> None:
        """Put back what a user has set here, and forget the last answer."""
        self.say("")
        self.steps.value = STEPS[0]

    @property
    def status(self) -> str:
        """HTML of where things stand."""
        return self._status.value

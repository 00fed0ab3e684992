"""Predict: a reader commits to an answer, then sees the panel, with the answer drawn on it."""

import html
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import ipywidgets as widgets

from explorer.plots._mark import Mark
from explorer.ui._failure import said
from explorer.ui._stored import PREDICTING
from explorer.ui.explorer import Explorer

Asks = str | Sequence[str] | Mapping[str, float]
KINDS = ("slope", "number")


@final
class Prediction(widgets.VBox):
    """A question in front of a panel; see :func:`predict`.

    Attributes:
        answer: What the reader has committed to: a number, or a choice; None before, and where the
            question was skipped.
        reason: The reader's own words for it.
        panel: The panel behind the question.
    """

    def __init__(
        self,
        question: str,
        panel: Explorer,
        *,
        asks: Asks,
        mark: str,
        measured: Callable[[Any], Any] | None,
    ) -> None:
        self.answer: float | str | None = None
        self.reason = ""
        self.panel = panel
        self._asks, self._mark, self._measured = asks, mark, measured
        self._plot = panel.plot  # what the question is about, whatever is looked at later
        self._input: Any = _input(asks)
        self._reason = widgets.Text(
            description="because", placeholder="in one line, for yourself", continuous_update=False,
            style={"description_width": "64px"}, layout={"width": "min(520px, 100%)"},
        )  # fmt: skip
        commit = widgets.Button(description="Commit", button_style="primary")
        skip = widgets.Button(description="Show me", tooltip="Skip the question, and see the panel")
        commit.on_click(lambda _: self._commit())
        skip.on_click(lambda _: self.skip())
        self._note = widgets.HTML()
        text = f'<div class="explorer-predict"><b>Predict.</b> {html.escape(question)}</div>'
        self._gate = widgets.VBox(
            [self._input, self._reason, widgets.HBox([commit, skip]), self._note]
        )
        panel.layout.display = "none"
        self._answered = widgets.HTML()
        super().__init__([widgets.HTML(text), self._gate, self._answered, panel])
        self.add_class(PREDICTING)
        panel.mark(None)  # of a question that was asked before
        panel.forget_stored()  # it would give the answer away
        self._end = panel.on_change(self._answer_in_words)

    def close(self) -> None:
        """Remove the question from the page; the panel stays."""
        self._end()
        super().close()

    def _ipython_display_(self) -> None:
        """Display question and panel, and for readers without a kernel the panel's picture."""
        self.panel.display_in(self)

    def commit(self, answer: float | str, reason: str = "") -> None:
        """Take an answer, draw it, and show the panel.

        Args:
            answer: A finite number, or one of the choices.
            reason: Why, in one line.

        Raises:
            ValueError: If it is none.
        """
        if isinstance(self._asks, str):
            try:
                number = float(answer)
            except (TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number):
                raise ValueError(
                    f"the answer must be a number, got {answer!r}; write it like -0.25."
                )
            answer = number
        elif answer not in self._asks:
            raise ValueError(f"the answer must be one of {[*self._asks]}, got {answer!r}.")
        self.answer, self.reason = answer, reason
        self._gate.layout.display = "none"
        self.panel.layout.display = None
        self.panel.mark(self._mark_of(answer))
        self._answer_in_words()

    def skip(self) -> None:
        """Show the panel without an answer, as a lecture does."""
        self._gate.layout.display = "none"
        self.panel.layout.display = None

    @property
    def sentence(self) -> str:
        """What was predicted and why, and beside it what was measured once it was."""
        if self.answer is None:
            return ""
        shown = f"{self.answer:g}" if isinstance(self.answer, float) else self.answer
        why = f", because {self.reason}" if self.reason else ""
        data = self.panel.last(self._plot)
        seen = "Press Run to measure it."
        if data is not None and data.complete:
            seen = f"Measured: {self._seen(data)}."
        return f"You predicted {shown}{why}. {seen}"

    def _seen(self, data: Any) -> str:
        if self._measured is not None:
            try:
                value = self._measured(data)
            except Exception as error:  # the lesson's own function: its mistake belongs on the page
                return f"nothing, since `measured` raised {said(error)}"
            return f"{value:.3g}" if isinstance(value, float) else str(value)
        if hasattr(data, "slope_interval") and self._mark == "slope":
            low, high = data.slope_interval
            theory = f"; the theorem's exponent is {data.exponent:.3f}"
            return f"slope {data.slope:.3f} [{low:.3f}, {high:.3f}]{theory}"
        return str(data.brief) if hasattr(data, "brief") else data.sentence.rstrip(".")

    def _mark_of(self, answer: float | str) -> Mark:
        words = f"your prediction: {answer:g}" if isinstance(answer, float) else ""
        words = words or f"your prediction: {answer}"
        value = self._asks[str(answer)] if isinstance(self._asks, Mapping) else answer
        if isinstance(value, float | int):
            kind = "level" if self._mark == "level" else "slope"
            return Mark(kind, float(value), words, self._plot)
        return Mark("words", words=words, plot=self._plot)

    def _commit(self) -> None:
        answer = self._input.value
        if answer in (None, ""):
            self._say("Choose an answer first, or press Show me.")
            return
        try:
            self.commit(answer, self._reason.value.strip())
        except ValueError as error:
            self._say(str(error))

    def _say(self, words: str) -> None:
        said = f'<div role="alert" class="explorer-error">{html.escape(words)}</div>'
        self._note.value = said

    def _answer_in_words(self) -> None:
        if self.answer is not None:
            said = f'<div class="explorer-sentence">{html.escape(self.sentence)}</div>'
            self._answered.value = said

    def __repr__(self) -> str:
        return self.sentence or "Prediction(not answered yet)"


def predict(
    question: str,
    panel: Explorer,
    *,
    asks: Asks = "slope",
    mark: str | None = None,
    measured: Callable[[Any], Any] | None = None,
) -> Prediction:
    """Ask a reader to commit to an answer before the panel is shown, and draw it on the picture.

    It is never in the way: "Show me" skips it, and ``panel.run()`` works in any case.

    Args:
        question: One sentence.
        panel: What is shown behind it.
        asks: ``"slope"`` or ``"number"`` for a number that is typed, or choices: a list, or a
            mapping from each choice to the slope or the level that it stands for.
        mark: What the answer is on the picture: ``"slope"`` or ``"level"``; None takes the slope,
            and for a number the level.
        measured: Turns the data of a finished run into what is measured; None takes the slope, or
            the means.

    Returns:
        The question with the panel behind it.

    Raises:
        TypeError: If ``panel`` is no :class:`Explorer`.
        ValueError: If ``asks`` or ``mark`` is unknown.

    Example:
        >>> panel = Explorer(preset="First look")
        >>> question = predict("Which slope will the line have?", panel)
        >>> question.commit(-0.5, "it is what SGD has")
        >>> question
        You predicted -0.5, because it is what SGD has. Press Run to measure it.
    """
    if not isinstance(panel, Explorer):
        raise TypeError(f"panel must be an Explorer, got {panel!r}.")
    if isinstance(asks, str) and asks not in KINDS:
        raise ValueError(f"asks must be one of {KINDS} or a list of choices, got {asks!r}.")
    if mark not in (None, "slope", "level"):
        raise ValueError(f"mark must be 'slope', 'level' or None, got {mark!r}.")
    mark = mark or ("level" if asks == "number" else "slope")
    return Prediction(question, panel, asks=asks, mark=mark, measured=measured)


def _input(asks: Asks) -> widgets.Widget:
    if isinstance(asks, str):
        return widgets.Text(
            description=asks, continuous_update=False, style={"description_width": "64px"},
            layout={"width": "200px"},
        )  # fmt: skip
    return widgets.RadioButtons(options=[*asks], value=None, layout={"width": "auto"})

"""Teller: says on the page where things stand, whoever has changed them."""

import threading
import traceback
from collections.abc import Callable
from typing import final

from explorer.registry import PLOTS
from explorer.run._tuned import has_rate
from explorer.run.trace import Trace
from explorer.ui._compare import Compare
from explorer.ui._front import Front
from explorer.ui._status import sentences, status
from explorer.ui._timeline import Timeline
from explorer.ui._toolbar import Toolbar
from explorer.ui._wish import State, Wish
from explorer.ui.session import Session


@final
class Teller:
    """Renews what a page says of its session, and tells whoever listens.

    Args:
        session: Whose state it is.
        front: Where the sentence stands.
        toolbar: What the buttons do next.
        timeline: The way back over a run that rests.
        compared: The table of runs.
    """

    def __init__(
        self,
        session: Session,
        front: Front,
        toolbar: Toolbar,
        timeline: Timeline,
        compared: Compare,
    ) -> None:
        self._session, self._front, self._toolbar = session, front, toolbar
        self._timeline, self._compared = timeline, compared
        self._callbacks: list[Callable[[], None]] = []
        self._told: State = "idle"
        self._lock = threading.RLock()  # worker, cells and the page come here

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback()`` after each change from now on; return what ends it."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def tell(self, next_wish: Wish) -> None:
        """Say how things stand.

        Args:
            next_wish: What a press of Run would do.
        """
        with self._lock:
            session = self._session
            job, state = session.job, session.state
            runs = state == "running" or (session.preparing and session.intent == "running")
            changed = self._differs(next_wish)
            label = "Pause" if runs else "Go on" if state == "paused" and not changed else "Run"
            share = job.share if job is not None else 0.0
            self._toolbar.show(label=label, share=share, status=status(session, changed=changed))
            self._toolbar.allow(
                steps=next_wish.kind == "trace",  # a study has no single step, and is not kept
                rate=has_rate(next_wish.spec),
            )
            sentence = session.sentence
            self._front.sentence.value = sentences(session, sentence, changed=changed)
            self._show_records(runs=runs)
            self._speak_at_the_end(state, sentence)
            for callback in [*self._callbacks]:
                try:
                    callback()
                except Exception:  # a listener's mistake is no failure of the run
                    session.traceback = traceback.format_exc()

    def _differs(self, next_wish: Wish) -> bool:
        """Return whether a press of Run would begin something else than what is shown."""
        shown = self._session.wish
        return shown is not None and shown.kind == next_wish.kind and shown.work != next_wish.work

    def _speak_at_the_end(self, state: State, sentence: str) -> None:
        """Have a screen reader say a result once, when it comes; a failure is an alert anyway."""
        view = self._session.painter.view
        if state == "running":
            view.speak("")  # equal words would not be said again
        elif state == "finished" and self._told != "finished":
            view.speak(sentence)
        self._told = state

    def _show_records(self, *, runs: bool) -> None:
        """Offer the way back over a run that rests, and the table of the runs beside it."""
        session = self._session
        picture = session.seen
        of_a_run = isinstance(picture.data, Trace)
        rests = of_a_run and not runs and session.state != "idle"
        whole = session.last("trace") if rests else None
        clocks = len(PLOTS[picture.plot].clocks)
        self._timeline.offer(len(whole) if whole else 0, session.back, clocks=clocks)
        self._front.layers.show(picture.data if of_a_run else None)
        if of_a_run:
            theme = session.painter.look.theme
            self._compared.show(picture.data, picture.beside, session.kept, theme)
        else:
            self._compared.layout.display = "none"

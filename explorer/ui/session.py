"""Session: one worker and one mailbox; the only thread that draws."""

import atexit
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any, final

from explorer.noise._constant import PULSE
from explorer.plots._canvas import Canvas
from explorer.registry import PLOTS, UnknownNameError
from explorer.run.device import few_threads, give_memory_back
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui._jobs import Job, Kept, in_words, label_of, make_job
from explorer.ui._painter import Painter
from explorer.ui._view import View
from explorer.ui._wish import Action, GivenUpError, State, Wish

QUIET_S = 0.05  # a slider that is being dragged leaves many wishes; the run waits for the last
REST_S = 0.5  # without a wish, then the picture is one to be stored
MOST_KEPT = 4


@final
class Session:
    """Runs what is wished for, one wish at a time, and shows it.

    Callbacks of the page only leave a wish, and the newest wins; the worker looks between steps.
    So no thread ever waits for a run to end, and no two threads touch a figure.

    Args:
        view: Where frames are shown.
        on_change: Called by the worker after each change of state, and now and then in a run.
        on_rest: Called by the worker when it has had nothing to do for half a second.
        clock: Seconds on a clock that never goes back.

    Attributes:
        state: idle, running, paused, finished or failed.
        intent: The state that the newest wish leads to: what a press of a button is about, since
            a run takes a moment to begin.
        plot: Name of the picture that is shown.
        job: The present or last work of the kind that the plot draws.
        spec: What the job runs.
        painter: What draws.
        preparing: True while a job is being made.
        seconds: Time that a user has waited for the job, pauses left out.
        kept: Kept runs, at most four; their labels are the fields by which they differ.
        error: The sentence of the last failure, or None.
        traceback: Its traceback, or that of a rest that failed, for whoever debugs it.
    """

    def __init__(
        self,
        view: View,
        on_change: Callable[[], None] = lambda: None,
        on_rest: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state: State = "idle"
        self.intent: State = "idle"
        self.plot = "decay"
        self.job: Job | None = None
        self._jobs: dict[str, tuple[Wish, Job]] = {}
        self.spec: RunSpec | None = None
        self.kept: list[Trace] = []
        self.error: str | None = None
        self.traceback: str | None = None
        self.painter = Painter(view, clock)
        self.seconds = 0.0
        self.preparing = False
        self._clock = clock
        self._on_change = on_change
        self._on_rest = on_rest
        self._mailbox = threading.Condition()
        self._wish: Wish | None = None
        self._redraw = False
        self._closed = False
        self._engine = threading.RLock()  # held by whoever steps and draws
        self._worker: threading.Thread | None = None
        view.on_view(self._looked_at)
        _sessions.add(self)

    def want(self, wish: Wish) -> None:
        """Leave a wish; the newest wins. The worker starts with the first one."""
        with self._mailbox:
            if self._closed:
                return
            self._wish = wish
            self._intend(wish.action)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True, name="explorer")
                self._worker.start()
            self._mailbox.notify_all()

    def look(self, **changes: Any) -> None:
        """Change how the picture looks, and have it drawn again."""
        with self._mailbox:
            look = replace(self.painter.look, **changes)
            if look != self.painter.look:
                self.painter.look, self._redraw = look, True
            self._mailbox.notify_all()
        if self._worker is None:
            self._draw_if_free()

    def keep(self) -> None:
        """Keep the finished run as a line beside later ones; the oldest of more than four goes."""
        job = self.job
        if job is None or not (job.finished and isinstance(job.data, Trace)):
            return
        if not any(trace is job.data for trace in self.kept):
            self.kept = [*self.kept, job.data][-MOST_KEPT:]
            self.look_again()

    def drop_kept(self) -> None:
        """Forget all kept runs."""
        self.kept = []
        self.look_again()

    def look_again(self) -> None:
        """Have the present picture drawn again."""
        with self._mailbox:
            self._redraw = True
            self._mailbox.notify_all()
        if self._worker is None:
            self._draw_if_free()

    def run(self, wish: Wish) -> Job:
        """Do a wish in the caller's thread, to its end; the same loop, the same numbers.

        A run of the worker is put to rest first. Ctrl-C leaves an incomplete job.
        """
        with self._mailbox:
            self._wish = Wish(wish.spec, "pause") if self._worker is not None else None
            self._mailbox.notify_all()
        with self._engine:
            with self._mailbox:
                self._wish = None
                self._intend(wish.action)
            before = self.job
            try:
                self._begin(wish)
                assert self.job is not None, "a wish to run begins a job"
                self._go_on(self.job, attentive=False)
            except KeyboardInterrupt:
                if self.job is before:  # nothing began: there is nothing of this wish to return
                    raise
                self._enter("paused")
            except Exception as error:
                self._fail(error)
                raise
        if self._worker is None:
            self._draw_if_free()
        assert self.job is not None, "a run that was cut off before it began has raised"
        return self.job

    def show(self, wish: Wish) -> None:
        """Show the empty picture of a wish in the caller's thread, before anything has run."""
        with self._engine:
            self.spec, self.plot = wish.spec, wish.plot
            try:
                self._begin(wish)
                self._enter("idle")
                self._draw(last=True)
            except ValueError as error:  # no such study for this spec: the page says why
                self.job = None
                self._draw(last=True)
                self._fail(error)

    def forget(self) -> None:
        """Forget what was done for every picture but the present one, which a wish replaces."""
        self._jobs = {}

    def last(self, draws: str) -> Any:
        """Return the data of the last job of a kind, ``"trace"``, ``"rate"``, ..., or None."""
        _, job = self._jobs.get(draws, (None, None))
        return None if job is None or (job.share == 0 and self.state == "idle") else job.data

    def close(self) -> None:
        """Let the worker go after its present step; the view stays as it is."""
        with self._mailbox:
            self._closed, self._wish = True, None
            self._mailbox.notify_all()

    def join(self, timeout_s: float = 5.0) -> None:
        """Wait until the worker of a closed session has gone."""
        worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(timeout_s)

    def picture(self) -> bytes:
        """Return the present picture as a PNG file, light, at two pixels per CSS pixel."""
        data = self._data()
        still = data.still() if isinstance(data, Trace) else data
        beside = [
            (label, one.still() if isinstance(one, Trace) else one) for label, one in self._beside()
        ]
        return Canvas(PLOTS[self._shown](), 2.0).png(still, beside)

    @property
    def sentence(self) -> str:
        """The picture in words."""
        return in_words(self._data(), self._beside())

    def _looked_at(self, pixel_ratio: float, width: int, theme: str) -> None:
        self.look(pixel_ratio=pixel_ratio, width=max(width, 360), theme=theme)

    def _work(self) -> None:
        PULSE.set(self._give_up_if_wished)
        rested = True
        while True:
            with self._mailbox:
                called = self._mailbox.wait_for(
                    lambda: self._wish or self._redraw or self._closed,
                    timeout=None if rested else REST_S,
                )
                if self._closed:
                    return
            rested = not called
            if rested:
                self._rest()
                continue
            self._wait_for_quiet()
            with self._engine:
                try:
                    self._do_next()
                except GivenUpError:  # for the wish that lies in the mailbox
                    pass
                except Exception as error:
                    self._fail(error)

    def _give_up_if_wished(self) -> None:
        if self._wish is not None or self._closed:
            raise GivenUpError

    def _rest(self) -> None:
        """Do what can wait; where that fails the run stays as it is."""
        with self._engine:
            try:
                self._on_rest()
            except Exception:
                self.traceback = traceback.format_exc()
        give_memory_back()

    def _wait_for_quiet(self) -> None:
        """Return once no newer wish has come for a moment, or at once for a mere redrawing."""
        with self._mailbox:
            while (seen := self._wish) is not None:
                self._mailbox.wait_for(lambda seen=seen: self._wish is not seen, timeout=QUIET_S)
                if self._wish is seen:
                    return

    def _do_next(self) -> None:
        with self._mailbox:
            wish, self._wish = self._wish, None
            redraw, self._redraw = self._redraw, False
        if wish is None:
            if redraw:
                self._draw(last=True)
            return
        if wish.action == "turn":
            self._turn(wish)
            return
        made, _ = self._jobs.get(PLOTS[wish.plot].draws, (None, None))
        alike = PLOTS[wish.plot].draws == PLOTS[self.plot].draws
        same = alike and made is not None and made.work == wish.work
        if self.job is not None and same and wish.action in ("run", "pause"):
            self.plot = wish.plot
            if wish.action == "pause" and self.state in ("running", "paused", "finished"):
                self._enter("finished" if self.job.finished else "paused")
                self._draw(last=True)
                return
            resumes = not self.job.finished and self.state in ("paused", "idle")
        else:
            resumes = False
        if not resumes:
            self._prepare(wish)
        if wish.action == "run":
            assert self.job is not None, "a wish to run begins a job"
            self._go_on(self.job, attentive=True)
        else:
            self._enter("paused" if wish.action == "pause" else "idle")
            self._draw(last=True)

    def _turn(self, wish: Wish) -> None:
        """Show another picture: of the present work, or of the last one of its kind."""
        draws, before = PLOTS[wish.plot].draws, PLOTS[self.plot].draws
        running = draws == before and self.state == "running" and self.job is not None
        self.plot, self.error = wish.plot, None
        if draws != before:
            made, self.job = self._jobs.get(draws, (wish, None))
            self.spec = made.spec
            self.seconds = 0.0
        if self.job is None:
            self._begin(wish)
        self.painter.restart()
        if running:
            assert self.job is not None, "what runs is there"
            self._go_on(self.job, attentive=True)
            return
        done = self.job is not None and self.job.finished
        begun = self.job is not None and self.job.share > 0
        self._enter("finished" if done else "paused" if begun else "idle")
        self._draw(last=True)

    def _prepare(self, wish: Wish) -> None:
        """Begin, and say meanwhile that it has begun: K of a large matrix takes its time."""
        self.preparing = wish.action == "run"
        self._on_change()
        try:
            self._begin(wish)
        finally:
            self.preparing = False

    def _begin(self, wish: Wish) -> None:
        self.error = self.traceback = None
        self.painter.restart()
        self.seconds = 0.0
        draws = PLOTS[wish.plot].draws
        job = None
        if draws != "trace" or wish.action in ("run", "pause"):  # an empty run needs no constants
            job = make_job(draws, wish.spec, wish.variants, wish.options)
        # together: a job that cannot begin changes nothing
        self.spec, self.job, self.plot = wish.spec, job, wish.plot
        self._jobs.pop(draws, None)
        if job is not None:
            self._jobs[draws] = (wish, job)

    def _go_on(self, job: Job, *, attentive: bool) -> None:
        """Step until the job ends; an attentive worker stops for a new wish."""
        if job.share == 0:
            job.begin()
        self._enter("running")
        before, began = self.seconds, self._clock()
        with few_threads(job.entries):
            while not job.finished:
                if attentive and (self._wish is not None or self._closed):
                    return
                job.advance()
                self.seconds = before + self._clock() - began
                if self.painter.due():
                    self._draw()
        self._draw(last=True)  # first, so that who reads "finished" sees the last picture
        self._enter("finished")

    def _fail(self, error: Exception) -> None:
        # what is refused is said in a sentence of ours; of anything else the kind matters
        ours = isinstance(error, ValueError | UnknownNameError)
        self.error = str(error) if ours else f"{type(error).__name__}: {error}"
        self.traceback = traceback.format_exc()
        self._enter("failed")

    def _intend(self, action: Action) -> None:
        if action != "turn":
            intents: dict[Action, State] = {"run": "running", "pause": "paused", "show": "idle"}
            self.intent = intents[action]

    def _enter(self, state: State) -> None:
        with self._mailbox:
            self.state = state
            if self._wish is None:
                self.intent = state
        self._on_change()

    def _draw_if_free(self) -> None:
        # whoever finds the engine busy leaves its wish to the one who draws: hence the loop
        while self.spec is not None and self._redraw and self._engine.acquire(blocking=False):
            try:
                self._redraw = False
                self._draw(last=True)
            finally:
                self._engine.release()

    def _data(self) -> Any:
        if self.job is not None:
            return self.job.data
        assert self.spec is not None, "a session shows a spec from its first picture on"
        return Trace(spec=self.spec)

    def _beside(self) -> Kept:
        variants = self.job.beside if self.job is not None else []
        if PLOTS[self.plot].draws != "trace":
            return variants
        present = self._data().spec
        kept = [(label_of(_changes(t.spec, present)) or "same", t) for t in self.kept]
        room = MOST_KEPT - len(variants)
        return [*variants, *kept[max(0, len(kept) - room) :]]

    def _draw(self, *, last: bool = False) -> None:
        if self.spec is not None and self.painter.paint(
            self._data(), self._beside(), plot=self._shown, last=last
        ):
            self._on_change()

    @property
    def _shown(self) -> str:
        # a study that cannot be made leaves nothing of its kind to draw
        empty = self.job is None and PLOTS[self.plot].draws != "trace"
        return "decay" if empty else self.plot


_sessions: "weakref.WeakSet[Session]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Stop the workers before Python takes their libraries away."""
    open_ones = list(_sessions)
    for session in open_ones:
        session.close()
    for session in open_ones:
        session.join()


def _changes(spec: RunSpec, present: RunSpec) -> dict[str, Any]:
    """Return the fields by which a kept run differs from the present one, with its own values."""
    return {field: mine for field, (mine, _) in spec.diff(present).items()}

"""Session: one worker, who does what lies in the mailbox; the only thread that draws."""

import atexit
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, final

from explorer.noise._constant import PULSE
from explorer.plots._canvas import Canvas
from explorer.registry import PLOTS
from explorer.run.device import few_threads, give_memory_back
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui._failure import said
from explorer.ui._jobs import Job, make_job
from explorer.ui._kept import MOST_KEPT, with_one_more
from explorer.ui._mailbox import Mailbox
from explorer.ui._painter import Painter
from explorer.ui._picture import Picture, picture_of
from explorer.ui._standing import Standing
from explorer.ui._view import View
from explorer.ui._wish import Action, GivenUpError, State, Wish

TURN_WAITS_S = 0.5  # for steps that are being made
PATIENCE_S = 3.0  # of a cell that shows a picture; what takes longer is left to the worker
REST_S = 0.5  # without a wish, then the picture is one to be stored
INTENTS: Mapping[Action, State] = {
    "run": "running",
    "pause": "paused",
    "step": "paused",
    "show": "idle",
}


@final
class Session:
    """Does what is wished for, one wish at a time, and shows it.

    Callbacks of the page only leave mail, and the newest counts; the worker looks between steps.
    So no thread ever waits for a run to end, and no two threads touch a figure.

    Args:
        view: Where frames are shown.
        on_change: Called by the worker after each change of state, and now and then in a run.
        on_rest: Called by the worker when it has had nothing to do for half a second.
        clock: Seconds on a clock that never goes back.

    Attributes:
        kept: Kept runs, at most four; their labels are the fields by which they differ.
        painter: What draws.
        preparing: True while a job is being made.
        traceback: Of the last failure, or of a rest that failed, for whoever debugs it.
    """

    def __init__(
        self,
        view: View,
        on_change: Callable[[], None] = lambda: None,
        on_rest: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.kept: list[Trace] = []
        self.painter = Painter(view, clock)
        self.preparing = False
        self.traceback: str | None = None
        self._works: dict[str, Standing] = {}
        self._now: Standing | None = None  # the one that is shown; read once, it belongs together
        self._wanted = "decay"  # the picture that the newest mail leads to
        self._back: int | None = None  # records of the run that is looked back on
        self._in_hand: Wish | None = None  # what was taken out of the mailbox and has no state yet
        self._clock = clock
        self._on_change = on_change
        self._on_rest = on_rest
        self._mailbox = Mailbox()
        self._engine = threading.RLock()  # held by whoever steps and draws
        self._worker: threading.Thread | None = None
        view.on_view(self._looked_at)
        _sessions.add(self)

    @property
    def state(self) -> State:
        """idle, running, paused, finished or failed."""
        return self._now.state if self._now else "idle"

    @property
    def intent(self) -> State:
        """The state that the newest mail leads to: what a press of a button is about.

        For a run takes a moment to begin.
        """
        with self._mailbox:
            kind = PLOTS[self._wanted].draws
            for wish in (self._mailbox.wish, self._in_hand):
                if wish is not None and wish.kind == kind and wish.action in INTENTS:
                    return INTENTS[wish.action]
            work = self._works.get(kind)
            return work.state if work is not None else "idle"

    @property
    def wish(self) -> Wish | None:
        """What the work that is shown was made for."""
        return self._now.wish if self._now else None

    @property
    def plot(self) -> str:
        """Name of the picture that is shown."""
        return self._now.plot if self._now else "decay"

    @property
    def job(self) -> Job | None:
        """The present or last work of the kind that the plot draws."""
        return self._now.job if self._now else None

    @property
    def spec(self) -> RunSpec | None:
        """What the job runs."""
        return self._now.wish.spec if self._now else None

    @property
    def seconds(self) -> float:
        """Time that a user has waited for the job, pauses left out."""
        return self._now.seconds if self._now else 0.0

    @property
    def error(self) -> str | None:
        """The sentence of the failure, or None."""
        return self._now.error if self._now else None

    @property
    def elsewhere(self) -> list[Standing]:
        """Work behind other pictures that waits to be gone on with."""
        now = self._now
        return [w for w in [*self._works.values()] if w is not now and w.state == "paused"]

    def want(self, wish: Wish) -> None:
        """Leave a wish, of which the newest counts, or a turn; the worker starts with the first."""
        with self._mailbox:
            if not self._mailbox.leave(wish):
                return
            self._wanted = wish.plot
            if self._worker is None or not self._worker.is_alive():
                self._worker = threading.Thread(target=self._serve, daemon=True, name="explorer")
                self._worker.start()

    def look(self, **changes: Any) -> None:
        """Change how the picture looks, and have it drawn again."""
        with self._mailbox:
            look = replace(self.painter.look, **changes)
            if look != self.painter.look:
                self.painter.look = look
                self._mailbox.leave("redraw")
        if self._worker is None:
            self._draw_if_free()

    def look_again(self) -> None:
        """Have the present picture drawn again."""
        self._mailbox.leave("redraw")
        if self._worker is None:
            self._draw_if_free()

    def look_back(self, records: int | None) -> None:
        """Show a run that rests as it was after so many records; None shows all of it."""
        self._back = records
        self.look_again()

    def keep(self) -> None:
        """Keep the run, finished or paused, as a line beside later ones.

        Raises:
            ValueError: If four are kept, or there is no run to keep.
        """
        job = self.job
        if job is None or not isinstance(job.data, Trace) or not len(job.data):
            raise ValueError("there is no run to keep yet; press Run first.")
        self.kept = with_one_more(self.kept, job.data, MOST_KEPT - len(job.beside))
        self.look_again()

    def drop_kept(self, which: int | None = None) -> None:
        """Forget one kept run, or all of them.

        Raises:
            IndexError: If there is no such run.
        """
        if which is not None and not 0 <= which < len(self.kept):
            raise IndexError(f"there are {len(self.kept)} kept runs, counted from 0; got {which}.")
        self.kept = [] if which is None else [*self.kept[:which], *self.kept[which + 1 :]]
        self.look_again()

    def run(self, wish: Wish) -> Job:
        """Do a wish in the caller's thread, to its end; the same loop, the same numbers.

        A run of the worker is put to rest first. Ctrl-C leaves an incomplete job, which the next
        run begins anew.
        """
        with self._mailbox.guest(), self._engine:
            with self._mailbox:
                afresh = self._mailbox.drop_wishes()
                self._wanted, self._in_hand = wish.plot, wish
            if afresh:
                self._forget()
            self._turn_to(wish)
            before = self._shown().job
            try:
                self._begin(wish)
                self._go_on(attentive=False)
            except KeyboardInterrupt:
                work = self._shown()
                if work.job is before:  # there is nothing of this wish to return
                    self._enter(work.at_rest)
                    raise
                work.cut = True
                self._enter("idle")
                self._draw(last=True)
            except Exception as error:
                self._draw_nothing()
                self._fail(error)
                raise
            finally:
                self._in_hand = None
            job = self._shown().job
        if self._worker is None:
            self._draw_if_free()
        assert job is not None, "a run that was cut off before it began has raised"
        return job

    def show(self, wish: Wish) -> None:
        """Show the empty picture of a wish in the caller's thread, before anything has run.

        A study whose constants take long is left to the worker.
        """
        latest = time.monotonic() + PATIENCE_S

        def give_up_late() -> None:
            if time.monotonic() > latest:
                raise GivenUpError

        with self._engine:
            self._wanted = wish.plot
            self._turn_to(wish)
            pulse = PULSE.set(give_up_late)
            try:
                self._show(wish)
            except ValueError as error:  # no such study for this spec: the page says why
                self._draw_nothing()
                self._fail(error)
            except GivenUpError:
                self._enter("idle")
                self._draw_nothing()
                self.want(wish)
            finally:
                PULSE.reset(pulse)

    def last(self, draws: str) -> Any:
        """Return the data of the last job of a kind, ``"trace"``, ``"rate"``, ..., or None."""
        work = self._works.get(draws)
        if work is None or work.job is None or (work.job.share == 0 and work.state == "idle"):
            return None
        return work.job.data

    def close(self) -> None:
        """Let the worker go after its present step; the view stays as it is."""
        self._mailbox.close()

    def join(self, timeout_s: float = 5.0) -> None:
        """Wait until the worker of a closed session has gone."""
        worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(timeout_s)

    def picture(self) -> bytes:
        """Return the present picture as a PNG file, light, at two pixels per CSS pixel.

        Any thread may ask for it, since it draws a copy of the data on a canvas of its own.
        """
        picture = self.seen.still()
        made = PLOTS[picture.plot](**self.painter.look.options(picture.plot))
        return Canvas(made, 2.0).png(picture.data, picture.beside, stored=picture.lines)

    @property
    def sentence(self) -> str:
        """The picture in words."""
        return self.seen.still().sentence

    @property
    def back(self) -> int | None:
        """Records after which a run that rests is looked at; None for all."""
        return self._back

    @property
    def seen(self) -> Picture:
        """The picture that is shown; a run that goes on adds to its data."""
        return picture_of(self._shown(), self.kept, self._back, self.painter.look.against)

    def _looked_at(self, pixel_ratio: float, width: int, theme: str) -> None:
        self.look(pixel_ratio=pixel_ratio, width=max(width, 360), theme=theme)

    def _serve(self) -> None:
        PULSE.set(self._give_up_if_pressed)
        rested = True
        while True:
            called = self._mailbox.wait(None if rested else REST_S)
            if self._mailbox.closed:
                return
            rested = not called
            if rested:
                self._rest()
                continue
            self._mailbox.wait_for_quiet()
            with self._engine:
                try:
                    self._do_next()
                except BaseException as error:  # a reader's class may even raise SystemExit
                    self._survive(error)

    def _survive(self, error: BaseException) -> None:
        """Say what went wrong; where not even the page can be told, the worker serves on."""
        try:
            self._fail(error)
        except Exception:
            self.traceback = traceback.format_exc()

    def _give_up_if_pressed(self) -> None:
        """Leave a computation for what is newer; another picture of the same work can wait."""
        turn, now = self._mailbox.turn, self._now
        same = turn is not None and now is not None and turn.kind == now.wish.kind
        if self._mailbox.pressing and not (same and self._mailbox.wish is None):
            raise GivenUpError

    def _rest(self) -> None:
        """Do what can wait; where that fails the run stays as it is."""
        with self._engine:
            try:
                self._on_rest()
            except Exception:
                self.traceback = traceback.format_exc()
        give_memory_back()

    def _do_next(self) -> None:
        with self._mailbox:
            mail = self._mailbox.take()
            self._in_hand = mail if isinstance(mail, Wish) else None
        if mail == "redraw":
            self._draw(last=True)
        elif mail is not None:
            if mail.afresh:
                self._forget()
            self._turn_to(mail)
            try:
                self._do(mail)
            except GivenUpError:
                self._leave(mail)
            except ValueError:
                self._draw_nothing()
                raise
            finally:
                self._in_hand = None

    def _leave(self, wish: Wish) -> None:
        """Leave what was not even begun for what is newer; behind another picture it waits."""
        work = self._shown()
        waits = self._mailbox.wish is None and wish.action in ("run", "pause", "step")
        if waits and work.wish is not wish:
            self._now = self._works[wish.kind] = Standing(wish, wish.plot, state="paused")
        self._enter(self._shown().at_rest)

    def _forget(self) -> None:
        if self._now is not None:
            self._now.state = "idle"  # it does not wait for anything any more
        self._works.clear()

    def _do(self, wish: Wish) -> None:
        work = self._shown()
        if wish.action == "turn":
            self._turn(wish)
            return
        if wish.action == "show":
            self._show(wish)
            return
        again = wish.action == "run" and work.at_rest == "finished"
        new = work.job is None or work.wish.work != wish.work
        if new or work.cut or work.state == "failed" or again:
            self._prepare(wish)
        if wish.action == "run":
            self._go_on(attentive=True)
            return
        if wish.action == "step":
            self._make_steps(wish.steps)
        self._enter("finished" if self._shown().at_rest == "finished" else "paused")
        self._draw(last=True)

    def _turn_to(self, wish: Wish) -> None:
        """Make the work behind a picture the one that is shown; what ran behind another pauses."""
        before = self._now
        now = self._works.setdefault(wish.kind, Standing(wish, wish.plot))
        now.plot = wish.plot
        self._now = now
        if before is not None and before is not now and before.state == "running":
            before.state = "paused"
        if before is not now:
            self.painter.restart()

    def _turn(self, wish: Wish) -> None:
        """Show a picture: of the present work, or of the last one of its kind."""
        work = self._shown()
        if not work.serves(wish):
            self._show(wish)
            return
        self.painter.restart()
        if work.state == "running":
            self._go_on(attentive=True)
            return
        self._enter(work.at_rest)
        self._draw(last=True)

    def _show(self, wish: Wish) -> None:
        """Show the empty picture of a wish; where it cannot be made, that of an empty run."""
        try:
            self._prepare(wish)
        except ValueError:
            self._now = self._works[wish.kind] = Standing(wish, wish.plot)
            raise
        self._enter("idle")
        self._draw(last=True)

    def _prepare(self, wish: Wish) -> None:
        """Begin, and say meanwhile that it has begun: K of a large matrix takes its time."""
        self.preparing = wish.kind != "trace" or wish.action == "run"
        self._on_change()
        try:
            self._begin(wish)
        finally:
            self.preparing = False

    def _begin(self, wish: Wish) -> None:
        """Make the job of a wish; one that cannot be made changes nothing."""
        self.traceback = self._back = None
        job = None
        if wish.kind != "trace" or wish.action in ("run", "pause", "step"):
            # an empty run needs no constants, so it has no job
            job = make_job(wish.kind, wish.spec, wish.variants, wish.options)
        self._now = self._works[wish.kind] = Standing(wish, wish.plot, job)
        self.painter.restart()

    def _go_on(self, *, attentive: bool) -> None:
        """Step until the job ends; an attentive worker stops for new mail."""
        work = self._shown()
        job = work.job
        assert job is not None, "a wish to run begins a job"
        self._back = None
        self._enter("running")
        if job.share == 0:
            job.begin()
            self._on_change()  # it knows now about how long it takes
        before, began = work.seconds, self._clock()
        with few_threads(job.entries):
            while not job.finished:
                if attentive and self._mailbox.pressing:
                    return
                job.advance()
                work.seconds = before + self._clock() - began
                if self.painter.due():
                    self._draw()
        self._draw(last=True)  # first, so that who reads "finished" sees the last picture
        self._enter("finished")

    def _make_steps(self, steps: int) -> None:
        """Make some steps and look at the last; anything newer than more steps goes first."""
        work = self._shown()
        job = work.job
        assert job is not None, "a wish to step begins a job"
        self._back = None
        if job.share == 0:
            job.begin()
        before, began = work.seconds, self._clock()
        with few_threads(job.entries):
            for left in range(steps, 0, -1):
                if job.finished or self._steps_can_wait(self._clock() - began):
                    break
                job.advance(look=left == 1)
                work.seconds = before + self._clock() - began
                if self.painter.due():
                    self._draw()

    def _steps_can_wait(self, seconds: float) -> bool:
        """Return whether something newer goes before steps that have taken so long already."""
        mailbox = self._mailbox
        wish = mailbox.wish  # read once: a cell may take it away
        if wish is not None:
            return wish.action != "step"
        return mailbox.pressing and (mailbox.turn is None or seconds > TURN_WAITS_S)

    def _fail(self, error: BaseException) -> None:
        self._shown().error = said(error)
        self.traceback = traceback.format_exc()
        self._enter("failed")

    def _enter(self, state: State) -> None:
        work = self._shown()
        with self._mailbox:
            work.state = state
            self._in_hand = None  # it has a state now
            if state != "failed":
                work.error = None
        self._on_change()

    def _draw_if_free(self) -> None:
        # whoever finds the engine busy leaves its mail to the one who draws: hence the loop
        while self._now is not None and self._mailbox.redraw:
            if not self._engine.acquire(blocking=False):
                return
            try:
                if self._mailbox.take_redraw():
                    self._draw(last=True)
            finally:
                self._engine.release()

    def _draw_nothing(self) -> None:
        """Draw an empty picture where there is no work to draw; what was drawn before stays."""
        if self._shown().job is None:
            self._draw(last=True)

    def _shown(self) -> Standing:
        assert self._now is not None, "a session shows some work from its first picture on"
        return self._now

    def _draw(self, *, last: bool = False) -> None:
        if self.painter.paint(self.seen, last=last):
            self._on_change()


_sessions: "weakref.WeakSet[Session]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Stop the workers before Python takes their libraries away."""
    open_ones = list(_sessions)
    for session in open_ones:
        session.close()
    for session in open_ones:
        session.join()

"""Explorer: the page, with controls, the live picture and the sentence under it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import ipywidgets as widgets

from explorer.plots._mark import Mark
from explorer.plots._style import CSS_DPI, HEIGHT_IN
from explorer.registry import PLOTS, UnknownNameError
from explorer.run._tuned import has_rate
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui import _link
from explorer.ui._code import code
from explorer.ui._compare import Compare
from explorer.ui._export import KINDS, Scene, export, kind_of
from explorer.ui._front import Front
from explorer.ui._preset import refuse_unknown
from explorer.ui._recorded import recorded
from explorer.ui._status import sentences, status
from explorer.ui._stored import Stored
from explorer.ui._timeline import LINK, Timeline
from explorer.ui._toolbar import Toolbar
from explorer.ui._view import View
from explorer.ui._words import FOLDED, MAIN
from explorer.ui.controls import Controls
from explorer.ui.figure_view import FigureView
from explorer.ui.image_view import ImageView
from explorer.ui.presets import PRESETS, Preset
from explorer.ui.session import Action, Session, Wish

LEAST_EXPORTED = 640  # CSS pixels of width: words have room from there on
LIVE = "The panel lives while its kernel runs; this is what it showed last:"


@final
class Explorer(widgets.VBox):
    """A panel: pick a geometry, a noise, a batch and transport, press Run, and watch.

    Args:
        spec: What it shows first; None takes the preset's.
        preset: Name of ``PRESETS``, or a :class:`~explorer.ui.presets.Preset`.
        controls: Fields of the spec to show, in this order; None takes the preset's.
        plots: Names of ``PLOTS`` to offer, the first of which is shown first; the button for the
            rate is there with ``"rate"``. None takes the preset's.
        fallback: True shows the picture with a plain image widget, for front ends in which the
            live one does not load.

    Raises:
        KeyError: If a preset, control or plot is unknown.
        TypeError: If ``spec`` is no :class:`RunSpec`, or an argument of the wrong kind.

    Example:
        >>> panel = Explorer(RunSpec(horizon=200, seeds=2, device="cpu"))
        >>> trace = panel.run()
        >>> panel.state, len(panel.trace) > 100
        ('finished', True)
    """

    def __init__(
        self,
        spec: RunSpec | None = None,
        *,
        preset: str | Preset = "First look",
        controls: Sequence[str] | None = None,
        plots: Sequence[str] | None = None,
        fallback: bool = False,
    ) -> None:
        if spec is not None and not isinstance(spec, RunSpec):
            raise TypeError(f"spec must be a RunSpec, got {spec!r}; give RunSpec(problem=...).")
        self._preset = PRESETS[preset] if isinstance(preset, str) else preset
        if not isinstance(self._preset, Preset):
            raise TypeError(
                f"preset must be a name or a Preset, got {preset!r}; names are {list(PRESETS)}."
            )
        self._first = self._preset
        self._own = spec
        refuse_unknown(plots or (), tuple(PLOTS), "plot")
        refuse_unknown(controls or (), (*MAIN, *FOLDED), "control")
        self._shown_plots, self._shown_controls = plots, controls
        self._callbacks: list[Callable[[], None]] = []
        self._stored = Stored()
        self._stored_last: tuple[Any, ...] = ()
        self._storing = threading.Lock()  # a cell and the worker may store at once
        self.view: View = ImageView() if fallback else FigureView()
        self.session = Session(self.view, self._show_status, self._store)
        self.controls = Controls(spec or self._preset.spec, self._choice)
        self._toolbar = self._make_toolbar()
        self._timeline = Timeline(self.session.look, self.session.look_back, self._export)
        self._compared = Compare(self.drop)
        self._front = Front(self.controls, self.view, self._toolbar, self._timeline, self._compared)
        names = [*PRESETS]
        own = [] if self._preset.name in names else [self._preset.name]
        self._front.presets.options = [*names, *own]
        self._front.presets.value = self._preset.name
        self._front.presets.observe(lambda change: self._load_preset(change["new"]), names="value")
        self._front.offer(self._plots)
        self._front.on_turn(lambda: self.session.want(self._wish("turn")))
        self._ask()
        super().__init__(self._front.rows)
        self.add_class("explorer-panel")
        self._look_as(xscale=self._preset.xscale, against=self._preset.against)
        self.session.show(self._wish("show"))

    @property
    def plot(self) -> str:
        """Name of the picture that is chosen; set it as a press of its button does."""
        return str(self._front.tabs.value)

    @plot.setter
    def plot(self, name: str) -> None:
        offered = self._front.offered
        if name not in offered:
            raise UnknownNameError(f"this panel offers no plot {name!r}; it has {offered}.")
        self._front.tabs.value = name

    @property
    def _plots(self) -> Sequence[str]:
        return self._shown_plots or self._preset.plots

    @property
    def spec(self) -> RunSpec:
        """The present choice."""
        return self.controls.spec

    @property
    def trace(self) -> Trace | None:
        """The present or last run, or None before the first."""
        return self.session.last("trace")

    @property
    def rate(self) -> Rate | None:
        """The present or last measured rate, or None."""
        return self.session.last("rate")

    @property
    def data(self) -> Any:
        """What the present picture shows: a trace, a rate, a grid; None before it has run."""
        return self.session.last(PLOTS[self.plot].draws)

    @property
    def state(self) -> str:
        """idle, running, paused, finished or failed."""
        return self.session.state

    def run(self) -> Any:
        """Do what the present picture shows to its end in this thread, and return its data.

        Returns:
            A :class:`Trace` for the pictures of one run, a :class:`Rate` for the rate, and so on.
        """
        job = self.session.run(self._wish("run"))
        self._show_status()
        self._store()
        return job.data

    def start(self) -> None:
        """Run what the present picture shows in the background; a paused run goes on."""
        self.session.want(self._wish("run"))

    def pause(self) -> None:
        """Hold the run; :meth:`start` goes on with it."""
        self.session.want(self._wish("pause"))

    def stop(self) -> None:
        """Give the run up and show the empty picture of the present choice."""
        self.session.want(self._wish("show"))

    def measure(self) -> None:
        """Measure the rate of the present choice in the background: one tuned run a horizon."""
        self.plot = "rate"
        self.start()

    def step(self, steps: int = 1) -> None:
        """Make some steps of the run in the background, look at the last, and pause."""
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"steps must be an integer of at least 1, got {steps!r}.")
        self.session.want(self._wish("step")._replace(steps=steps))

    def keep(self) -> None:
        """Keep the run as a line beside later ones; four lines beside a run at most.

        Where there is no room, or nothing to keep, a ValueError says so.
        """
        self.session.keep()
        self._show_status()

    def drop(self, which: int | None = None) -> None:
        """Forget a kept run, counted from 0, or all of them."""
        self.session.drop_kept(which)
        self._show_status()

    def mark(self, mark: Mark | None) -> None:
        """Draw a prediction on every picture, or none."""
        self.session.look(mark=mark)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` whenever what is shown has changed, in whichever thread did it."""
        self._callbacks.append(callback)

    def code(self) -> str:
        """Return the lines of Python that repeat what the present picture shows."""
        wish = self._wish("run")
        return code(wish.kind, wish.spec, wish.variants, wish.options)

    def link(self) -> str:
        """Return a short text that opens this panel elsewhere; :meth:`from_link` reads it.

        It holds the preset, the fields that differ from it, and which picture is shown.

        Example:
            >>> Explorer(RunSpec(tail_index=1.3)).link()
            'preset=first-look&tail_index=1.3'
        """
        look = self.session.painter.look
        choice = _link.Choice(self._preset, self.spec, self.plot, look.xscale, look.against)
        return _link.write(choice)

    @classmethod
    def from_link(cls, link: str, **options: Any) -> "Explorer":
        """Return the panel that a link describes; Reset leads to its preset.

        A text that cannot be read is refused with a ValueError.

        Args:
            link: What :meth:`link` gave, alone or as ``?spec=`` of an address; empty is the first
                look.
            **options: As for a panel: ``controls``, ``plots``, ``fallback``.

        Example:
            >>> Explorer.from_link("preset=transport-pays&horizon=1000").spec.horizon
            1000
        """
        choice = _link.read(link)
        panel = cls(preset=choice.preset, **options)
        panel.controls.load(choice.spec)
        panel._look_as(xscale=choice.xscale, against=choice.against)
        if choice.plot in panel._front.offered and choice.plot != panel.plot:
            panel._front.offer(panel._plots, choice.plot)
        panel.session.show(panel._wish("show"))
        panel._show_status()
        return panel

    def export(self, path: str | Path, kind: str | None = None) -> Path:
        """Write the present picture, its numbers or its choice into a file.

        Args:
            path: Ends in ``.png``, ``.svg``, ``.pdf``, ``.csv``, ``.json`` or ``.py``.
            kind: One of ``KINDS``, ``"png-300"`` for example; None goes by the ending.

        Returns:
            The path.

        An ending that belongs to no kind of file is refused with a ValueError.
        """
        path = Path(path)
        path.write_bytes(export(self._scene(), kind or kind_of(path)))
        return path

    def _scene(self) -> Scene:
        look = self.session.painter.look
        size = (max(look.width, LEAST_EXPORTED) / CSS_DPI, HEIGHT_IN)
        return Scene(self.session.seen.still(), self.code(), self.link(), size, look.options)

    def _export(self, kind: str) -> str:
        """Hand a file to the browser, and return what is to be said of it."""
        if kind == LINK:
            return self.link()
        try:
            known = KINDS[kind]
            name = f"{self._preset.slug}-{self.plot}{known.suffix}"
            return self.view.save(name, known.mime, export(self._scene(), kind))
        except (ValueError, OSError) as error:
            return f"Nothing was exported: {error}"

    def close(self) -> None:
        """Let the worker go and remove the panel from the page."""
        if hasattr(self, "session"):  # a refused panel is closed by the garbage collector
            self.session.close()
        for widget in [*_descendants(self)]:
            widget.close()
        super().close()

    def __repr__(self) -> str:
        return f"Explorer({self._preset.name}): {self.session.sentence}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the live panel alone."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view, "text/plain": LIVE}

    def _ipython_display_(self) -> None:
        """Display the panel, and for readers without a kernel its picture and sentence."""
        from IPython.display import publish_display_data

        publish_display_data(self._repr_mimebundle_())
        with self._storing:
            self._stored_last = self._to_store()
            self._stored.display(self.session.picture(), self.session.sentence)

    def _store(self) -> None:
        """Renew what a reader of the saved notebook will see, where it has changed."""
        with self._storing:
            wanted = self._to_store()
            if self._stored.displayed and wanted != self._stored_last:
                self._stored.renew(self.session.picture(), self.session.sentence)
                self._stored_last = wanted

    def _to_store(self) -> tuple[Any, ...]:
        """Return what the stored picture hangs on, without drawing it."""
        session = self.session
        kept, look = [id(trace) for trace in session.kept], session.painter.look.options
        return session.spec, session.sentence, kept, look

    def _wish(self, action: Action) -> Wish:
        same = set(self.spec.diff(self._start_spec)) <= {"seed"}
        variants = self._preset.variants if same else ()
        options = self._preset.study.get(PLOTS[self.plot].draws, {})
        first = self.spec == self._preset.spec and self.plot == self._preset.plots[0]
        stored = recorded(self._preset) if first else None
        return Wish(self.spec, action, tuple(variants), self.plot, options, stored=stored)

    @property
    def _start_spec(self) -> RunSpec:
        return self._own or self._preset.spec

    def _choice(self) -> None:
        """A control has moved: start anew, stay paused, or say that the picture is an older one."""
        intent = self.session.intent
        if intent == "running":
            self.session.want(self._wish("run"))
        elif intent == "paused":
            self.session.want(self._wish("pause"))
        elif intent == "failed" or self.session.job is None or self.session.job.share == 0:
            self.session.want(self._wish("show"))
        self._show_status()

    def _make_toolbar(self) -> Toolbar:
        return Toolbar(
            self._pressed_run,
            self.step,
            {
                "Reset": (self._reset, "undo", "Back to the preset"),
                "New seed": (self._new_seed, "random", "The same choice with the next seed"),
                "Keep": (self._keep, "thumb-tack", "Keep this run as a line, at most four"),
                "Measure the rate": (
                    self.measure,
                    "line-chart",
                    "One tuned run for each horizon to 1e6",
                ),
            },
        )

    def _ask(self) -> None:
        shown = self._shown_controls if self._shown_controls is not None else self._preset.controls
        self._front.ask(self._preset, shown)

    def _look_as(self, *, xscale: str, against: str) -> None:
        self._timeline.put(xscale=xscale, against=against)
        self.session.look(xscale=xscale, against=against)

    def _pressed_run(self) -> None:
        if self.session.intent == "running":
            self.session.want(self._wish("pause"))
        else:
            self.start()

    def _reset(self) -> None:
        self.controls.load(self._start_spec)
        self._look_as(xscale=self._preset.xscale, against=self._preset.against)
        self._timeline.say("")
        self._front.offer(self._plots)
        self.session.drop_kept()
        self.session.want(self._wish("show")._replace(afresh=True))
        self._show_status()

    def _new_seed(self) -> None:
        self.controls.load(self.spec.replace(seed=self.spec.seed + 1))
        self.session.want(self._wish("run"))

    def _keep(self) -> None:
        try:
            self.keep()
        except ValueError as error:
            self._timeline.say(f"Not kept: {error}")

    def _load_preset(self, name: str) -> None:
        if name == self._preset.name:
            return
        self._preset = self._first if name == self._first.name else PRESETS[name]
        self._own = None
        self._ask()
        self._reset()

    def _show_status(self) -> None:
        """Say where things stand; called by the worker, which never touches a user's control."""
        if not hasattr(self, "_front"):
            return
        session = self.session
        job, state = session.job, session.state
        runs = state == "running" or (session.preparing and session.intent == "running")
        label = "Pause" if runs else "Run"
        changed = self._changed()
        if state == "paused" and not changed:
            label = "Go on"
        share = job.share if job is not None else 0.0
        self._toolbar.show(label=label, share=share, status=status(session))
        sentence = session.sentence
        self._front.sentence.value = sentences(session, sentence, changed=changed)
        if state in ("finished", "failed"):  # at the end, not at every frame
            self.view.speak((session.error or "") if state == "failed" else sentence)
        of_a_run = PLOTS[self.plot].draws == "trace"
        buttons = self._toolbar.buttons
        buttons["Measure the rate"].disabled = not has_rate(self.spec)
        for name in ("Keep", "Step"):  # a study has no single step, and only runs are kept
            buttons[name].disabled = not of_a_run
        self._toolbar.steps.disabled = not of_a_run
        self._show_records(runs=runs)
        for callback in self._callbacks:
            callback()

    def _show_records(self, *, runs: bool) -> None:
        """Offer the way back over a run that rests, and the table of the runs beside it."""
        picture = self.session.seen
        clocks = len(PLOTS[picture.plot].clocks)
        of_a_run = isinstance(picture.data, Trace)
        rests = of_a_run and not runs and self.session.state != "idle"
        whole = self.trace if rests else None
        self._timeline.offer(len(whole) if whole else 0, self.session.back, clocks=clocks)
        if of_a_run:
            theme = self.session.painter.look.theme
            self._compared.show(picture.data, picture.beside, self.session.kept, theme)
        else:
            self._compared.layout.display = "none"

    def _changed(self) -> bool:
        """Return whether a press of Run would begin something else than what is shown."""
        shown, next_one = self.session.wish, self._wish("run")
        return shown is not None and shown.kind == next_one.kind and shown.work != next_one.work


def _descendants(widget: Any) -> Iterator[widgets.Widget]:
    for child in getattr(widget, "children", ()):
        yield from _descendants(child)
        yield child

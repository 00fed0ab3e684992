"""Explorer: the page, with controls, the live picture and the sentence under it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import ipywidgets as widgets

from explorer.plots._mark import Mark
from explorer.plots._style import CSS_DPI, HEIGHT_IN
from explorer.registry import PLOTS, UnknownNameError
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui import _link
from explorer.ui._cells import panels_of_before
from explorer.ui._close import close_all
from explorer.ui._code import code
from explorer.ui._compare import Compare
from explorer.ui._export import KINDS, Scene, export, kind_of
from explorer.ui._front import Front
from explorer.ui._kept import MOST_KEPT
from explorer.ui._no_picture import NoPicture
from explorer.ui._preset import refuse_unknown
from explorer.ui._recorded import recorded
from explorer.ui._stored import Stored
from explorer.ui._teller import Teller
from explorer.ui._timeline import LINK, Timeline
from explorer.ui._toolbar import Toolbar
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
        self._recalls = True
        refuse_unknown(plots or (), tuple(PLOTS), "plot")
        if plots is not None and not len(plots):
            raise ValueError(f"plots must name at least one of {list(PLOTS)}, got none.")
        refuse_unknown(controls or (), (*MAIN, *FOLDED), "control")
        self._shown_plots, self._shown_controls = plots, controls
        self.view: FigureView | ImageView = ImageView() if fallback else FigureView()
        self.session = Session(self.view, self._show_status, lambda: self._stored.renew())
        self._stored = Stored(self.session)
        self.controls = Controls(spec or self._preset.spec, self._choice)
        self._toolbar = self._make_toolbar()
        self._timeline = Timeline(self.session.look, self.session.look_back, self._export)
        self._compared = Compare(self.drop)
        seen = [self.view] if fallback else [self.view, NoPicture(self.show_plainly)]
        self._front = Front(self.controls, seen, self._toolbar, self._timeline, self._compared)
        self._teller = Teller(
            self.session, self._front, self._toolbar, self._timeline, self._compared
        )
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
        self._stored.renew()
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

    def forget_stored(self) -> None:
        """Show no stored run from now on, but empty axes until something has run."""
        self._recalls = False
        if self.session.seen.stored is not None:
            self.session.show(self._wish("show"))

    def mark(self, mark: Mark | None) -> None:
        """Draw a prediction, on its picture or on all of them; None takes it away."""
        self.session.look(mark=mark)

    def show_plainly(self) -> None:
        """Show the picture with a plain image widget from now on, which any front end can show."""
        if isinstance(self.view, ImageView):
            return
        live = self.view
        self.view = self.session.painter.view = ImageView()
        self._front.put([self.view])
        live.close()
        self.session.look_again()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback()`` whenever what is shown has changed, in whichever thread did it.

        Returns:
            What ends it.
        """
        return self._teller.on_change(callback)

    def last(self, plot: str) -> Any:
        """Return the data of the last work behind a picture, or None before there is any."""
        return self.session.last(PLOTS[plot].draws)

    def code(self) -> str:
        """Return the lines of Python that repeat what the present picture shows."""
        wish = self._wish("run")
        return code(wish.plot, wish.spec, wish.variants, wish.options)

    def link(self) -> str:
        """Return a short text that opens this panel elsewhere; :meth:`from_link` reads it.

        It holds the preset, the fields that differ from it, and which picture is shown.

        Example:
            >>> Explorer(RunSpec(tail_index=1.3)).link()
            'preset=first-look&tail_index=1.3'
        """
        return self._link_to(self.spec, self.plot)

    def _link_to(self, spec: RunSpec, plot: str) -> str:
        look = self.session.painter.look
        choice = _link.Choice(self._preset, spec, plot, look.xscale, look.against)
        return _link.write(choice)

    @classmethod
    def from_link(cls, link: str, **options: Any) -> "Explorer":
        """Return the panel that a link describes; Reset leads to its preset.

        A text that cannot be read is refused with a ValueError, and so is one that asks for what
        this explorer or this machine does not have.

        Args:
            link: What :meth:`link` gave, alone or as ``?spec=`` of an address; empty is the first
                look.
            **options: As for a panel: ``controls``, ``plots``, ``fallback``.

        Example:
            >>> Explorer.from_link("preset=transport-pays&horizon=1000").spec.horizon
            1000
        """
        choice = _link.read(link)
        given = options.get("plots")
        if given is not None and choice.plot not in given:
            raise ValueError(f"this link shows {choice.plot!r}, and plots are {[*given]}.")
        panel = cls(preset=choice.preset, **options)
        panel.controls.load(choice.spec)
        panel._look_as(xscale=choice.xscale, against=choice.against)
        if choice.plot != panel.plot:  # beside the preset's own, until another one is chosen
            panel._front.offer([*dict.fromkeys((*panel._plots, choice.plot))], choice.plot)
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

        An ending that belongs to no kind of file, or to another one, is refused with a ValueError.
        """
        path = Path(path)
        path.write_bytes(export(self._scene(), kind_of(path, kind)))
        return path

    def _scene(self) -> Scene:
        """Return what is shown, which after a change of the controls is not what is chosen."""
        look, shown, picture = self.session.painter.look, self.session.wish, self.session.seen
        assert shown is not None, "a panel shows something from its first picture on"
        size = (max(look.width, LEAST_EXPORTED) / CSS_DPI, HEIGHT_IN)
        lines = code(picture.plot, shown.spec, shown.variants, shown.options)
        link = self._link_to(shown.spec, picture.plot)
        return Scene(picture.still(), lines, link, size, look.options(picture.plot))

    def _export(self, kind: str) -> str:
        """Hand a file to the browser, and return what is to be said of it."""
        if kind == LINK:
            return self.link()
        try:
            known = KINDS[kind]
            name = f"{self._preset.slug}-{self.session.seen.plot}{known.suffix}"
            return self.view.save(name, known.mime, export(self._scene(), kind))
        except (ValueError, OSError) as error:
            return f"Nothing was exported: {error}"

    def close(self) -> None:
        """Let the worker go and remove the panel from the page."""
        if not hasattr(self, "session"):  # a refused panel is closed by the garbage collector
            super().close()
            return
        self.session.close()
        for row in self.controls.rows:  # not all of them are on the page
            close_all(row)
        layout = self.layout
        for child in self.children:
            close_all(child)
        super().close()
        layout.close()

    def __repr__(self) -> str:
        return f"Explorer({self._preset.name}): {self.session.sentence}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the live panel alone."""
        return _live(self)

    def _ipython_display_(self) -> None:
        """Display the panel, and for readers without a kernel its picture and sentence."""
        self.display_in(self)

    def display_in(self, widget: Any) -> None:
        """Display a widget that holds this panel, and behind it the panel's picture and sentence.

        Of a cell that is run again the panels of before come to rest: nobody can see them.
        """
        from IPython.display import publish_display_data

        for earlier in panels_of_before(self):
            if earlier.session.intent == "running":
                earlier.pause()
        publish_display_data(_live(widget))
        self._stored.display()

    def _wish(self, action: Action) -> Wish:
        variants = self._preset.variants_of(self.spec)
        options = self._preset.study.get(PLOTS[self.plot].draws, {})
        first = self._recalls and self.spec == self._preset.spec
        first = first and self.plot == self._preset.plots[0]
        stored = recorded(self._preset) if first else None
        return Wish(self.spec, action, variants, self.plot, options, stored=stored)

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
        self.session.drop_kept()
        self.mark(None)
        self._begin_again()

    def _begin_again(self) -> None:
        """Show the preset as it is declared; kept runs stay, for they can be compared with it."""
        self.controls.load(self._start_spec)
        self._look_as(xscale=self._preset.xscale, against=self._preset.against)
        self._timeline.say("")
        self._toolbar.begin_again()
        self._front.offer(self._plots)
        self.session.want(self._wish("show")._replace(afresh=True))
        self._show_status()

    def _new_seed(self) -> None:
        self.controls.load(self.spec.replace(seed=self.spec.seed + 1))
        self.session.want(self._wish("run"))

    def _keep(self) -> None:
        try:
            self.keep()
            self._toolbar.say(f"Kept: {len(self.session.kept)} of at most {MOST_KEPT} lines.")
        except ValueError as error:
            self._toolbar.say(f"Not kept: {error}")

    def _load_preset(self, name: str) -> None:
        if name == self._preset.name:
            return
        self._preset = self._first if name == self._first.name else PRESETS[name]
        self._own = None
        self._ask()
        self._begin_again()

    def _show_status(self) -> None:
        """Say where things stand, in whichever thread something has changed."""
        if hasattr(self, "_teller"):
            self._teller.tell(self._wish("run"))


def _live(widget: Any) -> dict[str, Any]:
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": view, "text/plain": LIVE}

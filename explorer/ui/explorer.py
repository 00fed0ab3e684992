"""Explorer: the page, with controls, the live picture and the sentence under it."""

import html
import threading
from collections.abc import Iterator, Sequence
from typing import Any, final

import ipywidgets as widgets

from explorer.registry import PLOTS, UnknownNameError
from explorer.run._tuned import has_rate
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui._stored import HIDDEN_WHILE_LIVE, Stored
from explorer.ui._tip import TIP_STYLE
from explorer.ui._view import View
from explorer.ui._words import FOLDED, MAIN
from explorer.ui.controls import Controls
from explorer.ui.figure_view import FigureView
from explorer.ui.image_view import ImageView
from explorer.ui.presets import PRESETS, Preset
from explorer.ui.session import Action, Session, Wish

STYLE = (
    f"<style>{HIDDEN_WHILE_LIVE}{TIP_STYLE}"
    """
.explorer-error { color: var(--jp-error-color0, #b00020); font-size: 12px; line-height: 1.35;
  white-space: normal; }
.explorer-why, .explorer-status { color: var(--jp-ui-font-color2, #616161); font-size: 12px;
  line-height: 1.35; white-space: normal; }
.explorer-sentence { color: var(--jp-content-font-color1, #111); font-size: 14px; line-height: 1.45;
  white-space: normal; }
.explorer-table { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  white-space: pre; overflow-x: auto; line-height: 1.3; }
.explorer-failed { color: var(--jp-error-color0, #b00020); font-size: 14px; white-space: pre-wrap; }
.explorer-question { color: var(--jp-content-font-color1, #111); font-size: 14px;
  white-space: normal; }
.explorer-controls .widget-html-content, .explorer-controls .widget-htmlmath-content {
  font-size: 12px; line-height: 1.35; white-space: normal; }
body[data-jp-theme-light="false"] .explorer-error,
body[data-jp-theme-light="false"] .explorer-failed { color: var(--jp-error-color1, #f44336); }
.explorer-controls .widget-htmlmath-content { overflow: hidden; }
.explorer-tabs .widget-toggle-button { width: auto; padding: 0 10px; }
.explorer-run.mod-active { box-shadow: none; background-color: var(--jp-brand-color1, #1976d2); }
</style>"""
)

LIVE = "The panel lives while its kernel runs; this is what it showed last:"


@final
class Explorer(widgets.VBox):
    """A panel: pick a geometry, a noise, a batch and transport, press Run, and watch.

    Args:
        spec: What it shows first; None takes the preset's.
        preset: Name of ``PRESETS``, or a :class:`~explorer.ui.presets.Preset`.
        controls: Fields of the spec to show, in this order; None shows all, the rarer ones folded.
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
        self._shown_plots = _known(plots, tuple(PLOTS), "plot")
        shown = _known(controls, (*MAIN, *FOLDED), "control")
        self._stored = Stored()
        self._stored_last: tuple[Any, ...] = ()
        self._storing = threading.Lock()  # a cell and the worker may store at once
        self.view: View = ImageView() if fallback else FigureView()
        self.session = Session(self.view, self._show_status, self._store)
        self.controls = Controls(spec or self._preset.spec, self._choice)
        self._turning = False
        self._make_buttons()
        self._make_texts()
        super().__init__(self._lay_out(shown))
        self.add_class("explorer-panel")
        self.session.show(self._wish("show"))

    @property
    def plot(self) -> str:
        """Name of the picture that is chosen; set it as a press of its button does."""
        return str(self._tabs.value)

    @plot.setter
    def plot(self, name: str) -> None:
        offered = [value for _, value in self._tabs.options]
        if name not in offered:
            raise UnknownNameError(f"this panel offers no plot {name!r}; it has {offered}.")
        self._tabs.value = name

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

    def code(self) -> str:
        """Return the lines of Python that repeat the run."""
        return self.spec.code()

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
        return session.spec, session.sentence, [id(trace) for trace in session.kept]

    def _wish(self, action: Action) -> Wish:
        same = set(self.spec.diff(self._start_spec)) <= {"seed"}
        variants = self._preset.variants if same else ()
        options = self._preset.study.get(PLOTS[self.plot].draws, {})
        return Wish(self.spec, action, tuple(variants), self.plot, options)

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

    def _make_buttons(self) -> None:
        # a toggle, because a button's click would wait behind a running cell; each change of its
        # value is one press, and the label says what the next one does
        self._run_button = widgets.ToggleButton(
            description="Run", icon="play", button_style="primary", layout={"width": "110px"}
        )
        self._run_button.add_class("explorer-run")
        self._run_button.observe(lambda _: self._pressed_run(), names="value")
        actions = {
            "Reset": (self._reset, "undo", "Back to the preset"),
            "New seed": (self._new_seed, "random", "The same choice with the next seed"),
            "Keep": (self._keep, "thumb-tack", "Keep this run as a line, at most four"),
            "Drop kept": (self._drop, "eraser", "Forget the kept runs"),
            "Measure the rate": (
                self.measure,
                "line-chart",
                "One tuned run for each horizon to 1e6",
            ),
        }
        self._buttons: dict[str, widgets.Button] = {}
        for name, (action, icon, tip) in actions.items():
            button = widgets.Button(
                description=name, icon=icon, tooltip=tip, layout={"width": "auto"}
            )
            button.on_click(lambda _, action=action: action())
            self._buttons[name] = button
        self._presets = widgets.Dropdown(
            options=_with(list(PRESETS), self._preset.name),
            value=self._preset.name,
            description="Preset",
            style={"description_width": "56px"},
            layout={"width": "260px"},
        )
        self._presets.observe(lambda change: self._load_preset(change["new"]), names="value")
        self._tabs = widgets.ToggleButtons(style={"button_width": "auto"})
        self._tabs.add_class("explorer-tabs")
        self._offer_plots()
        self._tabs.observe(lambda _: self._turn(), names="value")
        self._xscale = widgets.Dropdown(
            options=[("logarithmic", "log"), ("linear", "linear")],
            description="Calls axis",
            style={"description_width": "104px"},
            layout={"width": "auto"},
        )
        self._xscale.observe(lambda change: self.session.look(xscale=change["new"]), names="value")

    def _make_texts(self) -> None:
        self._question = widgets.HTML()
        self._sentence = widgets.HTML(layout={"width": "auto"})
        self._status = widgets.HTML()
        self._progress = widgets.FloatProgress(
            min=0, max=1, layout={"width": "140px"}, style={"bar_color": "#0067a8"}
        )
        self._show_question()

    def _lay_out(self, shown: Sequence[str] | None) -> list[widgets.Widget]:
        rows: list[widgets.Widget] = [
            self.controls.row(field) for field in (MAIN if shown is None else shown)
        ]
        if shown is None:
            folded = widgets.VBox([self.controls.row(field) for field in FOLDED] + [self._xscale])
            fold = widgets.Accordion([folded], titles=("Size, schedule, seeds, device",))
            rows.append(fold)
        left = widgets.VBox(rows, layout={"width": "340px", "flex": "0 0 auto"})
        left.add_class("explorer-controls")
        picture = widgets.VBox(
            [self._tabs, self.view], layout={"flex": "1 1 420px", "min_width": "0"}
        )
        middle = widgets.HBox([left, picture], layout={"flex_flow": "row wrap"})
        pressed = widgets.HBox(
            [self._run_button, *self._buttons.values(), self._progress, self._status],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        top = widgets.HBox(
            [self._presets, self._question],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        # above the picture: open folds push what is below it out of the window
        return [widgets.HTML(STYLE), top, pressed, middle, self._sentence]

    def _offer_plots(self) -> None:
        """Show a button for each plot of the preset, and choose the first; nobody is told."""
        plots = self._shown_plots or self._preset.plots
        self._turning = True
        try:
            self._tabs.options = [(PLOTS[name].label, name) for name in plots]
            self._tabs.value = plots[0]
        finally:
            self._turning = False
        self._tabs.layout.display = None if len(plots) > 1 else "none"
        self._buttons["Measure the rate"].layout.display = None if "rate" in plots else "none"

    def _turn(self) -> None:
        if not self._turning:
            self.session.want(self._wish("turn"))

    def _pressed_run(self) -> None:
        if self.session.intent == "running":
            self.session.want(self._wish("pause"))
        else:
            self.start()

    def _reset(self) -> None:
        self.controls.load(self._start_spec)
        self._xscale.value = "log"
        self._offer_plots()
        self.session.drop_kept()
        self.session.want(self._wish("show")._replace(afresh=True))
        self._show_status()

    def _new_seed(self) -> None:
        self.controls.load(self.spec.replace(seed=self.spec.seed + 1))
        self.session.want(self._wish("run"))

    def _keep(self) -> None:
        self.session.keep()

    def _drop(self) -> None:
        self.session.drop_kept()

    def _load_preset(self, name: str) -> None:
        if name == self._preset.name:
            return
        self._preset = self._first if name == self._first.name else PRESETS[name]
        self._own = None
        self._show_question()
        self._reset()

    def _show_question(self) -> None:
        text = html.escape(self._preset.question)
        self._question.value = f'<div class="explorer-question">{text}</div>'

    def _show_status(self) -> None:
        """Say where things stand; called by the worker, which never touches a user's control."""
        if not hasattr(self, "_sentence"):
            return
        session = self.session
        job, state = session.job, session.state
        runs = state == "running" or (session.preparing and session.intent == "running")
        label, icon = ("Pause", "pause") if runs else ("Run", "play")
        if state == "paused" and not self._changed():
            label = "Go on"
        self._run_button.description, self._run_button.icon = label, icon
        self._progress.value = job.share if job is not None else 0.0
        if state == "failed":
            error = html.escape(session.error or "")
            said = f'<div role="alert" class="explorer-failed">{error}</div>'
        elif session.spec is None:
            said = ""
        else:
            said = "".join(
                f'<div class="{kind}">{html.escape(text)}</div>' for kind, text in self._said()
            )
        self._sentence.value = f'<div aria-live="polite">{said}</div>'
        self._status.value = f'<div class="explorer-status">{html.escape(self._standing())}</div>'
        self._buttons["Measure the rate"].disabled = not has_rate(self.spec)
        self._buttons["Keep"].disabled = PLOTS[self.plot].draws != "trace"  # only runs are kept

    def _said(self) -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        job, session = self.session.job, self.session
        resting = session.state != "running" and not session.preparing
        if job is not None and resting and self._changed():
            said.append(("explorer-why", "Settings changed: press Run to draw them."))
        sentence = session.sentence
        table = " explorer-table" if "\n" in sentence else ""
        said.append((f"explorer-sentence{table}", sentence))
        if job is not None:
            said.extend(("explorer-why", note[0].upper() + note[1:]) for note in job.data.notes)
        return said

    def _changed(self) -> bool:
        """Return whether a press of Run would begin something else than what is shown."""
        shown, next_one = self.session.wish, self._wish("run")
        return shown is not None and shown.kind == next_one.kind and shown.work != next_one.work

    def _standing(self) -> str:
        waiting = [PLOTS[work.plot].label for work in self.session.elsewhere]
        return "; ".join([self._standing_here(), *(f"{label} paused" for label in waiting)])

    def _standing_here(self) -> str:
        job, state = self.session.job, self.session.state
        if self.session.preparing:
            return "preparing: constants of the noise, first gradient"
        if job is None or state == "idle":
            return state
        data = job.data
        device = f", {data.device}" if isinstance(data, Trace) and data.device else ""
        whole = f" of about {job.estimate_s:.0f} s" if job.estimate_s and not job.finished else ""
        return f"{state}, {job.share:.0%}, {self.session.seconds:.1f} s{whole}{device}"


def _descendants(widget: Any) -> Iterator[widgets.Widget]:
    for child in getattr(widget, "children", ()):
        yield from _descendants(child)
        yield child


def _known(names: Sequence[str] | None, known: Sequence[str], kind: str) -> tuple[str, ...] | None:
    if isinstance(names, str):
        raise TypeError(f"{kind}s must be a list of names, got {names!r}; give [{names!r}].")
    for name in names or ():
        if name not in known:
            raise UnknownNameError(f"unknown {kind} {name!r}; expected one of {list(known)}.")
    return tuple(names) if names is not None else None


def _with(names: list[str], name: str) -> list[str]:
    return names if name in names else [*names, name]

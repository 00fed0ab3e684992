"""Controls: they hold a spec, and say beside each field why it was refused or asks for nothing."""

import html
import threading
from collections.abc import Callable
from typing import Any, final

import ipywidgets as widgets

from explorer.registry import PROBLEMS
from explorer.run._resolve import noise_units
from explorer.run.spec import RunSpec, unasked
from explorer.ui._fields import make, own_options, parsed, put, read
from explorer.ui._tip import Tip
from explorer.ui._words import FOLDED, MAIN, OPTIONS, WORDS, formula, tip


@final
class Controls:
    """The controls of a panel; they hold a spec and say when a user has chosen another one.

    A value that the spec refuses is left as typed, with the sentence beside it; the spec stays the
    last one that was whole.

    Args:
        spec: What they show first.
        on_choice: Called with no argument after a user's choice was accepted.

    Attributes:
        spec: The present choice.
    """

    def __init__(self, spec: RunSpec, on_choice: Callable[[], None]) -> None:
        self.spec = spec
        self._on_choice = on_choice
        self._loading = False
        self._pending: dict[str, Any] = {}
        self._unread: dict[str, str] = {}
        self._lock = threading.RLock()
        self.widgets = {field: make(field) for field in (*MAIN, *FOLDED)}
        self._notes = {field: widgets.HTML() for field in self.widgets}
        self._formulas = {field: widgets.HTMLMath() for field in ("problem", "norm", "noise")}
        self._tips = {field: Tip(WORDS[field].name) for field in self.widgets}
        self._rows = {field: self._make_row(field) for field in self.widgets}
        for field, control in self.widgets.items():
            control.observe(lambda _, field=field: self._chosen(field), names="value")
        self.load(spec)

    @property
    def rows(self) -> list[widgets.VBox]:
        """All of them, on the page or not."""
        return [*self._rows.values()]

    def row(self, field: str) -> widgets.VBox:
        """Return a control with its formula and its note, to be laid out."""
        return self._rows[field]

    def _make_row(self, field: str) -> widgets.VBox:
        control = self.widgets[field]
        control.layout.flex, control.layout.min_width = "1 1 0", "0"
        parts = [widgets.HBox([control, self._tips[field]]), self._notes[field]]
        if field in self._formulas:
            parts.insert(1, self._formulas[field])
        return widgets.VBox(parts, layout={"margin": "0 0 4px 0", "overflow": "visible"})

    def load(self, spec: RunSpec) -> None:
        """Show a spec, as a preset does; errors are forgotten, and nobody is told."""
        with self._lock:
            self.spec = spec
            self._pending.clear()
            self._unread.clear()
            self._loading = True
            try:
                for field, control in self.widgets.items():
                    put(control, field, spec)
            finally:
                self._loading = False
            self._annotate({})

    def _chosen(self, field: str) -> None:
        """Take a user's choice: with what is still refused, else alone, else refuse it too."""
        with self._lock:
            if self._loading:
                return
            accepted, sentence = self._try(field)
            if accepted:
                self._show_resolved()
            errors = {other: said for other, (_, said) in self._pending.items()} | self._unread
            if sentence is not None:
                errors[field] = sentence
            self._annotate(errors)
        if accepted:
            self._on_choice()

    def _try(self, field: str) -> tuple[bool, str | None]:
        menu = OPTIONS.get(field)
        waits = menu in self._pending  # for what its options are now typed
        waiting = {f: v for f, (v, _) in self._pending.items() if f not in (field, menu)}
        try:
            name = self._name_in(menu) if menu is not None else None
            value = read(self.widgets[field], field, self.spec, name)
        except (ValueError, TypeError) as error:
            self._pending.pop(field, None)
            self._unread[field] = str(error)
            return False, str(error)
        self._unread.pop(field, None)
        sentence = None
        for changes in ({**waiting, field: value}, {field: value}):
            try:
                spec = _changed(self.spec, changes)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                sentence = str(error)
                continue
            for done in (*changes, menu):
                self._pending.pop(done or "", None)
            before, self.spec = self.spec, spec
            self._try_pending_again()
            return self.spec != before, None
        assert sentence is not None, "both tries failed"
        self._pending[field] = (value, sentence)
        if menu is not None and waits:
            self._pending[menu] = (value, sentence)
        return False, sentence

    def _name_in(self, menu: str) -> str:
        """Return the name that a menu shows, be it refused so far."""
        if menu in self._pending:
            return str(self._pending[menu][0]).partition("(")[0]
        return parsed(menu, self.spec)[0]

    def _try_pending_again(self) -> None:
        """Take what a new spec no longer refuses, and say why it refuses the rest."""
        for field, (value, _) in list(self._pending.items()):
            try:
                self.spec = _changed(self.spec, {field: value})
                self._pending.pop(field)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                self._pending[field] = (value, str(error))

    def _show_resolved(self) -> None:
        """Show what the new spec made of the other fields, but leave refused texts as typed."""
        self._loading = True
        try:
            for field, control in self.widgets.items():
                if field not in self._pending and field not in self._unread:
                    put(control, field, self.spec)
        finally:
            self._loading = False

    def _annotate(self, errors: dict[str, str]) -> None:
        units = noise_units(PROBLEMS[PROBLEMS.parse(self.spec.problem)[0]])
        for field, control in self.widgets.items():
            if field in OPTIONS:
                self._offer_options(field)
                idle = None
            else:
                idle = unasked(self.spec, field)
            # a unit that is not in use stays open: a number typed into it makes it the one in use
            open_unit = field in units and self.spec.noise != "none"
            control.disabled = idle is not None and field not in errors and not open_unit
            note = errors.get(field)
            if note:
                note = f"{note} {self._stays(field)}"
                self._notes[
                    field
                ].value = f'<div role="alert" class="explorer-error">{html.escape(note)}</div>'
            elif idle and not open_unit:
                self._notes[field].value = f'<div class="explorer-why">{html.escape(idle)}</div>'
            else:
                self._notes[field].value = ""
        for field, line in self._formulas.items():
            line.value = html.escape(formula(field, self.spec), quote=False)
        for field, one in self._tips.items():
            one.say(tip(field, self.spec))

    def _stays(self, field: str) -> str:
        """Return what a run goes by while a field is refused."""
        value = getattr(self.spec, OPTIONS.get(field, field))
        shown = {None: "auto", True: "on", False: "off"}.get(value, value)
        return f"Until then {WORDS[field].name} stays {shown}."

    def _offer_options(self, field: str) -> None:
        """Show the options of what is chosen in a menu only where it has some, and name them."""
        names = own_options(OPTIONS[field], self._name_in(OPTIONS[field]))
        typed = field in self._pending or field in self._unread
        self._rows[field].layout.display = None if names or typed else "none"
        self.widgets[field].placeholder = ", ".join(f"{name}=..." for name in names)


def _changed(spec: RunSpec, changes: dict[str, Any]) -> RunSpec:
    fields = {OPTIONS.get(field, field): value for field, value in changes.items()}
    return spec.replace(**fields)

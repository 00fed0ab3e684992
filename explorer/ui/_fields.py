"""One control for each field of a spec: its words, its widget, and how a value goes in and out."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import ipywidgets as widgets

from explorer.registry import (
    GEOMETRIES,
    NOISES,
    NORMS,
    OPTIMIZERS,
    PROBLEMS,
    Registry,
    parameters,
)
from explorer.run._checks import DTYPES
from explorer.run._resolve import noises
from explorer.run.device import DEVICES
from explorer.run.spec import RunSpec
from explorer.theory.schedules import SCHEDULES
from explorer.ui._number import Number
from explorer.ui._words import OPTIONS, WORDS

LEAST_TAIL_INDEX = 1.05  # below it K is so large that no budget of a lecture shows anything
REGISTRIES: Mapping[str, Registry] = {
    "problem": PROBLEMS,
    "norm": NORMS,
    "noise": NOISES,
    "optimizer": OPTIMIZERS,
}
WHOLE = re.compile(r"[+-]?\d+(_\d+)*")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")

UNGIVEN = "auto"
HAVE_NO_DEFAULT = ("rows", "columns", "noise_level", "noise_scale", "noise_ratio")
TRANSPORTS: dict[str, bool | float] = {"off": False, "half": 0.5, "full": True}


def make(field: str) -> Any:
    """Return the widget of a field; :func:`put` fills it."""
    word = WORDS[field]
    common: dict[str, Any] = {
        "description": word.name,
        "style": {"description_width": "104px"},
        "layout": {"width": "auto"},
    }
    choices: dict[str, Iterable[str]] = {
        "schedule": SCHEDULES,
        "device": DEVICES,
        "dtype": DTYPES,
    }
    if field in choices:
        return widgets.Dropdown(options=[*choices[field]], **common)
    if field in REGISTRIES:
        return widgets.Dropdown(options=_menu(REGISTRIES[field]), **common)
    if field == "transport":
        return widgets.Dropdown(options=list(TRANSPORTS.items()), **common)
    if field in SLIDERS:
        return Number(word.name, read=_number, **SLIDERS[field])
    return widgets.Text(continuous_update=False, **common)


def _menu(registry: Registry) -> list[tuple[str, str]]:
    return [(getattr(registry[name], "label", name), name) for name in registry]


def two_digits(number: float) -> str:
    """Return a number of a slider as people would write it, with two digits.

    Example:
        >>> [two_digits(number) for number in (12589.25, 0.0012589, 1e-9, 2.0)]
        ['13,000', '0.0013', '1e-09', '2']
    """
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 1 and rounded.is_integer() else f"{rounded:g}"


def power_of_two(number: float) -> str:
    """Return the power of two that is nearest on a scale of logarithms."""
    return f"{2 ** round(math.log2(number)):,}"


# a slider's ends are where a hand wants to go; what is typed may lie beyond them
SLIDERS: Mapping[str, Mapping[str, Any]] = {
    "tail_index": {
        "low": LEAST_TAIL_INDEX, "high": 2.0, "log": False, "step": 0.05, "show": "{:.4g}".format,
    },
    "tuned_for": {
        "low": LEAST_TAIL_INDEX, "high": 2.0, "log": False, "step": 0.05, "show": "{:.4g}".format,
    },
    "batch_size": {
        "low": 1, "high": 4096, "log": True, "step": math.log10(2), "show": power_of_two,
    },
    "momentum": {"low": 0.0, "high": 0.999, "log": False, "step": 0.001, "show": "{:.4g}".format},
    "lr": {"low": 1e-4, "high": 1.0, "log": True, "step": 0.05, "show": two_digits},
    "noise_level": {"low": 0.2, "high": 2000, "log": True, "step": 0.05, "show": two_digits},
    "noise_scale": {"low": 1e-3, "high": 100, "log": True, "step": 0.05, "show": two_digits},
    "noise_ratio": {"low": 0.01, "high": 100, "log": True, "step": 0.05, "show": two_digits},
    "horizon": {"low": 100, "high": 1e6, "log": True, "step": 0.05, "show": two_digits},
}  # fmt: skip


def put(control: Any, field: str, spec: RunSpec) -> None:
    """Show a field of a spec in its control; a value that is on no menu is put there."""
    if field in OPTIONS:
        _, options = parsed(OPTIONS[field], spec)
        control.value = ", ".join(f"{key}={value!r}" for key, value in options.items())
        return
    value: Any = parsed(field, spec)[0] if field in REGISTRIES else getattr(spec, field)
    if field == "problem":
        control.value = value
    elif field == "norm":
        menu = _menu(NORMS)
        if spec.network:
            menu = [(f"{name.capitalize()} (by layer)", name) for name in GEOMETRIES] + menu
        _offer(control, menu, value)
    elif field == "noise":
        problem = PROBLEMS[PROBLEMS.parse(spec.problem)[0]]
        _offer(control, [(NOISES[name].label, name) for name in noises(problem)], value)
    elif field == "optimizer":
        _offer(control, _menu(OPTIMIZERS), value)
    elif field == "transport":
        # 1.0 and True are equal, so a menu cannot hold both
        _offer(control, list(TRANSPORTS.items()), value)
    elif isinstance(control, widgets.Text | Number):
        none = "" if field in HAVE_NO_DEFAULT else UNGIVEN
        control.value = none if value is None else _text(value)
    else:
        control.value = value


def parsed(field: str, spec: RunSpec) -> tuple[str, Mapping[str, Any]]:
    """Return the name that a menu's field holds, and its options."""
    value = getattr(spec, field)
    if field == "norm" and value in GEOMETRIES:
        return value, {}
    return REGISTRIES[field].parse(value)


def own_options(field: str, name: str) -> list[str]:
    """Return what a class of a menu's field asks for beside the fields of a spec."""
    if field == "norm" and name in GEOMETRIES:
        return []
    known = {*RunSpec.__dataclass_fields__, "params", "stacked", "view"}  # what a run sets itself
    return [name for name in parameters(REGISTRIES[field][name]) if name not in known]


def _offer(control: Any, menu: list[tuple[str, Any]], value: Any) -> None:
    if value not in [entry for _, entry in menu]:
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        menu = [*menu, (shown, value)]
    if tuple(control.options) != tuple(menu):
        control.options = menu
    control.value = value


def _text(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    short = f"{value:g}"
    return short if float(short) == value else repr(value)  # what is shown is what runs


def read(control: Any, field: str, spec: RunSpec, name: str | None = None) -> Any:
    """Return the value in a control, as the spec wants it.

    Args:
        control: The widget.
        field: Its field.
        spec: The present choice.
        name: What options belong to, where a menu shows something that the spec has refused.
    """
    if field in OPTIONS:
        name = name or parsed(OPTIONS[field], spec)[0]
        return f"{name}({control.value})" if control.value.strip() else name
    if not isinstance(control, widgets.Text | Number):
        return control.value
    if control.value.strip().lower() in ("", UNGIVEN, "none"):
        return None
    try:
        number = _number(control.value)
    except ValueError:
        raise ValueError(
            f"{field} must be a number, got {control.value!r}; write it like 20, 20,000, 0.5 or "
            "1e-3."
        ) from None
    whole = field in ("batch_size", "rows", "columns", "horizon", "seeds", "seed")
    return int(number) if whole and float(number).is_integer() else number


def _number(text: str) -> float:
    text = text.strip()
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    # a whole number not by way of a float, which holds 53 bits
    return int(text) if WHOLE.fullmatch(text) else float(text)

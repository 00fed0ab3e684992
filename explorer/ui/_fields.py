"""One control for each field of a spec: its words, its widget, and how a value goes in and out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

LEAST_TAIL_INDEX = 1.05  # below it K is so large that no budget of a lecture shows anything
BATCHES = frozenset(2**k for k in range(13))
# what the class in a menu alone asks for, as text -> that menu
OPTIONS: Mapping[str, str] = {
    "options": "problem",
    "norm_options": "norm",
    "noise_options": "noise",
    "optimizer_options": "optimizer",
}
REGISTRIES: Mapping[str, Registry] = {
    "problem": PROBLEMS,
    "norm": NORMS,
    "noise": NOISES,
    "optimizer": OPTIMIZERS,
}
WHOLE = re.compile(r"[+-]?\d+(_\d+)*")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")

MAIN = ("problem", "norm", "noise", "tail_index", "batch_size", "transport")
FOLDED = (
    *OPTIONS,
    "rows",
    "columns",
    "schedule",
    "tuned_for",
    "momentum",
    "lr",
    "max_extrapolation",
    "noise_level",
    "noise_scale",
    "noise_ratio",
    "horizon",
    "seeds",
    "seed",
    "optimizer",
    "device",
    "dtype",
)


@dataclass(frozen=True)
class Word:
    """What is written beside a control: its name, and its range and what a larger value does."""

    name: str
    tip: str


WORDS = {
    "problem": Word("Problem", "The objective f."),
    "options": Word("Options", "What this problem alone asks for, e.g. flatness=10."),
    "norm_options": Word("of the norm", "What this norm alone asks for, e.g. q=3."),
    "noise_options": Word("of the noise", "What this noise alone asks for, e.g. degrees=3."),
    "optimizer_options": Word("of the optimizer", "What it alone asks for, e.g. threshold=0.5."),
    "norm": Word("Norm geometry", "What a step of size one is; its dual norm is the y axis."),
    "noise": Word("Noise", "What is added to the gradient at every oracle call."),
    "tail_index": Word(
        "Tail index p", "In (1, 2]: moments below p are finite. Larger: lighter tails."
    ),
    "batch_size": Word(
        "Batch size", "Oracle calls of a step, 1 or more. Larger: fewer, calmer steps."
    ),
    "transport": Word(
        "Transport", "The gradient is taken ahead by c (X_t - X_{t-1}); full is the theorem's."
    ),
    "rows": Word("Rows m", "1 or more."),
    "columns": Word("Columns n", "1 or more."),
    "schedule": Word(
        "Schedule", "Step size and momentum: for any time, tuned to the horizon, or fixed."
    ),
    "tuned_for": Word(
        "Tuned for p", "In (1, 2]: what the schedule takes the noise for; auto takes its own index."
    ),
    "momentum": Word("Momentum", "Weight of the past in [0, 1); auto takes the schedule's."),
    "lr": Word("Step size lr", "Positive, in radii of the norm; auto takes the schedule's."),
    "max_extrapolation": Word("Look-ahead cap", "In radii, positive; auto means no cap."),
    "noise_level": Word("Noise level", "Positive: calls that are best averaged at 1,000 calls."),
    "noise_scale": Word("Noise scale", "Positive: the law's own scale, in place of the level."),
    "noise_ratio": Word("Noise ratio", "Positive: noise over initial gradient, in every layer."),
    "horizon": Word("Horizon N", "Oracle calls of the run, at least the batch size."),
    "seeds": Word("Seeds", "Independent runs side by side, 1 or more."),
    "seed": Word("Seed", "Number of the experiment, 0 or more."),
    "optimizer": Word("Optimizer", "Scion, or a baseline that no bound of this page is about."),
    "device": Word("Device", "auto takes a GPU where it pays."),
    "dtype": Word("Precision", "float32, or float64 for twice the digits."),
}

UNGIVEN = "auto"
TRANSPORTS: dict[str, bool | float] = {"off": False, "half": 0.5, "full": True}


def make(field: str) -> Any:
    """Return the widget of a field; :func:`put` fills it."""
    word = WORDS[field]
    common: dict[str, Any] = {
        "description": word.name,
        "tooltip": word.tip,
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
    if field == "tail_index":
        slider = {"min": LEAST_TAIL_INDEX, "max": 2.0, "step": 0.05, "readout_format": ".2f"}
        return widgets.FloatSlider(continuous_update=True, **slider, **common)
    if field == "batch_size":
        return widgets.SelectionSlider(options=_numbers(BATCHES), **common)
    return widgets.Text(continuous_update=False, **common)


def _menu(registry: Registry) -> list[tuple[str, str]]:
    return [(getattr(registry[name], "label", name), name) for name in registry]


def _numbers(values: Iterable[int]) -> list[tuple[str, int]]:
    return [(f"{value:,}", value) for value in sorted(values)]


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
    elif field == "batch_size":
        _offer(control, _numbers(BATCHES | {value}), value)
    elif isinstance(control, widgets.Text):
        control.value = UNGIVEN if value is None else _text(value)
        if field in ("rows", "columns", "noise_level", "noise_scale", "noise_ratio"):
            control.value = "" if value is None else _text(value)
    elif field == "tail_index":
        control.min = min(LEAST_TAIL_INDEX, value)
        control.value = value
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
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


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
    if not isinstance(control, widgets.Text):
        return control.value
    text = control.value.strip()
    if text.lower() in ("", UNGIVEN, "none"):
        return None
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if WHOLE.fullmatch(text):  # not by way of a float, which holds 53 bits
        return int(text)
    try:
        number = float(text)
    except ValueError:
        raise ValueError(
            f"{field} must be a number, got {control.value!r}; write it like 20, 20,000, 0.5 or "
            "1e-3."
        ) from None
    whole = field in ("rows", "columns", "horizon", "seeds", "seed")
    return int(number) if whole and number.is_integer() else number


def formula(field: str, spec: RunSpec) -> str:
    """Return what stands in LaTeX under the menu of the problem, the norm or the noise."""
    if field == "problem":
        return f"${PROBLEMS[PROBLEMS.parse(spec.problem)[0]].formula}$"
    if field == "noise":
        return f"${NOISES[NOISES.parse(spec.noise)[0]].formula}$"
    if spec.norm in GEOMETRIES:
        return r"$\max_l \|X_l\|_l / r_l$, a norm for each layer"
    norm = NORMS[NORMS.parse(spec.norm)[0]]
    return f"$\\|X\\| = {norm.formula}$, step ${norm.ball}$"


assert set(WORDS) == {*MAIN, *FOLDED}, "every control has its words"

"""Preset: a question, the spec that answers it, and what is shown of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from explorer.plots._base import CLOCKS, XSCALES
from explorer.registry import PLOTS, UnknownNameError
from explorer.run.spec import RunSpec
from explorer.ui._words import FOLDED, MAIN

MOST_VARIANTS = 4


@final
@dataclass(frozen=True)
class Preset:
    """What a teacher declares and Reset returns to.

    Args:
        name: Name in the menu.
        question: One sentence that the reader can answer with the panel.
        spec: What runs.
        variants: At most four sets of changed fields, which run beside it with the same seeds.
        plots: Names of ``PLOTS`` that the panel offers; the first is shown first.
        study: Options of studies by what is drawn: ``{"rate": {"horizons": [...]}}``, or the fields
            of a grid, ``{"grid": {"rows": [1, 2, 4], "horizons": [100_000]}}``.
        controls: Fields of the spec to show, in this order; None shows all, the rarer ones folded.
        xscale: ``"log"`` or ``"linear"``.
        against: What x counts: ``"calls"``, ``"steps"`` or ``"seconds"``.

    Raises:
        KeyError: If a control, a plot or a study is unknown.
        TypeError: If an argument is of the wrong kind.
        ValueError: If there are more than four variants, one is no valid spec, or no plot.

    Example:
        >>> Preset("Sign or not", "Is the sign norm as fast?", RunSpec(norm="sign")).slug
        'sign-or-not'
    """

    name: str
    question: str
    spec: RunSpec
    variants: tuple[Mapping[str, Any], ...] = ()
    plots: tuple[str, ...] = ("decay", "rate", "geometry", "noise")
    study: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    controls: tuple[str, ...] | None = None
    xscale: str = "log"
    against: str = "calls"

    def __post_init__(self) -> None:
        if not isinstance(self.spec, RunSpec):
            raise TypeError(f"spec must be a RunSpec, got {self.spec!r}; give RunSpec(...).")
        for name, words in (("name", self.name), ("question", self.question)):
            if not isinstance(words, str) or not words.strip():
                raise TypeError(f"{name} must be a text, got {words!r}.")
        refuse_unknown(self.plots, tuple(PLOTS), "plot")
        if not self.plots:
            raise ValueError(f"plots must name at least one of {list(PLOTS)}, got none.")
        kinds = list(dict.fromkeys(plot.draws for plot in PLOTS.values()))
        refuse_unknown(tuple(self.study), kinds, "study")
        refuse_unknown(self.controls or (), (*MAIN, *FOLDED), "control")
        for name, choices in (("xscale", XSCALES), ("against", CLOCKS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {choices}, got {getattr(self, name)!r}.")
        if len(self.variants) > MOST_VARIANTS:
            raise ValueError(
                f"variants must be at most {MOST_VARIANTS}, got {len(self.variants)}; "
                "more lines than that cannot be told apart."
            )
        for change in self.variants:
            self.spec.replace(**change)

    def variants_of(self, spec: RunSpec) -> tuple[Mapping[str, Any], ...]:
        """Return the variants that another spec can have and does not have already."""
        seen, fitting = [spec], list[Mapping[str, Any]]()
        for change in self.variants:
            try:
                changed = spec.replace(**change)
            except (KeyError, TypeError, ValueError, RuntimeError):
                continue  # what the field was of is not there any more
            if changed not in seen:
                seen.append(changed)
                fitting.append(change)
        return tuple(fitting)

    @property
    def slug(self) -> str:
        """The name as links write it: ``first-look``."""
        return slug(self.name)


def slug(name: str) -> str:
    """Return a preset's name in small letters, with a hyphen for all that is no letter or digit."""
    return re.sub(r"\W+", "-", str(name).strip().lower()).strip("-")


def refuse_unknown(names: Sequence[str], known: Sequence[str], kind: str) -> None:
    """Refuse names of controls or plots that there are not, and a text in place of a list."""
    if isinstance(names, str):
        raise TypeError(f"{kind}s must be a list of names, got {names!r}; give [{names!r}].")
    for name in names:
        if name not in known:
            raise UnknownNameError(f"unknown {kind} {name!r}; expected one of {list(known)}.")

"""Preset: a question, the spec that answers it, and what is shown of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from explorer.run.spec import RunSpec

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

    Raises:
        ValueError: If there are more than four variants, or one is no valid spec.
    """

    name: str
    question: str
    spec: RunSpec
    variants: tuple[Mapping[str, Any], ...] = ()
    plots: tuple[str, ...] = ("decay", "rate", "geometry", "noise")
    study: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def __post_init__(self) -> None:
        if len(self.variants) > MOST_VARIANTS:
            raise ValueError(
                f"variants must be at most {MOST_VARIANTS}, got {len(self.variants)}; "
                "more lines than that cannot be told apart."
            )
        for change in self.variants:
            self.spec.replace(**change)

"""Presets: a question, the spec that answers it, and what is shown of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from explorer.registry import UnknownNameError
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


@final
class Presets(Mapping[str, Preset]):
    """Presets by name; ``"first-look"`` and ``"First look"`` are the same one."""

    def __init__(self, *presets: Preset) -> None:
        self._presets = {preset.name: preset for preset in presets}

    def __getitem__(self, name: str) -> Preset:
        wanted = _slug(name)
        for preset in self._presets.values():
            if _slug(preset.name) == wanted:
                return preset
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {list(self._presets)}.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._presets)

    def __len__(self) -> int:
        return len(self._presets)


def _slug(name: str) -> str:
    return str(name).strip().lower().replace(" ", "-")


PRESETS = Presets(
    Preset(
        "First look",
        "How fast does the gradient norm fall when single gradients can be huge?",
        RunSpec(),
    ),
    Preset(
        "Transport pays",
        "How much lower does the gradient norm get when the gradient is taken a little ahead?",
        RunSpec(
            problem="log_cosh(flatness=10)", norm="frobenius", rows=4, columns=4, tail_index=2.0
        ),
        variants=({"transport": True},),
    ),
    Preset(
        "A real network",
        "Do the loss and the gradient's dual norm of a small network fall together?",
        RunSpec(problem="mlp"),
        plots=("decay",),
    ),
)

"""Presets by name: the first look, those of small networks, and those of the theory lab."""

from collections.abc import Iterator, Mapping
from typing import final

from explorer.registry import UnknownNameError
from explorer.run.spec import RunSpec
from explorer.ui._network_lab import NETWORK_LAB
from explorer.ui._preset import MOST_VARIANTS, Preset, slug
from explorer.ui._theory_lab import THEORY_LAB

__all__ = ["MOST_VARIANTS", "PRESETS", "Preset", "Presets"]


@final
class Presets(Mapping[str, Preset]):
    """Presets by name; ``"first-look"`` and ``"First look"`` are the same one."""

    def __init__(self, *presets: Preset) -> None:
        self._presets = {preset.name: preset for preset in presets}
        self._shipped = frozenset(preset.slug for preset in presets)

    def __getitem__(self, name: str) -> Preset:
        for preset in self._presets.values():
            if preset.slug == slug(name):
                return preset
        raise UnknownNameError(f"unknown preset {name!r}; expected one of {list(self._presets)}.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._presets)

    def __len__(self) -> int:
        return len(self._presets)

    def ships(self, preset: Preset) -> bool:
        """Return whether a preset is one of the explorer's own, which every reader has."""
        return preset.slug in self._shipped and self[preset.name] is preset

    def add(self, preset: Preset) -> Preset:
        """Put a preset into the menu of every later panel; one of the same name is replaced.

        Raises:
            TypeError: If it is no :class:`Preset`.
            ValueError: If it would replace one that the explorer ships.
        """
        if not isinstance(preset, Preset):
            raise TypeError(f"preset must be a Preset, got {preset!r}.")
        if preset.slug in self._shipped:
            raise ValueError(f"preset {preset.name!r} is one of the explorer's own; rename yours.")
        self._presets = {
            name: one for name, one in self._presets.items() if one.slug != preset.slug
        } | {preset.name: preset}
        return preset


PRESETS = Presets(
    Preset(
        "First look",
        "How fast does the gradient norm fall when single gradients can be huge?",
        RunSpec(),
        plots=("decay", "rate", "geometry", "noise", "contest"),
        study={"contest": {"calls": 2000}},  # some seconds; all 20,000 take minutes
    ),
    Preset(
        "Transport pays",
        "How much lower does the gradient norm get when the gradient is taken a little ahead?",
        RunSpec(
            problem="log_cosh(flatness=10)", norm="frobenius", rows=4, columns=4, tail_index=2.0
        ),
        variants=({"transport": True},),
    ),
    *NETWORK_LAB,
    *THEORY_LAB,
)

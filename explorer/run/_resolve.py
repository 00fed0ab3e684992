"""From what was given to a whole spec: options in names, the problem's own choices, units."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from explorer.registry import (
    NOISES,
    NORMS,
    OPTIMIZERS,
    PROBLEMS,
    changed_options,
    with_options,
)
from explorer.run._checks import text

NOISE_UNITS = ("noise_level", "noise_scale", "noise_ratio")


def noises(problem: Any) -> list[str]:
    """Return the noises that may be added to a problem's gradients."""
    if problem.network:
        return [name for name in NOISES if NOISES[name].for_networks]
    return ["none"] if problem.own_oracle else list(NOISES)


def noise_units(problem: Any) -> tuple[str, ...]:
    """Return the units in which a problem's noise may be given; a level is measured by L."""
    if problem.network:
        return ("noise_ratio",)
    return ("noise_level", "noise_scale") if problem.smooth else ("noise_scale",)


class _Choice:
    """The mark of a field that was not given."""

    def __repr__(self) -> str:
        return "<the problem's own choice>"


CHOICE: Any = _Choice()


@dataclass(frozen=True)
class Origin:
    """The values of a spec, which of them somebody gave, and which the present change names.

    A value that is named counts as given even where it equals the one before.
    """

    values: dict[str, Any]
    given: frozenset[str]
    named: frozenset[str] = frozenset()


def resolve(values: dict[str, Any], origin: Origin | None) -> Origin:
    """Fill in what was not given, and return what the next change must know.

    Args:
        values: Every field of a spec by name, ``CHOICE`` where it was not given; changed in place.
        origin: Of the spec that this one is a changed copy of, or None.
    """
    if origin is None:
        fresh = {name for name, value in values.items() if value is not CHOICE}
    else:
        fresh = {name for name, value in values.items() if value != origin.values.get(name)}
        fresh |= origin.named
    fresh |= _take_options(values, fresh)
    given = fresh
    if origin is not None:
        given = origin.given | fresh
        _drop_what_no_longer_applies(values, origin, fresh, given)
    _choose(values)
    return Origin(values, frozenset(given))


def _take_options(values: dict[str, Any], fresh: Set[str]) -> set[str]:
    """Spell instances as text; what they or a text set of the spec's own fields goes there.

    Returns:
        The fields that were set so.
    """
    names, taken = tuple(values), set[str]()
    registries = {"problem": PROBLEMS, "noise": NOISES, "norm": NORMS, "optimizer": OPTIMIZERS}
    for field, registry in registries.items():
        wanted = values[field]
        if wanted is CHOICE or (isinstance(wanted, str) and "(" not in wanted):
            continue
        if isinstance(wanted, str):
            name, options = registry.parse(wanted)
            values[field] = with_options(name, options, without=names)
        else:
            options = changed_options(wanted)
            values[field] = registry.spell(wanted, without=names)
        for name in options.keys() & set(names):
            if name in fresh | taken and values[name] not in (CHOICE, None, options[name]):
                raise ValueError(
                    f"{name} is given twice, as {values[name]!r} and in {wanted!r}; say it once."
                )
            values[name] = options[name]
            taken.add(name)
    return taken


def _drop_what_no_longer_applies(
    values: dict[str, Any], origin: Origin, fresh: Set[str], given: Set[str]
) -> None:
    """Give a field back to the problem where a new problem or noise unit takes its sense away."""
    if any(values[unit] is not None for unit in NOISE_UNITS if unit in fresh):
        for unit in set(NOISE_UNITS) - fresh:
            values[unit] = CHOICE
    old = PROBLEMS.parse(origin.values["problem"])[0]
    new = PROBLEMS.parse(values["problem"])[0]
    if old == new:
        return
    kind_changed = any(
        getattr(PROBLEMS[old], trait) != getattr(PROBLEMS[new], trait)
        for trait in ("network", "smooth", "own_oracle")
    )
    of_a_kind = {"rows", "columns", "norm", "noise", "schedule", "momentum", "lr", *NOISE_UNITS}
    for name in set(values) - fresh - {"problem"}:
        if name not in given or (kind_changed and name in of_a_kind):
            values[name] = CHOICE


def _choose(values: dict[str, Any]) -> None:
    """Fill in the problem's own choices; of the noise units, only where none was given."""
    name, _ = PROBLEMS.parse(text("problem", values["problem"]))
    problem = PROBLEMS[name]
    units = [unit for unit in NOISE_UNITS if values[unit] not in (CHOICE, None)]
    if len(units) > 1:
        raise ValueError(
            f"the noise is given twice, {' and '.join(f'{u}={values[u]!r}' for u in units)}; "
            "give one of them."
        )
    fitting = noise_units(problem)
    if units and units[0] not in fitting:
        kind = "a network" if problem.network else "a toy" if problem.smooth else "a toy without L"
        raise ValueError(
            f"{units[0]} is not a unit of noise on {kind} such as {name!r}, got "
            f"{values[units[0]]!r}; give {' or '.join(fitting)}."
        )
    for unit in NOISE_UNITS:
        if units and values[unit] is CHOICE:
            values[unit] = None
    for field, default in problem.defaults.items():
        if values[field] is CHOICE:
            values[field] = default
    if all(values[unit] is None for unit in NOISE_UNITS):
        own = next(unit for unit in fitting if problem.defaults[unit] is not None)
        if values["noise"] == "none":  # nothing asks for a unit, so the problem's own stands
            values[own] = problem.defaults[own]
            return
        raise ValueError(
            f"{own} must be a positive number, got None with no other unit; "
            "for no noise choose noise='none'."
        )

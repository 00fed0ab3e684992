"""Kept runs: lines beside later ones, labelled by the fields in which they differ."""

from collections.abc import Sequence

from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui._jobs import Kept, label_of

MOST_KEPT = 4


def with_one_more(kept: Sequence[Trace], trace: Trace) -> list[Trace]:
    """Return kept runs and another one; the oldest of more than four goes, none is there twice."""
    if any(one is trace for one in kept):
        return [*kept]
    return [*kept, trace][-MOST_KEPT:]


def labelled(kept: Sequence[Trace], present: RunSpec, variants: Kept) -> Kept:
    """Return a run's variants and, in the room that they leave, kept runs with their labels."""
    room = MOST_KEPT - len(variants)
    lines = [(_label(trace.spec, present), trace) for trace in kept]
    return [*variants, *lines[max(0, len(lines) - room) :]]


def _label(spec: RunSpec, present: RunSpec) -> str:
    """Return the fields by which a kept run differs from the present one, with its own values."""
    changes = {field: mine for field, (mine, _) in spec.diff(present).items()}
    return label_of(changes) or "same"

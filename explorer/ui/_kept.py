"""Kept runs: lines beside later ones, labelled by the fields in which they differ."""

from collections.abc import Sequence

from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.ui._jobs import Kept, label_of

MOST_KEPT = 4
MOST_NAMED = 3  # fields in a label; the table has them all


def with_one_more(kept: Sequence[Trace], trace: Trace, room: int = MOST_KEPT) -> list[Trace]:
    """Return kept runs and another one; none is there twice.

    Raises:
        ValueError: If there is no room for another one.
    """
    if any(one.spec == trace.spec and len(one) == len(trace) for one in kept):
        return [*kept]
    if len(kept) >= room:
        raise ValueError(f"{MOST_KEPT} lines beside a run can be told apart, no more; drop one.")
    # a paused run goes on, but what was kept of it stays
    return [*kept, trace.still()]


def labelled(kept: Sequence[Trace], present: RunSpec, variants: Kept) -> Kept:
    """Return a run's variants and, in the room that they leave, kept runs with their labels."""
    room = MOST_KEPT - len(variants)
    # a run beside itself is no comparison
    lines = [(_label(trace.spec, present), trace) for trace in kept if trace.spec != present]
    return [*variants, *lines[max(0, len(lines) - room) :]]


def _label(spec: RunSpec, present: RunSpec) -> str:
    """Return the fields by which a kept run differs from the present one, with its own values."""
    changes = {field: mine for field, (mine, _) in spec.diff(present).items()}
    if "problem" in changes:  # most of the others only follow from it
        changes = {"problem": changes["problem"], "norm": spec.norm}
    shown = dict([*changes.items()][:MOST_NAMED])
    more = len(changes) - len(shown)
    return label_of(shown) + (f", {more} more" if more else "")

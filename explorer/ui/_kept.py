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
        if not room:
            raise ValueError("the variants beside this run leave no room for another line.")
        said = f", {MOST_KEPT - room} of them variants of this preset" if room < MOST_KEPT else ""
        raise ValueError(
            f"{MOST_KEPT} lines beside a run can be told apart{said}, no more; drop one."
        )
    # a paused run goes on, but what was kept of it stays
    return [*kept, trace.still()]


def labelled(kept: Sequence[Trace], present: RunSpec, variants: Kept) -> Kept:
    """Return a run's variants and, in the room that they leave, kept runs with their labels."""
    room = MOST_KEPT - len(variants)
    # a run beside itself is no comparison
    lines = [trace for trace in kept if trace.spec != present]
    lines = lines[max(0, len(lines) - room) :]
    taken = [label for label, _ in variants]
    return [*variants, *zip(_labels(lines, present, taken), lines, strict=True)]


def _labels(kept: Sequence[Trace], present: RunSpec, taken: Sequence[str]) -> list[str]:
    """Return a label for each, no two alike: twins say where they differ, or how long they ran."""
    first = [_label(trace.spec, present) for trace in kept]
    labels = [*taken]
    for trace, label in zip(kept, first, strict=True):
        twins = [one.spec for one, its in zip(kept, first, strict=True) if its == label]
        differing = {field for twin in twins for field in trace.spec.diff(twin)}
        if differing:
            values = {field: getattr(trace.spec, field) for field in sorted(differing)}
            label = f"{label}, {label_of(dict([*values.items()][:MOST_NAMED]))}"
        if label in labels:
            label = f"{label}, kept at {trace.column('stratum_end')[-1]:,.0f} calls"
        number = labels.count(label)
        labels.append(f"{label} ({number + 1})" if number else label)
    return labels[len(taken) :]


def _label(spec: RunSpec, present: RunSpec) -> str:
    """Return the fields by which a kept run differs from the present one, with its own values."""
    changes = {field: mine for field, (mine, _) in spec.diff(present).items()}
    if "problem" in changes:  # most of the others only follow from it
        changes = {"problem": changes["problem"], "norm": spec.norm}
    shown = dict([*changes.items()][:MOST_NAMED])
    more = len(changes) - len(shown)
    return label_of(shown) + (f", {more} more" if more else "")

"""Rows of numbers as text."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.run.spec import RunSpec


def csv_of(
    rows: Sequence[Mapping[str, Any]],
    spec: RunSpec,
    version: str,
    beside: Sequence[tuple[str, RunSpec]] = (),
) -> str:
    """Return rows as CSV, behind a first line with a version and the spec that they share.

    A name that not every row has is a column all the same, empty where it is missing.

    Args:
        rows: One for each line.
        spec: What ran.
        version: Of the explorer that made the numbers.
        beside: Labels and specs of what else is in the rows, each in a line of its own.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    text.write(f"# scion-explorer {version} {spec.to_json()}\n")
    for label, other in beside:
        text.write(f"# beside it, {label}: {other.to_json()}\n")
    writer = csv.DictWriter(text, fieldnames=names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

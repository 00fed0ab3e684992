"""Rows of numbers in a file."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.run.spec import RunSpec


def write_rows(path: str | Path, spec: RunSpec, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, behind a first line with the spec that they share."""
    with Path(path).open("w", newline="") as file:
        file.write(f"# {spec.to_json()}\n")
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)

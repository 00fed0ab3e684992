"""Rows of numbers in a file."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.run._version import package_version
from explorer.run.spec import RunSpec


def write_rows(path: str | Path, spec: RunSpec, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV, behind a first line with the version and the spec that they share.

    A name that not every row has is a column all the same, empty where it is missing.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="") as file:
        file.write(f"# scion-explorer {package_version()} {spec.to_json()}\n")
        writer = csv.DictWriter(file, fieldnames=names)
        writer.writeheader()
        writer.writerows(rows)

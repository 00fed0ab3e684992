"""Rows of numbers as text."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from explorer.run.spec import RunSpec


def csv_of(rows: Sequence[Mapping[str, Any]], spec: RunSpec, version: str) -> str:
    """Return rows as CSV, behind a first line with a version and the spec that they share.

    A name that not every row has is a column all the same, empty where it is missing.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    text.write(f"# scion-explorer {version} {spec.to_json()}\n")
    writer = csv.DictWriter(text, fieldnames=names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()

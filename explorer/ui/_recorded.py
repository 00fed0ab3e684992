"""Stored runs: what each preset's first picture shows, so that a page begins with a picture.

``python -m explorer.ui._recorded`` runs every preset and writes the file anew.
"""

import functools
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from explorer.plots._base import Series
from explorer.registry import PLOTS
from explorer.run.device import few_threads
from explorer.ui._jobs import in_words, make_job
from explorer.ui._preset import Preset

FILE = Path(__file__).with_name("recorded.npz")
MOST_POINTS = 80  # of a line: more than that no eye sees in a faint one


class Recorded(NamedTuple):
    """A stored run.

    Attributes:
        series: The numbers behind the lines of the picture.
        sentence: The picture in words.
    """

    series: Series
    sentence: str


def recorded(preset: Preset) -> Recorded | None:
    """Return the stored run of a preset, or None where there is none for it as it stands."""
    found = _all().get(preset.slug)
    return found[1] if found is not None and found[0] == key(preset) else None


def key(preset: Preset) -> str:
    """Return a digest of all that a preset's first picture hangs on."""
    plot = preset.plots[0]
    parts = [
        preset.spec.to_json(),
        [dict(one) for one in preset.variants],
        plot,
        dict(preset.study.get(PLOTS[plot].draws, {})),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def record(preset: Preset) -> Recorded:
    """Run what a preset's first picture shows to its end, and return what is to be stored."""
    plot = preset.plots[0]
    kind = PLOTS[plot].draws
    job = make_job(kind, preset.spec, preset.variants, preset.study.get(kind, {}))
    job.begin()
    with few_threads(job.entries):
        while not job.finished:
            job.advance()
    lines = PLOTS[plot]().series(job.data, job.beside)
    return Recorded(
        {name: thinned(np.asarray(x), np.asarray(y)) for name, (x, y) in lines.items()},
        in_words(job.data, job.beside),
    )


def thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a line with fewer points, evenly spread over its indices, as float32."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return x[kept].astype(np.float32), y[kept].astype(np.float32)


def write(runs: Sequence[tuple[Preset, Recorded]], path: Path = FILE) -> None:
    """Write stored runs; equal ones give equal files."""
    arrays: dict[str, Any] = {}
    about: dict[str, Any] = {}
    for preset, run in runs:
        about[preset.slug] = {
            "key": key(preset), "sentence": run.sentence, "lines": list(run.series),
        }  # fmt: skip
        for i, line in enumerate(run.series.values()):
            arrays[f"{preset.slug}/{i}"] = np.stack(line)
    arrays["about"] = np.array(json.dumps(about))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            # a date of its own would make another file of equal numbers
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), compresslevel=9)


@functools.cache
def _all() -> dict[str, tuple[str, Recorded]]:
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        return {
            slug: (
                one["key"],
                Recorded(
                    {name: tuple(file[f"{slug}/{i}"]) for i, name in enumerate(one["lines"])},
                    one["sentence"],
                ),
            )
            for slug, one in about.items()
        }


def _main() -> None:
    from explorer.ui.presets import PRESETS

    runs: list[tuple[Preset, Recorded]] = []
    for preset in PRESETS.values():
        sys.stderr.write(f"{preset.name}\n")
        runs.append((preset, record(preset)))
    write(runs)


if __name__ == "__main__":
    _main()

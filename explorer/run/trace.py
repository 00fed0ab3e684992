"""Trace: a run that says itself, shows itself, and goes to files and back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np

from explorer.run import _words
from explorer.run._records import NUMBERS, Record, Records
from explorer.run._shown import Shown
from explorer.run.snapshot import Snapshot
from explorer.run.spec import RunSpec

META = (
    "bound_unmet",
    "exponent",
    "exponent_formula",
    "constants",
    "notes",
    "device",
    "version",
    "seconds",
    "complete",
)


@final
@dataclass(kw_only=True, repr=False)
class Trace(Records, Shown):
    """All numbers of one run; every array is numpy float64, and R counts records, S seeds.

    Attributes:
        spec: What ran.
        bound_unmet: The sentence why no bound is drawn, or None.
        exponent: The theorem's exponent for a run tuned to its horizon, negative.
        exponent_formula: The same in LaTeX.
        constants: ``smoothness`` L, ``hessian_smoothness`` rho, ``gap``, ``noise`` K and ``moment``
            p of the bound, by name; None where they are unknown.
        notes: Sentences that a reader must know beside the picture.
        device: Where it ran, and why there.
        version: Version of the explorer.
        seconds: Time that the run took.
        complete: False for a run that was cut off.
        present: What was measured at a step that a reader asked to see, between two records; None
            where the run has gone on. No mean and no slope counts it.
        rewound: True for a copy that ends before the run did, see ``until``.
        snapshot: The matrices at the last record, the first seed's; None before it, and for a
            network. It is replaced as a whole.
        snapshots: Those of earlier records, as many as a few MB hold, of an experiment that was
            asked to keep them; no file does.
    """

    usual_plot: ClassVar[str] = "decay"

    @property
    def title(self) -> str:
        """The run in one line, for the head of a picture."""
        return _words.describe(self.spec)

    @property
    def sentence(self) -> str:
        """The picture in words: what was run, what was seen, what theory says beside it."""
        return _words.sentence(self.still())

    @property
    def brief(self) -> str:
        """The weighted mean and the present one, for a run beside another."""
        if not len(self) or not self.finite.any():
            return "every seed diverged" if len(self) else "not run yet"
        return f"weighted mean {self.running_mean[-1]:.3g}, now {self.mean[-1]:.3g}"

    def save(self, path: str | Path) -> None:
        """Write everything to an npz file without pickle; :meth:`load` reads it."""
        meta = {name: getattr(self, name) for name in META} | {"spec": self.spec.to_json()}
        still = self.still()
        arrays: dict[str, Any] = {name: still.column(name) for name in NUMBERS}
        arrays |= {f"measure/{name}": array for name, array in still.measures.items()}
        arrays |= {} if still.snapshot is None else still.snapshot.arrays()
        arrays |= {"meta": np.array(json.dumps(meta)), "stationarity": still.stationarity}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Return the trace that :meth:`save` wrote, on whatever machine it ran.

        Raises:
            ValueError: If the file is no trace.
        """
        try:
            file: Any = np.load(path, allow_pickle=False)
        except (ValueError, EOFError):  # a text, or nothing
            file = {}
        if "meta" not in file or "stationarity" not in file:
            raise ValueError(f"path must name a saved trace, got {str(path)!r}; see Trace.save.")
        with file:
            meta = json.loads(str(file["meta"]))
            arrays = {name: file[name] for name in file.files if name != "meta"}
        spec = RunSpec.recall(meta.pop("spec"))
        trace = cls(spec=spec, **(meta | {"notes": tuple(meta["notes"])}))
        trace.snapshot = Snapshot.recall(arrays)
        names = [name for name in arrays if name.startswith("measure/")]
        for i in range(len(arrays["stationarity"])):
            numbers = {name: arrays[name][i].item() for name in NUMBERS}
            measures = {name.removeprefix("measure/"): arrays[name][i] for name in names}
            trace.append(
                Record(**numbers, stationarity=arrays["stationarity"][i], measures=measures)
            )
        return trace

    @property
    def made_by(self) -> str:
        """Version of the explorer that ran it, which may be an older one than this."""
        return self.version

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each record: its numbers, the means, and each seed's stationarity."""
        still = self.still()
        means = {"mean": still.mean, "running_mean": still.running_mean}
        columns = {name: still.column(name) for name in NUMBERS} | means | still.mean_measures
        columns |= {f"seed_{s}": values for s, values in enumerate(still.stationarity.T)}
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

"""Explore scale-invariant optimisation under heavy-tailed noise, beside its explicit bounds.

The front door: names are imported when they are first used, so ``import explorer`` costs neither
torch nor a widget.
"""

import importlib
from typing import TYPE_CHECKING, Any

from explorer.registry import GEOMETRIES, NOISES, NORMS, OPTIMIZERS, PLOTS, PROBLEMS

# Loaded first, so that the function `run` below, not the room of that name, is the attribute.
importlib.import_module("explorer.run")

if TYPE_CHECKING:
    from explorer.norms._base import Norm
    from explorer.norms._geometry import Geometry
    from explorer.optim.scion import Scion
    from explorer.run._reaching import calls_to_reach
    from explorer.run.contest_run import compare_norms
    from explorer.run.experiment import Experiment
    from explorer.run.grid import Grid
    from explorer.run.noise_survey import survey_noise
    from explorer.run.rate import Rate
    from explorer.run.spec import RunSpec
    from explorer.run.sweep import sweep
    from explorer.run.trace import Trace
    from explorer.ui.explorer import Explorer
    from explorer.ui.presets import PRESETS, Preset

_HOMES = {
    "PRESETS": "explorer.ui.presets",
    "Experiment": "explorer.run.experiment",
    "Explorer": "explorer.ui.explorer",
    "Geometry": "explorer.norms._geometry",
    "Grid": "explorer.run.grid",
    "Norm": "explorer.norms._base",
    "Preset": "explorer.ui.presets",
    "Rate": "explorer.run.rate",
    "RunSpec": "explorer.run.spec",
    "Scion": "explorer.optim.scion",
    "Trace": "explorer.run.trace",
    "calls_to_reach": "explorer.run._reaching",
    "compare_norms": "explorer.run.contest_run",
    "survey_noise": "explorer.run.noise_survey",
    "sweep": "explorer.run.sweep",
}

__all__ = [
    "GEOMETRIES",
    "NOISES",
    "NORMS",
    "OPTIMIZERS",
    "PLOTS",
    "PRESETS",
    "PROBLEMS",
    "Experiment",
    "Explorer",
    "Geometry",
    "Grid",
    "Norm",
    "Preset",
    "Rate",
    "RunSpec",
    "Scion",
    "Trace",
    "calls_to_reach",
    "compare_norms",
    "doctor",
    "run",
    "survey_noise",
    "sweep",
]


def run(spec: "RunSpec", *, progress: bool = False) -> "Trace":
    """Run a spec to its horizon and return its trace; see :func:`explorer.run.experiment.run`."""
    from explorer.run.experiment import run as blocking

    return blocking(spec, progress=progress)


def doctor() -> str:
    """Return what is installed here and what is missing; see :mod:`explorer.run.doctor`."""
    from explorer.run.doctor import report

    return report()


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from explorer.run._version import package_version

        return package_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'explorer' has no attribute {name!r}; it has {__all__}.")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""The specs that theory tunes: one for each horizon, with its batch."""

import operator
from collections.abc import Iterator, Sequence

from explorer.registry import PROBLEMS
from explorer.run.constants import assumed_constants
from explorer.run.experiment import Experiment
from explorer.run.spec import RunSpec, takes_lmo
from explorer.theory.schedules import tuned_batch


def has_rate(spec: RunSpec) -> bool:
    """Return whether such runs can be tuned to a horizon: a toy with L, and steps of an LMO.

    Example:
        >>> has_rate(RunSpec()), has_rate(RunSpec(problem="quartic"))
        (True, False)
    """
    smooth = PROBLEMS[PROBLEMS.parse(spec.problem)[0]].smooth
    return smooth and takes_lmo(spec)


def points(
    spec: RunSpec, horizons: Sequence[int], batch_size: str, *, least: int = 2
) -> Iterator[RunSpec]:
    """Yield the spec tuned to each horizon, with its batch.

    Args:
        spec: What is tuned.
        horizons: Oracle calls, ascending.
        batch_size: ``"tuned"`` or ``"spec"``.
        least: How many horizons are wanted at least.

    Raises:
        ValueError: If no theorem tunes such a run, or the horizons are none.
    """
    if batch_size not in ("tuned", "spec"):
        raise ValueError(f"batch_size must be 'tuned' or 'spec', got {batch_size!r}.")
    if not has_rate(spec):
        raise ValueError(
            f"no rate to measure: tuning to a horizon needs L, rho and K, and {spec.problem!r} "
            f"with optimizer {spec.optimizer!r} has none; choose a toy and 'scion'."
        )
    try:
        wanted = [operator.index(horizon) for horizon in horizons]
    except TypeError:
        wanted = []
    if len(wanted) < least or sorted(set(wanted)) != wanted or wanted[0] < 1:
        raise ValueError(
            f"horizons must be {'two' if least > 1 else 'one'} or more whole numbers, ascending "
            f"from at least 1, got {horizons!r}; try [1_000, 10_000, 100_000]."
        )
    experiment = Experiment(spec)
    why_not, constants = experiment.trace.bound_unmet, experiment.constants
    if why_not is not None or constants is None:
        raise ValueError(f"no rate to measure: {why_not}")
    free = spec.replace(momentum=None, lr=None, schedule="horizon")
    assumed = assumed_constants(free, constants)
    assert assumed is not None, "what is assumed of known constants is known"
    for horizon in wanted:
        batch = spec.batch_size
        if batch_size == "tuned":
            batch = tuned_batch(assumed, horizon, batch, float(spec.transport))
        yield free.replace(horizon=horizon, batch_size=batch)

"""When a run is measured: steps drawn before it starts, so that means are unbiased."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

SINGLE_SHARE = 32 / 200  # of the records: at the start every step has a stratum of its own


class Stratum(NamedTuple):
    """Steps ``start <= t < end``, one of which, ``step``, is measured in the name of all."""

    start: int
    end: int
    step: int


def strata(n_steps: int, generator: np.random.Generator, most: int = 200) -> list[Stratum]:
    r"""Return fewer than ``most`` log-spaced strata of the steps, with one step drawn in each.

    With w the number of steps of a stratum, :math:`\sum w\,\eta\,\|\nabla f\|_* / \sum \eta` over
    the drawn steps is an unbiased estimate of the step-weighted mean over all steps.

    Args:
        n_steps: Steps T of the run.
        generator: Draws the steps; shared by all seeds.
        most: Records wanted, the last iterate's included; at least 10.

    Example:
        >>> plan = strata(10_000, np.random.default_rng(0))
        >>> len(plan) < 200, plan[0], plan[-1].end
        (True, Stratum(start=0, end=1, step=0), 10000)
    """
    if n_steps <= most:
        return [Stratum(t, t + 1, t) for t in range(n_steps)]
    single = round(SINGLE_SHARE * most)
    wide = np.geomspace(single, n_steps, most - single)
    edges = [*range(single), *np.unique(np.rint(wide).astype(int)).tolist()]
    return [Stratum(a, b, int(generator.integers(a, b))) for a, b in pairwise(edges)]

"""Tuning: the batch and the step size that suit one norm best on one problem."""

from collections.abc import Generator, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from explorer.norms._base import as_norm
from explorer.registry import PROBLEMS
from explorer.run._records import FROBENIUS
from explorer.run.experiment import Experiment
from explorer.run.spec import RunSpec, make
from explorer.run.trace import Trace
from explorer.theory._constants import Constants
from explorer.theory.schedules import tune

WORSE = 1.1  # shorter windows than one that is so much worse than the best are not tried
TRIED = 3  # step sizes of a window, mostly: a best one and its two neighbours


class Setting(NamedTuple):
    """What was found best.

    Attributes:
        spec: The run, on the seeds that it was found on.
        mean: Its mean over run and seeds of the gradient's Frobenius norm, on those seeds.
        edges: Where the grid ended before the mean had a minimum: ``"longest window"``,
            ``"shortest window"``, ``"largest step"``, ``"smallest step"``.
    """

    spec: RunSpec
    mean: float
    edges: tuple[str, ...]


@final
class Tuning:
    """A search step by step: windows from the longest down, and in each the best step size.

    A window W is a batch of W calls without momentum. Its step size is the tuned one of schedule
    ``"horizon"`` times a factor; from the best factor of the window before, the search goes on to
    neighbours as long as they are better. So a mean with several minima over factors may be missed.
    A search that finds a window 10 % worse than its best ends: shorter ones are dearer to run.

    Args:
        spec: A toy with L, its norm, and the seeds to tune on.
        windows: Batches, each at most the horizon.
        factors: Of the step size, ascending.

    Attributes:
        best: The best setting so far, or None.
        finished: True when the search has ended.
    """

    def __init__(self, spec: RunSpec, windows: Sequence[int], factors: Sequence[float]) -> None:
        self.best: Setting | None = None
        self.finished = False
        self._spec = spec.replace(schedule="constant", momentum=0.0, transport=False, lr=1.0)
        self._windows = sorted(windows, reverse=True)
        self._factors = factors
        problem = make(PROBLEMS, spec, spec.problem)
        smoothness = problem.smoothness(as_norm(spec.norm))
        self._constants = Constants(smoothness, None, problem.gap, 0.0, 2.0)
        self._steps = [TRIED * (spec.horizon // window) for window in self._windows]
        self._passed = 0
        self._made = 0
        self._search = self._searching()

    @property
    def share(self) -> float:
        """About what share of the search is made."""
        present = self._steps[self._passed] if self._passed < len(self._steps) else 0
        made = sum(self._steps[: self._passed]) + min(self._made, present)
        return 1.0 if self.finished else made / sum(self._steps)

    @property
    def n_steps(self) -> int:
        """About how many steps the whole search takes."""
        return sum(self._steps)

    def advance(self) -> None:
        """Make one step of one run."""
        self.finished = next(self._search, True) is True

    def setting(self, window: int, factor: float) -> RunSpec:
        """Return the run of a window and a factor."""
        calls = self._spec.horizon // window * window
        lr = tune(self._constants, calls, window, momentum=0.0).lr * factor
        return self._spec.replace(batch_size=window, lr=lr)

    def _searching(self) -> Generator[None]:
        at = len(self._factors) // 2
        for window in self._windows:
            found: dict[int, float] = {}
            while True:
                for place in (at, at - 1, at + 1):
                    if 0 <= place < len(self._factors) and place not in found:
                        found[place] = yield from self._mean(window, place)
                lowest = min(found, key=lambda place: found[place])
                if lowest == at:
                    break
                at = lowest
            if self.best is None or found[at] < self.best.mean:
                spec = self.setting(window, self._factors[at])
                self.best = Setting(spec, found[at], self._edges(window, at))
            self._passed, self._made = self._passed + 1, 0
            if not found[at] <= WORSE * self.best.mean:
                return

    def _mean(self, window: int, place: int) -> Generator[None, None, float]:
        experiment = Experiment(self.setting(window, self._factors[place]), nuclear_rank=False)
        while not experiment.finished:
            experiment.advance()
            self._made += 1
            yield
        mean = float(frobenius_means(experiment.trace).mean())
        return mean if np.isfinite(mean) else float("inf")

    def _edges(self, window: int, place: int) -> tuple[str, ...]:
        ends = {
            "longest window": window == self._windows[0],
            "shortest window": window == self._windows[-1] > 1,  # there is none below one call
            "largest step": place == len(self._factors) - 1,
            "smallest step": place == 0,
        }
        return tuple(name for name, reached in ends.items() if reached)


def frobenius_means(trace: Trace) -> NDArray[np.float64]:
    r"""Return each seed's mean of :math:`\|\nabla f(X_t)\|_F` over all steps, ``[S]``, unbiased."""
    weights = trace.column("weight")
    return weights @ trace.measures[FROBENIUS] / weights.sum()

"""How calls to eps are found: by theory's tuning at each budget, or by a grid of settings."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np

from explorer.problems.chain import STATIONARITY, Chain
from explorer.registry import PROBLEMS
from explorer.run._tuned import points as tuned
from explorer.run._work import seconds_a_step, to_the_end
from explorer.run.chain_class import ChainClass, Point
from explorer.run.experiment import Experiment
from explorer.run.reach import Array, Arrival, Reach
from explorer.run.spec import RunSpec, make
from explorer.run.trace import Trace
from explorer.theory.bootstrap import resampled_weights

THEORY = {"Scion, tuned by theory": False, "transported, tuned by theory": True}
GRID = {
    "Scion, tuned by grid": "scion",
    "normalised SGD, tuned by grid": "normalized_sgd",
    "clipped SGD, tuned by grid": "clipped_sgd",
}
METHODS = (*THEORY, *GRID)
LENGTHS = (4, 8, 16)
FIRST_GUESS = {False: 14.0, True: 34.0}  # times N_low, for theory's tuning at the first point
MOST_TRIALS, USUAL_TRIALS = 8, 2.5
NEAR = 0.02  # of eps: from there the line through two trials is good
MOVES = (1.0, 1.25, 1.5)  # steps in units of a link: one reveal is to carry a coordinate through
SELDOM = 8  # one batch in so many shows a row; two in one batch would be a waste
SELDOM_TUNING = 2  # a quarter of the steps, and the same step is the best
TUNING_SEEDS = 4
GRID_BUDGET = 4.0  # times N_low
FIXED: Mapping[str, Any] = {"momentum": 0.0, "schedule": "constant"}  # of methods tuned by grid


@final
class ReachRun:
    """Calls to eps, step by step, method after method at every point.

    Theory's tuning has step, momentum and batch for each budget N; the N whose mean over the run
    and over seeds is eps is found by secants in log-log. A grid method has a constant step, no
    momentum and a batch that seldom shows two rows; the step that is quickest on some seeds is run
    on others, and its running mean followed until that of every resample of the seeds has come to
    eps. Grid methods run on the same reveals, so where one is lucky all are.

    Args:
        spec: Of problem ``"chain"``, whose ``moment`` is p; it gives seeds, seed, device and dtype,
            and nothing else of it counts.
        lengths: T of the chains, ascending; several give a picture over eps.
        ranks: r of the chains, ascending; several, with one length, give a picture over r.
        hessian: True for functions with a Lipschitz Hessian.
        methods: Of ``METHODS``.

    Raises:
        ValueError: If the problem is no chain, both or neither of ``lengths`` and ``ranks`` vary,
            or a method is unknown.
    """

    def __init__(
        self,
        spec: RunSpec,
        *,
        lengths: Sequence[int] = LENGTHS,
        ranks: Sequence[int] = (4,),
        hessian: bool = False,
        methods: Sequence[str] = METHODS,
    ) -> None:
        if (len(lengths) > 1) == (len(ranks) > 1):
            raise ValueError(
                f"one of lengths and ranks must hold several numbers, got {list(lengths)} and "
                f"{list(ranks)}; try lengths={list(LENGTHS)}, ranks=[4]."
            )
        for method in methods:
            if method not in METHODS:
                raise ValueError(f"methods must be of {list(METHODS)}, got {method!r}.")
        chain = make(PROBLEMS, spec, spec.problem)
        if not isinstance(chain, Chain):
            raise ValueError(
                f"the lower bound is about the chain, got problem {spec.problem!r}; choose "
                "'chain', or 'chain(moment=1.5)' for heavier tails."
            )
        family = ChainClass(chain.moment, hessian, easiest=(min(lengths), max(ranks)))
        used = RunSpec(
            problem=f"chain(moment={chain.moment!r})",
            seeds=spec.seeds,
            seed=spec.seed,
            device=spec.device,
            dtype=spec.dtype,
        )
        self.reach = Reach(
            spec=used,
            family=family,
            axis="eps" if len(lengths) > 1 else "rank",
            points=tuple(family.point(rank=r, length=t) for t in lengths for r in ranks),
            methods=tuple(methods),
        )
        self._work = self._all()
        self._done = 0

    @property
    def finished(self) -> bool:
        """True when every method was run at every point."""
        return self.reach.complete

    @property
    def share(self) -> float:
        """Share of the points that are done, the longer chains weighing more."""
        sizes = [point.length * point.rank for point in self.reach.points]
        weights = np.repeat(sizes, len(self.reach.methods)) / sum(sizes) / len(self.reach.methods)
        return float(weights[: self._done].sum())

    @property
    def entries(self) -> int:
        """Numbers in the largest state of all seeds together."""
        return max(p.rank**2 * p.length for p in self.reach.points) * self.reach.spec.seeds

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take: searches mostly end after so many."""
        total = 0.0
        for point in self.reach.points:
            for method in self.reach.methods:
                if method in THEORY:
                    trial = round(point.low * FIRST_GUESS[THEORY[method]])
                    (spec,) = self._tuned(point, trial, THEORY[method])
                    total += USUAL_TRIALS * spec.n_steps * seconds_a_step(spec)
                    continue
                # a quarter of the steps each for the settings that are tried, as SELDOM says
                runs = 1 + len(MOVES) * SELDOM_TUNING / SELDOM
                setting = setting_for(GRID[method], point, MOVES[0], SELDOM)
                spec = self._spec(point, **setting, **FIXED, horizon=point.low)
                total += runs * spec.n_steps * seconds_a_step(spec)
        return total

    def advance(self) -> bool:
        """Make one step of one run; return True if it completed a point."""
        before, began = self._done, time.perf_counter()
        next(self._work)
        self.reach.seconds += time.perf_counter() - began
        return self._done > before

    def _all(self) -> Iterator[None]:
        for point in self.reach.points:
            for method in self.reach.methods:
                search = self._by_theory if method in THEORY else self._by_grid
                arrival = yield from search(method, point)
                self.reach.arrivals.setdefault(method, []).append(arrival)
                self._done += 1
                yield

    def _spec(self, point: Point, **fields: Any) -> RunSpec:
        spec = self.reach.spec
        chosen: dict[str, Any] = {"seeds": spec.seeds, "seed": spec.seed} | fields
        return RunSpec(
            problem=point.problem(self.reach.family.moment),
            rows=point.rank,
            columns=point.rank * point.length,
            device=spec.device,
            dtype=spec.dtype,
            **chosen,
        )

    def _tuned(self, point: Point, calls: int, transport: bool) -> Iterator[RunSpec]:
        return tuned(self._spec(point, transport=transport), [calls], "tuned", least=1)

    def _by_theory(self, method: str, point: Point) -> Any:
        """Find the budget whose tuned run has the mean eps, on the line through two near it."""
        before = self.reach.ratios(method)
        known = len(before) and np.isfinite(before[-1])
        trial = point.low * (before[-1] if known else FIRST_GUESS[THEORY[method]])
        slope, settings = 1 / self.reach.family.exponent, {}
        last: tuple[float, float] | None = None
        for _ in range(MOST_TRIALS):
            means, settings = yield from self._tuned_means(point, round(trial), THEORY[method])
            x, y = math.log(trial), math.log(means.mean() / point.eps)
            if last is not None and (y - last[1]) / (x - last[0]) < slope / 4:
                slope = (y - last[1]) / (x - last[0])
            trial, last = math.exp(x - y / slope), (x, y)
            if abs(y) < NEAR:
                # by the theorem's exponent: a secant through two near trials is no slope
                resampled = means @ resampled_weights(len(means)) / point.eps
                ends = np.percentile(resampled, (2.5, 97.5)) ** -self.reach.family.exponent
                ends *= math.exp(x)
                return Arrival(trial, float(ends[0]), float(ends[1]), settings)
        return Arrival(math.nan, math.nan, math.nan, settings)

    def _tuned_means(self, point: Point, calls: int, transport: bool) -> Any:
        (spec,) = self._tuned(point, calls, transport)
        experiment = Experiment(spec)
        while not experiment.finished:
            experiment.advance()
            yield
        settings = {"batch_size": spec.batch_size, "lr": float(experiment.trace.column("lr")[-1])}
        return experiment.trace.mean_stationarity, settings

    def _by_grid(self, method: str, point: Point) -> Any:
        """Follow the running mean of the step that was the quickest on other seeds."""
        best, step = GRID_BUDGET * point.low, 0.0
        other = {"seed": self.reach.spec.seed + 1, "seeds": TUNING_SEEDS}
        for tried in MOVES:
            setting = setting_for(GRID[method], point, tried, SELDOM_TUNING)
            trace = yield from self._followed(point, setting, round(best), other)
            (calls,) = first_below(trace, point.eps, np.full((TUNING_SEEDS, 1), 1 / TUNING_SEEDS))
            if calls < best:
                best, step = float(calls), tried
        if not step:
            return Arrival(math.nan, math.nan, math.nan, {})
        setting = setting_for(GRID[method], point, step, SELDOM)
        trace = yield from self._followed(point, setting, round(GRID_BUDGET * point.low), {})
        seeds = trace.spec.seeds
        (calls,) = first_below(trace, point.eps, np.full((seeds, 1), 1 / seeds))
        again = first_below(trace, point.eps, resampled_weights(seeds))
        if not np.isfinite(calls):
            return Arrival(math.nan, math.nan, math.nan, setting)
        low, high = np.percentile(again, (2.5, 97.5), method="nearest")
        return Arrival(float(calls), float(low), float(high), setting)

    def _followed(
        self, point: Point, setting: Mapping[str, Any], calls: int, other: Mapping[str, int]
    ) -> Any:
        """Run a setting until every resampled mean has come to eps, or so many calls are made."""
        experiment = Experiment(self._spec(point, **setting, **FIXED, **other, horizon=calls))
        resampled = resampled_weights(experiment.spec.seeds)
        total, steps = np.zeros(len(resampled)), 0
        arrived = np.zeros(resampled.shape[1], bool)
        while not (experiment.finished or arrived.all()):
            for record in experiment.advance():
                total += record.weight * record.stationarity
                steps += record.weight
                arrived |= total @ resampled <= point.eps * steps
            yield
        return experiment.trace


def calls_to_reach(spec: RunSpec, *, progress: bool = False, **options: Any) -> Reach:
    """Measure how many calls some methods need to eps on the chain, above the lower bound.

    Args:
        spec: Of problem ``"chain"``.
        progress: True shows a bar on standard error.
        **options: ``lengths``, ``ranks``, ``hessian`` and ``methods`` of :class:`ReachRun`.

    Returns:
        The calls; after Ctrl-C what is done.

    Example:
        >>> spec = RunSpec(problem="chain(moment=2.0)", seeds=8)
        >>> reach = calls_to_reach(spec, lengths=(1, 2), methods=["Scion, tuned by grid"])
        >>> reach.complete, [row["length"] for row in reach.rows()]
        (True, [1, 2])
    """
    work = ReachRun(spec, **options)
    to_the_end(work, progress=progress)
    return work.reach


def setting_for(optimizer: str, point: Point, move: float, seldom: int) -> Mapping[str, Any]:
    """Return a method's setting on a chain.

    Args:
        optimizer: ``"scion"``, ``"normalized_sgd"`` or ``"clipped_sgd"``.
        point: The chain.
        move: The step after a reveal, in units of a link.
        seldom: One batch in so many shows a row.
    """
    batch = max(1, round(1 / (seldom * point.rank * point.reveal)))
    lr = move * point.stretch
    if optimizer == "clipped_sgd":
        # a reveal in the batch is at least so long, and so every one is clipped
        threshold = STATIONARITY * point.eps / point.rank / (batch * point.reveal)
        optimizer, lr = f"clipped_sgd(threshold={threshold!r})", lr / threshold
    return {"optimizer": optimizer, "lr": lr, "batch_size": batch}


def first_below(trace: Trace, eps: float, weights: Array) -> Array:
    """Return the calls at which weighted running means of seeds first are at most eps.

    A measured step stands for all of its stratum, within which the mean is followed too.

    Args:
        trace: With one step size.
        eps: What is to be reached.
        weights: One column for each mean, ``[S, M]``.

    Returns:
        Shape ``[M]``, whole steps; infinite where eps is not reached.
    """
    values, steps = trace.stationarity @ weights, trace.column("weight")[:, None]
    made, sums = np.cumsum(steps, 0), np.cumsum(steps * values, 0)
    below = sums <= eps * made
    at, means = below.argmax(0), np.arange(weights.shape[1])
    value, before = values[at, means], (made - steps)[at, 0]
    # within its stratum the mean is (sum before + value (t - before)) / t
    gone = (sums - steps * values)[at, means] - value * before
    crossed = np.ceil(gone / np.maximum(eps - value, 1e-300) * (1 - 1e-12))
    crossed = np.clip(crossed, before + 1, made[at, 0])
    return np.where(below.any(0), crossed * trace.spec.batch_size, np.inf)

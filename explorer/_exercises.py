"""The exercises of the lessons: what an answer must satisfy, and what a known wrong one means."""

from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, cast

import numpy as np
from torch import Tensor

from explorer._verdict import CHECKS, Verdict, certify_lmo, exercise, not_yet
from explorer.norms._base import as_norm
from explorer.registry import NOISES
from explorer.run.experiment import Experiment
from explorer.run.grid import Grid
from explorer.run.spec import RunSpec
from explorer.run.sweep import sweep
from explorer.run.trace import Trace
from explorer.theory.exponents import calls_exponent

NEAR = 1e-6

__all__ = ["CHECKS"]  # filed below


@exercise("00.1")
def _spectral_step(function: Any) -> Verdict:
    if not callable(function):
        return not_yet(f"a function of the gradient is wanted, got {type(function).__name__}")
    return certify_lmo("spectral", cast("Callable[[Tensor], Tensor]", function))


@exercise("06.1")
def _calls_to_halve(answer: Any) -> Verdict:
    wrong = {
        2: "half the stationarity for twice the calls is a rate of -1, which no noisy method has",
        4: "that is the rate of an average of draws that have a variance; these have none, and the "
        "window must grow with the calls as well",
        8: "that is the rate at which an average of such draws falls; a run must move as well",
        16: "that is the rate for noise with a variance",
    }
    return _number(answer, 2 ** -calls_exponent(1.5), wrong, "halve the stationarity and count")


@exercise("06.2")
def _out_of_the_regime(answer: Any) -> Verdict:
    if not isinstance(answer, RunSpec):
        return not_yet(f"a RunSpec is wanted, got {type(answer).__name__}")
    changed = set(answer.diff(RunSpec(tail_index=1.5)))
    other = changed - {"noise", "noise_level", "noise_scale", "device"}
    if other:
        return not_yet(f"only the noise may change, not its tail, but so does {_list(other)}")
    trace = Experiment(answer).trace
    if not trace.constants or trace.constants["moment"] != answer.tail_index:
        return not_yet("the noise may be another, but its tail must stay as it is")
    notes = " ".join(trace.notes)
    if "noise too strong" not in notes:
        return not_yet("no sentence of this run's notes says that the noise is too strong")
    return Verdict(True, "right: the tuned window does not fit into a tenth of the calls.")


@exercise("06.3")
def _log_log_slope(function: Any) -> Verdict:
    if not callable(function):
        return not_yet(f"a function of calls and means is wanted, got {type(function).__name__}")
    rng = np.random.default_rng(0)
    for _ in range(5):
        calls = np.sort(10 ** rng.uniform(2, 6, 6))
        means = 3 * calls ** -rng.uniform(0.1, 0.5) * np.exp(rng.normal(0, 0.1, 6))
        found = float(cast("Any", function)(calls, means))
        best = float(np.polyfit(np.log(calls), np.log(means), 1)[0])
        if abs(found - best) > NEAR:
            plain = float(np.polyfit(calls, means, 1)[0])
            if abs(found - plain) < NEAR:
                return not_yet("that is the slope of the means themselves, not of their logarithms")
            ends = np.log(means[[0, -1]]) @ [-1, 1] / (np.log(calls[[0, -1]]) @ [-1, 1])
            if abs(found - ends) < NEAR:
                return not_yet("that takes the first and the last point alone")
            points = ", ".join(f"({x:.0f}, {y:.3g})" for x, y in zip(calls, means, strict=True))
            return not_yet(f"through {points} another line has smaller squares")
    return Verdict(True, "right: no line has smaller squares in the logarithms.")


@exercise("06.4")
def _what_one_run_shows(answer: Any) -> Verdict:
    reasons = {
        "rate": "the parameters of that run are fixed, so it cannot go on falling for ever",
        "nothing": "look at what the curve does once the start is forgotten",
    }
    return _word(answer, "floor", reasons)


@exercise("08.1")
def _cost_of_doubling(answer: Any) -> Verdict:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return not_yet(f"two numbers (both, long) are wanted, got {answer!r}")
    both, long = answer
    wrong = {1: "the noise of more directions is harder to average", 4: "it is not the entries"}
    how = "double the sides in the panel and compare"
    verdict = _number(both, 2.0, wrong, how)
    if not verdict:
        return Verdict(False, f"{verdict.sentence[:-1]} (both sides).")
    verdict = _number(long, 1.0, {2: "the longer side has no directions of its own"}, how)
    return verdict if verdict else Verdict(False, f"{verdict.sentence[:-1]} (the long side).")


@exercise("08.2")
def _sizes_that_cost_nothing(answer: Any) -> Verdict:
    if not isinstance(answer, RunSpec):
        return not_yet(f"a RunSpec is wanted, got {type(answer).__name__}")
    if answer.norm != "spectral" or answer.noise == "none" or "divide='rank'" not in answer.problem:
        return not_yet("keep the spectral norm, f divided by its rank, and some noise")
    if not NOISES[NOISES.parse(answer.noise)[0]].entrywise:
        return not_yet(f"a call of {answer.noise} hits few directions, however many there are")
    plain = RunSpec(problem=answer.problem, rows=answer.rows, columns=answer.columns)
    free = {"noise", "noise_level", "noise_scale", "tail_index", "horizon", "seeds", "seed"}
    other = set(answer.diff(plain)) - free - {"device", "dtype", "batch_size"}
    if other:
        return not_yet(f"only the noise may change, but so does {_list(other)}")
    quick = answer.replace(seeds=8, device="cpu")
    grid = sweep(quick, rows=[1, 2, 4], horizons=[10_000])
    assert isinstance(grid, Grid), "a sweep over a field is one"
    runs = [cell for cell in grid.cells if isinstance(cell, Trace)]
    constants = [run.constants["noise"] for run in runs if run.constants]
    if not constants or max(constants) > 1.001 * min(constants):
        return not_yet("the noise's dual norm has another size for every number of rows")
    if min(run.spec.batch_size for run in runs) < 2:
        return not_yet("the noise is so weak that no batch is tuned to it")
    if abs(grid.bound_slope) > 0.01:
        return not_yet(f"the bound of such runs still has a slope of {grid.bound_slope:.2f} in r")
    if abs(grid.slope) > 0.05:
        return not_yet(f"the measured slope in r is still {grid.slope:.2f}")
    return Verdict(True, "right: neither the bound nor the runs know how many rows there are.")


@exercise("08.3")
def _spike_constant(function: Any) -> Verdict:
    if not callable(function):
        return not_yet(f"a function of r and p is wanted, got {type(function).__name__}")
    from explorer.noise.spike import Spike

    for p in (1.2, 1.5, 2.0):
        one, many = (Spike(tail_index=p).constant(as_norm("spectral"), (r, 2 * r)) for r in (1, 5))
        found = float(cast("Any", function)(5, p))
        if abs(found - 5) < NEAR:
            return not_yet("r is what the calls are multiplied by, K grows more slowly")
        if abs(found / (many / one) - 1) > NEAR:
            return not_yet(f"for r = 5 and p = {p:g} the constant grows by another factor")
    return Verdict(True, "right: this is how K grows, and K to the power p/(p-1) like r.")


@exercise("08.4")
def _which_quantifier(answer: Any) -> Verdict:
    reasons = {
        "one function, all methods": "a method that has the minimum of that function built in "
        "needs no call at all",
        "each function, some method": "that says that good methods exist",
    }
    return _word(answer, "each method, some function", reasons)


def _number(answer: Any, wanted: float, wrong: Mapping[Any, str], how: str) -> Verdict:
    if isinstance(answer, bool) or not isinstance(answer, Real):
        return not_yet(f"a number is wanted, got {answer!r}")
    if abs(float(answer) / wanted - 1) < 0.02:
        return Verdict(True, "right.")
    return not_yet(wrong.get(float(answer), f"measure it: {how}"))


def _word(answer: Any, wanted: str, reasons: Mapping[str, str]) -> Verdict:
    word = " ".join(str(answer).lower().split())
    if word == wanted:
        return Verdict(True, "right.")
    if word in reasons:
        return not_yet(reasons[word])
    choices = sorted([wanted, *reasons])
    return not_yet(f"choose one of {choices}, got {answer!r}")


def _list(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))

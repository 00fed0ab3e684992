"""The rules of a contest: what may take part, in which noise, and what theory expects."""

import operator
from collections.abc import Sequence
from typing import Any

import torch

from explorer.noise._streams import Streams
from explorer.norms._base import as_norm
from explorer.registry import NOISES, PROBLEMS
from explorer.run.constants import toy_setting
from explorer.run.experiment import refuse_unless_spec
from explorer.run.spec import RunSpec, make
from explorer.theory.predictor import expected_gain

MOST_NORMS = 6  # as many lines can be told apart
FEWEST_STEPS = 8  # of the longest window that is tried unasked


def refuse_no_contest(spec: RunSpec, norms: Sequence[str]) -> None:
    """Raise ValueError unless a contest of these norms can be run."""
    refuse_unless_spec(spec)
    problem = PROBLEMS[PROBLEMS.parse(spec.problem)[0]]
    why = None
    if spec.network:
        why = f"{spec.problem!r} is a network"
    elif not problem.smooth:
        why = f"{spec.problem!r} has no L to tune step sizes by"
    elif problem.own_oracle:
        why = f"the oracle of {spec.problem!r} brings its own noise, made for one geometry"
    elif spec.optimizer != "scion":
        why = f"optimizer {spec.optimizer!r} does not take plain steps along an LMO"
    if why is not None:
        raise ValueError(
            f"no contest of norms: {why}; choose a toy with L, such as 'quadratic', and 'scion'."
        )
    names = [] if isinstance(norms, str) else list(norms)
    if not 2 <= len(names) <= MOST_NORMS or len(set(names)) < len(names):
        raise ValueError(
            f"norms must be two to {MOST_NORMS} different names, got {norms!r}; try "
            "['frobenius', 'spectral']."
        )


def windows_of(spec: RunSpec, windows: Sequence[int] | None) -> list[int]:
    """Return the windows to try, ascending; for None powers of four."""
    if windows is None:
        longest = max(1, spec.horizon // FEWEST_STEPS)
        return [4**k for k in range(longest.bit_length()) if 4**k <= longest]
    try:
        wanted = [operator.index(window) for window in windows]
    except TypeError:
        wanted = []
    if not wanted or min(wanted) < 1 or max(wanted) > spec.horizon:
        raise ValueError(
            f"windows must be whole numbers from 1 to horizon = {spec.horizon:,}, got "
            f"{windows!r}; try [1, 4, 16]."
        )
    return sorted(set(wanted))


def factors_of(factors: Sequence[float]) -> list[float]:
    """Return the factors as numbers, checked."""
    wanted = [float(factor) for factor in factors]
    if not wanted or wanted[0] <= 0 or sorted(set(wanted)) != wanted:
        raise ValueError(
            f"factors must be positive numbers, ascending, got {factors!r}; try [0.5, 1, 2]."
        )
    return wanted


def with_one_scale(spec: RunSpec) -> RunSpec:
    """Return the spec with its noise level, if it has one, as the scale it means to Frobenius."""
    if spec.noise == "none" or spec.noise_scale is not None:
        return spec
    problem = make(PROBLEMS, spec, spec.problem)
    noise: Any = toy_setting(spec, problem, as_norm("frobenius")).noise
    return spec.replace(noise_scale=noise.noise_scale)


def remarks(spec: RunSpec, shared: RunSpec) -> tuple[str, ...]:
    """Return what a reader must know of the noise that the norms share."""
    if spec.noise == "none":
        return ()
    level = f", level {spec.noise_level:g} under Frobenius" if spec.noise_level else ""
    remarks = [f"one noise for all norms: scale {shared.noise_scale:.3g}{level}."]
    if NOISES[NOISES.parse(spec.noise)[0]].constant_kind != "exact":
        remarks.append("K of this noise is known as an upper bound only, and the predictor by it.")
    return tuple(remarks)


def expected(spec: RunSpec, norm: str, first: str) -> float:
    """Return the predictor's gain of a norm over the first one; NaN where K is unknown."""
    problem = make(PROBLEMS, spec, spec.problem)
    start = problem.start(Streams(spec.seed, 1), torch.float64)
    gradient = problem.gradient(start)["x"][0]
    frobenius = as_norm("frobenius")
    of_frobenius = toy_setting(spec, problem, frobenius).constants

    def over_frobenius(name: str) -> float:
        own = toy_setting(spec, problem, as_norm(name)).constants
        if own is None or of_frobenius is None:
            return float("nan")
        ratio = as_norm(name).dual_norm(gradient) / frobenius.dual_norm(gradient)
        return expected_gain(
            smoothness=own.smoothness / of_frobenius.smoothness,
            noise=own.noise / of_frobenius.noise if of_frobenius.noise else None,
            dual_rank=float(ratio) ** 2,
            moment=own.moment,
        )

    return over_frobenius(norm) / over_frobenius(first)

"""The constants of a run: what the theory is told, and how strong the noise is."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from explorer.noise._base import Noise
from explorer.noise.gaussian import NORMAL_MEDIAN
from explorer.registry import NOISES, PROBLEMS
from explorer.run.spec import RunSpec, make, unasked
from explorer.theory._constants import Constants
from explorer.theory.schedules import (
    constant_hessian,
    largest_transported_batch,
    noise_constant_of_level,
    transported_window,
    tuned_for,
    window,
)

FORGIVES = "Symmetric noise forgives such a tuning, one-sided noise of the same index does not."
FORGIVES_NOT = "One-sided noise does not forgive such a tuning, as symmetric noise would."
ROUNDING = 1.1  # a tuned batch is the window in whole calls
TOO_STRONG = 0.1  # of the horizon: a longer window leaves no time to converge


class Setting(NamedTuple):
    """The noise of a run, scaled, and the constants; None where somebody does not know them."""

    noise: Noise
    constants: Constants | None


def toy_setting(spec: RunSpec, problem: Any, norm: Any) -> Setting:
    """Return the scaled noise of a toy and L, rho, the gap, K and p.

    Raises:
        ValueError: If the noise is given as a level and its K is unknown.
    """
    noise = make(NOISES, spec, spec.noise, **_unit_scale(spec))
    if not problem.smooth:
        scale = {} if spec.noise == "none" else {"noise_scale": spec.noise_scale}
        return Setting(make(NOISES, spec, spec.noise, **scale), None)
    unit = noise.constant(norm, problem.shape)
    constants = Constants(
        smoothness=problem.smoothness(norm),
        hessian_smoothness=problem.hessian_smoothness(norm),
        gap=problem.gap,
        noise=0.0,
        moment=noise.tail_index,
    )
    if spec.noise == "none":
        own, moment = problem.oracle_constant(norm)
        return Setting(noise, constants._replace(noise=own, moment=moment))
    scale = spec.noise_scale
    if scale is None:
        if not unit:
            raise ValueError(
                f"noise_level asks for the constant K of noise {spec.noise!r}, which is unknown; "
                "give noise_scale instead."
            )
        assert spec.noise_level is not None, "a toy's noise has a level or a scale"
        scale = noise_constant_of_level(constants, spec.noise_level) / unit
    noise = make(NOISES, spec, spec.noise, noise_scale=scale)
    if unit is None:
        return Setting(noise, None)
    return Setting(noise, constants._replace(noise=unit * scale))


def is_noiseless(spec: RunSpec) -> bool:
    """Return whether the oracle is exact: none is added, and the problem has none of its own."""
    return spec.noise == "none" and not PROBLEMS[PROBLEMS.parse(spec.problem)[0]].own_oracle


def assumed_constants(spec: RunSpec, constants: Constants | None) -> Constants | None:
    """Return what the schedules of a spec are tuned by: the constants, unless it says otherwise."""
    if constants is None or spec.tuned_for is None or unasked(spec, "tuned_for"):
        return constants
    return tuned_for(constants, spec.tuned_for)


def network_setting(spec: RunSpec) -> Setting:
    """Return the noise of a network at scale 1; its layers scale it, see :func:`layer_scales`."""
    return Setting(make(NOISES, spec, spec.noise, **_unit_scale(spec)), None)


def layer_scales(spec: RunSpec, noise: Noise, gradient: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the factor of a network's noise in every layer, shape ``[S, 1, ...]``.

    ``noise_ratio`` times the root mean square of the layer's gradient at the start, for a law whose
    median entry is that of a standard normal: so a ratio means the same in every layer and at
    every tail index.
    """
    median = noise.median_size()
    assert median, "a spec lets only noise with a median onto a network"
    assert spec.noise_ratio, "a network's noise has a ratio"
    factor = spec.noise_ratio * NORMAL_MEDIAN / median
    return {
        name: factor * g.square().mean(tuple(range(1, g.dim())), keepdim=True).sqrt()
        for name, g in gradient.items()
    }


def regime(spec: RunSpec, noise: Noise, constants: Constants | None) -> list[str]:
    """Return the sentences that a reader must know beside the picture of such a run."""
    if constants is None or constants.noise == 0:
        return []
    notes: list[str] = []
    horizon, transport = spec.horizon, float(spec.transport)
    assumed = assumed_constants(spec, constants)
    assert assumed is not None, "what is assumed of known constants is known"
    if not constant_hessian(constants, transport):
        full = transport == 1
        w = transported_window(assumed, horizon) if full else window(assumed, horizon, batched=True)
        if w > TOO_STRONG * horizon:
            notes.append(
                f"noise too strong for this budget: the tuned window W = {w:.2g} exceeds a tenth "
                f"of N = {horizon:,}."
            )
        largest = largest_transported_batch(assumed, horizon) if full else w
        if full and largest < 1:
            notes.append("N is too small for the rate of transport (B_max is below 1).")
        elif spec.batch_size > ROUNDING * largest:
            name = "B_max" if full else "W"
            notes.append(
                f"batch {spec.batch_size:,} is above {name} = {largest:.3g}: "
                "this part of the batch is wasted."
            )
    if spec.schedule == "constant" and spec.lr is not None and spec.momentum is not None:
        notes.append(
            "step and momentum are given: the mean ends on a floor, however long the run is."
        )
    if assumed.moment != constants.moment:
        notes.append(
            f"the schedule is tuned for p = {assumed.moment:g}, the noise has p = "
            f"{constants.moment:g}: the theorem is about a run tuned for its own noise. "
            f"{FORGIVES if noise.symmetric else FORGIVES_NOT}"
        )
    exact = noise.constant_kind == "exact" and spec.noise != "none"
    kind = "exact for this law, estimated to 1 %" if exact else "an upper bound"
    notes.append(f"noise constant K = {constants.noise:.3g} ({kind}), p = {constants.moment:g}.")
    if not noise.has_moment and constants.moment < 2:
        notes.append(
            f"{spec.noise} noise has moments below its index only: the paper covers every p' < p, "
            "the bound at p itself is derived in the project."
        )
    return notes


def measured_on(problem: Any) -> list[str]:
    """Return the sentence that a network is measured on some of its examples only, if it is."""
    if not problem.network or problem.measured is None:
        return []
    data = problem.data(torch.device("cpu"), torch.float32)
    count, examples = problem.measured, len(data.targets)
    if examples <= count:
        return []
    return [
        f"loss and stationarity are measured on {count:,} of {examples:,} training "
        f"{problem.unit}, always the same: an estimate of the full gradient."
    ]


def _unit_scale(spec: RunSpec) -> dict[str, float]:
    noise = NOISES[NOISES.parse(spec.noise)[0]]
    return {"noise_scale": 1.0} if "noise_scale" in noise.__dataclass_fields__ else {}


def torch_dtype(spec: RunSpec) -> torch.dtype:
    """Return the torch dtype of a spec."""
    return {"float32": torch.float32, "float64": torch.float64}[spec.dtype]

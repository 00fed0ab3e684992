"""What a spec refuses, in one sentence each: the value got, what was expected, the way out."""

import math
import operator
from numbers import Real
from typing import Any

import torch
from torch import nn

from explorer.registry import (
    GEOMETRIES,
    NOISES,
    NORMS,
    OPTIMIZERS,
    PROBLEMS,
    UnknownNameError,
    parameters,
)
from explorer.run.device import check_device
from explorer.theory.schedules import SCHEDULES

DTYPES = ("float32", "float64")
MOST_NUMBERS = 2**27  # of a toy's state: with momentum, gradient and noise some 4 GB in float64
MOST_CALLS = 10**12
MOST_SEEDS = 10**6
SMALLEST, LARGEST = 1e-30, 1e30  # of a positive number: its powers must fit float64
TUNED = ("anytime", "horizon")
OF_THE_GEOMETRY = ("params", "radius", "view", "stacked")  # of an optimiser's arguments


def check(values: dict[str, Any]) -> None:
    """Bring every value to its plain type and refuse what is wrong, in one sentence.

    What it raises is listed at :class:`~explorer.run.spec.RunSpec`.

    Args:
        values: Every field of a spec by name; changed in place.
    """
    problem = PROBLEMS[PROBLEMS.parse(values["problem"])[0]]
    for name, most in (("batch_size", MOST_CALLS), ("horizon", MOST_CALLS), ("seeds", MOST_SEEDS)):
        values[name] = _whole(name, values[name], least=1, most=most)
    values["seed"] = _whole("seed", values["seed"], least=0)
    _check_sizes(values, problem)
    for name in ("noise_level", "noise_scale", "noise_ratio", "lr", "max_extrapolation"):
        if values[name] is not None:
            values[name] = _positive(name, values[name])
    values["tail_index"] = _tail_index("tail_index", values["tail_index"])
    if values["tuned_for"] is not None:
        values["tuned_for"] = _tail_index("tuned_for", values["tuned_for"])
    values["momentum"] = _momentum(values["momentum"])
    values["transport"] = _transport(values["transport"])
    for name, allowed in (("schedule", SCHEDULES), ("dtype", DTYPES)):
        if values[name] not in allowed:
            raise ValueError(f"{name} must be one of {list(allowed)}, got {values[name]!r}.")
    check_device(text("device", values["device"]))
    if values["horizon"] < values["batch_size"]:
        raise ValueError(
            f"horizon must be at least batch_size, got {values['horizon']} < "
            f"{values['batch_size']}; a step makes batch_size oracle calls."
        )
    _check_norm(values, problem)
    _check_noise(values, problem)
    _check_optimizer(values)
    _check_schedule(values, problem)


def _check_sizes(values: dict[str, Any], problem: Any) -> None:
    for name in ("rows", "columns"):
        if problem.network and values[name] is not None:
            raise ValueError(
                f"{name} must be None on a network, got {values[name]!r}; "
                "its size is an option, as in 'mlp(width=128)'."
            )
        if not problem.network:
            values[name] = _whole(name, values[name], least=1)
    if not problem.network:
        numbers = values["rows"] * values["columns"] * values["seeds"]
        if numbers > MOST_NUMBERS:
            raise ValueError(
                f"rows x columns x seeds must be at most {MOST_NUMBERS:,}, got {numbers:,}; take "
                "fewer seeds or a smaller matrix."
            )
    taken = {name: values[name] for name in _asked_for(problem, values)}
    PROBLEMS.make(values["problem"], **taken)


def _check_norm(values: dict[str, Any], problem: Any) -> None:
    norm = text("norm", values["norm"])
    if norm in GEOMETRIES:
        if not problem.network:
            raise ValueError(
                f"norm {norm!r} is a convention for the layers of a network; for the matrix of "
                f"{values['problem']!r} choose one of {', '.join(NORMS.names())}."
            )
        return
    if problem.network and norm.isidentifier() and norm not in NORMS:
        raise UnknownNameError(
            f"{NORMS.unknown(norm)} Conventions for networks: {list(GEOMETRIES)}."
        )
    NORMS.make(norm)


def _check_noise(values: dict[str, Any], problem: Any) -> None:
    name, _ = NOISES.parse(text("noise", values["noise"]))
    noise = NOISES[name]
    if problem.network and not noise.for_networks:
        able = [other for other in NOISES if NOISES[other].for_networks]
        raise ValueError(
            f"noise {name!r} is for toys; on a network choose one of {able} "
            "('isotropic_stable' has the same tail index)."
        )
    if problem.own_oracle and not problem.network and name != "none":
        raise ValueError(
            f"noise must be 'none' for {values['problem']!r}, got {values['noise']!r}; its oracle "
            "is noisy by itself, and its bound knows that noise alone."
        )
    given = {"noise_scale": values["noise_scale"] or 1.0, "tail_index": values["tail_index"]}
    taken = _asked_for(noise, values)
    NOISES.make(values["noise"], **{name: x for name, x in given.items() if name in taken})


def _check_optimizer(values: dict[str, Any]) -> None:
    name, options = OPTIMIZERS.parse(text("optimizer", values["optimizer"]))
    able = set(parameters(OPTIMIZERS[name])) - {*OF_THE_GEOMETRY, *values}
    for unknown in set(options) - able:
        raise ValueError(
            f"optimizer {name!r} has no option {unknown!r} in a run; it has {sorted(able)}."
        )
    if not options:
        return
    # made once on a matrix of its own, so that a bad option is refused here and not by a run; its
    # norm is checked by itself, and may be a convention for the layers of a network
    cls = OPTIMIZERS[name]
    taken = {field: values[field] for field in _asked_for(cls, values) if field != "norm"}
    given = {"lr": 1.0} | {field: value for field, value in taken.items() if value is not None}
    try:
        OPTIMIZERS.make(values["optimizer"], params=[nn.Parameter(torch.zeros(1, 1))], **given)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"optimizer {values['optimizer']!r} cannot be made: {error}") from None


def _check_schedule(values: dict[str, Any], problem: Any) -> None:
    name, _ = OPTIMIZERS.parse(values["optimizer"])
    is_lmo_method = "norm" in parameters(OPTIMIZERS[name])
    schedule = values["schedule"]
    if not is_lmo_method:
        if schedule in TUNED:
            raise ValueError(
                f"schedule {schedule!r} is tuned for steps along an LMO, which optimizer {name!r} "
                "does not take; choose 'constant' or 'linear', and an lr."
            )
        if values["lr"] is None:
            raise ValueError(f"lr must be given for optimizer {name!r}, got None; try lr=0.01.")
    elif not problem.smooth:
        if schedule in TUNED:
            raise ValueError(
                f"schedule {schedule!r} is tuned by L, which {values['problem']!r} has not; "
                "choose 'constant' or 'linear'."
            )
        for field, example in (("lr", "2**-5"), ("momentum", "0.95")):
            if values[field] is None:
                raise ValueError(
                    f"{field} must be given for {values['problem']!r}, got None: there is no "
                    f"constant to tune it by; try {field}={example}."
                )


def _asked_for(cls: type, values: dict[str, Any]) -> set[str]:
    return parameters(cls).keys() & values.keys()


def text(name: str, value: Any) -> str:
    """Return ``value``, which must be a text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a name, got {value!r}; give a text.")
    return value


def _whole(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} must be a whole number, got {value!r}; give an integer >= {least}."
        ) from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {value!r}; try {name}={least}.")
    if most is not None and number > most:
        raise ValueError(f"{name} must be at most {most:,}, got {value!r}; nobody waits for more.")
    return number


def _real(name: str, value: Any, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}; give {expected}.")
    return float(value)


def _positive(name: str, value: Any) -> float:
    number = _real(name, value, "a positive number")
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value!r}; try {name}=1.")
    if not SMALLEST <= number <= LARGEST:
        raise ValueError(
            f"{name} must lie between {SMALLEST:g} and {LARGEST:g}, got {value!r}; beyond that "
            "numbers overflow."
        )
    return number


def _tail_index(name: str, value: Any) -> float:
    number = _real(name, value, "a number in (1, 2]")
    if not 1 < number <= 2:
        way_out = (
            "2 is a normal law, and lighter tails have no index: choose noise='gaussian'."
            if number > 2
            else "at 1 and below the noise has no mean, so no method converges."
            if number <= 1
            else "give a number."
        )
        raise ValueError(f"{name} must lie in (1, 2], got {value!r}; {way_out}")
    return number


def _momentum(value: Any) -> float | None:
    if value is None:
        return None
    number = _real("momentum", value, "a number in [0, 1), or None for the schedule's")
    if not 0 <= number < 1:
        raise ValueError(
            f"momentum must lie in [0, 1), got {value!r}; it is the weight of the past, "
            "0.9 for a memory of ten steps."
        )
    return number


def _transport(value: Any) -> bool | float:
    if isinstance(value, bool):
        return value
    number = _real("transport", value, "True, False or a fraction in [0, 1]")
    if not 0 <= number <= 1:
        raise ValueError(
            f"transport must be True, False or a fraction in [0, 1], got {value!r}; "
            "True is the theorem's."
        )
    return number

"""All parameters as one vector, replica by replica: what clipping and normalising see."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, cast

import torch
from torch import Tensor


def whole_length(tensors: Sequence[Tensor], *, stacked: bool) -> Tensor:
    """Return the Euclidean length of all tensors as one vector, ``[S]`` where axis 0 is replicas.

    The largest entry is divided out first, so that no square overflows; NaN stays NaN.

    Args:
        tensors: At least one.
        stacked: True if axis 0 of every tensor counts replicas.
    """
    rows = [tensor.flatten(1) if stacked else tensor.reshape(1, -1) for tensor in tensors]
    largest = torch.stack([row.abs().amax(1) for row in rows]).amax(0)
    unit = torch.where(largest == 0, 1.0, largest)[:, None]
    squares = torch.stack([(row / unit).square().sum(1) for row in rows]).sum(0)
    return unit[:, 0] * squares.sqrt()


def times(factor: Tensor, tensor: Tensor) -> Tensor:
    """Return a tensor times a factor for each replica, ``[S]``, or one for all, ``[1]``."""
    return tensor * factor.view(-1, *[1] * (tensor.dim() - 1)).to(tensor.dtype)


def divided(tensor: Tensor, length: Tensor) -> Tensor:
    """Return a tensor over a length for each replica: the inverse of a tiny one would overflow."""
    return tensor / length.view(-1, *[1] * (tensor.dim() - 1)).to(tensor.dtype)


def refuse_unless_positive(name: str, value: Any, way_out: str) -> None:
    """Raise unless an argument is a positive, finite number."""
    if isinstance(value, bool) or not isinstance(value, Real | Tensor):
        raise TypeError(f"{name} must be a number, got {value!r}; {way_out}.")
    if not 0 < float(cast("float", value)) < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {value!r}; {way_out}.")


def with_gradient(groups: Sequence[dict[str, Any]]) -> tuple[list[Any], bool]:
    """Return the parameters that have a gradient, and whether they are stacked.

    Raises:
        ValueError: If some groups are stacked and others not: then there is no whole vector.
    """
    parameters = [p for group in groups for p in group["params"] if p.grad is not None]
    kinds = {bool(group.get("stacked")) for group in groups}
    if len(kinds) > 1:
        raise ValueError(
            "groups must all be stacked or none, got both; give replicas an optimizer of their own."
        )
    return parameters, kinds == {True}

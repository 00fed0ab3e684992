"""All parameters as one vector, replica by replica: what clipping and normalising see."""

from collections.abc import Sequence
from typing import Any

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


def with_gradient(groups: Sequence[dict[str, Any]]) -> tuple[list[Any], bool]:
    """Return the parameters that have a gradient, and whether they are stacked."""
    parameters = [p for group in groups for p in group["params"] if p.grad is not None]
    return parameters, any(group.get("stacked") for group in groups)

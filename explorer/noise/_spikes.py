"""What spikes on one singular direction a call have in common: their places and their spread."""

from typing import Any

import torch
from torch import Tensor

from explorer.noise._constant import entry_dual_norm


def directions(like: Tensor) -> int:
    """Return r = min(m, n) of a state ``[S, ...]``, a vector being a column."""
    return min(_matrices(like).shape[1:])


def on_diagonal(like: Tensor, sizes: Tensor) -> Tensor:
    """Return zeros like ``like`` with ``sizes``, ``[S, r]``, on the diagonals."""
    noise = torch.zeros_like(like)
    _matrices(noise).diagonal(dim1=-2, dim2=-1).copy_(sizes)
    return noise


def spread_constant(norm: Any, shape: tuple[int, int], p: float) -> float:
    r"""Return :math:`r^{1-1/p} \|E_{11}\|_*`: K for sizes of unit law, shared by r directions."""
    return entry_dual_norm(norm, shape) * min(shape) ** (1 - 1 / p)


def _matrices(state: Tensor) -> Tensor:
    return state.flatten(2) if state.dim() > 2 else state.unsqueeze(-1)

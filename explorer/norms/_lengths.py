"""Euclidean lengths and directions of blocks, at any scale."""

import torch
from torch import Tensor


def lengths(x: Tensor, dim: tuple[int, ...]) -> Tensor:
    """Return the Euclidean length of each block of ``x`` along ``dim``, dimensions kept.

    The largest entry is divided out first: squares of 1e-30 or 1e30 do not fit into float32.
    """
    scale, scaled = _unit_scale(x, dim)
    return scale * (scaled * scaled).sum(dim, keepdim=True).sqrt()


def directions(x: Tensor, dim: tuple[int, ...]) -> Tensor:
    """Return each block of ``x`` along ``dim`` divided by its length; 0 where the block is 0."""
    scale, scaled = _unit_scale(x, dim)
    length = (scaled * scaled).sum(dim, keepdim=True).sqrt()
    return torch.where(scale == 0, 0.0, scaled / length)


def _unit_scale(x: Tensor, dim: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    scale = x.abs().amax(dim, keepdim=True)
    return scale, x / torch.where(scale == 0, 1.0, scale)


def nan_if_infinite(size: Tensor) -> Tensor:
    """Return ``size``, with NaN for an infinity: a diverged seed must not look like a number."""
    return size + (size - size)

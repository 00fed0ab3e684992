"""Spikes in a fresh direction at every call: rank one, and no axis is special."""

import math
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from explorer.noise._constant import normals
from explorer.noise._summed import Summed
from explorer.noise.stable import stable_draws, stable_tail
from explorer.registry import NOISES


@final
@NOISES.register("haar_spike")
@dataclass(frozen=True)
class HaarSpike(Summed):
    r""":math:`\xi = z\, u v^\top`: a stable size z on uniformly random unit vectors u, v.

    A stable size is :math:`z = \sqrt{2A}\, g` with g normal and A positive stable of index p/2, and
    the rank-one matrices have Frobenius norm one; so whatever the directions,

    .. math::
        E\Big\|\sum_i w_i \xi_i\Big\|_F \le E\Big(\sum_i 2 A_i w_i^2\Big)^{1/2}
        = \sqrt{\tfrac{\pi}{2}}\; E|z|\, \Big(\sum_i w_i^p\Big)^{1/p},

    and a dual norm is at most :math:`\sqrt D` times that, with
    :math:`\|G\|_* \le \sqrt D \|G\|_F`. Many calls fill all directions and come close to it; a
    single call has size :math:`|z|\, E\|u v^\top\|_*`.

    Args:
        tail_index: :math:`p` in (1, 2].
        noise_scale: The scale :math:`s` of z, positive.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.spectral import Spectral
        >>> one, nine = (HaarSpike().constant(Spectral(), (r, r)) for r in (1, 9))
        >>> round(nine / one, 6)
        3.0

    Source:
        Derived in this project.
    """

    label = "Spike (random direction)"
    formula = r"\xi = z\, u v^\top,\; u, v \sim \text{Haar},\; z \text{ stable}"

    def uniforms_of(self, shape: tuple[int, ...]) -> int:
        rows, columns = _sides(shape)
        return 2 + rows + columns

    def draws(self, uniforms: Tensor, count: int, shape: tuple[int, ...]) -> Tensor:
        rows, columns = _sides(shape)
        each = uniforms.unflatten(-1, (count, -1))
        size, u, v = each.split([2, rows, columns], dim=-1)
        outer = _unit_vectors(u).unsqueeze(-1) * _unit_vectors(v).unsqueeze(-2)
        return (stable_draws(size, self.tail_index).unsqueeze(-1) * outer).flatten(-2)

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        mean_size = 2 * math.gamma(1 - 1 / self.tail_index) / math.pi * self.noise_scale
        # L/l is the product of the two constants between a norm and Frobenius', which are equal
        return math.sqrt(norm.smoothness_ratio(shape) * math.pi / 2) * mean_size

    def power_tail(self) -> float:
        return stable_tail(self.tail_index, self.noise_scale)


def _sides(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], torch.Size(shape[1:]).numel()


def _unit_vectors(uniforms: Tensor) -> Tensor:
    normal = normals(uniforms)
    return normal / (normal * normal).sum(-1, keepdim=True).sqrt()

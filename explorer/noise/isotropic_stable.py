"""Isotropic stable noise: a Gaussian matrix with one heavy-tailed length."""

import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from explorer.noise._base import ClosedUnderSums
from explorer.noise._constant import expected_normal_dual_norm, normals
from explorer.noise.stable import positive_stable_draws, stable_median, stable_tail
from explorer.registry import NOISES


@final
@NOISES.register("isotropic_stable")
@dataclass(frozen=True)
class IsotropicStable(ClosedUnderSums):
    r""":math:`\xi = s \sqrt{2A}\, G`: a normal matrix G times one heavy-tailed length.

    The length has :math:`E e^{-\lambda A} = e^{-\lambda^{p/2}}`: a rare event hits the whole matrix
    at once. An entry has the law of :class:`Stable`'s, sums have the same law, and
    :math:`K = s \sqrt{2/\pi}\, \Gamma(1 - 1/p)\, E\|G\|_*` exactly. At :math:`p = 2` it is
    :math:`N(0, 2s^2)`.

    Args:
        tail_index: :math:`p` in (1, 2].
        noise_scale: The scale :math:`s` of an entry, positive.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> from explorer.noise.stable import Stable
        >>> one = (1, 1)  # a single entry cannot tell the two laws apart
        >>> a = IsotropicStable(tail_index=1.5).constant(Sign(), one)
        >>> abs(a / Stable(tail_index=1.5).constant(Sign(), one) - 1) < 1e-9
        True

    Source:
        Samorodnitsky and Taqqu (1994), Stable Non-Gaussian Random Processes, section 2.5.
    """

    label = "Stable (isotropic)"
    formula = r"\xi = s\sqrt{2A}\,G,\; E\,e^{-\lambda A} = e^{-\lambda^{p/2}}"
    constant_kind = "exact"
    for_networks = True
    entrywise = True

    def uniforms(self, entries: int) -> int:
        return 2 + entries

    def unit(self, uniforms: Tensor) -> Tensor:
        length = positive_stable_draws(uniforms[..., :2], self.tail_index / 2)
        return (2 * length).sqrt().unsqueeze(-1) * normals(uniforms[..., 2:])

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        gaussian = expected_normal_dual_norm(norm, shape)
        length = math.sqrt(2 / math.pi) * math.gamma(1 - 1 / self.tail_index)
        return self.noise_scale * length * gaussian

    def power_tail(self) -> float:
        return stable_tail(self.tail_index, self.noise_scale)

    def median_size(self) -> float | None:
        return self.noise_scale * stable_median(self.tail_index)

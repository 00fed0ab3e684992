"""Symmetrised Pareto (Lomax) noise: the textbook heavy tail, not closed under averaging."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from explorer.noise._base import Noise, check_scale, check_tail_index
from explorer.noise._constant import entry_dual_norm
from explorer.noise._streams import Streams
from explorer.noise._sums import mean_of_draws
from explorer.noise._tails import tail_constant
from explorer.registry import NOISES


@final
@NOISES.register("pareto")
@dataclass(frozen=True)
class Pareto(Noise):
    r"""Independent symmetric entries with :math:`P(|\xi| > x) = (1 + x/s)^{-p}`.

    The mean of a batch is drawn as what it is, the mean of B draws: its cost grows with B. The
    constant is an upper bound: :math:`|\xi|` has tails below :math:`s^p x^{-p}` for every
    :math:`x > 0`, and truncating at :math:`c\,s\,(\sum w_i^p)^{1/p}` gives, entry by entry,

    .. math::
        K = C_p\, m n s\, \|E_{11}\|_*, \qquad
        C_p = \min_c \sqrt{\tfrac{2}{2-p}}\, c^{(2-p)/2} + \tfrac{p}{p-1}\, c^{1-p}.

    No dual norm exceeds that of a single entry one, times the sum of the absolute entries.

    Args:
        tail_index: :math:`p` in (1, 2).
        noise_scale: The scale :math:`s`, positive; half of all draws are below
            :math:`s (2^{1/p} - 1)` in absolute value.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> round(Pareto(tail_index=1.5).constant(Sign(), (1, 1)), 2)
        4.33

    Source:
        The constant is derived in this project; the truncation argument is von Bahr and Esseen's
        (1965), Ann. Math. Statist. 36.
    """

    label = "Pareto (entrywise)"
    formula = r"P(|\xi_{ij}| > x) = (1 + x/s)^{-p}"
    constant_kind = "bound"

    tail_index: float = 1.6
    noise_scale: float = 1.0

    def __post_init__(self) -> None:
        check_tail_index(self.tail_index, two_included=False)
        check_scale(self.noise_scale)

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        mean = mean_of_draws(
            like, batch_size, streams, purpose, lambda u: pareto_draws(u, self.tail_index)
        )
        return self.noise_scale * mean

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        blocks = shape[0] * shape[1] * entry_dual_norm(norm, shape)
        return tail_constant(self.tail_index) * blocks * self.noise_scale


def pareto_draws(uniforms: Tensor, tail_index: float) -> Tensor:
    """Return standard symmetric Lomax draws, one for each uniform: its side and its size."""
    side = torch.where(uniforms < 0.5, -1.0, 1.0)
    survival = torch.where(uniforms < 0.5, 2 * uniforms, 2 * (1 - uniforms))
    return side * torch.expm1(-survival.log() / tail_index)

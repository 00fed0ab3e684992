"""Rare spikes: the noise for which a p-th moment is all that there is to say."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from torch import Tensor

from explorer.noise._base import HeavyTailed
from explorer.noise._spikes import directions, on_diagonal, spread_constant
from explorer.noise._streams import Streams
from explorer.registry import NOISES


@final
@NOISES.register("rare_spike")
@dataclass(frozen=True)
class RareSpike(HeavyTailed):
    r""":math:`\xi = \pm s\,\theta^{-1/p} e_k e_k^\top` with probability :math:`\theta`, else 0.

    The direction k is uniform on 1..r, r = min(m, n), and the sign fair. The size has the p-th
    moment :math:`s^p` exactly, whatever the rarity :math:`\theta`: rarer spikes are larger. For
    symmetric independent :math:`a_i`, :math:`E|\sum a_i|^p \le \sum E|a_i|^p`; so

    .. math::
        E\Big\|\sum_i w_i \xi_i\Big\|_* \le \sum_k \Big(\sum_i w_i^p \frac{s^p}{r}\Big)^{1/p}
        = r^{1-1/p} s \Big(\sum_i w_i^p\Big)^{1/p}

    in every dual in which a single entry one has norm one. The mean of a batch is exact: how often
    each direction is hit with each sign has a multinomial law.

    Args:
        tail_index: :math:`p` in (1, 2], the order of the moment.
        noise_scale: :math:`s`, positive.
        rarity: :math:`\theta` in (0, 1].

    Raises:
        TypeError: If ``rarity`` is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.spectral import Spectral
        >>> one, sixteen = (RareSpike(tail_index=2.0).constant(Spectral(), (r, r)) for r in (1, 16))
        >>> one, sixteen
        (1.0, 4.0)

    Source:
        The moment inequality for symmetric summands is von Bahr and Esseen's (1965), Ann. Math.
        Statist. 36; the rest is derived in this project.
    """

    label = "Rare spike (one direction a call)"
    formula = r"\xi = \pm s\,\theta^{-1/p}\, e_k e_k^\top \text{ with probability } \theta"
    constant_kind = "bound"
    has_moment = True

    rarity: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.rarity, bool) or not isinstance(self.rarity, int | float):
            raise TypeError(f"rarity must be a number, got {self.rarity!r}; try 0.01.")
        if not 0 < self.rarity <= 1:
            raise ValueError(
                f"rarity must lie in (0, 1], got {self.rarity!r}; it is the probability of a spike."
            )

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        r = directions(like)
        shares = np.full(2 * r + 1, self.rarity / (2 * r))
        shares[-1] = 1 - self.rarity
        hits = streams.counts(f"{purpose}/hits", batch_size, shares)
        up, down, _ = hits.split([r, r, 1], dim=-1)
        size = self.noise_scale * self.rarity ** (-1 / self.tail_index)
        return on_diagonal(like, (up - down) * (size / batch_size))

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        return spread_constant(norm, shape, self.tail_index) * self.noise_scale

    def power_tail(self) -> float:
        return 0.0  # a size has one value

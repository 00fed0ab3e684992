"""Spikes on one singular direction a call: the noise for which the dimension matters."""

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from torch import Tensor

from explorer.noise._base import HeavyTailed
from explorer.noise._spikes import directions, on_diagonal, spread_constant
from explorer.noise._streams import Streams
from explorer.noise.stable import stable_draws, stable_tail
from explorer.registry import NOISES


@final
@NOISES.register("spike")
@dataclass(frozen=True)
class Spike(HeavyTailed):
    r""":math:`\xi = z\, e_k e_k^\top`: a stable size z on one of r = min(m, n) directions a call.

    k is uniform on 1..r and fresh at each call, so every call is of rank one with the same law of
    its size, :math:`\|\xi\|_* = |z|` in the duals of single entries one, whatever r. Averages
    spread over the directions:

    .. math::
        E\Big\|\sum_i w_i \xi_i\Big\|_* \le \sum_k E\Big(\sum_{i: k_i = k} w_i^p\Big)^{1/p} E|z|
        \le r^{1-1/p}\, E|z|\, \Big(\sum_i w_i^p\Big)^{1/p}.

    This bound is approached by many alike weights where the dual adds up directions (spectral,
    sign, row and column norms). The mean of a batch is exact: calls fall on directions by a
    multinomial law, and each direction's sum is :math:`n_k^{1/p}` times one draw.

    Args:
        tail_index: :math:`p` in (1, 2].
        noise_scale: The scale :math:`s` of z, positive.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.spectral import Spectral
        >>> one, sixteen = (Spike(tail_index=2.0).constant(Spectral(), (r, r)) for r in (1, 16))
        >>> round(sixteen / one, 6)  # 16^(1 - 1/2)
        4.0

    Source:
        Derived in this project.
    """

    label = "Spike (one direction a call)"
    formula = r"\xi = z\, e_k e_k^\top,\; k \sim \mathrm{U}\{1..r\},\; z \text{ stable}"
    constant_kind = "bound"

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        r = directions(like)
        sizes = streams.draw(purpose, 2 * r, lambda u: stable_draws(u, self.tail_index))
        shares = np.full(r, 1 / r)
        calls = streams.counts(f"{purpose}/directions", batch_size, shares)
        # a power in logarithms: torch's pow gives an element other last bits in another place
        spread = (calls.log() / self.tail_index).exp() / batch_size
        return on_diagonal(like, self.noise_scale * spread * sizes)

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        mean_size = 2 * math.gamma(1 - 1 / self.tail_index) / math.pi * self.noise_scale
        return spread_constant(norm, shape, self.tail_index) * mean_size

    def power_tail(self) -> float:
        return stable_tail(self.tail_index, self.noise_scale)

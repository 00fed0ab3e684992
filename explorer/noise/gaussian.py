"""Gaussian noise: independent normal entries, the light-tailed reference."""

import math
from dataclasses import dataclass, field
from typing import Any, final

from torch import Tensor

from explorer.noise._base import Noise, check_scale, like_state
from explorer.noise._constant import expected_normal_dual_norm, normals
from explorer.noise._streams import Streams
from explorer.registry import NOISES

NORMAL_MEDIAN = 0.6744897501960817  # of |N(0, 1)|


@final
@NOISES.register("gaussian")
@dataclass(frozen=True)
class Gaussian(Noise):
    r"""Independent entries :math:`N(0, s^2)`; the mean of B is :math:`N(0, s^2/B)`.

    Here :math:`p = 2` and :math:`K = E\|\xi\|_*` exactly.

    Args:
        noise_scale: The standard deviation :math:`s` of an entry, positive.

    Raises:
        ValueError: If ``noise_scale`` is not positive.

    Example:
        >>> from explorer.norms.frobenius import Frobenius
        >>> round(Gaussian().constant(Frobenius(), (1, 1)), 3)  # sqrt(2 / pi)
        0.798
    """

    label = "Gaussian"
    formula = r"\xi_{ij} \sim N(0, s^2)"
    constant_kind = "exact"
    has_moment = True
    for_networks = True
    entrywise = True

    noise_scale: float = 1.0
    tail_index: float = field(default=2.0, init=False)

    def __post_init__(self) -> None:
        check_scale(self.noise_scale)

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        draws = streams.draw(purpose, like[0].numel(), lambda u: like_state(normals(u), like))
        return draws * (self.noise_scale / math.sqrt(batch_size))

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        return self.noise_scale * expected_normal_dual_norm(norm, shape)

    def power_tail(self) -> float:
        return 0.0

    def median_size(self) -> float | None:
        return NORMAL_MEDIAN * self.noise_scale

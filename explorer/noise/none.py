"""No noise: the oracle returns the exact gradient."""

from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from explorer.noise._base import Noise
from explorer.noise._streams import Streams
from explorer.registry import NOISES


@final
@NOISES.register("none")
@dataclass(frozen=True)
class NoNoise(Noise):
    """Zero: what is left is the method's own bias, and its constant is 0.

    Example:
        >>> NoNoise().constant("any norm", (4, 16))
        0.0
    """

    label = "None"
    formula = r"\xi = 0"
    constant_kind = "exact"
    has_moment = True
    for_networks = True

    tail_index: float = field(default=2.0, init=False)

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        return torch.zeros_like(like)

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        return 0.0

    def power_tail(self) -> float:
        return 0.0

    def median_size(self) -> float | None:
        return 0.0

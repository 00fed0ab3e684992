"""What networks on the UCI optical digits have in common."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from explorer.problems._base import NETWORK_DEFAULTS
from explorer.problems._data import Split, digits
from explorer.problems._network import MOST_DEPTH, MOST_WIDTH, Network

PIXELS, CLASSES = 64, 10


class OnDigits(Network):
    """A network that tells ten digits apart, in images of 8 x 8 pixels."""

    defaults: ClassVar[Mapping[str, Any]] = NETWORK_DEFAULTS
    classes = CLASSES

    def data(self, device: torch.device, dtype: torch.dtype) -> Split:
        return digits(device, dtype)


@dataclass(frozen=True)
class Stack(OnDigits):
    """Matrices one after the other, 64-w-...-w-10.

    Args:
        width: w in 1..4096.
        depth: Hidden layers, in 1..64.
        label_smoothing: In [0, 1).
    """

    width: int = 32
    depth: int = 2
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self._check(width=MOST_WIDTH, depth=MOST_DEPTH)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each of the ``depth + 1`` matrices."""
        return [*itertools.pairwise([PIXELS, *[self.width] * self.depth, CLASSES])]

"""A multilayer perceptron on the UCI optical digits."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import nn

from explorer.problems._base import NETWORK_DEFAULTS
from explorer.problems._data import Split, digits
from explorer.problems._network import MOST_DEPTH, MOST_WIDTH, Network
from explorer.registry import PROBLEMS

PIXELS, CLASSES = 64, 10


def sizes_of(width: int, depth: int) -> list[tuple[int, int]]:
    """Return inputs and outputs of each of ``depth + 1`` layers between pixels and classes."""
    return [*itertools.pairwise([PIXELS, *[width] * depth, CLASSES])]


@final
@PROBLEMS.register("mlp")
@dataclass(frozen=True)
class Mlp(Network):
    """Linear layers with ReLU between them, 64-w-...-w-10, on images of 8 x 8 pixels.

    Weights start semi-orthogonal, biases at zero.

    Args:
        width: w in 1..4096.
        depth: Hidden layers, in 1..64; the formula is of two.
        label_smoothing: In [0, 1).

    Raises:
        TypeError: If an option is no number of its kind.
        ValueError: If an option is out of range.

    Example:
        >>> sum(p.numel() for p in Mlp().template.parameters())
        3466
    """

    label = "MLP on digits"
    formula = r"f(X) = \frac{1}{N}\sum_k \mathrm{CE}(A_3\,\phi(A_2\,\phi(A_1 a_k)), y_k)"
    where = r"with $A_l z = X_l z + b_l$"
    defaults: ClassVar[Mapping[str, Any]] = NETWORK_DEFAULTS
    classes = CLASSES

    width: int = 32
    depth: int = 2
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self._check(width=MOST_WIDTH, depth=MOST_DEPTH)

    def module(self) -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in sizes_of(self.width, self.depth):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def data(self, device: torch.device, dtype: torch.dtype) -> Split:
        return digits(device, dtype)

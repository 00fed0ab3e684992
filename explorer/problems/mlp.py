"""A multilayer perceptron on the UCI optical digits."""

from dataclasses import dataclass
from typing import final

from torch import nn

from explorer.problems._digits_network import Stack
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("mlp")
@dataclass(frozen=True)
class Mlp(Stack):
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

    def module(self) -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in self.sizes:
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

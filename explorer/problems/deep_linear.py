"""A product of matrices on the UCI optical digits: depth without an activation."""

from dataclasses import dataclass
from typing import final

from torch import nn

from explorer.problems._digits_network import Stack
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("deep_linear")
@dataclass(frozen=True)
class DeepLinear(Stack):
    """Linear layers without biases, 64-w-...-w-10: what it computes is linear, its loss is not.

    As a function of the product it is logistic regression, which is convex; as one of the factors
    it is not. Weights start semi-orthogonal.

    Args:
        width: w in 1..4096.
        depth: Hidden layers, in 1..64; the formula is of two.
        label_smoothing: In [0, 1).

    Raises:
        TypeError: If an option is no number of its kind.
        ValueError: If an option is out of range.

    Example:
        >>> [tuple(p.shape) for p in DeepLinear(width=16, depth=1).template.parameters()]
        [(16, 64), (10, 16)]
    """

    label = "Deep linear network on digits"
    formula = r"f(X) = \frac{1}{N}\sum_k \mathrm{CE}(X_3 X_2 X_1 a_k, y_k)"

    def module(self) -> nn.Module:
        return nn.Sequential(*(nn.Linear(*size, bias=False) for size in self.sizes))

"""Log cosh: the default objective, convex, with a dial for the smoothness of its Hessian."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import softplus

from explorer.problems._base import TOY_DEFAULTS, set_positive
from explorer.problems._entrywise import EntrywiseToy, set_divisor
from explorer.registry import PROBLEMS

THIRD_DERIVATIVE = 4 / (3 * math.sqrt(3))  # max |phi'''| at flatness 1, where tanh^2 = 1/3


@final
@PROBLEMS.register("log_cosh")
@dataclass(frozen=True)
class LogCosh(EntrywiseToy):
    r""":math:`f(X) = \sum_{ij} a^2 \log\cosh(x_{ij}/a)`, quadratic near 0 and linear far from it.

    Curvature :math:`l = 1`; third derivative :math:`h = 0.7698/a`. A large flatness a makes the
    Hessian smooth, which is what transport feeds on.

    Args:
        rows: m, at least 1.
        columns: n, at least 1.
        flatness: a, positive.
        divide: What f is divided by: a positive number, ``"rank"``, ``"rows"``, ``"columns"`` or
            ``"entries"``; None for nothing.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.

    Example:
        >>> import torch
        >>> toy = LogCosh(rows=1, columns=1)
        >>> toy.gradient({"x": torch.tensor([[[1.0]]])})["x"].item()  # tanh(1)
        0.76159...
    """

    label = "Log cosh"
    formula = r"f(X) = \sum_{ij} a^2 \log\cosh(X_{ij}/a)"
    defaults = TOY_DEFAULTS

    rows: int = 4
    columns: int = 16
    flatness: float = 1.0
    divide: float | str | None = None

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)
        set_positive(self, "flatness")
        set_divisor(self)

    @property
    def entry(self) -> tuple[float, float, float]:
        a = self.flatness
        # log cosh z = log(1 + 2 sinh(z/2)^2) keeps its digits near 0
        one = (
            math.log1p(2 * math.sinh(1 / (2 * a)) ** 2)
            if a > 1
            else (1 / a + math.log1p(math.exp(-2 / a)) - math.log(2))
        )
        return 1.0, THIRD_DERIVATIVE / a, a * a * one

    def phi(self, x: Tensor) -> Tensor:
        z = (x / self.flatness).abs()
        # the first form keeps its digits near 0, the second overflows nowhere
        near = (2 * (z.clamp(max=1) / 2).sinh().square()).log1p()
        far = z + softplus(-2 * z) - math.log(2)
        return self.flatness**2 * torch.where(z < 1, near, far)

    def phi_slope(self, x: Tensor) -> Tensor:
        if self.flatness == 1:
            return x.tanh()
        return (x / self.flatness).tanh_().mul_(self.flatness)

"""Bounded: a nonconvex objective that flattens out far from its minimum."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, set_positive
from explorer.problems._entrywise import EntrywiseToy, set_divisor
from explorer.registry import PROBLEMS

# max |phi'''| = |24 x (x^2 - 1) / (1 + x^2)^4|, at the smaller root of 5 x^4 - 10 x^2 + 1 = 0
_SQUARE = 1 - 2 / 5**0.5
THIRD_DERIVATIVE = 24 * _SQUARE**0.5 * (1 - _SQUARE) / (1 + _SQUARE) ** 4


@final
@PROBLEMS.register("bounded")
@dataclass(frozen=True)
class Bounded(EntrywiseToy):
    r""":math:`f(X) = \sum_{ij} x_{ij}^2 / (1 + x_{ij}^2)`, nonconvex, between 0 and mn.

    Curvature :math:`l = 2`; third derivative :math:`h = 4.6686`. Beyond :math:`|x| = 1/\sqrt 3` an
    entry curves downwards, and far out its gradient vanishes: a small gradient is no minimum here,
    which is all that the theorems promise.

    Args:
        rows: m, at least 1.
        columns: n, at least 1.
        divide: What f is divided by: a positive number, ``"rank"``, ``"rows"``, ``"columns"`` or
            ``"entries"``; None for nothing.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range.

    Example:
        >>> import torch
        >>> Bounded(rows=1, columns=1).gradient({"x": torch.tensor([[[1.0]]])})["x"].item()
        0.5
    """

    label = "Bounded (nonconvex)"
    formula = r"f(X) = \sum_{ij} X_{ij}^2 / (1 + X_{ij}^2)"
    defaults = TOY_DEFAULTS

    rows: int = 4
    columns: int = 16
    divide: float | str | None = None

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)
        set_divisor(self)

    @property
    def entry(self) -> tuple[float, float, float]:
        return 2.0, THIRD_DERIVATIVE, 0.5

    def phi(self, x: Tensor) -> Tensor:
        square = x.square()
        return square / (1 + square)

    def phi_slope(self, x: Tensor) -> Tensor:
        root = 1 + x.square()
        return 2 * (x / root) / root  # in this order no square of a square overflows

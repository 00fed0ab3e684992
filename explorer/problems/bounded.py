"""Bounded: a nonconvex objective that flattens out far from its minimum."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, State, Toy, set_positive
from explorer.registry import PROBLEMS

# max |phi'''| = |24 x (x^2 - 1) / (1 + x^2)^4|, at the smaller root of 5 x^4 - 10 x^2 + 1 = 0
_SQUARE = 1 - 2 / 5**0.5
THIRD_DERIVATIVE = 24 * _SQUARE**0.5 * (1 - _SQUARE) / (1 + _SQUARE) ** 4


@final
@PROBLEMS.register("bounded")
@dataclass(frozen=True)
class Bounded(Toy):
    r""":math:`f(X) = \sum_{ij} x_{ij}^2 / (1 + x_{ij}^2)`, nonconvex, between 0 and mn.

    Curvature :math:`l = 2`; third derivative :math:`h = 4.6686`. Beyond :math:`|x| = 1/\sqrt 3` an
    entry curves downwards, and far out its gradient vanishes: a small gradient is no minimum here,
    which is all that the theorems promise.

    Args:
        rows: m, at least 1.
        columns: n, at least 1.

    Raises:
        TypeError: If a size is not a whole number.
        ValueError: If a size is not positive.

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

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)

    @property
    def curvature(self) -> tuple[float, float]:
        return 2.0, THIRD_DERIVATIVE

    @property
    def gap(self) -> float:
        return min(self.shape) / 2

    def value(self, state: State) -> Tensor:
        square = state["x"].square()
        return (square / (1 + square)).sum((-2, -1))

    def gradient(self, state: State) -> State:
        x = state["x"]
        root = 1 + x.square()
        return {"x": 2 * (x / root) / root}  # in this order no square of a square overflows

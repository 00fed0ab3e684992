"""Factorisation pairs: the smallest objective with the curvature of a product of weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from explorer.problems._base import UNBOUNDED_DEFAULTS, State, UnboundedToy, set_positive
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("factorisation")
@dataclass(frozen=True)
class Factorisation(UnboundedToy):
    r""":math:`f(U, V) = \frac12 \sum_{ij} (u_{ij} v_{ij} - 1)^2`, with :math:`X = [U\ V]`.

    Two linear layers of width one, many times side by side. The curvature along u is
    :math:`v^2` and grows without limit; (0, 0) is a saddle point.

    Args:
        rows: m, at least 1.
        columns: n, even: the first half are U, the second V.

    Raises:
        TypeError: If a size is not a whole number.
        ValueError: If a size is not positive, or ``columns`` is odd.

    Example:
        >>> toy = Factorisation(rows=1, columns=2)
        >>> toy.gradient({"x": torch.tensor([[[3.0, 1.0]]])})["x"]
        tensor([[[2., 6.]]])
    """

    label = "Factorisation pairs (no L)"
    formula = r"f(U, V) = \frac{1}{2} \sum_{ij} (U_{ij} V_{ij} - 1)^2"
    defaults: ClassVar[Mapping[str, Any]] = {**UNBOUNDED_DEFAULTS, "rows": 8, "columns": 2}

    rows: int = 8
    columns: int = 2

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)
        if self.columns % 2:
            raise ValueError(
                f"columns must be even, got {self.columns}; the first half are U, the second V."
            )

    @property
    def gap(self) -> float:
        # the identity holds no whole pair but in one row of one column each: every product is 0
        return self.rows * self.columns / 4

    def value(self, state: State) -> Tensor:
        u, v = state["x"].chunk(2, dim=-1)
        return (u * v - 1).square().sum((-2, -1)) / 2

    def gradient(self, state: State) -> State:
        u, v = state["x"].chunk(2, dim=-1)
        error = u * v - 1
        return {"x": torch.cat([error * v, error * u], dim=-1)}

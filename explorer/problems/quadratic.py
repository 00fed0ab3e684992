"""Quadratic: a constant Hessian, on which transport tracks the gradient exactly."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, State, Toy, check_positive
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("quadratic")
@dataclass(frozen=True)
class Quadratic(Toy):
    r""":math:`f(X) = \frac12 \langle X, H X\rangle`, :math:`H = \mathrm{diag}(\kappa^{-i/(m-1)})`.

    The Hessian is constant: :math:`\rho = 0`.

    Args:
        rows: m, at least 1; with one row H = 1.
        columns: n, at least 1.
        condition: :math:`\kappa \ge 1`, the ratio of the largest to the smallest curvature.

    Raises:
        TypeError: If a size is not a whole number.
        ValueError: If an argument is out of range.

    Example:
        >>> Quadratic(rows=3, columns=3, condition=100.0).eigenvalues
        (1.0, 0.1, 0.01)
    """

    label = "Quadratic"
    formula = r"f(X) = \frac{1}{2} \langle X, H X \rangle"
    defaults = TOY_DEFAULTS

    rows: int = 4
    columns: int = 16
    condition: float = 1.0

    def __post_init__(self) -> None:
        check_positive("rows", self.rows, int)
        check_positive("columns", self.columns, int)
        check_positive("condition", self.condition)
        if self.condition < 1:
            raise ValueError(
                f"condition must be at least 1, got {self.condition!r}; "
                "it is the largest curvature over the smallest, so give its inverse."
            )

    @property
    def eigenvalues(self) -> tuple[float, ...]:
        """The diagonal of H, in descending order."""
        last = max(1, self.rows - 1)
        return tuple(self.condition ** (-i / last) for i in range(self.rows))

    @property
    def curvature(self) -> tuple[float, float]:
        return 1.0, 0.0

    @property
    def gap(self) -> float:
        return sum(self.eigenvalues[: min(self.shape)]) / 2

    def smoothness(self, norm: Any) -> float:
        r"""Return :math:`L`, from H as a sum of multiples of the leading k-row projections.

        :math:`H = \sum_k (h_k - h_{k+1}) P_k`, and on the first k rows a unit curvature has
        :math:`L = D(k, n)`. This gives the largest eigenvalue for Frobenius, the sum of the
        :math:`\min(m, n)` largest for the spectral norm, n times the largest for columns.
        """
        steps = [a - b for a, b in pairwise((*self.eigenvalues, 0.0))]
        return sum(
            step * norm.smoothness_ratio((k, self.columns)) for k, step in enumerate(steps, start=1)
        )

    def value(self, state: State) -> Tensor:
        return (state["x"] * self.gradient(state)["x"]).sum((-2, -1)) / 2

    def gradient(self, state: State) -> State:
        x = state["x"]
        if self.condition == 1:
            return {"x": x.clone()}
        return {"x": torch.tensor(self.eigenvalues, dtype=x.dtype, device=x.device)[:, None] * x}

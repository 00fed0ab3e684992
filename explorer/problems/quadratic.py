"""Quadratic: a constant Hessian, on which transport tracks the gradient exactly."""

from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, State, Toy, set_positive
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("quadratic")
@dataclass(frozen=True)
class Quadratic(Toy):
    r""":math:`f(X) = \frac12 \langle X, H X\rangle`, :math:`H = \mathrm{diag}(\kappa^{-i/(m-1)})`.

    The Hessian is constant: :math:`\rho = 0`. A spiked H has one large eigenvalue,
    :math:`H = \mathrm{diag}(1, 1/\kappa, \dots, 1/\kappa)`: there the spectral norm gains most
    over Frobenius. A start of low rank with H = I is where it loses.

    Args:
        rows: m, at least 1; with one row H = 1.
        columns: n, at least 1.
        condition: :math:`\kappa \ge 1`, the ratio of the largest to the smallest curvature.
        spiked: True for one eigenvalue 1 and all others :math:`1/\kappa`.
        start_rank: Rank of the start, the first columns of [I 0]; None for min(m, n).

    Raises:
        TypeError: If a size is not a whole number.
        ValueError: If an argument is out of range.

    Example:
        >>> Quadratic(rows=3, columns=3, condition=100.0).eigenvalues
        (1.0, 0.1, 0.01)
        >>> Quadratic(rows=3, columns=3, condition=20.0, spiked=True).eigenvalues
        (1.0, 0.05, 0.05)
    """

    label = "Quadratic"
    formula = r"f(X) = \frac{1}{2} \langle X, H X \rangle"
    defaults = TOY_DEFAULTS

    rows: int = 4
    columns: int = 16
    condition: float = 1.0
    spiked: bool = False
    start_rank: int | None = None

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)
        set_positive(self, "condition")
        if self.condition < 1:
            raise ValueError(
                f"condition must be at least 1, got {self.condition!r}; "
                "it is the largest curvature over the smallest, so give its inverse."
            )
        if not isinstance(self.spiked, bool):
            raise TypeError(f"spiked must be True or False, got {self.spiked!r}; give a bool.")
        if self.start_rank is not None:
            set_positive(self, "start_rank", int)
            if self.start_rank > min(self.shape):
                raise ValueError(
                    f"start_rank must be at most min(rows, columns) = {min(self.shape)}, got "
                    f"{self.start_rank!r}; choose None for all."
                )

    @property
    def eigenvalues(self) -> tuple[float, ...]:
        """The diagonal of H, in descending order."""
        if self.spiked:
            return (1.0, *[1 / self.condition] * (self.rows - 1))
        last = max(1, self.rows - 1)
        return tuple(self.condition ** (-i / last) for i in range(self.rows))

    @property
    def curvature(self) -> tuple[float, float]:
        return 1.0, 0.0

    @property
    def gap(self) -> float:
        return sum(self.eigenvalues[: self.start_rank or min(self.shape)]) / 2

    def start(self, streams: Any, dtype: torch.dtype) -> State:
        state = super().start(streams, dtype)
        if self.start_rank is not None:
            state["x"][..., self.start_rank :] = 0
        return state

    def smoothness(self, norm: Any) -> float:
        r"""Return :math:`L` of H.

        The largest eigenvalue for Frobenius, the sum of the :math:`\min(m, n)` largest for the
        spectral norm, n times the largest for columns.
        """
        return norm.weighted_smoothness(self.eigenvalues, self.shape)

    def value(self, state: State) -> Tensor:
        return (state["x"] * self.gradient(state)["x"]).sum((-2, -1)) / 2

    def gradient(self, state: State) -> State:
        x = state["x"]
        if self.condition == 1:
            return {"x": x.clone()}
        return {"x": torch.tensor(self.eigenvalues, dtype=x.dtype, device=x.device)[:, None] * x}

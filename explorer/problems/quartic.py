"""Quartic: a curvature that grows without limit, so that no theorem applies."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from explorer.problems._base import UNBOUNDED_DEFAULTS, State, UnboundedToy, set_positive
from explorer.registry import PROBLEMS


@final
@PROBLEMS.register("quartic")
@dataclass(frozen=True)
class Quartic(UnboundedToy):
    r""":math:`f(X) = \frac14 \sum_{ij} x_{ij}^4`, whose gradient :math:`x^3` has no constant L.

    A step in proportion to a gradient is too long as soon as a draw of heavy-tailed noise carries
    the iterate far enough; a step of fixed length is not.

    Args:
        rows: m, at least 1.
        columns: n, at least 1.

    Raises:
        TypeError: If a size is not a whole number.
        ValueError: If a size is not positive.

    Example:
        >>> import torch
        >>> Quartic(rows=1, columns=1).gradient({"x": torch.tensor([[[2.0]]])})["x"].item()
        8.0
    """

    label = "Quartic (no L)"
    formula = r"f(X) = \frac{1}{4} \sum_{ij} X_{ij}^4"
    defaults = UNBOUNDED_DEFAULTS

    rows: int = 4
    columns: int = 16

    def __post_init__(self) -> None:
        set_positive(self, "rows", int)
        set_positive(self, "columns", int)

    @property
    def gap(self) -> float:
        return min(self.shape) / 4

    def value(self, state: State) -> Tensor:
        return (state["x"] ** 4).sum((-2, -1)) / 4

    def gradient(self, state: State) -> State:
        return {"x": state["x"] ** 3}

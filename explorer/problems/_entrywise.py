"""Objectives that are a sum over entries, whole or divided so that sizes can be compared."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor

from explorer.problems._base import State, Toy, set_positive

DIVISORS: dict[str, Callable[[int, int], int]] = {
    "rank": min,
    "rows": lambda rows, columns: rows,
    "columns": lambda rows, columns: columns,
    "entries": lambda rows, columns: rows * columns,
}


class EntrywiseToy(Toy):
    r""":math:`f(X) = \frac1d \sum_{ij} \varphi(x_{ij})` for a function of one number.

    With d the number D of a norm's blocks L is that of one entry whatever the size: ``"rank"`` for
    the spectral norm, ``"entries"`` for sign, ``"rows"`` and ``"columns"`` for theirs. Then only
    the noise can make a larger matrix dearer.

    Attributes:
        divide: d, or a word of ``DIVISORS`` for it; None for 1.
    """

    divide: float | str | None

    @property
    @abstractmethod
    def entry(self) -> tuple[float, float, float]:
        r""":math:`\max|\varphi''|`, :math:`\max|\varphi'''|`, :math:`\varphi(1)-\inf\varphi`."""

    @abstractmethod
    def phi(self, x: Tensor) -> Tensor:
        r"""Return :math:`\varphi` of each entry."""

    @abstractmethod
    def phi_slope(self, x: Tensor) -> Tensor:
        r"""Return :math:`\varphi'` of each entry, in memory of its own."""

    @property
    def divisor(self) -> float:
        """The number d."""
        if isinstance(self.divide, str):
            return DIVISORS[self.divide](self.rows, self.columns)
        return self.divide or 1

    @property
    def curvature(self) -> tuple[float, float]:
        second, third, _ = self.entry
        return second / self.divisor, third / self.divisor

    @property
    def gap(self) -> float:
        return min(self.shape) * self.entry[2] / self.divisor

    def value(self, state: State) -> Tensor:
        return self.phi(state["x"]).sum((-2, -1)) / self.divisor

    def gradient(self, state: State) -> State:
        slope = self.phi_slope(state["x"])
        return {"x": slope if self.divide is None else slope.div_(self.divisor)}


def set_divisor(instance: Any) -> None:
    """Check and set ``divide`` of a frozen dataclass.

    Raises:
        ValueError: If it is an unknown word, or no positive number.
    """
    divide = instance.divide
    if divide is None:
        return
    if not isinstance(divide, str):
        set_positive(instance, "divide")
    elif divide not in DIVISORS:
        raise ValueError(
            f"divide must be one of {list(DIVISORS)}, a positive number or None, got {divide!r}; "
            "'rank' suits the spectral norm."
        )

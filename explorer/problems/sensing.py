"""Matrix sensing: a low-rank matrix from random measurements, on which geometries differ."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, State, Toy, set_positive
from explorer.problems._matmul import matmul
from explorer.registry import PROBLEMS

MOST_MEASUREMENTS = 4096  # their Gram matrix is decomposed
MOST_NUMBERS = 2**26  # of all measurement matrices: half a GB in float64


@final
@PROBLEMS.register("sensing")
@dataclass(frozen=True)
class Sensing(Toy):
    r""":math:`f(X) = \frac{1}{2M} \sum_{i \le M} (\langle A_i, X\rangle - b_i)^2`.

    The :math:`A_i` have independent standard normal entries, :math:`b_i = \langle A_i, X^*\rangle`
    with :math:`X^*` of rank ``rank`` and all its singular values 1: fixed numbers, the same for
    every seed and run. The Hessian is :math:`\frac1M \sum_i A_i \otimes A_i`, so
    :math:`\rho = 0`, and :math:`L \le \lambda_{\max} D` for a norm with
    :math:`\|G\|_* \le \sqrt D \|G\|_F`, :math:`\|X\|_F \le \sqrt D\|X\|`: an upper bound, exact
    for Frobenius.

    Args:
        rows: m, at least 1.
        columns: n, at least 1.
        measurements: M in 1..4096.
        rank: Of :math:`X^*`, in 1..min(m, n).

    Raises:
        TypeError: If an argument is not a whole number.
        ValueError: If an argument is out of range.

    Example:
        >>> toy = Sensing(rows=3, columns=5, rank=1)
        >>> float(toy.value({"x": toy.truth[None]}))
        0.0
    """

    label = "Matrix sensing"
    formula = r"f(X) = \frac{1}{2M} \sum_{i=1}^{M} (\langle A_i, X\rangle - b_i)^2"
    defaults: ClassVar[Mapping[str, Any]] = {**TOY_DEFAULTS, "rows": 8, "columns": 8}

    rows: int = 8
    columns: int = 8
    measurements: int = 200
    rank: int = 1

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "measurements", "rank"):
            set_positive(self, name, int)
        if self.measurements > MOST_MEASUREMENTS:
            raise ValueError(
                f"measurements must be at most {MOST_MEASUREMENTS}, got {self.measurements}; "
                "their Gram matrix is decomposed."
            )
        if self.measurements * math.prod(self.shape) > MOST_NUMBERS:
            raise ValueError(
                f"measurements x rows x columns must be at most {MOST_NUMBERS:,}, got "
                f"{self.measurements * math.prod(self.shape):,}; take fewer measurements."
            )
        if self.rank > min(self.shape):
            raise ValueError(
                f"rank must be at most min(rows, columns) = {min(self.shape)}, got {self.rank}; "
                "try rank=1."
            )

    @cached_property
    def matrices(self) -> Tensor:
        """The measurements, one a row, float64 ``[M, m n]``."""
        random = np.random.default_rng([0, self.rows, self.columns, self.measurements])
        return torch.from_numpy(random.standard_normal((self.measurements, math.prod(self.shape))))

    @cached_property
    def truth(self) -> Tensor:
        r""":math:`X^*`, float64 ``[m, n]``."""
        random = np.random.default_rng([1, self.rows, self.columns, self.rank])
        left = np.linalg.qr(random.standard_normal((self.rows, self.rank)))[0]
        right = np.linalg.qr(random.standard_normal((self.columns, self.rank)))[0]
        return torch.from_numpy(left @ right.T)

    @cached_property
    def _largest_eigenvalue(self) -> float:
        a = self.matrices
        gram = a.mT @ a if a.shape[0] > a.shape[1] else a @ a.mT
        return float(torch.linalg.eigvalsh(gram)[-1]) / self.measurements

    @property
    def curvature(self) -> tuple[float, float]:
        """The largest eigenvalue of the Hessian, along any direction, and 0."""
        return self._largest_eigenvalue, 0.0

    @property
    def gap(self) -> float:
        start = torch.eye(*self.shape, dtype=torch.float64)
        return float(self.value({"x": start[None]}))

    def value(self, state: State) -> Tensor:
        return self._residuals(state["x"]).square().sum((-2, -1)) / (2 * self.measurements)

    def gradient(self, state: State) -> State:
        x = state["x"]
        slopes = matmul(self._matrices(x).mT, self._residuals(x)) / self.measurements
        return {"x": slopes.view_as(x)}

    def _residuals(self, x: Tensor) -> Tensor:
        """Return what each measurement misses by, ``[S, M, 1]``."""
        error = x - self.truth.to(x.device, x.dtype)
        return matmul(self._matrices(x), error.flatten(1).unsqueeze(-1))

    @cached_property
    def _copies(self) -> dict[tuple[torch.device, torch.dtype], Tensor]:
        return {}

    def _matrices(self, like: Tensor) -> Tensor:
        place = (like.device, like.dtype)
        if place not in self._copies:
            self._copies[place] = self.matrices.to(*place)
        return self._copies[place]

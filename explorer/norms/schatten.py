"""Schatten norms: from rank-one steps (q near 1) over Frobenius (q = 2) towards spectral ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._polar import singular_values, spectral_map
from explorer.registry import NORMS


@final
@NORMS.register("schatten")
@dataclass(frozen=True)
class Schatten(Norm):
    r"""The q-norm of the singular values; its dual is the one of :math:`q' = q/(q-1)`.

    .. math::
        \|x\| = \Big(\sum_i \sigma_i(x)^q\Big)^{1/q}, \qquad
        \|g\|_* = \Big(\sum_i \sigma_i(g)^{q'}\Big)^{1/q'}, \qquad
        \operatorname{lmo}(g) = -\frac{U \operatorname{diag}(\sigma^{q'-1}) V^\top}
        {\|\sigma\|_{q'}^{q'-1}}.

    Args:
        q: Exponent in (1, inf); its ends are the norms ``nuclear`` and ``spectral``.

    Raises:
        ValueError: If ``q`` is out of range.

    Example:
        >>> import torch
        >>> g = torch.diag(torch.tensor([3.0, 4.0]))
        >>> Schatten(q=2.0).lmo(g)
        tensor([[-0.6000, -0.0000],
                [-0.0000, -0.8000]])

    Source:
        Bhatia (1997), Matrix Analysis, chapter IV.
    """

    label = "Schatten"
    formula = r"\Big(\sum_i \sigma_i(X)^q\Big)^{1/q}"
    ball = r"-U \operatorname{diag}(\sigma^{q'-1}) V^\top / \|\sigma\|_{q'}^{q'-1}"

    q: float = 4.0

    def __post_init__(self) -> None:
        if not (isinstance(self.q, int | float) and 1 < self.q < math.inf):
            raise ValueError(
                f"q must lie in (1, inf), got {self.q!r}; for its ends choose 'nuclear' or "
                "'spectral'."
            )

    def __call__(self, x: Tensor) -> Tensor:
        return _length(singular_values(x), self.q).to(x.dtype)

    def dual_norm(self, g: Tensor) -> Tensor:
        return _length(singular_values(g), self._dual).to(g.dtype)

    def lmo(self, g: Tensor) -> Tensor:
        return -spectral_map(g, self._weights).to(g.dtype)

    def _weights(self, shares: Any) -> Any:
        length = (shares**self._dual).sum(-1)[..., None] ** (1 / self._dual)
        return (shares / (length + (length == 0))) ** (self._dual - 1)

    def dimension(self, shape: tuple[int, int]) -> float:
        return min(shape) ** max(0.0, 1 - 2 / self.q)

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return min(shape) ** max(0.0, 1 - 2 / self.q)

    def weighted_smoothness(self, weights: Sequence[float], shape: tuple[int, int]) -> float:
        leading = weights[: min(shape)]
        if self.q <= 2:
            return leading[0]
        # Hölder's inequality between the exponents q and q' of the singular values
        exponent = 1 / (1 - 2 / self.q)
        return sum(h**exponent for h in leading) ** (1 / exponent)

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return min(shape) ** max(0.0, 1 - 3 / self.q)

    @property
    def _dual(self) -> float:
        return self.q / (self.q - 1)


def _length(sigma: Tensor, exponent: float) -> Tensor:
    largest = sigma.amax(-1, keepdim=True)
    shares = sigma / largest.where(largest != 0, 1.0)
    return largest.squeeze(-1) * (shares**exponent).sum(-1) ** (1 / exponent)

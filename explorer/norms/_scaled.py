"""A norm times a factor of the matrix' shape: what makes one lr fit layers of every width."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from explorer.norms._base import Norm


class Scaled(Norm):
    r"""The norm :math:`s \|x\|` for a known norm and a factor s of the shape.

    Its dual is :math:`\|g\|_*/s` and its LMO the known one's over s; L and K shrink like
    :math:`1/s^2` and 1/s, rho like :math:`1/s^3`.

    Attributes:
        inner: The norm that is scaled.
    """

    inner: ClassVar[Norm]

    @abstractmethod
    def factor(self, shape: tuple[int, int]) -> float:
        """Return s for an ``(m, n)`` matrix, which maps n inputs to m outputs."""

    def __call__(self, x: Tensor) -> Tensor:
        return self.inner(x) * self._of(x)

    def dual_norm(self, g: Tensor) -> Tensor:
        return self.inner.dual_norm(g) / self._of(g)

    def lmo(self, g: Tensor) -> Tensor:
        return self.inner.lmo(g) / self._of(g)

    def dimension(self, shape: tuple[int, int]) -> float:
        return self.inner.dimension(shape) / self.factor(shape) ** 2

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return self.inner.smoothness_ratio(shape) / self.factor(shape) ** 2

    def row_smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return self.inner.row_smoothness_ratio(shape) / self.factor(shape) ** 2

    def weighted_smoothness(self, weights: Sequence[float], shape: tuple[int, int]) -> float:
        return self.inner.weighted_smoothness(weights, shape) / self.factor(shape) ** 2

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return self.inner.hessian_ratio(shape) / self.factor(shape) ** 3

    def _of(self, x: Tensor) -> float:
        return self.factor((x.shape[-2], x.shape[-1]))

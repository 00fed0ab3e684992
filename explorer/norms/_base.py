"""What a norm is: the norm, its dual norm and its linear minimisation oracle."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from torch import Tensor

from explorer.registry import NORMS


class Norm(ABC):
    r"""A norm on matrices, with its dual norm and its LMO; axes before the last two are batch.

    Every norm satisfies, for all ``x`` and ``g`` of one shape,

    .. math::
        \|g\|_* = \max_{\|z\| \le 1} \langle g, z \rangle, \qquad
        \operatorname{lmo}(g) \in \arg\min_{\|z\| \le 1} \langle g, z \rangle,

    hence :math:`\langle g, \operatorname{lmo}(g) \rangle = -\|g\|_*`. The minus sign lives in
    ``lmo``: a step is always *plus* step size times ``lmo``. ``lmo(0) = 0``. Results do not
    overflow or vanish for entries between 1e-30 and 1e30 in float32; a matrix that holds NaN or an
    infinity gives NaN and disturbs no other matrix of the batch.

    Attributes:
        label: Name shown in menus.
        formula: The norm in LaTeX, shown beside the menu.
        ball: The LMO in LaTeX: what a step of size one is.
        entrywise: True where the norm means the same on a vector or a kernel as on a matrix.
    """

    label: ClassVar[str]
    formula: ClassVar[str]
    ball: ClassVar[str]
    entrywise: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        r"""Return :math:`\|x\|` of each matrix, shape ``[...]`` for ``x`` of ``[..., m, n]``."""

    @abstractmethod
    def dual_norm(self, g: Tensor) -> Tensor:
        r"""Return :math:`\|g\|_*` of each matrix, shape ``[...]``."""

    @abstractmethod
    def lmo(self, g: Tensor) -> Tensor:
        """Return a minimiser of ``<g, z>`` over the unit ball, like ``g``; 0 at 0."""

    @abstractmethod
    def dimension(self, shape: tuple[int, int]) -> float:
        r"""Return :math:`D`, the number of blocks of an ``(m, n)`` matrix.

        :math:`\|g\|_* \le \sqrt{D}\, \|g\|_F` and :math:`\|x\|_F \le \sqrt{D}\, \|x\|`.
        """

    @abstractmethod
    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        r"""Return :math:`L/l` of :math:`\sum_{ij} \varphi(x_{ij})`, :math:`|\varphi''| \le l`."""

    def row_smoothness_ratio(self, shape: tuple[int, int]) -> float:
        r"""Return :math:`L/l` where all but one row of an ``(m, n)`` matrix is zero."""
        return self.smoothness_ratio((1, shape[1]))

    @abstractmethod
    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        r"""Return :math:`\rho/h`, of its Hessian, with :math:`|\varphi'''| \le h`."""

    def weighted_smoothness(self, weights: Sequence[float], shape: tuple[int, int]) -> float:
        r"""Return L of :math:`\frac12 \langle X, \operatorname{diag}(h) X \rangle`.

        With :math:`P_k` the projection on the first k rows, the triangle inequality and
        :math:`\operatorname{diag}(h) = \sum_k (h_k - h_{k+1}) P_k` give
        :math:`L \le \sum_k (h_k - h_{k+1}) L(k, n)`. Norms for which that is not tight say better.

        Args:
            weights: h, one for each row, not negative, in falling order.
            shape: ``(m, n)``.
        """
        steps = [a - b for a, b in pairwise((*weights, 0.0))]
        return sum(
            step * self.smoothness_ratio((k, shape[1])) for k, step in enumerate(steps, start=1)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def as_norm(wanted: Any) -> Norm:
    """Return the norm that a name of ``NORMS`` or an instance stands for.

    Raises:
        TypeError: If ``wanted`` is neither a name nor a :class:`Norm`.
    """
    if isinstance(wanted, str) and wanted.isidentifier():
        return NORMS[wanted]()
    norm = NORMS.make(wanted)
    if not isinstance(norm, Norm):
        raise TypeError(
            f"norm must be a name or a Norm, got {wanted!r}; expected one of {NORMS.names()}."
        )
    return norm

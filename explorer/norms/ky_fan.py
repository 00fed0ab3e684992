"""Ky Fan dual pair: orthogonal steps on the k leading directions."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._polar import leading_directions, singular_values
from explorer.registry import NORMS


@final
@NORMS.register("ky_fan")
@dataclass(frozen=True)
class KyFan(Norm):
    r"""The norm whose dual is Ky Fan's k-norm, the sum of the k largest singular values.

    .. math::
        \|x\| = \max\Big(\sigma_1(x), \tfrac1k \sum_i \sigma_i(x)\Big), \qquad
        \|g\|_* = \sum_{i \le k} \sigma_i(g), \qquad
        \operatorname{lmo}(g) = -U_k V_k^\top.

    k = 1 is the norm ``nuclear``, k of min(m, n) and more is ``spectral``.

    Args:
        k: Directions of a step, at least 1.

    Raises:
        ValueError: If ``k`` is no whole number of at least 1.

    Example:
        >>> import torch
        >>> KyFan(k=2).lmo(torch.diag(torch.tensor([3.0, 2.0, 1.0])))
        tensor([[-1., -0., -0.],
                [-0., -1., -0.],
                [-0., -0., -0.]])

    Source:
        Bhatia (1997), Matrix Analysis, chapter IV.
    """

    label = "Ky Fan dual pair"
    formula = r"\max\big(\sigma_1(X), \tfrac1k \sum_i \sigma_i(X)\big)"
    ball = r"-U_k V_k^\top"

    k: int = 2

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or isinstance(self.k, bool) or self.k < 1:
            raise ValueError(f"k must be a whole number of at least 1, got {self.k!r}; try k=2.")

    def __call__(self, x: Tensor) -> Tensor:
        sigma = singular_values(x)
        return torch.maximum(sigma.amax(-1), sigma.sum(-1) / self.k).to(x.dtype)

    def dual_norm(self, g: Tensor) -> Tensor:
        sigma = singular_values(g)
        return sigma.topk(min(self.k, sigma.shape[-1]), -1).values.sum(-1).to(g.dtype)

    def lmo(self, g: Tensor) -> Tensor:
        return -leading_directions(g, self.k).to(g.dtype)

    def dimension(self, shape: tuple[int, int]) -> float:
        return min(self.k, *shape)

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return min(self.k, *shape)

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return min(self.k, *shape)

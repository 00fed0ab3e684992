"""Entrywise max norm: the geometry of sign descent and of Scion's output layer."""

from typing import final

import torch
from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._lengths import nan_if_infinite
from explorer.registry import NORMS


@final
@NORMS.register("sign")
class Sign(Norm):
    r"""Largest entry in absolute value; its dual is the sum of absolute entries.

    .. math::
        \|x\| = \max_{ij} |x_{ij}|, \qquad \|g\|_* = \sum_{ij} |g_{ij}|, \qquad
        \operatorname{lmo}(g) = -\operatorname{sign}(g).

    Example:
        >>> import torch
        >>> Sign().lmo(torch.tensor([[3.0, -1e-9, 0.0]]))
        tensor([[-1.,  1., -0.]])

    Source:
        Bernstein et al. (2018), arXiv:1802.04434.
    """

    label = "Sign (entrywise max)"
    formula = r"\max_{ij} |X_{ij}|"
    ball = r"-\mathrm{sign}(G)"
    entrywise = True

    def __call__(self, x: Tensor) -> Tensor:
        return nan_if_infinite(x.abs().amax((-2, -1)))

    def dual_norm(self, g: Tensor) -> Tensor:
        return nan_if_infinite(g.abs().sum((-2, -1)))

    def lmo(self, g: Tensor) -> Tensor:
        # torch's sign of NaN is 0, which would let a diverged seed stand still and look converged
        finite = g.isfinite().all(-1, keepdim=True).all(-2, keepdim=True)
        return torch.where(finite, -g.sign(), torch.nan)

    def dimension(self, shape: tuple[int, int]) -> float:
        return shape[0] * shape[1]

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return shape[0] * shape[1]

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return shape[0] * shape[1]

"""Spectral norm: the geometry of Muon and of Scion's hidden layers."""

from typing import final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._polar import polar, singular_values
from explorer.registry import NORMS


@final
@NORMS.register("spectral")
class Spectral(Norm):
    r"""Largest singular value; its dual is the nuclear norm, the sum of singular values.

    .. math::
        \|x\| = \sigma_{\max}(x), \qquad \|g\|_* = \sum_i \sigma_i(g), \qquad
        \operatorname{lmo}(g) = -U V^\top \quad (g = U \Sigma V^\top).

    Every singular value of the step is one. The polar factor is exact (see ``_polar.py``), on the
    range of ``g``: a direction without gradient gets no step.

    Example:
        >>> import torch
        >>> g = torch.diag(torch.tensor([3.0, 1e-6]))
        >>> Spectral().lmo(g)
        tensor([[-1., -0.],
                [-0., -1.]])
        >>> round(float(Spectral().dual_norm(g.double())), 9)
        3.000001

    Source:
        Carlson et al. (2015), arXiv:1511.08317; Bernstein and Newhouse (2024), arXiv:2409.20325.
    """

    label = "Spectral"
    formula = r"\sigma_{\max}(X)"
    ball = r"-U V^\top"

    def __call__(self, x: Tensor) -> Tensor:
        return singular_values(x).amax(-1).to(x.dtype)

    def dual_norm(self, g: Tensor) -> Tensor:
        return singular_values(g).sum(-1).to(g.dtype)

    def lmo(self, g: Tensor) -> Tensor:
        return -polar(g).to(g.dtype)

    def dimension(self, shape: tuple[int, int]) -> float:
        return min(shape)

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return min(shape)

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return min(shape)

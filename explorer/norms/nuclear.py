"""Nuclear norm (Schatten 1): steps of rank one."""

from typing import final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._polar import leading_directions, singular_values
from explorer.registry import NORMS


@final
@NORMS.register("nuclear")
class Nuclear(Norm):
    r"""Sum of singular values; its dual is the spectral norm, the largest of them.

    .. math::
        \|x\| = \sum_i \sigma_i(x), \qquad \|g\|_* = \sigma_{\max}(g), \qquad
        \operatorname{lmo}(g) = -u_1 v_1^\top.

    The step of the Frank-Wolfe method for low rank: it looks at the leading pair of singular
    vectors alone. Where several lead, it takes one of them.

    Example:
        >>> import torch
        >>> Nuclear().lmo(torch.diag(torch.tensor([3.0, 1.0])))
        tensor([[-1., -0.],
                [-0., -0.]])

    Source:
        Jaggi (2013), Revisiting Frank-Wolfe, ICML.
    """

    label = "Nuclear (Schatten 1)"
    formula = r"\sum_i \sigma_i(X)"
    ball = r"-u_1 v_1^\top"

    def __call__(self, x: Tensor) -> Tensor:
        return singular_values(x).sum(-1).to(x.dtype)

    def dual_norm(self, g: Tensor) -> Tensor:
        return singular_values(g).amax(-1).to(g.dtype)

    def lmo(self, g: Tensor) -> Tensor:
        return -leading_directions(g, 1).to(g.dtype)

    def dimension(self, shape: tuple[int, int]) -> float:
        return 1

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return 1

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return 1

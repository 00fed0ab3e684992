"""Column norm (operator norm 1 to 2): the geometry of Scion's embeddings."""

from typing import final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._lengths import directions, lengths
from explorer.registry import NORMS


@final
@NORMS.register("column")
class Column(Norm):
    r"""Length of the longest column; its dual is the sum of the columns' lengths.

    .. math::
        \|x\| = \max_{j} \|x_{:j}\|_2, \qquad \|g\|_* = \sum_{j} \|g_{:j}\|_2, \qquad
        \operatorname{lmo}(g)_{:j} = -g_{:j} / \|g_{:j}\|_2.

    A column moves at full speed however rare its gradient is; a column of zeros stays.

    Example:
        >>> import torch
        >>> Column().lmo(torch.tensor([[3.0, 0.0], [4.0, 0.0]]))
        tensor([[-0.6000, -0.0000],
                [-0.8000, -0.0000]])

    Source:
        Pethick et al. (2025), arXiv:2502.07529.
    """

    label = "Column (1 to 2)"
    formula = r"\max_j \|X_{:j}\|_2"
    ball = r"-G_{:j} / \|G_{:j}\|_2"

    def __call__(self, x: Tensor) -> Tensor:
        return lengths(x, (-2,)).amax((-2, -1))

    def dual_norm(self, g: Tensor) -> Tensor:
        return lengths(g, (-2,)).sum((-2, -1))

    def lmo(self, g: Tensor) -> Tensor:
        return -directions(g, (-2,))

    def dimension(self, shape: tuple[int, int]) -> float:
        return shape[1]

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return shape[1]

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return shape[1]

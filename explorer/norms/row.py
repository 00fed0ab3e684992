"""Row norm (operator norm 2 to infinity): each row moves by one."""

from typing import final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._lengths import directions, lengths
from explorer.registry import NORMS


@final
@NORMS.register("row")
class Row(Norm):
    r"""Length of the longest row; its dual is the sum of the rows' lengths.

    .. math::
        \|x\| = \max_{i} \|x_{i:}\|_2, \qquad \|g\|_* = \sum_{i} \|g_{i:}\|_2, \qquad
        \operatorname{lmo}(g)_{i:} = -g_{i:} / \|g_{i:}\|_2.

    A row moves at full speed however rare its gradient is; a row of zeros stays.

    Example:
        >>> import torch
        >>> Row().lmo(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[-0.6000, -0.8000],
                [-0.0000, -0.0000]])

    Source:
        Pethick et al. (2025), arXiv:2502.07529.
    """

    label = "Row (2 to infinity)"
    formula = r"\max_i \|X_{i:}\|_2"
    ball = r"-G_{i:} / \|G_{i:}\|_2"

    def __call__(self, x: Tensor) -> Tensor:
        return lengths(x, (-1,)).amax((-2, -1))

    def dual_norm(self, g: Tensor) -> Tensor:
        return lengths(g, (-1,)).sum((-2, -1))

    def lmo(self, g: Tensor) -> Tensor:
        return -directions(g, (-1,))

    def dimension(self, shape: tuple[int, int]) -> float:
        return shape[0]

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return shape[0]

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return shape[0]

"""Frobenius norm: the geometry of normalised gradient descent."""

from typing import final

from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._lengths import directions, lengths
from explorer.registry import NORMS


@final
@NORMS.register("frobenius")
class Frobenius(Norm):
    r"""Euclidean length of all entries; its own dual.

    .. math::
        \|x\| = \sqrt{\textstyle\sum_{ij} x_{ij}^2} = \|x\|_*, \qquad
        \operatorname{lmo}(g) = -g / \|g\|.

    Example:
        >>> import torch
        >>> Frobenius().lmo(torch.tensor([[3.0, 4.0]]))
        tensor([[-0.6000, -0.8000]])

    Source:
        Normalised gradient descent: Nesterov (1984); under heavy tails Hübler et al. (2024),
        arXiv:2410.13849.
    """

    label = "Frobenius"
    formula = r"\|X\|_F"
    ball = r"-G / \|G\|_F"
    entrywise = True

    def __call__(self, x: Tensor) -> Tensor:
        return lengths(x, (-2, -1)).squeeze((-2, -1))

    def dual_norm(self, g: Tensor) -> Tensor:
        return lengths(g, (-2, -1)).squeeze((-2, -1))

    def lmo(self, g: Tensor) -> Tensor:
        return -directions(g, (-2, -1))

    def dimension(self, shape: tuple[int, int]) -> float:
        return 1

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return 1

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return 1

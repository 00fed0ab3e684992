"""Entrywise l1 norm: steps on a single entry."""

from typing import final

import torch
from torch import Tensor

from explorer.norms._base import Norm
from explorer.norms._lengths import nan_if_infinite
from explorer.registry import NORMS


@final
@NORMS.register("l1")
class L1(Norm):
    r"""Sum of absolute entries; its dual is the largest of them.

    .. math::
        \|x\| = \sum_{ij} |x_{ij}|, \qquad \|g\|_* = \max_{ij} |g_{ij}|, \qquad
        \operatorname{lmo}(g) = -\operatorname{sign}(g_{kl})\, e_k e_l^\top
        \text{ at the largest } |g_{kl}|.

    Greedy coordinate descent. Where several entries are largest, the first in reading order moves.

    Example:
        >>> import torch
        >>> L1().lmo(torch.tensor([[3.0, -4.0]]))
        tensor([[0., 1.]])

    Source:
        Jaggi (2013), Revisiting Frank-Wolfe, ICML.
    """

    label = "l1 (one entry)"
    formula = r"\sum_{ij} |X_{ij}|"
    ball = r"-\mathrm{sign}(G_{kl})\, e_k e_l^\top"
    entrywise = True

    def __call__(self, x: Tensor) -> Tensor:
        return nan_if_infinite(x.abs().sum((-2, -1)))

    def dual_norm(self, g: Tensor) -> Tensor:
        return nan_if_infinite(g.abs().amax((-2, -1)))

    def lmo(self, g: Tensor) -> Tensor:
        flat = g.flatten(-2)
        place = flat.abs().argmax(-1, keepdim=True)
        step = torch.zeros_like(flat).scatter_(-1, place, -flat.gather(-1, place).sign())
        finite = flat.isfinite().all(-1, keepdim=True)
        return torch.where(finite, step, torch.nan).view_as(g)

    def dimension(self, shape: tuple[int, int]) -> float:
        return 1

    def smoothness_ratio(self, shape: tuple[int, int]) -> float:
        return 1

    def hessian_ratio(self, shape: tuple[int, int]) -> float:
        return 1

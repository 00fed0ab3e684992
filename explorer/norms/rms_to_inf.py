"""Operator norm from RMS to the largest entry: the geometry of output layers."""

from typing import final

from explorer.norms._scaled import Scaled
from explorer.norms.row import Row
from explorer.registry import NORMS


@final
@NORMS.register("rms_to_inf")
class RmsToInf(Scaled):
    r"""Largest output for an input of root mean square one.

    .. math::
        \|x\| = \max_v \frac{\|x v\|_\infty}{\|v\|_{\mathrm{RMS}}} = \sqrt{n}\, \max_i \|x_{i:}\|_2.

    A step of size one moves no logit by more than one.

    Example:
        >>> import torch
        >>> float(RmsToInf()(torch.eye(2, 4)))
        2.0

    Source:
        Pethick et al. (2025), arXiv:2502.07529.
    """

    label = "RMS to inf"
    formula = r"\sqrt{n}\, \max_i \|X_{i:}\|_2"
    ball = r"-n^{-1/2}\, G_{i:} / \|G_{i:}\|_2"
    inner = Row()

    def factor(self, shape: tuple[int, int]) -> float:
        return shape[1] ** 0.5

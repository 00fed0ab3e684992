"""Operator norm from l1 to RMS: the geometry of one-hot inputs."""

from typing import final

from explorer.norms._scaled import Scaled
from explorer.norms.column import Column
from explorer.registry import NORMS


@final
@NORMS.register("one_to_rms")
class OneToRms(Scaled):
    r"""Largest root mean square of a column: the output for a one-hot input.

    .. math::
        \|x\| = \max_j \|x_{:j}\|_{\mathrm{RMS}} = m^{-1/2} \max_j \|x_{:j}\|_2.

    Every column with a gradient moves by root mean square one.

    Example:
        >>> import torch
        >>> float(OneToRms()(torch.eye(4, 2)))
        0.5

    Source:
        Pethick et al. (2025), arXiv:2502.07529.
    """

    label = "1 to RMS"
    formula = r"\max_j \|X_{:j}\|_{\mathrm{RMS}}"
    ball = r"-\sqrt{m}\; G_{:j} / \|G_{:j}\|_2"
    inner = Column()

    def factor(self, shape: tuple[int, int]) -> float:
        return shape[0] ** -0.5

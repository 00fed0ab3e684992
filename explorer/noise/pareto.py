"""Symmetrised Pareto (Lomax) noise: the textbook heavy tail, not closed under averaging."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from explorer.noise._summed import SummedEntries
from explorer.registry import NOISES


@final
@NOISES.register("pareto")
@dataclass(frozen=True)
class Pareto(SummedEntries):
    r"""Independent symmetric entries with :math:`P(|\xi| > x) = (1 + x/s)^{-p}`.

    The mean of a batch is drawn as what it is: its cost grows with B. Tails are below
    :math:`s^p x^{-p}` for every :math:`x > 0`, from which the upper bound
    :math:`K = C_p\, m n s\, \|E_{11}\|_*` follows; see ``_summed.py``.

    Args:
        tail_index: :math:`p` in (1, 2).
        noise_scale: The scale :math:`s`, positive; half of all draws are below
            :math:`s (2^{1/p} - 1)` in absolute value.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> round(Pareto(tail_index=1.5).constant(Sign(), (1, 1)), 2)
        4.33

    Source:
        The constant is derived in this project; the truncation argument is von Bahr and Esseen's
        (1965), Ann. Math. Statist. 36.
    """

    label = "Pareto (entrywise)"
    formula = r"P(|\xi_{ij}| > x) = (1 + x/s)^{-p}"

    @property
    def tail_scale(self) -> float:
        return 1.0

    def unit(self, uniforms: Tensor) -> Tensor:
        side = torch.where(uniforms < 0.5, -1.0, 1.0)
        survival = torch.where(uniforms < 0.5, 2 * uniforms, 2 * (1 - uniforms))
        return side * torch.expm1(-survival.log() / self.tail_index)

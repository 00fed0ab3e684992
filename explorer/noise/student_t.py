"""Student t noise: the statistician's heavy tail, not closed under averaging."""

import math
from dataclasses import dataclass
from typing import final

from torch import Tensor

from explorer.noise._summed import SummedEntries
from explorer.registry import NOISES


@final
@NOISES.register("student_t")
@dataclass(frozen=True)
class StudentT(SummedEntries):
    r"""Independent entries s t, with t of Student's law with p degrees of freedom.

    The density is :math:`\propto (1 + x^2/(p s^2))^{-(p+1)/2}`. Both tails together are below
    :math:`(\tau s/x)^p` for every :math:`x > 0`, with

    .. math::
        \tau^p = \frac{2\, p^{(p-2)/2}\, \Gamma(\frac{p+1}{2})}{\sqrt\pi\, \Gamma(\frac p2)},

    and are so in the limit. Truncation as for Pareto noise gives the upper bound
    :math:`K = C_p\, m n\, \tau s\, \|E_{11}\|_*`. The mean of a batch is drawn as what it is,
    at a cost that grows with B.

    Args:
        tail_index: :math:`p` in (1, 2), the degrees of freedom.
        noise_scale: The scale :math:`s`, positive.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> noise = StudentT(tail_index=1.5)
        >>> 0 < noise.constant(Sign(), (1, 1)) < float("inf")
        True

    Source:
        Bailey (1994), Math. Comp. 62, 779-781 (the sampler); the constant is derived in this
        project.
    """

    label = "Student t (entrywise)"
    formula = r"\text{density} \propto \big(1 + x^2/(p s^2)\big)^{-(p+1)/2}"
    uniforms = 2

    def unit(self, uniforms: Tensor) -> Tensor:
        p = self.tail_index
        first, second = uniforms.chunk(2, dim=-1)
        square = (-2 / p * first.log()).expm1()  # u^(-2/p) - 1, without loss where u is near 1
        return (p * square).sqrt() * (2 * math.pi * second).cos()

    @property
    def tail_scale(self) -> float:
        p = self.tail_index
        logarithm = math.log(2) + (p - 2) / 2 * math.log(p) - math.log(math.pi) / 2
        logarithm += math.lgamma((p + 1) / 2) - math.lgamma(p / 2)
        return math.exp(logarithm / p)

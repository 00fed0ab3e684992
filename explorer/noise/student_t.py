"""Student t noise: the statistician's heavy tail, not closed under averaging."""

import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from explorer.noise._base import Noise, check_scale, check_tail_index
from explorer.noise._constant import entry_dual_norm
from explorer.noise._streams import Streams
from explorer.noise._sums import mean_of_draws
from explorer.noise._tails import tail_constant
from explorer.registry import NOISES


@final
@NOISES.register("student_t")
@dataclass(frozen=True)
class StudentT(Noise):
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
    constant_kind = "bound"

    tail_index: float = 1.6
    noise_scale: float = 1.0

    def __post_init__(self) -> None:
        check_tail_index(self.tail_index, two_included=False)
        check_scale(self.noise_scale)

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        mean = mean_of_draws(
            like, batch_size, streams, purpose, lambda u: student_draws(u, self.tail_index), 2
        )
        return self.noise_scale * mean

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        blocks = shape[0] * shape[1] * entry_dual_norm(norm, shape)
        return tail_constant(self.tail_index) * blocks * self.tail_scale * self.noise_scale

    @property
    def tail_scale(self) -> float:
        r"""Return :math:`\tau = \sup_x x\, P(|t| > x)^{1/p}`, approached as x grows."""
        p = self.tail_index
        logarithm = math.log(2) + (p - 2) / 2 * math.log(p) - math.log(math.pi) / 2
        logarithm += math.lgamma((p + 1) / 2) - math.lgamma(p / 2)
        return math.exp(logarithm / p)


def student_draws(uniforms: Tensor, degrees: float) -> Tensor:
    """Return Student draws ``[..., k]`` from uniforms ``[..., 2 k]``."""
    first, second = uniforms.chunk(2, dim=-1)
    # u^(-2/p) - 1, without loss where u is near 1
    square = (-2 / degrees * first.log()).expm1()
    return (degrees * square).sqrt() * (2 * math.pi * second).cos()

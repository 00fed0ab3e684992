"""Symmetric alpha-stable noise, entry by entry: heavy tails whose batch mean is known exactly."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, final

import numpy as np
from torch import Tensor

from explorer.noise._base import ClosedUnderSums
from explorer.noise._constant import expected_dual_norm
from explorer.registry import NOISES


@final
@NOISES.register("stable")
@dataclass(frozen=True)
class Stable(ClosedUnderSums):
    r"""Independent entries with characteristic function :math:`E e^{it\xi} = e^{-|st|^p}`.

    The law is closed under averaging, as a matrix:
    :math:`\sum_i w_i \xi_i = (\sum_i w_i^p)^{1/p}\, \xi` in law, so the mean of B draws is
    :math:`B^{1/p-1}` times one draw, and :math:`K = E\|\xi\|_*` exactly, in every norm. Tails fall
    like :math:`x^{-p}`; :math:`p = 2` is :math:`N(0, 2s^2)`, without a seam. For :math:`p < 2` the
    moment of order p itself is infinite (all lower ones are finite).

    Args:
        tail_index: :math:`p` in (1, 2].
        noise_scale: The scale :math:`s` of an entry, positive.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> round(Stable(tail_index=2.0).constant(Sign(), (1, 1)), 3)  # 2 / sqrt(pi)
        1.128

    Source:
        Chambers, Mallows and Stuck (1976), J. Amer. Statist. Assoc. 71, formula (2.3), skewness 0.
    """

    label = "Stable (entrywise)"
    formula = r"E\,e^{it\xi_{ij}} = e^{-|s t|^p}"
    constant_kind = "exact"
    entrywise = True

    def uniforms(self, entries: int) -> int:
        return 2 * entries

    def unit(self, uniforms: Tensor) -> Tensor:
        return stable_draws(uniforms, self.tail_index)

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        unit = expected_dual_norm(
            norm,
            shape,
            ("stable", self.tail_index),
            self.unit,
            self.uniforms(shape[0] * shape[1]),
            2 * math.gamma(1 - 1 / self.tail_index) / math.pi,
            heavy=self.tail_index < 2,
        )
        return self.noise_scale * unit

    def power_tail(self) -> float:
        return stable_tail(self.tail_index, self.noise_scale)


def stable_tail(tail_index: float, scale: float) -> float:
    r"""Return c with :math:`P(|z| > x) \sim c\, x^{-p}` of a stable z, whatever its skewness.

    .. math:: c = \frac{2\,\Gamma(p)\,\sin(\pi p/2)}{\pi}\, s^p,

    which is 0 at p = 2, where the law is normal.

    Example:
        >>> stable_tail(1.5, 1.0), stable_tail(2.0, 1.0)
        (0.398942..., 0.0)

    Source:
        Samorodnitsky and Taqqu (1994), Stable Non-Gaussian Random Processes, section 1.2.
    """
    if tail_index == 2:  # a sine in floating point is not 0 there
        return 0.0
    unit = 2 / math.pi * math.gamma(tail_index) * math.sin(math.pi * tail_index / 2)
    return unit * scale**tail_index


def stable_draws(uniforms: Tensor, tail_index: float) -> Tensor:
    """Return standard symmetric stable draws ``[..., k]`` from uniforms ``[..., 2 k]``."""
    first, second = uniforms.chunk(2, dim=-1)
    angle = math.pi * (first - 0.5)
    exponential = -second.log()
    # the two powers of the formula in logarithms, which cost a quarter of what pow costs
    size = (exponential / ((1 - tail_index) * angle).cos()).log_().mul_(1 - 1 / tail_index)
    size -= angle.cos().log_().mul_(1 / tail_index)
    return (tail_index * angle).sin().mul_(size.exp_())


def positive_stable_draws(uniforms: Tensor, index: float) -> Tensor:
    r"""Return positive draws with Laplace transform :math:`e^{-\lambda^{a}}`, :math:`a` in (0, 1].

    Args:
        uniforms: Shape ``[..., 2]``.
        index: :math:`a`; 1 gives the constant 1.

    Source:
        Kanter (1975), Ann. Probab. 3, 697-707.
    """
    if index == 1:
        return uniforms[..., 0] * 0 + 1
    angle = math.pi * uniforms[..., 0]
    exponential = -uniforms[..., 1].log()
    # powers in logarithms: torch's pow gives an element other last bits in another place, and a
    # seed would depend on its neighbours
    size = (((1 - index) * angle).sin() / exponential).log() * ((1 - index) / index)
    size -= angle.sin().log() / index
    return (index * angle).sin() * size.exp()


@cache
def stable_median(tail_index: float) -> float:
    r"""Return the median of :math:`|\xi|` at scale 1, to 1e-6.

    The root of
    :math:`P(|\xi| \le x) = \frac2\pi \int_0^\infty \frac{\sin xt}{t} e^{-t^p} dt = 1/2`.

    Example:
        >>> round(stable_median(2.0), 5)  # 0.67449 sqrt(2)
        0.95387
    """
    t = np.linspace(0, 30 ** (1 / tail_index), 40_001)[1:]
    weight = np.exp(-(t**tail_index)) / t
    low, high = 0.5, 1.5
    while high - low > 1e-9:
        middle = (low + high) / 2
        integrand = np.append(middle, np.sin(middle * t) * weight)  # sin(xt)/t is x at 0
        probability = 2 / math.pi * float(np.trapezoid(integrand, dx=float(t[0])))
        low, high = (middle, high) if probability < 0.5 else (low, middle)
    return low

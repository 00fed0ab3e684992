"""Chains of one class of functions: at each eps the one that fills the class."""

import math
from dataclasses import dataclass
from typing import NamedTuple, final

from explorer.problems.chain import (
    GRADIENT_LIPSCHITZ,
    HESSIAN_LIPSCHITZ,
    LINK,
    RAMP,
    STATIONARITY,
)
from explorer.theory.exponents import calls_exponent
from explorer.theory.lower_bound import LowerBound, closed_form, oracle_moment, reveal_for

GAP = 1.0
REVEALED = {2.0: 0.02, 1.5: 0.01, 1.3: 0.002}  # r theta at most, so that a call shows one row


class Point(NamedTuple):
    """One chain of a class: what a method is asked to reach there, and what that must cost.

    Attributes:
        rank: r, its rows; each has a chain of its own.
        length: T, the links of a chain.
        eps: The stationarity to be reached.
        reveal: Probability with which a call shows a given row.
        stretch: Length of a link.
        low: N_low, exact.
        closed: The lower bound in closed form.
    """

    rank: int
    length: int
    eps: float
    reveal: float
    stretch: float
    low: int
    closed: float

    def problem(self, moment: float) -> str:
        """Return the chain as the problem of a spec."""
        return (
            f"chain(length={self.length}, eps={self.eps!r}, reveal={self.reveal!r}, "
            f"moment={moment!r}, stretch={self.stretch!r})"
        )


@final
@dataclass(frozen=True)
class ChainClass:
    r"""All functions with :math:`L = 1` (or :math:`\rho = 1`), gap 1 and noise of one sigma.

    A chain of T links in each of r rows fills the class at one eps: with
    :math:`G = 1.25\,\varepsilon` the dual norm of its first gradient and :math:`\lambda` its
    stretch,

    .. math::
        \Delta = G \lambda (D_0 T - w/2), \qquad L = G l_1/\lambda, \qquad \rho = G l_2/\lambda^2,

    and :math:`\sigma` fixes how rarely a row is revealed. So T picks eps, and eps falls with it.

    Args:
        moment: p in (1, 2].
        hessian: True for the class with Lipschitz Hessian, :math:`\rho = 1`, in place of L.
        easiest: Links and rows of the chain whose reveals are the most frequent; it sets sigma.

    Example:
        >>> plain = ChainClass(2.0)
        >>> four, sixteen = plain.point(rank=4, length=4), plain.point(rank=4, length=16)
        >>> round(four.eps / sixteen.eps, 2), sixteen.low > 16 * four.low / 1.3
        (2.02, True)
    """

    moment: float
    hessian: bool = False
    easiest: tuple[int, int] = (4, 4)

    @property
    def exponent(self) -> float:
        """The theorem's exponent of the calls in eps, negative."""
        return calls_exponent(self.moment, float(self.hessian))

    def gradient(self, length: int) -> float:
        """Return G of a chain of so many links that fills the class."""
        links = LINK * length - RAMP / 2
        if self.hessian:
            return (GAP / links) ** (2 / 3) / HESSIAN_LIPSCHITZ ** (1 / 3)
        return math.sqrt(GAP / (GRADIENT_LIPSCHITZ * links))

    @property
    def sigma(self) -> float:
        """The p-th moment of the oracle's noise, to the power 1/p."""
        length, rank = self.easiest
        share = REVEALED[max(p for p in REVEALED if p <= self.moment or p == min(REVEALED))]
        return oracle_moment(self.gradient(length), rank, share / rank, self.moment)

    def point(self, *, rank: int, length: int) -> Point:
        """Return the chain with so many rows and links."""
        gradient = self.gradient(length)
        reveal = reveal_for(self.sigma, gradient, rank, self.moment)
        stretch = (
            math.sqrt(gradient * HESSIAN_LIPSCHITZ)
            if self.hessian
            else gradient * GRADIENT_LIPSCHITZ
        )
        eps = gradient / STATIONARITY
        bound = LowerBound(eps=eps, gradient=gradient, length=length, reveal=reveal)
        closed = closed_form(
            eps=eps,
            rank=rank,
            gap=GAP,
            sigma=self.sigma,
            moment=self.moment,
            link=LINK,
            **({"hessian_smoothness": 1.0, "hessian_lipschitz": HESSIAN_LIPSCHITZ}
               if self.hessian
               else {"smoothness": 1.0, "gradient_lipschitz": GRADIENT_LIPSCHITZ}),
        )  # fmt: skip
        return Point(rank, length, eps, reveal, stretch, bound.calls(), closed)

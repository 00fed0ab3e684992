"""The lower bound: how many calls a method needs that moves only where it has seen a gradient."""

import math
from typing import NamedTuple, final

import numpy as np

from explorer.theory.exponents import calls_exponent


@final
class LowerBound(NamedTuple):
    r"""What the chain forces on every zero-respecting method.

    While fewer than T reveals have come, of which a call makes one in a given row with probability
    :math:`\theta`, that row's gradient stays as long as it was. With G the dual norm of the first
    gradient, rows alike, after t calls

    .. math:: E\|\nabla f\|_* \ge G\, P(\mathrm{Bin}(t, \theta) \le T - 1).

    Attributes:
        eps: Stationarity that shall be reached, in the mean over the run.
        gradient: G, above ``eps``.
        length: T, links of a chain.
        reveal: :math:`\theta` in (0, 1].

    Example:
        >>> bound = LowerBound(eps=0.8, gradient=1.0, length=1, reveal=0.5)
        >>> bound.mean(1), bound.mean(2)  # 1, then (1 + 1/2) / 2
        (1.0, 0.75)
        >>> bound.calls()
        2

    Source:
        Derived in this project; for arbitrary methods it is a theorem of J. Zhang and T. Lin,
        arXiv:2605.18528, where max(m, n) is large against min(m, n) squared.
    """

    eps: float
    gradient: float
    length: int
    reveal: float

    def mean(self, calls: int) -> float:
        r"""Return the least mean of :math:`E\|\nabla f\|_*` over so many calls.

        The sum over time is one over reveals: with S = Bin(N, theta),
        :math:`\sum_{t<N} P(\mathrm{Bin}(t,\theta) \le T-1) = E\min(S, T)/\theta`.

        Args:
            calls: N, at least 1.
        """
        if calls <= self.length:  # no chain can be through
            return self.gradient
        k = np.arange(self.length)
        if self.reveal == 1:
            seen = float(self.length)
        else:
            # term by term: logarithms of factorials would cancel where N is large
            choose = np.concatenate(([0.0], np.cumsum(np.log((calls - k[:-1]) / k[1:]))))
            odds = math.log(self.reveal) - math.log1p(-self.reveal)
            logs = choose + k * odds + calls * math.log1p(-self.reveal)
            seen = self.length - float(((self.length - k) * np.exp(logs)).sum())
        return self.gradient * seen / (self.reveal * calls)

    def calls(self) -> int:
        """Return N_low: the first number of calls whose mean may be as small as ``eps``.

        The mean falls with the calls, so it is found by bisection.
        """
        low, high = self.length, 2 * self.length
        while self.mean(high) > self.eps:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.mean(middle) <= self.eps else (middle, high)
        return high


def oracle_moment(gradient: float, rank: int, reveal: float, moment: float) -> float:
    r"""Return :math:`\sigma` of the chain's oracle, from above: its noise is at most so large.

    .. math::
        \sigma^p = (G/r)^p \big[ r\theta (1/\theta + r - 2)^p + (1 - r\theta) r^p \big],

    since a call that reveals one of r rows misses it by :math:`1/\theta - 1` and every other row by
    1, and a call that reveals none misses every row by 1.

    Args:
        gradient: G, dual norm of the first gradient, rows alike.
        rank: r, the number of rows.
        reveal: :math:`\theta` in (0, 1/r].
        moment: p in (1, 2].

    Example:
        >>> oracle_moment(1.0, rank=1, reveal=0.5, moment=2.0)  # off by one, always
        1.0
    """
    seen, hidden = 1 / reveal + rank - 2, float(rank)
    power = rank * reveal * seen**moment + (1 - rank * reveal) * hidden**moment
    return gradient / rank * power ** (1 / moment)


def reveal_for(sigma: float, gradient: float, rank: int, moment: float) -> float:
    r"""Return the :math:`\theta` for which :func:`oracle_moment` is ``sigma``, by bisection.

    Args:
        sigma: At least what it is at :math:`\theta = 1/(2r)`, below which it falls with theta.
        gradient: G.
        rank: r.
        moment: p in (1, 2].

    Raises:
        ValueError: If the noise is too weak for rare reveals.

    Example:
        >>> sigma = oracle_moment(1.0, rank=4, reveal=0.001, moment=1.5)
        >>> round(reveal_for(sigma, 1.0, rank=4, moment=1.5), 9)
        0.001
    """
    low, high = 1e-15, 0.5 / rank
    if oracle_moment(gradient, rank, high, moment) > sigma:
        raise ValueError(
            f"sigma must be at least {oracle_moment(gradient, rank, high, moment):.3g}, got "
            f"{sigma!r}; with less noise a row is revealed at every other call."
        )
    while high > low * (1 + 1e-13):
        middle = math.sqrt(low * high)
        if oracle_moment(gradient, rank, middle, moment) > sigma:
            low = middle
        else:
            high = middle
    return low


def closed_form(
    *,
    eps: float,
    rank: int,
    gap: float,
    sigma: float,
    moment: float,
    link: float,
    smoothness: float = 0.0,
    gradient_lipschitz: float = 0.0,
    hessian_smoothness: float = 0.0,
    hessian_lipschitz: float = 0.0,
) -> float:
    r"""Return a lower bound in closed form, in the constants of a problem class.

    By Markov's inequality :math:`P(\mathrm{Bin}(t, \theta) \ge T) \le t\theta/T`, so the mean over
    N calls is at least :math:`G(1 - N\theta/(2T))`, which is above :math:`\varepsilon = G/a` while
    :math:`N < 2(1 - 1/a)\,T/\theta`. Chains fill the class with :math:`T = L\Delta/(D_0 l_1 G^2)`
    links, or :math:`T = \Delta\sqrt\rho/(D_0\sqrt{l_2}\,G^{3/2})` where the Hessian is Lipschitz,
    and :math:`1/\theta = r(\sigma/G)^{p/(p-1)}`. The best :math:`a = (k+1)/k` gives

    .. math::
        N \ge c\, r L \Delta\, \sigma^{p/(p-1)} \varepsilon^{-k}, \qquad k = \frac{3p-2}{p-1},
        \qquad c = \frac{2}{(k+1)\, D_0 l_1} \Big(\frac{k}{k+1}\Big)^k,

        N \ge c'\, r \sqrt\rho\, \Delta\, \sigma^{p/(p-1)} \varepsilon^{-k}, \qquad
        k = \frac{5p-3}{2p-2}, \qquad
        c' = \frac{2}{(k+1)\, D_0 \sqrt{l_2}} \Big(\frac{k}{k+1}\Big)^k.

    It leaves out that links are whole and that other rows add noise of their own, so it holds up to
    :math:`1 - o(1)` as eps falls, which near p = 1 takes an eps that no run can reach. At p = 2 the
    exact :class:`LowerBound` goes to about three times as much.

    Args:
        eps: Stationarity, positive.
        rank: r = min(m, n).
        gap: :math:`\Delta`.
        sigma: :math:`\sigma`, with :math:`E\|\xi\|_*^p \le \sigma^p`.
        moment: p in (1, 2].
        link: :math:`D_0`, what a link gains.
        smoothness: L, for the class with a Lipschitz gradient.
        gradient_lipschitz: :math:`l_1` of the chain, for that class.
        hessian_smoothness: :math:`\rho`, for the class with a Lipschitz Hessian.
        hessian_lipschitz: :math:`l_2` of the chain, for that class.

    Example:
        >>> numbers = {"rank": 1, "gap": 1.0, "sigma": 1.0, "moment": 2.0, "link": 1.25}
        >>> chain = {"smoothness": 1.0, "gradient_lipschitz": 9.466}
        >>> round(closed_form(eps=1.0, **numbers, **chain), 4)  # c
        0.0138
        >>> at = [closed_form(eps=eps, **numbers, **chain) for eps in (0.1, 0.05)]
        >>> round(at[1] / at[0], 6)  # half the eps, sixteen times the calls
        16.0

    Source:
        Derived in this project, of the form of the theorem of J. Zhang and T. Lin,
        arXiv:2605.18528.
    """
    if hessian_smoothness:
        k = -calls_exponent(moment, transport=1)
        links = math.sqrt(hessian_smoothness / hessian_lipschitz)
    else:
        k = -calls_exponent(moment)
        links = smoothness / gradient_lipschitz
    best = 2 / (k + 1) * (k / (k + 1)) ** k
    return best * rank * links * gap / link * sigma ** (moment / (moment - 1)) * eps**-k

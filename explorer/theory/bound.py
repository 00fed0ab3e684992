"""The explicit bound of one run: one inequality, advanced step by step."""

from typing import final

from explorer.theory._constants import Constants
from explorer.theory.exponents import exponent, rho_zero_exponent


@final
class Bound:
    r"""An upper bound, in expectation, on the step-weighted mean of the stationarity so far.

    For any step sizes, momenta, batches and look-aheads fixed before the run, descent gives

    .. math::
        \frac{\sum_t \eta_t E\|\nabla f(X_t)\|_*}{\sum_t \eta_t} \le
        \frac{\Delta + \sum_t \big(L\eta_t^2/2 + 2\eta_t(b_t + n_t)\big)}{\sum_t \eta_t},

    where :math:`b_t + n_t` bounds :math:`E\|M_{t+1} - \nabla f(X_t)\|_*`, bias and noise:

    .. math::
        b_t &= \beta_t b_{t-1} + (\beta_t - c_t(1-\beta_t)) L \eta_{t-1}
              + \tfrac{\rho}{2}\eta_{t-1}^2 (1-\beta_t)(c_t + c_t^2), \\
        n_t &= K v_t^{1/p}, \quad v_t = \beta_t^p v_{t-1} + (1-\beta_t)^p B_t^{1-p}.

    Four numbers a step, valid for every number of steps at once. Single seeds and bands may cross
    it; the mean over seeds of the weighted mean may do so by its sampling error only.

    Args:
        constants: L, rho, the gap, K and p.
        transport: The fraction of transport that was asked for, in [0, 1]; above 0 needs rho.

    Raises:
        ValueError: If ``transport`` is above 0 and rho is unknown.

    Example:
        >>> bound = Bound(Constants(1.0, 0.0, 1.0, noise=0.0, moment=2.0))
        >>> bound.advance(lr=1.0, momentum=0.0, batch_size=1, coefficient=0.0)  # 1 + 1/2
        1.5

    Source:
        Derived in this project for Algorithm 1 of J. Zhang and T. Lin, arXiv:2605.18528.
    """

    def __init__(self, constants: Constants, transport: float = 0.0) -> None:
        if transport > 0 and constants.hessian_smoothness is None:
            raise ValueError(
                "a transported bound needs hessian_smoothness, got None; "
                "without rho choose transport=0."
            )
        self._constants = constants
        self._transport = transport
        self._sum_lr = 0.0
        self._numerator = constants.gap
        self._bias = 0.0
        self._power = 0.0  # v_t
        self._last_lr = 0.0

    def advance(self, lr: float, momentum: float, batch_size: int, coefficient: float) -> float:
        r"""Take one step into account and return the bound on the mean up to and including it.

        Args:
            lr: :math:`\eta_t`, positive.
            momentum: :math:`\beta_t`, the weight of the past; the first step's counts as 0.
            batch_size: :math:`B_t`.
            coefficient: :math:`c_t \le \beta_t/(1-\beta_t)`, the look-ahead in last moves.
        """
        smoothness, rho, _, noise, p = self._constants
        beta, c = (momentum, coefficient) if self._sum_lr else (0.0, 0.0)
        self._bias = beta * self._bias + (beta - c * (1 - beta)) * smoothness * self._last_lr
        self._bias += (rho or 0.0) / 2 * self._last_lr**2 * (1 - beta) * (c + c * c)
        self._power = beta**p * self._power + (1 - beta) ** p * batch_size ** (1 - p)
        error = self._bias + noise * self._power ** (1 / p)
        self._numerator += smoothness * lr * lr / 2 + 2 * lr * error
        self._sum_lr += lr
        self._last_lr = lr
        return self._numerator / self._sum_lr

    @property
    def exponent(self) -> float:
        """The theorem's exponent for a run tuned to its horizon."""
        constants = self._constants
        if self._transport == 1 and constants.hessian_smoothness == 0 and constants.noise > 0:
            return rho_zero_exponent(constants.moment)
        return exponent(constants.moment, self._transport, noiseless=constants.noise == 0)


def unmet(
    *,
    network: bool,
    smooth: bool,
    lmo_method: bool,
    noise_constant: bool,
    transport: float,
    hessian_smoothness: float | None,
    constrained: bool = False,
) -> str | None:
    """Return the sentence why no bound is drawn, or None where it holds.

    Args:
        network: True where the objective is a network.
        smooth: True where the objective has an L.
        lmo_method: True where every step is ``lr * lmo``.
        noise_constant: True where the noise's K is known.
        transport: The fraction of transport.
        hessian_smoothness: rho, or None where unknown.
        constrained: True where iterates are kept in a ball.

    Example:
        >>> unmet(
        ...     network=False,
        ...     smooth=True,
        ...     lmo_method=False,
        ...     noise_constant=True,
        ...     transport=0,
        ...     hessian_smoothness=0.0,
        ... )
        'no bound drawn: the inequality is about steps of size lr along an LMO, which this ...'
    """
    reasons = {
        "no bound drawn: a network's L, rho, gap and noise constant are unknown.": network,
        "no bound drawn: the curvature of this objective grows without limit, so it has no L and "
        "no theorem is about it.": not smooth,
        "no bound drawn: the inequality is about steps of size lr along an LMO, which this "
        "optimizer does not take.": not lmo_method,
        "no bound drawn: the constant K of this noise is unknown.": not noise_constant,
        "no bound drawn: transport needs a Lipschitz Hessian, and rho is unknown here.": transport
        > 0
        and hessian_smoothness is None,
        "no bound drawn: the inequality is about unconstrained steps.": constrained,
    }
    return next((sentence for sentence, applies in reasons.items() if applies), None)

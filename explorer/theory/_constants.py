"""The five numbers that the theory asks of a problem, a norm and a noise."""

from typing import NamedTuple


class Constants(NamedTuple):
    r"""What bounds and schedules know of a run.

    Attributes:
        smoothness: :math:`L`, with :math:`\|\nabla f(X) - \nabla f(Y)\|_* \le L\|X - Y\|`.
        hessian_smoothness: :math:`\rho`, the Hessian's Lipschitz constant; None if unknown.
        gap: :math:`\Delta = f(X_0) - \inf f`.
        noise: :math:`K`, with :math:`E\|\sum w_i \xi_i\|_* \le K (\sum w_i^p)^{1/p}`, or 0.
        moment: :math:`p` in (1, 2].
    """

    smoothness: float
    hessian_smoothness: float | None
    gap: float
    noise: float
    moment: float

"""The exponents of the paper: how fast stationarity falls with the number of oracle calls."""


def exponent(moment: float, transport: float = 0.0, *, noiseless: bool = False) -> float:
    r"""Return the exponent of N in the mean stationarity of a run tuned to N calls, negative.

    .. math::
        -\frac{p-1}{3p-2} \ \text{(batched)}, \qquad -\frac{2p-2}{5p-3} \ \text{(transported)}.

    Only full transport has the second one; a fraction is tuned like, and bounded by, the first.
    Without noise both are :math:`-1/2`. On a quadratic (:math:`\rho = 0`) the transported bound
    falls with :math:`-(p-1)/p`, which is what ``rho_zero_exponent`` gives.

    Args:
        moment: p in (1, 2].
        transport: Fraction in [0, 1].
        noiseless: True where K = 0.

    Example:
        >>> exponent(2.0), exponent(1.5), round(exponent(2.0, transport=1), 4)
        (-0.25, -0.2, -0.2857)

    Source:
        J. Zhang and T. Lin, arXiv:2605.18528, abstract.
    """
    if noiseless:
        return -0.5
    if transport == 1:
        return -(2 * moment - 2) / (5 * moment - 3)
    return -(moment - 1) / (3 * moment - 2)


def calls_exponent(moment: float, transport: float = 0.0) -> float:
    r"""Return the exponent of eps in the number of calls that reach it, negative.

    .. math::
        -\frac{3p-2}{p-1} \ \text{(batched)}, \qquad -\frac{5p-3}{2p-2} \ \text{(transported)}:

    one over :func:`exponent`. Upper and lower bounds have the same.

    Example:
        >>> calls_exponent(2.0), calls_exponent(2.0, transport=1)
        (-4.0, -3.5)

    Source:
        J. Zhang and T. Lin, arXiv:2605.18528, abstract.
    """
    return 1 / exponent(moment, transport)


def rho_zero_exponent(moment: float) -> float:
    r"""Return :math:`-(p-1)/p`: transported Scion where the Hessian is constant.

    Source: derived in this project, from the bound with :math:`\beta_t = t/(t+1)`.
    """
    return -(moment - 1) / moment


def formula(transport: float = 0.0, *, noiseless: bool = False, rho_zero: bool = False) -> str:
    r"""Return the exponent in LaTeX, as drawn beside the guide.

    Example:
        >>> formula(transport=1)
        '-\\frac{2p-2}{5p-3}'
    """
    if noiseless:
        return r"-\frac{1}{2}"
    if transport == 1:
        return r"-\frac{p-1}{p}" if rho_zero else r"-\frac{2p-2}{5p-3}"
    return r"-\frac{p-1}{3p-2}"

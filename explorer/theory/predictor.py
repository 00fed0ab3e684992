"""What theory expects a change of geometry to gain: a guide, no theorem."""

from math import sqrt


def expected_gain(
    *, smoothness: float, noise: float | None, dual_rank: float, moment: float
) -> float:
    r"""Return how many times smaller a norm g makes the mean gradient than Frobenius does.

    Both are tuned to equally many calls of one oracle, and measured alike, by the Frobenius norm of
    the exact gradient. The bound of a tuned run falls on :math:`E\|\nabla f\|_*`, which is at
    least :math:`\sqrt{\nu_g}\,\|\nabla f\|_F` as long as the gradient keeps its shape; so

    .. math::
        \text{gain} = \sqrt{\nu_g} \left[\frac{L_g}{L_F}
            \left(\frac{K_g}{K_F}\right)^{p/(p-1)}\right]^{-(p-1)/(3p-2)},
        \qquad \nu_g = \frac{\|G\|_*^2}{\|G\|_F^2},

    and :math:`\sqrt{\nu_g L_F/L_g}` without noise, where g wins if :math:`\nu_g > L_g/L_F`. The
    gap is the same for both and cancels.

    A guide: it compares upper bounds and takes the shape of the gradient from the start. It names
    the right side in four cases of five or more, and overstates how far apart the two are.

    Args:
        smoothness: :math:`L_g/L_F`, positive.
        noise: :math:`K_g/K_F`, positive; None without noise.
        dual_rank: :math:`\nu_g` of the first gradient; the spectral norm's is its nuclear rank.
        moment: :math:`p` in (1, 2].

    Example:
        >>> expected_gain(smoothness=4.0, noise=None, dual_rank=9.0, moment=2.0)
        1.5
        >>> round(expected_gain(smoothness=4.0, noise=1.0, dual_rank=9.0, moment=2.0), 3)
        2.121

    Source:
        Derived in this project from the leading terms of the bound.
    """
    if noise is None:
        return sqrt(dual_rank / smoothness)
    p = moment
    cost = smoothness * noise ** (p / (p - 1))
    return sqrt(dual_rank) * cost ** (-(p - 1) / (3 * p - 2))

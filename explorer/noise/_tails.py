"""The constant of noise of which nothing is known but its tails."""


def tail_constant(p: float) -> float:
    r"""Return :math:`C_p` such that :math:`K = C_p \sum_b s_b` holds for symmetric blocks of noise.

    For blocks with :math:`P(|\xi_b| > x) \le s_b^p x^{-p}` at every :math:`x > 0`: what lies below
    the cut :math:`c\, s_b (\sum w_i^p)^{1/p}` is bounded by its variance, what lies above by its
    mean, and

    .. math:: C_p = \min_c \sqrt{\tfrac{2}{2-p}}\, c^{(2-p)/2} + \tfrac{p}{p-1}\, c^{1-p},

    taken where the two terms' derivatives cancel.

    Example:
        >>> [round(tail_constant(p), 2) for p in (1.3, 1.5, 1.8)]
        [5.6, 4.33, 4.32]
    """
    root = (2 / (2 - p)) ** 0.5
    cut = (p * root) ** (2 / p)
    return root * cut ** ((2 - p) / 2) + p / (p - 1) * cut ** (1 - p)

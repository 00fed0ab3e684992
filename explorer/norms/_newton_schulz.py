"""The polar factor as Muon finds it: a few steps of a polynomial, mostly in bfloat16."""

import torch
from torch import Tensor

from explorer.norms._lengths import directions

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def newton_schulz(g: Tensor, steps: int = 5, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    r"""Return Muon's approximate polar factor of each matrix.

    With :math:`X_0 = g / \|g\|_F` and a = 3.4445, b = -4.775, c = 2.0315,

    .. math::
        X_{k+1} = a X_k + b X_k X_k^\top X_k + c (X_k X_k^\top)^2 X_k,

    which keeps the singular vectors of g and takes each singular value by
    :math:`\sigma \mapsto a \sigma + b \sigma^3 + c \sigma^5`. The coefficients are chosen for speed
    near zero, not for a limit: after five steps in float64 those that were between 0.0016 and 1
    times the Frobenius norm lie anywhere between 0.68 and 1.21, and smaller ones, which grow 485
    times at most, fall short: 0.47 comes of 0.001. ``polar`` is exact.

    Unlike Muon's own code it divides before it rounds to ``dtype``, so no scale of g overflows.

    Args:
        g: Matrices ``[..., m, n]``, any float dtype. 0 gives 0; a matrix that holds NaN or an
            infinity gives NaN.
        steps: Steps of the polynomial, at least 0.
        dtype: Of the products; bfloat16 is Muon's.

    Returns:
        Like ``g``.

    Example:
        >>> g = torch.tensor([[3.0, 0.0], [0.0, 4.0]], dtype=torch.float64)
        >>> newton_schulz(g, dtype=torch.float64)
        tensor([[0.7229, 0.0000],
                [0.0000, 1.1192]], dtype=torch.float64)

    Source:
        K. Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks,
        kellerjordan.github.io/posts/muon.
    """
    a, b, c = COEFFICIENTS
    tall = g.shape[-2] > g.shape[-1]  # the Gram matrix of the small side costs less
    x = directions(g, (-2, -1)).to(dtype)
    x = x.mT if tall else x
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return (x.mT if tall else x).to(g.dtype)

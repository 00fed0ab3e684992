"""The exact polar factor of a batch of matrices, and the certificate that it is exact."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor

# A direction whose singular value is below this share of the largest one has no gradient: rounding
# made it. Together such directions hold at most min(m, n) * 1e-13 of the nuclear norm.
RANK_TOLERANCE = 1e-13

# From this side on numpy's BLAS would start threads, which wait busily beside those of torch and
# make both slower on a few cores.
THREADED_SIDE = 16
_BLAS = ThreadpoolController().select(internal_api="openblas")

# Above this ratio of smallest to largest eigenvalue the inverse square root of the Gram matrix is
# wrong by at most 1e-6, and one Newton step squares that.
WELL_CONDITIONED = 1e-10

# Above this one it is wrong by 1e-9 at most, which float32 cannot show: no Newton step is needed.
EASY_IN_FLOAT32 = 1e-6


def polar(g: Tensor) -> Tensor:
    r"""Return the polar factor :math:`U V^\top` of :math:`g = U \Sigma V^\top`, on its range.

    The inverse square root of the Gram matrix of the small side, by an eigendecomposition in
    float64, and where it could be seen one Newton step
    :math:`P \leftarrow \frac32 P - \frac12 P P^\top P`, which squares the error. Where the Gram
    matrix loses small singular values, the rows
    :math:`v_i^\top g` of the left directions, longest first, are made orthonormal by a QR
    factorisation instead. The duality gap is rounding (1e-14) up to condition 1e5, and below 1e-6
    however far apart the singular values are; directions without gradient get no step.

    Args:
        g: Matrices ``[..., m, n]``, any float dtype, any scale. A matrix that holds NaN or an
            infinity gives NaN.

    Returns:
        Like ``g``, in float64.

    Example:
        >>> g = torch.tensor([[1e8, 0.0], [0.0, 1.0]], dtype=torch.float64)
        >>> polar(g)
        tensor([[1., 0.],
                [0., 1.]], dtype=torch.float64)
    """
    xp, wide, gram, scale, tall = _prepare(g)
    with _one_thread(wide):
        eigenvalues, left = xp.linalg.eigh(gram)
        smallest, largest = eigenvalues[..., 0], eigenvalues[..., -1]
        easy = smallest > (1.0 if g.dtype == torch.float64 else EASY_IN_FLOAT32) * largest
        if bool(easy.all()):
            factor = (left / xp.sqrt(eigenvalues)[..., None, :]) @ left.mT @ wide
        else:  # each matrix goes its own way, so that none depends on its neighbours
            poor = smallest <= WELL_CONDITIONED * largest
            usable = xp.where(poor[..., None], 1.0, eigenvalues)
            factor = (left / xp.sqrt(usable)[..., None, :]) @ left.mT @ wide
            polished = 1.5 * factor - 0.5 * ((factor @ factor.mT) @ factor)
            factor = xp.where(easy[..., None, None], factor, polished)
            if bool(poor.any()):
                factor[poor] = _recomposed(xp, wide[poor], left[poor], lambda shares: 1.0)
    return _restored(factor, scale, tall)


def singular_values(g: Tensor) -> Tensor:
    """Return the singular values, float64 ``[..., min(m, n)]``; NaN as in ``polar``."""
    xp, wide, gram, scale, _ = _prepare(g)
    with _one_thread(wide):
        left = xp.linalg.eigh(gram)[1]
        values = torch.as_tensor(xp.abs(_triangle_diagonal(xp, wide, left)[1]))
    return values if scale is None else values * scale.squeeze(-1)


def nuclear_rank(g: Tensor) -> Tensor:
    r"""Return :math:`(\sum_i \sigma_i)^2 / \sum_i \sigma_i^2`, float64 ``[...]``, 0 for g = 0.

    Between 1 and the rank, which it is where all singular values are alike. From the Gram matrix
    alone, at a third of the cost of :func:`singular_values`: a :math:`\sigma_i` is wrong by up to
    1e-8 of the largest.

    Example:
        >>> nuclear_rank(torch.diag(torch.tensor([3.0, 1.0])))
        tensor(1.6000, dtype=torch.float64)
    """
    xp, wide, gram, scale, _ = _prepare(g)
    with _one_thread(wide):
        squares = torch.as_tensor(xp.linalg.eigvalsh(gram)).clamp(min=0)
    total = squares.sum(-1)
    rank = squares.sqrt().sum(-1).square() / torch.where(total == 0, 1.0, total)
    return rank if scale is None else rank + (scale - scale)[..., 0, 0]


def spectral_map(g: Tensor, weigh: Callable[[Any], Any]) -> Tensor:
    r"""Return :math:`U \operatorname{diag}(w) V^\top` for :math:`g = U \Sigma V^\top`, exact.

    U and V are orthonormal to rounding. Singular values are the diagonal of a triangle, longest
    rows first; those below 1e-8 of the largest may be mixed among each other.

    Args:
        g: Matrices ``[..., m, n]``.
        weigh: From singular values in units of the largest, ``[..., r]`` in falling order, to
            weights w; it sees arrays of numpy on a CPU and of torch elsewhere. A direction without
            gradient keeps weight 0.

    Returns:
        Like ``g``, in float64; NaN where g holds NaN or an infinity.

    Example:
        >>> g = torch.diag(torch.tensor([30.0, 10.0]))
        >>> spectral_map(g, lambda sigma: sigma**2).diagonal()
        tensor([1.0000, 0.1111], dtype=torch.float64)
    """
    xp, wide, gram, scale, tall = _prepare(g)
    with _one_thread(wide):
        left = xp.linalg.eigh(gram)[1]
        factor = _recomposed(xp, wide, left, weigh)
    return _restored(factor, scale, tall)


def leading_directions(g: Tensor, k: int) -> Tensor:
    r"""Return :math:`U_k V_k^\top`, the k leading directions of g with weight one, in float64."""

    def first(shares: Any) -> Any:
        weights = shares * 0
        weights[..., :k] = 1
        return weights

    return spectral_map(g, first)


def _prepare(g: Tensor) -> tuple[Any, Any, Any, Tensor | None, bool]:
    """Return the array library, wide matrices, their Gram matrices, and by what they were divided.

    numpy on a CPU: it takes every matrix of a stack through one buffer, so the bits of a result do
    not depend on its neighbours, as they do with torch, where alignment chooses the kernel.
    """
    xp: Any = np if g.device.type == "cpu" else torch
    x: Any = g.detach().double()
    x = x.numpy() if xp is np else x
    tall = g.shape[-2] > g.shape[-1]
    wide = x.mT if tall else x
    scale = None
    with np.errstate(invalid="ignore", over="ignore"):  # a diverged seed is said on the page
        gram = wide @ wide.mT
    # float64 holds the square of any float32 but not of its own extremes; LAPACK must see numbers
    if g.dtype == torch.float64 or not xp.isfinite(gram).all():
        largest = xp.amax(xp.abs(wide), (-2, -1), keepdims=True)
        usable = (largest > 0) & (largest < xp.inf)
        # dividing float32s as well would give them other last bits when a neighbour is not finite
        unit = largest if g.dtype == torch.float64 else xp.ones_like(largest)
        wide = xp.where(usable, wide, 0.0) / xp.where(usable, unit, 1.0)
        gram = wide @ wide.mT
        scale = torch.as_tensor(xp.where(usable, unit, largest))
    return xp, wide, gram, scale, tall


def _one_thread(wide: Any) -> AbstractContextManager[Any]:
    return _BLAS.limit(limits=1) if wide.shape[-2] >= THREADED_SIDE else nullcontext()


def _triangle_diagonal(xp: Any, wide: Any, left: Any) -> tuple[Any, Any]:
    """Return orthonormal columns that span the rows of ``left^T wide``, and R's diagonal."""
    right, triangle = xp.linalg.qr(wide.mT @ xp.flip(left, (-1,)))
    return right, xp.diagonal(triangle, 0, -2, -1)


def _recomposed(xp: Any, wide: Any, left: Any, weigh: Callable[[Any], Any]) -> Any:
    """Return ``U diag(weigh(sigma / sigma_1)) V^T`` of wide matrices; rounding gets no weight."""
    right, diagonal = _triangle_diagonal(xp, wide, left)
    sizes = xp.abs(diagonal)
    largest = sizes[..., :1]
    shares = sizes / xp.where(largest == 0, 1.0, largest)
    weights = weigh(shares) * (shares > RANK_TOLERANCE) * xp.sign(diagonal)
    return (xp.flip(left, (-1,)) * weights[..., None, :]) @ right.mT


def _restored(factor: Any, scale: Tensor | None, tall: bool) -> Tensor:
    """Return a result in the shape of what was asked for, NaN where that was not finite."""
    result = torch.as_tensor(factor.mT if tall else factor)
    return result if scale is None else result + (scale - scale)


def lmo_gap(g: Tensor, direction: Tensor) -> Tensor:
    r"""Return :math:`1 - \langle g, -d \rangle / \|g\|_*`: how far d is from the spectral LMO.

    Measured with an SVD in float64, so that it shares no code with what it certifies; 0 at
    ``g = 0``.
    """
    scale = g.abs().amax((-2, -1), keepdim=True).double()
    scaled = g.double() / torch.where(scale == 0, 1.0, scale)
    dual = torch.linalg.svdvals(scaled).sum(-1)
    attained = -(scaled * direction.double()).sum((-2, -1))
    return torch.where(dual == 0, 0.0, 1 - attained / torch.where(dual == 0, 1.0, dual))

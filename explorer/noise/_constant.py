"""The expected dual norm of a random matrix, to a tenth of a per cent, even for heavy tails."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explorer.noise._streams import Streams

MOST_DRAWS = 20_000
ENTRIES = 2**22  # drawn for a large matrix, whose dual norm varies less
CHUNK = 2**19

_found: dict[Any, float] = {}


def expected_dual_norm(
    norm: Any,
    shape: tuple[int, int],
    law: Any,
    sample: Callable[[Tensor], Tensor],
    uniforms: int,
    mean_absolute: float | None = None,
) -> float:
    r"""Return :math:`E\|\xi\|_*` of a matrix with identically distributed entries.

    Plain Monte Carlo is badly wrong for tails near 1: a rare huge draw carries the mean. So

    .. math:: E\|\xi\|_* = mn\, E|\xi_{11}| - E\Big[\sum_{ij} |\xi_{ij}| - \|\xi\|_*\Big],

    with the first term in closed form; in the second the one huge entry cancels, which doubles the
    tail index and makes the variance finite. The uniforms are the same at every call, so the result
    is smooth in the law's parameters.

    Args:
        norm: Has ``dual_norm``; the dual must be at most the sum of absolute entries.
        shape: ``(m, n)``.
        law: Hashable parameters of the law, for the cache.
        sample: From uniforms ``[draws, uniforms]`` to matrices' entries ``[draws, m n]``.
        uniforms: Uniforms for one matrix.
        mean_absolute: :math:`E|\xi_{11}|` where tails are heavy; None takes the plain mean, which
            is the better estimate of the two where they are light.
    """
    key = (type(norm), repr(norm), shape, law)
    if key not in _found:
        entries = shape[0] * shape[1]
        draws = max(256, min(MOST_DRAWS, ENTRIES // entries))
        streams = Streams(0, 1)
        total, done = 0.0, 0
        while done < draws:
            size = min(draws - done, max(1, CHUNK // uniforms))
            numbers = streams.uniforms("constant", uniforms, size).view(size, uniforms)
            matrices = sample(numbers).view(size, *shape)
            values = norm.dual_norm(matrices)
            if mean_absolute is not None:
                values = values - matrices.abs().sum((-2, -1))
            total += float(values.sum())
            done += size
        _found[key] = entries * (mean_absolute or 0.0) + total / draws
    return _found[key]


def normals(uniforms: Tensor) -> Tensor:
    """Return standard normal draws, one for each uniform in (0, 1)."""
    return torch.special.ndtri(uniforms)

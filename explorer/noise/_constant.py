"""The expected dual norm of a random matrix, to less than a per cent, even for heavy tails."""

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from explorer.noise._streams import Streams

MOST_DRAWS = 20_000
ENTRIES = 2**22  # drawn for a large matrix, whose dual norm varies less
CHUNK = 2**19
MOST_ROUNDS = 16
ENOUGH = 0.004  # standard error, as a share of the result

# called between chunks of a long computation, which a caller may so give up by raising
PULSE: ContextVar[Callable[[], None]] = ContextVar("pulse", default=lambda: None)

_found: dict[Any, float] = {}


def expected_dual_norm(
    norm: Any,
    shape: tuple[int, int],
    law: Any,
    sample: Callable[[Tensor], Tensor],
    uniforms: int,
    mean_absolute: float,
    *,
    heavy: bool,
) -> float:
    r"""Return :math:`E\|\xi\|_*` of a matrix with identically distributed entries.

    Plain Monte Carlo is badly wrong for tails near 1: a rare huge draw carries the mean. So

    .. math:: E\|\xi\|_* = e\, mn\, E|\xi_{11}| - E\Big[e \sum_{ij} |\xi_{ij}| - \|\xi\|_*\Big],

    with e the dual norm of a matrix with a single entry one, and the first term in closed form; in
    the second the one huge entry cancels, which doubles the tail index and makes the variance
    finite. On a 4x16 matrix the standard error is 0.1 to 0.3 % of the result where the dual is a
    sum, and up to 0.9 % where it is a maximum (the norms ``l1`` and ``nuclear``, p near 2). Where
    tails are light the sum is an ordinary control variate, taken with the weight that the sample
    says is best. A large matrix gets fewer draws at once, and up to sixteen times as many until the
    error is below 0.4 %; Frobenius on 64x64 ends at 0.5 %. The uniforms are the same at every call,
    so the result is smooth in the law's parameters.

    Args:
        norm: Has ``dual_norm``, the same for every matrix with a single entry one.
        shape: ``(m, n)``.
        law: Hashable parameters of the law, for the cache.
        sample: From uniforms ``[draws, uniforms]`` to matrices' entries ``[draws, m n]``.
        uniforms: Uniforms for one matrix.
        mean_absolute: :math:`E|\xi_{11}|`.
        heavy: True where the variance of an entry is infinite.
    """
    key = (type(norm), repr(norm), repr(vars(norm)), shape, law)
    if key not in _found:
        entries = shape[0] * shape[1]
        draws = max(256, min(MOST_DRAWS, ENTRIES // entries))
        one = entry_dual_norm(norm, shape)
        streams = Streams(0, 1)
        duals: list[Tensor] = []
        sums: list[Tensor] = []
        found = 0.0
        for _ in range(1 if draws == MOST_DRAWS else MOST_ROUNDS):
            for start in range(0, draws, max(1, CHUNK // uniforms)):
                PULSE.get()()
                size = min(draws - start, max(1, CHUNK // uniforms))
                numbers = streams.uniforms("constant", uniforms, size).view(size, uniforms)
                matrices = sample(numbers).view(size, *shape)
                duals.append(norm.dual_norm(matrices))
                sums.append(one * matrices.abs().sum((-2, -1)))
            dual, total = torch.cat(duals), torch.cat(sums)
            centred = total - total.mean()
            weight = 1.0 if heavy else float((centred * dual).sum() / (centred * centred).sum())
            excess = dual - weight * total
            found = weight * one * entries * mean_absolute + float(excess.mean())
            if float(excess.std()) <= ENOUGH * found * len(excess) ** 0.5:
                break
        _found[key] = found
    return _found[key]


def entry_dual_norm(norm: Any, shape: tuple[int, int]) -> float:
    """Return the dual norm of a matrix with one entry one, the same wherever that entry stands.

    By the triangle inequality no dual norm exceeds it times the sum of absolute entries.
    """
    single = torch.zeros(shape, dtype=torch.float64)
    single[0, 0] = 1
    return float(norm.dual_norm(single))


def expected_normal_dual_norm(norm: Any, shape: tuple[int, int]) -> float:
    r"""Return :math:`E\|G\|_*` of a standard normal matrix."""
    entries, mean_absolute = shape[0] * shape[1], math.sqrt(2 / math.pi)
    return expected_dual_norm(norm, shape, "normal", normals, entries, mean_absolute, heavy=False)


def normals(uniforms: Tensor) -> Tensor:
    """Return standard normal draws, one for each uniform in (0, 1)."""
    return torch.special.ndtri(uniforms)

"""The mean of a batch, drawn as what it is: for laws that are not closed under averaging."""

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.noise._base import like_state
from explorer.noise._streams import Streams

MOST_UNIFORMS = 2**15  # at once, of the batch of one seed: 8 MB for 32 seeds


def mean_of_draws(
    like: Tensor,
    batch_size: int,
    streams: Streams,
    purpose: str,
    law: Callable[[Tensor], Tensor],
    uniforms: int = 1,
) -> Tensor:
    """Return the mean of ``batch_size`` draws of independent entries for each seed, like ``like``.

    Args:
        like: Shape ``[S, ...]``; the mean takes its shape, dtype and device.
        batch_size: Draws averaged, at least 1.
        streams: Where the numbers come from.
        purpose: Which of the streams.
        law: From uniforms ``[..., uniforms k]`` to ``[..., k]`` draws of an entry.
        uniforms: Uniforms that one entry takes.
    """
    entries = like[0].numel()
    purpose = f"{purpose}/{batch_size}"

    def transform(numbers: Tensor) -> Tensor:
        return like_state(law(numbers).unflatten(-1, (-1, entries)).mean(-2), like)

    if batch_size * entries * uniforms <= MOST_UNIFORMS:
        return streams.draw(purpose, batch_size * entries * uniforms, transform)
    # a batch too large for memory is summed in pieces whose size depends on it alone
    total = torch.zeros_like(like, dtype=torch.float64)
    piece = max(1, MOST_UNIFORMS // (entries * uniforms))
    for start in range(0, batch_size, piece):
        size = min(piece, batch_size - start)
        for row, index in zip(total, streams.indices, strict=True):
            numbers = streams.alone(index).uniforms(purpose, size * entries * uniforms)
            row += law(numbers).view(size, *like.shape[1:]).sum(0)
    return (total / batch_size).to(like.dtype)

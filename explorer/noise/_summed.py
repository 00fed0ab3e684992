"""Laws that are not closed under sums: the mean of a batch is drawn as what it is."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from explorer.noise._base import HeavyTailed, like_state
from explorer.noise._constant import entry_dual_norm
from explorer.noise._streams import Streams

MOST_NUMBERS = 2**15  # at once, of the batch of one seed: 8 MB for 32 seeds


class Summed(HeavyTailed):
    """The mean of B calls is the mean of B draws, at a cost that grows with B."""

    constant_kind = "bound"

    @abstractmethod
    def uniforms_of(self, shape: tuple[int, ...]) -> int:
        """Return how many uniforms one draw of a state of this shape takes."""

    @abstractmethod
    def draws(self, uniforms: Tensor, count: int, shape: tuple[int, ...]) -> Tensor:
        """Return ``count`` draws of scale 1, ``[..., count, entries]``, from all their uniforms."""

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        shape = tuple(like.shape[1:])
        each = self.uniforms_of(shape)
        purpose = f"{purpose}/{batch_size}"
        most = max(1, MOST_NUMBERS // max(each, like[0].numel()))

        def transform(numbers: Tensor) -> Tensor:
            return like_state(self.draws(numbers, batch_size, shape).mean(-2), like)

        if batch_size <= most:
            return self.noise_scale * streams.draw(purpose, batch_size * each, transform)
        # a batch too large for memory is summed in pieces whose size depends on it alone
        total = torch.zeros_like(like, dtype=torch.float64)
        for start in range(0, batch_size, most):
            size = min(most, batch_size - start)
            for row, index in zip(total, streams.indices, strict=True):
                numbers = streams.alone(index).uniforms(purpose, size * each)
                row += self.draws(numbers[0], size, shape).sum(0).view(shape)
        return self.noise_scale * (total / batch_size).to(like.dtype)


@dataclass(frozen=True)
class SummedEntries(Summed):
    r"""Independent symmetric entries with tails :math:`P(|\xi| > x) \le (\tau s/x)^p` at every x.

    They reach that bound in the limit. Truncation gives
    :math:`K = C_p\, m n\, \tau s\, \|E_{11}\|_*`: no dual norm exceeds that of a single entry one,
    times the sum of the absolute entries.

    Attributes:
        uniforms: Uniforms that one entry takes.
    """

    gaussian_end = False
    entrywise = True
    uniforms: ClassVar[int] = 1

    @abstractmethod
    def unit(self, uniforms: Tensor) -> Tensor:
        """Return draws of scale 1, ``[..., k]``, from uniforms ``[..., k uniforms]``."""

    @property
    @abstractmethod
    def tail_scale(self) -> float:
        r"""The least :math:`\tau`, :math:`\sup_x x\, P(|\xi| > x)^{1/p}` at scale 1."""

    def uniforms_of(self, shape: tuple[int, ...]) -> int:
        return self.uniforms * torch.Size(shape).numel()

    def draws(self, uniforms: Tensor, count: int, shape: tuple[int, ...]) -> Tensor:
        return self.unit(uniforms).unflatten(-1, (count, -1))

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        blocks = shape[0] * shape[1] * entry_dual_norm(norm, shape)
        return tail_constant(self.tail_index) * blocks * self.tail_scale * self.noise_scale

    def power_tail(self) -> float:
        return (self.tail_scale * self.noise_scale) ** self.tail_index


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

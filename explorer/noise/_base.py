"""What a noise is: zero-mean draws whose batch mean has a known law."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor

from explorer.noise._streams import Streams


class Noise(ABC):
    r"""Zero-mean additive noise :math:`\xi` of an oracle, whose batch mean has a known law.

    The constant of a noise in a norm is the smallest :math:`K` with

    .. math::
        E\Big\|\sum_i w_i \xi_i\Big\|_* \le K \Big(\sum_i w_i^p\Big)^{1/p}
        \quad\text{for all } n \text{ and fixed } w_i \ge 0,

    or an upper bound on it, as ``constant_kind`` says. It is all that a bound asks of a noise.

    Attributes:
        label: Name shown in menus.
        formula: The law of an entry in LaTeX.
        constant_kind: ``"exact"`` where :meth:`constant` is the smallest such K (up to the stated
            Monte Carlo error), ``"bound"`` where it is an upper bound.
        has_moment: True where the moment of order ``tail_index`` itself is finite.
        for_networks: True where the law may be added to a network's gradients.
        entrywise: True where all entries have one law, the same for matrices of every shape. Else
            the size of a draw is its Frobenius norm.
        tail_index: The exponent :math:`p` in :math:`(1, 2]` above: the law's tail index, or 2.
    """

    label: ClassVar[str]
    formula: ClassVar[str]
    constant_kind: ClassVar[Literal["exact", "bound"]]
    has_moment: ClassVar[bool] = False
    for_networks: ClassVar[bool] = False
    entrywise: ClassVar[bool] = False
    tail_index: float

    @property
    def symmetric(self) -> bool:
        r"""True where :math:`\xi` and :math:`-\xi` have one law."""
        return True

    @abstractmethod
    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        """Return the mean of ``batch_size`` fresh draws for each seed, like ``like``.

        Args:
            like: Shape ``[S, ...]``; the draws take its shape, dtype and device.
            batch_size: Draws averaged, at least 1.
            streams: Where the numbers come from; a fixed number of uniforms a step.
            purpose: Which of the streams; a network has one for each layer.
        """

    @abstractmethod
    def constant(self, norm: Any, shape: tuple[int, int]) -> float | None:
        r"""Return :math:`K` for matrices of ``shape`` in the dual of ``norm``; None if unknown.

        Args:
            norm: Has ``dual_norm``, which acts on ``[..., m, n]``.
            shape: ``(m, n)``.
        """

    def power_tail(self) -> float | None:
        r"""Return c with :math:`P(\text{size} > x) \sim c\, x^{-p}`; None if unknown.

        The size is :math:`|\xi_{ij}|` where the noise is ``entrywise``, else :math:`\|\xi\|_F`.
        Zero says that the tail falls faster than :math:`x^{-p}`.
        """
        return None

    def median_size(self) -> float | None:
        r"""Return the median of :math:`|\xi_{ij}|`, a network's unit of noise; None if unused."""
        return None


@dataclass(frozen=True)
class HeavyTailed(Noise):
    """A law with a tail index and a scale, which are checked when it is made.

    Attributes:
        gaussian_end: True where p = 2 belongs to the law.
    """

    gaussian_end: ClassVar[bool] = True

    tail_index: float = 1.6
    noise_scale: float = 1.0

    def __post_init__(self) -> None:
        check_tail_index(self.tail_index, two_included=self.gaussian_end)
        check_scale(self.noise_scale)


class ClosedUnderSums(HeavyTailed):
    r"""A law closed under sums: the mean of B draws is :math:`B^{1/p-1}` times one draw."""

    @abstractmethod
    def uniforms(self, entries: int) -> int:
        """Return how many uniforms one draw of so many entries takes."""

    @abstractmethod
    def unit(self, uniforms: Tensor) -> Tensor:
        """Return draws of scale 1, ``[..., entries]``, from uniforms ``[..., count]``."""

    def mean_of_batch(
        self, like: Tensor, batch_size: int, streams: Streams, purpose: str = "noise"
    ) -> Tensor:
        count = self.uniforms(like[0].numel())
        draws = streams.draw(purpose, count, lambda u: like_state(self.unit(u), like))
        return draws * (self.noise_scale * batch_size ** (1 / self.tail_index - 1))


def like_state(draws: Tensor, like: Tensor) -> Tensor:
    """Return flat draws ``[..., S, count]`` in the shape of one state, and in its dtype."""
    return draws.view(*draws.shape[:-1], *like.shape[1:]).to(like.dtype)


def check_scale(noise_scale: float) -> None:
    """Raise ValueError unless ``noise_scale`` is a positive finite number."""
    if not 0 < noise_scale < float("inf"):
        raise ValueError(
            f"noise_scale must be a positive number, got {noise_scale!r}; "
            "for no noise choose noise='none'."
        )


def check_tail_index(tail_index: float, *, two_included: bool) -> None:
    """Raise ValueError unless ``tail_index`` lies in (1, 2], or in (1, 2) without two."""
    if not (1 < tail_index < 2 or (two_included and tail_index == 2)):
        interval = "(1, 2]" if two_included else "(1, 2)"
        way_out = (
            "at 1 and below the noise has no mean, so no method converges."
            if tail_index <= 1
            else "for tails lighter than that choose noise='gaussian'."
        )
        raise ValueError(f"tail_index must lie in {interval}, got {tail_index!r}; {way_out}")

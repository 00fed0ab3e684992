"""Skewed stable noise: rare jumps of one sign, which symmetric noise never shows."""

import math
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from explorer.noise._base import ClosedUnderSums
from explorer.noise._constant import expected_dual_norm
from explorer.noise._streams import OFF_ZERO
from explorer.noise.stable import stable_tail
from explorer.registry import NOISES


@final
@NOISES.register("skewed_stable")
@dataclass(frozen=True)
class SkewedStable(ClosedUnderSums):
    r"""Independent stable entries of skewness b, centred: large jumps are mostly of one sign.

    .. math::
        \log E e^{it\xi} = -|st|^p \big(1 - i\, b \operatorname{sign}(t) \tan\tfrac{\pi p}{2}\big)

    (location 0, which is the mean since p > 1). The law is closed under sums with weights that are
    not negative, so the mean of B draws is :math:`B^{1/p-1}` times one draw and
    :math:`K = E\|\xi\|_*` exactly, as for symmetric noise; with :math:`z = b \tan(\pi p/2)`,

    .. math::
        E|\xi| = \tfrac{2 s}{\pi} \Gamma(1 - 1/p)\, (1 + z^2)^{1/(2p)} \cos(\arctan(z)/p).

    Symmetric noise is kind: it forgives a method that is tuned for lighter tails. This one is not.
    At p = 2 the skewness has no effect left.

    Args:
        tail_index: :math:`p` in (1, 2].
        noise_scale: The scale :math:`s` of an entry, positive.
        skewness: b in [-1, 1]; 1 has its heavy tail on the positive side alone, 0 is ``stable``.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from explorer.norms.sign import Sign
        >>> round(SkewedStable(tail_index=2.0).constant(Sign(), (1, 1)), 3)  # 2 / sqrt(pi)
        1.128

    Source:
        Chambers, Mallows and Stuck (1976), J. Amer. Statist. Assoc. 71; Samorodnitsky and Taqqu
        (1994), Stable Non-Gaussian Random Processes, section 1.2.
    """

    label = "Stable (one-sided)"
    formula = r"E\,e^{it\xi_{ij}} = e^{-|st|^p (1 - i b\,\mathrm{sign}(t) \tan(\pi p/2))}"
    constant_kind = "exact"
    entrywise = True

    skewness: float = 1.0

    @property
    def symmetric(self) -> bool:
        return self.skewness == 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not -1 <= self.skewness <= 1:
            raise ValueError(
                f"skewness must lie in [-1, 1], got {self.skewness!r}; 0 is symmetric noise."
            )

    def uniforms(self, entries: int) -> int:
        return 2 * entries

    def constant(self, norm: Any, shape: tuple[int, int]) -> float:
        p, z = self.tail_index, self._z
        factor = (1 + z * z) ** (1 / (2 * p)) * math.cos(math.atan(z) / p)
        unit = expected_dual_norm(
            norm,
            shape,
            ("skewed stable", p, self.skewness),
            self.unit,
            self.uniforms(shape[0] * shape[1]),
            factor * 2 * math.gamma(1 - 1 / p) / math.pi,
            heavy=p < 2,
        )
        return self.noise_scale * unit

    def power_tail(self) -> float:
        return stable_tail(self.tail_index, self.noise_scale)

    @property
    def _z(self) -> float:
        return self.skewness * math.tan(math.pi * self.tail_index / 2)

    def unit(self, uniforms: Tensor) -> Tensor:
        p = self.tail_index
        first, second = uniforms.chunk(2, dim=-1)
        angle = math.pi * (first - 0.5)
        shift = math.atan(self._z) / p
        turned = p * (angle + shift)
        exponential = -second.log()
        # powers in logarithms: torch's pow gives an element other last bits in another place
        # at the light tail's end this cosine is 0, which rounding may put below it
        size = (exponential / (angle - turned).cos().clamp(min=OFF_ZERO)).log() * (1 - 1 / p)
        size -= angle.cos().log() / p
        return turned.sin() * size.exp() * (1 + self._z**2) ** (1 / (2 * p))

"""A small convolutional network on the UCI optical digits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import nn

from explorer.problems._base import NETWORK_DEFAULTS
from explorer.problems._digits_network import CLASSES, OnDigits
from explorer.registry import PROBLEMS

SIDE = 8
MOST_CHANNELS = 512


@final
@PROBLEMS.register("convnet")
@dataclass(frozen=True)
class Convnet(OnDigits):
    """Two convolutions of 3 x 3, the second with stride 2, and a linear layer, with ReLU.

    1-c-2c channels on images of 8 x 8 pixels, then 32 c features to 10 classes. Kernels, taken as
    matrices (out, in k k), start semi-orthogonal, biases at zero. Objective and full gradient are
    measured on 500 of the 1,500 training images.

    Args:
        channels: c in 1..512.
        label_smoothing: In [0, 1).

    Raises:
        TypeError: If an option is no number of its kind.
        ValueError: If an option is out of range.

    Example:
        >>> sum(p.numel() for p in Convnet().template.parameters())
        9930
    """

    label = "Convolutional network on digits"
    formula = r"f(X) = \frac{1}{N}\sum_k \mathrm{CE}(A_3\,\phi(A_2\,\phi(A_1 a_k)), y_k)"
    where = r"with $A_l z = X_l \ast z + b_l$ for $l \leq 2$, $A_3 z = X_3 z + b_3$"
    defaults: ClassVar[Mapping[str, Any]] = {
        **NETWORK_DEFAULTS,
        "batch_size": 32,
        "momentum": 0.9,
        "horizon": 32 * 200,
        "seeds": 1,
    }
    measured = 500

    channels: int = 16
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self._check(channels=MOST_CHANNELS)

    def module(self) -> nn.Module:
        c = self.channels
        return nn.Sequential(
            nn.Unflatten(-1, (1, SIDE, SIDE)),
            nn.Conv2d(1, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, 2 * c, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * c * (SIDE // 2) ** 2, CLASSES),
        )

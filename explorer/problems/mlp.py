"""A multilayer perceptron on the UCI optical digits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import nn

from explorer.problems._base import TOY_DEFAULTS, set_positive
from explorer.problems._data import Split, digits
from explorer.problems._network import Network
from explorer.registry import PROBLEMS

MOST_WIDTH = 4096


@final
@PROBLEMS.register("mlp")
@dataclass(frozen=True)
class Mlp(Network):
    """Three linear layers with ReLU, 64-w-w-10, on images of 8 x 8 pixels.

    Weights start semi-orthogonal, biases at zero.

    Args:
        width: w in 1..4096.

    Raises:
        TypeError: If ``width`` is not a whole number.
        ValueError: If ``width`` is out of range.

    Example:
        >>> sum(p.numel() for p in Mlp().template.parameters())
        3466
    """

    label = "MLP on digits"
    formula = (
        r"f(X) = \frac{1}{N}\sum_k "
        r"\mathrm{CE}(X_3\,\phi(X_2\,\phi(X_1 a_k + b_1) + b_2) + b_3, y_k)"
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        **TOY_DEFAULTS,
        "rows": None,
        "columns": None,
        "norm": "scion",
        "noise": "none",
        "noise_level": None,
        "noise_ratio": 4.0,
        "batch_size": 16,
        "transport": 0.5,
        "schedule": "linear",
        "tuned_for": None,
        "momentum": 0.95,
        "lr": 2.0**-5,
        "max_extrapolation": 0.3,
        "horizon": 4800,
        "seeds": 8,
    }

    width: int = 32

    def __post_init__(self) -> None:
        set_positive(self, "width", int)
        if self.width > MOST_WIDTH:
            raise ValueError(
                f"width must be at most {MOST_WIDTH:,}, got {self.width!r}; try width=32."
            )

    def module(self) -> nn.Module:
        w = self.width
        return nn.Sequential(
            nn.Linear(64, w), nn.ReLU(), nn.Linear(w, w), nn.ReLU(), nn.Linear(w, 10)
        )

    def data(self, device: torch.device, dtype: torch.dtype) -> Split:
        return digits(device, dtype)

"""AdamW: torch's own, as a baseline."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any, final

import torch

from explorer.registry import OPTIMIZERS


@final
@OPTIMIZERS.register("adamw")
class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW`` with the arguments of a spec; a stack of replicas is one tensor to it.

    Args:
        params: Parameters or groups.
        lr: Step size, positive.
        momentum: The first of its two betas.
        weight_decay: At least 0; the default is torch's.

    Raises:
        TypeError: If ``weight_decay`` is no number.
        ValueError: If it is negative or not finite.

    Example:
        >>> x = torch.nn.Parameter(torch.ones(1))
        >>> AdamW([x], lr=0.1).param_groups[0]["betas"]
        (0.9, 0.999)
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.01,
    ) -> None:
        if isinstance(weight_decay, bool) or not isinstance(weight_decay, Real):
            raise TypeError(f"weight_decay must be a number, got {weight_decay!r}; try 0.01.")
        # torch lets NaN pass, and says of the rest only that it is invalid
        if not 0 <= weight_decay < math.inf:
            raise ValueError(
                f"weight_decay must be finite and at least 0, got {weight_decay!r}; "
                "choose 0 for none."
            )
        super().__init__(params, lr=lr, betas=(momentum, 0.999), weight_decay=weight_decay)

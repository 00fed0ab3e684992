"""AdamW: torch's own, as a baseline."""

from collections.abc import Iterable
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
        weight_decay: torch's default.

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
        super().__init__(params, lr=lr, betas=(momentum, 0.999), weight_decay=weight_decay)

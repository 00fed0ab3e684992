"""Stochastic gradient descent: torch's own, as a baseline."""

from collections.abc import Iterable
from typing import Any, final

import torch

from explorer.registry import OPTIMIZERS


@final
@OPTIMIZERS.register("sgd")
class Sgd(torch.optim.SGD):
    """``torch.optim.SGD`` with the arguments of a spec; a stack of replicas is one tensor to it.

    Args:
        params: Parameters or groups.
        lr: Step size, positive.
        momentum: torch's: the factor of its velocity, not the weight of an average.

    Example:
        >>> x = torch.nn.Parameter(torch.ones(1))
        >>> Sgd([x], lr=0.1).param_groups[0]["momentum"]
        0.0
    """

    def __init__(self, params: Iterable[Any], *, lr: float, momentum: float = 0.0) -> None:
        super().__init__(params, lr=lr, momentum=momentum)

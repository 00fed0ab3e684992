"""Clipped stochastic gradient descent: the usual remedy against rare huge gradients."""

import math
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any, final

import torch

from explorer.optim._whole import times, whole_length, with_gradient
from explorer.registry import OPTIMIZERS


@final
@OPTIMIZERS.register("clipped_sgd")
class ClippedSgd(torch.optim.SGD):
    r"""``torch.optim.SGD`` on gradients that are shortened to a threshold first.

    .. math:: g \leftarrow g \min(1, c / \|g\|_2)

    with the length over all parameters together, for each replica by itself; ``.grad`` is changed,
    as ``torch.nn.utils.clip_grad_norm_`` does. The threshold is one more number to tune: far below
    the gradients every step has one length, far above them it is plain descent.

    Args:
        params: Parameters or groups; ``stacked`` groups hold replicas along axis 0.
        lr: Step size, positive.
        momentum: torch's: the factor of its velocity, not the weight of an average.
        threshold: c, positive.

    Raises:
        TypeError: If ``threshold`` is no number.
        ValueError: If it is not positive.

    Example:
        >>> x = torch.nn.Parameter(torch.zeros(2))
        >>> optimizer = ClippedSgd([x], lr=1.0, threshold=1.0)
        >>> x.grad = torch.tensor([30.0, 40.0])
        >>> optimizer.step()
        >>> x.data
        tensor([-0.6000, -0.8000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float,
        momentum: float = 0.0,
        threshold: float = 1.0,
    ) -> None:
        if isinstance(threshold, bool) or not isinstance(threshold, Real):
            raise TypeError(f"threshold must be a number, got {threshold!r}; try 1.0.")
        if not 0 < threshold < math.inf:
            raise ValueError(
                f"threshold must be positive and finite, got {threshold!r}; "
                "for no clipping choose optimizer 'sgd'."
            )
        super().__init__(params, lr=lr, momentum=momentum)
        self.threshold = float(threshold)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # torch overloads it
        """Clip the gradients and take torch's step.

        Args:
            closure: Re-evaluates the model and returns the loss, as in torch.

        Returns:
            What ``closure`` returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        parameters, stacked = with_gradient(self.param_groups)
        if parameters:
            length = whole_length([p.grad for p in parameters], stacked=stacked)
            factor = (self.threshold / length).clamp(max=1)
            for p in parameters:
                p.grad = times(factor, p.grad)
        super().step()
        return loss

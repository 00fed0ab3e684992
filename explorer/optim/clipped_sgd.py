"""Clipped stochastic gradient descent: the usual remedy against rare huge gradients."""

from collections.abc import Callable, Iterable
from typing import Any, final

import torch

from explorer.optim._closure import loss_of
from explorer.optim._whole import refuse_unless_positive, times, whole_length, with_gradient
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
        TypeError: If ``lr`` or ``threshold`` is no number.
        ValueError: If it is not positive, or some groups are stacked and others not.

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
        refuse_unless_positive("lr", lr, "try lr=0.01")
        way_out = "for no clipping choose optimizer 'sgd'"
        refuse_unless_positive("threshold", threshold, way_out)
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
        loss = loss_of(closure)
        parameters, stacked = with_gradient(self.param_groups)
        if parameters:
            length = whole_length([p.grad for p in parameters], stacked=stacked)
            factor = (self.threshold / length).clamp(max=1)
            for p in parameters:
                p.grad = times(factor, p.grad)
        super().step()
        return loss

"""Normalised stochastic gradient descent: steps of one Euclidean length."""

from collections.abc import Callable, Iterable
from typing import Any, final

import torch

from explorer.optim._closure import loss_of
from explorer.optim._whole import divided, refuse_unless_positive, whole_length, with_gradient
from explorer.registry import OPTIMIZERS


@final
@OPTIMIZERS.register("normalized_sgd")
class NormalizedSgd(torch.optim.Optimizer):
    r"""Steps of length ``lr`` along an average of gradients, in the Euclidean norm of everything.

    .. math::
        m \leftarrow \beta m + (1-\beta) g, \qquad x \leftarrow x - \eta\, m / \|m\|_2.

    On a single matrix it is ``scion`` with the Frobenius norm; as a baseline it leaves the run's
    norm, and so its stationarity, as they are. A mean of zero makes no step.

    Args:
        params: Parameters or groups; ``stacked`` groups hold replicas along axis 0.
        lr: Step size, positive.
        momentum: Weight of the past in [0, 1).

    Raises:
        TypeError: If the step size is no number.
        ValueError: If an argument is out of range, or some groups are stacked and others not.

    Example:
        >>> x = torch.nn.Parameter(torch.zeros(2))
        >>> optimizer = NormalizedSgd([x], lr=0.5)
        >>> x.grad = torch.tensor([30.0, 40.0])
        >>> optimizer.step()
        >>> x.data
        tensor([-0.3000, -0.4000])

    Source:
        Cutkosky and Mehta (2020), ICML, Momentum improves normalized SGD.
    """

    def __init__(self, params: Iterable[Any], *, lr: float, momentum: float = 0.0) -> None:
        refuse_unless_positive("lr", lr, "try lr=0.01")
        if not 0 <= momentum < 1:
            raise ValueError(
                f"momentum must lie in [0, 1), got {momentum!r}; it is the weight of the past."
            )
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step.

        Args:
            closure: Re-evaluates the model and returns the loss, as in torch.

        Returns:
            What ``closure`` returned, or None.
        """
        loss = loss_of(closure)
        parameters, stacked = with_gradient(self.param_groups)
        if not parameters:
            return loss
        momenta = {p: self._average(p, group) for group in self.param_groups
                   for p in group["params"] if p.grad is not None}  # fmt: skip
        length = whole_length(list(momenta.values()), stacked=stacked)
        length = torch.where(length == 0, 1.0, length)
        for group in self.param_groups:
            for p in group["params"]:
                if p in momenta:
                    p -= group["lr"] * divided(momenta[p], length)
        return loss

    def _average(self, p: torch.Tensor, group: dict[str, Any]) -> torch.Tensor:
        state, gradient = self.state[p], p.grad
        assert gradient is not None, "step skips parameters without a gradient"
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(p)
        average = state["momentum_buffer"].mul_(group["momentum"])
        average += gradient * (1 - group["momentum"])
        return average

"""Scion, batched or transported: momentum and an LMO on any parameters."""

import math
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from numbers import Real
from typing import Any, final

import torch
from torch import Tensor

from explorer.norms._base import Norm, as_norm
from explorer.norms._geometry import as_matrix
from explorer.optim._closure import loss_of
from explorer.registry import NORMS, OPTIMIZERS


@final
@OPTIMIZERS.register("scion")
class Scion(torch.optim.Optimizer):
    r"""Steps of fixed length in a norm: momentum, then the norm's LMO, optionally transported.

    With step size :math:`\eta` (``lr``), weight of the past :math:`\beta` (``momentum``), radius r
    and transport :math:`\tau`,

    .. math::
        Y_t &= X_t + c_t (X_t - X_{t-1}), \qquad c_t = \tau \beta_t / (1 - \beta_t), \\
        M_{t+1} &= \beta_t M_t + (1 - \beta_t)\, g(Y_t), \qquad M_0 = 0, \\
        X_{t+1} &= X_t + \eta_t\, r\, \operatorname{lmo}(M_{t+1}).

    Between steps the parameters hold the query point :math:`Y_t`, where the gradient is wanted;
    :meth:`at_iterate` shows the iterate :math:`X_t`. Without transport the two are one and no
    further buffer exists. The LMO does not see the scale of M, so no bias correction is needed.

    The look-ahead needs the *next* step's momentum: whoever changes ``momentum`` (or
    ``transport``) between two steps calls :meth:`look_ahead` before the next gradient.

    Args:
        params: Parameters or groups, e.g. of ``Geometry.for_model(model, "scion").param_groups``.
        norm: Name or :class:`~explorer.norms._base.Norm`: what a step of size one is.
        lr: Step size in radii, positive.
        radius: Radius of the ball in units of ``norm``, positive.
        momentum: Weight of the past in [0, 1); Scion's paper calls ``1 - momentum`` momentum.
        transport: False, True or a fraction in [0, 1]; 1 is the theorem's.
        max_extrapolation: Largest distance of the query point from the iterate in radii, or None.
        constrained: True keeps iterates in the ball: :math:`X_{t+1} = (1-\eta) X_t + \eta r\,
            \operatorname{lmo}(M)`; a start inside the ball never leaves it.
        stacked: True if axis 0 of every parameter counts replicas, each with an LMO of its own.
        view: How a parameter is seen as a matrix: ``"matrix"``, ``"vector"`` or ``"kernel"``.

    Raises:
        TypeError: If an argument is no number.
        ValueError: If an argument is out of range, or a parameter does not fit the norm.

    Example:
        >>> x = torch.nn.Parameter(torch.tensor([[3.0, -2.0]]))
        >>> optimizer = Scion([x], norm="sign", lr=0.5, momentum=0.0)
        >>> (x**2).sum().backward()
        >>> optimizer.step()
        >>> x.data
        tensor([[ 2.5000, -1.5000]])

    Source:
        Pethick et al. (2025), arXiv:2502.07529 (Scion); J. Zhang and T. Lin, arXiv:2605.18528
        (transport). The cap and fractions of transport are this project's.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        norm: str | Norm = "spectral",
        lr: float = 0.01,
        radius: float = 1.0,
        momentum: float = 0.9,
        transport: bool | float = False,
        max_extrapolation: float | None = None,
        constrained: bool = False,
        stacked: bool = False,
        view: str = "matrix",
    ) -> None:
        defaults = {
            "norm": norm,
            "lr": lr,
            "radius": radius,
            "momentum": momentum,
            "transport": transport,
            "max_extrapolation": max_extrapolation,
            "constrained": constrained,
            "stacked": stacked,
            "view": view,
            "last_move": 0.0,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters; a value or parameter that does not fit is refused at once."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            _check_group(group)
            if isinstance(group["norm"], Norm) and NORMS.knows(group["norm"]):
                group["norm"] = NORMS.spell(group["norm"])  # plain text survives any checkpoint
        except Exception:
            self.param_groups.pop()
            raise

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step from the gradients at the query point, then look ahead.

        Args:
            closure: Re-evaluates the model at the query point and returns the loss, as in torch.

        Returns:
            What ``closure`` returned, or None.
        """
        loss = loss_of(closure)
        self.update()
        return loss

    def update(self) -> None:
        """Do what :meth:`step` does without torch's hooks; call it under ``torch.no_grad()``.

        The hooks take a seventh of the time of a small step, which twenty thousand small steps can
        do without.
        """
        for group in self.param_groups:
            norm, farthest = as_norm(group["norm"]), 0.0
            for p in group["params"]:
                if p.grad is not None:
                    move = self._move(p, group, norm)
                    if group["constrained"] and group["max_extrapolation"] is not None:
                        matrix = as_matrix(move, _view(group, norm, move), stacked=group["stacked"])
                        farthest = max(farthest, float(norm(matrix).max()) / group["radius"])
            group["last_move"] = farthest if group["constrained"] else group["lr"]
        self.look_ahead()

    def look_ahead(self) -> None:
        """Put the parameters at the query point of each group's present momentum and transport.

        Calling it twice changes nothing. Without transport it does nothing.
        """
        for group in self.param_groups:
            moved = [p for p in group["params"] if "move" in self.state[p]]
            if moved:
                coefficient = self.coefficient(group)
                with torch.no_grad():
                    for p in moved:
                        state = self.state[p]
                        p.copy_(state["iterate"] + coefficient * state["move"])

    @staticmethod
    def coefficient(group: dict[str, Any]) -> float:
        r"""Return a group's :math:`c_t = \min(\tau\beta/(1-\beta), \text{cap}/\text{last move})`.

        Args:
            group: One of ``param_groups``.
        """
        ratio = group["transport"] * group["momentum"] / (1 - group["momentum"])
        cap = group["max_extrapolation"]
        if cap is None or not group["last_move"]:
            return ratio
        return min(ratio, cap / group["last_move"])

    @contextmanager
    def at_iterate(self) -> Generator[None]:
        """Within the block the parameters hold the iterates, to measure, evaluate or save them.

        Changes made to the parameters inside are undone at its end.
        """
        moved = [(p, self.state[p]) for g in self.param_groups for p in g["params"]]
        moved = [(p, state, p.detach().clone()) for p, state in moved if "move" in state]
        with torch.no_grad():
            for p, state, _ in moved:
                p.copy_(state["iterate"])
        try:
            yield
        finally:
            with torch.no_grad():
                for p, _, query in moved:
                    p.copy_(query)

    def _move(self, p: Tensor, group: dict[str, Any], norm: Norm) -> Tensor:
        """Update momentum and iterate of one parameter, and return how far it moved."""
        state, gradient = self.state[p], p.grad
        assert gradient is not None, "step skips parameters without a gradient"
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(p)
        beta, lr = group["momentum"], group["lr"]
        # multiplied and added apart: a fused multiply-add rounds otherwise at the end of an array,
        # and a seed would depend on its neighbours
        momentum = state["momentum_buffer"].mul_(beta)
        momentum += gradient * (1 - beta)
        matrix = as_matrix(momentum, _view(group, norm, p), stacked=group["stacked"])
        move = norm.lmo(matrix).view_as(p) * (lr * group["radius"])
        transported = group["transport"] > 0
        if not transported and "iterate" in state:  # switched off: the iterate is p itself again
            p.copy_(state.pop("iterate"))
            del state["move"]
        if transported and "iterate" not in state:
            state["iterate"] = p.detach().clone()
        iterate = state["iterate"] if transported else p
        if group["constrained"]:
            move = move - lr * iterate
        iterate.add_(move)
        if transported:
            # kept as it was made: the difference of two iterates would lose digits in float32
            state["move"] = move
        return move


def _check_group(group: dict[str, Any]) -> None:
    for name in ("lr", "radius", "momentum", "transport", "max_extrapolation"):
        value = group[name]
        if not isinstance(value, Real | Tensor) and not (
            name == "max_extrapolation" and value is None
        ):
            raise TypeError(f"{name} must be a number, got {value!r}; try {name}=0.5.")
    for name in ("constrained", "stacked"):
        if not isinstance(group[name], bool):
            raise TypeError(f"{name} must be True or False, got {group[name]!r}.")
    for name in ("lr", "radius"):
        if not 0 < group[name] < math.inf:
            raise ValueError(
                f"{name} must be positive and finite, got {group[name]!r}; try {name}=0.1."
            )
    if not 0 <= group["momentum"] < 1:
        raise ValueError(
            f"momentum must lie in [0, 1), got {group['momentum']!r}; "
            "it is the weight of the past, one minus the momentum of Scion's paper."
        )
    if not 0 <= group["transport"] <= 1:
        raise ValueError(
            f"transport must be False, True or a fraction in [0, 1], got {group['transport']!r}; "
            "choose True for the theorem's."
        )
    cap = group["max_extrapolation"]
    if cap is not None and not 0 < cap < math.inf:
        raise ValueError(
            f"max_extrapolation must be positive and finite, got {cap!r}; choose None for no cap."
        )
    norm = as_norm(group["norm"])
    for p in group["params"]:
        if not p.is_floating_point():
            raise ValueError(f"parameters must be real floating point, got {p.dtype}; cast them.")
        as_matrix(p, _view(group, norm, p), stacked=group["stacked"])


def _view(group: dict[str, Any], norm: Norm, p: Tensor) -> Any:
    """Return the group's view; an entrywise norm means the same on every shape."""
    if group["view"] != "matrix" or not norm.entrywise:
        return group["view"]
    axes = p.dim() - group["stacked"]
    return "matrix" if axes == 2 else "vector" if axes == 1 else "kernel"

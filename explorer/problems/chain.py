"""The chain: the objective behind the lower bound, which reveals one coordinate after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from explorer.problems._base import TOY_DEFAULTS, State, Toy, set_positive
from explorer.registry import PROBLEMS

RAMP = 0.25  # w: the length over which a link sets in and ends
LINK = 1 + RAMP  # D0: what a whole link gains
# l1 and l2 of a chain of any length, from above: the largest sum of a row of the Hessian (its norm
# was never found above 7.9), and more than any change of the Hessian that was found (96)
GRADIENT_LIPSCHITZ = 9.466
HESSIAN_LIPSCHITZ = 100.0
SEEN = 1e-9  # below it a coordinate counts as never moved; an LMO in floating point leaves rounding
STATIONARITY = 1.25  # dual norm of the first gradient, in units of eps


@final
@PROBLEMS.register("chain")
@dataclass(frozen=True)
class Chain(Toy):
    r""":math:`f(X) = a\lambda^2 \sum_k F(X_{k,J_k}/\lambda)`, a chain of T links in every row.

    .. math::
        F(x) = \sum_{i \le T} -\Psi(x_{i-1})\,\Phi(x_i) + H(-x_i), \qquad x_0 := 1.

    As long as coordinate i has not come near 1, the derivative of the next one vanishes: a method
    that moves only where it has seen a gradient goes link by link. While a row is not through, its
    gradient is at least :math:`a\lambda` long. Row k has columns :math:`(k-1)T+1, \dots, kT` to
    itself, so the nuclear norm of the gradient is the sum over rows.

    The oracle is exact but in the next coordinate of each row, which is multiplied by
    :math:`z_k/\theta`; a call reveals at most one row, each with probability :math:`\theta`. So
    most calls show nothing new, and a few show it much enlarged. With :math:`q_k` the noise of one
    row, von Bahr and Esseen's inequality for martingales in a Hilbert space gives

    .. math::
        K = \sqrt{D_1}\; m\; 2^{2/p-1} \big(E|q_k|^p\big)^{1/p},
        \qquad E|q_k|^p = (a\lambda)^p \big(\theta(1/\theta-1)^p + 1 - \theta\big),

    where a row g has a dual norm of at most :math:`\sqrt{D_1}\|g\|_2`.

    Args:
        rows: m, at least 1.
        columns: n, at least ``rows * length``.
        length: T, at least 1.
        eps: The stationarity that shall be reached; the first gradient's dual norm is 1.25 times
            that under the spectral norm.
        reveal: :math:`\theta` in (0, 1/m].
        moment: :math:`p` in (1, 2] of K.
        stretch: :math:`\lambda`, where a link is through, positive; None for the first gradient's
            dual norm times :math:`l_1`, for which L is 1 under the spectral norm.

    Raises:
        TypeError: If an argument is no number.
        ValueError: If an argument is out of range.

    Example:
        >>> toy = Chain(rows=2, columns=8, length=4, eps=0.8)
        >>> x = {"x": torch.zeros(1, 2, 8)}
        >>> toy.gradient(x)["x"][0, :, [0, 4]]  # the first coordinate of each row
        tensor([[-0.5000,  0.0000],
                [ 0.0000, -0.5000]])

    Source:
        Derived in this project, after Carmon, Duchi, Hinder and Sidford (2020), Math. Program. 184,
        and Arjevani et al. (2023), Math. Program. 199, whose oracle reveals at random.
    """

    label = "Chain (lower bound)"
    formula = r"f(X) = a\lambda^2 \sum_k F(X_{k,J_k}/\lambda)"
    defaults: ClassVar[Mapping[str, Any]] = {**TOY_DEFAULTS, "noise": "none", "horizon": 10_000}
    own_oracle = True

    rows: int = 4
    columns: int = 16
    length: int = 4
    eps: float = 0.1
    reveal: float = 0.02
    moment: float = 2.0
    stretch: float | None = None

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "length"):
            set_positive(self, name, int)
        for name in ("eps", "reveal", "moment"):
            set_positive(self, name)
        if self.stretch is not None:
            set_positive(self, "stretch")
        if self.columns < self.rows * self.length:
            raise ValueError(
                f"columns must be at least rows x length = {self.rows * self.length}, got "
                f"{self.columns}; every row has a chain in columns of its own."
            )
        if self.reveal > 1 / self.rows:
            raise ValueError(
                f"reveal must be at most 1/rows = {1 / self.rows:g}, got {self.reveal!r}; "
                "a call reveals one row at most."
            )
        if not 1 < self.moment <= 2:
            raise ValueError(f"moment must be in (1, 2], got {self.moment!r}; try moment=2.")

    @property
    def steepness(self) -> float:
        r""":math:`a\lambda`: the length of a row's first gradient."""
        return STATIONARITY * self.eps / self.rows

    @property
    def link(self) -> float:
        r""":math:`\lambda`: where a link is through."""
        return self.stretch or STATIONARITY * self.eps * GRADIENT_LIPSCHITZ

    @property
    def curvature(self) -> tuple[float, float]:
        """Frobenius' L and rho: rows are independent, so they are one row's."""
        scale = self.steepness / self.link
        return scale * GRADIENT_LIPSCHITZ, scale * HESSIAN_LIPSCHITZ / self.link

    def hessian_smoothness(self, norm: Any) -> float:
        # row by row and by the triangle inequality, or as a whole by way of Frobenius
        by_rows = self.rows * norm.row_smoothness_ratio(self.shape) ** 1.5
        return self.curvature[1] * min(by_rows, norm.smoothness_ratio(self.shape) ** 1.5)

    @property
    def gap(self) -> float:
        links = LINK * self.length - RAMP / 2
        return self.rows * self.steepness * self.link * links

    def oracle_constant(self, norm: Any) -> tuple[float, float]:
        theta, p = self.reveal, self.moment
        of_a_row = theta * (1 / theta - 1) ** p + 1 - theta
        row = norm.row_smoothness_ratio(self.shape) ** 0.5 * self.steepness * of_a_row ** (1 / p)
        return self.rows * row * 2 ** (2 / p - 1), p

    def start(self, streams: Any, dtype: torch.dtype) -> State:
        shape = (len(streams.indices), *self.shape)
        return {"x": torch.zeros(shape, dtype=dtype, device=streams.device)}

    def value(self, state: State) -> Tensor:
        x = self._chains(state["x"])
        before = torch.cat([torch.ones_like(x[..., :1]), x[..., :-1]], -1)
        links = _barrier(x) - _psi(before) * _phi(x)
        return self.steepness * self.link * links.sum((-2, -1))

    def gradient(self, state: State) -> State:
        return self._embedded(state["x"], self._slopes(self._chains(state["x"])))

    def sample(self, state: State, batch_size: int, streams: Any) -> State:
        chains = self._chains(state["x"])
        slopes = self._slopes(chains)
        shares = np.full(self.rows + 1, self.reveal)
        shares[-1] = 1 - self.rows * self.reveal
        revealed = streams.counts("oracle", batch_size, shares)[..., : self.rows]
        factor = (revealed / (batch_size * self.reveal)).to(slopes.dtype)
        upcoming = progress(chains).unsqueeze(-1)  # the index of the coordinate after the last seen
        places = torch.arange(self.length, device=slopes.device)
        slopes = torch.where(places == upcoming, slopes * factor.unsqueeze(-1), slopes)
        return self._embedded(state["x"], slopes)

    def _slopes(self, x: Tensor) -> Tensor:
        before = torch.cat([torch.ones_like(x[..., :1]), x[..., :-1]], -1)
        after = torch.cat([x[..., 1:], torch.full_like(x[..., :1], -RAMP)], -1)  # phi is 0 there
        own = _phi_slope(x)
        slopes = -_psi(before) * own - _psi_slope(x) * _phi(after)
        return self.steepness * (slopes - torch.where(x < 0, 1 - own, 0.0))

    def _chains(self, x: Tensor) -> Tensor:
        """Return the chains of ``[S, m, n]`` as ``[S, m, T]``, in units of the stretch."""
        blocks = x[..., : self.rows * self.length].unflatten(-1, (self.rows, self.length))
        return blocks.diagonal(dim1=1, dim2=2).mT / self.link

    def _embedded(self, x: Tensor, slopes: Tensor) -> State:
        """Return slopes ``[S, m, T]`` in their places of a state."""
        gradient = torch.zeros_like(x)
        blocks = gradient[..., : self.rows * self.length].unflatten(-1, (self.rows, self.length))
        blocks.diagonal(dim1=1, dim2=2).copy_(slopes.mT)
        return {"x": gradient}


def progress(chains: Tensor) -> Tensor:
    """Return how many coordinates of each chain are behind the last one that has moved.

    Args:
        chains: Shape ``[..., T]``.

    Example:
        >>> progress(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.5, 0.0]]))
        tensor([0, 2])
    """
    places = torch.arange(1, chains.shape[-1] + 1, device=chains.device)
    return torch.where(chains.abs() > SEEN, places, 0).amax(-1)


def _psi(x: Tensor) -> Tensor:
    t = x.clamp(0, 1)
    return t**3 * (10 - 15 * t + 6 * t * t)


def _psi_slope(x: Tensor) -> Tensor:
    t = x.clamp(0, 1)
    return 30 * t * t * (1 - t) ** 2


def _ramp(t: Tensor) -> Tensor:
    t = t.clamp(0, 1)
    return t * t * (3 - 2 * t)


def _ramp_area(t: Tensor) -> Tensor:
    t = t.clamp(0, 1)
    return t**3 * (1 - t / 2)


def _phi_slope(x: Tensor) -> Tensor:
    return _ramp((x + RAMP) / RAMP) * _ramp((1 + RAMP - x) / RAMP)


def _phi(x: Tensor) -> Tensor:
    rise = RAMP * _ramp_area((x + RAMP) / RAMP)
    return rise + x.clamp(0, 1) + RAMP * (0.5 - _ramp_area((1 + RAMP - x) / RAMP))


def _barrier(x: Tensor) -> Tensor:
    """H(-x): what keeps a coordinate from going the wrong way."""
    return torch.where(x < 0, -x - RAMP / 2 + _phi(x), 0.0)

"""What a problem is: an objective, its exact gradient, its oracle and its sensible choices."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor

State = dict[str, Tensor]


class Problem(ABC):
    """An objective on a state ``name -> Tensor[S, *shape]``: S independent runs side by side.

    Attributes:
        label: Name shown in menus.
        formula: The objective in LaTeX.
        where: What its letters stand for, where that must be said; with formulas between dollars.
        network: True for a network.
        smooth: True where L is known: then there are bounds and tuned schedules.
        own_oracle: True where :meth:`sample` is noisy by itself.
        most_records: How often a run is measured; fewer where the full gradient is dear.
        defaults: The problem's own choice for every field of a spec but ``problem``.
    """

    label: ClassVar[str]
    formula: ClassVar[str]
    where: ClassVar[str] = ""
    network: ClassVar[bool]
    smooth: ClassVar[bool]
    own_oracle: ClassVar[bool]
    most_records: ClassVar[int] = 500
    defaults: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def start(self, streams: Any, dtype: torch.dtype) -> State:
        """Return the state before the first step, for every seed index of ``streams``."""

    @abstractmethod
    def value(self, state: State) -> Tensor:
        """Return the objective for each seed, shape ``[S]``."""

    @abstractmethod
    def gradient(self, state: State) -> State:
        """Return the exact gradient for each seed, like ``state``."""

    @abstractmethod
    def sample(self, state: State, batch_size: int, streams: Any) -> State:
        """Return the problem's own stochastic gradient; on toys the exact one (noise is added)."""

    def measure(self, state: State) -> tuple[State, dict[str, Tensor]]:
        """Return the exact gradient, and what a record keeps beside it by name, each ``[S]``."""
        return self.gradient(state), {"value": self.value(state)}


class Toy(Problem):
    r"""A matrix objective on one parameter ``"x"`` of shape ``[S, m, n]``, with known constants.

    All toys start at :math:`X_0 = [I\ 0]` for every norm and seed, so that geometries compare.

    Attributes:
        rows: m.
        columns: n.
        infimum_attained: False where the gap is an upper bound, since no X reaches the infimum.
    """

    network = False
    smooth = True
    own_oracle: ClassVar[bool] = False
    infimum_attained: ClassVar[bool] = True
    rows: int
    columns: int

    @property
    @abstractmethod
    def curvature(self) -> tuple[float, float]:
        r""":math:`(l, h)`: bounds on the second and third derivative along an entry."""

    @property
    @abstractmethod
    def gap(self) -> float:
        r""":math:`\Delta = f(X_0) - \inf f`."""

    @property
    def shape(self) -> tuple[int, int]:
        """``(m, n)``."""
        return self.rows, self.columns

    def smoothness(self, norm: Any) -> float:
        r"""Return :math:`L` with :math:`\|\nabla f(X) - \nabla f(Y)\|_* \le L \|X - Y\|`."""
        return self.curvature[0] * norm.smoothness_ratio(self.shape)

    def hessian_smoothness(self, norm: Any) -> float:
        r"""Return :math:`\rho`, the Lipschitz constant of the Hessian in the same norm."""
        return self.curvature[1] * norm.hessian_ratio(self.shape)

    def oracle_constant(self, norm: Any) -> tuple[float, float]:
        """Return an upper bound on K of the problem's own oracle, and p; (0, 2) without noise."""
        return 0.0, 2.0

    def start(self, streams: Any, dtype: torch.dtype) -> State:
        x = torch.eye(self.rows, self.columns, dtype=dtype, device=streams.device)
        return {"x": x.expand(len(streams.indices), -1, -1).clone()}

    def sample(self, state: State, batch_size: int, streams: Any) -> State:
        return self.gradient(state)


class UnboundedToy(Toy):
    """A toy whose curvature grows without limit: it has no L, and no theorem is about it."""

    smooth = False

    @property
    def curvature(self) -> tuple[float, float]:
        """No numbers: both are infinite."""
        return float("inf"), float("inf")


TOY_DEFAULTS: Mapping[str, Any] = {
    "rows": 4,
    "columns": 16,
    "norm": "spectral",
    "noise": "stable",
    "tail_index": 1.6,
    "noise_level": 20.0,
    "noise_scale": None,
    "noise_ratio": None,
    "optimizer": "scion",
    "batch_size": 1,
    "transport": False,
    "schedule": "anytime",
    "tuned_for": None,
    "momentum": None,
    "lr": None,
    "max_extrapolation": None,
    "horizon": 20_000,
    "seeds": 32,
    "seed": 0,
    "device": "auto",
    "dtype": "float32",
}

# without L nothing is tuned, and there is no level of noise: what follows is the choice of those
# who want to see SGD diverge and a step of fixed length not
UNBOUNDED_DEFAULTS: Mapping[str, Any] = {
    **TOY_DEFAULTS,
    "noise_level": None,
    "noise_scale": 0.4,
    "schedule": "constant",
    "momentum": 0.9,
    "lr": 0.03,
    "horizon": 3000,
}


# a geometry for every layer, steps of a given size that fall in a line, and no added noise
NETWORK_DEFAULTS: Mapping[str, Any] = {
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
    "momentum": 0.95,
    "lr": 2.0**-5,
    "max_extrapolation": 0.3,
    "horizon": 4800,
    "seeds": 8,
}


def set_positive(instance: object, name: str, kind: type = float) -> None:
    """Make a field of a frozen dataclass a plain positive number, a whole one for ``int``.

    Raises:
        TypeError: If its value is no such number; NumPy's are taken.
        ValueError: If it is not positive and finite.
    """
    value: Any = getattr(instance, name)
    try:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError
        number: Any = value
        plain = operator.index(number) if kind is int else number
    except TypeError:
        wanted = ("a whole number", "an integer >= 1") if kind is int else ("a number", "10.0")
        raise TypeError(f"{name} must be {wanted[0]}, got {value!r}; give {wanted[1]}.") from None
    if not isinstance(plain, int):
        plain = float(plain)
    object.__setattr__(instance, name, plain)
    if not 0 < plain < float("inf"):
        raise ValueError(f"{name} must be positive and finite, got {value!r}; try {name}=1.")
    if not 1e-30 <= plain <= 1e30:
        raise ValueError(
            f"{name} must be between 1e-30 and 1e30, got {value!r}; beyond that numbers overflow."
        )

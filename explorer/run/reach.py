"""Reach: how many calls methods need to come to a stationarity eps, above what the chain forces."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from explorer.problems.chain import (
    GRADIENT_LIPSCHITZ,
    HESSIAN_LIPSCHITZ,
    LINK,
    RAMP,
    STATIONARITY,
)
from explorer.registry import PLOTS
from explorer.run.spec import RunSpec
from explorer.theory.exponents import calls_exponent
from explorer.theory.lower_bound import LowerBound, leading_calls, oracle_moment, reveal_for
from explorer.theory.slope import fit

Array = NDArray[np.float64]
GAP = 1.0
REVEALED = {2.0: 0.02, 1.5: 0.01, 1.3: 0.002}  # r theta at most, so that a call shows one row


class Point(NamedTuple):
    """One chain of a class: what a method is asked to reach there, and what that must cost."""

    rank: int
    length: int
    eps: float
    reveal: float
    stretch: float
    low: int
    leading: float

    def problem(self, moment: float) -> str:
        """Return the chain as the problem of a spec."""
        return (
            f"chain(length={self.length}, eps={self.eps!r}, reveal={self.reveal!r}, "
            f"moment={moment!r}, stretch={self.stretch!r})"
        )


class Arrival(NamedTuple):
    """Calls with which a method came to eps, their 95 % interval over seeds, and its settings.

    NaN where it did not arrive; theory's tuning has no interval.
    """

    calls: float
    least: float
    most: float
    settings: Mapping[str, Any]


@final
@dataclass(frozen=True)
class ChainClass:
    r"""All functions with :math:`L = 1` (or :math:`\rho = 1`), gap 1 and noise of one sigma.

    A chain of T links in each of r rows fills the class at one eps: with
    :math:`G = 1.25\,\varepsilon` the dual norm of its first gradient and :math:`\lambda` its
    stretch,

    .. math::
        \Delta = G \lambda (D_0 T - w/2), \qquad L = G l_1/\lambda, \qquad \rho = G l_2/\lambda^2,

    and :math:`\sigma` fixes how rarely a row is revealed. So T picks eps, and eps falls with it.

    Args:
        moment: p in (1, 2].
        hessian: True for the class with Lipschitz Hessian, :math:`\rho = 1`, in place of L.
        rarest: Links and rows of the chain whose reveals are the most frequent, which sets sigma.

    Example:
        >>> plain = ChainClass(2.0)
        >>> four, sixteen = plain.point(rank=4, length=4), plain.point(rank=4, length=16)
        >>> round(four.eps / sixteen.eps, 2), sixteen.low > 16 * four.low / 1.3
        (2.02, True)
    """

    moment: float
    hessian: bool = False
    rarest: tuple[int, int] = (4, 4)

    @property
    def exponent(self) -> float:
        """The theorem's exponent of the calls in eps, negative."""
        return calls_exponent(self.moment, float(self.hessian))

    def gradient(self, length: int) -> float:
        """Return G of a chain of so many links that fills the class."""
        links = LINK * length - RAMP / 2
        if self.hessian:
            return (GAP / links) ** (2 / 3) / HESSIAN_LIPSCHITZ ** (1 / 3)
        return math.sqrt(GAP / (GRADIENT_LIPSCHITZ * links))

    @property
    def sigma(self) -> float:
        """The p-th moment of the oracle's noise, to the power 1/p."""
        length, rank = self.rarest
        share = REVEALED[max(p for p in REVEALED if p <= self.moment or p == min(REVEALED))]
        return oracle_moment(self.gradient(length), rank, share / rank, self.moment)

    def point(self, *, rank: int, length: int) -> Point:
        """Return the chain with so many rows and links."""
        gradient = self.gradient(length)
        reveal = reveal_for(self.sigma, gradient, rank, self.moment)
        stretch = (
            math.sqrt(gradient * HESSIAN_LIPSCHITZ)
            if self.hessian
            else gradient * GRADIENT_LIPSCHITZ
        )
        eps = gradient / STATIONARITY
        bound = LowerBound(eps=eps, gradient=gradient, length=length, reveal=reveal)
        leading = leading_calls(
            eps=eps,
            rank=rank,
            gap=GAP,
            sigma=self.sigma,
            moment=self.moment,
            link=LINK,
            **({"hessian_smoothness": 1.0, "hessian_lipschitz": HESSIAN_LIPSCHITZ}
               if self.hessian
               else {"smoothness": 1.0, "gradient_lipschitz": GRADIENT_LIPSCHITZ}),
        )  # fmt: skip
        return Point(rank, length, eps, reveal, stretch, bound.calls(), leading)


@final
@dataclass(kw_only=True)
class Reach:
    """Calls to eps of several methods, beside the number that no zero-respecting one is below.

    Attributes:
        spec: A chain's, with the seeds and the device.
        family: The class of functions.
        axis: ``"eps"`` or ``"rank"``: what varies from point to point.
        points: The chains, the cheapest first.
        methods: Names of the methods.
        arrivals: For each method its arrival at each point so far.
        runs: How many runs were made for it.
        seconds: Time that it took.
    """

    spec: RunSpec
    family: ChainClass
    axis: str
    points: tuple[Point, ...]
    methods: tuple[str, ...]
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict[str, list[Arrival]])
    runs: int = 0
    seconds: float = 0.0

    def __len__(self) -> int:
        return max(map(len, self.arrivals.values()), default=0)

    @property
    def x(self) -> Array:
        """The points' eps, or their rank."""
        return np.array([getattr(point, self.axis) for point in self.points], float)

    @property
    def low(self) -> Array:
        """N_low of each point: fewer calls cannot be enough."""
        return np.array([point.low for point in self.points], float)

    @property
    def leading(self) -> Array:
        """The closed form of N_low to leading order in eps."""
        return np.array([point.leading for point in self.points], float)

    @property
    def exponent(self) -> float:
        """The theorem's exponent of the calls in eps (negative), or in the rank."""
        return 1.0 if self.axis == "rank" else self.family.exponent

    def calls(self, method: str) -> Array:
        """Return calls, least and most of a method at its points so far, ``[3, P]``."""
        found = [arrival[:3] for arrival in self.arrivals.get(method, [])]
        return np.array(found, float).reshape(-1, 3).T

    def slope(self, method: str) -> float:
        """Return the slope of a method's calls over its points so far; NaN below two."""
        y, _, _ = self.calls(method)
        known = np.isfinite(y)
        return fit(self.x[: len(y)][known], y[known, None]).value

    @property
    def low_slope(self) -> float:
        """Slope of N_low over all points: where chains are short it is not yet the theorem's."""
        return fit(self.x, self.low[:, None]).value

    @property
    def complete(self) -> bool:
        """True when every method was run at every point."""
        return all(len(self.arrivals.get(m, [])) == len(self.points) for m in self.methods)

    def ratios(self, method: str) -> Array:
        """Return a method's calls over N_low at its points so far."""
        y, _, _ = self.calls(method)
        return y / self.low[: len(y)]

    @property
    def below(self) -> int:
        """How often a method was below N_low by more than its sampling error."""
        most = [self.calls(method)[2] for method in self.methods]
        return sum(int((m < self.low[: len(m)]).sum()) for m in most)

    @property
    def title(self) -> str:
        """The picture in one line."""
        kind = "Lipschitz Hessian" if self.family.hessian else "Lipschitz gradient"
        first = self.points[0]
        fixed = f"{first.rank} chains" if self.axis == "eps" else f"chains of {first.length}"
        return f"Calls to reach eps on {fixed}, {kind}, p = {self.family.moment:g}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the picture."""
        wide = (
            "L gap/(D0 l1 G^2)" if not self.family.hessian else "gap sqrt(rho)/(D0 sqrt(l2) G^1.5)"
        )
        return (
            "N_low is about the mean over the run at one batch size, exact for the inequality of "
            "this chain, and proved for methods that move only where they have seen a gradient, on "
            f"matrices with max(m,n)/min(m,n) of at least T = {wide}.",
            "for arbitrary methods, and max(m,n)/min(m,n)^2 large, the lower bound is the theorem "
            "of arXiv:2605.18528.",
            "it is no statement that one of these methods is worse than another: those tuned by "
            "grid all come close to it.",
            "look-ahead does not pay on this chain: transport needs more calls here than without.",
        )

    @property
    def sentence(self) -> str:
        """The picture in words."""
        if not len(self):
            return f"{self.title}: not run yet."
        unit = "calls to eps" if self.axis == "eps" else "calls over the rank"
        parts: list[str] = []
        for method in self.methods:
            ratios = self.ratios(method)
            ratios = ratios[np.isfinite(ratios)]
            if not len(ratios):
                if len(self.calls(method)[0]):
                    parts.append(f"{method} did not come to eps")
                continue
            slope = self.slope(method)
            said = f", slope {slope:.2f}" if np.isfinite(slope) else ""
            parts.append(f"{method} {ratios.min():.3g} to {ratios.max():.3g} times N_low{said}")
        made = sum(map(len, self.arrivals.values()))
        head = "" if self.complete else "Incomplete: "
        return (
            f"{head}{len(self)} of {len(self.points)} points, {unit}: {'; '.join(parts)}; N_low's "
            f"slope {self.low_slope:.2f}, the theorem's exponent {self.exponent:.2f}; "
            f"{self.below or 'none'} of {made} is below N_low by more than its sampling error."
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each method and point."""
        return [
            {
                "method": method,
                "rank": point.rank,
                "length": point.length,
                "eps": point.eps,
                "N_low": point.low,
                "calls": arrival.calls,
                "calls low": arrival.least,
                "calls high": arrival.most,
                **{f"set {name}": value for name, value in arrival.settings.items()},
            }
            for method in self.methods
            for point, arrival in zip(self.points, self.arrivals.get(method, []), strict=False)
        ]

    def to_csv(self, path: str | Path) -> None:
        """Write the rows, behind a first line with what they share."""
        rows = self.rows()
        names = list(dict.fromkeys(name for row in rows for name in row))
        with Path(path).open("w", newline="") as file:
            file.write(f"# {self.spec.to_json()}\n")
            writer = csv.DictWriter(file, fieldnames=names)
            writer.writeheader()
            writer.writerows(rows)

    def figure(self, plot: str = "lower_bound", **options: Any) -> Any:
        """Return a matplotlib Figure of this, made without pyplot."""
        return PLOTS[plot].of(self, **options)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return self.sentence

    def _repr_png_(self) -> bytes:  # pyright: ignore[reportUnusedFunction]  # IPython's
        return PLOTS["lower_bound"].png(self)

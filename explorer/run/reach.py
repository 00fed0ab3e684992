"""Reach: how many calls methods need to come to a stationarity eps, above what the chain forces."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from explorer.run._shown import Shown
from explorer.run.chain_class import ChainClass, Point
from explorer.run.spec import RunSpec
from explorer.theory.slope import fit

Array = NDArray[np.float64]
FEWEST_SEEDS = 8  # a bootstrap over fewer is too narrow for a verdict


class Arrival(NamedTuple):
    """Calls with which a method came to eps, their 95 % interval over seeds, and its settings.

    NaN where it did not arrive; ``most`` is infinite where some resamples of the seeds did not.
    """

    calls: float
    least: float
    most: float
    settings: Mapping[str, Any]


@final
@dataclass(kw_only=True, repr=False)
class Reach(Shown):
    """Calls to eps of several methods, beside the number that no zero-respecting one is below.

    Attributes:
        spec: A chain's, with the seeds and the device.
        family: The class of functions.
        axis: ``"eps"`` or ``"rank"``: what varies from point to point.
        points: The chains, the cheapest first.
        methods: Names of the methods.
        arrivals: For each method its arrival at each point so far.
        seconds: Time that it took.
    """

    usual_plot: ClassVar[str] = "lower_bound"

    spec: RunSpec
    family: ChainClass
    axis: str
    points: tuple[Point, ...]
    methods: tuple[str, ...]
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict[str, list[Arrival]])
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
    def closed(self) -> Array:
        """The lower bound in closed form; NaN where chains are too short for it to hold."""
        closed = np.array([point.closed for point in self.points], float)
        return np.where(closed < self.low, closed, np.nan)

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
    def arrived(self) -> int:
        """How many points were reached so far, of all methods together."""
        return sum(int(np.isfinite(self.calls(method)[0]).sum()) for method in self.methods)

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
            "of the choice it takes the chain's moment, the seeds, the device and its numbers; "
            "chains, batches and steps are its own.",
        )

    def found(self, method: str) -> str:
        """Return in words what a method needs, or that it did not arrive; empty before it ran."""
        ratios = self.ratios(method)
        reached = ratios[np.isfinite(ratios)]
        missed = len(ratios) - len(reached)
        if not len(ratios):
            return ""
        if not len(reached):
            return "not reached"
        said = f"{reached.min():.3g} to {reached.max():.3g} N_low"
        return f"{said}, {missed} not reached" if missed else said

    @property
    def sentence(self) -> str:
        """The picture in words."""
        if not len(self):
            return f"{self.title}: not run yet."
        unit = "calls to eps" if self.axis == "eps" else "calls over the rank"
        parts: list[str] = []
        for method in self.methods:
            if found := self.found(method):
                slope = self.slope(method)
                said = f", slope {slope:.2f}" if np.isfinite(slope) else ""
                parts.append(f"{method} {found}{said}")
        done = sum(map(len, self.arrivals.values()))
        head = f"Incomplete, {done} of {len(self.points) * len(self.methods)} searches: "
        head = "" if self.complete else head
        return (
            f"{head}{len(self)} of {len(self.points)} points, {unit}: {'; '.join(parts)}; N_low's "
            f"slope {self.low_slope:.2f}, the theorem's exponent {self.exponent:.2f}; "
            f"{self._verdict()}"
        )

    def _verdict(self) -> str:
        if self.spec.seeds < FEWEST_SEEDS:
            return (
                f"{self.spec.seeds} seeds are too few to say what is below N_low: give at least "
                f"{FEWEST_SEEDS}."
            )
        return (
            f"{self.below or 'none'} of {self.arrived} is below N_low by more than its sampling "
            "error."
        )

    def still(self) -> "Reach":
        return replace(self, arrivals={m: list(found) for m, found in self.arrivals.items()})

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

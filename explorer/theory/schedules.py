"""Step size and momentum: tuned to a horizon, to every horizon at once, constant or linear."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import floor, sqrt
from typing import NamedTuple, final

from explorer.theory._constants import Constants

SCHEDULES = ("anytime", "horizon", "constant", "linear")
CALLS_OF_NOISE_LEVEL = 1000  # N_0: at so many calls the window is the noise level


class Step(NamedTuple):
    """Step size and weight of the past of one step."""

    lr: float
    momentum: float


class Tuned(NamedTuple):
    """What a horizon asks for: step size, momentum and the window W = B / (1 - momentum)."""

    lr: float
    momentum: float
    window: float


class Schedule(ABC):
    """Step size and momentum as functions of the oracle calls made, this step's batch included."""

    @abstractmethod
    def __call__(self, calls: int, batch_size: int) -> Step:
        """Return the step's ``lr`` and ``momentum``; the first step's momentum is 0."""


def window(constants: Constants, calls: float, *, batched: bool) -> float:
    r"""Return the tuned number W of averaged calls without transport, unclipped.

    .. math::
        W = (4qK/A)^{2/(2q+1)}, \quad A = a\sqrt{L\Delta/N}, \quad q = 1 - 1/p,

    with :math:`a = \sqrt2` where a batch averages and :math:`2\sqrt2` where momentum does.
    """
    smoothness, _, gap, noise, p = constants
    q = 1 - 1 / p
    a = sqrt(2) if batched else 2 * sqrt(2)
    return (4 * q * noise / (a * sqrt(smoothness * gap / calls))) ** (2 / (2 * q + 1))


def transported_window(constants: Constants, calls: float) -> float:
    r"""Return the tuned window of full transport with :math:`\rho > 0`, unclipped.

    .. math:: W = (3qK/A)^{1/(q+2/3)}, \quad A = \tfrac32 (2\rho)^{1/3} (\Delta/N)^{2/3}.
    """
    _, rho, gap, noise, p = constants
    assert rho, "the window of transport is for rho > 0"
    q = 1 - 1 / p
    a = 1.5 * (2 * rho) ** (1 / 3) * (gap / calls) ** (2 / 3)
    return (3 * q * noise / a) ** (1 / (q + 2 / 3))


def largest_transported_batch(constants: Constants, calls: float) -> float:
    r"""Return :math:`B_{\max} = 2\rho u W/L`, :math:`u = (\Delta W/(2\rho N))^{1/3}`.

    Larger batches lose the rate of transport; below 1 the horizon is too short for it.
    """
    smoothness, rho, gap, _, _ = constants
    assert rho, "a largest batch of transport is for rho > 0"
    w = min(transported_window(constants, calls), calls)
    return 2 * rho * (gap * w / (2 * rho * calls)) ** (1 / 3) * w / smoothness


def noise_constant_of_level(constants: Constants, noise_level: float) -> float:
    r"""Return the K for which the batch window at 1,000 calls is ``noise_level``.

    .. math:: K = \sqrt{2 L \Delta/N_0}\; W_0^{q+1/2} / (4q).

    So every p and every scale of f start in the same regime. ``constants.noise`` is not read.
    """
    smoothness, _, gap, _, p = constants
    q = 1 - 1 / p
    scale = sqrt(2 * smoothness * gap / CALLS_OF_NOISE_LEVEL)
    return scale * noise_level ** (q + 0.5) / (4 * q)


def tuned_for(constants: Constants, moment: float) -> Constants:
    r"""Return the constants of who takes the noise for one of another moment.

    Both see the same window at 1,000 calls; from there on it grows as the assumed moment says.
    What is tuned by these is a mis-tuned run, and its bound is that of the true constants.

    Args:
        constants: The true ones.
        moment: The p in (1, 2] that is assumed.

    Example:
        >>> true = Constants(1.0, 1.0, 1.0, noise=2.0, moment=1.2)
        >>> wrong = tuned_for(true, 2.0)
        >>> [round(window(c, 1000, batched=True), 3) for c in (true, wrong)]
        [162.793, 162.793]
    """
    if constants.noise == 0:
        return constants
    seen = window(constants, CALLS_OF_NOISE_LEVEL, batched=True)
    assumed = constants._replace(moment=moment)
    return assumed._replace(noise=noise_constant_of_level(assumed, seen))


def tune(
    constants: Constants,
    calls: float,
    batch_size: int,
    transport: float = 0.0,
    *,
    momentum: float | None = None,
    longest_window: float | None = None,
) -> Tuned:
    r"""Return step size and momentum tuned to a horizon, to leading order of the bound.

    Without full transport :math:`\beta = \max(0, 1 - B/W)` and
    :math:`\eta = \sqrt{\Delta/(L(2/(1-\beta) - 3/2)T)}`, :math:`T = N/B`. With it
    :math:`\eta` is the positive root of
    :math:`2\rho\beta(W/B)^2\eta^3 + \tfrac L2\eta^2 = \Delta/T`.

    Args:
        constants: L, rho, the gap, K and p.
        calls: The horizon N.
        batch_size: B.
        transport: The fraction of transport; below 1 the parameters are the plain ones.
        momentum: A given momentum, to which the step size is then tuned.
        longest_window: Largest window allowed; None means ``calls``.

    Source:
        Derived in this project by minimising the bound's leading terms.
    """
    smoothness, rho, gap, _, _ = constants
    steps = calls / batch_size
    transported = transport == 1 and bool(rho)
    wanted = (
        transported_window(constants, calls)
        if transported
        else window(constants, calls, batched=False)
    )
    w = max(batch_size, min(wanted, longest_window or calls))
    beta = max(0.0, 1 - batch_size / w) if momentum is None else momentum
    if transported:
        assert rho, "full transport is tuned for rho > 0"
        lr = positive_root(2 * rho * beta / (1 - beta) ** 2, smoothness / 2, gap / steps)
    else:
        lr = sqrt(gap / (smoothness * (2 / (1 - beta) - 1.5) * steps))
    return Tuned(lr, beta, batch_size / (1 - beta))


def positive_root(cubic: float, square: float, target: float) -> float:
    """Return the x > 0 with ``cubic x^3 + square x^2 = target``, by Newton from above.

    Example:
        >>> positive_root(0.0, 2.0, 8.0), round(positive_root(1.0, 1.0, 12.0), 12)
        (2.0, 2.0)
    """
    x = sqrt(target / square)
    if cubic == 0:
        return x
    x = min(x, (target / cubic) ** (1 / 3))
    for _ in range(60):
        value = (cubic * x + square) * x * x - target
        following = x - value / ((3 * cubic * x + 2 * square) * x)
        if abs(following - x) <= 1e-15 * x:
            break
        x = following
    return x


def constant_hessian(constants: Constants, transport: float) -> bool:
    """Return True where transport is exact: full, with rho = 0."""
    return transport == 1 and constants.hessian_smoothness == 0


def make_schedule(
    name: str,
    constants: Constants | None,
    *,
    horizon: int,
    batch_size: int,
    transport: float = 0.0,
    lr: float | None = None,
    momentum: float | None = None,
) -> Schedule:
    """Return a schedule by name.

    Args:
        name: ``"anytime"``, ``"horizon"``, ``"constant"`` or ``"linear"``.
        constants: None where they are unknown; then ``lr`` and ``momentum`` must be given.
        horizon: Oracle calls N of the run.
        batch_size: B.
        transport: Fraction of transport.
        lr: Step size in place of the tuned one (the first one, for ``"linear"``).
        momentum: Momentum in place of the tuned one.

    Raises:
        ValueError: If something must be tuned and the constants are unknown.

    Example:
        >>> schedule = make_schedule("linear", None, horizon=4, batch_size=1, lr=1.0, momentum=0.9)
        >>> [schedule(calls, 1) for calls in (1, 2)]
        [Step(lr=1.0, momentum=0.0), Step(lr=0.75, momentum=0.9)]
    """
    tuned_by_theory = name in ("anytime", "horizon")
    if constants is None and (tuned_by_theory or lr is None or momentum is None):
        raise ValueError(
            f"schedule {name!r} must tune lr or momentum, which needs L, the gap and K, unknown "
            "here; give schedule='constant' or 'linear' with lr and momentum."
        )
    if name == "anytime":
        assert constants is not None
        return Anytime(constants, transport, lr, momentum)
    steps = horizon // batch_size
    exact = constants is not None and constant_hessian(constants, transport)
    if lr is None or momentum is None:
        assert constants is not None
        if exact:
            tuned = Tuned(sqrt(2 * constants.gap / (constants.smoothness * steps)), 1.0, horizon)
        else:
            tuned = tune(constants, steps * batch_size, batch_size, transport, momentum=momentum)
        # beta_t = t/(t+1) averages the whole past; below it, it takes the start-up noise out
        startup = tuned_by_theory and transport == 1 and momentum is None
        startup = startup or (exact and momentum is None)
        lr = tuned.lr if lr is None else lr
        momentum = tuned.momentum if momentum is None else momentum
    else:
        startup = False
    return Fixed(lr, momentum, startup=startup, decay_calls=horizon if name == "linear" else None)


@final
@dataclass(frozen=True, slots=True)
class Fixed(Schedule):
    """One step size and momentum, if wanted decaying linearly to 0, or with an averaging start."""

    lr: float
    momentum: float
    startup: bool = False
    decay_calls: int | None = None

    def __call__(self, calls: int, batch_size: int) -> Step:
        step = calls // batch_size - 1
        beta = 0.0 if step == 0 else self.momentum
        if self.startup:
            beta = min(beta, step / (step + 1))
        left = 1.0 if self.decay_calls is None else 1 - (calls - batch_size) / self.decay_calls
        return Step(self.lr * left, beta)


@final
@dataclass(frozen=True, slots=True)
class Anytime(Schedule):
    """At every step the parameters tuned to the calls made so far: no horizon is needed."""

    constants: Constants
    transport: float
    lr: float | None = None
    momentum: float | None = None

    def __call__(self, calls: int, batch_size: int) -> Step:
        constants, steps = self.constants, calls / batch_size
        first = calls <= batch_size
        if constant_hessian(constants, self.transport):
            beta = 1 - batch_size / calls if self.momentum is None else self.momentum
            lr = sqrt(2 * constants.gap / (constants.smoothness * steps))
        else:
            longest = max(batch_size, calls / 4) if self.transport == 1 else None
            given = 0.0 if first else self.momentum
            lr, beta, _ = tune(
                constants,
                calls,
                batch_size,
                self.transport,
                momentum=given,
                longest_window=longest,
            )
        return Step(lr if self.lr is None else self.lr, 0.0 if first else beta)


def tuned_batch(constants: Constants, calls: int, batch_size: int, transport: float) -> int:
    """Return the batch size that a sweep takes at a horizon: the cheapest that keeps the rate.

    Args:
        constants: L, rho, the gap, K and p.
        calls: The horizon.
        batch_size: The spec's own, kept where batches do not pay (full transport with rho = 0).
        transport: Fraction of transport.
    """
    if constant_hessian(constants, transport):
        return batch_size
    if transport == 1:
        w = min(transported_window(constants, calls), calls)
        largest = min(largest_transported_batch(constants, calls) / 2, w / 16)
        return max(1, floor(largest))
    return max(1, min(calls, round(window(constants, calls, batched=True))))

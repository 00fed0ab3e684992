"""RunSpec: the one value that crosses from a choice to a run."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from typing import Any, final

from explorer.registry import NOISES, OPTIMIZERS, PROBLEMS, Registry, parameters
from explorer.run._checks import check
from explorer.run._resolve import CHOICE, NOISE_UNITS, Origin, noise_units, resolve


@final
@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that determines a run, checked when it is made.

    A field that is not given takes the problem's own choice, so a spec read back shows what runs.
    What one class alone asks for is an option in its name, ``"log_cosh(flatness=10)"``, or an
    instance, ``LogCosh(flatness=10)``, of which only what differs from its class's own defaults
    counts as said. A field that nothing in the spec asks for (``tail_index`` beside Gaussian noise)
    is kept and ignored. ``spec.replace(...)`` and ``dataclasses.replace`` give a changed copy; a
    new problem takes its own choices for what was never given or no longer applies, and a new noise
    unit replaces the old one.

    Args:
        problem: Name of ``PROBLEMS``, with options, or an instance.
        rows: m of a toy, at least 1; None on networks.
        columns: n of a toy, at least 1; None on networks.
        norm: Name of ``NORMS``; on networks also a convention of ``GEOMETRIES``.
        noise: Name of ``NOISES``.
        tail_index: p in (1, 2]; below 2 for ``pareto``.
        noise_level: On toys: the window of averaged calls that is best at 1,000 calls, positive.
        noise_scale: On toys, in place of the level: the law's own scale, positive.
        noise_ratio: On networks: noise over initial gradient, per sample, in every layer, positive.
        optimizer: Name of ``OPTIMIZERS``.
        batch_size: Oracle calls of a step, at least 1.
        transport: False, True or a fraction in [0, 1].
        schedule: ``anytime``, ``horizon``, ``constant`` or ``linear``.
        tuned_for: Tail index in (1, 2] that schedules take the noise for, from the right window at
            1,000 calls; None for the noise's own.
        momentum: Weight of the past in [0, 1); None takes the schedule's.
        lr: Step size, positive; None takes the schedule's.
        max_extrapolation: Longest look-ahead in radii, positive; None for no cap.
        horizon: Oracle calls N, at least ``batch_size``; ``N // batch_size`` steps are made.
        seeds: Independent runs side by side, at least 1.
        seed: Number of the experiment, at least 0.
        device: ``auto``, ``cpu`` or ``cuda``.
        dtype: ``float32`` or ``float64``.

    Raises:
        KeyError: If a name is unknown.
        TypeError: If a value is of the wrong kind.
        ValueError: If a value is out of range or does not go with another.
        RuntimeError: If the device is not there.

    Example:
        >>> spec = RunSpec(norm="sign", tail_index=1.3)
        >>> spec.horizon, spec.noise_level
        (20000, 20.0)
        >>> spec.replace(noise_scale=0.5).noise_level is None
        True
        >>> RunSpec(tail_index=0.8)
        Traceback (most recent call last):
        ...
        ValueError: tail_index must lie in (1, 2], got 0.8; at 1 and below the noise has no mean...
    """

    problem: str = "log_cosh"
    rows: int | None = CHOICE
    columns: int | None = CHOICE
    norm: str = CHOICE
    noise: str = CHOICE
    tail_index: float = CHOICE
    noise_level: float | None = CHOICE
    noise_scale: float | None = CHOICE
    noise_ratio: float | None = CHOICE
    optimizer: str = CHOICE
    batch_size: int = CHOICE
    transport: bool | float = CHOICE
    schedule: str = CHOICE
    tuned_for: float | None = CHOICE
    momentum: float | None = CHOICE
    lr: float | None = CHOICE
    max_extrapolation: float | None = CHOICE
    horizon: int = CHOICE
    seeds: int = CHOICE
    seed: int = CHOICE
    device: str = CHOICE
    dtype: str = CHOICE
    # dataclasses.replace hands every field of the old spec to the new one, chosen or not; what it
    # hands over here tells which is which
    _origin: InitVar["Origin | None"] = None

    def __post_init__(self, _origin: "Origin | None") -> None:
        values = {name: getattr(self, name) for name in field_names()}
        origin = resolve(values, _origin)
        check(values)
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_origin", origin)

    def replace(self, **changes: Any) -> "RunSpec":
        """Return a copy with ``changes``, checked like a new spec.

        As ``dataclasses.replace``, which alone cannot see that a field was named whose value is the
        old one.
        """
        refuse_unknown_fields(changes)
        origin: Origin = getattr(self, "_origin")  # noqa: B009  (an init-only field to checkers)
        named = dataclasses.replace(origin, named=frozenset(changes))
        return dataclasses.replace(self, _origin=named, **changes)

    def diff(self, other: "RunSpec") -> dict[str, tuple[Any, Any]]:
        """Return the fields that differ, each with this spec's value and the other's.

        Example:
            >>> RunSpec(norm="sign").diff(RunSpec())
            {'norm': ('sign', 'spectral')}
        """
        pairs = ((name, getattr(self, name), getattr(other, name)) for name in field_names())
        return {name: (mine, theirs) for name, mine, theirs in pairs if mine != theirs}

    def code(self) -> str:
        """Return the lines of Python that repeat the run.

        Example:
            >>> print(RunSpec(tail_index=1.3).code())
            from explorer import RunSpec, run
            <BLANKLINE>
            spec = RunSpec(tail_index=1.3)
            trace = run(spec)
            print(trace)
        """
        plain = RunSpec(problem=self.problem)
        said = {name: mine for name, (mine, _) in self.diff(plain).items()}
        units = [unit for unit in NOISE_UNITS if said.get(unit, 0) is None]
        for unit in units:
            said.pop(unit)
        if self.problem != "log_cosh":
            said = {"problem": self.problem, **said}
        arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
        return (
            "from explorer import RunSpec, run\n\n"
            f"spec = RunSpec({arguments})\ntrace = run(spec)\nprint(trace)"
        )

    def to_json(self) -> str:
        """Return all fields as JSON; :meth:`from_json` reads them."""
        return json.dumps({name: getattr(self, name) for name in field_names()})

    @classmethod
    def from_json(cls, text: str) -> "RunSpec":
        """Return the spec that :meth:`to_json` wrote, checked like a new one."""
        return cls(**json.loads(text))

    @classmethod
    def recall(cls, text: str) -> "RunSpec":
        """Return a spec as it ran somewhere: unchecked, on whatever device, of whatever classes.

        For stored traces, which need only numbers; a class that is not registered stays a text.
        """
        values = json.loads(text)
        spec = object.__new__(cls)
        for name in field_names():
            object.__setattr__(spec, name, values.get(name))
        object.__setattr__(spec, "_origin", Origin(values, frozenset(values)))
        return spec

    @property
    def n_steps(self) -> int:
        """Steps of the run, ``horizon // batch_size``."""
        return self.horizon // self.batch_size

    @property
    def network(self) -> bool:
        """True where the problem is a network."""
        return PROBLEMS[PROBLEMS.parse(self.problem)[0]].network


def field_names() -> tuple[str, ...]:
    """Return the fields of a spec in order."""
    return tuple(field.name for field in dataclasses.fields(RunSpec))


def refuse_unknown_fields(names: Iterable[str]) -> None:
    """Raise TypeError unless all ``names`` are fields of a spec."""
    unknown = sorted(set(names) - set(field_names()))
    if unknown:
        raise TypeError(
            f"a RunSpec has no field {unknown[0]!r}; its fields are {list(field_names())}."
        )


def fields_used(cls: type) -> frozenset[str]:
    """Return the spec's fields that ``cls`` asks for: its constructor takes them by name."""
    return frozenset(parameters(cls)) & frozenset(field_names())


def make(registry: Registry, spec: RunSpec, text: str, **given: Any) -> Any:
    """Return an instance of the class named in ``text``, with the spec's fields it asks for."""
    cls = registry[registry.parse(text)[0]]
    chosen = {name: getattr(spec, name) for name in fields_used(cls)}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    return registry.make(text, **(chosen | given))


def takes_lmo(spec: RunSpec) -> bool:
    """Return whether the optimizer steps along the LMO of a norm, whatever its options."""
    # as text: a stored spec may name classes that nobody has registered here
    return spec.optimizer.partition("(")[0] == "scion"


def unasked(spec: RunSpec, field: str) -> str | None:
    """Return why a field is ignored in this spec, or None where something asks for it.

    Example:
        >>> unasked(RunSpec(noise="gaussian"), "tail_index")
        "noise 'gaussian' has no tail index"
    """
    noise = NOISES[NOISES.parse(spec.noise)[0]]
    optimizer = OPTIMIZERS[OPTIMIZERS.parse(spec.optimizer)[0]]
    problem = PROBLEMS[PROBLEMS.parse(spec.problem)[0]]
    if field in ("tail_index", *NOISE_UNITS) and problem.own_oracle and not spec.network:
        p = PROBLEMS.parse(spec.problem)[1].get("moment", problem.moment)
        return f"its oracle is noisy by itself, with p = {p:g}, the problem's option moment"
    if field == "tail_index" and field not in fields_used(noise):
        return f"noise {spec.noise!r} has no tail index"
    if field in NOISE_UNITS:
        if spec.noise == "none":
            return "there is no noise"
        if field not in noise_units(problem):
            return "a network's noise has a ratio, a toy's a scale or, where L is known, a level"
        if getattr(spec, field) is None:
            return f"the noise is given as {next(u for u in NOISE_UNITS if getattr(spec, u))}"
    if field in ("rows", "columns") and spec.network:
        return "a network has its own shapes"
    if field == "tuned_for":
        return _why_no_noise_tunes(spec, problem)
    if field in ("transport", "max_extrapolation") and field not in fields_used(optimizer):
        return f"optimizer {spec.optimizer!r} has no look-ahead"
    if field == "max_extrapolation" and not spec.transport:
        return "there is no look-ahead without transport"
    return None


def _why_no_noise_tunes(spec: RunSpec, problem: Any) -> str | None:
    """Return why the strength of the noise has no part in a run's step size and momentum."""
    if spec.network:
        return "no theory tunes a network's schedule"
    if not takes_lmo(spec):
        return f"no theory tunes optimizer {spec.optimizer!r}"
    if not problem.smooth:
        return f"{spec.problem!r} has no L, so nothing is tuned"
    if spec.noise == "none" and not problem.own_oracle:
        return "there is no noise"
    if spec.momentum is not None:
        return "momentum is given, and beside it the step size hangs on L, rho and the gap alone"
    if spec.transport == 1 and make(PROBLEMS, spec, spec.problem).curvature[1] == 0:
        return "with a constant Hessian full transport is tuned by L and the gap alone"
    return None

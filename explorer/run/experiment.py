"""Experiment: where geometry, noise, objective, theory and method meet, and nowhere else."""

import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, final

import torch
from torch import Tensor, nn

from explorer.noise._streams import Streams
from explorer.norms._base import as_norm
from explorer.norms._geometry import Geometry
from explorer.norms._polar import nuclear_rank
from explorer.optim.scion import Scion
from explorer.registry import OPTIMIZERS, PROBLEMS
from explorer.run._records import FROBENIUS, LAYER, NUCLEAR_RANK, Record
from explorer.run.constants import (
    assumed_constants,
    is_noiseless,
    layer_scales,
    measured_on,
    network_setting,
    regime,
    torch_dtype,
    toy_setting,
)
from explorer.run.device import choose_device, few_threads
from explorer.run.measure import Stratum, strata
from explorer.run.snapshot import Array, Snapshot, first_seed
from explorer.run.spec import RunSpec, make, takes_lmo
from explorer.run.trace import Trace
from explorer.theory.bound import Bound, unmet
from explorer.theory.exponents import exponent, formula
from explorer.theory.schedules import Schedule, make_schedule

LARGEST_RANKED = 32  # the smaller side; 500 nuclear ranks take a per cent or two of 20,000 steps


@final
class Experiment:
    """One run, step by step; iterating gives its records.

    Args:
        spec: The choice.
        nuclear_rank: Whether records of a toy keep the nuclear rank of the exact gradient; None
            for matrices with a side of at most 32, beyond which it takes too much of a run's time.
        snapshots: Whether the matrices of earlier records are kept too, as far as a few MB go:
            for a run that is looked back on, not for the hundreds of a sweep.

    Attributes:
        trace: All records so far.
        step: Steps made.
        entries: Numbers in the state of all seeds together.

    What is no spec is refused, and so is one that asks for things which do not go together.

    Example:
        >>> experiment = Experiment(RunSpec(horizon=50, seeds=2))
        >>> records = list(experiment)
        >>> len(records), experiment.finished, experiment.trace.complete
        (50, True, True)
    """

    def __init__(
        self, spec: RunSpec, *, nuclear_rank: bool | None = None, snapshots: bool = False
    ) -> None:
        refuse_unless_spec(spec)
        self.spec = spec
        self.problem = make(PROBLEMS, spec, spec.problem)
        small = min(spec.rows or 1, spec.columns or 1) <= LARGEST_RANKED
        self._ranked = small if nuclear_rank is None else nuclear_rank
        self.entries = spec.seeds * _entries(self.problem)
        self._device, why = choose_device(spec.device, network=spec.network, entries=self.entries)
        self._streams = Streams(spec.seed, spec.seeds, self._device)
        start = self.problem.start(self._streams, torch_dtype(spec))
        self._parameters = {name: nn.Parameter(tensor) for name, tensor in start.items()}
        self.state = {name: p.detach() for name, p in self._parameters.items()}
        self._scales: dict[str, Tensor | float] = {}
        if spec.network:
            self.geometry = Geometry.for_model(self.problem.template, spec.norm)
            self._noise, self.constants = network_setting(spec)
            if spec.noise != "none":
                gradient = self.problem.gradient(self.state)
                self._scales = dict(layer_scales(spec, self._noise, gradient))
        else:
            norm = as_norm(spec.norm)
            self.geometry = Geometry.single("x", norm)
            self._noise, self.constants = toy_setting(spec, self.problem, norm)
            if spec.noise != "none":
                self._scales = {"x": 1.0}
        groups = self.geometry.param_groups(self._parameters, stacked=True)
        self._schedule = self._make_schedule()
        first = self._schedule(spec.batch_size, spec.batch_size)
        self.optimizer = make(OPTIMIZERS, spec, spec.optimizer, params=groups, lr=first.lr)
        self._scion = self.optimizer if isinstance(self.optimizer, Scion) else None
        self._take_step = self.optimizer.step if self._scion is None else self._scion.update
        self._bound, self.trace = self._make_bound(f"{self._device}, {why}")
        self._strata = strata(
            spec.n_steps, self._streams.generator(-1, "measure"), self.problem.most_records
        )
        self._stratum = 0
        self._measured: Record | None = None
        self._snapshot: Snapshot | None = None
        self._keeps_snapshots = snapshots
        self._sum_lr = 0.0
        self.step = 0

    @property
    def finished(self) -> bool:
        """True when the horizon is reached."""
        return self.step >= self.spec.n_steps

    @property
    def share(self) -> float:
        """Share of the steps that are made."""
        return self.step / self.spec.n_steps

    def __iter__(self) -> Iterator[Record]:
        while not self.finished:
            yield from self.advance()

    @torch.no_grad()
    def advance(self, *, look: bool = False) -> list[Record]:
        """Make one step and return the records that it completed: none, mostly.

        Args:
            look: True measures this step too, whatever the plan says, and leaves what was seen in
                ``trace.present``; the run and its records stay the same.
        """
        began = time.perf_counter()
        batch_size = self.spec.batch_size
        calls = (self.step + 1) * batch_size
        lr, momentum = self._schedule(calls, batch_size)
        coefficient = self._set(lr, momentum)
        gradient = self._oracle(batch_size)
        for name, p in self._parameters.items():
            p.grad = gradient[name]
        stratum = self._strata[self._stratum]
        last = self.step + 1 == self.spec.n_steps
        measured = exact = None
        if self.step == stratum.step or last or look:
            measured, exact = self._measure(stratum, lr, momentum, coefficient)
        bound = float("nan")
        if self._bound is not None:
            bound = self._bound.advance(lr, momentum, batch_size, coefficient)
        self._take_step()
        if exact is not None:
            self._snapshot = Snapshot(self.step, exact, self._momentum())
            if self._keeps_snapshots:
                self.trace.snapshots.keep(self._snapshot)
        self.trace.present = measured if look else None
        if look:
            self.trace.snapshot = self._snapshot
        self._sum_lr += lr
        self.step += 1
        self.trace.seconds += time.perf_counter() - began
        records = self._close(stratum, measured, bound, last=last)
        self.trace.complete = last
        return records

    def _close(
        self, stratum: Stratum, measured: Record | None, bound: float, *, last: bool
    ) -> list[Record]:
        """Publish a stratum's record at its end, and the last iterate's, if another was drawn."""
        if measured is not None and measured.step == stratum.step:
            self._measured, measured = measured, None
        if self.step < stratum.end:
            return []
        assert self._measured is not None, "every stratum holds its drawn step"
        sums = {"sum_lr": self._sum_lr, "bound": bound, "seconds": self.trace.seconds}
        records = [self._measured._replace(**sums)]
        if last and measured is not None:
            records.append(measured._replace(**sums, weight=0))
        self._measured = None
        self._stratum += 1
        for record in records:
            self.trace.append(record)
        self.trace.snapshot = self._snapshot
        return records

    def _momentum(self) -> Array | None:
        """Return what a toy's last step took the LMO of, or None where there is no LMO."""
        if self._scion is None:
            return None
        return first_seed(self._scion.state[self._parameters["x"]]["momentum_buffer"])

    def _oracle(self, batch_size: int) -> dict[str, Tensor]:
        """Return the mean of a batch of stochastic gradients at the query point."""
        gradient = self.problem.sample(self.state, batch_size, self._streams)
        for name, scale in self._scales.items():
            purpose = f"noise/{name}"
            mean = self._noise.mean_of_batch(
                self.state[name], batch_size, self._streams, purpose=purpose
            )
            gradient[name] = gradient[name] + scale * mean
        return gradient

    def _set(self, lr: float, momentum: float) -> float:
        """Give step size and momentum to the optimiser, look ahead, and return its coefficient.

        A baseline keeps its momentum: its first step has a rule of its own.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if self._scion is not None:
                group["momentum"] = momentum
        if self._scion is None:
            return 0.0
        self._scion.look_ahead()
        return self._scion.coefficient(self._scion.param_groups[0])

    def _measure(
        self, stratum: Stratum, lr: float, momentum: float, coefficient: float
    ) -> tuple[Record, Array | None]:
        """Return the record of the iterate before the step, its sums open, and a toy's gradient."""
        with self._scion.at_iterate() if self._scion is not None else nullcontext():
            gradient, measures = self.problem.measure(self.state)
            terms = self.geometry.terms(gradient)
            stationarity = torch.stack([*terms.values()]).sum(0)
            # copied here: a gradient may share the iterate's memory
            exact = None if self.spec.network else first_seed(gradient["x"])
        if self.spec.network:
            measures |= {f"{LAYER}{name}": term for name, term in terms.items()}
        else:
            measures |= self._size_of(gradient["x"])
        record = Record(
            step=self.step,
            calls=(self.step + 1) * self.spec.batch_size,
            weight=stratum.end - stratum.start,
            stratum_end=stratum.end * self.spec.batch_size,
            lr=lr,
            momentum=momentum,
            coefficient=coefficient,
            sum_lr=0.0,
            bound=0.0,
            seconds=0.0,
            stationarity=stationarity.double().cpu().numpy(),
            measures={name: values.double().cpu().numpy() for name, values in measures.items()},
        )
        return record, exact

    def _size_of(self, gradient: Tensor) -> dict[str, Tensor]:
        """Return what is measured in every geometry alike, so that runs in several compare."""
        sizes = {FROBENIUS: as_norm("frobenius").dual_norm(gradient)}
        return sizes | ({NUCLEAR_RANK: nuclear_rank(gradient)} if self._ranked else {})

    def _make_schedule(self) -> Schedule:
        spec = self.spec
        lmo_method = takes_lmo(spec)
        return make_schedule(
            spec.schedule,
            assumed_constants(spec, self.constants) if lmo_method else None,
            horizon=spec.horizon,
            batch_size=spec.batch_size,
            transport=float(spec.transport),
            lr=spec.lr,
            momentum=spec.momentum if lmo_method else spec.momentum or 0.0,
        )

    def _make_bound(self, device: str) -> tuple[Bound | None, Trace]:
        spec, constants = self.spec, self.constants
        transport = float(spec.transport) if self._scion is not None else 0.0
        why_not = unmet(
            network=spec.network,
            smooth=self.problem.smooth,
            lmo_method=self._scion is not None,
            noise_constant=constants is not None,
            transport=transport,
            hessian_smoothness=constants.hessian_smoothness if constants else None,
            constrained=any(group.get("constrained") for group in self.optimizer.param_groups),
        )
        bound = Bound(constants, transport) if constants is not None and why_not is None else None
        tail = self._noise.tail_index
        noiseless = is_noiseless(spec)
        rho_zero = bound is not None and constants is not None and constants.hessian_smoothness == 0
        trace = Trace(
            spec=spec,
            bound_unmet=why_not,
            exponent=bound.exponent if bound else exponent(tail, transport, noiseless=noiseless),
            exponent_formula=formula(transport, noiseless=noiseless, rho_zero=rho_zero),
            constants=constants._asdict() if constants else None,
            notes=(*regime(spec, self._noise, constants), *measured_on(self.problem)),
            device=device,
        )
        return bound, trace


def refuse_unless_spec(spec: object) -> None:
    """Raise TypeError unless ``spec`` is a :class:`RunSpec`."""
    if not isinstance(spec, RunSpec):
        raise TypeError(f"spec must be a RunSpec, got {spec!r}; give RunSpec(problem=...).")


def run(spec: RunSpec, *, progress: bool = False) -> Trace:
    """Run a spec to its horizon and return its trace.

    Args:
        spec: The choice.
        progress: True shows a bar on standard error.

    Returns:
        The trace; after Ctrl-C (``KeyboardInterrupt``) what there is, with ``complete`` False.

    Example:
        >>> print(run(RunSpec(horizon=1000, seeds=4, device="cpu")))
        1,000 calls, 4 seeds: weighted mean ... under its bound ...; slope ...
    """
    experiment = Experiment(spec)
    every = max(1, spec.n_steps // 100)
    try:
        with few_threads(experiment.entries):
            while not experiment.finished:
                experiment.advance()
                if progress and (experiment.step % every == 0 or experiment.finished):
                    show_progress(experiment.step / spec.n_steps)
    except KeyboardInterrupt:
        experiment.trace.complete = False
    if progress:
        sys.stderr.write("\n")
    return experiment.trace


def show_progress(share: float, width: int = 40) -> None:
    """Draw a bar over the present line of standard error."""
    full = round(share * width)
    sys.stderr.write(f"\r[{'=' * full}{' ' * (width - full)}] {share:4.0%}")
    sys.stderr.flush()


def _entries(problem: Any) -> int:
    if problem.network:
        return sum(p.numel() for p in problem.template.parameters())
    return problem.rows * problem.columns

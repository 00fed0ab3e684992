"""What the worker works at: one run with its variants, or a sweep over horizons."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, final

from explorer.run.experiment import Experiment
from explorer.run.spec import RunSpec
from explorer.run.sweep import Sweep
from explorer.run.trace import Trace

Kept = list[tuple[str, Trace]]


class Job(Protocol):
    """Work that is done in small steps, between which the worker looks at its mailbox."""

    plot: str

    @property
    def data(self) -> Any:
        """What the plot shows: a trace or a rate."""
        ...

    @property
    def beside(self) -> Kept:
        """Labelled traces drawn beside it."""
        ...

    @property
    def finished(self) -> bool:
        """True when there is nothing left to do."""
        ...

    @property
    def share(self) -> float:
        """Share of the work that is done."""
        ...

    @property
    def entries(self) -> int:
        """Numbers in the state of all seeds together."""
        ...

    @property
    def estimate_s(self) -> float | None:
        """About how long the work takes, or None where the picture itself shows it."""
        ...

    def advance(self) -> None:
        """Make one step."""
        ...


@final
class RunJob:
    """A spec and its variants, in lock-step with the same seeds."""

    plot = "decay"
    estimate_s = None

    def __init__(self, spec: RunSpec, variants: Sequence[Mapping[str, Any]] = ()) -> None:
        self._main = Experiment(spec)
        self._variants = {
            label_of(change): Experiment(spec.replace(**change)) for change in variants
        }

    @property
    def data(self) -> Trace:
        return self._main.trace

    @property
    def beside(self) -> Kept:
        return [(label, variant.trace) for label, variant in self._variants.items()]

    @property
    def finished(self) -> bool:
        return all(run.finished for run in (self._main, *self._variants.values()))

    @property
    def share(self) -> float:
        return self._main.share

    @property
    def entries(self) -> int:
        return self._main.entries

    def advance(self) -> None:
        calls = self._calls(self._main)
        if not self._main.finished:
            self._main.advance()
            calls = self._calls(self._main)
        for variant in self._variants.values():
            while not variant.finished and (self._calls(variant) < calls or self._main.finished):
                variant.advance()
                if self._main.finished:
                    break

    @staticmethod
    def _calls(experiment: Experiment) -> int:
        return experiment.step * experiment.spec.batch_size


@final
class RateJob:
    """A sweep over horizons."""

    plot = "rate"

    def __init__(self, spec: RunSpec) -> None:
        self._sweep = Sweep(spec)
        self.estimate_s = self._sweep.estimate_s()

    @property
    def data(self) -> Any:
        return self._sweep.rate

    @property
    def beside(self) -> Kept:
        return []

    @property
    def finished(self) -> bool:
        return self._sweep.finished

    @property
    def share(self) -> float:
        return self._sweep.share

    @property
    def entries(self) -> int:
        return self._sweep.entries

    def advance(self) -> None:
        self._sweep.advance()


def label_of(changes: Mapping[str, Any]) -> str:
    """Return changed fields as the label of a line.

    Example:
        >>> label_of({"transport": True, "tail_index": 1.3})
        'transport on, tail index 1.3'
    """
    words: list[str] = []
    for field, value in changes.items():
        name = field.replace("_", " ")
        shown = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
        words.append(f"{name} {shown:g}" if isinstance(shown, float) else f"{name} {shown}")
    return ", ".join(words)

"""What the worker works at: a run with its variants, or a study of many runs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, final

from explorer.run._reaching import ReachRun
from explorer.run._records import FROBENIUS
from explorer.run._work import Steps
from explorer.run.contest_run import ContestRun
from explorer.run.experiment import Experiment
from explorer.run.noise_survey import Survey
from explorer.run.spec import RunSpec
from explorer.run.sweep import GridSweep, Sweep
from explorer.run.trace import Trace

Kept = list[tuple[str, Any]]
SIZES = (1, 2, 4, 8, 16)  # of a grid for which nobody said its fields


class Job(Steps, Protocol):
    """Work that is done in small steps, between which the worker looks at its mailbox."""

    @property
    def data(self) -> Any:
        """What the plot shows: a trace, a rate, a grid."""
        ...

    @property
    def beside(self) -> Kept:
        """What is drawn beside it, of the same kind, with labels."""
        ...

    @property
    def estimate_s(self) -> float | None:
        """About how long the work takes, or None where nobody knows."""
        ...

    def begin(self) -> None:
        """Get ready for the first step."""
        ...

    def advance(self, *, look: bool = False) -> object:
        """Make one step; a run measures it if it is looked at."""
        ...


@final
class RunJob:
    """A spec and its variants, in lock-step with the same seeds."""

    estimate_s = None

    def __init__(self, spec: RunSpec, variants: Sequence[Mapping[str, Any]] = ()) -> None:
        self._main = Experiment(spec, snapshots=True)
        self._variants = [Experiment(spec.replace(**change), snapshots=True) for change in variants]
        self._labels = [label_of(change) for change in variants]

    @property
    def data(self) -> Trace:
        return self._main.trace

    @property
    def beside(self) -> Kept:
        traces = [variant.trace for variant in self._variants]
        return list(zip(self._labels, traces, strict=True))

    @property
    def finished(self) -> bool:
        return all(run.finished for run in (self._main, *self._variants))

    @property
    def share(self) -> float:
        return self._main.share

    @property
    def entries(self) -> int:
        return self._main.entries

    def begin(self) -> None:
        pass

    def advance(self, *, look: bool = False) -> None:
        calls = self._calls(self._main)
        if not self._main.finished:
            self._main.advance(look=look)
            calls = self._calls(self._main)
        for variant in self._variants:
            while not variant.finished and (self._calls(variant) < calls or self._main.finished):
                variant.advance(look=look)
                if self._main.finished:
                    break

    @staticmethod
    def _calls(experiment: Experiment) -> int:
        return experiment.step * experiment.spec.batch_size


@final
class StudyJob:
    """A study of a spec and of its variants; whichever is behind goes on.

    Args:
        kind: What is studied: a key of ``STUDIES``.
        spec: The spec.
        variants: Fields that differ, each of them a study beside the first where it can be drawn.
        options: Arguments of the study.
    """

    def __init__(
        self,
        kind: str,
        spec: RunSpec,
        variants: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
    ) -> None:
        self._kind = kind
        variants = variants if kind in DRAWN_BESIDE else ()
        self._works = [STUDIES[kind](spec.replace(**change), options) for change in ({}, *variants)]
        self._labels = [label_of(change) for change in variants]
        self.estimate_s: float | None = None

    @property
    def data(self) -> Any:
        return getattr(self._works[0], self._kind)

    @property
    def beside(self) -> Kept:
        others = [getattr(work, self._kind) for work in self._works[1:]]
        return list(zip(self._labels, others, strict=True))

    @property
    def finished(self) -> bool:
        return all(work.finished for work in self._works)

    @property
    def share(self) -> float:
        return sum(work.share for work in self._works) / len(self._works)

    @property
    def entries(self) -> int:
        return max(work.entries for work in self._works)

    def begin(self) -> None:
        self.estimate_s = sum(work.estimate_s() for work in self._works)

    def advance(self, *, look: bool = False) -> None:
        del look  # what is drawn of a study is no single step
        min((work for work in self._works if not work.finished), key=_share).advance()


def _share(work: Any) -> float:
    return work.share


def of_a_grid(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that a grid runs over, sizes if nobody said them, and its arguments."""
    own = {"horizons", "batch_size"} if isinstance(options.get("batch_size"), str) else {"horizons"}
    fields = {name: values for name, values in options.items() if name not in own}
    arguments = {name: values for name, values in options.items() if name in own}
    return fields or {"rows": SIZES}, arguments


def _grid(spec: RunSpec, options: Mapping[str, Any]) -> GridSweep:
    fields, arguments = of_a_grid(options)
    return GridSweep(spec, fields, **arguments)


DRAWN_BESIDE = ("rate", "grid")  # the others fill their picture, and have no use for variants

# what a plot draws -> the work that makes it; the work holds its data under the same name
STUDIES: Mapping[str, Any] = {
    "rate": lambda spec, options: Sweep(spec, **options),
    "grid": _grid,
    "reach": lambda spec, options: ReachRun(spec, **options),
    "contest": lambda spec, options: ContestRun(spec, **options),
    "survey": lambda spec, options: Survey(spec, **options),
}


def make_job(
    draws: str,
    spec: RunSpec,
    variants: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> Job:
    """Return the work behind pictures that draw such data; what no such work is for is refused."""
    if draws == "trace":
        return RunJob(spec, variants)
    return StudyJob(draws, spec, variants, options or {})


def in_words(data: Any, beside: Kept) -> str:
    """Return data in words: their own sentence, and what stands beside them in brief."""
    others = [f"Beside it, {label}: {one.brief}." for label, one in beside]
    return " ".join([data.sentence, *others, *_in_one_norm(data, beside)])


def _in_one_norm(data: Any, beside: Kept) -> list[str]:
    """Return how runs in several geometries compare, since their lines do not."""
    runs = [("present run", data), *beside]
    if len({one.spec.norm for _, one in runs}) == 1:
        return []
    said = "Each line is in the dual norm of its own geometry, so their heights do not compare"
    ends = [
        f"{label} {one.mean_measures[FROBENIUS][-1]:.3g}"
        for label, one in runs
        if isinstance(one, Trace) and len(one) and FROBENIUS in one.mean_measures
    ]
    if len(ends) < len(runs):
        return [f"{said}."]
    return [f"{said}; in the Frobenius norm the last gradients are: {', '.join(ends)}."]


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
        shown = "its own p" if value is None and field == "tuned_for" else shown
        shown = shown.replace("_", " ") if isinstance(shown, str) else shown
        short = f"{shown:g}" if isinstance(shown, float) else ""
        # two values that would read alike are written out
        words.append(f"{name} {short if short and float(short) == shown else shown}")
    return ", ".join(words)

"""The run of a contest, step by step: each norm is tuned on some seeds and then run on others."""

from collections.abc import Generator, Sequence
from typing import Any, final

from explorer.run._contest_rules import (
    expected,
    factors_of,
    refuse_no_contest,
    remarks,
    windows_of,
    with_one_scale,
)
from explorer.run._work import seconds_a_step, to_the_end
from explorer.run.contest import Contest
from explorer.run.experiment import Experiment
from explorer.run.spec import RunSpec
from explorer.run.tuning import Tuning

NORMS = ("frobenius", "spectral", "sign", "column")
FACTORS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
TUNING_SEEDS = 4  # settings run on the same seeds, so their order is surer than their means
SEED_OF_TUNING = 1_000_000  # added to the spec's: no report has so high a number


@final
class ContestRun:
    """A contest step by step: what a panel advances.

    Every norm makes the spec's oracle calls in batches of its best window, without momentum or
    transport, with its best constant step size; the spec's own ones are not used. The search runs
    on four seeds, the report on ``spec.seeds`` others. A batch that does not divide the calls
    leaves the rest of them unused.

    A noise level is a scale that depends on the norm, so it is read once, under Frobenius, and all
    norms get that scale.

    Args:
        spec: A toy with L and optimizer ``"scion"``.
        norms: Two to six names; the first is what the others are compared with.
        windows: Batches to try; None tries the powers of four up to an eighth of the calls.
        factors: Of the tuned step size, ascending.
        calls: Oracle calls that a contest makes at most, where the spec's horizon is a longer one;
            None makes all of them.

    Attributes:
        contest: What there is so far.

    Raises:
        ValueError: If nothing tunes such a run, or a list is not as said.

    Example:
        >>> contesting = ContestRun(
        ...     RunSpec(problem="quadratic", rows=2, columns=2, horizon=64, seeds=2, noise="none"),
        ...     norms=("frobenius", "spectral"),
        ... )
        >>> while not contesting.finished:
        ...     _ = contesting.advance()
        >>> [row["batch_size"] for row in contesting.contest.rows()]
        [1, 1]
    """

    def __init__(
        self,
        spec: RunSpec,
        norms: Sequence[str] = NORMS,
        windows: Sequence[int] | None = None,
        factors: Sequence[float] = FACTORS,
        calls: int | None = None,
    ) -> None:
        refuse_no_contest(spec, norms)
        shorter: tuple[str, ...] = ()
        if calls is not None and calls < spec.horizon:
            shorter = (f"each norm makes {calls:,} of the {spec.horizon:,} calls of the horizon.",)
            spec = spec.replace(horizon=calls)
        self._windows = windows_of(spec, windows)
        self._factors = factors_of(factors)
        shared = with_one_scale(spec)
        said = shorter + remarks(spec, shared)
        self.contest = Contest(spec=shared, norms=tuple(norms), remarks=said)
        on_others = shared.replace(seeds=TUNING_SEEDS, seed=shared.seed + SEED_OF_TUNING)
        self._tunings = [
            Tuning(on_others.replace(norm=norm), self._windows, self._factors) for norm in norms
        ]
        self._share_of_report = 0.0
        self._present = self._running()

    @property
    def finished(self) -> bool:
        """True when every norm is through."""
        return self.contest.complete

    @property
    def share(self) -> float:
        """About what share of the whole is made; searching counts for half of a norm."""
        searched = sum(tuning.share for tuning in self._tunings)
        reported = len(self.contest) + self._share_of_report
        return (searched + reported) / (2 * len(self._tunings))

    @property
    def entries(self) -> int:
        """Numbers in the state of all seeds together."""
        spec = self.contest.spec
        return spec.seeds * (spec.rows or 1) * (spec.columns or 1)

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take, from a few steps made and dropped."""
        total = 0.0
        for tuning in self._tunings:
            setting = tuning.setting(min(self._windows), 1.0)
            total += tuning.n_steps * seconds_a_step(setting, nuclear_rank=False)
            total += setting.n_steps * seconds_a_step(self._report(setting), nuclear_rank=True)
        return total

    def advance(self) -> bool:
        """Make one step; return True if it completed a norm."""
        contest, before = self.contest, len(self.contest)
        if not contest.expected:
            # K of all norms at once: in the middle of a run nothing long is computed any more
            norms = contest.norms
            contest.expected = [expected(contest.spec, norm, norms[0]) for norm in norms]
        next(self._present, None)
        return len(contest) > before

    def _running(self) -> Generator[None]:
        contest = self.contest
        for norm, tuning in zip(contest.norms, self._tunings, strict=True):
            while not tuning.finished:
                tuning.advance()
                yield
            assert tuning.best is not None, "a search that has ended has a best setting"
            experiment = Experiment(self._report(tuning.best.spec), nuclear_rank=True)
            contest.settings.append(tuning.best)
            contest.traces.append(experiment.trace)
            while not experiment.finished:
                experiment.advance()
                done = experiment.finished
                self._share_of_report = 0 if done else experiment.step / experiment.spec.n_steps
                if not (done and norm == contest.norms[-1]):
                    yield

    def _report(self, setting: RunSpec) -> RunSpec:
        """Return the same run on the seeds that are reported."""
        return setting.replace(seeds=self.contest.spec.seeds, seed=self.contest.spec.seed)


def compare_norms(spec: RunSpec, *, progress: bool = False, **options: Any) -> Contest:
    """Tune each of some norms on one problem, run them at equal calls, and return who is where.

    Args:
        spec: A toy with L and optimizer ``"scion"``.
        progress: True shows a bar on standard error.
        **options: ``norms``, ``windows``, ``factors`` and ``calls`` of :class:`ContestRun`.

    Returns:
        The contest; after Ctrl-C what is done.

    Example:
        >>> spec = RunSpec(problem="quadratic", rows=2, columns=2, horizon=64, seeds=2)
        >>> contest = compare_norms(spec, norms=("frobenius", "spectral"), windows=(1, 4))
        >>> [row["norm"] for row in contest.rows()]
        ['frobenius', 'spectral']
    """
    work = ContestRun(spec, **options)
    to_the_end(work, progress=progress)
    return work.contest

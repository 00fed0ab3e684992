"""Work that is done step by step: by a panel between two looks at its mailbox, or to its end."""

import sys
from typing import Protocol

from explorer.noise._constant import PULSE
from explorer.run.device import few_threads
from explorer.run.experiment import Experiment, show_progress
from explorer.run.spec import RunSpec

TIMED_STEPS = 40  # enough to tell seconds from minutes
LEAST_SHOWN = 0.01  # of the work, by which a bar grows
TIMED_S = 0.25  # of one trial at most, but for its first step


class Steps(Protocol):
    """What is done in steps, and how much of it is done."""

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
        """Numbers in the largest state of all seeds together."""
        ...


class Work(Steps, Protocol):
    """Many runs, or many draws, with one result."""

    def advance(self) -> bool:
        """Make one step; return True if something to be seen was completed."""
        ...

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take."""
        ...


def to_the_end(work: Work, *, progress: bool) -> None:
    """Do all the work; Ctrl-C ends it early, and the result says by itself what is missing.

    Args:
        work: What is to be done.
        progress: True writes how long it takes, and a bar, to standard error.
    """
    if progress:
        sys.stderr.write(f"about {work.estimate_s():.0f} s\n")
    try:
        with few_threads(work.entries):
            shown = 0.0
            while not work.finished:
                seen = work.advance()
                if progress and (seen or work.share >= shown + LEAST_SHOWN):
                    shown = work.share
                    show_progress(shown)
    except KeyboardInterrupt:
        sys.stderr.write(f"\nstopped at {work.share:.0%}; what is done is returned.")
    if progress:
        sys.stderr.write("\n")


def seconds_a_step(spec: RunSpec, *, nuclear_rank: bool | None = None) -> float:
    """Return how long a step of a spec takes here, from a few steps made and dropped.

    Large matrices are tried for a moment only, and whatever is newer for this worker goes first.
    """
    trial = Experiment(spec, nuclear_rank=nuclear_rank)
    began = counted = 0.0
    for step in range(min(TIMED_STEPS, spec.n_steps)):
        PULSE.get()()
        if step == TIMED_STEPS // 4:  # the first steps are slow
            began, counted = trial.trace.seconds, float(step)
        trial.advance()
        if trial.trace.seconds > TIMED_S:
            break
    return (trial.trace.seconds - began) / (trial.step - counted)

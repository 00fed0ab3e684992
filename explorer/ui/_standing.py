"""Standing: what is done for one kind of picture, and where it stands."""

from dataclasses import dataclass
from typing import Any

from explorer.run.trace import Trace
from explorer.ui._jobs import Job
from explorer.ui._recorded import Recorded
from explorer.ui._wish import State, Wish


@dataclass
class Standing:
    """What is done, or was last done, for one kind of picture.

    Attributes:
        wish: What it is done for.
        plot: The picture of its kind that is shown, or was last.
        job: What does it; None before there is one, and where there can be none.
        state: Where it stands.
        seconds: Time that a user has waited for it, pauses left out.
        error: The sentence of its failure, or None.
        cut: True after Ctrl-C, which may have hit the middle of a step: it is not gone on with.
    """

    wish: Wish
    plot: str
    job: Job | None = None
    state: State = "idle"
    seconds: float = 0.0
    error: str | None = None
    cut: bool = False

    @property
    def data(self) -> Any:
        """What is there to be drawn; without a job an empty trace."""
        return self.job.data if self.job is not None else Trace(spec=self.wish.spec)

    @property
    def stored(self) -> Recorded | None:
        """The stored run to be shown, or None where something has run, or there is none."""
        begun = self.job is not None and self.job.share > 0
        return None if begun or self.state == "failed" else self.wish.stored

    @property
    def drawn(self) -> str:
        """The picture that can be drawn: a study that cannot be made has nothing for its own."""
        return self.plot if self.job is not None or self.wish.kind == "trace" else "decay"

    @property
    def at_rest(self) -> State:
        """The state that it is in while nobody goes on with it."""
        if self.job is None or self.state == "failed" or self.cut:
            return self.state
        begun = self.job.share > 0 or self.state in ("running", "paused")
        return "finished" if self.job.finished else "paused" if begun else "idle"

    def serves(self, wish: Wish) -> bool:
        """Return whether a turn shows it as it is: begun, or empty for the same choice."""
        if self.state in ("running", "paused"):
            return True
        if self.job is None:
            return False
        return self.job.share > 0 or (self.state == "idle" and self.wish.work == wish.work)

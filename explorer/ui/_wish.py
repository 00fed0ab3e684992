"""What the page wants of the worker, and the states that a session may be in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from explorer.registry import PLOTS
from explorer.run.spec import RunSpec
from explorer.ui._recorded import Recorded

State = Literal["idle", "running", "paused", "finished", "failed"]
Action = Literal["run", "pause", "step", "show", "turn"]


class Wish(NamedTuple):
    """What the page wants done, with what.

    Attributes:
        spec: The choice.
        action: ``"run"``, ``"pause"``, ``"step"`` (some steps, and pause), ``"show"`` an empty
            picture, or ``"turn"`` to another plot, with what was last done for it.
        variants: Fields that differ, each of them run beside it.
        plot: Name of ``PLOTS``; what it draws is worked at.
        options: Arguments of a study, as what a grid runs over.
        afresh: True forgets first what was done for any picture.
        steps: How many steps to make.
        stored: The stored run that is shown until there is another.
    """

    spec: RunSpec
    action: Action
    variants: tuple[Mapping[str, Any], ...] = ()
    plot: str = "decay"
    options: Mapping[str, Any] = MappingProxyType({})
    afresh: bool = False
    steps: int = 0
    stored: Recorded | None = None

    @property
    def kind(self) -> str:
        """What its plot draws: pictures of one kind share their work."""
        return PLOTS[self.plot].draws

    @property
    def work(self) -> tuple[Any, ...]:
        """What has to be done for it: equal for wishes that one job can serve."""
        return self.spec, tuple(map(dict, self.variants)), dict(self.options)

    def after(self, earlier: "Wish | None") -> "Wish":
        """Return this wish as it is in the place of an earlier one that nobody has taken out."""
        if earlier is None:
            return self
        same = self.action == earlier.action == "step" and self.work == earlier.work
        steps = self.steps + earlier.steps if same else self.steps
        return self._replace(afresh=self.afresh or earlier.afresh, steps=steps)


Mail = Wish | Literal["redraw"]


class GivenUpError(Exception):
    """Raised inside a long computation when a newer wish has come."""

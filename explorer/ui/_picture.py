"""Picture: what is drawn of some work, and the same in words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from explorer.plots._base import Series
from explorer.run.trace import Trace
from explorer.ui._jobs import Kept, in_words
from explorer.ui._kept import labelled
from explorer.ui._recorded import Recorded
from explorer.ui._standing import Standing


class Picture(NamedTuple):
    """What is drawn.

    Attributes:
        plot: Name of ``PLOTS``.
        data: A trace, a rate, a grid, ...
        beside: What is drawn beside it, of the same kind, with labels.
        stored: A stored run, shown in the place of data that is not there yet.
    """

    plot: str
    data: Any
    beside: Kept
    stored: Recorded | None

    @property
    def lines(self) -> Series | None:
        """The stored run's lines, if one is shown."""
        return self.stored.series if self.stored is not None else None

    @property
    def sentence(self) -> str:
        """The picture in words."""
        if self.stored is not None:
            # a table begins a line of its own, else its head would not stand over its columns
            gap = "\n" if "\n" in self.stored.sentence else " "
            return gap.join(("Stored run:", self.stored.sentence, "Press Run for yours."))
        return in_words(self.data, self.beside)

    def still(self) -> "Picture":
        """Return the same with copies, to which no run adds anything."""
        beside = [(label, one.still()) for label, one in self.beside]
        return self._replace(data=self.data.still(), beside=beside)


def picture_of(
    work: Standing, kept: Sequence[Trace], back: int | None, against: str = "calls"
) -> Picture:
    """Return the picture of some work.

    Args:
        work: Whose it is.
        kept: Kept runs, drawn beside a run.
        back: Records after which a run that rests is looked at; None for all of them.
        against: What x counts; a stored run knows its calls only.
    """
    data, stored = work.data, work.stored if against == "calls" else None
    variants = work.job.beside if work.job is not None else []
    if work.wish.kind != "trace":
        return Picture(work.drawn, data, variants, stored)
    if back is not None and work.state != "running" and len(data):
        data = data.until(back)
        variants = [(label, one.until_calls(data.calls[-1])) for label, one in variants]
    beside = labelled(kept, work.wish.spec, variants)
    return Picture(work.drawn, data, beside, stored)

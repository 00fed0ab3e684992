"""Shown: what every result has in common: a sentence for a terminal, a picture for a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from explorer.registry import PLOTS
from explorer.run._table import csv_of
from explorer.run._version import package_version
from explorer.run.spec import RunSpec


class Shown(ABC):
    """A result that shows itself.

    A class of results names the plot that it is shown with, and says itself in a sentence.
    """

    usual_plot: ClassVar[str]
    spec: RunSpec

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The picture in words."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """Return its numbers as rows of a table, with names."""

    @property
    def made_by(self) -> str:
        """Version of the explorer that made the numbers."""
        return package_version()

    def csv(self, beside: Sequence[tuple[str, "Shown"]] = ()) -> str:
        """Return the rows as CSV.

        The first line, behind ``#``, carries the version and the spec that the rows share.

        Args:
            beside: Labelled results of the same kind, whose rows follow; a first column ``run``
                tells them apart, and each has a line behind ``#`` too.
        """
        if not beside:
            return csv_of(self.rows(), self.spec, self.made_by)
        runs = [("present run", self), *beside]
        rows = [{"run": label} | row for label, one in runs for row in one.rows()]
        return csv_of(rows, self.spec, self.made_by, [(label, one.spec) for label, one in beside])

    def to_csv(self, path: str | Path) -> None:
        """Write :meth:`csv` into a file."""
        Path(path).write_text(self.csv(), newline="")

    def still(self) -> Any:
        """Return what nothing is added to while it is drawn: itself, unless a run appends to it."""
        return self

    def figure(self, plot: str | None = None, **options: Any) -> Any:
        """Return a matplotlib Figure of this, made without pyplot.

        Args:
            plot: Name of ``PLOTS``; None takes the usual one.
            **options: Passed to the plot, e.g. ``theme="dark"``, ``xscale="linear"``.
        """
        return PLOTS[plot or self.usual_plot].of(self.still(), **options)

    def __str__(self) -> str:
        return self.sentence

    def __repr__(self) -> str:
        return self.sentence

    def _repr_png_(self) -> bytes:  # pyright: ignore[reportUnusedFunction]  # IPython's
        return PLOTS[self.usual_plot].png(self.still())

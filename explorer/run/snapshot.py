"""Snapshots: the matrices of some steps, for pictures that need more than their norms."""

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
PREFIX = "snapshot/"  # of the names in a saved trace
KEPT_BYTES = 2**23


@final
@dataclass(frozen=True, eq=False)
class Snapshot:
    r"""What the first seed of a toy saw at one measured step; arrays are numpy float64 [m, n].

    Attributes:
        step: Steps made before this one.
        gradient: The exact gradient at the iterate :math:`X_t` before the step.
        momentum: :math:`M_{t+1}`, of which the step took the LMO; None for a method without one.
    """

    step: int
    gradient: Array
    momentum: Array | None

    def arrays(self) -> dict[str, Any]:
        """Return everything as arrays by name, for a saved trace."""
        arrays: dict[str, Any] = {"step": np.array(self.step), "gradient": self.gradient}
        if self.momentum is not None:
            arrays["momentum"] = self.momentum
        return {PREFIX + name: array for name, array in arrays.items()}

    @classmethod
    def recall(cls, arrays: Mapping[str, Any]) -> "Snapshot | None":
        """Return what :meth:`arrays` gave, or None if a file has none."""
        if f"{PREFIX}step" not in arrays:
            return None
        return cls(
            step=int(arrays[f"{PREFIX}step"]),
            gradient=arrays[f"{PREFIX}gradient"],
            momentum=arrays.get(f"{PREFIX}momentum"),
        )


@final
class Snapshots:
    """Snapshots of a run in the order of their steps, as many as fit into some memory.

    Where they no longer fit every second one is dropped, and from then on every second comes too
    late to be kept: so what is left is spread over the whole run as its records are.

    Args:
        most_bytes: Memory that their arrays may take together; two are kept in any case.
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Snapshot] = []
        self._stride = 1
        self._offered = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, snapshot: Snapshot) -> None:
        """Take in the snapshot of a later step than those before."""
        self._offered += 1
        if (self._offered - 1) % self._stride:
            return
        kept = [*self._kept, snapshot]
        if len(kept) > 2 and len(kept) * _bytes_of(snapshot) > self._most_bytes:
            kept = kept[::2]
            self._stride *= 2
        self._kept = kept  # replaced as a whole: another thread may be looking back

    def at(self, step: int) -> Snapshot | None:
        """Return the latest snapshot of at most so many steps, or None if there is none."""
        kept = self._kept
        before = bisect.bisect_right([one.step for one in kept], step)
        return kept[before - 1] if before else None


def _bytes_of(snapshot: Snapshot) -> int:
    momentum = snapshot.momentum
    return snapshot.gradient.nbytes + (0 if momentum is None else momentum.nbytes)


def first_seed(x: Tensor) -> Array:
    """Return the first matrix of a stack as numpy float64, in memory of its own."""
    return x[0].double().cpu().numpy().copy()

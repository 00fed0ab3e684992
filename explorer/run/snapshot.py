"""Snapshot: the matrices of one step, for pictures that need more than its norms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]
PREFIX = "snapshot/"  # of the names in a saved trace


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


def first_seed(x: Tensor) -> Array:
    """Return the first matrix of a stack as numpy float64, in memory of its own."""
    return x[0].double().cpu().numpy().copy()

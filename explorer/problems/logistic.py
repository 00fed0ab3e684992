"""Logistic regression on digits: real data with known constants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from explorer.problems._base import TOY_DEFAULTS, State, Toy
from explorer.problems._data import digits
from explorer.problems._matmul import matmul
from explorer.registry import PROBLEMS

CLASSES, PIXELS = 10, 64


@final
@PROBLEMS.register("logistic")
@dataclass(frozen=True)
class Logistic(Toy):
    r""":math:`f(X) = \frac1N \sum_k -\log \operatorname{softmax}(X a_k)_{y_k}` on 1,500 digits.

    Convex. For the logarithm of a sum of exponentials the Hessian is a covariance, at most 1/2
    along a unit vector, and the third derivative a third central moment, at most
    :math:`\sqrt 2/2`. So with :math:`\lambda` the largest eigenvalue of
    :math:`\frac1N \sum a_k a_k^\top`, Frobenius' constants are at most :math:`\lambda/2` and
    :math:`\max_k\|a_k\|\, \lambda/\sqrt 2`, those of a norm with
    :math:`\|G\|_* \le \sqrt D \|G\|_F`, :math:`\|X\|_F \le \sqrt D\|X\|` are D and
    :math:`D^{3/2}` times that. No X reaches the infimum, which is at least 0: the gap, too, is an
    upper bound.

    Args:
        rows: 10, the classes.
        columns: 64, the pixels.

    Raises:
        ValueError: If a size is another one.

    Example:
        >>> toy = Logistic()
        >>> round(float(toy.value({"x": torch.zeros(1, 10, 64)})), 4)  # log 10
        2.3026
    """

    label = "Logistic regression on digits"
    formula = r"f(X) = \frac{1}{N} \sum_k -\log \mathrm{softmax}(X a_k)_{y_k}"
    defaults: ClassVar[Mapping[str, Any]] = {
        **TOY_DEFAULTS,
        "rows": CLASSES,
        "columns": PIXELS,
        "horizon": 2000,
        "seeds": 8,
    }
    infimum_attained = False

    rows: int = CLASSES
    columns: int = PIXELS

    def __post_init__(self) -> None:
        for name, wanted in (("rows", CLASSES), ("columns", PIXELS)):
            if getattr(self, name) != wanted:
                raise ValueError(
                    f"{name} must be {wanted}, got {getattr(self, name)!r}; the digits have "
                    f"{CLASSES} classes and {PIXELS} pixels."
                )

    @cached_property
    def _largest_eigenvalue(self) -> float:
        images = _images()
        return float(torch.linalg.eigvalsh(images.mT @ images / len(images))[-1])

    @property
    def curvature(self) -> tuple[float, float]:
        """Upper bounds on Frobenius' L and rho."""
        longest = float(_images().norm(dim=1).max())
        return self._largest_eigenvalue / 2, longest * self._largest_eigenvalue / 2**0.5

    def hessian_smoothness(self, norm: Any) -> float:
        return self.curvature[1] * norm.smoothness_ratio(self.shape) ** 1.5

    @property
    def gap(self) -> float:
        start = torch.eye(*self.shape, dtype=torch.float64)
        return float(self.value({"x": start[None]}))

    def value(self, state: State) -> Tensor:
        x = state["x"]
        data = digits(x.device, x.dtype)
        labels = data.targets.expand(len(x), -1)
        return cross_entropy(matmul(x, data.inputs.mT), labels, reduction="none").mean(-1)

    def gradient(self, state: State) -> State:
        x = state["x"]
        data = digits(x.device, x.dtype)
        # classes before examples: a softmax over the last axis, of ten, takes ten times as long
        wrong = matmul(x, data.inputs.mT).softmax(-2) - one_hot(data.targets, CLASSES).mT
        return {"x": matmul(wrong, data.inputs) / len(data.inputs)}


def _images() -> Tensor:
    return digits(torch.device("cpu"), torch.float64).inputs

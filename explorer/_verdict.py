"""Verdicts on a reader's answers: how a check is filed, and what one may say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from explorer.norms._base import as_norm


@final
@dataclass(frozen=True)
class Verdict:
    """What a check says: true or false, and one sentence with a reason.

    Attributes:
        right: True if the answer is right.
        sentence: Why; it never holds the expected answer.
    """

    right: bool
    sentence: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.sentence


CHECKS: dict[str, Callable[[Any], Verdict]] = {}


def exercise(number: str) -> Callable[[Callable[[Any], Verdict]], Callable[[Any], Verdict]]:
    """Return a decorator that files a check under the number of its exercise."""

    def add(function: Callable[[Any], Verdict]) -> Callable[[Any], Verdict]:
        CHECKS[number] = function
        return function

    return add


def not_yet(reason: str) -> Verdict:
    """Return the verdict on an answer that is not right, with its reason."""
    return Verdict(False, f"not yet: {reason}.")


def certify_lmo(norm: Any, function: Callable[[Tensor], Tensor]) -> Verdict:
    r"""Check a reader's LMO by the mathematics: feasible, and as good as the dual norm allows.

    Args:
        norm: Name or instance of a norm.
        function: Takes a gradient ``(m, n)`` and returns a step like it.
    """
    judge = as_norm(norm)
    generator = torch.Generator().manual_seed(0)
    for shape in ((3, 5), (4, 4), (6, 2)):
        g = torch.randn(shape, generator=generator, dtype=torch.float64)
        given = function(g.clone())
        if not isinstance(given, Tensor) or given.shape != g.shape:
            kind = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
            return not_yet(
                f"for a gradient of shape {shape} a tensor like it is wanted, got {kind}"
            )
        step = given.double()
        if not step.isfinite().all():
            return not_yet("the step is not finite")
        size, dual = float(judge(step)), float(judge.dual_norm(g))
        attained = -float((g * step).sum())
        if size > 1 + 1e-6:
            return not_yet(f"the step is too long, its norm is {size:.3g} where 1 is allowed")
        if attained < 0:
            return not_yet("the step is feasible, but it goes uphill: <G, X> is positive")
        short = 1 - attained / dual
        if short > 1e-6:
            return not_yet(f"feasible, but <G, X> is {100 * short:.2g} % short of -||G||_*")
        if float((function(1000 * g) - given).abs().max()) > 1e-6:
            return not_yet(
                "right for this gradient, but a gradient a thousand times as long "
                "gives another step"
            )
    return Verdict(True, "right: the step has norm 1 and reaches -||G||_*, so no step is better.")

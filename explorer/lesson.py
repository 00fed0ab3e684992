"""What lessons need beyond the front door: predictions, and checks that give no answer away."""

from typing import Any

from explorer._exercises import CHECKS
from explorer._verdict import Verdict, certify_lmo
from explorer.ui.predict import Prediction, predict

__all__ = ["CHECKS", "Prediction", "Verdict", "certify_lmo", "check", "predict"]


def check(exercise: str, answer: Any = ...) -> Verdict:
    """Check an answer by what it must satisfy; never raises, never shows the expected answer.

    Args:
        exercise: Number of the exercise: ``"00.1"``.
        answer: What the reader made; ``...`` means nothing yet.

    Returns:
        A :class:`Verdict`, true if the answer is right, that prints as one sentence.

    Example:
        >>> check("00.1", ...)
        00.1 not answered yet.
        >>> check("00.1", lambda g: g)
        00.1 not yet: the step is too long, its norm is ... where 1 is allowed.
    """
    if not isinstance(exercise, str) or exercise not in CHECKS:
        return Verdict(False, f"{exercise} is no exercise; there are {', '.join(sorted(CHECKS))}.")
    if answer is ...:
        return Verdict(False, f"{exercise} not answered yet.")
    try:
        verdict = CHECKS[exercise](answer)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return Verdict(False, f"{exercise} not yet: the answer stopped with {what}")
    return Verdict(verdict.right, f"{exercise} {verdict.sentence}")

"""NoiseSurvey: draws that say themselves and show themselves."""

from dataclasses import dataclass
from typing import ClassVar, final

from explorer.run import _survey_words as words
from explorer.run._draws import Draws
from explorer.run._shown import Shown


@final
@dataclass(kw_only=True, repr=False)
class NoiseSurvey(Draws, Shown):
    r"""The law of a draw's size, and of the dual norm of the mean of B draws.

    The size is :math:`|\xi_{ij}|` where all entries have one law, and :math:`\|\xi\|_F` where a
    draw has few entries that are not 0. Slopes are fitted to medians: where tails are
    :math:`x^{-p}` with p < 2 the variance of a dual norm is infinite, and a mean over some hundred
    draws is carried by the largest of them.

    Attributes:
        spec: Whose noise it is.
        noise: That noise, at the scale of the run.
        constant: K in the dual of the spec's norm, NaN if unknown.
        batch_sizes: The batch sizes B asked for, ``[B]``.
        drawn: Sizes drawn for the left picture.
        sizes: Quantiles of the size, ascending; empty before all are drawn.
        survival: The probability of a larger size, for each of ``sizes``.
        tail_fit: The slope of the largest 1/256 of the sizes, with its interval.
        norms: Dual norms of independent means of B draws, ``[R, S]``, a row for each B so far.
        seconds: Time that the draws took.
    """

    usual_plot: ClassVar[str] = "noise"

    @property
    def title(self) -> str:
        """What was surveyed in one line."""
        return words.title(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the picture."""
        return words.notes(self)

    @property
    def sentence(self) -> str:
        """What is seen in words, beside what theory says."""
        return words.sentence(self)

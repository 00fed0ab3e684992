"""Noise surveys: draws of a run's noise and of its batch means, apart from any run."""

import math
import time
from collections.abc import Sequence
from typing import final

import numpy as np
import torch

from explorer.noise._streams import Streams
from explorer.noise._summed import Summed
from explorer.norms._base import as_norm
from explorer.registry import NOISES, PROBLEMS
from explorer.run._pieces import Piece, pieces_of_means, pieces_of_sizes
from explorer.run._survey import NoiseSurvey
from explorer.run._work import to_the_end
from explorer.run.constants import toy_setting
from explorer.run.experiment import refuse_unless_spec
from explorer.run.spec import RunSpec, make
from explorer.theory.tail import survival, tail_slope

__all__ = ["NoiseSurvey", "Survey", "has_survey", "survey_noise"]


@final
class Survey:
    """A survey piece by piece: what :func:`survey_noise` and the panel advance.

    The noise is that of a run of ``spec``, at its scale. The draws are reproducible from the spec's
    seed and are none of the run's; they are float64 on the CPU, whatever the spec says. They take
    some 20 MB, or what a single matrix takes where that is more. Of large matrices fewer draws are
    made; where a mean of B is drawn as B draws, and takes more than 2^24 numbers, this B is left
    out.

    Args:
        spec: A toy with noise.

    Attributes:
        survey: What was found so far.

    Raises:
        ValueError: If no noise is added in such a run.

    Example:
        >>> surveying = Survey(RunSpec(rows=2, columns=2))
        >>> surveying.advance(), len(surveying.survey), 0 < surveying.share < 1
        (False, 0, True)
    """

    def __init__(self, spec: RunSpec) -> None:
        refuse_unless_spec(spec)
        if (why_not := _no_survey(spec)) is not None:
            raise ValueError(why_not)
        problem = make(PROBLEMS, spec, spec.problem)
        self._norm = as_norm(spec.norm)
        self._noise = toy_setting(spec, problem, self._norm).noise
        self._shape: tuple[int, int] = problem.shape
        size_shape = (1, 1) if self._noise.entrywise else self._shape
        lanes, sizes = pieces_of_sizes(math.prod(size_shape))
        summed = isinstance(self._noise, Summed)
        means = pieces_of_means(math.prod(self._shape), summed=summed)
        self._pieces = [*sizes, *means]
        self._like = torch.zeros(lanes, *size_shape, dtype=torch.float64)
        constant = self._noise.constant(self._norm, self._shape)
        self.survey = NoiseSurvey(
            spec=spec,
            noise=self._noise,
            constant=float("nan") if constant is None else constant,
            batch_sizes=np.array(sorted({piece.batch_size for piece in means}), float),
        )
        # filled in place: small results between large temporaries would leave a heap full of holes
        counts = [max(p.stop for p in pieces) for pieces in (sizes, means)]
        self._sizes, self._row = (np.empty(count) for count in counts)
        self._next = 0

    def estimate_s(self) -> float:
        """Return about how many seconds the whole will take, from a piece of each kind, dropped."""
        trial, seconds = Survey(self.survey.spec), 0.0
        for batch_size in (0, *self.survey.batch_sizes):
            alike = [piece for piece in self._pieces if piece.batch_size == batch_size]
            began = time.perf_counter()
            trial._draw(alike[0])
            seconds += (time.perf_counter() - began) * _numbers(alike) / alike[0].numbers
        return seconds

    @property
    def finished(self) -> bool:
        """True when every batch size is there."""
        return self._next == len(self._pieces)

    @property
    def share(self) -> float:
        """Share of the numbers that are drawn."""
        return _numbers(self._pieces[: self._next]) / _numbers(self._pieces)

    @property
    def entries(self) -> int:
        """Numbers in the largest set of means that is drawn at once."""
        return math.prod(self._shape) * max(
            piece.stop - piece.start for piece in self._pieces if piece.batch_size
        )

    def advance(self) -> bool:
        """Draw one piece; return True if it completed a batch size."""
        began = time.perf_counter()
        piece = self._pieces[self._next]
        self._draw(piece)
        self._next += 1
        whole = self.finished or self._pieces[self._next].batch_size != piece.batch_size
        survey, means = self.survey, piece.batch_size > 0
        if whole and means:
            survey.norms = np.vstack((*survey.norms, self._row))
        elif whole:
            survey.drawn, survey.tail_fit = len(self._sizes), tail_slope(self._sizes)
            survey.sizes, survey.survival = survival(self._sizes)
        survey.seconds += time.perf_counter() - began
        return whole and means

    def _draw(self, piece: Piece) -> None:
        """Draw sizes, or dual norms of means, to where they belong."""
        seed, lanes = self.survey.spec.seed, len(self._like)
        if piece.batch_size == 0:
            # fresh streams draw little ahead, and a spike's draw is far larger than its uniforms
            streams = Streams(seed, list(range(piece.start, piece.start + lanes)))
            for start in range(piece.start, piece.stop, lanes):
                draws = self._noise.mean_of_batch(self._like, 1, streams, "survey/size")
                self._sizes[start : start + lanes] = torch.linalg.vector_norm(draws, dim=(1, 2))
            return
        indices = list(range(piece.start, piece.stop))
        like = torch.zeros(len(indices), *self._shape, dtype=torch.float64)
        # each batch size has draws of its own: with the same ones a law that is closed under sums
        # would give its exponent to the last digit, whatever was drawn
        streams, purpose = Streams(seed, indices), f"survey/{piece.batch_size}"
        means = self._noise.mean_of_batch(like, piece.batch_size, streams, purpose)
        self._row[piece.start : piece.stop] = self._norm.dual_norm(means)


def _numbers(pieces: Sequence[Piece]) -> int:
    return sum(piece.numbers for piece in pieces)


def has_survey(spec: RunSpec) -> bool:
    """Return whether there is noise to survey: a toy to whose gradients some is added.

    Example:
        >>> has_survey(RunSpec()), has_survey(RunSpec(noise="none"))
        (True, False)
    """
    return _no_survey(spec) is None


def _no_survey(spec: RunSpec) -> str | None:
    """Return why there is no noise to survey, or None where there is."""
    problem = PROBLEMS[PROBLEMS.parse(spec.problem)[0]]
    wanted = "problem must be a toy to whose gradients noise is added"
    if problem.network:
        return (
            f"{wanted}, got {spec.problem!r}, a network, which scales the noise in every layer by "
            "its gradient; choose problem='log_cosh' with the same noise."
        )
    if problem.own_oracle:
        return (
            f"{wanted}, got {spec.problem!r}, whose oracle is noisy by itself; "
            "choose problem='log_cosh' and a noise."
        )
    if spec.noise == "none":
        drawn = [name for name in NOISES if name != "none"]
        return f"noise must be one that is drawn, got 'none'; choose one of {drawn}."
    return None


def survey_noise(spec: RunSpec, *, progress: bool = False) -> NoiseSurvey:
    """Draw a spec's noise and its batch means, and return what was found.

    Args:
        spec: A toy with noise.
        progress: True shows a bar on standard error.

    Returns:
        The survey; after Ctrl-C what is done. A spec without noise is refused.

    Example:
        >>> survey = survey_noise(RunSpec(noise="gaussian", rows=2, columns=2))
        >>> survey.exponent, survey.complete
        (-0.5, True)
    """
    surveying = Survey(spec)
    to_the_end(surveying, progress=progress)
    return surveying.survey

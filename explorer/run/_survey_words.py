"""A noise survey in words: what was drawn, what was seen, what theory says beside it."""

import numpy as np

from explorer.run._draws import Draws
from explorer.run._words import noise_of


def title(survey: Draws) -> str:
    """Return the noise, the shape and the norm in one line."""
    spec = survey.spec
    return f"{noise_of(spec)}, {spec.rows} x {spec.columns}, {spec.norm} norm"


def size(survey: Draws) -> str:
    """Return what the size of a draw is, in plain text."""
    return "|xi_ij|" if survey.noise.entrywise else "||xi||_F"


def sentence(survey: Draws) -> str:
    """Return what is seen and what theory says; slope and exponent are always both named."""
    done, wanted = len(survey), len(survey.batch_sizes)
    if not done:
        return f"{title(survey)}: {done} of {wanted} batch sizes."
    start = "" if survey.complete else f"Incomplete, {done} of {wanted} batch sizes: "
    return f"{start}{title(survey)}: {_tail(survey)} {_means(survey)}"


def notes(survey: Draws) -> tuple[str, ...]:
    """Return what a reader must know beside the picture."""
    p, said = survey.noise.tail_index, list[str]()
    if not survey.noise.entrywise:
        said.append("few entries of a draw are not 0: its size is the Frobenius norm.")
    if survey.tail_kind == "anchored":
        said.append(
            f"the tail x^-{p:g} is put through the quantile of probability 1/256: this law does "
            "not say its weight."
        )
    if not np.isnan(survey.constant):
        kind = "exact for this law" if survey.exact else "an upper bound"
        said.append(f"noise constant K = {survey.constant:.3g} ({kind}), p = {p:g}.")
    if survey.tail_kind != "none":
        said.append(
            "the slope is that of medians: the variance of a draw is infinite, so a mean over "
            "draws is carried by the largest few, and its interval is too narrow."
        )
    return tuple(said)


def _tail(survey: Draws) -> str:
    name, fit, p = size(survey), survey.tail_fit, survey.noise.tail_index
    low, high = fit.interval
    seen = (
        f"P({name} > x) falls with slope {fit.value:.2f} [{low:.2f}, {high:.2f}] over the largest "
        f"1/256 of {survey.drawn:,} draws"
    )
    if np.isnan(fit.value):
        seen = f"the largest of {survey.drawn:,} {name} are all the same"
    if survey.tail_kind == "none":
        return f"{seen}, this law has no power tail;"
    known = "exact" if survey.tail_kind == "exact" else "anchored"
    return f"{seen}, the {known} tail is {survey.tail:.3g} x^-{p:g};"


def _means(survey: Draws) -> str:
    batches, fit = survey.batch_sizes[: len(survey)], survey.fitted
    low, high = fit.interval
    zeros = int((survey.quantiles[1] == 0).sum())
    seen = f"slope of the medians {fit.value:.3f} [{low:.3f}, {high:.3f}]"
    least, most = survey.slope_range
    if not np.isnan(least):
        seen += f", {least:.3f} to {most:.3f} without one B"
    if np.isnan(fit.value):
        seen = "too few medians for a slope"
    if zeros:
        seen += f" ({zeros} medians are 0)"
    bound = ""
    if not np.isnan(survey.constant):
        mean, limit = survey.means[-1], survey.bound[-1]
        ends = [end[-1] for end in survey.mean_intervals]
        kind = "exact mean" if survey.exact else "upper bound on the mean"
        bound = (
            f"; at the last B the mean over draws is {mean:.3g} [{ends[0]:.3g}, {ends[1]:.3g}], "
            f"the {kind} K B^(1/p-1) = {limit:.3g}"
        )
    return (
        f"dual norms of means of B = {batches[0]:,.0f} to {batches[-1]:,.0f} calls, "
        f"{survey.norms.shape[1]} draws each: {seen}, exponent -(1-1/p) = "
        f"{survey.exponent:.3f}{bound}."
    )

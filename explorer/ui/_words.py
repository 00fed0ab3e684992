"""What is written beside each control: its name, what it is, its range, what a larger one does."""

from collections.abc import Mapping
from typing import NamedTuple

from explorer.registry import GEOMETRIES, NOISES, NORMS, PROBLEMS
from explorer.run.constants import is_noiseless
from explorer.run.spec import RunSpec, make, takes_lmo
from explorer.theory.exponents import formula as exponent_formula

# what the class in a menu alone asks for, as text -> that menu
OPTIONS: Mapping[str, str] = {
    "options": "problem",
    "norm_options": "norm",
    "noise_options": "noise",
    "optimizer_options": "optimizer",
}
MAIN = ("problem", "norm", "noise", "tail_index", "batch_size", "transport")
FOLDED = (
    *OPTIONS,
    "rows",
    "columns",
    "schedule",
    "tuned_for",
    "momentum",
    "lr",
    "max_extrapolation",
    "noise_level",
    "noise_scale",
    "noise_ratio",
    "horizon",
    "seeds",
    "seed",
    "optimizer",
    "device",
    "dtype",
)


class Word(NamedTuple):
    """The words of a control.

    Attributes:
        name: What stands beside it.
        what: What it is, in one sentence; formulas between dollars.
        span: Which values it takes.
        larger: What a larger value, or another choice, changes; one clause.
    """

    name: str
    what: str
    span: str
    larger: str


WORDS: Mapping[str, Word] = {
    "problem": Word(
        "Problem", "The objective $f$.", "Toys have known constants, networks none.",
        "Another one: another curvature, so other constants in the bound.",
    ),
    "options": Word(
        "Options", "What this problem alone asks for.", "Written like flatness=10.",
        "The formula above says where it enters.",
    ),
    "norm_options": Word(
        "of the norm", "What this norm alone asks for.", "Written like q=3.",
        "The formula of the norm says where it enters.",
    ),
    "noise_options": Word(
        "of the noise", "What this noise alone asks for.", "Written like skewness=0.5.",
        "The formula of the noise says where it enters.",
    ),
    "optimizer_options": Word(
        "of the optimizer", "What this optimizer alone asks for.", "Written like threshold=0.5.",
        "The README says where it enters.",
    ),
    "norm": Word(
        "Norm geometry", "What a step of size one is; its dual $\\|\\cdot\\|_*$ is the y axis.",
        "A norm on matrices; on networks also a norm for each layer.",
        "A norm with more blocks: bolder steps, and a larger dual norm of the same gradient.",
    ),
    "noise": Word(
        "Noise", "What is added to the gradient at every oracle call; its mean is zero.",
        "Laws of single entries, of one direction, or of the whole matrix.",
        "Noise of one direction a call makes the smaller side of the matrix matter.",
    ),
    "tail_index": Word(
        "Tail index p", "$E\\|\\xi\\|_*^{q}$ is finite for $q < p$.", "In (1, 2].",
        "Larger: fewer huge gradients, and a faster rate.",
    ),
    "batch_size": Word(
        "Batch size B", "Oracle calls whose mean makes one step.", "1 up to the horizon.",
        "Larger: fewer and calmer steps from the same calls.",
    ),
    "transport": Word(
        "Transport", "The gradient is taken ahead, at $X_t + c_t (X_t - X_{t-1})$.",
        "Off, half, or the full $c_t = \\beta_t / (1 - \\beta_t)$ of the theorem.",
        "Larger: less lag in the momentum where the Hessian is smooth.",
    ),
    "rows": Word(
        "Rows m", "Rows of the matrix $X$.", "1 or more.",
        "Larger: the smaller side sets the constant of spectral norms, not the exponent.",
    ),
    "columns": Word(
        "Columns n", "Columns of the matrix $X$.", "1 or more.",
        "Larger: at a fixed noise level little changes for the spectral norm while rows are fewer.",
    ),
    "schedule": Word(
        "Schedule", "Step size $\\eta_t$ and momentum $\\beta_t$ at every step.",
        "For any time, tuned to the horizon, constant, or falling in a line.",
        "Only the tuned ones have the rate of the theorem.",
    ),
    "tuned_for": Word(
        "Tuned for p", "The tail index that the schedule takes the noise for.",
        "In (1, 2]; auto takes its own.", "Larger than p: too short a memory for the noise.",
    ),
    "momentum": Word(
        "Momentum", "$\\beta$ in $M_{t+1} = \\beta M_t + (1 - \\beta) G_t$.",
        "In [0, 1); auto takes the schedule's.", "Larger: calmer, and later to turn.",
    ),
    "lr": Word(
        "Step size lr", "$\\eta$: how far a step goes, in units of the norm.",
        "Positive; auto takes the schedule's.", "Larger: quicker at first, and a higher floor.",
    ),
    "max_extrapolation": Word(
        "Look-ahead cap", "How far ahead the gradient is taken at most, in steps of size one.",
        "Positive; auto is no cap.", "Larger: nearer to the full transport.",
    ),
    "noise_level": Word(
        "Noise level", "How many calls are best averaged in a run of 1,000 calls.", "Positive.",
        "Larger: stronger noise in units of this problem.",
    ),
    "noise_scale": Word(
        "Noise scale", "$s$ in the formula of the noise.", "Positive; it replaces the level.",
        "Larger: stronger noise, by the same factor.",
    ),
    "noise_ratio": Word(
        "Noise ratio", "Noise of one sample over the first gradient, in every layer.", "Positive.",
        "Larger: stronger noise, by the same factor.",
    ),
    "horizon": Word(
        "Horizon N", "Oracle calls of the whole run.", "At least the batch size.",
        "Larger: a longer run, which ends lower.",
    ),
    "seeds": Word(
        "Seeds", "Independent runs side by side.", "1 or more.",
        "Larger: narrower intervals, and a slower run.",
    ),
    "seed": Word(
        "Seed", "Number of the experiment: equal numbers repeat it to the bit.", "0 or more.",
        "Another one: other noise of the same law.",
    ),
    "optimizer": Word(
        "Optimizer", "Scion, or a baseline that no bound here is about.",
        "Those of the menu.", "Another one: other curves, and no bound.",
    ),
    "device": Word(
        "Device", "Where it is computed.", "auto takes a GPU where that pays.",
        "A GPU pays for networks and for very many seeds.",
    ),
    "dtype": Word(
        "Precision", "Of the numbers of the run.", "float32 or float64.",
        "float64 has twice the digits and takes longer.",
    ),
}  # fmt: skip

assert set(WORDS) == {*MAIN, *FOLDED}, "every control has its words"


def formula(field: str, spec: RunSpec) -> str:
    """Return what stands in LaTeX under the menu of the problem, the norm or the noise."""
    if field == "problem":
        name, options = PROBLEMS.parse(spec.problem)
        by = options.get("divide")
        words = {"rank": "min(m, n)", "rows": "m", "columns": "n", "entries": "m n"}
        divided = f", all over {words.get(by, by)}" if by is not None else ""
        where = f", {PROBLEMS[name].where}" if PROBLEMS[name].where else ""
        return f"${PROBLEMS[name].formula}${where}{divided}"
    if field == "noise":
        return f"${NOISES[NOISES.parse(spec.noise)[0]].formula}$"
    if spec.norm in GEOMETRIES:
        return r"$\max_l \|X_l\|_l / r_l$, a norm for each layer"
    norm = NORMS[NORMS.parse(spec.norm)[0]]
    return f"$\\|X\\| = {norm.formula}$, step ${norm.ball}$"


def _exponent(spec: RunSpec) -> str:
    """Return the exponent of a toy's rate in words, or that there is none."""
    problem = make(PROBLEMS, spec, spec.problem)
    if not takes_lmo(spec) or not problem.smooth:
        return "No theorem is about this choice."
    transport = float(spec.transport)
    rho_zero = transport == 1 and problem.curvature[1] == 0
    exponent = exponent_formula(transport, noiseless=is_noiseless(spec), rho_zero=rho_zero)
    return f"Exponent of the rate: ${exponent}$."


def tip(field: str, spec: RunSpec) -> str:
    """Return the words of a tooltip, formulas between dollars.

    Example:
        >>> print(tip("seeds", RunSpec()))
        Independent runs side by side. 1 or more. Larger: narrower intervals, and a slower run.
    """
    word = WORDS[field]
    what = word.what
    if field in ("problem", "norm", "noise"):
        what = f"{what} {formula(field, spec)}."
    if field in ("tail_index", "transport") and not spec.network:
        what = f"{what} {_exponent(spec)}"
    return f"{what} {word.span} {word.larger}"

"""The presets of the theory lab: each puts one claim on the screen and runs it.

What comes out is known, and tests/ui/test_theory_lab.py says what.
"""

from explorer.run.spec import RunSpec
from explorer.ui._preset import Preset

# f over the number of the spectral norm's blocks: sizes, and their levels, compare
MEAN_LOG_COSH = "log_cosh(divide='rank')"
SMALL = RunSpec(problem=MEAN_LOG_COSH, rows=2, columns=4)
RATE_FIRST = ("rate", "decay", "geometry", "noise")
TRANSPORT = ({"transport": True},)
FIVE_DECADES = {"rate": {"horizons": (1_000, 10_000, 100_000)}}

# on a 1 x 4 matrix the sign norm is the spectral norm of a diagonal one
DIAGONAL = RunSpec(problem=MEAN_LOG_COSH, norm="sign", rows=1, columns=4, tail_index=1.2)
CHAIN = RunSpec(problem="chain(moment=2.0)", seeds=16)

RATES = (
    Preset(
        "Match heavy",
        "Does the mean gradient norm fall with the theorem's exponent when noise has no variance?",
        SMALL.replace(tail_index=1.5),
        plots=RATE_FIRST,
    ),
    Preset(
        "Transport smooth",
        "How much faster is the rate where the Hessian is smooth and transport may use it?",
        SMALL.replace(tail_index=2.0),
        variants=TRANSPORT,
        plots=RATE_FIRST,
    ),
    Preset(
        "Transport nonconvex",
        "Does transport keep its rate on an objective that is not convex?",
        SMALL.replace(problem="bounded(divide='rank')", tail_index=2.0),
        variants=TRANSPORT,
        plots=RATE_FIRST,
    ),
    Preset(
        "Transport exact",
        "How fast is transport where the Hessian is constant and nothing is lost by looking ahead?",
        RunSpec(problem="quadratic", norm="frobenius", rows=4, columns=4, tail_index=2.0),
        variants=TRANSPORT,
        plots=RATE_FIRST,
        study=FIVE_DECADES,
    ),
    Preset(
        "Kind noise",
        "What does one-sided noise do to a schedule that is tuned for lighter tails?",
        DIAGONAL.replace(tuned_for=2.0),
        variants=(
            {"noise": "skewed_stable"},
            {"tuned_for": None},
            {"noise": "skewed_stable", "tuned_for": None},
        ),
        plots=RATE_FIRST,
    ),
)

DIMENSION = (
    Preset(
        "Rank spike",
        "What does a larger matrix cost when every call hits one singular direction?",
        RunSpec(
            problem=MEAN_LOG_COSH, columns=32, noise="spike", noise_scale=0.26, tail_index=2.0,
            seeds=16,
        ),
        plots=("dimension", "decay", "noise"),
        study={"grid": {"rows": (1, 2, 4, 8, 16, 32), "horizons": (1_000_000,)}},
    ),
    Preset(
        "Rank iid",
        "Does a larger matrix cost anything when noise fills all directions at every call?",
        RunSpec(problem=MEAN_LOG_COSH, columns=16, tail_index=2.0, seeds=16),
        plots=("dimension", "decay", "noise"),
        study={"grid": {"rows": (1, 2, 4, 8, 16), "horizons": (1_000_000,)}},
    ),
    Preset(
        "Columns",
        "What does the longer side of a matrix cost?",
        RunSpec(
            problem=MEAN_LOG_COSH, rows=4, noise="spike", noise_scale=0.26, tail_index=2.0,
            seeds=16,
        ),
        plots=("dimension", "decay", "noise"),
        study={"grid": {"columns": (4, 8, 16, 32, 64), "horizons": (1_000_000,)}},
    ),
)  # fmt: skip

LOWER = (
    Preset(
        "Lower chain",
        "How many calls must any method make that moves only where it has seen a gradient?",
        CHAIN,
        plots=("lower_bound", "decay", "geometry"),
        study={"reach": {"lengths": (4, 8, 16)}},
    ),
    Preset(
        "Lower heavy",
        "How many more calls does the lower bound ask for when the noise has no variance?",
        CHAIN.replace(problem="chain(moment=1.5)"),
        plots=("lower_bound", "decay", "geometry"),
        study={"reach": {"lengths": (4, 8, 16)}},
    ),
    Preset(
        "Lower rank",
        "How does the lower bound grow with the smaller side of the matrix?",
        CHAIN,
        plots=("lower_bound", "decay", "geometry"),
        study={"reach": {"lengths": (8,), "ranks": (1, 2, 4, 8)}},
    ),
    Preset(
        "Lower smooth",
        "Can a smooth Hessian make the lower bound fall, and does transport follow it down?",
        CHAIN,
        plots=("lower_bound", "decay", "geometry"),
        study={"reach": {"lengths": (4, 8, 16), "hessian": True}},
    ),
)

CHOICES = (
    Preset(
        "Batch lesson",
        "Up to which batch size is nothing lost at equal oracle calls?",
        SMALL.replace(tail_index=1.5, schedule="horizon", horizon=100_000),
        plots=("grid", "decay"),
        study={"grid": {"batch_size": (16, 64, 256, 1024, 4096)}},
    ),
    Preset(
        "SGD diverges",
        "Which tails does a step in proportion to the gradient survive where curvature grows?",
        RunSpec(problem="factorisation", optimizer="sgd", momentum=0.0),
        plots=("grid", "decay"),
        study={"grid": {"optimizer": ("sgd", "scion"), "tail_index": (1.2, 1.5, 1.8, 2.0)}},
    ),
    Preset(
        "Untuned",
        "Where does a run end whose step and momentum are fixed, whatever its length?",
        SMALL.replace(
            tail_index=1.5, schedule="constant", batch_size=16, momentum=0.95, lr=0.03,
            horizon=96_000,
        ),
        variants=TRANSPORT,
        plots=("decay", "geometry", "noise"),
    ),
)  # fmt: skip

# noise of rank one, which norms of single entries take alike, against noise of full rank
NORMS = (
    Preset(
        "Norm wins",
        "Which norm is the best where one direction curves far more than the others?",
        RunSpec(
            problem="quadratic(condition=20.0, spiked=True)", rows=20, columns=20,
            noise="haar_spike", tail_index=2.0, horizon=1000, seeds=16,
        ),
        plots=("contest", "decay", "geometry", "noise"),
        study={"contest": {"norms": ("frobenius", "spectral", "column")}},
    ),
    Preset(
        "Norm loses",
        "Which norm is the best where all directions curve alike and the gradient has rank one?",
        RunSpec(
            problem="quadratic(start_rank=1)", rows=20, columns=20, tail_index=2.0, horizon=1000,
            seeds=16,
        ),
        plots=("contest", "decay", "geometry", "noise"),
        study={"contest": {"norms": ("frobenius", "spectral", "column")}},
    ),
)  # fmt: skip

THEORY_LAB = (*RATES, *DIMENSION, *LOWER, *CHOICES, *NORMS)

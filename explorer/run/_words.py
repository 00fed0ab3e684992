"""A run in words: what was run, what was seen, what theory says beside it."""

import numpy as np

from explorer.registry import PROBLEMS
from explorer.run._records import Records
from explorer.run.spec import RunSpec, takes_lmo, unasked

METHODS = {
    "scion": "Scion",
    "sgd": "SGD",
    "adamw": "AdamW",
    "clipped_sgd": "clipped SGD",
    "normalized_sgd": "normalised SGD",
}


def sentence(trace: Records) -> str:
    """Return the words for a trace that stands still; for a live one see ``Trace.still``."""
    if not len(trace):
        return f"{describe(trace.spec)}: not run yet."
    return " ".join((_head(trace), _seen(trace), *_warnings(trace)))


def describe(spec: RunSpec) -> str:
    """Return a spec in one line.

    Example:
        >>> describe(RunSpec(norm="sign", transport=True))
        'Scion, sign norm, log_cosh 4 x 16, stable noise p = 1.6, batch 1, transport on'
    """
    method = METHODS.get(spec.optimizer.partition("(")[0], spec.optimizer)
    size = f" {spec.rows} x {spec.columns}" if spec.rows else ""
    parts = [method, f"{spec.norm} norm" if spec.rows else f"geometry {spec.norm}"]
    parts.append(f"{spec.problem}{size}")
    parts.append(noise_of(spec))
    if spec.tuned_for is not None and unasked(spec, "tuned_for") is None:
        parts.append(f"tuned for p = {spec.tuned_for:g}")
    parts.append(f"batch {spec.batch_size:,}")
    if spec.transport and takes_lmo(spec):
        full = float(spec.transport) == 1
        parts.append("transport on" if full else f"transport {float(spec.transport):g}")
    return ", ".join(parts)


def noise_of(spec: RunSpec) -> str:
    """Return the noise in a few words.

    Example:
        >>> noise_of(RunSpec()), noise_of(RunSpec(noise="none"))
        ('stable noise p = 1.6', 'no added noise')
    """
    tail = "" if spec.noise in ("none", "gaussian") else f" p = {spec.tail_index:g}"
    return "no added noise" if spec.noise == "none" else f"{spec.noise} noise{tail}"


def _head(trace: Records) -> str:
    spec = trace.spec
    made = f"{int(trace.column('stratum_end')[-1]):,}"
    seeds = f"{spec.seeds} seed{'s' if spec.seeds > 1 else ''}"
    if trace.complete:
        return f"{made} calls, {seeds}:"
    if trace.rewound:
        return f"Looking back, at {int(trace.calls[-1]):,} of {spec.horizon:,} calls, {seeds}:"
    return f"Incomplete, {made} of {spec.horizon:,} calls, {seeds}:"


def _seen(trace: Records) -> str:
    mean = trace.mean
    if not trace.finite.any():
        return "every seed diverged."
    now = f"now {trace.now:.3g} from {mean[0]:.3g}."
    if trace.present is not None:
        now = f"at step {trace.present.step + 1:,}: {trace.now:.3g} from {mean[0]:.3g}."
    if trace.rewound:
        now = f"then {trace.now:.3g} from {mean[0]:.3g}."
    means = trace.mean_measures
    if "held-out accuracy" in means:
        loss, accuracy = means["value"], means["held-out accuracy"]
        other = means.get("held-out loss")  # traces of older versions have none
        held_out = f", held-out {other[-1]:.3g}" if other is not None else ""
        return (
            f"training loss {loss[-1]:.3g} from {loss[0]:.3g}{held_out}, held-out accuracy "
            f"{accuracy[-1]:.3f}; stationarity {now}"
        )
    low, high = trace.slope_interval
    slope = f"slope {trace.slope:.3f} [{low:.3f}, {high:.3f}]"
    if trace.spec.seeds == 1:
        slope = f"slope {trace.slope:.3f} (one seed, no interval)"
    if np.isnan(trace.slope):
        zero = (mean == 0).any()
        slope = "no slope, since a mean is 0" if zero else "too few records for a slope"
    if trace.bound_unmet:
        return f"weighted mean {trace.running_mean[-1]:.3g}; {slope}; {now}"
    mean_so_far, bound = trace.running_mean[-1], trace.bound[-1]
    side = "under" if mean_so_far <= bound else "above"
    # fixed parameters end on a floor: no power law goes through such a run
    if trace.spec.schedule == "anytime":
        slope += f", exponent of the theorem {trace.exponent:.3f}"
    return f"weighted mean {mean_so_far:.3g} {side} its bound {bound:.3g}; {slope}; {now}"


def _warnings(trace: Records) -> list[str]:
    said: list[str] = []
    lost = ~trace.finite
    if lost.any():
        rows = ~np.isfinite(trace.stationarity)
        first = int(trace.column("step")[rows.any(1).argmax()])
        said.append(
            f"{int(lost.sum())} of {trace.spec.seeds} seeds diverged, first at step {first:,}; "
            "means are over the others."
        )
    # a stored run may be of a class that nobody has registered here
    network = trace.spec.problem.partition("(")[0]
    if trace.complete and "held-out loss" in trace.measures and network in PROBLEMS:
        classes = PROBLEMS[network].classes
        dead = int((trace.measures["value"][-1] >= np.log(classes)).sum())
        if dead:
            said.append(
                f"{dead} of {trace.spec.seeds} networks learned nothing (loss >= ln {classes}), "
                "however small the gradient is there."
            )
    if trace.bound_unmet:
        said.append(trace.bound_unmet[0].upper() + trace.bound_unmet[1:])
    return said

"""Presets of small real networks: one question each, whose answer is known and tested."""

from explorer.run.spec import RunSpec
from explorer.ui._preset import Preset

DECAY_FIRST = ("decay", "loss", "layers")
LOSS_FIRST = ("loss", "decay", "layers")  # of several runs losses compare
TAUS = ({"transport": False}, {"transport": True})  # beside a half


def _mlp(steps: int, batch_size: int, momentum: float, log2_lr: int, **more: object) -> RunSpec:
    """Return a run of the default network with a step size that stays."""
    return RunSpec(
        problem="mlp",
        horizon=steps * batch_size,
        batch_size=batch_size,
        momentum=momentum,
        lr=2.0**log2_lr,
        schedule="constant",
    ).replace(**more)


NETWORK_LAB = (
    Preset(
        "A real network",
        "Do the loss and the gradient's dual norm of a small network fall together?",
        RunSpec(problem="mlp"),
        plots=DECAY_FIRST,
    ),
    Preset(
        "A convolutional network",
        "Do they fall together where the weights are kernels?",
        RunSpec(problem="convnet"),
        plots=DECAY_FIRST,
    ),
    Preset(
        "A small GPT",
        "Do they fall together in a transformer that continues text?",
        RunSpec(problem="char_gpt"),
        plots=DECAY_FIRST,
    ),
    Preset(
        "Large momentum",
        "What does a long memory cost a network, and what does looking ahead give back?",
        _mlp(400, 16, 0.99, -7, transport=False),
        variants=({"transport": 0.5},),
        plots=LOSS_FIRST,
    ),
    Preset(
        "Batch 64",
        "How far ahead should the gradient be taken where it is calm?",
        _mlp(400, 64, 0.9, -6),
        variants=TAUS,
        plots=LOSS_FIRST,
    ),
    Preset(
        "Heavy tails on a network",
        "Does looking ahead help a network as well when heavy-tailed noise is added?",
        _mlp(400, 16, 0.95, -6, noise="isotropic_stable", noise_ratio=4.0, tail_index=1.2),
        variants=TAUS,
        plots=LOSS_FIRST,
    ),
    Preset(
        "When transport hurts",
        "What happens when a long memory looks far ahead with large steps, and what does a cap do?",
        RunSpec(
            problem="convnet",
            horizon=120 * 32,
            momentum=0.99,
            lr=2.0**-4,
            transport=True,
            max_extrapolation=None,
        ),
        variants=({"max_extrapolation": 0.3}, {"transport": False}),
        plots=LOSS_FIRST,
    ),
    Preset(
        "Well tuned, no gain",
        "Does looking ahead help a run whose momentum and falling steps are well chosen?",
        RunSpec(problem="mlp", transport=False, momentum=0.9, horizon=16 * 400),
        variants=({"transport": True, "momentum": 0.8},),
        plots=LOSS_FIRST,
    ),
    Preset(
        "Geometry on a GPT",
        "Which norm for each matrix trains a transformer best, each with its own best step?",
        RunSpec(problem="char_gpt", horizon=200 * 16),
        variants=(
            {"norm": "spectral"},
            {"norm": "sign", "lr": 2.0**-7},
            {"norm": "frobenius", "lr": 0.25},
        ),
        plots=LOSS_FIRST,
    ),
)

"""Where a run is computed, and what this machine has."""

from collections.abc import Generator
from contextlib import contextmanager

import torch

# Where a GPU is likely to win. Not measured yet: no figure of a GPU stands behind the number.
ENTRIES_FOR_GPU = 2**20

# Measured on two cores: below this one thread is as quick as two, and unharmed by neighbours.
ENTRIES_FOR_THREADS = 2**18

DEVICES = ("auto", "cpu", "cuda")


def check_device(wanted: str) -> None:
    """Raise unless ``wanted`` names a device that this machine has.

    Raises:
        ValueError: If the device is unknown to the explorer.
        RuntimeError: If it is known and missing here.
    """
    kind, colon, index = wanted.partition(":")
    if kind == "mps":
        raise ValueError(
            "device 'mps' cannot be used: it has no float64, which the exact LMO needs; "
            "choose 'cpu'."
        )
    if kind not in DEVICES or (colon and not (kind == "cuda" and index.isdigit())):
        raise ValueError(f"device must be one of {list(DEVICES)}, got {wanted!r}; 'auto' chooses.")
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise RuntimeError(
                f"device {wanted!r} asked for, but torch sees no GPU; "
                "choose 'cpu', or 'auto' to take what there is."
            )
        if index and int(index) >= torch.cuda.device_count():
            raise RuntimeError(
                f"device {wanted!r} asked for, but torch sees {torch.cuda.device_count()} GPUs; "
                "choose 'cuda'."
            )


def choose_device(wanted: str, *, network: bool, entries: int) -> tuple[torch.device, str]:
    """Return the device of a run and the reason in half a sentence.

    Args:
        wanted: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
        network: True for a network.
        entries: Numbers in the state of all seeds together.
    """
    if wanted != "auto":
        return torch.device(wanted), "as asked"
    if not torch.cuda.is_available():
        return torch.device("cpu"), "torch sees no GPU"
    if network or entries >= ENTRIES_FOR_GPU:
        return torch.device("cuda"), "a GPU is there and the run is large"
    return torch.device("cpu"), "the run is too small to gain from the GPU"


@contextmanager
def few_threads(entries: int) -> Generator[None]:
    """Within the block torch uses one thread where a state is small, and all it had where large.

    Threads that wait for each other at every small operation make a run slower, and many times
    slower where something else wants the cores.

    Args:
        entries: Numbers in the state of all seeds together.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if entries < ENTRIES_FOR_THREADS else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)

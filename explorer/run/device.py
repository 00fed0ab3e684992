"""Where a run is computed, and what this machine has."""

import ctypes
import gc
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

# Where a GPU is likely to win. Not measured yet: no figure of a GPU stands behind the number.
ENTRIES_FOR_GPU = 2**20

# Below this a run keeps to one thread. On two cores one was as quick as two for all states that
# were measured, up to 28,000 numbers; between there and here it is a guess.
ENTRIES_FOR_THREADS = 2**18
BLAS: list[Any] = ThreadpoolController().select(internal_api="openblas").lib_controllers

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


def give_memory_back() -> None:
    """Return freed memory to the system, where the C library keeps it: on Linux with glibc.

    A run and its pictures leave a heap with holes, up to 120 MB after eight runs, which a server of
    one gigabyte cannot spare.
    """
    gc.collect()  # a figure is a circle of references
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class _Threads:
    """Who keeps to one thread at present, and how many there were before the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: tuple[int, list[int]] = (1, [])

    def keep_to_one(self) -> None:
        # torch counts per thread, and a thread's first look at its count undoes a setting before it
        threads = torch.get_num_threads()
        with self._lock:
            if self._users == 0:
                self._before = (threads, [library.num_threads for library in BLAS])
            self._users += 1
            self._set(1, [1] * len(BLAS))

    def give_back(self) -> None:
        # every thread puts back what it took: OpenBLAS does not always let another one raise what
        # one has lowered. A run that goes on has all threads from here on, which costs it time only
        with self._lock:
            self._users -= 1
            self._set(*self._before)

    @staticmethod
    def _set(of_torch: int, of_blas: list[int]) -> None:
        torch.set_num_threads(of_torch)
        for library, threads in zip(BLAS, of_blas, strict=True):
            library.set_num_threads(threads)


_threads = _Threads()


@contextmanager
def few_threads(entries: int) -> Generator[None]:
    """Within the block torch and numpy use one thread where a state is small.

    Threads that wait for each other at every small operation make a run slower, and many times
    slower where something else wants the cores, as the browser does that shows the run.

    Args:
        entries: Numbers in the state of all seeds together; from ``ENTRIES_FOR_THREADS`` on
            nothing is changed.
    """
    if entries >= ENTRIES_FOR_THREADS:
        yield
        return
    _threads.keep_to_one()
    try:
        yield
    finally:
        _threads.give_back()

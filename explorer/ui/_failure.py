"""What is said of an exception: a sentence, and of a reader's own code the line."""

import sysconfig
import traceback
from pathlib import Path

import torch

from explorer.registry import UnknownNameError

PACKAGE = Path(__file__).parents[1]
LIBRARIES = tuple(
    Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
NO_MEMORY = (
    "There is not enough memory for this choice: take fewer seeds or smaller matrices, or free "
    "memory that other notebooks hold (menu Kernel, Shut Down All Kernels)."
)


def said(error: BaseException) -> str:
    """Return what went wrong in words that lead on.

    What is refused has a sentence already. Of anything else the kind matters, and where it came
    from a reader's own norm, noise or problem, the line.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or _starved(error):
        return f"{NO_MEMORY} ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
    line = _own_line(error)
    if isinstance(error, ValueError | UnknownNameError) and not line:
        return str(error)
    return f"{type(error).__name__}: {error}{line}"


def _starved(error: BaseException) -> bool:
    """Return whether torch's allocator for the CPU has failed, which is a plain RuntimeError."""
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def _own_line(error: BaseException) -> str:
    """Return the last line on the way to an error that is a reader's own, or nothing."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith("<"):  # code that a library has written
            continue
        path = Path(frame.filename)
        if not path.is_relative_to(PACKAGE) and not any(map(path.is_relative_to, LIBRARIES)):
            name = "a cell" if path.stem.isdigit() else path.name  # of a notebook: a hash
            where = f"\n{name}, line {frame.lineno}, in {frame.name}"
            return f"{where}: {frame.line}" if frame.line else where
    return ""

"""What every optimizer's step begins with, as in torch."""

from collections.abc import Callable
from typing import Any

import torch


def loss_of(closure: Callable[[], Any] | None) -> Any:
    """Return what a closure returns, called with gradients on, or None without one."""
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()

"""Matrix products in which a seed's bits do not depend on its neighbours."""

import numpy as np
import torch
from torch import Tensor


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a @ b``, each matrix of a stack by itself.

    torch folds a stack into one large product, whose blocks, and so whose last bits, depend on how
    many seeds there are; numpy on a CPU takes them one by one. Where a derivative is asked for, the
    product is torch's.

    Example:
        >>> matmul(torch.ones(2, 3), torch.ones(5, 3, 1)).shape
        torch.Size([5, 2, 1])
    """
    if a.device.type != "cpu" or a.requires_grad or b.requires_grad:
        return torch.matmul(a, b)
    return torch.from_numpy(np.matmul(a.numpy(), b.numpy()))

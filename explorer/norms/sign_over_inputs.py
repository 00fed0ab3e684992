"""Entrywise max norm times the number of inputs: Scion's output layer."""

from typing import final

from explorer.norms._scaled import Scaled
from explorer.norms.sign import Sign
from explorer.registry import NORMS


@final
@NORMS.register("sign_over_inputs")
class SignOverInputs(Scaled):
    r"""n times the largest entry in absolute value: bounds the output for entries of size one.

    .. math::
        \|x\| = n \max_{ij} |x_{ij}|, \qquad \operatorname{lmo}(g) = -\operatorname{sign}(g)/n.

    Sign steps that change an output alike however many inputs feed it.

    Example:
        >>> import torch
        >>> SignOverInputs().lmo(torch.tensor([[3.0, -2.0]]))
        tensor([[-0.5000,  0.5000]])

    Source:
        Pethick et al. (2025), arXiv:2502.07529.
    """

    label = "Sign over inputs"
    formula = r"n \max_{ij} |X_{ij}|"
    ball = r"-\mathrm{sign}(G)/n"
    inner = Sign()

    def factor(self, shape: tuple[int, int]) -> float:
        return float(shape[1])

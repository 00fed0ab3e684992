"""Operator norm from RMS to RMS: the geometry of hidden layers of every width."""

from typing import final

from explorer.norms._scaled import Scaled
from explorer.norms.spectral import Spectral
from explorer.registry import NORMS


@final
@NORMS.register("rms_to_rms")
class RmsToRms(Scaled):
    r"""Largest root mean square of the output for an input of root mean square one.

    .. math::
        \|x\| = \max_v \frac{\|x v\|_{\mathrm{RMS}}}{\|v\|_{\mathrm{RMS}}}
        = \sqrt{n/m}\; \sigma_{\max}(x).

    A step of size one changes activations alike however wide the layer is.

    Example:
        >>> import torch
        >>> float(RmsToRms()(torch.eye(2, 8)))
        2.0

    Source:
        Bernstein and Newhouse (2024), arXiv:2409.20325.
    """

    label = "RMS to RMS"
    formula = r"\sqrt{n/m}\; \sigma_{\max}(X)"
    ball = r"-\sqrt{m/n}\; U V^\top"
    inner = Spectral()

    def factor(self, shape: tuple[int, int]) -> float:
        return (shape[1] / shape[0]) ** 0.5

"""A small transformer that continues text, symbol by symbol."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn

from explorer.problems._base import NETWORK_DEFAULTS, set_positive
from explorer.problems._data import SYMBOLS, Split, text
from explorer.problems._network import MOST_DEPTH, Network
from explorer.registry import PROBLEMS

HEADS = 4
MOST_MODEL, MOST_CONTEXT = 512, 512
LEAST_CHARACTERS = 100


class _Block(nn.Module):
    """Attention to what came before, then two layers; each reads a normalised residual stream.

    Queries, keys and values have matrices of their own: as one fused matrix they would be measured
    by another norm.
    """

    later: Tensor

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)
        later = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.register_buffer("later", later, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual stream ``[..., T, d]`` after this block."""
        x = x + self.out(self._attend(_normalised(x)))
        return x + self.down(self.up(_normalised(x)).relu())

    def _attend(self, x: Tensor) -> Tensor:
        q, k, v = (
            part(x).unflatten(-1, (HEADS, -1)).transpose(-3, -2)
            for part in (self.q, self.k, self.v)
        )
        scores = q @ k.mT / q.shape[-1] ** 0.5
        length = x.shape[-2]
        weights = scores.masked_fill(self.later[:length, :length], -torch.inf).softmax(-1)
        return (weights @ v).transpose(-3, -2).flatten(-2)


class _Transformer(nn.Module):
    """Symbols and their places, some blocks, and an output layer that is not tied to the input."""

    def __init__(self, width: int, depth: int, context: int) -> None:
        super().__init__()
        self.symbols = nn.Embedding(len(SYMBOLS), width)
        self.places = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(_Block(width, context) for _ in range(depth))
        self.head = nn.Linear(width, len(SYMBOLS), bias=False)

    def forward(self, symbols: Tensor) -> Tensor:
        """Return a logit for each next symbol, ``[..., T, 34]``, of symbols ``[..., T]``."""
        x = self.symbols(symbols) + self.places.weight[: symbols.shape[-1]]
        for block in self.blocks:
            x = block(x)
        return self.head(_normalised(x))


def _normalised(x: Tensor) -> Tensor:
    """Return vectors with a root mean square of one."""
    return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt()


@final
@PROBLEMS.register("char_gpt")
@dataclass(frozen=True)
class CharGpt(Network):
    """A transformer of four heads that predicts each next symbol of Python's help texts.

    Pre-normalised (RMS without weights), queries, keys and values apart, output layer not tied to
    the table of symbols, no biases. Matrices start semi-orthogonal, rows of both tables with a root
    mean square of one. Its examples are all windows of the text; objective and full gradient are
    measured on 64 fixed ones.

    Args:
        width: d, a multiple of 4 up to 512.
        depth: Blocks, in 1..64.
        context: T, symbols of a window, in 1..512.
        characters: Symbols of the text that are used, at least 100; None takes all.
        label_smoothing: In [0, 1).

    Raises:
        TypeError: If an option is no number of its kind.
        ValueError: If an option is out of range.

    Example:
        >>> sum(p.numel() for p in CharGpt().template.parameters())
        27776
    """

    label = "Character GPT on Python's help"
    formula = r"f(X) = \frac{1}{NT}\sum_{k,t} -\log p_X(a_{k,t+1} \mid a_{k,\leq t})"
    where = "for the next symbol of each window"
    defaults: ClassVar[Mapping[str, Any]] = {
        **NETWORK_DEFAULTS,
        "momentum": 0.9,
        "lr": 2.0**-4,
        "horizon": 16 * 300,
        "seeds": 1,
    }
    classes = len(SYMBOLS)
    measured = 64
    unit = "windows of text"

    width: int = 32
    depth: int = 2
    context: int = 32
    characters: int | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        self._check(width=MOST_MODEL, depth=MOST_DEPTH, context=MOST_CONTEXT)
        if self.width % HEADS:
            raise ValueError(
                f"width must be a multiple of its {HEADS} heads, got {self.width!r}; try width=32."
            )
        if self.characters is not None:
            set_positive(self, "characters", int)
            least = max(LEAST_CHARACTERS, 20 * (self.context + 1))
            if self.characters < least:
                raise ValueError(
                    f"characters must be at least {least} for windows of {self.context}, got "
                    f"{self.characters!r}; a tenth of them is held out."
                )

    def module(self) -> nn.Module:
        return _Transformer(self.width, self.depth, self.context)

    def data(self, device: torch.device, dtype: torch.dtype) -> Split:
        return text(device, self.context, self.characters)

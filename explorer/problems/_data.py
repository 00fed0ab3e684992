"""The data that ships with the explorer, or with Python; nothing is downloaded."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

TRAIN = 1500
SYMBOLS = "abcdefghijklmnopqrstuvwxyz \n.,()\"'"
HELD_OUT_SHARE = 0.1


class Split(NamedTuple):
    """Inputs and targets to train on, and held out; axis 0 counts examples.

    Of digits, images ``[N, 64]`` and labels ``[N]``; of text, symbols ``[N, T]`` and the symbols
    that follow them, ``[N, T]``.
    """

    inputs: Tensor
    targets: Tensor
    held_out_inputs: Tensor
    held_out_targets: Tensor


@cache
def digits(device: torch.device, dtype: torch.dtype) -> Split:
    """Return the UCI optical digits: 1,500 images of 8 x 8 pixels to train on and 297 held out.

    Over the pixels of the training images the mean is 0 and the variance 1.

    Source:
        E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49,
        CC BY 4.0; the file holds scikit-learn's copy in one fixed random order.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        images = torch.from_numpy(file["images"]).to(device, dtype)
        labels = torch.from_numpy(file["labels"]).to(device, torch.int64)
    images = (images - images[:TRAIN].mean()) / images[:TRAIN].std()
    return Split(images[:TRAIN], labels[:TRAIN], images[TRAIN:], labels[TRAIN:])


@cache
def text(device: torch.device, context: int, characters: int | None = None) -> Split:
    """Return Python's own help topics as every window of ``context`` symbols, a tenth held out.

    Lower case, in 34 symbols (letters, blank, new line and ``.,()"'``); what is none is a blank,
    and blanks that follow one another are one. Its length differs by Python's version.

    Args:
        device: Where it lies.
        context: T, symbols of a window.
        characters: Symbols taken from its beginning; None takes all, some 400,000.

    Source:
        ``pydoc_data.topics`` of the standard library, PSF licence.
    """
    symbols = torch.from_numpy(_symbols()[:characters]).to(device)
    cut = int(len(symbols) * (1 - HELD_OUT_SHARE))
    parts = symbols[:cut], symbols[cut:]
    # views: no window is copied before it is drawn
    inputs, targets = (
        [part[shift : len(part) - 1 + shift].unfold(0, context, 1) for part in parts]
        for shift in (0, 1)
    )
    return Split(inputs[0], targets[0], inputs[1], targets[1])


@cache
def _symbols() -> np.ndarray:
    from pydoc_data.topics import topics

    words = "\n".join(topics[name] for name in sorted(topics)).lower()
    words = re.sub(" +", " ", re.sub(f"[^{re.escape(SYMBOLS)}]", " ", words))
    codes = np.full(128, -1, dtype=np.int64)
    codes[[ord(symbol) for symbol in SYMBOLS]] = np.arange(len(SYMBOLS))
    return codes[np.frombuffer(words.encode("ascii"), np.uint8)]

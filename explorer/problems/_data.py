"""The data that ships with the explorer; nothing is downloaded."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

TRAIN = 1500


class Split(NamedTuple):
    """Images ``[N, 64]`` and labels ``[N]``, to train on and held out.

    Over the pixels of the training images the mean is 0 and the variance 1.
    """

    images: Tensor
    labels: Tensor
    held_out_images: Tensor
    held_out_labels: Tensor


@cache
def digits(device: torch.device, dtype: torch.dtype) -> Split:
    """Return the UCI optical digits: 1,500 images of 8 x 8 pixels to train on and 297 held out.

    Source:
        E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49,
        CC BY 4.0; the file holds scikit-learn's copy in one fixed random order.
    """
    with np.load(Path(__file__).with_name("digits.npz")) as file:
        images = torch.from_numpy(file["images"]).to(device, dtype)
        labels = torch.from_numpy(file["labels"]).to(device, torch.int64)
    images = (images - images[:TRAIN].mean()) / images[:TRAIN].std()
    return Split(images[:TRAIN], labels[:TRAIN], images[TRAIN:], labels[TRAIN:])

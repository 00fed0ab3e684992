"""Remake explorer/problems/digits.npz from scikit-learn's copy of the UCI optical digits."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[2] / "explorer" / "problems" / "digits.npz"
SOURCE = (
    "Optical Recognition of Handwritten Digits, test set of 1,797 images of 8 x 8 pixels (0..16). "
    "E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49, "
    "CC BY 4.0; as in sklearn.datasets.load_digits, shuffled by numpy's default_rng(0)."
)


def digits() -> dict[str, np.ndarray]:
    """Return images ``[1797, 64]`` and labels ``[1797]`` in one fixed random order, as uint8."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    return {
        "images": images[order].astype(np.uint8),
        "labels": labels[order].astype(np.uint8),
        "source": np.array(SOURCE),
    }


if __name__ == "__main__":
    np.savez_compressed(TARGET, **digits())

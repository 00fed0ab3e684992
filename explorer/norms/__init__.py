"""The geometry: one file a norm."""

from explorer.norms._base import Norm

__all__ = ["Norm"]

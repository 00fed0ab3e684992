"""The noise: one file a law."""

from explorer.noise._base import Noise

__all__ = ["Noise"]

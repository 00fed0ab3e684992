"""The objectives: one file a toy or a network."""

from explorer.problems._base import Problem, Toy

__all__ = ["Problem", "Toy"]

"""The noise: one file a law."""

"""The objectives: one file a toy or a network."""

"""The geometry: one file a norm."""

"""The pictures: one file a plot, drawn from traces alone."""

"""The bench: a spec becomes a run, a run becomes a trace."""

"""The page: controls, the worker, the picture and the presets."""

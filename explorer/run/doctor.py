"""What is installed, what this machine has, and whether the front end can show the picture."""

import os
import platform
import sys
from pathlib import Path

from explorer.run._version import installed_version

PACKAGES = (
    "scion-explorer",
    "torch",
    "numpy",
    "matplotlib",
    "jupyterlab",
    "notebook",
    "voila",
    "ipykernel",
    "ipywidgets",
    "jupyterlab_widgets",
    "anywidget",
)


def report() -> str:
    """Return versions, device, threads, and whether JupyterLab has anywidget's front-end extension.

    Example:
        >>> "torch" in report()
        True
    """
    import torch
    from jupyter_core.paths import jupyter_path

    lines = [f"Python {platform.python_version()} at {sys.executable}"]
    lines += [f"{package} {installed_version(package) or 'not installed'}" for package in PACKAGES]
    folders = [Path(path) / "labextensions" for path in jupyter_path()]
    for extension in ("anywidget", "@jupyter-widgets/jupyterlab-manager"):
        found = next((f / extension for f in folders if (f / extension).is_dir()), None)
        where = (
            f"found at {found}"
            if found
            else (
                "NOT FOUND: install it where the JupyterLab server runs and restart the server, "
                "or use Explorer(..., fallback=True)"
            )
        )
        lines.append(f"front-end extension {extension}: {where}")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none that torch sees"
    lines.append(f"GPU: {gpu}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines.append(f"cores for this process: {cores}; torch uses {torch.get_num_threads()} threads")
    return "\n".join(lines)

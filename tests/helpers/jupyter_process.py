"""A Jupyter server of this interpreter, for a browser: JupyterLab, Notebook or Voila."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

START_S = 90
FOLDERS = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
}


@contextlib.contextmanager
def serving(command: Sequence[str], home: Path, *, cwd: Path | None = None) -> Iterator[str]:
    """Run ``python -m command`` on a port of its own, and yield its address once it answers.

    It shares no settings with the user's own server, and its kernels end with it.

    Args:
        command: Words of the command, with ``{port}`` where its port belongs.
        home: Where it keeps its settings and ``log.txt``.
        cwd: Where it runs; None for ``home``.
    """
    port = _free_port()
    address, log = f"http://127.0.0.1:{port}/", home / "log.txt"
    words = [part.format(port=port) for part in command]
    environment = os.environ | {name: str(home / folder) for name, folder in FOLDERS.items()}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], env=environment, stdout=out, stderr=out,
            cwd=cwd or home,
        )  # fmt: skip
    try:
        end = time.monotonic() + START_S
        while not _answers(f"{address}api/status"):  # which costs no kernel
            assert process.poll() is None, f"it ended at once:\n{log.read_text()}"
            assert time.monotonic() < end, f"no server in {START_S} s:\n{log.read_text()}"
            time.sleep(0.1)
        yield address
    finally:
        # on this signal it shuts its kernels down before it goes
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=60):
            return True
    except urllib.error.HTTPError:
        return True  # it asks for a token, or knows no such page
    except OSError:
        return False

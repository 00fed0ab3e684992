"""A JupyterLab, and what a test does in it."""

import contextlib
import json
import os
import re
import secrets
import time
import urllib.request
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from jupyter_process import serving

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Locator,
        Page,
        WebSocketRoute,
    )

SETTINGS = {
    # else the dialog "Select Kernel" races with the notebook
    "notebook-extension/tracker": {"autoStartDefaultKernel": True},
    "apputils-extension/notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
}
WAIT_S = 60

# Cells are read from the notebook's model: those scrolled out of sight have no elements.
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === "code")
    .map(({ model }) => ({
      source: model.sharedModel.getSource(),
      ran: model.executionCount !== null,
      idle: model.executionState !== "running",
      outputs: model.outputs.toJSON(),
    }))"""
RUN = """async (code) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  await commands.execute("notebook:insert-cell-below");
  notebook.activeCell.model.sharedModel.setSource(code);
  commands.execute("notebook:run-cell");
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running JupyterLab: ``root`` is the folder of its notebooks."""

    url: str
    token: str
    root: Path

    def rest(self, path: str, method: str = "GET") -> Any:
        """Return what the server's REST interface answers."""
        request = urllib.request.Request(
            f"{self.url}api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def shut_kernels_down(self, notebooks: Collection[str]) -> None:
        """End the sessions of these notebooks, and with them their kernels."""
        for session in self.rest("sessions"):
            if session["path"] in notebooks:
                self.rest(f"sessions/{session['id']}", "DELETE")


@contextlib.contextmanager
def serving_lab(home: Path, *, without: Collection[str] = ()) -> Iterator[Server]:
    """Run a JupyterLab of this interpreter that shares no settings with the user's own.

    Args:
        home: An empty folder of its own.
        without: Names of front-end extensions that it lacks.
    """
    root, token = home / "root", secrets.token_hex(16)
    root.mkdir()
    for name, settings in SETTINGS.items():
        path = home / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    page_config = home / "config/labconfig/page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(json.dumps({"disabledExtensions": dict.fromkeys(without, True)}))
    command = [
        *("jupyter", "lab", "--no-browser", "--expose-app-in-browser"),
        *(["--allow-root"] if os.geteuid() == 0 else []),
        f"--IdentityProvider.token={token}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.use_redirect_file=False",
    ]
    with serving(command, home, cwd=root) as address:
        yield Server(url=address, token=token, root=root)


class Lab:
    """JupyterLab with one notebook open; what a test does in it."""

    def __init__(self, server: Server, browser: "Browser", screenshots: Path) -> None:
        self._server = server
        self._browser = browser
        self._screenshots = screenshots
        self._contexts: list[BrowserContext] = []
        self._notebooks: list[str] = []
        self._sockets: list[WebSocketRoute] = []
        self._disconnected = False
        self.console_errors: list[str] = []

    @property
    def page(self) -> "Page":
        """The page that was opened last."""
        assert self._contexts, "open a notebook first"
        return self._contexts[-1].pages[0]

    def open(
        self,
        cells: list[str] | Path,
        *,
        run: bool = True,
        wait: bool = True,
        kernel: str = "python3",
        breakable: bool = False,
        pixel_ratio: float = 1,
        width: int = 1400,
        height: int = 1000,
    ) -> "Page":
        """Open a notebook in a fresh browser profile and run all its cells from the menu.

        Args:
            cells: Source of the code cells, or a notebook, which is copied without its outputs.
            run: Whether to run the cells.
            wait: Whether to wait until all of them have run.
            kernel: Which of the server's kernels runs them.
            breakable: Whether :meth:`disconnect` can cut the page off from its kernel.
            pixel_ratio: Device pixels per CSS pixel.
            width: Of the window, in CSS pixels.
            height: Of the window, in CSS pixels.

        Returns:
            Playwright's page.
        """
        name = f"{secrets.token_hex(4)}.ipynb"
        nbformat.write(_notebook(cells, kernel), self._server.root / name)
        self._notebooks.append(name)
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=pixel_ratio
        )
        context.set_default_timeout(WAIT_S * 1000)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.console_errors.append(f"raised: {error.error}"))
        self._contexts.append(context)
        page = context.new_page()
        if breakable:
            page.route_web_socket(re.compile("/channels"), self._connect)
        self._go(f"{self._server.url}lab/tree/{name}?reset&token={self._server.token}")
        if run:
            self.menu("Run", "runmenu:run-all")
            if wait:
                self.wait_until_run()
        return page

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook, as a user does, and return what is in its file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return nbformat.read(self._server.root / self._notebooks[-1], as_version=4)

    def reload(self, *, kernel: bool = True) -> None:
        """Save the notebook and load the page again, as a user does.

        Args:
            kernel: Whether its kernel lives on; else a fresh one knows nothing of its widgets.
        """
        self.save()
        if not kernel:
            self._server.shut_kernels_down(self._notebooks)
        self._go(f"{self._server.url}lab/tree/{self._notebooks[-1]}")

    def _go(self, address: str) -> None:
        with self.page.expect_websocket(lambda socket: "/channels" in socket.url):
            self.page.goto(address)
        # after a reload the toolbar of before may be there a moment longer, or hidden for good
        idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]:visible'
        self.page.locator(idle).first.wait_for()

    def _hear(self, message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"}:
            text = f"{message.type}: {message.text} ({message.location.get('url', '')})"
            self.console_errors.append(text)

    def _connect(self, socket: "WebSocketRoute") -> None:
        if self._disconnected:
            socket.close(code=1012, reason="the network is down")
            return
        socket.connect_to_server()
        self._sockets.append(socket)

    def disconnect(self) -> None:
        """Break the connection of a breakable page to its kernel, and refuse every new one."""
        self._disconnected = True
        while self._sockets:
            self._sockets.pop().close(code=1012, reason="the network is down")

    def reconnect(self) -> None:
        """Let new connections through; JupyterLab tries again by itself."""
        self._disconnected = False

    def menu(self, menu: str, command: str) -> None:
        """Choose an entry of the main menu by its command, as a user does with the mouse."""
        self.page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{menu}$")).click()
        self.page.locator(f'.lm-Menu-item[data-command="{command}"]').click()

    def run(self, code: str, *, timeout_s: float = WAIT_S) -> str:
        """Add a cell at the end, run it, and return the text of its output.

        Args:
            code: What to run.
            timeout_s: How long it may take, with what the kernel is still busy with.

        Returns:
            What it printed, stripped.
        """
        self.page.evaluate(RUN, code)
        self.wait_until_run(timeout_s)
        return self.output(-1)

    def wait_until_run(self, timeout_s: float = WAIT_S) -> None:
        """Wait until every cell has run; fail at once, with the traceback, where one raises.

        Args:
            timeout_s: How long to wait.
        """
        end = time.monotonic() + timeout_s
        while True:
            cells = self.page.evaluate(CELLS)
            for output in (output for cell in cells for output in cell["outputs"]):
                if output["output_type"] == "error":
                    traceback = "\n".join(output["traceback"])
                    pytest.fail(re.sub(r"\x1b\[[\d;]*m", "", traceback), pytrace=False)
            waiting = [
                cell["source"]
                for cell in cells
                if cell["source"].strip() and not (cell["ran"] and cell["idle"])
            ]
            if not waiting:
                return
            assert time.monotonic() < end, f"after {timeout_s} s this still ran:\n{waiting[0]}"
            self.page.wait_for_timeout(50)

    def output(self, cell: int) -> str:
        """Return the text that a code cell has put out; -1 is the last cell."""
        outputs = self.page.evaluate(CELLS)[cell]["outputs"]
        texts = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs]
        return "".join("".join(text) for text in texts).strip()

    def figure(self, nth: int = 0) -> "Locator":
        """Return the nth live picture on the page, read-out and all."""
        return self.page.locator(".explorer-figure").nth(nth)

    def frame(self, nth: int = 0) -> int:
        """Return the number of the frame that the nth picture shows; 0 before the first."""
        return int(self.figure(nth).get_attribute("data-frame") or 0)

    def wait_for_frame(self, frame: int, nth: int = 0, *, timeout_s: float = WAIT_S) -> None:
        """Wait until the nth picture shows this frame or a later one.

        Args:
            frame: Its number; the first is 1 and often of empty axes.
            nth: Which picture of the page.
            timeout_s: How long to wait.
        """
        self.page.wait_for_function(
            """([nth, frame]) =>
                document.querySelectorAll(".explorer-figure")[nth]?.dataset.frame >= frame""",
            arg=[nth, frame],
            timeout=timeout_s * 1000,
        )

    def set_theme(self, name: str) -> None:
        """Change JupyterLab's theme, "JupyterLab Dark" or "JupyterLab Light", and wait for it."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        self.page.wait_for_function(
            "(theme) => document.body.dataset.jpThemeName === theme", arg=name
        )
        # a splash covers the page while the style sheets change
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshot(self, name: str) -> Path:
        """Save what the page shows as ``name.png`` and return where."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        """Close the pages and shut their kernels down."""
        for context in self._contexts:
            context.close()
        self._server.shut_kernels_down(self._notebooks)


@contextlib.contextmanager
def opening(server: Server, browser: "Browser", screenshots: Path) -> Iterator[Lab]:
    """Yield a :class:`Lab`; when it is over, its console must have been empty.

    Args:
        server: Where it is.
        browser: What opens it.
        screenshots: Folder of its pictures, unless ``EXPLORER_SCREENSHOTS`` names one.
    """
    lab = Lab(server, browser, Path(os.environ.get("EXPLORER_SCREENSHOTS", screenshots)))
    try:
        yield lab
        assert lab.console_errors == []
    finally:
        lab.close()


def _notebook(cells: list[str] | Path, kernel: str) -> nbformat.NotebookNode:
    if not isinstance(cells, Path):
        return nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
    notebook = nbformat.read(cells, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # else what an earlier run left would look as if this one had finished
            cell.update(outputs=[], execution_count=None)
    return notebook

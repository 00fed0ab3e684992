"""The panel outside JupyterLab: as a page of its own by Voila, and in Notebook 7."""

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest

APP = Path(__file__).parents[2] / "notebooks" / "app.ipynb"
CELL = "from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon=1000)); panel"
START_S = 60


@contextlib.contextmanager
def serving(command, folder):
    """Run a server of this interpreter on a port of its own until the test is over."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = {
        name: str(folder / name.lower())
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", *(part.format(port=port) for part in command)],
        env=os.environ | home, stdout=log, stderr=log, cwd=folder,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + START_S
        while True:
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < end, "no server"
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=60)
                break
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def screenshot(page, name, tmp_path):
    folder = Path(os.environ.get("EXPLORER_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def run_to_the_end(page, calls):
    page.locator(".explorer-figure[data-frame]").wait_for()
    page.locator(".explorer-panel button", has_text=re.compile("^.?Run$")).first.click()
    page.locator(".explorer-status", has_text="finished").first.wait_for()
    page.locator(".explorer-sentence", has_text=f"{calls} calls").first.wait_for()
    frame = int(page.locator(".explorer-figure").get_attribute("data-frame"))
    assert frame > 2, "the picture moved"


def test_the_app_page_takes_a_link_runs_and_looks_like_a_page(page, tmp_path):
    command = ["voila", str(APP), "--no-browser", "--port={port}", "--Voila.ip=127.0.0.1"]
    with serving(command, tmp_path) as address:
        link = "preset=first-look&tail_index=1.3&horizon=1000&norm=sign"
        page.goto(f"{address}?spec={quote(link, safe='')}")
        run_to_the_end(page, "1,000")
        assert page.get_by_title("Tail index p, as a number").input_value() == "1.3"
        norm = page.get_by_label("Norm geometry", exact=True)
        assert norm.evaluate("e => e.selectedOptions[0].text").startswith("Sign")
        screenshot(page, "voila-1280", tmp_path)
        page.get_by_label("Export as").select_option("CSV, the numbers")
        with page.expect_download() as download:
            page.locator(".explorer-panel button", has_text="Export").first.click()
        assert Path(download.value.path()).read_text().startswith("# scion-explorer")


def test_the_panel_runs_in_notebook_7(page, tmp_path):
    root, token = tmp_path / "root", secrets.token_hex(8)
    root.mkdir()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, root / "one.ipynb")
    command = [
        "notebook", "--no-browser", "--allow-root", "--port={port}", "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        "--LabApp.news_url=None",
    ]  # fmt: skip
    with serving(command, tmp_path) as address:
        page.goto(f"{address}notebooks/one.ipynb?token={token}")
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Shift+Enter")
        run_to_the_end(page, "1,000")
        screenshot(page, "notebook-7-1280", tmp_path)

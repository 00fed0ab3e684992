"""The panel outside JupyterLab: as a page of its own by Voila, and in Notebook 7."""

import os
import secrets
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from jupyter_process import serving
from panel_page import number, press, wait_for_state, wait_for_words

APP = Path(__file__).parents[2] / "notebooks" / "app.ipynb"
CELL = "from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon=1000)); panel"


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
    press(page, "Run")
    wait_for_state(page, "finished")
    wait_for_words(page, f"{calls} calls")
    return int(page.locator(".explorer-figure").get_attribute("data-frame"))


def test_the_app_page_takes_a_link_runs_and_looks_like_a_page(page, tmp_path):
    command = ["voila", str(APP), "--no-browser", "--port={port}", "--Voila.ip=127.0.0.1"]
    with serving(command, tmp_path) as address:
        link = "preset=first-look&tail_index=1.3&horizon=1000&norm=sign"
        page.goto(f"{address}?spec={quote(link, safe='')}")
        assert run_to_the_end(page, "1,000") > 2, "the picture moved"
        assert number(page, "Tail index p").input_value() == "1.3"
        norm = page.get_by_label("Norm geometry", exact=True)
        assert norm.evaluate("e => e.selectedOptions[0].text").startswith("Sign")
        screenshot(page, "voila-1280", tmp_path)
        page.get_by_label("Export as").select_option("CSV, the numbers")
        with page.expect_download() as download:
            press(page, "Export")
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
        assert run_to_the_end(page, "1,000") > 2, "the picture moved"
        screenshot(page, "notebook-7-1280", tmp_path)

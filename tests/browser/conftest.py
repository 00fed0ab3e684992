"""A real JupyterLab in a real browser, for tests of what a user sees.

How to write one::

    def test_a_picture_moves(lab):
        page = lab.open(["from explorer import Explorer; panel = Explorer(); panel"])
        lab.wait_for_frame(1)
        page.get_by_role("button", name="Run").click()
        lab.wait_for_frame(20)
        assert "bound" in lab.figure().get_by_role("img").get_attribute("alt")
        lab.set_theme("JupyterLab Dark")
        lab.screenshot("panel-dark")

``lab.open`` takes cells or the path of a notebook, opens it in a page of its own and runs it from
the menu; it returns Playwright's ``Page``. ``lab.run("code")`` adds a cell, runs it, and returns
what it printed: the way to ask the kernel something. A cell that raises fails the test with its
traceback. Opening takes some six seconds, so tests that only look at one thing can share a notebook
by ``shared_lab``, which lives as long as the file of tests.

When a test is over, the console must have been empty (``lab.console_errors`` is what it held; clear
it where an error is the point of the test). Kernels are shut down: one that still trains would
starve the next test.

Chromium is looked for on PATH. Without one the tests are skipped, and with ``CI=true`` they fail.
``EXPLORER_SCREENSHOTS=some/dir`` keeps the pictures that ``lab.screenshot`` takes.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jupyter_lab import Lab, Server, opening, serving_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with one, as it does in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test of this folder as soon as it is found, before ``-m`` selects."""
    if HERE in item.path.parents:
        item.add_marker("browser")


def _without(what: str) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{what}, and CI=true asks for the browser tests.", pytrace=False)
    pytest.skip(f"{what}; install Debian's chromium and the extra 'test' to run them")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one the tests are skipped, or fail if CI=true."""
    if importlib.util.find_spec("playwright") is None:
        _without("playwright is not installed")
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        _without(f"none of {', '.join(BROWSERS)} is on PATH")
    return found[0]


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab of this interpreter that shares no settings with the user's own."""
    with serving_lab(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["Browser"]:
    """A Chromium for one file of tests.

    Playwright keeps an event loop running in this thread while it lives, and then nothing else can
    call ``asyncio.run``: so it ends with the file, not with the session.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, headless=False)
        yield browser
        browser.close()


@pytest.fixture
def lab(server: Server, browser: "Browser", tmp_path: Path) -> Iterator[Lab]:
    """A :class:`Lab` for one test."""
    with opening(server, browser, tmp_path) as lab:
        yield lab


@pytest.fixture(scope="module")
def shared_lab(
    server: Server, browser: "Browser", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A :class:`Lab` for all tests of a file; open its notebook in a fixture of that scope."""
    with opening(server, browser, tmp_path_factory.mktemp("screenshots")) as lab:
        yield lab

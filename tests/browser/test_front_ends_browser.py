"""JupyterLab with less: without the live picture's part, an older kernel, a network that breaks."""

import json
import re
import subprocess
import sys

import pytest
from jupyter_lab import opening, serving_lab
from panel_page import button, calls_in, press, sentence, wait_for_state, wait_for_words

PANEL = "from explorer import Explorer, RunSpec\npanel = Explorer(RunSpec(horizon={})); panel"


def test_without_its_front_end_part_a_page_says_so_and_offers_a_plain_picture(browser, tmp_path):
    with (
        serving_lab(tmp_path, without=["anywidget"]) as bare,
        opening(bare, browser, tmp_path) as lab,
    ):
        page = lab.open([PANEL.format(2000)])
        page.get_by_text("No picture above? Its front-end part, anywidget, is missing").wait_for()
        lab.screenshot("no-front-end-1400-light")
        button(page, "Show a plain picture").click()
        picture = page.locator(".explorer-panel img")
        picture.wait_for()
        first = picture.get_attribute("src")
        press(page, "Run")
        wait_for_state(page, "finished")
        wait_for_words(page, "2,000 calls")
        assert picture.get_attribute("src") != first
        assert not page.locator(".explorer-no-picture").count()
        lab.screenshot("plain-picture-1400-light")
        assert lab.console_errors, "JupyterLab says what it could not load"
        assert all("anywidget" in one for one in lab.console_errors), lab.console_errors
        lab.console_errors.clear()


def test_with_its_front_end_part_a_page_offers_no_plain_picture(lab):
    page = lab.open([PANEL.format(2000)])
    lab.wait_for_frame(1)
    assert page.locator(".explorer-no-picture").evaluate("e => getComputedStyle(e).display") == (
        "none"
    )


def test_a_network_that_breaks_in_a_run_costs_nothing_but_the_pictures_of_that_time(lab):
    page = lab.open([PANEL.format(1_000_000)], breakable=True)
    lab.wait_for_frame(1)
    press(page, "Run")
    lab.wait_for_frame(5)
    lab.disconnect()
    page.wait_for_timeout(1500)
    before, said = lab.frame(), calls_in(sentence(page))
    page.wait_for_timeout(500)
    assert lab.frame() == before, "nothing comes through"
    lab.reconnect()
    lab.wait_for_frame(before + 3)
    press(page, "Pause")
    wait_for_state(page, "paused")
    assert calls_in(sentence(page)) > said, "the run went on meanwhile"
    lab.console_errors[:] = [one for one in lab.console_errors if "Connection lost" not in one]


@pytest.fixture(scope="module")
def older_kernel(server, tmp_path_factory):
    """Name of a kernel that is the present one but for ipykernel 6."""
    packages = tmp_path_factory.mktemp("ipykernel-6")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={packages}",
         "ipykernel>=6.29,<7", "nest-asyncio"],
        check=True,
    )  # fmt: skip
    folder = server.root.parent / "data/kernels/older"
    folder.mkdir(parents=True)
    about = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "ipykernel 6",
        "language": "python",
        "env": {"PYTHONPATH": str(packages)},
    }
    (folder / "kernel.json").write_text(json.dumps(about))
    return "older"


@pytest.mark.slow
def test_the_panel_runs_on_ipykernel_6(lab, older_kernel):
    page = lab.open([PANEL.format(100_000)], kernel=older_kernel)
    assert lab.run("import ipykernel; print(ipykernel.__version__)").startswith("6.")
    lab.wait_for_frame(1)
    press(page, "Run")
    lab.wait_for_frame(lab.frame() + 10)
    press(page, "Pause")
    wait_for_state(page, "paused")
    said = sentence(page)
    page.wait_for_timeout(500)
    assert sentence(page) == said
    press(page, "Go on")
    wait_for_words(page, re.compile("^100,000 calls"))
    wait_for_state(page, "finished")
    lab.screenshot("ipykernel-6-1400-light")
    assert lab.run("print(panel.run().complete)") == "True", "a cell can run it too"

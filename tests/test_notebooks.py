"""The net under the lessons: what a stored notebook must hold, and that a changed number is seen.

Re-running them is nbval's work; it passes a notebook that was never executed, and pictures that
changed, so these tests look at what is stored.
"""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
IGNORED = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ABSOLUTE_PATH = re.compile(
    r"(?<![\w./:*+-])(?:/(?:home|root|Users|usr|opt|tmp|var|mnt|srv|work)/|[A-Z]:\\)"
)
A_SENTENCE = re.compile(
    r"[^\n]+ calls, \d+ seeds?(?: each)?: [^\n]+\.|rows .+\nslope in rows: measured [^\n]+\.",
    re.DOTALL,
)
PRINTS = re.compile(r"^\s*(?:print|display|check)\(|^panel$|^\w+\.run\(\)$", re.MULTILINE)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(params=[path for path in LESSONS if path.stem != "app"], ids=lambda path: path.stem)
def lesson(request):
    """A notebook that teaches; the page of `make app` only shows."""
    return nbformat.read(request.param, as_version=4)


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def is_ignored(cell):
    return IGNORED in cell.metadata.get("tags", [])


def test_there_are_lessons():
    assert NOTEBOOKS / "00_start_here.ipynb" in LESSONS


def test_a_lesson_has_the_format_that_it_says(notebook):
    assert nbformat.validator.isvalid(notebook)


def test_every_code_cell_was_executed_in_order(notebook):
    counts = [cell.execution_count for cell in cells(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert counts


def test_no_cell_ended_in_an_error_or_warned(notebook):
    for cell in cells(notebook, "code"):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
        assert "raises-exception" not in cell.metadata.get("tags", [])


def test_every_cell_that_prints_has_its_output_stored(notebook):
    printing = [cell for cell in cells(notebook, "code") if PRINTS.search(cell.source)]
    assert printing
    for cell in printing:
        assert cell.outputs or is_ignored(cell), cell.source


def test_at_most_half_of_the_code_cells_are_ignored(notebook):
    code = cells(notebook, "code")
    assert 2 * sum(map(is_ignored, code)) <= len(code)


def test_some_printed_number_is_compared(lesson):
    compared = [
        output.text
        for cell in cells(lesson, "code")
        if not is_ignored(cell)
        for output in cell.outputs
        if output.output_type == "stream"
    ]
    assert any(re.search(r"\d", text) for text in compared)


def test_it_runs_on_any_python_3_kernel(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.display_name == "Python 3"


def test_no_state_of_widgets_is_stored(notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "jupytext"}


def test_it_names_no_folder_of_one_machine(path):
    assert not ABSOLUTE_PATH.findall(path.read_text())


@pytest.mark.parametrize("text", ["/home" + "/ada/x.py", "in '/tmp" + "/a'", "C:" + "\\Users"])
def test_a_folder_of_one_machine_is_seen(text):
    assert ABSOLUTE_PATH.search(text)


def test_its_title_is_a_question(lesson):
    first = lesson.cells[0]
    title = first.source.splitlines()[0]
    assert first.cell_type == "markdown"
    assert title.startswith("# ")
    assert title.endswith("?")


def test_it_says_what_it_does_not_show(lesson):
    last = cells(lesson, "markdown")[-1].source
    assert last.startswith("## What this does not show\n")
    assert last.count("\n* ") >= 1


def test_it_stays_below_one_megabyte(path):
    assert path.stat().st_size < 1_000_000


def test_a_stored_panel_is_followed_by_its_picture_and_its_sentence(notebook):
    panels = 0
    for cell in cells(notebook, "code"):
        outputs = [output.get("data", {}) for output in cell.outputs]
        for at in (i for i, data in enumerate(outputs) if WIDGET in data):
            picture, words = outputs[at + 1 : at + 3]
            assert base64.b64decode(picture["image/png"]).startswith(PNG_SIGNATURE)
            assert A_SENTENCE.fullmatch(words["text/plain"])
            panels += 1
    assert panels


def nbval(path):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q"]
    alone = ["-c", os.devnull, "--rootdir", str(path.parent), "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *alone, path.name], cwd=path.parent, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(("stored", "status"), [("0.214\n", 0), ("0.215\n", 1)])
def test_nbval_sees_a_number_that_changed(tmp_path, stored, status):
    output = new_output("stream", name="stdout", text=stored)
    cell = new_code_cell("print(f'{3 / 14:.3f}')", execution_count=1, outputs=[output])
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "one_cell.ipynb"
    nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": kernel}), path)
    done = nbval(path)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("1 failed" if status else "1 passed") in done.stdout

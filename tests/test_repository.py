"""The files beside the code: they agree with one another and name no machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# One letter of each stands in brackets, so that this file does not match itself.
FOLDERS_OF_ONE_MACHINE = r"(?<![\w+])/(?:[w]ork|[o]pt|[r]oot|[f]arm|[h]ome/\w+|[U]sers/\w+)(?:/|\b)"
REGISTRY_HOSTS = (
    r"[p]ypi\.(?:org|io)|[p]ythonhosted|[n]pmjs\.|[a]naconda\.(?:org|com)|[d]eb\.debian\.org"
    r"|[d]ownload\.pytorch\.org|[c]rates\.io|--(?:extra-)?[i]ndex-url|--[f]ind-links"
)
NAMES_A_MACHINE = re.compile(f"{FOLDERS_OF_ONE_MACHINE}|{REGISTRY_HOSTS}")


def text_files():
    """The texts under version control, and those that soon will be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is not known")
    for name in sorted(filter(None, listed.stdout.split("\0"))):
        path = ROOT / name
        data = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in data:
            yield name, data.decode()


def test_no_text_names_a_folder_of_one_machine_or_the_host_of_a_registry():
    found = {
        f"{name}: {match.group()}"
        for name, text in text_files()
        for match in NAMES_A_MACHINE.finditer(text)
    }
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        'File "/ho' + 'me/ada/explorer/norms/sign.py"',
        "see /wo" + "rk/main",
        "pip install --index" + "-url X torch",
        "https://py" + "pi.org/project/torch",
    ],
)
def test_a_text_that_names_a_machine_is_seen(text):
    assert NAMES_A_MACHINE.search(text)


@pytest.mark.parametrize(
    "text", ["/usr/bin/env bash", "a framework/optimiser", "lab/tree/notebooks"]
)
def test_a_text_that_names_no_machine_is_let_through(text):
    assert not NAMES_A_MACHINE.search(text)


def test_the_citation_file_says_what_it_must():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    required = {"cff-version", "message", "title", "authors", "version", "license", "references"}
    assert required <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == PROJECT["license"]
    assert any("2605.18528" in str(reference) for reference in citation["references"])


def test_pyproject_citation_and_changelog_tell_one_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    releases = re.findall(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert [citation["version"], releases[0]] == [PROJECT["version"]] * 2


def lessons():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.name)
def test_readme_has_a_row_for_every_lesson(path):
    rows = [line for line in README.splitlines() if line.startswith("|") and path.name in line]
    assert len(rows) == 1
    assert rows[0].count("?") == 1, "a lesson's row is its question"


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.name)
def test_a_lesson_and_its_source_hold_the_same_cells(path):
    jupytext = pytest.importorskip("jupytext")
    source = jupytext.read(path.parent / "src" / f"{path.stem}.py", fmt="py:percent")
    stored = nbformat.read(path, as_version=4)
    cells = [[(cell.cell_type, cell.source) for cell in book.cells] for book in (source, stored)]
    assert cells[0] == cells[1], "run `make notebooks`"


def test_every_file_that_readme_points_to_is_there():
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
BLOCKS = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", README, re.M | re.S)


def test_what_the_python_in_readme_prints_is_shown_after_it():
    assert len(BLOCKS) == README.count("```python") == README.count("```text") == 4


@pytest.mark.parametrize(("block", "shown"), BLOCKS, ids=["panel", "runs", "rates", "elsewhere"])
def test_the_python_in_readme_runs_and_prints_what_readme_says(
    capsys, monkeypatch, tmp_path, block, shown
):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert re.sub(NUMBER, "0", printed.strip()) == re.sub(NUMBER, "0", shown.strip())
    # another processor rounds otherwise, and a step may turn: the words stay, a mean moves a little
    values = [[float(v.replace(",", "")) for v in re.findall(NUMBER, t)] for t in (printed, shown)]
    assert values[0] == pytest.approx(values[1], rel=0.15)

"""The Binder recipe, as the program that Binder builds with reads it; no image is built."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RECIPE = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text())

# conda-forge's names: matplotlib without a desktop, torch without CUDA.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu"}

needs_repo2docker = pytest.mark.skipif(
    find_spec("repo2docker") is None, reason="repo2docker is not installed"
)


def recipe():
    """Name to version range of what environment.yml asks of conda-forge."""
    found = (re.fullmatch(r"([\w.-]+?)\s*([=<>!].*)?", line) for line in RECIPE["dependencies"])
    return {match[1]: match[2] or "" for match in found}


def dependencies():
    return [Requirement(text) for text in PROJECT["dependencies"]]


@pytest.fixture(scope="module")
def dockerfile(tmp_path_factory):
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "binder", checkout / "binder")
    for name in ("pyproject.toml", "constraints.txt", "README.md"):
        shutil.copy(ROOT / name, checkout)
    options = ["--no-build", "--no-run", "--debug", "--user-id=1000", "--user-name=reader"]
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", *options, str(checkout)],
        capture_output=True,
        text=True,
        cwd=checkout.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@needs_repo2docker
@pytest.mark.parametrize(
    "line",
    [
        r"Building conda environment for python=3\.11",
        r"env update .* --file .?\"binder/environment\.yml",
        r"^RUN \./binder/postBuild$",
        r"^ENV R2D_ENTRYPOINT=.*binder/start",
    ],
    ids=["python", "environment.yml", "postBuild", "start"],
)
def test_the_image_uses_environment_post_build_and_start(dockerfile, line):
    assert re.search(line, dockerfile, re.M)


@needs_repo2docker
def test_the_image_installs_nothing_by_the_root_s_own_files(dockerfile):
    assert not re.search(r"^RUN .*pip install", dockerfile, re.M)


@pytest.mark.parametrize("dependency", dependencies(), ids=str)
def test_every_dependency_is_in_the_recipe_with_the_same_floor(dependency):
    name = CONDA_NAMES.get(dependency.name, dependency.name)
    assert recipe().get(name) == str(dependency.specifier)


@needs_repo2docker
@pytest.mark.parametrize("name", ["jupyterlab", "ipywidgets"])
def test_floors_leave_the_jupyter_of_the_base_image_in_place(name):
    python = re.search(r"3\.\d+", recipe()["python"])[0]
    (program,) = find_spec("repo2docker").submodule_search_locations
    lock = Path(program, "buildpacks", "conda", f"environment.py-{python}-linux-64.lock")
    carried = re.search(rf"/{name}-(\d[\d.]*)-", lock.read_text())[1]
    (floor,) = (known.specifier for known in dependencies() if known.name == name)
    assert Version(carried) in floor


@pytest.mark.skipif(os.name == "nt", reason="Windows files have no executable bit")
@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_the_scripts_are_executable_and_parse(name):
    script = ROOT / "binder" / name
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="the image runs Linux")
def test_start_hands_over_to_the_command_with_one_thread():
    printed = subprocess.run(
        [ROOT / "binder" / "start", "sh", "-c", "echo $OMP_NUM_THREADS"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == "1\n"

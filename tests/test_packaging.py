"""The wheel, built as a release would be and imported where nothing of this checkout is seen."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command, cwd):
    """What a command prints, with the checkout out of its sight; a failure shows its errors."""
    hidden = {"PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name not in hidden},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    run(sys.executable, *command, cwd=place)
    (found,) = place.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel):
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """A fresh environment with the wheel; of the tests' environment it sees the dependencies."""
    place = tmp_path_factory.mktemp("clean")
    venv.create(place / "env", with_pip=False)
    python = place / "env" / BIN / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel), cwd=place)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", where, cwd=place).strip())
    # A folder named by a .pth comes last, and its own .pth files, an editable install's, are
    # not read.
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(folders)) + "\n")
    return python


def test_the_wheel_holds_every_file_of_the_package(names):
    beside = {".py", ".js", ".css", ".npz", ".typed", ".json"}
    files = (path for path in (ROOT / "explorer").rglob("*") if "__pycache__" not in path.parts)
    wanted = {path.relative_to(ROOT).as_posix() for path in files if path.suffix in beside}
    assert wanted - names == set()


@pytest.mark.parametrize(
    "name", ["explorer/py.typed", "explorer/problems/digits.npz", "explorer/ui/figure_view.js"]
)
def test_the_wheel_holds_what_is_not_python(names, name):
    assert name in names


def test_the_wheel_carries_every_lesson_and_nothing_else_of_notebooks(names):
    lessons = {f"explorer/_lessons/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert lessons
    assert {name for name in names if "_lessons" in name} == lessons


def test_the_wheel_holds_the_package_its_licence_and_nothing_else(names):
    tops = {name.split("/")[0] for name in names}
    (metadata,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"explorer", metadata}
    assert f"{metadata}/licenses/LICENSE" in names


def test_the_wheel_is_what_a_clean_environment_imports(clean, tmp_path):
    where = run(clean, "-c", "import explorer; print(explorer.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(clean.parents[1])


def test_importing_the_front_door_imports_neither_torch_nor_widgets(clean, tmp_path):
    heavy = "{'torch', 'ipywidgets'} & set(sys.modules)"
    assert run(clean, "-c", f"import explorer, sys; print({heavy})", cwd=tmp_path) == "set()\n"


def test_every_public_name_is_found_in_a_clean_environment(clean, tmp_path):
    code = (
        "import explorer\n"
        "for name in explorer.__all__: getattr(explorer, name)\n"
        "print(len(explorer.__all__))"
    )
    assert int(run(clean, "-c", code, cwd=tmp_path)) > 0


def test_every_module_imports_in_a_clean_environment(clean, tmp_path):
    code = (
        "import explorer, importlib, pkgutil\n"
        "found = [m.name for m in pkgutil.walk_packages(explorer.__path__, 'explorer.')]\n"
        "[importlib.import_module(name) for name in found if not name.endswith('__main__')]\n"
        "print(len(found))"
    )
    assert int(run(clean, "-c", code, cwd=tmp_path)) > 0


def test_the_command_line_answers_in_a_clean_environment(clean, tmp_path):
    command = clean.parent / ("explorer.exe" if os.name == "nt" else "explorer")
    assert "doctor" in run(command, "--help", cwd=tmp_path)

"""The shape of the house: imports point down, and one file holds one thing."""

import ast
import keyword
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "explorer"
FLOORS = {
    "registry": 0,
    "norms": 1,
    "noise": 1,
    "problems": 1,
    "theory": 1,
    "optim": 2,
    "run": 3,
    "plots": 4,
    "ui": 5,
    "_verdict": 4,
    "_exercises": 5,
    "lesson": 6,
    "__init__": 6,
    "__main__": 6,
}
ONE_CLASS_ROOMS = ("norms", "noise", "problems", "optim", "plots")
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "tools", "misc", "common"}

FILES = sorted(PACKAGE.rglob("*.py"))
ONE_CLASS_FILES = [
    path for room in ONE_CLASS_ROOMS for path in sorted((PACKAGE / room).glob("[!_]*.py"))
]


def label(path):
    return path.relative_to(PACKAGE.parent).as_posix()


def room_of(dotted):
    """The room that a module name of ours belongs to; the front door for the package itself."""
    return [*dotted.split("."), "__init__"][1]


def modules_imported(source, package):
    """Every module that a source names in an import, at its top or inside a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            # `from explorer import norms` names a room, `from explorer import run` may too.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imports_that_do_not_point_down(source, module):
    """The imports of our own rooms that climb, or cross to another room of the same floor."""
    home = room_of(module)
    for name in modules_imported(source, module.rpartition(".")[0]):
        if name.split(".")[0] != "explorer":
            continue
        room = room_of(name) if room_of(name) in FLOORS else "__init__"
        if room != home and FLOORS[room] >= FLOORS[home]:
            yield name


def module_name(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=label)
def test_every_file_lives_in_a_room_with_a_floor(path):
    assert room_of(module_name(path)) in FLOORS, f"{label(path)} is in no room of the house"


@pytest.mark.parametrize("path", FILES, ids=label)
def test_imports_point_down(path):
    if FLOORS[room_of(module_name(path))] == max(FLOORS.values()):
        return
    climbing = list(imports_that_do_not_point_down(path.read_text(), module_name(path)))
    assert climbing == [], f"{label(path)} imports what stands above or beside it"


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from explorer.ui.session import Session", "explorer.run.trace"),
        ("import explorer.norms.sign", "explorer.noise.stable"),
        ("def late():\n    from explorer.problems import _data", "explorer.theory.bound"),
        ("from explorer import RunSpec", "explorer.plots.decay"),
        ("from ..ui import panel", "explorer.run.trace"),
        ("from explorer import plots", "explorer.optim.scion"),
    ],
)
def test_an_import_that_climbs_is_seen(source, module):
    assert list(imports_that_do_not_point_down(source, module))


def test_an_import_that_points_down_is_let_through():
    source = "from explorer.norms._base import Norm\nfrom .spec import RunSpec\nimport torch"
    assert list(imports_that_do_not_point_down(source, "explorer.run.experiment")) == []


@pytest.mark.parametrize("path", FILES, ids=label)
def test_pyplot_and_its_global_state_are_nowhere(path):
    named = modules_imported(path.read_text(), module_name(path).rpartition(".")[0])
    assert not [name for name in named if "pyplot" in name or "pylab" in name]


@pytest.mark.parametrize("path", FILES, ids=label)
def test_no_file_is_named_after_nothing(path):
    assert path.stem.strip("_") not in NAMES_OF_NOTHING


@pytest.mark.parametrize("path", ONE_CLASS_FILES, ids=label)
def test_a_public_file_holds_one_public_class_of_its_name(path):
    public = [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    wanted = path.stem.replace("_", "")
    if keyword.iskeyword(wanted.capitalize()):  # Python keeps None for itself: NoNoise
        wanted = f"no{path.parent.name}"
    assert [name.lower() for name in public] == [wanted]

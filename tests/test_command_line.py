"""The command line: what it draws, prints and refuses."""

import subprocess
import sys

import numpy as np
import pytest

import explorer
from explorer import RunSpec, Trace, run
from explorer.__main__ import main

TINY = ("horizon=200", "seeds=2", "device=cpu")
SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_draws_the_picture_and_prints_the_sentence(folder, capsys):
    assert main(["run", *TINY]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{run(SPEC).sentence}\n")
    assert said.endswith("drawn into decay.png\n")
    assert (folder / "decay.png").read_bytes().startswith(PNG_SIGNATURE)
    assert [path.name for path in folder.iterdir()] == ["decay.png"]


def test_fields_are_read_as_numbers_words_and_truths(folder):
    fields = ["norm=sign", "tail_index=1.3", "transport=True", "lr=None", "problem=log_cosh"]
    assert main(["run", *TINY, *fields, "--save", "a.npz", "--out", "a.svg"]) == 0
    wanted = SPEC.replace(norm="sign", tail_index=1.3, transport=True)
    trace = Trace.load(folder / "a.npz")
    assert trace.spec == wanted
    np.testing.assert_array_equal(trace.stationarity, run(wanted).stationarity)
    assert "<svg" in (folder / "a.svg").read_text()
    assert not (folder / "decay.png").exists()


def test_an_option_of_a_problem_is_part_of_its_name(folder):
    assert main(["run", *TINY, "problem=log_cosh(flatness=10)", "--save", "a.npz"]) == 0
    assert Trace.load(folder / "a.npz").spec.problem == "log_cosh(flatness=10)"


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("tail_indx=1.3", "has no field 'tail_indx'"),
        ("tail_index=3", "tail_index must lie in (1, 2], got 3"),
        ("tail_index", "a field must read like tail_index=1.3, got 'tail_index'"),
        ("norm=spectrl", "unknown norm 'spectrl'; expected one of"),
        ("seeds='two'", "seeds must be a whole number"),
        ("problem=log_cosh(flatnes=10)", "flatnes"),
    ],
)
def test_what_is_refused_is_one_line_on_stderr_and_status_two(
    folder, capsys, command, field, sentence
):
    assert main([command, *TINY, field]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("explorer: ")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("picture", ["decay.xyz", "nowhere/decay.png", "decay"])
def test_a_picture_that_cannot_be_drawn_is_refused_before_the_run(capsys, command, picture):
    endless = ["horizon=1000000000000", "batch_size=1"]
    assert main([command, *endless, "--out", picture]) == 2
    said = capsys.readouterr().err
    assert repr(picture) in said
    assert "--out" in said


def test_a_rate_of_a_network_is_refused_with_a_sentence(capsys):
    assert main(["sweep", "problem=mlp", "device=cpu"]) == 2
    assert "no rate to measure" in capsys.readouterr().err


def test_sweep_takes_fields_and_a_picture(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "FIELD=VALUE" in said
    assert "--out" in said


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["rnu"])
    assert ended.value.code == 2
    assert "invalid choice: 'rnu'" in capsys.readouterr().err


def test_doctor_prints_versions(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"scion-explorer {explorer.__version__}" in said
    for package in ("Python", "torch", "numpy", "matplotlib", "ipywidgets", "anywidget"):
        assert package in said


def test_help_lists_the_commands():
    command = [sys.executable, "-m", "explorer", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    for name in ("lab", "run", "sweep", "doctor"):
        assert f"\n    {name} " in done.stdout
    assert done.stderr == ""

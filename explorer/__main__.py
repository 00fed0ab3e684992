"""The command line: First look without a browser, lessons, runs, rates, and what is installed."""

import argparse
import ast
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import explorer

PACKAGE = Path(__file__).parent
PICTURES = (".png", ".svg", ".pdf")
CUT_OFF = 130  # exit status of what Ctrl-C has ended, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    Args:
        arguments: Words of the command line; None takes the program's own.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return given.command(given)
    except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        print(f"explorer: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="explorer",
        description="Scale-invariant optimisation under heavy-tailed noise, beside its bounds. "
        "Without a command: First look, drawn into decay.png.",
    )
    parser.set_defaults(command=_run, fields=[], picture=Path("decay.png"), save=None)
    commands = parser.add_subparsers(title="commands")
    lab = commands.add_parser("lab", help="open the lessons in JupyterLab")
    lab.set_defaults(command=_lab)
    lab.add_argument("options", nargs="*", help="passed on to JupyterLab, behind --")
    fields: dict[str, Any] = {
        "nargs": "*",
        "metavar": "FIELD=VALUE",
        "help": "of RunSpec, e.g. tail_index=1.3",
    }
    run = commands.add_parser("run", help="one run: its sentence and its picture")
    run.set_defaults(command=_run)
    run.add_argument("fields", **fields)
    run.add_argument(
        "--out", dest="picture", type=Path, default=Path("decay.png"), help="PNG, SVG or PDF file"
    )
    run.add_argument("--save", type=Path, help="npz file for the trace")
    sweep = commands.add_parser("sweep", help="the rate: one tuned run for each horizon")
    sweep.set_defaults(command=_sweep)
    sweep.add_argument("fields", **fields)
    sweep.add_argument(
        "--out", dest="picture", type=Path, default=Path("rate.png"), help="PNG, SVG or PDF file"
    )
    doctor = commands.add_parser("doctor", help="versions, devices and what is missing")
    doctor.set_defaults(command=_doctor)
    return parser


def _run(given: argparse.Namespace) -> int:
    _refuse_unless_drawable(given.picture)
    if given.save:
        given.save = given.save.with_suffix(".npz")  # as NumPy would
        _refuse_unless_in_a_folder("--save", given.save)
    trace = explorer.run(_spec(given.fields), progress=True)
    print(trace)
    for note in trace.notes:
        print(note[0].upper() + note[1:])
    trace.figure().savefig(given.picture, dpi=200)
    print(f"drawn into {given.picture}")
    if given.save:
        trace.save(given.save)
        print(f"saved in {given.save}")
    return 0 if trace.complete else CUT_OFF


def _sweep(given: argparse.Namespace) -> int:
    _refuse_unless_drawable(given.picture)
    rate = explorer.sweep(_spec(given.fields), progress=True)
    print(rate)
    rate.figure().savefig(given.picture, dpi=200)
    print(f"drawn into {given.picture}")
    return 0 if rate.complete else CUT_OFF


def _doctor(given: argparse.Namespace) -> int:
    print(explorer.doctor())
    return 0


def _lab(given: argparse.Namespace) -> int:
    """Start JupyterLab on the lessons; installed ones are copied to where they can be changed."""
    lessons = PACKAGE.parent / "notebooks"
    if not lessons.is_dir():
        lessons = Path("explorer-lessons")
        shipped = PACKAGE / "_lessons"
        if not shipped.is_dir():
            raise FileNotFoundError(
                f"no lessons at {shipped}: this installation is incomplete; install it again."
            )
        lessons.mkdir(exist_ok=True)
        for lesson in shipped.glob("*.ipynb"):
            if not (lessons / lesson.name).exists():  # a reader's answers are never overwritten
                shutil.copy(lesson, lessons)
    command = [sys.executable, "-m", "jupyter", "lab", str(lessons / "00_start_here.ipynb")]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    os.execv(sys.executable, [*command, *given.options])
    return 0


def _refuse_unless_drawable(picture: Path) -> None:
    """Refuse a file that could not be written, before a run is spent on it."""
    if picture.suffix.lower() not in PICTURES:
        raise ValueError(f"--out must end in one of {list(PICTURES)}, got {str(picture)!r}.")
    _refuse_unless_in_a_folder("--out", picture)


def _refuse_unless_in_a_folder(option: str, path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{option} needs a folder that exists, got {str(path)!r}.")


def _spec(fields: Sequence[str]) -> Any:
    from explorer.run.spec import refuse_unknown_fields

    choices: dict[str, Any] = {}
    for field in fields:
        name, separator, text = field.partition("=")
        if not separator:
            raise ValueError(f"a field must read like tail_index=1.3, got {field!r}.")
        try:
            choices[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            choices[name] = text
    refuse_unknown_fields(choices)
    return explorer.RunSpec(**choices)


if __name__ == "__main__":
    sys.exit(main())

"""The lines of Python that repeat what a picture shows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from explorer.run.spec import RunSpec
from explorer.ui._jobs import DRAWN_BESIDE, SIZES


class Verb(NamedTuple):
    """What a script calls for a kind of picture, and what it calls the result."""

    function: str
    result: str


VERBS: Mapping[str, Verb] = {
    "trace": Verb("run", "trace"),
    "rate": Verb("sweep", "rate"),
    "grid": Verb("sweep", "grid"),
    "reach": Verb("calls_to_reach", "reach"),
    "contest": Verb("compare_norms", "contest"),
    "survey": Verb("survey_noise", "survey"),
}


def code(
    kind: str,
    spec: RunSpec,
    variants: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return lines that repeat what pictures of a kind show, and print it.

    Args:
        kind: What the picture draws: ``"trace"``, ``"rate"``, ...
        spec: The spec.
        variants: Fields that differ, run beside it.
        options: Arguments of the study.

    Example:
        >>> print(code("trace", RunSpec(tail_index=1.3), [{"transport": True}]))
        from explorer import RunSpec, run
        <BLANKLINE>
        spec = RunSpec(tail_index=1.3)
        trace = run(spec)
        print(trace)
        print(run(spec.replace(transport=True)))
        trace.figure().savefig('trace.png', dpi=200)
    """
    function, result = VERBS[kind]
    options = dict(options or {})
    if kind == "grid" and not set(options) - {"horizons", "batch_size"}:
        options["rows"] = SIZES
    extra = "".join(f", {name}={_plain(value)!r}" for name, value in options.items())
    _, _, spec_line, *_ = spec.code().splitlines()
    beside = variants if kind == "trace" or kind in DRAWN_BESIDE else ()
    changed = [", ".join(f"{name}={value!r}" for name, value in one.items()) for one in beside]
    return "\n".join(
        [
            f"from explorer import RunSpec, {function}",
            "",
            spec_line,
            f"{result} = {function}(spec{extra})",
            f"print({result})",
            *(f"print({function}(spec.replace({change}){extra}))" for change in changed),
            f"{result}.figure().savefig('{result}.png', dpi=200)",
        ]
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

"""The lines of Python that repeat what a picture shows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from explorer.registry import PLOTS
from explorer.run.spec import RunSpec
from explorer.ui._jobs import DRAWN_BESIDE, label_of, of_a_grid


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
    plot: str,
    spec: RunSpec,
    variants: Sequence[Mapping[str, Any]] = (),
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return lines that repeat what a picture shows, print it, and draw it into a file.

    Args:
        plot: Name of ``PLOTS``.
        spec: The spec.
        variants: Fields that differ, run beside it.
        options: Arguments of the study.

    Example:
        >>> print(code("decay", RunSpec(tail_index=1.3), [{"transport": True}]))
        from explorer import RunSpec, run
        <BLANKLINE>
        spec = RunSpec(tail_index=1.3)
        trace = run(spec)
        print(trace)
        kept = [
            ('transport on', run(spec.replace(transport=True))),
        ]
        for label, other in kept:
            print(f"{label}: {other}")
        trace.figure('decay', kept=kept).savefig('decay.png', dpi=200)
    """
    kind = PLOTS[plot].draws
    function, result = VERBS[kind]
    options = dict(options or {})
    if kind == "grid":
        fields, arguments = of_a_grid(options)
        options = fields | arguments
    extra = "".join(f", {name}={_plain(value)!r}" for name, value in options.items())
    _, _, spec_line, *_ = spec.code().splitlines()
    beside = variants if kind == "trace" or kind in DRAWN_BESIDE else ()
    lines: list[str] = []
    if beside:
        lines = ["kept = [", *(_beside(function, one, extra) for one in beside), "]"]
        lines += ["for label, other in kept:", '    print(f"{label}: {other}")']
    kept = ", kept=kept" if beside else ""
    return "\n".join(
        [
            f"from explorer import RunSpec, {function}",
            "",
            spec_line,
            f"{result} = {function}(spec{extra})",
            f"print({result})",
            *lines,
            f"{result}.figure({plot!r}{kept}).savefig('{plot}.png', dpi=200)",
        ]
    )


def _beside(function: str, change: Mapping[str, Any], extra: str) -> str:
    changed = ", ".join(f"{name}={value!r}" for name, value in change.items())
    return f"    ({label_of(change)!r}, {function}(spec.replace({changed}){extra})),"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

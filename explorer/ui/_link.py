"""Links: a panel's choice as a short text that opens the same panel elsewhere."""

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from explorer.plots._base import CLOCKS, XSCALES
from explorer.registry import PLOTS
from explorer.run.spec import RunSpec, field_names
from explorer.ui._preset import Preset
from explorer.ui.presets import PRESETS

SAFE = "(),' "  # readable, and allowed in a query once it is quoted as a whole
LOOKS = ("preset", "plot", "xscale", "against")
LONGEST = 4000  # characters; what is longer no panel has written
TEXTS = frozenset(("problem", "norm", "noise", "optimizer", "schedule", "device", "dtype"))


class Choice(NamedTuple):
    """What a link holds.

    Attributes:
        preset: Where the panel starts from.
        spec: What is chosen.
        plot: Name of the picture.
        xscale: Scale of x.
        against: What x counts.
    """

    preset: Preset
    spec: RunSpec
    plot: str
    xscale: str
    against: str


def write(choice: Choice) -> str:
    """Return a choice as a link, which names what differs from the preset and nothing else.

    A preset of a reader's own is left out: its spec is written as it differs from the first look.

    Example:
        >>> preset = PRESETS["First look"]
        >>> write(Choice(preset, preset.spec.replace(tail_index=1.3), "rate", "log", "calls"))
        'preset=first-look&tail_index=1.3&plot=rate'
    """
    preset = PRESETS["First look"]
    if PRESETS.ships(choice.preset):
        preset = choice.preset
    parts = {"preset": preset.slug}
    parts |= {name: _text(value) for name, value in changes(preset.spec, choice.spec).items()}
    looks = {"plot": preset.plots[0], "xscale": preset.xscale, "against": preset.against}
    parts |= {name: mine for name, its in looks.items() if (mine := getattr(choice, name)) != its}
    return "&".join(f"{name}={quote(text, safe=SAFE)}" for name, text in parts.items())


def changes(start: RunSpec, spec: RunSpec) -> dict[str, Any]:
    """Return the fewest fields that turn one spec into another by ``replace``."""
    new = {} if spec.problem == start.problem else {"problem": spec.problem}
    base = _replaced(start, new) or RunSpec(problem=spec.problem)
    said = {name: mine for name, (mine, _) in spec.diff(base).items()}
    # one unit of noise puts the others out of use by itself
    fewest = {name: mine for name, mine in said.items() if mine is not None}
    for some in (new | fewest, new | said):
        if _replaced(start, some) == spec:
            return some
    return {name: getattr(spec, name) for name in field_names()}


def _replaced(start: RunSpec, some: dict[str, Any]) -> RunSpec | None:
    """Return a changed spec, or None where it is refused: another field is in its way."""
    try:
        return start.replace(**some)
    except ValueError:
        return None


def read(text: str) -> Choice:
    """Return the choice that a link holds; an empty one is the first look.

    Args:
        text: What :func:`write` gave, a whole address that ends with it, or one that carries it as
            ``?spec=...``, quoted or not.

    Raises:
        TypeError: If it is no text.
        ValueError: If it cannot be read, or a value in it is refused.
    """
    if not isinstance(text, str):
        raise TypeError(f"a link must be a text, got {text!r}; take one from panel.link().")
    if len(text) > LONGEST:
        raise ValueError(f"a link has at most {LONGEST:,} characters, got {len(text):,}.")
    query = urlsplit(text.strip()).query or text.strip().removeprefix("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    if query and not given:
        raise ValueError(f"a link reads like preset=first-look&tail_index=1.3, got {text!r}.")
    if "spec" in given:
        # of an address, whose other words are not for us unless they are a link's: one that was
        # not quoted ends at its first "&"
        carried = dict(parse_qsl(given.pop("spec"), keep_blank_values=True))
        given = {name: word for name, word in given.items() if name in (*LOOKS, *field_names())}
        given = carried | given
    try:
        return _choice(given)
    except (KeyError, TypeError, ValueError, RuntimeError, RecursionError, MemoryError) as error:
        raise ValueError(str(error) or f"this link cannot be read: {text[:80]!r}.") from error


def _choice(given: dict[str, str]) -> Choice:
    preset = PRESETS[given.pop("preset", "First look")]
    looks = {
        "plot": (given.pop("plot", preset.plots[0]), PLOTS),
        "xscale": (given.pop("xscale", preset.xscale), XSCALES),
        "against": (given.pop("against", preset.against), CLOCKS),
    }
    for name, (value, known) in looks.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {[*known]} in this link, got {value!r}.")
    unknown = [name for name in given if name not in field_names()]
    if unknown:
        raise ValueError(
            f"a link has no word {unknown[0]!r}; it has {', '.join(LOOKS)}, and the fields of a "
            f"spec: {list(field_names())}."
        )
    spec = preset.spec.replace(**{name: _value(name, value) for name, value in given.items()})
    return Choice(preset, spec, *(value for value, _ in looks.values()))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(name: str, text: str) -> Any:
    if name in TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(
            f"{name} must be a number, true, false or null in a link, got {text!r}."
        ) from None

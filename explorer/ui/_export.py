"""Export: a picture, its numbers or its choice as a file that says what it shows."""

import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import rc_context

from explorer.plots._base import DRAWING
from explorer.plots._style import CSS_DPI, PALETTES, SMALLEST_PT
from explorer.registry import PLOTS
from explorer.run._version import package_version
from explorer.run.spec import RunSpec, field_names, unasked
from explorer.ui._picture import Picture

CHARACTERS_AN_INCH = 15.5  # of the smallest letters
PRINT_DPI = 300


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        label: Its words in the menu.
        suffix: Its ending.
        mime: Its type on the web.
        dpi: Pixels per inch, of a picture made of pixels.
    """

    label: str
    suffix: str
    mime: str
    dpi: float | None = None


KINDS: Mapping[str, Kind] = {
    "png": Kind("PNG, as on the screen", ".png", "image/png", 2 * CSS_DPI),
    "png-300": Kind("PNG, 300 dpi", ".png", "image/png", PRINT_DPI),
    "svg": Kind("SVG", ".svg", "image/svg+xml"),
    "pdf": Kind("PDF", ".pdf", "application/pdf"),
    "csv": Kind("CSV, the numbers", ".csv", "text/csv"),
    "json": Kind("JSON, the choice", ".json", "application/json"),
    "python": Kind("Python, the lines", ".py", "text/x-python"),
}


class Scene(NamedTuple):
    """What is exported.

    Attributes:
        picture: What is drawn; a copy to which nothing is added.
        code: Lines of Python that repeat it.
        link: Link to the panel that shows it.
        size: Width and height of the picture in inches.
        options: Of the plot: what x is, and a prediction.
    """

    picture: Picture
    code: str
    link: str
    size: tuple[float, float]
    options: Mapping[str, Any]


def export(scene: Scene, kind: str) -> bytes:
    """Return the bytes of a file, with parameters, seed and version in it.

    Pictures are light, whatever the page is, since paper is.

    Raises:
        ValueError: If ``kind`` is none of ``KINDS``.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}.")
    if kind == "python":
        return f"# scion-explorer {package_version()}\n{scene.code}\n".encode()
    if kind == "json":
        return (_about(scene) + "\n").encode()
    if kind == "csv":
        data = scene.picture.data
        if not data.rows():
            raise ValueError("there are no numbers yet; press Run first.")
        return data.csv(scene.picture.beside).encode()
    return _picture(scene, KINDS[kind])


def kind_of(path: Path, wanted: str | None = None) -> str:
    """Return the kind of a file by its ending, a picture of pixels as it is on the screen.

    Args:
        path: The file.
        wanted: A kind of ``KINDS``, which the ending must fit.

    Raises:
        ValueError: If the ending belongs to none, or to another one.
    """
    if wanted is not None and wanted not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {wanted!r}.")
    if wanted is not None:
        if KINDS[wanted].suffix != path.suffix.lower():
            raise ValueError(
                f"path must end in {KINDS[wanted].suffix!r} for kind {wanted!r}, got {str(path)!r}."
            )
        return wanted
    for name, known in KINDS.items():
        if known.suffix == path.suffix.lower():
            return name
    endings = sorted({known.suffix for known in KINDS.values()})
    raise ValueError(f"path must end in one of {endings}, got {str(path)!r}.")


def parameters(spec: RunSpec) -> str:
    """Return every field that a run asks for, in one line.

    Example:
        >>> parameters(RunSpec(noise="none", horizon=100))
        'problem log_cosh, rows 4, columns 16, norm spectral, noise none, optimizer scion, ...'
    """
    said = {name: getattr(spec, name) for name in field_names() if not unasked(spec, name)}
    said = {name: value for name, value in said.items() if value is not None}
    words = {True: "on", False: "off"}
    return ", ".join(
        f"{name.replace('_', ' ')} {words[value] if isinstance(value, bool) else value}"
        for name, value in said.items()
    )


def _about(scene: Scene) -> str:
    _, data, beside, _ = scene.picture
    return json.dumps(
        {
            "version": package_version(),
            "plot": scene.picture.plot,
            "link": scene.link,
            "spec": json.loads(data.spec.to_json()),
            "beside": {label: json.loads(one.spec.to_json()) for label, one in beside},
            "sentence": scene.picture.sentence,
        },
        indent=1,
    )


def _picture(scene: Scene, kind: Kind) -> bytes:
    about, buffer, picture = _about(scene), io.BytesIO(), scene.picture
    form = kind.suffix.removeprefix(".")
    key = {"png": "Description", "svg": "Description", "pdf": "Keywords"}[form]
    metadata: dict[str, Any] = {key: about, "Title": picture.data.title}
    if form in ("svg", "pdf"):  # no date
        metadata |= {"svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    # equal choices give equal files; names inside an SVG are random without a salt
    with DRAWING, rc_context({"svg.hashsalt": about}):
        figure = PLOTS[picture.plot].of(
            picture.data,
            kept=picture.beside,
            stored=picture.lines,
            size=scene.size,
            **scene.options,
        )
        _caption(figure, _lines(scene))
        figure.savefig(
            buffer,
            format=form,
            dpi=kind.dpi or CSS_DPI,
            metadata=metadata,
            bbox_inches="tight",  # the caption stands below the picture's own frame
            pad_inches=0.1,
        )
    return buffer.getvalue()


def _lines(scene: Scene) -> Sequence[str]:
    beside = [f"beside it: {label}" for label, _ in scene.picture.beside]
    words = f"scion-explorer {package_version()}: {parameters(scene.picture.data.spec)}"
    return textwrap.wrap("; ".join([words, *beside]), int(scene.size[0] * CHARACTERS_AN_INCH))


def _caption(figure: Any, lines: Sequence[str]) -> None:
    width, height = figure.get_size_inches()
    figure.text(
        0.12 / width,
        -0.06 / height,
        "\n".join(lines),
        va="top",
        fontsize=SMALLEST_PT,
        color=PALETTES["light"].faint,
    )

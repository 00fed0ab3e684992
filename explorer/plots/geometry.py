"""Geometry: a slice of the unit ball with momentum and step, and singular values in and out."""

import textwrap
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from explorer.plots._base import Pane, Plot, Series
from explorer.plots._key import ROW, Key
from explorer.plots._style import CHARACTER, CSS_DPI, SMALL_PT, SMALLEST_PT
from explorer.registry import PLOTS
from explorer.run.certificate import Certificate, absent, uncertified_spectra
from explorer.run.snapshot import Array, Snapshot

NARROW = 560  # CSS pixels of the picture, below which words are fewer and smaller
# Margins of a pair of axes in CSS pixels; below them stand two rows of words.
LEFT, RIGHT, BOTTOM, TOP = 52, 12, 98, 44
MOST_MARKERS = 12
EXTENT = 1.28  # half of the plane's side over the ball's radius: Newton-Schulz reaches 1.21
ARROW = 0.8  # length of the arrows over the distance of the line
HIGHEST = 1.25  # singular value over the largest: Newton-Schulz reaches 1.21
POINTS = ("step", "exact -grad f", "Newton-Schulz")
HEAD, SLANT = 10, 0.4  # length of an arrow's head in CSS pixels, and its half angle

# name of a line: its words, and fewer
PLACES = {
    "ball": ("unit ball", "unit ball"),
    "line": (r"$\langle M, X \rangle = -\|M\|_*$", r"$\langle M,X \rangle = -\|M\|_*$"),
    "momentum": (r"$-M$, scaled", r"$-M$"),
    "gradient": (r"exact $-\nabla f$, projected", r"exact $-\nabla f$"),
    "step": (r"step = lmo$(M)$", r"lmo$(M)$"),
    "Newton-Schulz": ("Newton-Schulz", "Newton-Schulz"),
}
SPECTRA = {
    "gradient": (r"of exact $\nabla f$", r"of exact $\nabla f$"),
    "M": (r"of $M$", r"of $M$"),
    "step": ("of the step", "of the step"),
    "Newton-Schulz": ("of Newton-Schulz", "Newton-Schulz"),
}


@final
@PLOTS.register("geometry")
class Geometry(Plot):
    """The last measured step of the first seed: the certificate of its LMO, and what it did.

    Left the plane of momentum M and step: the unit ball lies left of a line that the step touches.
    Right the singular values of M, of the step and of the exact gradient, each over its largest;
    those of Newton-Schulz are over the step's.
    """

    label = "Geometry"
    columns = 2

    def _make(self) -> None:
        width, height = (float(inches) * CSS_DPI for inches in self.figure.get_size_inches())
        self._size = width, height
        self._narrow = width < NARROW
        self._certified: tuple[Snapshot, str, Certificate] | None = None
        self._small = SMALLEST_PT if self._narrow else SMALL_PT
        share = width / self.columns
        self._pane = share - LEFT - RIGHT, height - BOTTOM - TOP
        self._room = width - LEFT - RIGHT
        for column, axes in enumerate(self.all_axes):
            corner = (column * share + LEFT) / width, BOTTOM / height
            axes.set_position((*corner, self._pane[0] / width, self._pane[1] / height))
            axes.set_xscale("linear")
            axes.set_yscale("linear")
        plane, spectra = self.all_axes
        plane.set_yticks([])  # its scale is that of x
        spectra.set_yticks([0, 0.5, 1])
        ticks = MaxNLocator(min(6, int(self._pane[0] / 25)), integer=True, min_n_ticks=1)
        spectra.xaxis.set_major_locator(ticks)
        self._make_lines()
        self._make_words()

    def _make_words(self) -> None:
        plane, spectra = self.all_axes
        labels = ("along $-M$", "across $M$"), ("index", "singular value")
        if not self._narrow:
            labels = (
                ("along $-M$, Frobenius length", "across $M$, same scale"),
                ("index", "singular value over the largest"),
            )
        for axes, (x, y) in zip(self.all_axes, labels, strict=True):
            axes.set_xlabel(x, fontsize=11)
            axes.set_ylabel(y, fontsize=11, labelpad=1)
        self._keys: list[Key] = []
        for axes, lines, said in (
            (plane, self._places, PLACES),
            (spectra, self._spectra, SPECTRA),
        ):
            words = {name: fewer if self._narrow else full for name, (full, fewer) in said.items()}
            key = Key(axes, lines, words, box=self._pane, fontsize=self._small)
            self.moving.extend(key.artists)
            self._keys.append(key)
        self._why = self.text(self.palette.ink, va="top", fontsize=self._small)
        self._why.set_transform(plane.transAxes)
        self._why.set_position((6 / self._pane[0], 1 - 6 / self._pane[1]))
        colors = self.palette.ink, self.palette.guide
        self._captions = [self.text(one, va="bottom", fontsize=self._small) for one in colors]
        width, height = self._size
        for row, text in enumerate(self._captions):
            text.set_transform(self.figure.transFigure)
            text.set_position((LEFT / width, (8 + ROW * (1 - row)) / height))

    def _make_lines(self) -> None:
        ink, run, loss = self.palette.ink, self.palette.run, self.palette.loss
        guide, (plane, spectra) = self.palette.guide, self.all_axes
        self._fill = PolyCollection([], facecolor=ink, alpha=0.07, lw=0)
        plane.add_collection(self._fill, autolim=False)
        self.moving.append(self._fill)
        self._places = {
            "ball": self.line(plane, color=ink, lw=1.4),
            "line": self.line(plane, color=ink, lw=1.4, ls=(0, (4, 2))),
            "momentum": self.line(plane, color=ink, lw=2.6, solid_capstyle="round"),
            "gradient": self.line(plane, color=loss, lw=1.4, solid_capstyle="round"),
            "step": self.line(plane, color=run, lw=0, marker="o", ms=9),
            "Newton-Schulz": self.line(plane, color=guide, lw=0, marker="X", ms=8),
        }
        self._spectra = {
            "gradient": self.line(spectra, color=loss, lw=1.2, ls=(0, (2, 1.5)), marker="v", ms=5),
            "M": self.line(spectra, color=ink, lw=2, marker="s", ms=6),
            "step": self.line(spectra, color=run, lw=2, marker="o", ms=7),
            "Newton-Schulz": self.line(
                spectra, color=guide, lw=1.6, ls=(0, (6, 2)), marker="X", ms=7
            ),
        }

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        data = data.still()  # one pair of matrices, however quickly the run goes on
        self._entitle(self._broken(data.title))
        for artist in self.moving:
            artist.set_visible(False)
        why = absent(data)
        if why is None:
            certificate = self._certificate(data)
            self._lay_out(certificate.radius, data.spec)
            self._show_plane(certificate)
            self._show_captions(certificate)
        else:
            self._lay_out(1.0, data.spec)
            self._say(self._why, textwrap.fill(why, self._letters(self._pane[0] - 12)))
        for name, shares in self._shares(data).items():
            self._show(self._spectra[name], np.arange(1.0, len(shares) + 1), shares)
            self._spectra[name].set_markevery(-(-len(shares) // MOST_MARKERS))
        for key in self._keys:
            key.follow()

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        data = data.still()
        lines: Series = {
            f"sigma of {name}": (np.arange(1.0, len(shares) + 1), shares)
            for name, shares in self._shares(data).items()
        }
        if absent(data) is None:
            for name, (x, y) in _points(self._certificate(data)).items():
                lines[name] = (np.array([x]), np.array([y]))
        return lines

    @property
    def panes(self) -> Sequence[Pane]:
        plane, spectra = self.all_axes
        right = {"xlabel": "index", "ylabel": "singular value over the largest"}
        return [
            Pane(plane, {"xlabel": "along -M", "ylabel": "across M"}, tuple(POINTS)),
            Pane(spectra, right, tuple(f"sigma of {name}" for name in SPECTRA)),
        ]

    def _certificate(self, data: Any) -> Certificate:
        """Return the certificate, made once for each pair of matrices."""
        if self._certified is None or self._certified[:2] != (data.snapshot, data.spec.norm):
            self._certified = (data.snapshot, data.spec.norm, Certificate.of(data))
        return self._certified[2]

    def _shares(self, data: Any) -> dict[str, Array]:
        return uncertified_spectra(data) if absent(data) else self._certificate(data).spectra

    def _lay_out(self, radius: float, spec: Any) -> None:
        """Set limits that depend on norm and shape alone, so that they stand still in a run."""
        plane, spectra = self.all_axes
        width, height = self._pane
        free = height - self._keys[0].height
        self._pixel = 2 * EXTENT * radius / min(width, free)  # equal along x and y
        half, below = width / 2 * self._pixel, free / 2 * self._pixel
        if plane.get_xlim() != (-half, half):
            digit = 10 ** np.floor(np.log10(radius))
            tick = np.floor(radius / digit + 1e-9) * digit
            plane.set_xticks([-tick, 0, tick])
        plane.set_xlim(-half, half)
        plane.set_ylim(-below, height * self._pixel - below)
        count = min(spec.rows, spec.columns) if spec.rows else 1
        margin = max(0.5, 0.04 * count)
        spectra.set_xlim(1 - margin, count + margin)
        share = self._keys[1].height / height
        spectra.set_ylim(-0.05, (HIGHEST + 0.05) / (1 - share) - 0.05)

    def _show_plane(self, certificate: Certificate) -> None:
        places, ball = self._places, certificate.ball
        self._fill.set_verts([ball])
        self._fill.set_visible(True)
        self._show(places["ball"], *ball.T)
        reach = EXTENT * certificate.radius
        self._show(places["line"], [certificate.support] * 2, [-reach, reach])
        length = ARROW * certificate.support
        self._show(places["momentum"], *_arrow(np.array([length, 0.0]), self._pixel))
        self._show(places["gradient"], *_arrow(length * certificate.gradient, self._pixel))
        self._show(places["step"], *certificate.lmo[:, None])
        if certificate.approximation is not None:
            self._show(places["Newton-Schulz"], *certificate.approximation.point[:, None])

    def _show_captions(self, certificate: Certificate) -> None:
        """Say how good step and Newton-Schulz are, as fully as the width allows."""
        exact, approximate = certificate.captions
        for text, words in zip(self._captions, (exact, approximate), strict=True):
            fitting = [one for one in words if len(one) <= self._letters(self._room)]
            if words:
                self._say(text, (fitting or words[-1:])[0])

    def _broken(self, title: str) -> str:
        """Return a title, in two lines broken behind commas where one is too narrow."""
        letters = self._letters(self._room, SMALLEST_PT)
        if len(title) <= letters:
            return title
        tied = title.replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")
        return textwrap.fill(tied, letters, max_lines=2, placeholder=" ...")

    def _letters(self, pixels: float, size: float | None = None) -> int:
        """Return how many letters, small ones if no size is given, so many CSS pixels hold."""
        return int(pixels / (CHARACTER * (size or self._small) / 72 * CSS_DPI))

    def _say(self, text: Text, words: str) -> None:
        text.set_text(words)
        text.set_visible(True)

    def _show(self, line: Line2D, x: Any, y: Any) -> None:
        line.set_data(x, y)
        line.set_visible(True)


def _points(certificate: Certificate) -> dict[str, Array]:
    """Return the points of the plane that a read-out names, as they are drawn."""
    length = ARROW * certificate.support
    points = {"step": certificate.lmo, "exact -grad f": length * certificate.gradient}
    if certificate.approximation is not None:
        points["Newton-Schulz"] = certificate.approximation.point
    return points


def _arrow(tip: Array, pixel: float) -> tuple[Array, Array]:
    """Return an arrow from 0 as one broken line, its head of a size in pixels."""
    length = float(np.hypot(*tip))
    if not length:
        return np.zeros(1), np.zeros(1)
    back = -tip / length * min(HEAD * pixel, length)
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in (SLANT, -SLANT)]
    left, right = (tip + turn @ back for turn in turns)
    points = np.array([np.zeros(2), tip, left, tip, right])
    return points[:, 0], points[:, 1]

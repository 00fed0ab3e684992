"""The one place with colours, sizes and number formats of the pictures."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

Theme = Literal["light", "dark", "light high contrast", "dark high contrast"]
THEMES: tuple[Theme, ...] = get_args(Theme)

WIDTH_IN, HEIGHT_IN = 8.2, 5.0
CSS_DPI = 96  # a CSS pixel is 1/96 inch, so text keeps its size at every pixel ratio
FONT_PT = 10.5  # 14 CSS pixels
SMALL_PT = 9.5
SMALLEST_PT = 8.5  # 11 CSS pixels
CHARACTER = 0.54  # mean width of a letter in units of the font size


@dataclass(frozen=True)
class Palette:
    """Colours of a theme; all stand out from the ground by 4.5 to 1, of high contrast by 7 to 1."""

    ground: str
    ink: str
    faint: str
    run: str
    guide: str
    loss: str
    prediction: str
    kept: tuple[str, ...]


# Blue, vermilion, green and purple of Okabe and Ito's palette, told apart by colour-blind readers;
# lightened or darkened until text in them is legible.
PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        ground="#ffffff",
        ink="#111111",
        faint="#616161",
        run="#0067a8",
        guide="#b84700",
        loss="#00734f",
        prediction="#a3195b",
        kept=("#6b6b6b", "#8e4a78", "#7a5c00", "#1d6f72"),
    ),
    "dark": Palette(
        ground="#111111",
        ink="#eeeeee",
        faint="#a8a8a8",
        run="#5cb8ef",
        guide="#ff9a4d",
        loss="#35c795",
        prediction="#ff8fc1",
        kept=("#b0b0b0", "#e39ac6", "#d8b545", "#6cc9cc"),
    ),
    "light high contrast": Palette(
        ground="#ffffff",
        ink="#000000",
        faint="#444444",
        run="#004c80",
        guide="#8a3500",
        loss="#00563b",
        prediction="#83124a",
        kept=("#4d4d4d", "#6e3159", "#5c4500", "#0f5457"),
    ),
    "dark high contrast": Palette(
        ground="#111111",
        ink="#ffffff",
        faint="#c6c6c6",
        run="#74c7f8",
        guide="#ffab66",
        loss="#4fd8a8",
        prediction="#ffa3cd",
        kept=("#c4c4c4", "#edb0d5", "#e2c35c", "#83d6d9"),
    ),
}
KEPT_DASHES: tuple[Any, ...] = (":", (0, (5, 1.5, 1, 1.5)), (0, (1, 2.5)), (0, (7, 2, 1, 2, 1, 2)))


def dress(axes: Axes, palette: Palette) -> None:
    """Give axes the house look: no box, thin ink, legible ticks."""
    axes.set_facecolor(palette.ground)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(palette.ink)
    axes.tick_params(which="both", colors=palette.ink, labelsize=FONT_PT)
    axes.tick_params(which="minor", labelsize=SMALL_PT)
    axes.xaxis.label.set_color(palette.ink)
    axes.yaxis.label.set_color(palette.ink)


def plain_number(value: float) -> str:
    """Return a tick label as people write it: 0.1, 20,000, 1e6, 1e-6."""
    if 1 <= value < 1e6 and value == round(value):
        return f"{value:,.0f}"
    digits, e, power = f"{value:g}".partition("e")
    return f"{digits}e{int(power)}" if e else digits


PLAIN = FuncFormatter(lambda value, _: plain_number(value))

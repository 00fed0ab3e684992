"""Compare: the present run and what stands beside it, as a table, with a way to drop each."""

import html
from collections.abc import Callable, Sequence
from typing import Any, final

import ipywidgets as widgets

from explorer.plots._style import KEPT_DASHES, PALETTES, Theme
from explorer.run.trace import Trace
from explorer.ui._close import close_all
from explorer.ui._export import parameters
from explorer.ui._jobs import Kept

COMPARE_STYLE = """
.explorer-compare { border-collapse: collapse; font-size: 12px; line-height: 1.35;
  color: var(--jp-content-font-color1, #111); }
.explorer-compare th, .explorer-compare td { padding: 2px 10px 2px 0; text-align: left;
  vertical-align: top; }
.explorer-compare th { white-space: nowrap; }
.explorer-compare td:last-child { white-space: normal; min-width: 180px; }
.explorer-compare td.explorer-count { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.explorer-compare-holder { overflow-x: auto; max-width: 100%; }
"""
COLUMNS = ("line", "run", "weighted mean", "slope", "bound", "calls", "computing", "settings")
WIDTH = 2.2
DOTS = (1, 1.65)  # what matplotlib makes of ":", in widths of the line


@final
class Compare(widgets.VBox):
    """A table of runs, and a button for each kept one that drops it.

    Args:
        drop: Called with the number of a kept run, or with None for all of them.
    """

    def __init__(self, drop: Callable[[int | None], None]) -> None:
        self._drop = drop
        self._table = widgets.HTML(layout={"width": "auto"})
        self._buttons = widgets.HBox(layout={"flex_flow": "row wrap"})
        super().__init__([self._table, self._buttons])
        self._shown: object = None

    def show(self, data: Trace, beside: Kept, kept: Sequence[Trace], theme: Theme) -> None:
        """Show the present run and those beside it; nothing where it is alone.

        Args:
            data: The present run.
            beside: Labelled runs drawn with it: variants, then kept ones.
            kept: All kept runs; those that there is no room for are said to be not drawn.
            theme: Of the page.
        """
        undrawn = [one for one in kept if not any(one is other for _, other in beside)]
        rows = [("present run", data, _sample(None, theme))]
        rows += [(label, one, _sample(i, theme)) for i, (label, one) in enumerate(beside)]
        rows += [(_why_undrawn(one, data), one, "not drawn") for one in undrawn]
        alone = len(rows) == 1
        said = "" if alone else _table(rows)
        labels = {id(one): label for label, one in beside}
        names = [labels.get(id(one), _why_undrawn(one, data)) for one in kept]
        if (said, names) != self._shown:
            self._shown = said, names
            self._table.value = said
            self._offer(names)
        self.layout.display = "none" if alone else None

    def _offer(self, names: Sequence[str]) -> None:
        """Make a button for each kept run; those there are stay, so that none loses its focus."""
        before = self._buttons.children
        if [one.tooltip for one in before[:-1]] == [f"Drop: {name}" for name in names]:
            return
        buttons: list[Any] = []
        for i, name in enumerate(names):
            button = widgets.Button(
                description=f"Drop: {name}", tooltip=f"Drop: {name}", layout={"width": "auto"}
            )
            button.on_click(lambda _, i=i: self._drop(i))
            buttons.append(button)
        if names:
            button = widgets.Button(
                description="Drop all", icon="eraser", tooltip="Forget all kept runs",
                layout={"width": "auto"},
            )  # fmt: skip
            button.on_click(lambda _: self._drop(None))
            buttons.append(button)
        self._buttons.children = buttons
        for old in before:
            close_all(old)


def _why_undrawn(kept: Trace, data: Trace) -> str:
    return "the same choice" if kept.spec == data.spec else "no room beside the variants"


def _table(rows: Sequence[tuple[str, Trace, str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "".join(f"<tr>{_row(*row)}</tr>" for row in rows)
    return (
        '<div class="explorer-compare-holder" tabindex="0" role="region" '
        'aria-label="Runs beside each other">'
        f'<table class="explorer-compare"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(label: str, trace: Trace, sample: str) -> str:
    cells = ["-"] * 5
    if len(trace) and trace.finite.any():
        low, high = trace.slope_interval
        interval = f" [{low:.3f}, {high:.3f}]" if trace.spec.seeds > 1 else ""
        cells = [
            f"{trace.running_mean[-1]:.3g}",
            f"{trace.slope:.3f}{interval}" if trace.slope == trace.slope else "none",
            "none" if trace.bound_unmet else f"{trace.bound[-1]:.3g}",
            f"{trace.column('stratum_end')[-1]:,.0f}",
            f"{trace.column('seconds')[-1]:.1f} s",
        ]
    numbers = "".join(f'<td class="explorer-count">{cell}</td>' for cell in cells)
    return (
        f"<td>{sample}</td><th scope='row'>{html.escape(label)}</th>{numbers}"
        f"<td>{html.escape(parameters(trace.spec))}</td>"
    )


def _sample(number: int | None, theme: Theme) -> str:
    """Return a short line as the picture draws it."""
    palette = PALETTES[theme]
    color = palette.run if number is None else palette.kept[number]
    dashes = ""
    if number is not None:
        pattern = DOTS if KEPT_DASHES[number] == ":" else KEPT_DASHES[number][1]
        lengths = " ".join(f"{WIDTH * part:g}" for part in pattern)
        dashes = f' stroke-dasharray="{lengths}"'
    return (
        '<svg width="44" height="12" role="img" aria-label="line">'
        f'<line x1="1" y1="6" x2="43" y2="6" stroke="{color}" stroke-width="{WIDTH}"'
        f"{dashes}/></svg>"
    )

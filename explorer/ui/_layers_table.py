"""Layers of a network as a table: what a step of size one means in each, and what it does now."""

import functools
import html
from typing import final

import ipywidgets as widgets

from explorer.norms._geometry import Geometry
from explorer.registry import NORMS, PROBLEMS
from explorer.run._records import LAYER
from explorer.run.spec import RunSpec, make, takes_lmo
from explorer.run.trace import Trace

TITLE = "Layers: norms and radii"
COLUMNS = ("layer", "shape", "norm", "radius r", "r times its dual norm now", "share")


@final
class LayersTable(widgets.Accordion):
    """A fold with a table, there for networks alone; a new table leaves it as open as it was."""

    def __init__(self) -> None:
        self._table = widgets.HTML(layout={"width": "auto"})
        super().__init__([self._table], titles=(TITLE,), layout={"display": "none"})

    def show(self, trace: Trace | None) -> None:
        """Show the layers of a run; None, or a run of a matrix, shows nothing.

        Args:
            trace: What is drawn.
        """
        if trace is None or not trace.spec.network or not takes_lmo(trace.spec):
            self.layout.display = "none"
            return
        self._table.value = table(trace)
        self.layout.display = None


def table(trace: Trace) -> str:
    """Return the layers of a network's run as HTML."""
    terms = {
        name.removeprefix(LAYER): float(values[-1])
        for name, values in trace.mean_measures.items()
        if name.startswith(LAYER) and len(values)
    }
    whole = sum(terms.values())
    rows: list[str] = []
    for name, shape, norm, radius in layers_of(trace.spec.problem, trace.spec.norm):
        term = terms.get(name)
        share = term / whole if term is not None and whole > 0 else None
        now = ["-" if term is None else f"{term:.3g}", "-" if share is None else f"{share:.0%}"]
        cells = "".join(f'<td class="explorer-count">{cell}</td>' for cell in (radius, *now))
        rows.append(
            f"<tr><th scope='row'>{html.escape(name)}</th><td>{shape}</td>"
            f"<td>{html.escape(norm)}</td>{cells}</tr>"
        )
    lr = trace.column("lr")
    moves = f"Every layer moves by {lr[-1]:.3g} radii a step now. " if len(lr) else ""
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return (
        f'<div class="explorer-why">{moves}The last column but one adds up to the stationarity.'
        '</div><div class="explorer-compare-holder" tabindex="0" role="region" '
        f'aria-label="{TITLE}"><table class="explorer-compare"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


@functools.lru_cache(maxsize=16)
def layers_of(problem: str, norm: str) -> tuple[tuple[str, str, str, str], ...]:
    """Return name, shape, norm and radius of every layer, in words.

    Args:
        problem: A network's name with its options.
        norm: A convention, or a norm.

    Example:
        >>> layers_of("mlp(depth=1)", "scion")[0]
        ('0.weight', '32 x 64', 'spectral', '0.707')
    """
    template = make(PROBLEMS, RunSpec(problem=problem, norm=norm), problem).template
    shapes = {name: " x ".join(map(str, p.shape)) for name, p in template.named_parameters()}
    return tuple(
        (layer.name, shapes[layer.name], NORMS.spell(layer.norm), f"{layer.radius:.3g}")
        for layer in Geometry.for_model(template, norm)
    )

"""The table of a network's layers: the geometry that runs, and what each layer has in it now."""

import re

import pytest

from explorer import RunSpec
from explorer.norms._geometry import Geometry
from explorer.registry import PROBLEMS

MLP = RunSpec(problem="mlp(width=8)", horizon=160, seeds=2, device="cpu")


def cells(panel):
    """Rows of the table as lists of words."""
    rows = re.findall(r"<tr>(.*?)</tr>", panel._front.layers._table.value)[1:]
    return [re.findall(r">([^<]*)</t[hd]>", row) for row in rows]


@pytest.mark.parametrize("norm", ["scion", "sign", "schatten(q=3)"])
def test_the_table_holds_the_geometry_that_runs(make, norm):
    panel = make(MLP.replace(norm=norm))
    trace = panel.run()
    geometry = Geometry.for_model(PROBLEMS.make(MLP.problem).template, norm)
    rows = cells(panel)
    assert [row[0] for row in rows] == [layer.name for layer in geometry]
    assert [row[3] for row in rows] == [f"{layer.radius:.3g}" for layer in geometry]
    assert rows[0][1] == "8 x 64"
    parts = [float(row[4]) for row in rows]
    assert sum(parts) == pytest.approx(trace.mean[-1], rel=0.01)
    shares = [float(row[5].rstrip("%")) for row in rows]
    assert sum(shares) == pytest.approx(100, abs=4)
    assert f"moves by {trace.column('lr')[-1]:.3g} radii" in panel._front.layers._table.value


def test_the_table_is_there_before_a_run_and_for_networks_alone(make, until):
    panel = make(MLP)
    panel._show_status()
    assert panel._front.layers.layout.display is None
    assert [row[4] for row in cells(panel)] == ["-"] * 6
    panel.controls.load(RunSpec(horizon=50, seeds=2))
    panel.run()
    assert panel._front.layers.layout.display == "none"


def test_options_of_the_optimizer_leave_the_table_where_it_is(make):
    panel = make(MLP.replace(optimizer="scion(constrained=True)"))
    panel.run()
    assert panel._front.layers.layout.display is None


def test_an_optimizer_without_a_norm_has_no_such_table(make):
    panel = make(MLP.replace(optimizer="adamw", lr=0.01))
    panel.run()
    assert panel._front.layers.layout.display == "none"


def test_a_new_table_leaves_the_fold_open(make):
    panel = make(MLP)
    panel._front.layers.selected_index = 0
    panel.run()
    assert panel._front.layers.selected_index == 0

"""Runs of networks: what is measured of them, on what, and what is said of it."""

import re

import numpy as np
import pytest

from explorer.run._records import LAYER
from explorer.run.experiment import Experiment, run
from explorer.run.spec import RunSpec


def test_a_network_s_records_hold_each_layer_s_part_of_the_stationarity():
    trace = run(RunSpec(problem="mlp(width=8)", horizon=160, seeds=2, device="cpu"))
    terms = [values for name, values in trace.measures.items() if name.startswith(LAYER)]
    assert len(terms) == 6
    np.testing.assert_allclose(sum(terms), trace.stationarity, rtol=1e-6)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("mlp(width=8)", None),
        ("convnet(channels=2)", "measured on 500 of 1,500 training images, always the same"),
        ("char_gpt(width=8, depth=1, context=8)", "measured on 64 of .* training windows of text"),
        ("char_gpt(width=8, depth=1, context=8, characters=180)", "measured on 64 of 154 training"),
    ],
)
def test_a_run_says_on_what_it_is_measured(problem, said):
    notes = Experiment(RunSpec(problem=problem, horizon=64, device="cpu")).trace.notes
    if said is None:
        assert not any("measured on" in note for note in notes)
    else:
        assert re.search(said, " ".join(notes))


@pytest.mark.parametrize("norm", ["scion", "sign"])
def test_iterates_of_a_network_can_be_kept_in_the_ball_of_its_layers(norm):
    spec = RunSpec(problem="mlp(width=8)", norm=norm, horizon=160, seeds=2, device="cpu")
    free, kept = (run(spec.replace(optimizer=one)) for one in ("scion", "scion(constrained=True)"))
    assert kept.complete
    assert np.isfinite(kept.mean).all()
    assert not np.array_equal(kept.stationarity, free.stationarity)


def test_a_network_that_learned_nothing_is_flagged_whatever_its_classes():
    spec = RunSpec(problem="convnet(channels=1)", horizon=64, lr=1e-7, device="cpu")
    dead = (run(spec).measures["value"][-1] >= np.log(10)).sum()
    said = f"{dead} of 1 networks learned nothing (loss >= ln 10)"
    assert (said in run(spec).sentence) == bool(dead)
    fresh = run(RunSpec(problem="char_gpt(width=8, depth=1, context=8)", horizon=16, device="cpu"))
    assert "1 of 1 networks learned nothing (loss >= ln 34)" in fresh.sentence

"""What records of toys keep of the exact gradient: its Frobenius norm and its nuclear rank."""

import numpy as np
import pytest

from explorer.run._records import FROBENIUS, NUCLEAR_RANK
from explorer.run.experiment import Experiment, run
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace

SINGLE = 1e-6  # float32: a norm of sixty entries
SMALL = RunSpec(rows=3, columns=5, horizon=60, seeds=3, device="cpu")


@pytest.mark.parametrize("problem", ["log_cosh", "quadratic(condition=20.0, spiked=True)"])
@pytest.mark.parametrize("transport", [False, True])
def test_they_are_those_of_an_svd_at_every_iterate(problem, transport):
    experiment = Experiment(SMALL.replace(problem=problem, transport=transport))
    frobenius, ranks = [], []
    while not experiment.finished:
        with experiment._scion.at_iterate():
            gradient = experiment.problem.gradient(experiment.state)["x"].double().numpy()
        sigma = np.linalg.svd(gradient, compute_uv=False)
        frobenius.append(np.sqrt((sigma**2).sum(-1)))
        ranks.append(sigma.sum(-1) ** 2 / (sigma**2).sum(-1))
        experiment.advance()
    measures = experiment.trace.measures
    assert measures[FROBENIUS] == pytest.approx(np.array(frobenius), rel=SINGLE)
    assert measures[NUCLEAR_RANK] == pytest.approx(np.array(ranks), rel=SINGLE)
    assert np.ptp(measures[NUCLEAR_RANK]) > 0.1, "the gradient changes its shape"


def test_the_rank_of_a_large_matrix_is_measured_only_where_asked_for():
    large = SMALL.replace(problem="quadratic", rows=33, columns=33, horizon=2, seeds=1)

    def kept(spec, **choice):
        experiment = Experiment(spec, **choice)
        experiment.advance()
        return set(experiment.trace.measures)

    assert kept(large) == {"value", FROBENIUS}
    assert kept(large.replace(rows=32)) == {"value", FROBENIUS, NUCLEAR_RANK}
    assert kept(large, nuclear_rank=True) == {"value", FROBENIUS, NUCLEAR_RANK}
    assert kept(SMALL, nuclear_rank=False) == {"value", FROBENIUS}
    network = RunSpec(problem="mlp(width=4)", horizon=32, seeds=1, device="cpu")
    assert kept(network) & {FROBENIUS, NUCLEAR_RANK} == set()


def test_a_trace_of_a_time_without_them_is_read(tmp_path):
    trace = run(SMALL)
    old = Trace(spec=trace.spec)
    for row in trace._rows:
        old.append(row._replace(measures={"value": row.measures["value"]}))
    old.save(tmp_path / "old.npz")
    read = Trace.load(tmp_path / "old.npz")
    assert read.measures.keys() == {"value"}
    assert np.array_equal(read.stationarity, trace.stationarity)

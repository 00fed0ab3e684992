"""Snapshot: the matrices of the last record, and that keeping them changes nothing."""

import numpy as np
import pytest
import torch

from explorer.norms._base import as_norm
from explorer.run.experiment import Experiment, run
from explorer.run.snapshot import Snapshot, Snapshots
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace

SPEC = RunSpec(norm="spectral", rows=3, columns=5, horizon=900, seeds=2, device="cpu")
BASELINES = {
    "sgd": SPEC.replace(optimizer="sgd", schedule="constant", lr=0.1, momentum=0.9),
    "adamw": SPEC.replace(optimizer="adamw", schedule="constant", lr=0.1, momentum=0.9),
}


def same(one, other):
    pairs = ((getattr(one, name), getattr(other, name)) for name in ("gradient", "momentum"))
    equal = all(a is b is None or np.array_equal(a, b) for a, b in pairs)
    return equal and one.step == other.step


@pytest.mark.parametrize("transport", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_matrices_are_those_of_the_last_record_and_its_step(transport, dtype):
    experiment = Experiment(SPEC.replace(transport=transport, dtype=dtype))
    trace, norm, made = experiment.trace, as_norm(SPEC.norm), []
    assert trace.snapshot is None
    while not experiment.finished:
        records = experiment.advance()
        (state,) = experiment.optimizer.state.values()
        made.append(state["momentum_buffer"][0].numpy().copy())
        if records:
            snapshot = trace.snapshot
            assert snapshot.step == records[-1].step
            assert np.array_equal(snapshot.momentum, made[snapshot.step])
            # the iterate's gradient, which is not the query point's that moved the momentum
            gradient = torch.from_numpy(snapshot.gradient).to(getattr(torch, dtype))
            assert float(norm.dual_norm(gradient)) == records[-1].stationarity[0]
    assert len(trace) < len(made), "some strata are wider than a step"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_are_float64_in_memory_of_their_own_that_no_later_step_changes(dtype):
    experiment = Experiment(SPEC.replace(dtype=dtype))
    experiment.advance()
    snapshot = experiment.trace.snapshot
    for array in (snapshot.gradient, snapshot.momentum):
        assert (array.dtype, array.shape) == (np.dtype(np.float64), (3, 5))
        assert array.base is None, "a view keeps the whole stack in memory"
    before = snapshot.gradient.copy(), snapshot.momentum.copy()
    experiment.advance()
    assert np.array_equal(before, (snapshot.gradient, snapshot.momentum))
    assert experiment.trace.snapshot is not snapshot


def test_a_gradient_that_is_the_iterate_itself_is_the_one_before_the_step(monkeypatch):
    experiment = Experiment(SPEC.replace(noise="none"))
    monkeypatch.setattr(type(experiment.problem), "gradient", lambda problem, state: dict(state))
    before = experiment.state["x"][0].double().numpy().copy()
    experiment.advance()
    assert np.array_equal(experiment.trace.snapshot.gradient, before)


@pytest.mark.parametrize("name", BASELINES)
def test_a_method_without_an_lmo_has_its_gradient_only(name):
    snapshot = run(BASELINES[name].replace(horizon=20)).snapshot
    assert snapshot.momentum is None
    assert snapshot.gradient.shape == (3, 5)


def test_a_network_has_none():
    assert run(RunSpec(problem="mlp(width=4)", horizon=64, seeds=2, device="cpu")).snapshot is None


@pytest.mark.parametrize("spec", [SPEC, BASELINES["sgd"]], ids=["scion", "sgd"])
def test_a_saved_trace_brings_its_matrices_back(tmp_path, spec):
    trace = run(spec.replace(horizon=20))
    trace.save(tmp_path / "run.npz")
    assert same(Trace.load(tmp_path / "run.npz").snapshot, trace.snapshot)
    assert trace.still().snapshot is trace.snapshot


def test_a_file_from_before_there_were_matrices_is_loaded_without(tmp_path):
    trace = run(SPEC.replace(horizon=20))
    trace.save(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as file:
        old = {name: file[name] for name in file.files if not name.startswith("snapshot/")}
    assert len(old) < len(file.files)
    np.savez(tmp_path / "old.npz", **old)
    loaded = Trace.load(tmp_path / "old.npz")
    assert loaded.snapshot is None
    assert np.array_equal(loaded.stationarity, trace.stationarity)
    loaded.save(tmp_path / "again.npz")
    assert Trace.load(tmp_path / "again.npz").snapshot is None


def test_looking_at_a_step_shows_it_and_changes_nothing_of_the_run():
    spec = SPEC.replace(horizon=3000)
    alone, looked = run(spec), Experiment(spec)
    seen = {}
    while not looked.finished:
        look = looked.step % 37 == 11
        looked.advance(look=look)
        if look:
            present = looked.trace.present
            assert present.step == looked.step - 1 == looked.trace.snapshot.step
            seen[present.calls] = present.stationarity
        else:
            assert looked.trace.present is None
    for name in ("stationarity", "running_mean", "bound"):
        np.testing.assert_array_equal(getattr(looked.trace, name), getattr(alone, name))
    common = [i for i, calls in enumerate(alone.calls) if calls in seen]
    assert len(seen) > len(common) > 5, "most of what was looked at is between two records"
    for i in common:
        np.testing.assert_array_equal(seen[alone.calls[i]], alone.stationarity[i])


def test_a_sentence_says_at_which_step_a_reader_looks():
    experiment = Experiment(SPEC)
    for _ in range(11):
        experiment.advance()
    experiment.advance(look=True)
    assert f"at step 12: {experiment.trace.now:.3g} from" in experiment.trace.sentence
    experiment.advance()
    assert "at step" not in experiment.trace.sentence


@pytest.mark.parametrize("most", [2, 5, 8, 64])
def test_snapshots_stay_within_their_memory_and_spread_over_the_run(most):
    one = np.zeros((2, 3))
    kept = Snapshots(most_bytes=most * 2 * one.nbytes)
    assert kept.at(10) is None
    for step in range(1000):
        kept.keep(Snapshot(step, one, one))
        assert len(kept) <= most
        assert kept.at(step).step >= step - 4 * (step + 1) / most
    steps = [kept.at(step).step for step in range(1000)]
    assert steps[0] == 0
    assert all(found <= step for step, found in enumerate(steps))
    gaps = np.diff(sorted(set(steps)))
    assert len(set(gaps)) == 1, "they are evenly spread over what was offered"
    assert len(set(steps)) >= most / 2 - 1

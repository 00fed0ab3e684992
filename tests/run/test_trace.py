"""Trace: its numbers by hand, its sentence, and what is written and read again."""

import csv
import json
import sys
import threading
import time

import numpy as np
import pytest

from explorer.run._records import Record
from explorer.run._words import describe
from explorer.run.experiment import Experiment, run
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace

EXACT = 1e-12  # float64, a few additions

SPEC = RunSpec(norm="sign", rows=2, columns=2, horizon=100, seeds=2, device="cpu")


def record(step, stationarity, *, weight=1, lr=1.0, sum_lr=1.0, end=None, bound=9.0):
    return Record(
        step=step, calls=step + 1, weight=weight, stratum_end=end or step + weight, lr=lr,
        momentum=0.5, coefficient=0.0, sum_lr=sum_lr, bound=bound, seconds=0.5 * (step + 1),
        stationarity=np.array(stationarity, float), measures={"value": np.ones(len(stationarity))},
    )  # fmt: skip


def by_hand():
    """Strata of 1, 1 and 4 steps, and the last iterate, which weighs nothing."""
    trace = Trace(spec=SPEC)
    trace.append(record(0, [4.0, 2.0], lr=1.0, sum_lr=1.0))
    trace.append(record(1, [2.0, 2.0], lr=0.5, sum_lr=1.5))
    trace.append(record(3, [1.0, 0.5], weight=4, lr=0.25, sum_lr=2.5))
    trace.append(record(5, [0.1, 0.3], weight=0, lr=0.2, sum_lr=2.5, end=6))
    return trace


def test_the_running_mean_is_weighted_by_step_size_and_stratum():
    expected = [3.0, (3 + 0.5 * 2) / 1.5, (3 + 1 + 4 * 0.25 * 0.75) / 2.5, 4.75 / 2.5]
    np.testing.assert_allclose(by_hand().running_mean, expected, rtol=EXACT)


def test_each_seed_has_its_own_mean_and_their_mean_is_the_last_running_mean():
    trace = by_hand()
    np.testing.assert_allclose(trace.mean_stationarity, [6.0 / 2.5, 3.5 / 2.5], rtol=EXACT)
    assert trace.mean_stationarity.mean() == pytest.approx(trace.running_mean[-1], rel=EXACT)


def test_the_plain_running_mean_counts_every_step_alike():
    expected = [3.0, 5.0 / 2, (5 + 4 * 0.75) / 6, 8.0 / 6]
    np.testing.assert_allclose(by_hand().plain_running_mean, expected, rtol=EXACT)


def test_looking_back_ends_the_copy_and_not_the_trace():
    experiment = Experiment(RunSpec(horizon=3000, seeds=2, device="cpu"), snapshots=True)
    for _ in experiment:
        pass
    trace = experiment.trace
    back = trace.until(40)
    assert len(back) == 40
    assert len(trace) > 400
    assert back.rewound
    assert not back.complete
    assert back.sentence.startswith(f"Looking back, at {back.calls[-1]:,.0f} of 3,000 calls")
    np.testing.assert_array_equal(back.running_mean, trace.running_mean[:40])
    np.testing.assert_array_equal(back.bound, trace.bound[:40])
    assert back.snapshot.step <= back.column("step")[-1] < trace.snapshot.step
    whole = trace.until(len(trace))
    assert whole.complete
    assert whole.sentence == trace.sentence
    assert len(trace.until(0)) == 1, "there is no picture of nothing"
    assert trace.until_calls(100).calls[-1] <= 100 < trace.calls[len(trace.until_calls(100))]


def test_a_run_that_nobody_looks_back_on_keeps_only_its_last_matrices():
    trace = run(RunSpec(horizon=300, seeds=2, device="cpu"))
    assert len(trace.snapshots) == 0
    assert trace.snapshot is not None


def test_the_csv_of_a_loaded_trace_names_the_version_that_ran_it(tmp_path):
    trace = by_hand()
    trace.version = "0.0.7"
    trace.save(tmp_path / "run.npz")
    assert Trace.load(tmp_path / "run.npz").csv().startswith("# scion-explorer 0.0.7 {")


def test_every_record_knows_when_it_was_made():
    trace = run(RunSpec(horizon=300, seeds=2, device="cpu"))
    seconds = trace.column("seconds")
    assert (np.diff(seconds) >= 0).all()
    assert 0 < seconds[0] < seconds[-1] <= trace.seconds


def test_arrays_follow_the_records_as_they_come():
    trace = Trace(spec=SPEC)
    assert trace.calls.shape == trace.mean.shape == (0,)
    assert str(trace).endswith("not run yet.")
    for rows in (1, 2, 3):
        trace.append(record(rows, [1.0, 2.0]))
        assert len(trace) == len(trace.calls) == len(trace.mean) == rows
        assert trace.stationarity.shape == trace.measures["value"].shape == (rows, 2)


def test_every_array_is_float64(small):
    arrays = [small.calls, small.stationarity, small.stratum_end, small.running_mean, small.bound]
    arrays += [small.mean, small.mean_stationarity, *small.measures.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float64)}


def test_the_slope_is_that_of_the_last_decade_of_calls():
    trace = Trace(spec=SPEC)
    for calls in np.geomspace(10, 10_000, 61).round().astype(int):
        kink = calls**-0.25 if calls >= 1000 else calls**-0.9 * 1000**0.65
        trace.append(record(calls - 1, [kink, 3 * kink]))
    assert trace.slope == pytest.approx(-0.25, abs=1e-9)
    low, high = trace.slope_interval
    assert low == high == trace.slope


def test_the_slopes_interval_holds_the_slope(small):
    low, high = small.slope_interval
    assert low < small.slope < high < 0


def test_the_sentence_says_calls_seeds_mean_bound_slope_exponent_and_where_it_stands(small):
    low, high = small.slope_interval
    assert small.sentence == (
        f"4,000 calls, 6 seeds: weighted mean {small.running_mean[-1]:.3g} under its bound "
        f"{small.bound[-1]:.3g}; slope {small.slope:.3f} [{low:.3f}, {high:.3f}], exponent of the "
        f"theorem -0.214; now {small.mean[-1]:.3g} from {small.mean[0]:.3g}."
    )
    assert str(small) == repr(small) == small.sentence


def test_a_mean_above_its_bound_is_not_called_under():
    trace = by_hand()
    trace.append(record(9, [1.0, 1.0], bound=0.01))
    assert "above its bound 0.01" in trace.sentence


def test_one_seed_and_too_few_records_are_worded():
    trace = Trace(spec=SPEC.replace(seeds=1))
    trace.append(record(0, [1.0]))
    assert trace.sentence.startswith("Incomplete, 1 of 100 calls, 1 seed: weighted mean 1 under")
    assert "too few records for a slope" in trace.sentence


def test_the_reason_for_no_bound_ends_the_sentence():
    trace = by_hand()
    trace.bound_unmet = "no bound drawn: just so."
    assert trace.sentence.endswith(" No bound drawn: just so.")
    assert "bound 9" not in trace.sentence
    assert "exponent" not in trace.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"noise": "none"}, "no added noise"),
        ({"noise": "gaussian"}, "gaussian noise"),
        ({"tail_index": 1.3, "batch_size": 1000}, "1.3, batch 1,000"),
        ({"transport": 0.5}, "transport 0.5"),
        ({"transport": True}, "transport on"),
        ({"problem": "mlp"}, "geometry scion, mlp, no added noise"),
        ({"optimizer": "sgd", "schedule": "constant", "lr": 1, "transport": True}, "SGD, "),
    ],
)
def test_a_spec_is_described_in_one_line(change, words):
    line = describe(RunSpec(**change))
    assert words in line


def test_a_run_says_what_its_constants_are_and_where_the_paper_ends(small):
    text = " ".join(small.notes)
    assert "noise constant K = " in text
    assert "the bound at p itself is derived in the project" in text


def test_noise_too_strong_for_the_budget_is_said():
    trace = run(SPEC.replace(noise_level=200.0, horizon=150, noise="gaussian"))
    assert any("noise too strong for this budget" in note for note in trace.notes)


def same(one, other):
    """Equal in everything, arrays to the bit."""
    numbers = all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("calls", "stationarity", "stratum_end", "running_mean", "bound", "mean")
    )
    measures = one.measures.keys() == other.measures.keys() and all(
        np.array_equal(array, other.measures[name]) for name, array in one.measures.items()
    )
    words = all(
        getattr(one, name) == getattr(other, name)
        for name in ("spec", "sentence", "notes", "exponent", "bound_unmet", "device", "seconds")
    )
    return numbers and measures and words and one.complete == other.complete


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        SPEC.replace(optimizer="sgd", schedule="constant", lr=0.1),
        RunSpec(problem="mlp(width=4)", horizon=64, seeds=2, device="cpu"),
        RunSpec(problem="log_cosh(flatness=2.0)", rows=1, columns=1, horizon=1, seeds=1),
    ],
    ids=["toy", "no bound", "network", "one call"],
)
def test_a_saved_trace_is_loaded_equal(tmp_path, spec):
    trace = run(spec)
    trace.save(tmp_path / "run.npz")
    assert same(Trace.load(tmp_path / "run.npz"), trace)


def test_an_unfinished_trace_is_loaded_unfinished(tmp_path):
    trace = by_hand()
    trace.save(tmp_path / "run.npz")
    loaded = Trace.load(tmp_path / "run.npz")
    assert not loaded.complete
    assert loaded.sentence == trace.sentence
    assert loaded.slope == trace.slope


def test_a_saved_trace_holds_no_pickle(tmp_path, small):
    small.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_a_trace_from_another_machine_and_of_unknown_classes_is_loaded(tmp_path, small):
    small.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        arrays = dict(file)
    meta = json.loads(str(arrays["meta"]))
    foreign = json.loads(meta["spec"]) | {"norm": "mine(k=3)", "device": "cuda:7"}
    arrays["meta"] = np.array(json.dumps(meta | {"spec": json.dumps(foreign)}))
    np.savez(tmp_path / "foreign.npz", **arrays)
    trace = Trace.load(tmp_path / "foreign.npz")
    assert (trace.spec.norm, trace.spec.device) == ("mine(k=3)", "cuda:7")
    assert np.array_equal(trace.stationarity, small.stationarity)
    assert "mine(k=3) norm" in trace.title
    assert trace.sentence == small.sentence


def test_a_file_that_is_no_trace_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(ValueError, match=r"path must name a saved trace, got '.*other\.npz'"):
        Trace.load(tmp_path / "other.npz")


def test_the_csv_has_every_record_and_the_spec_on_its_first_line(tmp_path, small):
    small.to_csv(tmp_path / "run.csv")
    first, *lines = (tmp_path / "run.csv").read_text().splitlines()
    assert first.startswith("# scion-explorer ")
    assert RunSpec.from_json(first[first.index("{") :]) == small.spec
    rows = list(csv.DictReader(lines))
    assert len(rows) == len(small)
    for name, array in (
        ("calls", small.calls),
        ("running_mean", small.running_mean),
        ("bound", small.bound),
        ("mean", small.mean),
        ("seed_0", small.stationarity[:, 0]),
        ("seed_5", small.stationarity[:, 5]),
        ("value", small.measures["value"].mean(1)),
    ):
        assert np.array_equal([float(row[name]) for row in rows], array), name


class Busy(Record):
    """A record whose step size cannot be read without another record coming in."""

    __slots__ = ()
    trace = Trace(spec=SPEC)

    @property
    def lr(self):
        self.trace.append(record(len(self.trace), [1.0, 2.0]))
        return 1.0


@pytest.mark.parametrize("name", ["running_mean", "mean_stationarity", "slope", "sentence"])
def test_a_record_that_comes_in_while_a_mean_is_made_is_not_half_in_it(name):
    trace = Busy.trace = Trace(spec=SPEC)
    trace.append(Busy(*record(0, [1.0, 2.0])))
    trace.append(record(1, [1.0, 2.0]))
    assert getattr(trace, name) is not None
    if name == "running_mean":
        assert len(trace) == 3
        assert len(trace.running_mean) == 3


def test_readers_in_other_threads_never_see_half_a_record():
    trace, broken, done = Trace(spec=SPEC), [], threading.Event()

    def read():
        while not done.is_set():
            try:
                rows = len(trace)
                for array in (trace.calls, trace.stationarity, trace.running_mean, trace.bound):
                    assert len(array) >= rows
                    assert np.isfinite(array).all()
                assert trace.still().sentence
            except Exception as error:
                broken.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(4)]
    between = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns in the middle of everything
    try:
        for reader in readers:
            reader.start()
        for step in range(400):
            trace.append(record(step, [1.0, 2.0], sum_lr=step + 1.0))
            time.sleep(1e-4)
    finally:
        sys.setswitchinterval(between)
        done.set()
        for reader in readers:
            reader.join()
    assert not broken, broken[0]

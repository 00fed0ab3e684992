"""The bench: equal specs give equal bits, measuring disturbs nothing, and the bound is above."""

import threading

import numpy as np
import pytest
import torch

from explorer import registry
from explorer.norms.column import Column
from explorer.problems.log_cosh import LogCosh
from explorer.registry import PROBLEMS
from explorer.run import experiment as bench
from explorer.run.constants import FORGIVES, FORGIVES_NOT, assumed_constants
from explorer.run.experiment import Experiment, run
from explorer.run.measure import Stratum
from explorer.run.spec import RunSpec, unasked
from explorer.theory.bound import Bound
from explorer.theory.schedules import make_schedule, window

NORMS = ["column", "frobenius", "row", "sign", "spectral"]
NOISES = ["gaussian", "isotropic_stable", "none", "pareto", "stable"]
NETWORK = 1e-5  # float32: batched matrix products of another size are summed in another order
EXACT = 1e-12  # float64, some hundred additions
SMALL = {"rows": 3, "columns": 5, "horizon": 120, "seeds": 4, "device": "cpu"}


def finish(spec):
    """Run an experiment to its end, and return it."""
    experiment = Experiment(spec)
    while not experiment.finished:
        experiment.advance()
    return experiment


@pytest.mark.parametrize("change", [{}, {"transport": True}, {"noise": "pareto", "batch_size": 7}])
def test_equal_specs_give_equal_bits(change):
    first, second = (finish(RunSpec(**(SMALL | change))) for _ in range(2))
    assert torch.equal(first.state["x"], second.state["x"])
    assert np.array_equal(first.trace.stationarity, second.trace.stationarity)
    assert np.array_equal(first.trace.bound, second.trace.bound)
    other = finish(RunSpec(**(SMALL | change), seed=1))
    assert not torch.equal(first.state["x"], other.state["x"])


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("norm", NORMS)
def test_a_seed_runs_alike_alone_and_among_many_to_the_bit(norm, noise):
    spec = RunSpec(**SMALL, norm=norm, noise=noise, transport=True)
    alone, among = run(spec.replace(seeds=1)), run(spec.replace(seeds=8))
    assert np.array_equal(alone.stationarity[:, 0], among.stationarity[:, 0])


TOYS = [
    *(name for name in sorted(PROBLEMS) if not PROBLEMS[name].network),
    "log_cosh(flatness=3.0)",
    "quadratic(condition=10.0)",
    "sensing(rows=3, columns=5, rank=2, measurements=33)",
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("problem", TOYS)
def test_a_seed_of_any_toy_runs_alike_alone_and_among_many_to_the_bit(problem, dtype):
    spec = RunSpec(problem=problem, dtype=dtype, horizon=120, norm="column", device="cpu")
    alone, among = run(spec.replace(seeds=1)), run(spec.replace(seeds=8))
    assert np.array_equal(alone.stationarity[:, 0], among.stationarity[:, 0])


def test_a_network_trains_alike_alone_and_among_many():
    spec = RunSpec(problem="mlp(width=8)", horizon=160, noise="gaussian", device="cpu")
    alone, among = run(spec.replace(seeds=1)), run(spec.replace(seeds=3))
    for one, many in (
        (alone.stationarity, among.stationarity),
        (alone.measures["value"], among.measures["value"]),
    ):
        np.testing.assert_allclose(one[:, 0], many[:, 0], rtol=NETWORK)


def seldom(n_steps, *_):
    return [Stratum(0, 1, 0), Stratum(1, n_steps, n_steps // 2)]


def always(n_steps, *_):
    return [Stratum(t, t + 1, t) for t in range(n_steps)]


@pytest.mark.parametrize(
    "choice",
    [SMALL | {"transport": True}, {"problem": "mlp(width=8)", "horizon": 160, "seeds": 2}],
    ids=["toy", "network"],
)
def test_measuring_more_often_leaves_a_run_as_it_is(monkeypatch, choice):
    ends = []
    for plan in (seldom, always):
        monkeypatch.setattr(bench, "strata", plan)
        experiment = finish(RunSpec(**choice))
        ends.append((len(experiment.trace), experiment.state))
    (few, state), (many, other) = ends
    assert few < many
    assert all(torch.equal(state[name], other[name]) for name in state)


@pytest.mark.parametrize("problem", ["log_cosh", "quadratic(condition=10.0)"])
@pytest.mark.parametrize("transport", [False, True])
@pytest.mark.parametrize("norm", NORMS)
def test_a_run_without_noise_descends(norm, transport, problem):
    spec = RunSpec(**SMALL, norm=norm, transport=transport, problem=problem, noise="none")
    trace = run(spec)
    value = trace.measures["value"][:, 0]
    assert value[-1] < 0.2 * value[0]
    assert trace.running_mean[-1] <= trace.bound[-1]
    assert (np.ptp(trace.stationarity, axis=1) == 0).all(), "seeds differ by the noise alone"


def test_a_run_in_a_thread_is_the_same_run():
    spec, found = RunSpec(**SMALL, transport=True), []
    thread = threading.Thread(target=lambda: found.append(run(spec)))
    thread.start()
    here = run(spec)
    thread.join()
    assert np.array_equal(found[0].stationarity, here.stationarity)


def test_ctrl_c_leaves_what_there_is_marked_incomplete(monkeypatch):
    advance = Experiment.advance

    def interrupted(experiment):
        if experiment.step == 50:
            raise KeyboardInterrupt
        return advance(experiment)

    monkeypatch.setattr(Experiment, "advance", interrupted)
    trace = run(RunSpec(**SMALL))
    assert (len(trace), trace.complete) == (50, False)
    assert str(trace).startswith("Incomplete, 50 of 120 calls, 4 seeds: weighted mean")


def test_a_bar_is_drawn_where_it_is_asked_for(capsys):
    run(RunSpec(**SMALL), progress=True)
    assert capsys.readouterr().err.endswith("100%\n")
    run(RunSpec(**SMALL))
    assert not capsys.readouterr().err


def test_what_is_no_spec_is_refused():
    with pytest.raises(TypeError, match=r"spec must be a RunSpec, got 3; give RunSpec"):
        run(3)


def test_a_trace_says_where_it_ran_and_why_there():
    assert run(RunSpec(**SMALL)).device == "cpu, as asked"
    why = "too small to gain" if torch.cuda.is_available() else "torch sees no GPU"
    assert why in run(RunSpec(**(SMALL | {"device": "auto"}))).device


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_state_has_the_precision_of_the_spec_and_the_trace_is_float64(dtype):
    experiment = finish(RunSpec(**SMALL, dtype=dtype))
    assert experiment.state["x"].dtype == getattr(torch, dtype)
    assert experiment.trace.stationarity.dtype == np.float64


def test_precision_changes_a_run_by_rounding_alone():
    single, double = (run(RunSpec(**SMALL, dtype=dtype)) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single.stationarity, double.stationarity, rtol=1e-3)
    assert not np.array_equal(single.stationarity, double.stationarity)


@pytest.mark.parametrize("schedule", ["anytime", "horizon", "constant", "linear"])
@pytest.mark.parametrize("transport", [False, 0.5, True])
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("norm", NORMS)
def test_every_combination_runs(norm, noise, transport, schedule):
    spec = RunSpec(
        norm=norm, noise=noise, transport=transport, schedule=schedule,
        rows=2, columns=3, horizon=30, seeds=2, device="cpu",
    )  # fmt: skip
    trace = run(spec)
    assert trace.complete
    assert trace.finite.all()
    assert np.isfinite(trace.bound).all()
    assert (trace.stationarity > 0).all()


QUICK = {
    "problem": ("log_cosh", "log_cosh(flatness=5.0)", "quadratic(condition=9.0)"),
    "norm": NORMS,
    "noise": ("stable", "stable", *NOISES),
}
WIDE = {
    "problem": (
        *QUICK["problem"],
        "bounded",
        "quadratic(condition=20.0, spiked=True)",
        "quadratic(start_rank=1)",
        "sensing(measurements=30)",
    ),
    "norm": (*registry.NORMS, "schatten(q=1.3)", "schatten(q=6)", "ky_fan(k=1)"),
    "noise": (*registry.NOISES, "skewed_stable(skewness=-0.4)"),
}


def random_spec(generator, menu):
    """A small spec with everything drawn that a bound depends on."""

    def one_of(*values):
        return values[int(generator.integers(len(values)))]

    batch = one_of(1, 1, 2, 16)
    rows, columns = one_of((2, 3), (3, 2))
    return RunSpec(
        rows=rows,
        columns=columns,
        **{field: one_of(*menu[field]) for field in ("problem", "norm", "noise")},
        tail_index=one_of(1.2, 1.5, 1.8),
        noise_level=one_of(2.0, 20.0, 200.0),
        batch_size=batch,
        transport=one_of(0.0, 0.0, 0.3, 1.0, 1.0),
        max_extrapolation=one_of(None, None, 0.05, 0.5),
        schedule=one_of("anytime", "horizon", "constant", "linear"),
        momentum=one_of(None, None, 0.5, 0.95),
        lr=one_of(None, None, None, 0.01, 0.3),
        horizon=batch * int(generator.integers(20, 150)),
        seeds=8,
        seed=int(generator.integers(1000)),
        device="cpu",
    )  # fmt: skip


def excess(trace):
    """How far the mean over seeds is above its bound, in standard errors."""
    means = trace.mean_stationarity
    error = means.std(ddof=1) / len(means) ** 0.5
    return (means.mean() - trace.bound[-1]) / max(error, 1e-6 * means.mean())


@pytest.mark.parametrize(
    ("menu", "seed", "count"),
    [(QUICK, 2605, 300), pytest.param(WIDE, 18528, 2000, marks=pytest.mark.slow)],
    ids=["quick", "wide"],
)
def test_no_random_spec_is_above_its_bound(menu, seed, count):
    generator = np.random.default_rng(seed)
    for number in range(count):
        spec = random_spec(generator, menu)
        trace = run(spec)
        assert trace.bound_unmet is None
        assert excess(trace) <= 3, f"{number}: {spec.diff(RunSpec())}: {trace}"


@pytest.mark.parametrize("cap", [None, 0.05])
@pytest.mark.parametrize("transport", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("norm", ["frobenius", "spectral"])
def test_a_fraction_or_a_cap_of_transport_is_under_its_own_bound(norm, transport, cap):
    spec = RunSpec(
        norm=norm, transport=transport, max_extrapolation=cap, tail_index=2.0,
        **(SMALL | {"horizon": 600, "seeds": 16}),
    )  # fmt: skip
    trace = run(spec)
    assert excess(trace) <= 3
    assert (trace.running_mean <= trace.bound).all()


@pytest.mark.parametrize("cap", [None, 0.05])
@pytest.mark.parametrize("transport", [0.0, 0.3, 1.0])
def test_the_bound_is_made_of_what_the_records_say_was_done(transport, cap):
    spec = RunSpec(**SMALL, transport=transport, max_extrapolation=cap, batch_size=2)
    experiment = finish(spec)
    trace, bound = experiment.trace, Bound(experiment.constants, transport)
    lr, momentum = trace.column("lr"), trace.column("momentum")
    wanted = transport * momentum / (1 - momentum)
    if cap is not None:
        wanted[1:] = np.minimum(wanted[1:], cap / lr[:-1])  # every move has the length of its lr
    np.testing.assert_allclose(trace.column("coefficient"), wanted, rtol=EXACT)
    again = [bound.advance(*three) for three in zip(lr, momentum, [2] * 60, wanted, strict=True)]
    np.testing.assert_allclose(trace.bound, again, rtol=EXACT)
    schedule = make_schedule(
        "anytime", experiment.constants, horizon=120, batch_size=2, transport=transport
    )
    assert [(a, b) for a, b in zip(lr, momentum, strict=True)] == [
        schedule(int(calls), 2) for calls in trace.calls
    ]


@pytest.mark.parametrize("noise", ["gaussian", "stable", "isotropic_stable"])
@pytest.mark.parametrize("change", [{}, {"noise_scale": 0.7}, {"batch_size": 9}], ids=str)
def test_the_noise_of_the_oracle_is_the_one_that_the_bound_knows(noise, change):
    spec = RunSpec(
        noise=noise, tail_index=2.0, norm="column", dtype="float64", **(SMALL | {"seeds": 4000}),
    ).replace(**change)  # fmt: skip
    experiment = Experiment(spec)
    exact = experiment.problem.gradient(experiment.state)["x"].clone()
    experiment.advance()
    (p,) = experiment.optimizer.param_groups[0]["params"]
    sizes = Column().dual_norm(p.grad - exact)
    expected = experiment.constants.noise * spec.batch_size**-0.5
    # 4,000 draws of the run and 20,000 of the constant's own estimate, each with a spread of 0.2
    assert float(sizes.mean()) == pytest.approx(expected, rel=0.015)


def test_the_bound_is_attained_without_noise_on_a_parabola():
    spec = RunSpec(
        problem="quadratic", rows=1, columns=1, norm="sign", noise="none", schedule="constant",
        lr=0.1, momentum=0.0, horizon=10, seeds=1, dtype="float64", device="cpu",
    )  # fmt: skip
    trace = run(spec)
    assert trace.running_mean[-1] == pytest.approx(0.55, rel=EXACT)
    assert trace.bound[-1] == pytest.approx(0.55, rel=EXACT)


def test_the_bound_in_a_trace_is_that_of_every_step_and_not_of_the_measured_ones(monkeypatch):
    spec = RunSpec(**SMALL, transport=True)
    sparse = {}
    monkeypatch.setattr(bench, "strata", seldom)
    few = run(spec)
    sparse = dict(zip(few.stratum_end, few.bound, strict=True))
    monkeypatch.setattr(bench, "strata", always)
    every = dict(zip(run(spec).stratum_end, run(spec).bound, strict=True))
    assert sparse == {end: every[end] for end in sparse}


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_last_iterate_has_a_record_that_weighs_nothing(batch_size):
    for seed in range(3):
        spec = RunSpec(
            norm="sign", rows=2, columns=2, seeds=2, seed=seed, batch_size=batch_size,
            horizon=700 * batch_size + batch_size // 2, device="cpu",
        )  # fmt: skip
        trace = run(spec)
        weight, end = trace.column("weight"), trace.stratum_end
        assert trace.calls[-1] == end[-1] == 700 * batch_size
        assert trace.column("step")[-1] == 699
        assert weight.sum() == 700
        assert (weight[:-1] > 0).all()
        if weight[-1] == 0:
            assert end[-2] == end[-1]
            assert trace.bound[-2] == trace.bound[-1]
            assert trace.running_mean[-2] == trace.running_mean[-1]
            assert trace.calls[-2] < trace.calls[-1]


def test_a_record_shows_the_iterate_before_its_step():
    trace = run(RunSpec(**SMALL, norm="sign"))
    assert trace.calls[0] == 1
    assert trace.stationarity[0] == pytest.approx(3 * np.tanh(1.0))  # at X_0 = [I 0]
    toy = LogCosh(3, 5)
    assert trace.measures["value"][0] == pytest.approx(toy.gap, rel=1e-6)


def test_seeds_that_diverge_are_counted_and_named_and_the_others_go_on():
    spec = RunSpec(**SMALL)
    whole, experiment = run(spec), Experiment(spec)
    while not experiment.finished:
        if experiment.step == 40:
            experiment.state["x"][[0, 2]] = float("nan")
        experiment.advance()
    trace = experiment.trace
    assert trace.finite.tolist() == [False, True, False, True]
    assert np.array_equal(trace.stationarity[:, [1, 3]], whole.stationarity[:, [1, 3]])
    assert np.array_equal(trace.mean, whole.stationarity[:, [1, 3]].mean(1))
    assert "2 of 4 seeds diverged, first at step 40; means are over the others." in str(trace)


def test_gradient_descent_with_a_huge_step_says_that_every_seed_diverged():
    spec = RunSpec(problem="quadratic", optimizer="sgd", schedule="constant", lr=100.0, **SMALL)
    trace = run(spec)
    assert not trace.finite.any()
    assert "every seed diverged" in str(trace)
    assert "4 of 4 seeds diverged, first at step " in str(trace)
    assert np.isnan(trace.slope)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_baseline_runs_and_says_why_it_has_no_bound(optimizer):
    trace = run(RunSpec(optimizer=optimizer, schedule="linear", lr=0.05, noise="none", **SMALL))
    assert trace.stationarity[-1].mean() < trace.stationarity[0].mean()
    assert np.isnan(trace.bound).all()
    assert "steps of size lr along an LMO" in trace.bound_unmet


def test_a_constrained_run_draws_no_bound():
    trace = run(RunSpec(optimizer="scion(constrained=True)", **SMALL))
    assert trace.bound_unmet == "no bound drawn: the inequality is about unconstrained steps."
    assert np.isnan(trace.bound).all()


def test_a_network_learns_and_says_that_its_constants_are_unknown():
    trace = run(RunSpec(problem="mlp(width=8)", horizon=1600, seeds=2, device="cpu"))
    assert trace.measures["value"][-1].mean() < 0.8 * trace.measures["value"][0].mean()
    assert "a network's L, rho, gap and noise constant are unknown" in trace.bound_unmet
    assert "held-out accuracy" in str(trace)


def test_a_mistuned_run_has_the_other_law_s_steps_and_its_own_noise_s_bound():
    right = RunSpec(tail_index=1.2, schedule="horizon", horizon=2000, seeds=2, device="cpu")
    wrong = right.replace(tuned_for=2.0)
    experiments = [Experiment(spec) for spec in (right, wrong, right.replace(tuned_for=1.2))]
    traces = [run(spec) for spec in (right, wrong, right.replace(tuned_for=1.2))]
    assert experiments[0].constants == experiments[1].constants  # the bound's
    assert traces[1].column("momentum")[-1] != traces[0].column("momentum")[-1]
    assert (traces[2].stationarity == traces[0].stationarity).all()
    assert "tuned for p = 2, the noise has p = 1.2" in " ".join(traces[1].notes)
    assert "tuned for" not in " ".join(traces[0].notes + traces[2].notes)
    best = traces[0].bound[-1]
    assert best < traces[1].bound[-1]
    assert traces[1].running_mean[-1] <= traces[1].bound[-1]
    assert traces[1].exponent == traces[0].exponent


ANY_NOISE = {
    "a network": ({"problem": "mlp(width=8)"}, "network"),
    "another optimizer": ({"optimizer": "sgd", "lr": 0.01, "schedule": "constant"}, "'sgd'"),
    "no L": (
        {"problem": "quartic", "schedule": "constant", "lr": 0.01, "momentum": 0.5},
        "has no L",
    ),
    "no noise": ({"noise": "none"}, "there is no noise"),
    "given, constant": (
        {"schedule": "constant", "lr": 0.1, "momentum": 0.9},
        "momentum is given",
    ),
    "given, anytime": ({"momentum": 0.9}, "momentum is given"),
    "given, transported": ({"momentum": 0.9, "transport": True}, "momentum is given"),
    "constant Hessian": ({"problem": "quadratic", "transport": True}, "constant Hessian"),
}


@pytest.mark.parametrize(("fields", "why"), ANY_NOISE.values(), ids=ANY_NOISE)
def test_where_the_noise_tunes_nothing_another_tail_index_changes_nothing(fields, why):
    spec = RunSpec(horizon=320, seeds=2, device="cpu").replace(**fields)
    wrong = spec.replace(tuned_for=1.2 if spec.tail_index > 1.5 else 1.9)
    assert why in unasked(wrong, "tuned_for")
    trace, other = run(spec), run(wrong)
    np.testing.assert_array_equal(trace.stationarity, other.stationarity)
    assert "tuned for" not in other.title + " ".join(other.notes)
    assert trace.notes == other.notes


@pytest.mark.parametrize("given", [{}, {"lr": 0.1}, {"transport": True}])
@pytest.mark.parametrize("schedule", ["anytime", "horizon", "constant", "linear"])
def test_where_it_tunes_something_it_does(schedule, given):
    spec = RunSpec(horizon=320, seeds=2, schedule=schedule, device="cpu", **given)
    wrong = spec.replace(tuned_for=1.1)
    assert unasked(wrong, "tuned_for") is None
    assert "tuned for p = 1.1" in run(wrong).title
    assert (run(wrong).stationarity != run(spec).stationarity).any()


def test_the_sentences_on_the_window_are_about_the_one_that_is_tuned():
    strong = RunSpec(horizon=20_000, batch_size=15_000, schedule="horizon", device="cpu")
    wrong = strong.replace(tuned_for=1.05)
    windows = [
        window(assumed_constants(spec, Experiment(spec).constants), spec.horizon, batched=True)
        for spec in (strong, wrong)
    ]
    assert windows[0] != pytest.approx(windows[1], rel=0.01)
    for spec, w in zip((strong, wrong), windows, strict=True):
        assert f"batch 15,000 is above W = {w:.3g}" in " ".join(Experiment(spec).trace.notes)


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        ("stable", FORGIVES),
        ("skewed_stable", FORGIVES_NOT),
        ("skewed_stable(skewness=0.0)", FORGIVES),
    ],
)
def test_a_mistuned_run_says_whether_its_noise_forgives_it(noise, said):
    spec = RunSpec(noise=noise, tail_index=1.3, horizon=20, seeds=1, device="cpu")
    (note,) = [one for one in Experiment(spec.replace(tuned_for=2.0)).trace.notes if said in one]
    assert note.startswith("the schedule is tuned for p = 2, the noise has p = 1.3")
    assert not any(said in one for one in Experiment(spec).trace.notes)
